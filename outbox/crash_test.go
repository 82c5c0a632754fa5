package outbox_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

// world runs a scenario and gathers what is wrong with its end.
type world struct {
	scenario
	store    *memory
	platform *platform
	business *clock.Movable
	begun    time.Time
	tries    map[conversation.OutgoingID]int
	mu       sync.Mutex
	wrong    []string
}

func (w *world) violate(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
}

// run plays the scenario to its end in a bubble.
func (s scenario) run() *world {
	w := &world{scenario: s, begun: time.Now(), tries: map[conversation.OutgoingID]int{}}
	w.business = clock.NewMovable(1000 * time.Hour)
	w.store = newMemory(w.business)
	w.store.latency = func(op string) time.Duration {
		return time.Duration(s.hash("store", op, time.Now().UnixNano()) % uint64(s.store+1))
	}
	w.store.fault = func(op string) (before, after bool) {
		n := s.hash("fault", op, time.Now().UnixNano()) % 20
		return s.faulty && n == 0, s.faulty && n == 1
	}
	w.platform = &platform{perSecond: 5, perChat: 500 * time.Millisecond, answer: w.answer, onArrival: w.inOrder}
	w.platform.there = func(o conversation.Sending) time.Duration {
		return time.Duration(s.hash("there", o.Key) % uint64(s.travel+1))
	}
	w.platform.back = func(o conversation.Sending) time.Duration {
		return time.Duration(s.hash("back", o.Key) % uint64(s.travel+1))
	}
	ctx, cancel := context.WithCancel(context.Background())
	var services sync.WaitGroup
	for i := range 2 {
		services.Go(func() { w.service(ctx, i) })
	}
	w.write()
	pass(20 * time.Second)
	w.business.MoveTo(w.business.Now().Add(s.move))
	pass(5 * time.Minute)
	forgotten := w.busy()
	w.mu.Lock()
	w.wrong = append(w.wrong, forgotten...)
	w.mu.Unlock()
	cancel()
	services.Wait()
	w.check()
	return w
}

// busy lists what is not settled.
func (w *world) busy() (out []string) {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	for id, r := range w.store.rows {
		if r.state == pending || r.state == sending {
			out = append(out, fmt.Sprintf("%d was forgotten in state %s: %+v", id, r.state, r))
		}
	}
	return out
}

// service starts a process again and again, as its troubles say, until ctx ends.
func (w *world) service(ctx context.Context, which int) {
	for start := 0; ; start++ {
		p := newProcess(w.store, w.platform)
		worker := outbox.New(outbox.Config{
			Store: p, Channel: p, Account: account, Owner: fmt.Sprintf("host%d-start%d", which, start),
			Business: w.business, InFlight: 4,
		})
		own, cancel := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- worker.Run(own) }()
		killed := w.suffer(ctx, which, p)
		if killed {
			close(p.dead)
		} else {
			<-ctx.Done()
		}
		cancel()
		if err := <-ended; err != nil {
			w.violate("Run returned %v", err)
		}
		if ctx.Err() != nil {
			return
		}
		pass(time.Second)
	}
}

// suffer plays the service's troubles until one kills it.
func (w *world) suffer(ctx context.Context, which int, p *process) (killed bool) {
	all := slices.SortedFunc(slices.Values(w.troubles), func(a, b trouble) int { return cmp.Compare(a.at, b.at) })
	for _, tr := range all {
		at := w.begun.Add(tr.at)
		if tr.worker != which || at.Before(time.Now()) {
			continue
		}
		if (clock.Real{}).WaitUntil(ctx, at) != nil {
			return false
		}
		if tr.frozen == 0 {
			return true
		}
		p.freeze(tr.frozen)
	}
	return false
}

