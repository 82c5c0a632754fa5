package lookalike

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// headerTimeout is how long a client may take for its request's header.
const headerTimeout = 10 * time.Second

// Server serves a look-alike on a loopback port. While the gate before the handler is shut the port is closed, so that
// a client sees its dial refused as by a host that is down.
type Server struct {
	addr    string
	http    *http.Server
	gate    *Gate
	mu      sync.Mutex
	closed  bool
	ln      net.Listener
	conns   map[net.Conn]struct{}
	done    chan struct{}
	running sync.WaitGroup
}

// Listen starts serving on addr, such as "127.0.0.1:0".
func Listen(ctx context.Context, addr string, h http.Handler) (*Server, error) {
	s := &Server{
		gate:  gateOf(h),
		http:  &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout},
		conns: make(map[net.Conn]struct{}),
		done:  make(chan struct{}),
	}
	s.http.ConnState = s.track
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	s.addr = ln.Addr().String()
	s.ln = ln
	s.serve(ln)
	if s.gate != nil {
		s.running.Go(s.follow)
	}
	return s, nil
}

// URL is the base address, without a slash at its end.
func (s *Server) URL() string { return "http://" + s.addr }

// Addr is the host and port.
func (s *Server) Addr() string { return s.addr }

func (s *Server) serve(ln net.Listener) {
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

// follow closes the port while the gate is shut and opens it again after.
func (s *Server) follow() {
	for {
		shut, changed := s.gate.Shut()
		s.mu.Lock()
		switch {
		case s.closed:
			s.mu.Unlock()
			return
		case shut && s.ln != nil:
			_ = s.ln.Close()
			s.ln = nil
			for c := range s.conns { // idle ones too: a kept-alive connection must not outlive the host
				_ = c.Close()
			}
		case !shut && s.ln == nil:
			s.reopen()
		}
		missing := !shut && s.ln == nil
		s.mu.Unlock()
		if !s.pause(changed, missing) {
			return
		}
	}
}

// pause waits for the gate to change, or a moment when the port could not be had back at once.
func (s *Server) pause(changed <-chan struct{}, again bool) bool {
	var retry <-chan time.Time
	if again {
		t := time.NewTimer(50 * time.Millisecond)
		defer t.Stop()
		retry = t.C
	}
	select {
	case <-changed:
	case <-retry:
	case <-s.done:
		return false
	}
	return true
}

func (s *Server) reopen() {
	var lc net.ListenConfig
	ln, err := lc.Listen(context.Background(), "tcp", s.addr)
	if err != nil {
		return // somebody sits on the port for a moment; follow tries again
	}
	s.ln = ln
	s.serve(ln)
}

// Close ends every connection and waits for what runs.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.done)
	s.mu.Unlock()
	err := s.http.Close()
	s.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
