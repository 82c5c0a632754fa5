package main

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// hold is how long a call takes longer than it need: before it has its effect, and after it, before the answer.
type hold struct{ before, after time.Duration }

// holds stands before a platform and holds calls that send something up.
type holds struct {
	next http.Handler

	mu     sync.Mutex
	queue  []hold
	always time.Duration
}

// dawdle makes every call take up to most, before it has its effect and again after it.
func (h *holds) dawdle(most time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.always = most
}

// add makes the next calls take so long.
func (h *holds) add(times int, one hold) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for range times {
		h.queue = append(h.queue, one)
	}
}

func (h *holds) take() (one hold) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case len(h.queue) > 0:
		one, h.queue = h.queue[0], h.queue[1:]
	case h.always > 0:
		one = hold{before: rand.N(h.always), after: rand.N(h.always)}
	}
	return one
}

// Gate lets the listener see the gate behind.
func (h *holds) Gate() *lookalike.Gate { return h.next.(interface{ Gate() *lookalike.Gate }).Gate() }

// ServeHTTP implements http.Handler.
func (h *holds) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !sends(r) {
		h.next.ServeHTTP(w, r)
		return
	}
	one := h.take()
	linger(r, one.before)
	h.next.ServeHTTP(w, r)
	linger(r, one.after)
}

// linger waits, or until the caller has gone. What was written is kept back meanwhile: the answers are smaller than
// the server's buffer.
func linger(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}

// sends says whether a request makes the bot say something new.
func sends(r *http.Request) bool {
	path := r.URL.Path
	return r.Method == http.MethodPost && (strings.HasSuffix(path, "/sendMessage") || strings.HasSuffix(path, "/chat.postMessage") ||
		strings.HasPrefix(path, "/api/v9/channels/") && strings.HasSuffix(path, "/messages"))
}
