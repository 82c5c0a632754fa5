// Package clock has the two clocks of Rapport. The business clock tells due times, quiet hours, expiry and windows, and
// can be moved. The real clock tells leases, pace and call deadlines, and never is. They are never mixed: moving the
// business clock by two days must not expire a lease.
package clock

import (
	"context"
	"sync"
	"time"
)

// Clock tells the time and waits for it.
type Clock interface {
	Now() time.Time
	// WaitUntil returns nil once Now is not before t, or ctx's error.
	WaitUntil(ctx context.Context, t time.Time) error
}

// Real is the machine's clock.
type Real struct{}

// Now is the machine's time.
func (Real) Now() time.Time { return time.Now() }

// WaitUntil waits on the machine's timer.
func (Real) WaitUntil(ctx context.Context, t time.Time) error {
	d := time.Until(t)
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Movable is a business clock that runs at real speed and can be moved forward. The zero value is not usable.
type Movable struct {
	mu       sync.Mutex
	offset   time.Duration
	moved    chan struct{} // closed and replaced at each move
	stepping bool          // the machine's time is at, which goes on a step whenever somebody looks
	at       time.Time
}

// NewMovable is a clock that is offset ahead of the machine's (behind, when negative).
func NewMovable(offset time.Duration) *Movable {
	return &Movable{offset: offset, moved: make(chan struct{})}
}

// step is by how much a stepping clock goes on: what happens one after another has different times, also in a store of
// milliseconds.
const step = time.Millisecond

// NewStepping is a clock for tests that begins at a time and goes on by a millisecond whenever somebody looks at it,
// however long the machine takes for what happens in between. Who waits on it is woken by moves alone.
func NewStepping(at time.Time) *Movable {
	return &Movable{moved: make(chan struct{}), stepping: true, at: at}
}

// machine is the time that the offset is added to. The caller has locked.
func (m *Movable) machine() time.Time {
	if !m.stepping {
		return time.Now()
	}
	m.at = m.at.Add(step)
	return m.at
}

// Now is the business time.
func (m *Movable) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.machine().Add(m.offset)
}

// Offset is how far the clock is ahead of the machine's.
func (m *Movable) Offset() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.offset
}

// MoveTo sets the clock forward to t and wakes everybody who waits. It never moves back: an earlier t changes nothing.
func (m *Movable) MoveTo(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := t.Sub(m.machine())
	if d <= m.offset {
		return
	}
	m.offset = d
	close(m.moved)
	m.moved = make(chan struct{})
}

// WaitUntil returns nil once Now is not before t, however it got there.
func (m *Movable) WaitUntil(ctx context.Context, t time.Time) error {
	for {
		m.mu.Lock()
		d, moved, stepping := t.Sub(m.machine().Add(m.offset)), m.moved, m.stepping
		m.mu.Unlock()
		if d <= 0 {
			return ctx.Err()
		}
		timer := time.NewTimer(d)
		if stepping {
			timer.Stop()
		}
		select {
		case <-timer.C:
		case <-moved:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}
