package outbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// tenure is the time of one lease: what is planned, claimed and in flight under it. The worker's mutex guards it.
// Reading, claiming, calling and settling run on goroutines of their own and stir the loop when they are done: a call
// each, one read a lane, one claim and one settling a class. What gathers meanwhile goes into the next batch.
type tenure struct {
	*Worker
	lease Lease
	plan  *plan
	lost  error             // why the lease is over
	asked chan struct{}     // capacity one: whether it is still ours is to be asked at once
	dead  *CredentialsError // why the account is

	held      map[conversation.OutgoingID]picked // claimed, until settled
	heldBulk  int                                // of them
	results   [classes][]verdict                 // to settle
	claiming  [classes]bool
	settling  [classes]bool
	stopping  bool
	restUntil struct{ claim, settle, read time.Time } // after an error of the store
	failures  struct{ claim, settle, read int }

	served [lanes]uint64 // nudges
	ticks  int
	tickAt time.Time
	dueAt  time.Time // what the watcher of the business clock waits for
	dueEnd context.CancelFunc

	calls    context.Context // ends when the lease is lost
	callsEnd context.CancelFunc
	ops      context.Context // ends with the tenure
	opsEnd   context.CancelFunc
	wg       sync.WaitGroup
}

// newTenure begins the time of a lease.
func newTenure(w *Worker, lease Lease) *tenure {
	t := &tenure{Worker: w, lease: lease, plan: newPlan(), held: map[conversation.OutgoingID]picked{}, asked: make(chan struct{}, 1)}
	t.calls, t.callsEnd = context.WithCancel(context.Background())
	t.ops, t.opsEnd = context.WithCancel(context.Background())
	t.dueEnd = func() {}
	t.tickAt = time.Now().Add(poll)
	return t
}

// close waits for everything that was started.
func (t *tenure) close() {
	t.callsEnd()
	t.opsEnd()
	t.wg.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.held {
		p.slot.Cancel() // claimed, and the lease was lost before the call
	}
}

// goes starts a goroutine that close waits for.
func (t *tenure) goes(f func()) {
	t.wg.Add(1)
	go func() {
		defer t.wg.Done()
		f()
	}()
}

// rest is how long the lease lasts.
func (t *tenure) rest(now time.Time) time.Duration { return t.lease.remains(now) }

// doubts says whether a call must wait until the store has said that the lease is still ours, and has it asked.
func (t *tenure) doubts(now time.Time) bool {
	if !t.lease.doubtful(now) {
		return false
	}
	select {
	case t.asked <- struct{}{}:
	default:
	}
	return true
}

// lose ends the tenure: no call goes on and nothing more is written.
func (t *tenure) lose(err error) {
	if t.lost == nil {
		t.lost = err
		t.callsEnd()
	}
	t.stir()
}

// renew keeps the lease until the tenure closes.
func (t *tenure) renew(ctx context.Context) {
	wait := leaseTTL / 3
	for {
		asked := t.asked
		if wait < leaseTTL/3 {
			asked = nil // the last one failed: asking more often does not help
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-asked:
		case <-t.ops.Done():
			timer.Stop()
			return
		}
		timer.Stop()
		t.mu.Lock()
		lease := t.lease
		t.mu.Unlock()
		try, cancel := context.WithDeadline(t.ops, lease.Expires)
		fresh, err := t.cfg.Store.Acquire(try, lease.Account, lease.Owner, leaseTTL)
		cancel()
		if err == nil && fresh.Epoch != lease.Epoch { // it had ended: others may have come and gone
			t.queue.release(t.ops, fresh)
			err = ErrLeaseLost
		}
		t.mu.Lock()
		switch {
		case t.ops.Err() != nil:
		case err == nil:
			t.lease, wait = fresh, leaseTTL/3
			t.stir() // the loop may have held back for want of time
		case errors.Is(err, ErrLeaseHeld), errors.Is(err, ErrLeaseLost), t.lease.steadily(time.Now()) <= 0:
			t.lose(fmt.Errorf("%w: %w", ErrLeaseLost, err))
		default:
			t.cfg.Log.Error("renew the lease", "error", err)
			wait = leaseTTL / 32
		}
		over := t.lost != nil
		t.mu.Unlock()
		if over {
			if err == nil { // renewed, and given up meanwhile: what was in flight is recovered under the next
				t.queue.release(t.ops, fresh)
			}
			return
		}
	}
}

// recover settles what earlier epochs left in flight.
func (t *tenure) recover(ctx context.Context) error {
	for n := 0; ; n++ {
		t.mu.Lock()
		lease, lost := t.lease, t.lost
		t.mu.Unlock()
		if lost != nil {
			return lost
		}
		try, cancel := context.WithDeadline(ctx, lease.Expires)
		found, err := t.cfg.Store.Recover(try, lease)
		cancel()
		switch {
		case err == nil:
			t.recovered(found)
			return nil
		case ctx.Err() != nil:
			t.release(ctx)
			return ctx.Err()
		case errors.Is(err, ErrLeaseLost):
			return err
		}
		t.cfg.Log.Error("recover what was in flight", "error", err)
		timer := time.NewTimer(storeWait(n))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// recovered counts and tells what a crash left behind.
func (t *tenure) recovered(r Recovered) {
	t.mu.Lock()
	t.counts.Recovered += uint64(r.Resent)
	t.counts.Unknown += uint64(r.Unknown)
	t.mu.Unlock()
	if r.Resent+r.Unknown > 0 {
		t.cfg.Log.Warn("found messages in flight", "resent", r.Resent, "unknown", r.Unknown)
	}
}

// release gives the lease back, so that another process need not wait for its end.
func (t *tenure) release(ctx context.Context) {
	t.opsEnd() // a renewal under way must not take it again
	t.wg.Wait()
	t.queue.release(ctx, t.lease)
}

// storeWait is how long to leave the store alone after so many failures in a row.
func storeWait(failures int) time.Duration {
	return doubled(50*time.Millisecond, time.Second, failures)
}
