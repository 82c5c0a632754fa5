package lookalike

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// headerTimeout is how long a client may take for its request's header.
	headerTimeout = 10 * time.Second
	// reopenPause is between the tries to get the port back that somebody else has taken meanwhile.
	reopenPause = 50 * time.Millisecond
)

// Server serves a look-alike on a loopback port. While the gate before the handler is shut the port is closed, so that
// a client sees its dial refused as by a host that is down.
type Server struct {
	addr    string
	http    *http.Server
	unwatch func()
	running sync.WaitGroup

	mu     sync.Mutex
	closed bool
	shut   bool
	ln     net.Listener
	retry  *time.Timer
	conns  map[net.Conn]struct{}
}

// Listen starts serving on addr, such as "127.0.0.1:0".
func Listen(ctx context.Context, addr string, h http.Handler) (*Server, error) {
	s := &Server{
		http:    &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout},
		conns:   make(map[net.Conn]struct{}),
		unwatch: func() {},
	}
	s.http.ConnState = s.track
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	s.addr = ln.Addr().String()
	s.serve(ln)
	if gate := gateOf(h); gate != nil {
		s.unwatch = gate.Watch(s.follow)
	}
	return s, nil
}

// URL is the base address, without a slash at its end.
func (s *Server) URL() string { return "http://" + s.addr }

// Addr is the host and port.
func (s *Server) Addr() string { return s.addr }

func (s *Server) serve(ln net.Listener) {
	s.ln = ln
	s.running.Go(func() {
		// Serve ends when its listener is closed, by follow or by Close: both are wanted.
		_ = s.http.Serve(ln)
	})
}

// track keeps the open connections; a hijacked one belongs to its handler, which asks the gate to be told.
func (s *Server) track(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.conns[c] = struct{}{}
	case http.StateClosed, http.StateHijacked:
		delete(s.conns, c)
	}
}

// follow closes the port and every connection when the gate shuts, idle ones too since a kept-alive connection must
// not outlive the host, and opens the port when the gate opens.
func (s *Server) follow(shut bool) {
	s.mu.Lock()
	s.shut = shut
	var conns []net.Conn
	switch {
	case s.closed:
	case shut && s.ln != nil:
		_ = s.ln.Close()
		s.ln = nil
		conns = slices.Collect(maps.Keys(s.conns))
	case !shut && s.ln == nil:
		s.reopen()
	}
	s.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

// reopen takes the port again. Somebody may sit on it for a moment; then it is tried again.
func (s *Server) reopen() {
	var lc net.ListenConfig
	ln, err := lc.Listen(context.Background(), "tcp", s.addr)
	if err == nil {
		s.serve(ln)
		return
	}
	s.retry = time.AfterFunc(reopenPause, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.closed && !s.shut && s.ln == nil {
			s.reopen()
		}
	})
}

// Close ends every connection and waits for what runs.
func (s *Server) Close() error {
	s.unwatch()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	if s.retry != nil {
		s.retry.Stop()
	}
	s.mu.Unlock()
	err := s.http.Close()
	s.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil // the gate had closed the port already
	}
	return err
}
