package lookalike

import (
	"context"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
)

// PipeServer serves a handler over connections in memory, for what a round trip is not enough for: websockets. It
// works inside a testing/synctest bubble. DialContext fits http.Transport and websocket dialers.
type PipeServer struct {
	http    *http.Server
	gate    *Gate
	conns   chan net.Conn
	done    chan struct{}
	running sync.WaitGroup
	once    sync.Once
}

// ServePipes starts serving; Close ends it.
func ServePipes(h http.Handler) *PipeServer {
	s := &PipeServer{
		http:  &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout},
		gate:  gateOf(h),
		conns: make(chan net.Conn),
		done:  make(chan struct{}),
	}
	s.running.Go(func() {
		_ = s.http.Serve(pipeListener{s}) // ends with the listener, which is wanted
	})
	return s
}

// DialContext connects to the server, whatever the address; while the gate is shut the dial is refused.
func (s *PipeServer) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	if s.gate != nil && s.gate.Shut() {
		return nil, refused
	}
	near, far := net.Pipe()
	cut := func() {
		_ = near.Close()
		_ = far.Close()
	}
	c := &pipeConn{Conn: near, release: func() {}}
	if s.gate != nil {
		release, open := s.gate.Track(cut)
		if !open {
			cut()
			return nil, refused
		}
		c.release = release
	}
	var err error
	select {
	case s.conns <- far:
		return c, nil
	case <-s.done:
		err = refused
	case <-ctx.Done():
		err = ctx.Err()
	}
	c.release()
	cut()
	return nil, err
}

// Close ends every connection that no handler has taken over, and waits for the server.
func (s *PipeServer) Close() error {
	s.once.Do(func() { close(s.done) })
	err := s.http.Close()
	s.running.Wait()
	return err
}

// pipeConn is the client's end; the gate forgets it when it is closed.
type pipeConn struct {
	net.Conn
	release func()
}

func (c *pipeConn) Close() error {
	c.release()
	return c.Conn.Close()
}

type pipeListener struct{ s *PipeServer }

func (l pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.s.conns:
		return c, nil
	case <-l.s.done:
		return nil, net.ErrClosed
	}
}

func (l pipeListener) Close() error {
	l.s.once.Do(func() { close(l.s.done) })
	return nil
}

func (l pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "memory" }
