package lookalike

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// errCut is the cause with which a request's context ends when its connection is cut.
var errCut = errors.New("the connection was cut")

// Gate is the platform's front door: it can be shut, which cuts every open connection and refuses new ones.
// The zero value is open.
type Gate struct {
	mu      sync.Mutex
	down    bool
	until   time.Time // shut by a drop until then
	timer   *time.Timer
	cuts    map[int]func()
	nextCut int
	changed chan struct{} // closed and replaced at each change
}

// SetDown shuts the gate until it is told otherwise, or opens it, which also ends a drop.
func (g *Gate) SetDown(down bool) {
	g.mu.Lock()
	g.down = down
	if !down {
		g.until = time.Time{}
	}
	g.settle()
}

// Drop cuts every connection and refuses new ones for so long.
func (g *Gate) Drop(d time.Duration) {
	g.mu.Lock()
	g.until = time.Now().Add(d)
	if g.timer != nil {
		g.timer.Stop()
	}
	g.timer = time.AfterFunc(d, g.announce)
	g.settle()
}

// settle releases the lock, tells who waits for a change and cuts connections if the gate is shut now.
func (g *Gate) settle() {
	g.tell()
	var cuts []func()
	if g.shut() {
		for _, cut := range g.cuts {
			cuts = append(cuts, cut)
		}
		g.cuts = nil
	}
	g.mu.Unlock()
	for _, cut := range cuts {
		cut()
	}
}

func (g *Gate) announce() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tell()
}

func (g *Gate) tell() {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

func (g *Gate) shut() bool { return g.down || time.Now().Before(g.until) }

// Shut says whether connections are refused now, and answers a channel that is closed when that may have changed.
func (g *Gate) Shut() (shut bool, changed <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.changed == nil {
		g.changed = make(chan struct{})
	}
	return g.shut(), g.changed
}

// Track has cut called when the gate shuts, for connections that outlive their request such as a websocket. It
// answers false, and does not keep cut, when the gate is shut already. release ends the tracking.
func (g *Gate) Track(cut func()) (release func(), open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut() {
		return func() {}, false
	}
	if g.cuts == nil {
		g.cuts = make(map[int]func())
	}
	id := g.nextCut
	g.nextCut++
	g.cuts[id] = cut
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.cuts, id)
	}, true
}

// Close stops the gate's timer.
func (g *Gate) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.timer != nil {
		g.timer.Stop()
	}
}

// Guard puts the gate before a handler. Transport and Listen look through it, so that a shut gate refuses the dial
// itself; where a request gets through all the same, its connection is cut without an answer.
func (g *Gate) Guard(h http.Handler) http.Handler { return &guarded{gate: g, next: h} }

type guarded struct {
	gate *Gate
	next http.Handler
}

func (h *guarded) Gate() *Gate { return h.gate }

// ServeHTTP ends the request's context when the gate shuts and then aborts, which closes the connection unanswered.
func (h *guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	release, open := h.gate.Track(func() { cancel(errCut) })
	defer release()
	if !open {
		panic(http.ErrAbortHandler)
	}
	h.next.ServeHTTP(w, r.WithContext(ctx))
	if errors.Is(context.Cause(ctx), errCut) {
		panic(http.ErrAbortHandler)
	}
}

// gateOf finds the gate before a handler, nil if there is none.
func gateOf(h http.Handler) *Gate {
	if g, ok := h.(interface{ Gate() *Gate }); ok {
		return g.Gate()
	}
	return nil
}
