package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rapport-chat/rapport/clock"
)

// Leases is the part of a Store that leases are taken and given back with.
type Leases interface {
	Acquire(ctx context.Context, account, owner string, ttl time.Duration) (Lease, error)
	Release(ctx context.Context, l Lease) error
}

// queue is the wait for a lease. It is used by one goroutine; freed may be written by any.
type queue struct {
	store  Leases
	name   string // of the lease: an account
	owner  string // of this process
	log    *slog.Logger
	refuse bool          // end when another process on this machine has it, where only one may run
	freed  chan struct{} // capacity one: the lease may be free
	taken  int           // leases so far, to make each one's owner its own
}

// free has the queue look at once.
func (q *queue) free() {
	select {
	case q.freed <- struct{}{}:
	default:
	}
}

// acquire waits for the lease. Its error is ctx's, or ErrRunning where that is refused.
func (q *queue) acquire(ctx context.Context) (Lease, error) {
	q.taken++
	owner := fmt.Sprintf("%s/%d", q.owner, q.taken)
	timer := time.NewTimer(0)
	defer timer.Stop()
	told := false
	for {
		try, cancel := context.WithTimeout(ctx, leaseTTL/4)
		lease, err := q.store.Acquire(try, q.name, owner, leaseTTL)
		cancel()
		switch {
		case err == nil:
			q.log.Info("holding the lease", "epoch", lease.Epoch, "owner", owner)
			return lease, nil
		case ctx.Err() != nil:
			return Lease{}, ctx.Err()
		case q.refuse && errors.Is(err, ErrRunning):
			return Lease{}, err
		case !errors.Is(err, ErrLeaseHeld):
			q.log.Error("acquire the lease", "error", err)
		case !told:
			q.log.Info("another process holds the lease; waiting to take over")
			told = true
		}
		timer.Reset(leasePoll)
		select {
		case <-timer.C:
		case <-q.freed:
		case <-ctx.Done():
			return Lease{}, ctx.Err()
		}
	}
}

// remains is how long a lease lasts, by the machine's steady clock and by its wall clock: the first stands still while
// the machine sleeps, the second can be set back.
func (l Lease) remains(now time.Time) time.Duration {
	return min(l.steadily(now), l.Expires.Round(0).Sub(now.Round(0)))
}

// steadily is how long a lease lasts by the steady clock alone.
func (l Lease) steadily(now time.Time) time.Duration { return l.Expires.Sub(now) }

// doubtful says that the wall clock has the lease over, or soon, and the steady one does not: either the machine has
// slept, or its clock was set forward. Only the store knows which; until it is asked no call is begun.
func (l Lease) doubtful(now time.Time) bool {
	return l.remains(now) < leastRest && l.steadily(now) >= leastRest
}

// release gives a lease back although ctx may be over.
func (q *queue) release(ctx context.Context, l Lease) {
	try, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTTL/4)
	defer cancel()
	if err := q.store.Release(try, l); err != nil && !errors.Is(err, ErrLeaseLost) {
		q.log.Error("release the lease", "error", err)
	}
}

// pause waits on the real clock.
func pause(ctx context.Context, d time.Duration) error {
	return (clock.Real{}).WaitUntil(ctx, time.Now().Add(d))
}
