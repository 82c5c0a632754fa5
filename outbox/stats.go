package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// Counts are what a worker has done since it was made.
type Counts struct {
	Sent, Failed, Dropped uint64 // settled
	Unknown               uint64 // never sent twice, recovered ones included
	Retried               uint64 // calls that are made again
	Refused               uint64 // calls that the platform refused for pace
	Recovered             uint64 // found in flight at a takeover and sent again
}

// add counts a settled result.
func (c *Counts) add(v verdict) {
	switch v.Outcome {
	case Sent:
		c.Sent++
	case Failed:
		c.Failed++
	case Dropped:
		c.Dropped++
	case Lost:
		c.Unknown++
	case Retry:
		if !v.Uncalled {
			c.Retried++
		}
	}
}

// Stats is a worker's state for metrics.
type Stats struct {
	Counts
	Holder    string // the lease's owner, empty while another process has the account
	Epoch     int64
	InFlight  int                                 // claimed and not settled
	Planned   map[conversation.Lane]int           // waiting and read, at most some thousands a lane; see Store.Depth for all
	Oldest    map[conversation.Lane]time.Duration // how long the oldest of them has been due
	Rate      float64                             // messages a second that bulk may use, 0 for no limit
	Paused    time.Time                           // real clock: the account waits until then; zero when it does not
	BulkPause time.Time                           // the same for the bulk lane alone
}

// Stats tells how the worker stands.
func (w *Worker) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	s := Stats{
		Counts: w.counts, Rate: w.pace.Rate(now),
		Planned: map[conversation.Lane]int{}, Oldest: map[conversation.Lane]time.Duration{},
	}
	s.Paused, s.BulkPause = w.pace.Paused(now)
	t := w.tenure
	if t == nil {
		return s
	}
	s.Holder, s.Epoch, s.InFlight = t.lease.Owner, t.lease.Epoch, len(t.held)
	for _, l := range t.plan.lanes {
		s.Planned[l.id] = l.queued
		for _, r := range l.known {
			if d := now.Sub(r.seen); r.line != nil && d > s.Oldest[l.id] {
				s.Oldest[l.id] = d
			}
		}
	}
	return s
}

// Depth counts what is due and not settled, by lane, read or not.
func (w *Worker) Depth(ctx context.Context) (map[conversation.Lane]int, error) {
	return w.cfg.Store.Depth(ctx, w.cfg.Account, w.cfg.Business.Now())
}

// Retrying says whether a call has failed and waits to be made again: the account comes to rest when its platform answers
// again, not before.
func (w *Worker) Retrying() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tenure == nil {
		return false
	}
	now := time.Now()
	for _, l := range w.tenure.plan.lanes {
		for _, r := range l.known {
			if !r.claimed && r.RetryAt.After(now) {
				return true
			}
		}
	}
	return false
}

// Busy says in words what is not at rest: written and not yet read, in flight, due and waiting for its pace, or in
// retry. It is empty at rest, and while Run does not run. What another process sends is not known here.
func (w *Worker) Busy() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.tenure
	switch {
	case !w.runs:
		return nil
	case t == nil:
		return []string{fmt.Sprintf("outbox %s: waiting for the lease", w.cfg.Account)}
	}
	var busy []string
	say := func(n int, what string) {
		if n > 0 {
			busy = append(busy, fmt.Sprintf("outbox %s: %d %s", w.cfg.Account, n, what))
		}
	}
	now, business := time.Now(), w.cfg.Business.Now()
	unread := t.served != w.nudges
	var due, retry int
	for _, l := range t.plan.lanes {
		unread = unread || l.nudged || l.more
		for _, r := range l.known {
			switch {
			case r.claimed:
			case r.RetryAt.After(now):
				retry++
			case !r.NotBefore.After(business):
				due++
			}
		}
	}
	say(len(t.held), "in flight")
	say(due, "due or waiting for their pace")
	say(retry, "in retry")
	if unread {
		busy = append(busy, fmt.Sprintf("outbox %s: being read", w.cfg.Account))
	}
	return busy
}
