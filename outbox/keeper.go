package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Keeper has something done by one process at a time: whoever holds the lease of its name.
type Keeper struct {
	queue queue

	mu    sync.Mutex
	lease Lease // the zero value while another process has it
}

// NewKeeper keeps the lease of that name for owner, which names this process and must differ between processes and
// between their starts.
func NewKeeper(store Leases, name, owner string, log *slog.Logger) *Keeper {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Keeper{queue: queue{store: store, name: name, owner: owner, log: log.With("lease", name), freed: make(chan struct{}, 1)}}
}

// Free says that the lease may be free. It never blocks.
func (k *Keeper) Free() { k.queue.free() }

// Holds says whether the lease is this process's at this moment.
func (k *Keeper) Holds() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lease.steadily(time.Now()) > 0
}

// Run runs work under the lease, and again under the next one when that was lost, until ctx ends. work's context ends
// with the lease; Run waits for work, and answers its error when that came by itself. The lease is given back after
// work has ended.
func (k *Keeper) Run(ctx context.Context, work func(context.Context) error) error {
	for {
		lease, err := k.queue.acquire(ctx)
		if err != nil {
			return nil //nolint:nilerr // only ctx ends the waiting
		}
		k.set(lease)
		lost, err := k.hold(ctx, lease, work)
		k.set(Lease{})
		if ctx.Err() != nil || !lost {
			return err
		}
		k.queue.log.Warn("the lease was lost", "epoch", lease.Epoch)
	}
}

func (k *Keeper) set(l Lease) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lease = l
}

// hold runs work beside the renewals of the lease.
func (k *Keeper) hold(ctx context.Context, lease Lease, work func(context.Context) error) (lost bool, err error) {
	during, end := context.WithCancel(ctx)
	defer end()
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	over := make(chan bool, 1)
	go func() {
		lost := k.renew(renewing, lease)
		if lost {
			end()
		}
		over <- lost
	}()
	err = work(during)
	stop() // a renewal under way must not take it again
	if lost = <-over; lost {
		return true, nil
	}
	k.queue.release(ctx, lease)
	return false, err
}

// renew keeps the lease until ctx ends; it answers true when it was lost before.
func (k *Keeper) renew(ctx context.Context, lease Lease) (lost bool) {
	wait := leaseTTL / 3
	for {
		if pause(ctx, min(wait, max(0, lease.steadily(time.Now())))) != nil {
			return false
		}
		try, cancel := context.WithDeadline(ctx, lease.Expires)
		fresh, err := k.queue.store.Acquire(try, lease.Account, lease.Owner, leaseTTL)
		cancel()
		switch {
		case ctx.Err() != nil:
			return false
		case err == nil && fresh.Epoch == lease.Epoch:
			lease, wait = fresh, leaseTTL/3
			k.set(lease)
			continue
		case err == nil: // it had ended: others may have come and gone
			k.queue.release(ctx, fresh)
			return true
		case errors.Is(err, ErrLeaseHeld), lease.steadily(time.Now()) <= 0:
			return true
		}
		k.queue.log.Error("renew the lease", "error", fmt.Errorf("%s: %w", lease.Account, err))
		wait = leaseTTL / 32
	}
}
