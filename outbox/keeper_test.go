package outbox_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

// roster notes who does what one process at a time is to do.
type roster struct {
	mu    sync.Mutex
	now   map[string]bool
	turns []string
	both  bool // two at once
}

func (r *roster) work(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		r.mu.Lock()
		r.both = r.both || len(r.now) > 0
		r.now[name] = true
		r.turns = append(r.turns, name)
		r.mu.Unlock()
		<-ctx.Done()
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.now, name)
		return nil
	}
}

// keep runs a keeper in the bubble; stop ends it.
func (r *roster) keep(ctx context.Context, store outbox.Leases, name string) (k *outbox.Keeper, stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	k = outbox.NewKeeper(store, "agenda", name, nil)
	ended := make(chan error, 1)
	go func() { ended <- k.Run(ctx, r.work(name)) }()
	return k, func() error {
		cancel()
		return <-ended
	}
}

func TestOneKeeperAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newMemory(clock.Real{})
		dead := newProcess(store, &platform{})
		r := &roster{now: map[string]bool{}}
		a, stopA := r.keep(t.Context(), dead, "a")
		synctest.Wait()
		b, stopB := r.keep(t.Context(), store, "b")
		pass(time.Minute)
		if !a.Holds() || b.Holds() {
			t.Errorf("after a minute a holds: %t, b: %t; want a alone", a.Holds(), b.Holds())
		}
		dead.freeze(20 * time.Second) // it stands still past its lease
		pass(5 * time.Second)
		if a.Holds() || !b.Holds() {
			t.Errorf("after a stood still a holds: %t, b: %t; want b alone", a.Holds(), b.Holds())
		}
		if err := stopB(); err != nil {
			t.Errorf("Run of b = %v", err)
		}
		begun := time.Now()
		a.Free()
		synctest.Wait()
		if !a.Holds() || time.Since(begun) > 0 {
			t.Errorf("a free lease was not taken at once")
		}
		if err := stopA(); err != nil {
			t.Errorf("Run of a = %v", err)
		}
		if len(r.turns) != 3 {
			t.Errorf("turns: %v, want a, b, a", r.turns)
		}
	})
}

func TestAKeeperPassesOnTheErrorOfItsWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newMemory(clock.Real{})
		broken := errors.New("broken")
		k := outbox.NewKeeper(store, "agenda", "a", nil)
		if err := k.Run(t.Context(), func(context.Context) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("Run() = %v, want the work's error", err)
		}
		if _, err := store.Acquire(t.Context(), "agenda", "b", time.Minute); err != nil {
			t.Errorf("the lease was not given back: %v", err)
		}
	})
}

func TestWhatBelongsUnderALeaseEndsWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var all []context.Context
		tenures := func() []context.Context {
			mu.Lock()
			defer mu.Unlock()
			return all
		}
		var frozen *process
		b := start(t, &platform{}, func(cfg *outbox.Config, m *memory) {
			frozen = newProcess(m, &platform{})
			cfg.Store = frozen
			cfg.Taken = func(ctx context.Context, _ outbox.Lease) {
				mu.Lock()
				defer mu.Unlock()
				all = append(all, ctx)
			}
		})
		if !b.Holds() || len(tenures()) != 1 || tenures()[0].Err() != nil {
			t.Fatalf("at first: holds %t, %d tenures", b.Holds(), len(tenures()))
		}
		go frozen.freeze(10 * time.Second) // nobody else is there to take it
		pass(9 * time.Second)
		if b.Holds() || tenures()[0].Err() == nil {
			t.Error("the lease is over and its tenure is not")
		}
		pass(3 * time.Second)
		if !b.Holds() || len(tenures()) != 2 {
			t.Errorf("two seconds after the thaw: holds %t, %d tenures; want a new one", b.Holds(), len(tenures()))
		}
		id := b.store.add(to("ayla", conversation.LaneAnswer))
		b.Nudge()
		pass(2 * time.Second)
		if got := b.store.get(id).state; got != sent {
			t.Errorf("an answer under the new lease is %s, want sent", got)
		}
		b.finish(t)
		if tenures()[1].Err() == nil {
			t.Error("the tenure outlived its worker")
		}
	})
}

// running is a store whose lease a living process has.
type running struct{ outbox.Store }

func (running) Acquire(context.Context, string, string, time.Duration) (outbox.Lease, error) {
	return outbox.Lease{}, outbox.ErrRunning
}

func TestAWorkerThatIsToBeAloneRefusesToWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := outbox.New(outbox.Config{Store: running{}, Channel: &platform{}, Account: account, Alone: true})
		if err := w.Run(t.Context()); !errors.Is(err, outbox.ErrRunning) {
			t.Errorf("Run() = %v, want ErrRunning", err)
		}
	})
}

// TestTakeover: who is killed is followed within ten seconds, who ends in order at once, at a worker's account and at a
// keeper's lease.
func TestTakeover(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const killed = 10 * time.Second
		store := newMemory(clock.Real{})
		holder := func(owner string, over outbox.Store) (*outbox.Worker, func() error) {
			w := outbox.New(outbox.Config{Store: over, Channel: &platform{}, Account: account, Owner: owner, Business: clock.Real{}})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- w.Run(ctx) }()
			synctest.Wait()
			return w, func() error {
				cancel()
				return <-ended
			}
		}
		first := newProcess(store, &platform{})
		a, stopA := holder("a", first)
		b, stopB := holder("b", store)
		pass(time.Minute)
		if !a.Holds() || b.Holds() {
			t.Fatalf("at first a holds: %t, b: %t; want a alone", a.Holds(), b.Holds())
		}
		close(first.dead)
		begun := time.Now()
		for !b.Holds() && time.Since(begun) <= killed {
			pass(10 * time.Millisecond)
		}
		t.Logf("followed after %v", time.Since(begun))
		if !b.Holds() {
			t.Fatalf("nobody holds the account %v after its holder was killed", killed)
		}
		_ = stopA() // what a killed process says is heard by nobody
		c, stopC := holder("c", store)
		if err := stopB(); err != nil {
			t.Errorf("Run of b = %v", err)
		}
		begun = time.Now()
		c.Free() // as the store tells of it
		synctest.Wait()
		if !c.Holds() || time.Since(begun) > 0 {
			t.Error("the account of a process that ended was not taken at once")
		}
		if err := stopC(); err != nil {
			t.Errorf("Run of c = %v", err)
		}
	})
}
