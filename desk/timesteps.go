package desk

import (
	"slices"
	"time"
)

// missedTargets is how many targets an owner may miss before the ticket goes back to the queue.
const missedTargets = 2

// maxSteps bounds what time does to one ticket in one go.
const maxSteps = 8

// Event is what time did to a ticket.
type Event struct {
	Step Step
	// Lapsed: the ticket went back to the queue. From is whose it was.
	Lapsed bool
	From   Member
	// Again: a missed target of a ticket that nobody has was told of before.
	Again bool
}

// Advance takes every step that is due at now, in the order of their times, and answers what happened.
func (c Clocks) Advance(t Ticket, now time.Time) (Ticket, []Event) {
	var events []Event
	for range maxSteps {
		alarms := c.Alarms(t)
		if len(alarms) == 0 || alarms[0].At.After(now) {
			break
		}
		var e Event
		if t, e = c.take(t, alarms[0].Step, now); e.Step == "" {
			break
		}
		events = append(events, e)
	}
	return t, events
}

// take takes one step.
func (c Clocks) take(t Ticket, step Step, now time.Time) (Ticket, Event) {
	e := Event{Step: step, From: t.Owner}
	var err error
	switch step {
	case StepWake:
		t, err = t.Wake(now)
	case StepRemind:
		t.RemindedAt = now
	case StepMiss:
		e.Again = !t.Owned() && !t.EscalatedAt.IsZero()
		t.EscalatedAt = now
		if t.Owned() {
			if t.Missed++; t.Missed >= missedTargets {
				e.Lapsed = true
				t, err = c.release(t, now)
			}
		}
	case StepShift:
		e.Lapsed = true
		t, err = c.release(t, now)
	case StepLate:
		t.LateToldAt = now
		t.ToldUntil = c.Promise(now, c.target(c.topic(t)).First).Until
	case StepResolve:
		t, err = t.Resolve("time", now, c.Reopen)
	}
	if err != nil {
		return t, Event{}
	}
	return t, e
}

// release puts a ticket back into the queue. That is told, so no reminder follows at once; the target starts anew.
func (c Clocks) release(t Ticket, now time.Time) (Ticket, error) {
	t, err := t.Release(now, c.NextDue(c.topic(t), now))
	t.RemindedAt = now
	return t, err
}

// friendly are the waiting times that people are told, beyond which they are whole hours.
var friendly = []time.Duration{
	5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 20 * time.Minute, 30 * time.Minute, 45 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 6 * time.Hour, 8 * time.Hour,
}

// RoundUp is the waiting time as it is told: never shorter than d.
func RoundUp(d time.Duration) time.Duration {
	for _, f := range friendly {
		if d <= f {
			return f
		}
	}
	return (d + time.Hour - 1).Truncate(time.Hour)
}

// Promise is a waiting time as a customer hears it.
type Promise struct {
	Until time.Time // zero: nothing can be promised
	// Within is set when the time passes without a pause, so that it can be told in minutes or hours.
	Within time.Duration
}

// Promise rounds a waiting time in business hours up, and says until when that is.
func (c Clocks) Promise(now time.Time, wait time.Duration) Promise {
	if wait <= 0 {
		return Promise{}
	}
	wait = RoundUp(wait)
	p := Promise{Until: c.Hours.Add(now, wait)}
	if p.Until.Equal(now.Add(wait)) {
		p.Within = wait
	}
	return p
}

// Answered is how long a customer of some earlier ticket waited for the first answer.
type Answered struct{ Asked, Replied time.Time }

// Figures of the waiting time that is told.
const (
	// WaitDays is how far back earlier waits are looked at.
	WaitDays = 28
	// enough is the least number of earlier waits that say anything.
	enough = 5
	// share is how many of the earlier waits were shorter than what is told, in hundredths.
	share = 80
	// aroundHours is how many hours of the day before and after now count as the same time of day.
	aroundHours = 1
)

// Usual is the time within which most of the earlier answers at this hour of the day came, in business time. ok is
// false when there are too few to say.
func (c Clocks) Usual(now time.Time, earlier []Answered) (wait time.Duration, ok bool) {
	hour := c.Hours.Local(now).Hour()
	var waits []time.Duration
	for _, a := range earlier {
		apart := (c.Hours.Local(a.Asked).Hour() - hour + 24) % 24
		if (apart <= aroundHours || apart >= 24-aroundHours) && !a.Replied.Before(a.Asked) {
			waits = append(waits, c.Hours.Between(a.Asked, a.Replied))
		}
	}
	if len(waits) < enough {
		return 0, false
	}
	slices.Sort(waits)
	return max(waits[(len(waits)*share+99)/100-1], time.Minute), true
}
