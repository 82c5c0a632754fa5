package outbox_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
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

// spec is one item of a scenario.
type spec struct {
	chat, lane int
	crash      conversation.CrashRule
	at         time.Duration // when it is written
	late       time.Duration // how long its transaction stays open after its id was taken
	due        time.Duration // NotBefore, counted from at on the business clock; 0 for none
	deferred   time.Duration // what the gate adds at the first claim; 0 for nothing
	edits      bool          // an edit of the item before it
	errs       []conversation.ErrorKind
}

// trouble is something that happens to a process.
type trouble struct {
	at     time.Duration
	worker int
	frozen time.Duration // how long it stands still; 0 for being killed and started again
}

// scenario is everything chance decides.
type scenario struct {
	seed     uint64
	items    []spec
	troubles []trouble
	travel   time.Duration // most of a call's time
	store    time.Duration // most of an operation's time
	faulty   bool          // the store fails now and then
	move     time.Duration // by how much the business clock is moved after 20 s
}

// hash is a number that depends on the scenario and what is asked.
func (s scenario) hash(what ...any) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, s.seed, what)
	return rand.NewPCG(h.Sum64(), 1).Uint64()
}

// drawScenario draws one.
func drawScenario(t *rapid.T) scenario {
	ms := func(label string, most int) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(t, label)) * time.Millisecond
	}
	item := rapid.Custom(func(t *rapid.T) spec {
		s := spec{
			chat: rapid.IntRange(0, 5).Draw(t, "chat"),
			lane: rapid.IntRange(0, 2).Draw(t, "lane"),
			at:   ms("at", 20_000),
		}
		if rapid.Bool().Draw(t, "unknown") {
			s.crash = conversation.Unknown
		}
		switch rapid.IntRange(0, 9).Draw(t, "special") {
		case 0:
			s.late = ms("late", 4000)
		case 1:
			s.due = ms("due", 30_000)
		case 2:
			s.deferred = ms("deferred", 30_000)
		case 3:
			s.edits = true
		case 4, 5:
			s.errs = rapid.SliceOfN(rapid.SampledFrom([]conversation.ErrorKind{
				conversation.Temporary, conversation.PersonGone, conversation.PersonUnreachable,
				conversation.OurPayload, conversation.RateLimited, conversation.OutcomeUnknown,
			}), 1, 4).Draw(t, "errors")
		}
		return s
	})
	return scenario{
		seed:  rapid.Uint64().Draw(t, "seed"),
		items: rapid.SliceOfN(item, 1, 60).Draw(t, "items"),
		troubles: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) trouble {
			tr := trouble{at: ms("at", 25_000), worker: rapid.IntRange(0, 1).Draw(t, "worker")}
			if rapid.Bool().Draw(t, "freeze") {
				tr.frozen = ms("frozen", 20_000)
			}
			return tr
		}), 0, 4).Draw(t, "troubles"),
		travel: ms("travel", 900),
		store:  ms("store", 40),
		faulty: rapid.Bool().Draw(t, "faulty"),
		move:   ms("move", 20_000),
	}
}

// process is one start of one of the two services. What it does reaches the world only while it lives, and only when
// it is not frozen.
type process struct {
	outbox.Store
	*platform
	mu     sync.Mutex
	dead   chan struct{}
	thawed chan struct{} // closed while it is not frozen
}

func newProcess(store outbox.Store, p *platform) *process {
	open := make(chan struct{})
	close(open)
	return &process{Store: store, platform: p, dead: make(chan struct{}), thawed: open}
}

// errDead is what a killed process's own calls end with; nobody sees it.
var errDead = fmt.Errorf("killed: %w", outbox.ErrLeaseLost)

// live waits while the process is frozen, and fails once it is dead. A context does not help against either.
func (p *process) live() error {
	for {
		p.mu.Lock()
		thawed := p.thawed
		p.mu.Unlock()
		select {
		case <-p.dead:
			return errDead
		default:
		}
		select {
		case <-thawed:
			return nil
		case <-p.dead:
			return errDead
		}
	}
}

// freeze stops the process for d.
func (p *process) freeze(d time.Duration) {
	thawed := make(chan struct{})
	p.mu.Lock()
	p.thawed = thawed
	p.mu.Unlock()
	pass(d)
	close(thawed)
}

func (p *process) Acquire(ctx context.Context, acc, owner string, ttl time.Duration) (outbox.Lease, error) {
	if err := p.live(); err != nil {
		return outbox.Lease{}, err
	}
	l, err := p.Store.Acquire(ctx, acc, owner, ttl)
	return l, errors.Join(err, p.live())
}

func (p *process) Claim(
	ctx context.Context, l outbox.Lease, ids []conversation.OutgoingID, now time.Time,
) ([]outbox.Item, error) {
	if err := p.live(); err != nil {
		return nil, err
	}
	items, err := p.Store.Claim(ctx, l, ids, now)
	return items, errors.Join(err, p.live())
}

func (p *process) Settle(ctx context.Context, l outbox.Lease, r []outbox.Result) error {
	if err := p.live(); err != nil {
		return err
	}
	return errors.Join(p.Store.Settle(ctx, l, r), p.live())
}

func (p *process) Release(ctx context.Context, l outbox.Lease) error {
	if err := p.live(); err != nil {
		return err
	}
	return p.Store.Release(ctx, l)
}

func (p *process) Send(ctx context.Context, s conversation.Sending) (conversation.Receipt, error) {
	if err := p.live(); err != nil {
		return conversation.Receipt{}, unclear(err)
	}
	if err := ctx.Err(); err != nil {
		return conversation.Receipt{}, unclear(errNotDone)
	}
	r, err := p.platform.Send(ctx, s)
	if dead := p.live(); dead != nil {
		return conversation.Receipt{}, unclear(dead)
	}
	return r, err
}

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
		return time.Duration(s.hash("there", o.Key) % uint64(min(s.travel, 9*time.Millisecond)+1))
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
	w.mu.Lock()
	for _, b := range w.busy() {
		w.wrong = append(w.wrong, b)
	}
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
