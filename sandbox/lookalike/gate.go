package lookalike

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
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

	telling  sync.Mutex // held while watchers are told, so that they hear of changes one at a time
	watchers map[int]func(shut bool)
}

// SetDown shuts the gate until it is told otherwise, or opens it, which also ends a drop. When it returns, everything
// is cut and refused, or open again.
func (g *Gate) SetDown(down bool) {
	g.mu.Lock()
	g.down = down
	if !down {
		g.until = time.Time{}
	}
	g.mu.Unlock()
	g.settle()
}

// Drop cuts every connection and refuses new ones for so long.
func (g *Gate) Drop(d time.Duration) {
	g.mu.Lock()
	g.until = time.Now().Add(d)
	if g.timer != nil {
		g.timer.Stop()
	}
	g.timer = time.AfterFunc(d, g.settle)
	g.mu.Unlock()
	g.settle()
}

// settle tells who watches how things stand, and cuts the connections if the gate is shut.
func (g *Gate) settle() {
	g.telling.Lock()
	defer g.telling.Unlock()
	g.mu.Lock()
	shut := g.shut()
	var cuts []func()
	if shut {
		for _, cut := range g.cuts {
			cuts = append(cuts, cut)
		}
		clear(g.cuts)
	}
	watchers := slices.Collect(maps.Values(g.watchers))
	g.mu.Unlock()
	for _, tell := range watchers {
		tell(shut)
	}
	for _, cut := range cuts {
		cut()
	}
}

func (g *Gate) shut() bool { return g.down || time.Now().Before(g.until) }

// Shut says whether connections are refused now.
func (g *Gate) Shut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut()
}

// Watch has tell called at once and at each change with whether the gate is shut, one call at a time.
func (g *Gate) Watch(tell func(shut bool)) (stop func()) {
	g.telling.Lock()
	defer g.telling.Unlock()
	g.mu.Lock()
	if g.watchers == nil {
		g.watchers = make(map[int]func(bool))
	}
	id := g.nextCut
	g.nextCut++
	g.watchers[id] = tell
	shut := g.shut()
	g.mu.Unlock()
	tell(shut)
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.watchers, id)
	}
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
