package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/conversation"
)

// The figures of the lease. They hold together: a call is over before its lease can be, and another process takes
// over within ttl and a poll, below ten seconds.
const (
	// leaseTTL is how long a lease lasts without being renewed. It is renewed at a third of that.
	leaseTTL = 8 * time.Second
	// callTimeout is the longest call. A lease that is renewed on time has 5.3 s left at least.
	callTimeout = 5 * time.Second
	// leaseGuard is by how much a call's deadline comes before the end of the lease, and leastRest the rest of a
	// lease below which nothing is claimed.
	leaseGuard, leastRest = 250 * time.Millisecond, 2 * time.Second
	// poll is how long a message waits that nobody announced.
	poll = time.Second
	// leasePoll is how long a free lease waits for a taker when nobody announces it.
	leasePoll = time.Second / 2
	// defaultInFlight is how many messages are claimed and not settled at once, a third of them bulk: when 64 people
	// write at once and each call takes 50 ms, the half of them are answered by the first calls.
	defaultInFlight = 48
	// usualCall is about how long a platform takes. One that allows so much that 48 calls cannot use it gets more calls,
	// at most mostInFlight: what is claimed together is waited for together, and may be unknown together after a crash.
	usualCall    = 100 * time.Millisecond
	mostInFlight = 96
)

// inFlight is how many messages are claimed and not settled at once on a platform that takes so many a second. An
// unlimited one takes all at once and needs no more than others.
func inFlight(perSecond float64) int {
	return max(defaultInFlight, int(min(perSecond*usualCall.Seconds(), mostInFlight)))
}

// Sender is what the worker needs of a conversation.Channel.
type Sender interface {
	Name() string
	Send(ctx context.Context, s conversation.Sending) (conversation.Receipt, error)
	Limits() conversation.Limits
}

// Config is what a Worker works with.
type Config struct {
	Store    Store
	Channel  Sender
	Account  string      // such as "telegram:123456"
	Owner    string      // names this process to operators; must differ between processes and between their starts
	Business clock.Clock // for NotBefore and NotAfter. Leases, pace and waits go by the machine's clock.
	Log      *slog.Logger
	// Fetch reads a file that was sent to another account, of at most limit bytes; nil when there is none to pass on.
	Fetch    func(ctx context.Context, account, file string, limit int64) ([]byte, error)
	InFlight int // most messages claimed and not settled; 0 for 48, up to 96 where more than 480 a second are allowed
	// Taken, when set, is called with each lease once what the last holder left is settled. It must not block. Its
	// context ends with the lease: what only the holder may do belongs under it.
	Taken func(ctx context.Context, l Lease)
	// Alone has Run end with ErrRunning, rather than wait, when another process on this machine has the account.
	Alone bool
}

// CredentialsError ends a worker: the platform no longer accepts our token. The messages stay pending.
type CredentialsError struct {
	Account string
	Err     error
}

// Error implements error.
func (e *CredentialsError) Error() string {
	return fmt.Sprintf("account %s: %v", e.Account, e.Err)
}

// Unwrap gives the platform's error.
func (e *CredentialsError) Unwrap() error { return e.Err }

// Worker sends what waits for one bot account, while it holds the account's lease.
type Worker struct {
	cfg  Config
	wake chan struct{} // capacity one: there may be something to do

	mu     sync.Mutex
	pace   *Pace
	nudges [lanes]uint64
	runs   bool    // Run has been called and has not returned
	tenure *tenure // nil while another process has the account
	counts Counts
	queue  queue
}

// New is a worker that does nothing until Run.
func New(cfg Config) *Worker {
	if cfg.InFlight <= 0 {
		cfg.InFlight = inFlight(cfg.Channel.Limits().PerSecond)
	}
	if cfg.Business == nil {
		cfg.Business = clock.Real{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Log = cfg.Log.With("channel", cfg.Channel.Name(), "account", cfg.Account)
	return &Worker{
		cfg: cfg, wake: make(chan struct{}, 1),
		pace: NewPace(cfg.Channel.Limits(), cfg.InFlight),
		queue: queue{
			store: cfg.Store, name: cfg.Account, owner: cfg.Owner, log: cfg.Log, refuse: cfg.Alone, freed: make(chan struct{}, 1),
		},
	}
}

// Free says that the account's lease may be free. It never blocks.
func (w *Worker) Free() { w.queue.free() }

// Holds says whether the account is this process's at this moment. What was asked before it stood still may be wrong
// by now: a transaction is made safe by what it checks, not by this.
func (w *Worker) Holds() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tenure != nil && w.tenure.lost == nil && w.tenure.lease.steadily(time.Now()) > 0
}

// Nudge says that something was written to these lanes of the outbox, or to any when none is named. It never blocks.
func (w *Worker) Nudge(lanes ...conversation.Lane) {
	w.mu.Lock()
	if len(lanes) == 0 {
		lanes = answersFirst
	}
	for _, l := range lanes {
		w.nudges[l]++
	}
	w.mu.Unlock()
	w.stir()
}

// stir wakes the loop.
func (w *Worker) stir() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run sends until ctx ends, waiting for the lease while another process holds it. When ctx ends, nothing more is
// claimed; what is in flight is finished within its deadline and settled, and the lease is given back. It returns nil
// then, a *CredentialsError when the platform does not know us any more, and ErrRunning if it is to run alone and does
// not.
func (w *Worker) Run(ctx context.Context) error {
	w.running(true)
	defer w.running(false)
	for {
		lease, err := w.queue.acquire(ctx)
		switch {
		case ctx.Err() != nil && err != nil:
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", w.cfg.Account, err)
		}
		err = w.hold(ctx, lease)
		var dead *CredentialsError
		switch {
		case errors.As(err, &dead):
			return err
		case err == nil, ctx.Err() != nil:
			return nil
		}
		w.cfg.Log.Warn("the lease was lost", "epoch", lease.Epoch, "error", err)
	}
}

// running notes whether Run is.
func (w *Worker) running(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs = yes
}

// hold works under one lease. It returns nil once everything in flight is settled after ctx's end, a
// *CredentialsError, or why the lease is over.
func (w *Worker) hold(ctx context.Context, lease Lease) error {
	t := newTenure(w, lease)
	defer t.close()
	t.goes(func() { t.renew(ctx) })
	if err := t.recover(ctx); err != nil {
		return err
	}
	w.mu.Lock()
	w.tenure = t
	if lease.Epoch > 1 { // another process may have sent until a moment ago
		w.pace.HoldUntil(time.Now().Add(time.Second))
	}
	w.mu.Unlock()
	if w.cfg.Taken != nil {
		w.cfg.Taken(t.calls, lease)
	}
	err := t.loop(ctx)
	w.mu.Lock()
	w.tenure = nil
	lost := t.lost
	w.mu.Unlock()
	if lost == nil {
		t.release(ctx)
	}
	return err
}
