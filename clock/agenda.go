package clock

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Figures of the driver.
const (
	// lookAgain is the longest that the driver waits before it asks every agenda once more, in business time: a
	// new due time announces itself by Nudge, this is for the one that did not.
	lookAgain = 30 * time.Second
	// retryAfter is how long a failing agenda rests, on the real clock.
	retryAfter = 5 * time.Second
	// apart is how long after a look at the agendas the next one is because of a nudge, on the real clock: a broadcast
	// nudges with each page that it settles, and each look asks the database a dozen questions.
	apart = 25 * time.Millisecond
	// maxRounds bounds the pages of one agenda in one go, so that a mistake cannot spin for ever.
	maxRounds = 1_000_000
	// allEvery is after how many pages of one agenda the others are asked whether they have become due meanwhile.
	allEvery = 16
)

// Agenda is something that becomes due: offers, the survey plan, expiry, ticket targets, reminders, digests. Its due
// times are rows in the database, so that it has no memory of its own.
type Agenda interface {
	Name() string
	// Next is the earliest due time, possibly past. ok is false when there is none.
	Next(ctx context.Context) (at time.Time, ok bool, err error)
	// RunDue does a bounded part of what is due at now and answers whether there is more.
	RunDue(ctx context.Context, now time.Time) (more bool, err error)
}

// Describer is an Agenda that can say what it is that becomes due next: "Friday beans".
type Describer interface {
	// Describe names what Next would answer; empty when there is nothing, or no name for it.
	Describe(ctx context.Context) (string, error)
}

// Driver runs agendas: it waits for the business clock, or steps through all that is due up to a time.
type Driver struct {
	clock   *Movable
	agendas []Agenda
	log     *slog.Logger
	nudged  chan struct{}
	runs    atomic.Bool
	passOn  func()     // what a nudge does while Run does not run
	step    sync.Mutex // one step at a time: the service's own, or one of an advance

	mu      sync.Mutex
	resting map[string]time.Time // agendas that failed, until when they are left alone (real clock)
}

// NewDriver runs agendas by the business clock.
func NewDriver(c *Movable, log *slog.Logger, agendas ...Agenda) *Driver {
	return &Driver{clock: c, agendas: agendas, log: log, nudged: make(chan struct{}, 1), resting: map[string]time.Time{}}
}

// PassOn has nudges passed on by f while Run does not run, since another process may run the agendas then. It is for
// the time before Run; f must not block.
func (d *Driver) PassOn(f func()) { d.passOn = f }

// Nudge has the agendas asked now, since a due time may have been added.
func (d *Driver) Nudge() {
	if d.passOn != nil && !d.runs.Load() {
		d.passOn()
	}
	select {
	case d.nudged <- struct{}{}:
	default:
	}
}

// Run runs what is due, and waits, until ctx ends.
func (d *Driver) Run(ctx context.Context) error {
	d.runs.Store(true)
	defer d.runs.Store(false)
	for ctx.Err() == nil {
		looked := time.Now()
		d.step.Lock()
		_ = d.runDue(ctx) // told, and tried again
		d.step.Unlock()
		until := d.clock.Now().Add(lookAgain)
		if at, ok := d.earliest(ctx); ok && at.Before(until) {
			until = at
		}
		if !until.After(d.clock.Now()) {
			continue // became due meanwhile
		}
		if d.wait(ctx, until) {
			d.gather(ctx, looked.Add(apart))
		}
	}
	return nil
}

// gather takes the nudges until a time for one.
func (d *Driver) gather(ctx context.Context, until time.Time) {
	_ = Real{}.WaitUntil(ctx, until)
	select {
	case <-d.nudged:
	default:
	}
}

// wait returns at until on the business clock, at a nudge, or when ctx ends; after lookAgain at the latest, since the
// machine's clock may have been set back meanwhile, and until be far away again. It answers whether it was a nudge.
func (d *Driver) wait(ctx context.Context, until time.Time) (nudged bool) {
	wctx, cancel := context.WithTimeout(ctx, lookAgain)
	defer cancel()
	reached := make(chan struct{})
	go func() {
		defer close(reached)
		_ = d.clock.WaitUntil(wctx, until)
	}()
	select {
	case <-reached:
		return false
	case <-d.nudged:
		cancel()
		<-reached
		return true
	}
}

