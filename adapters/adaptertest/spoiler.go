package adaptertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// fewestMutants is how many ways to spoil an answer there are at least, if it was one.
const fewestMutants = 8

// Spoiler stands between a channel and its platform, and puts other answers in the place of the platform's.
type Spoiler struct {
	Base http.RoundTripper

	mu      sync.Mutex
	is      func(*http.Request) bool
	seen    []byte // the last answer that matched
	instead []byte // what the next one is replaced by; nil: it is left as it is
}

// Watch has the answers to some calls be looked at from now on, and nothing replaced.
func (s *Spoiler) Watch(is func(*http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.is, s.seen, s.instead = is, nil, nil
}

// Seen is the last answer to such a call.
func (s *Spoiler) Seen() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// Instead replaces the next such answer.
func (s *Spoiler) Instead(body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instead = body
}

// Each spoils the answer to a call in every way, on a fresh channel each time: the call must end within a minute, with an
// error that says of which kind it is or with none, and a minute later the channel must be able to make it. It is for
// bubbles, where a minute takes no time. fresh makes a channel behind the Spoiler and answers what makes the call with it.
func (s *Spoiler) Each(t *testing.T, is func(*http.Request) bool, fresh func() func(ctx context.Context) error) {
	t.Helper()
	s.Watch(is)
	if err := fresh()(t.Context()); err != nil {
		t.Fatalf("the call does not work as it is: %v", err)
	}
	mutants := Mutants(s.Seen())
	if len(mutants) < fewestMutants {
		t.Fatalf("recorded %q", s.Seen())
	}
	for _, m := range mutants {
		do := fresh()
		s.Instead(m.JSON)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		err := do(ctx)
		var se *conversation.SendError
		if err != nil && (!errors.As(err, &se) || se.Code == "" || ctx.Err() != nil) {
			t.Errorf("%s: %v", m.Name, err)
		}
		cancel()
		s.Instead(nil)
		if err := sleep(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		if err := do(t.Context()); err != nil {
			t.Errorf("after %s: %v", m.Name, err)
		}
	}
}

// RoundTrip implements http.RoundTripper.
func (s *Spoiler) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	matches := s.is != nil && s.is(r)
	s.mu.Unlock()
	res, err := s.Base.RoundTrip(r)
	if err != nil || !matches {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the platform's answer: %w", err)
	}
	if err := res.Body.Close(); err != nil {
		return nil, fmt.Errorf("read the platform's answer: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = body
	if s.instead != nil {
		body, s.instead = s.instead, nil
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Del("Content-Length")
	return res, nil
}
