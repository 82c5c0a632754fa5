package calling

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
)

// Reach is how far a request came: whether the platform may have carried it out. The zero value is ready for one call.
type Reach struct {
	written atomic.Bool
}

// Written says whether the whole request may have left for the platform.
func (r *Reach) Written() bool { return r.written.Load() }

// MayHaveArrived says whether a call that ended with err may have been carried out.
func (r *Reach) MayHaveArrived(err error) bool {
	var op *net.OpError
	return r.Written() && !(errors.As(err, &op) && op.Op == "dial")
}

// Follow is ctx for a request whose way is followed. A transport without tracing leaves the word to the body.
func (r *Reach) Follow(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { r.written.Store(false) }, // a new try: nothing was written by the one before
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			// An incomplete request cannot be carried out. After a deadline nobody can tell how far it came.
			if info.Err != nil && !errors.Is(info.Err, context.DeadlineExceeded) && !errors.Is(info.Err, context.Canceled) {
				r.written.Store(false)
				return
			}
			r.written.Store(true)
		},
	})
}

// SetBody gives the request a body of known length, which is followed and can be sent again on another connection when a
// stale one took nothing of it.
func (r *Reach) SetBody(req *http.Request, body []byte) {
	req.ContentLength = int64(len(body))
	req.Body, req.GetBody = http.NoBody, nil
	if len(body) == 0 {
		return
	}
	fresh := func() io.ReadCloser {
		return &watchedBody{rest: bytes.NewReader(body), ended: func() { r.written.Store(true) }}
	}
	req.Body, req.GetBody = fresh(), func() (io.ReadCloser, error) { return fresh(), nil }
}

// watchedBody tells when the transport has taken all of it, which is before it is written.
type watchedBody struct {
	rest  *bytes.Reader
	ended func()
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.rest.Read(p)
	if b.rest.Len() == 0 {
		b.ended()
	}
	return n, err
}

func (b *watchedBody) Close() error { return nil }
