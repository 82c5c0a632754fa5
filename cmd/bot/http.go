package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// Limits of the service's own web server.
const (
	readHeaderTimeout = 5 * time.Second
	idleTimeout       = 2 * time.Minute
	readyTimeout      = 2 * time.Second
	closeTimeout      = 5 * time.Second
)

// hooked is a channel that a platform calls over HTTP.
type hooked interface {
	Routes(in conversation.Receiver) map[string]http.Handler
}

// listener is a channel that can tell that it receives nothing although its credentials are good.
type listener interface {
	// Deaf says why nothing is received, nil while it is, or may soon be.
	Deaf() error
}

// deaf says why a channel receives nothing, nil while it does.
func deaf(c conversation.Channel) error {
	if l, ok := c.(listener); ok {
		return l.Deaf()
	}
	return nil
}

// routes are what the service's own web server answers.
func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", s.metricsHandler())
	for pattern, handler := range s.tillRoutes() {
		mux.Handle(pattern, handler)
	}
	for _, c := range s.channels {
		h, ok := c.(hooked)
		if !ok {
			continue
		}
		for pattern, handler := range h.Routes(s.engine) {
			mux.Handle(pattern, handler)
		}
	}
	return mux
}

// ready answers 200 while the database answers and some channel receives, 503 with the reasons otherwise. A process that
// stands by is ready, too: it takes what platforms call over HTTP.
func (s *service) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	state := map[string]string{"database": "ok", "agenda": "standby"}
	if s.due.Holds() {
		state["agenda"] = "ok"
	}
	ok := true
	if _, _, err := s.db.SchemaVersion(ctx); err != nil {
		state["database"], ok = "does not answer", false
	}
	s.mu.Lock()
	out := 0
	for _, c := range s.channels {
		role := s.role(c.Name())
		switch {
		case s.dead[c.Name()] != nil:
			role = "stopped"
			out++
		case role == "ok" && deaf(c) != nil:
			role = "receives nothing"
			out++
		}
		state[c.Name()] = role
	}
	if said := s.learner.broken.Load(); said != nil {
		state["config"] = "a changed file has problems, the last good version is in force: " + *said
	}
	ok = ok && (len(s.channels) == 0 || out < len(s.channels))
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(state)
}

// serveHTTP serves routes on the configured address until ctx ends.
func (s *service) serveHTTP(ctx context.Context) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", s.set.HTTP.Addr)
	if err != nil {
		return fmt.Errorf("http.addr %s cannot be served: %w", s.set.HTTP.Addr, err)
	}
	s.log.Info("serving", "addr", ln.Addr().String())
	return serve(ctx, ln, s.handler)
}

// serve answers on ln until ctx ends; what is being answered then has a few seconds to end.
func serve(ctx context.Context, ln net.Listener, h http.Handler) error {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		err := srv.Shutdown(end)
		if err != nil {
			err = srv.Close() // streams that never end by themselves
		}
		stopped <- err
	})
	err := srv.Serve(ln)
	if stop() || !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
