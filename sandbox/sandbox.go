// Package sandbox serves what a script or a page needs to try the service without an account: the human side of the
// platforms' look-alikes, faults, the journals of calls, and a clock that can be moved.
//
// It knows the look-alikes and one interface of the service under trial, nothing else of it.
package sandbox

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Service is what the sandbox needs of the service under trial. Errors that wrap those of package lookalike decide the
// HTTP status; any other is the service's own failure.
type Service interface {
	// Now is the business clock.
	Now() time.Time
	// Advance moves the business clock forward to the moment, and everything that falls due before happens in order.
	Advance(ctx context.Context, to time.Time) error
	// Busy says in words what the service still has to do by itself: events that are not handled, texts that wait for
	// more, messages that are due or in retry. What is due later is no work. Empty when at rest.
	Busy() []string
	// State is what the service knows of a person, as one object for JSON; lookalike.ErrNotFound for a stranger.
	State(ctx context.Context, platform, userID string) (any, error)
	// Order takes a purchase, idempotent by its id.
	Order(ctx context.Context, o Order) error
}

// Order is a purchase by a person. Money is as it was written, a decimal number such as "49.90".
type Order struct {
	Platform, UserID string
	ID               string
	Total            string
	Currency         string // empty for the brand's own
	Items            []Item
	At               time.Time // zero for now
}

// Item is one line of an order.
type Item struct {
	Category string
	Total    string
}

// Config is what a sandbox is made of.
type Config struct {
	Platforms []lookalike.Platform // in the order in which they are shown and searched
	Service   Service
}

// Sandbox is the JSON API, and the place where the page joins it.
type Sandbox struct {
	cfg       Config
	mux       *http.ServeMux
	advancing sync.Mutex
}

// New prepares the API. Handle may add to it before Handler is used.
func New(cfg Config) *Sandbox {
	s := &Sandbox{cfg: cfg, mux: http.NewServeMux()}
	s.routes()
	return s
}

// Handle adds a handler beside the API, such as the page at "/". The API owns "/api/".
func (s *Sandbox) Handle(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }

// Handler serves everything. Requests that another site's page makes a browser send are refused.
func (s *Sandbox) Handler() http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusForbidden, "another site's page may not use the sandbox")
	}))
	return guard.Handler(s.mux)
}

// Platforms are the look-alikes, in order.
func (s *Sandbox) Platforms() []lookalike.Platform { return slices.Clone(s.cfg.Platforms) }

// Platform finds a look-alike by name.
func (s *Sandbox) Platform(name string) (lookalike.Platform, bool) {
	for _, p := range s.cfg.Platforms {
		if p.Name() == name {
			return p, true
		}
	}
	return nil, false
}

// Service is the service under trial.
func (s *Sandbox) Service() Service { return s.cfg.Service }

// Busy says what is not at rest, on the platforms' side and on the service's. Empty when at rest.
func (s *Sandbox) Busy() []string {
	var busy []string
	for _, p := range s.cfg.Platforms {
		busy = append(busy, p.Busy()...)
	}
	return append(busy, s.cfg.Service.Busy()...)
}

const (
	// restFor is how long nothing may be busy, unbroken, before the sandbox counts as idle.
	restFor = 200 * time.Millisecond
	// lookEvery is how often that is looked at.
	lookEvery = 5 * time.Millisecond
)

// Idle returns nil when nothing was busy for 200 ms on end, or what was still busy when ctx ended.
func (s *Sandbox) Idle(ctx context.Context) []string {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	busy := s.Busy()
	var calm time.Time // since when nothing is busy, zero while something is
	for {
		now := time.Now()
		switch {
		case len(busy) > 0:
			calm = time.Time{}
		case calm.IsZero():
			calm = now
		case now.Sub(calm) >= restFor:
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if len(busy) == 0 {
				busy = []string{"nothing, but not for 200 ms yet"}
			}
			return busy
		}
		busy = s.Busy()
	}
}

// Advance moves the service's clock forward; one advance at a time.
func (s *Sandbox) Advance(ctx context.Context, to time.Time) error {
	s.advancing.Lock()
	defer s.advancing.Unlock()
	return s.cfg.Service.Advance(ctx, to)
}

// find is the platform on which a person of that name is known, in the order of the platforms.
func (s *Sandbox) find(name string) (lookalike.Platform, lookalike.Person, bool) {
	for _, p := range s.cfg.Platforms {
		if person, ok := known(p, name); ok {
			return p, person, true
		}
	}
	return nil, lookalike.Person{}, false
}

// known finds a person without making one.
func known(p lookalike.Platform, name string) (lookalike.Person, bool) {
	people := p.People()
	i := slices.IndexFunc(people, func(one lookalike.Person) bool { return one.Name == lookalike.NameKey(name) })
	if i < 0 {
		return lookalike.Person{}, false
	}
	return people[i], true
}