// write writes the items in their order.
func (w *world) write() {
	items := slices.SortedStableFunc(slices.Values(w.items), func(a, b spec) int { return cmp.Compare(a.at, b.at) })
	var open sync.WaitGroup
	last := conversation.OutgoingID(0)
	for _, s := range items {
		_ = (clock.Real{}).WaitUntil(context.Background(), w.begun.Add(s.at))
		o := to(fmt.Sprint("chat", s.chat), conversation.Lane(s.lane))
		o.AfterCrash = s.crash
		if s.due > 0 {
			o.NotBefore = w.business.Now().Add(s.due)
		}
		if s.edits && last > 0 {
			o.Body.Kind, o.Body.Of = conversation.BodyEdit, last
		}
		id := w.store.reserve(o)
		last = id
		w.store.mu.Lock()
		w.store.rows[id].spec = s
		if s.deferred > 0 {
			w.store.rows[id].deferred = w.business.Now().Add(s.deferred)
		}
		w.store.mu.Unlock()
		if s.late == 0 {
			w.store.commit(id)
			continue
		}
		open.Go(func() {
			pass(s.late)
			w.store.commit(id)
		})
	}
	open.Wait()
}

// answer is what the platform says to a call.
func (w *world) answer(_ context.Context, s conversation.Sending) error {
	id := idOf(s)
	w.mu.Lock()
	n := w.tries[id]
	w.tries[id]++
	w.mu.Unlock()
	w.store.mu.Lock()
	errs := w.store.rows[id].spec.errs
	w.store.mu.Unlock()
	if n >= len(errs) {
		return nil
	}
	e := &conversation.SendError{Kind: errs[n], Code: "drawn"}
	switch {
	case e.Kind == conversation.RateLimited:
		e.RetryAfter = time.Duration(w.hash("wait", id, n)%5000) * time.Millisecond
	case e.Kind == conversation.OutcomeUnknown && w.hash("lost", id, n)%2 == 0:
		e.Err = errNotDone
	}
	return e
}

// inOrder checks at a call that nothing of its chat and lane that was due and could be known should have gone first.
func (w *world) inOrder(s conversation.Sending) {
	id, now := idOf(s), time.Now()
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	for before, r := range w.store.rows {
		if before >= id || r.To.Chat != s.To.Chat || r.Lane != s.Lane || r.state != pending && r.state != sending {
			continue
		}
		known := r.spec.late == 0 && r.spec.deferred == 0 && r.NotBefore.IsZero() && w.store.rows[id].visible.Before(now)
		if known && r.Body.Kind == conversation.BodyNew {
			w.violate("%d went before %d (%s) in %s, lane %d", id, before, r.state, s.To.Chat, s.Lane)
		}
	}
}

// check judges the end: every item's state against what the platform saw.
func (w *world) check() {
	w.wrong = append(w.wrong, w.store.wrong...)
	times := map[conversation.OutgoingID]int{}
	for _, a := range w.platform.done() {
		times[a.id]++
	}
	for id, r := range w.store.rows {
		n := times[id]
		switch {
		case r.state == sent && n == 0:
			w.violate("%d counts as sent and never arrived", id)
		case (r.state == failed || r.state == dropped) && n > 0 && r.AfterCrash == conversation.Unknown:
			w.violate("%d counts as %s and arrived", id, r.state)
		case n > 1 && r.AfterCrash == conversation.Unknown:
			w.violate("%d must never be repeated and arrived %d times", id, n)
		case n > 1 && len(w.troubles) == 0 && !w.faulty && !slices.Contains(r.spec.errs, conversation.OutcomeUnknown):
			w.violate("%d arrived %d times without any cause", id, n)
		case r.state == unknown && r.AfterCrash == conversation.Resend && !slices.Contains(r.spec.errs, conversation.OutcomeUnknown):
			w.violate("%d is unknown and should have been sent again", id)
		}
	}
	if w.store.largest > 4 {
		w.violate("%d items were in state sending at once, want at most 4", w.store.largest)
	}
	if len(w.troubles) == 0 && w.platform.refusals > 0 {
		w.violate("the platform refused %d calls for their pace", w.platform.refusals)
	}
}

func TestNobodyIsSkippedDoubledOrOvertaken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawScenario(rt)
		var w *world
		synctest.Test(t, func(*testing.T) { w = s.run() })
		if len(w.wrong) > 0 {
			rt.Fatalf("%s", strings.Join(w.wrong, "\n"))
		}
	})
}
