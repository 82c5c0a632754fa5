package lookalike

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// MemoryTransport carries requests to a handler in the same process without sockets, so that it works inside a
// testing/synctest bubble. Bodies stream in both directions, a request's context ends the handler's, a handler that
// aborts looks like a reset connection, and a shut gate before the handler refuses the dial.
type MemoryTransport struct {
	handler http.Handler
	running sync.WaitGroup
}

var _ http.RoundTripper = (*MemoryTransport)(nil)

// Transport makes the handler reachable as if over the network, whatever host a request names.
func Transport(h http.Handler) *MemoryTransport { return &MemoryTransport{handler: h} }

// Wait returns when every handler that was called has ended.
func (t *MemoryTransport) Wait() { t.running.Wait() }

// RoundTrip implements http.RoundTripper.
func (t *MemoryTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	body := req.Body
	if body == nil {
		body = http.NoBody
	}
	if err := t.dial(req.Context()); err != nil {
		return nil, errors.Join(err, body.Close())
	}
	ctx, cancel := context.WithCancel(req.Context())
	pr, pw := io.Pipe()
	w := &memoryWriter{header: make(http.Header), body: pw, started: make(chan struct{}), ended: make(chan struct{})}
	inner := serverRequest(ctx, req, body)
	t.running.Go(func() {
		defer cancel()
		defer body.Close()
		w.serve(t.handler, inner)
	})
	stop := context.AfterFunc(req.Context(), func() {
		_ = body.Close()
		_ = pw.CloseWithError(req.Context().Err())
	})
	select {
	case <-w.started:
		return w.response(req, &memoryBody{PipeReader: pr, done: func() { stop(); cancel() }}), nil
	case <-w.ended:
		stop()
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	case <-req.Context().Done():
		cancel()
		return nil, req.Context().Err()
	}
}

// dial fails as a connection to a platform that is down does.
func (t *MemoryTransport) dial(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if g := gateOf(t.handler); g != nil && g.Shut() {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	return nil
}

// serverRequest is the request as a server sees it.
func serverRequest(ctx context.Context, req *http.Request, body io.ReadCloser) *http.Request {
	r := req.Clone(ctx)
	r.Body = body
	r.RequestURI = req.URL.RequestURI()
	r.RemoteAddr = "127.0.0.1:1"
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	return r
}

// memoryWriter is the handler's side of the answer.
type memoryWriter struct {
	header  http.Header
	sent    http.Header // as it was when the status was written
	status  int
	body    *io.PipeWriter
	started chan struct{} // closed when the status is written
	ended   chan struct{} // closed when the handler ended without an answer
}

// serve runs the handler; a panic of any kind is a connection that breaks, as in net/http.
func (w *memoryWriter) serve(h http.Handler, r *http.Request) {
	defer func() {
		fault := recover()
		if fault == nil {
			w.WriteHeader(http.StatusOK)
			_ = w.body.CloseWithError(r.Context().Err()) // of a request that was given up, else plainly the end
			return
		}
		_ = w.body.CloseWithError(io.ErrUnexpectedEOF)
		if w.status == 0 {
			close(w.ended)
		}
		if err, ok := fault.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			panic(fault)
		}
	}()
	h.ServeHTTP(w, r)
}

func (w *memoryWriter) Header() http.Header { return w.header }

// WriteHeader answers the status once; informational ones are not carried.
func (w *memoryWriter) WriteHeader(status int) {
	if w.status != 0 || status < 200 {
		return
	}
	w.status = status
	w.sent = w.header.Clone()
	close(w.started)
}

func (w *memoryWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// Flush lets handlers that stream start the answer.
func (w *memoryWriter) Flush() { w.WriteHeader(http.StatusOK) }

func (w *memoryWriter) response(req *http.Request, body io.ReadCloser) *http.Response {
	length := int64(-1)
	if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil {
		length = n
	}
	return &http.Response{
		Status:     strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: body, ContentLength: length, Request: req,
	}
}

// memoryBody ends the handler's context when the reader is done.
type memoryBody struct {
	*io.PipeReader
	done func()
}

func (b *memoryBody) Close() error {
	b.done()
	return b.PipeReader.Close()
}