// UpcomingName is the earliest due time over all agendas, and what is due then: as its agenda describes it, else the
// agenda's name.
func (d *Driver) UpcomingName(ctx context.Context) (first time.Time, name string, ok bool) {
	var of Agenda
	for _, a := range d.agendas {
		at, has, err := a.Next(ctx)
		if err == nil && has && (!ok || at.Before(first)) {
			first, of, ok = at, a, true
		}
	}
	if !ok {
		return first, "", false
	}
	if describer, can := of.(Describer); can {
		if what, err := describer.Describe(ctx); err == nil && what != "" {
			return first, what, true
		}
	}
	return first, of.Name(), true
}

// AdvanceTo moves the business clock forward to t, through every due time on the way, in order. After each step rest
// is called, so that what one due time started has left before the clock goes on. It answers the first error.
func (d *Driver) AdvanceTo(ctx context.Context, t time.Time, rest func(context.Context) error) error {
	d.step.Lock()
	defer d.step.Unlock()
	var last time.Time
	for range maxRounds {
		at, ok := d.earliest(ctx)
		if !ok || at.After(t) {
			break
		}
		if !at.After(last) { // an agenda that stays due although it was run: do not hang on it
			at = last.Add(time.Millisecond)
			if at.After(t) {
				break
			}
		}
		last = at
		d.clock.MoveTo(at)
		if err := d.runDue(ctx); err != nil {
			return err
		}
		if err := rest(ctx); err != nil {
			return err
		}
	}
	d.clock.MoveTo(t)
	return errors.Join(d.runDue(ctx), ctx.Err())
}

// earliest is the earliest due time of the agendas that are not resting after an error.
func (d *Driver) earliest(ctx context.Context) (first time.Time, ok bool) {
	for _, a := range d.agendas {
		if d.rests(a) {
			continue
		}
		at, has, err := a.Next(ctx)
		if err != nil {
			if ctx.Err() == nil {
				d.log.Error("a due time cannot be read; trying again", "agenda", a.Name(), "error", err)
			}
			continue
		}
		if has && (!ok || at.Before(first)) {
			first, ok = at, true
		}
	}
	return first, ok
}

// runDue runs every agenda that is due until nothing more is, a page of each in turns: a broadcast has many. An agenda
// that fails rests for a while, so that it cannot hold up the others.
func (d *Driver) runDue(ctx context.Context) error {
	var errs []error
	active := d.agendas
	for round := 0; len(active) > 0; round++ {
		if round%allEvery == 0 {
			active = d.agendas
		}
		var left []Agenda
		for _, a := range active {
			if d.rests(a) {
				continue
			}
			more, err := d.runPage(ctx, a)
			if more && round == maxRounds {
				more, err = false, fmt.Errorf("agenda %s: still due after %d rounds", a.Name(), maxRounds)
			}
			if err != nil && ctx.Err() == nil {
				d.rest(a)
				d.log.Error("what was due could not be done; trying again", "agenda", a.Name(), "error", err)
				errs = append(errs, err)
			}
			if more {
				left = append(left, a)
			}
		}
		active = left
	}
	return errors.Join(errs...)
}

// rests says whether an agenda failed a moment ago.
func (d *Driver) rests(a Agenda) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Now().Before(d.resting[a.Name()])
}

func (d *Driver) rest(a Agenda) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.resting[a.Name()] = time.Now().Add(retryAfter)
}

// runPage runs one agenda's next page, if it is due, and answers whether there may be more.
func (d *Driver) runPage(ctx context.Context, a Agenda) (more bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			more, err = false, fmt.Errorf("agenda %s: panic: %v", a.Name(), p)
		}
	}()
	now := d.clock.Now()
	at, ok, err := a.Next(ctx)
	if err != nil || !ok || at.After(now) {
		return false, err
	}
	if more, err = a.RunDue(ctx, now); err != nil {
		return false, fmt.Errorf("agenda %s: %w", a.Name(), err)
	}
	return more, nil
}
