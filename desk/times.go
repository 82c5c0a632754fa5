package desk

import (
	"slices"
	"time"

	"github.com/rapport-chat/rapport/calendar"
	"github.com/rapport-chat/rapport/config"
)

// Figures of the desk's clocks.
const (
	// shiftGrace is how long an owner who answers outside the hours keeps the ticket, and how soon after it an opening
	// still counts as the same shift.
	shiftGrace = 30 * time.Minute
)

// Target is within how much business time people answer.
type Target struct {
	First time.Duration // the first answer
	Next  time.Duration // every later one
}

// Clocks is what the desk does at which time. It is pure: the agenda asks it, and the store keeps the answer.
type Clocks struct {
	Hours  calendar.Schedule
	Target Target
	Topics map[string]Target // by topic; a zero duration falls back to Target
	// Resolve is after how long a ticket that waits for the customer is resolved by itself; 0: never.
	Resolve time.Duration
	Reopen  time.Duration // how long a resolved ticket can be gone on with
	// Again is after how much more opening time somebody hears that a ticket is still overdue; 0: never.
	Again time.Duration
}

var _ Times = Clocks{}

// NewClocks are the desk's clocks as the operator has set them.
func NewClocks(s Staff, c *Config, cal *calendar.Calendar, zone *time.Location) Clocks {
	out := Clocks{
		Hours:   calendar.Schedule{Hours: s.Hours, Closed: cal.Resolve(nil, config.At{}, s.Closed), Zone: zone},
		Target:  Target{First: c.FirstResponse.Std(), Next: c.NextResponse.Std()},
		Topics:  map[string]Target{},
		Resolve: c.Resolve.Std(), Reopen: c.Reopen.Std(), Again: c.EscalateEvery.Std(),
	}
	for name, topic := range c.Topics.All() {
		out.Topics[name] = Target{First: topic.FirstResponse.Std(), Next: topic.NextResponse.Std()}
	}
	return out
}

// topic is the name under which the ticket's targets stand: its own, or its reason.
func (c Clocks) topic(t Ticket) string {
	if _, ok := c.Topics[t.Reason]; t.Topic == "" && ok {
		return t.Reason
	}
	return t.Topic
}

// target is the topic's own, or the desk's.
func (c Clocks) target(topic string) Target {
	own := c.Topics[topic]
	if own.First == 0 {
		own.First = c.Target.First
	}
	if own.Next == 0 {
		own.Next = c.Target.Next
	}
	return own
}

// FirstDue implements Times.
func (c Clocks) FirstDue(topic string, from time.Time) time.Time {
	return c.due(from, c.target(topic).First)
}

// NextDue implements Times.
func (c Clocks) NextDue(topic string, from time.Time) time.Time {
	return c.due(from, c.target(topic).Next)
}

// due is zero when there is no target, or when the business never opens.
func (c Clocks) due(from time.Time, target time.Duration) time.Time {
	if target <= 0 {
		return time.Time{}
	}
	return c.Hours.Add(from, target)
}

// Step is something that happens to a ticket because time has passed.
type Step string

// The steps, in the order in which those of the same instant are taken.
const (
	StepWake    Step = "wake"    // a snooze ends
	StepRemind  Step = "remind"  // two thirds of the time to answer are over
	StepMiss    Step = "miss"    // the answer is overdue: somebody else is told, or the owner loses the ticket
	StepShift   Step = "shift"   // the owner's shift is over while the customer waits
	StepLate    Step = "late"    // the time that the customer was told is over
	StepResolve Step = "resolve" // the customer has not come back
)

// steps lists them in their order.
var steps = []Step{StepWake, StepRemind, StepMiss, StepShift, StepLate, StepResolve}

// Alarm is a step and its time.
type Alarm struct {
	At   time.Time
	Step Step
}

// Alarms lists what time will do to the ticket if nobody touches it, the earliest first. Past times are overdue.
func (c Clocks) Alarms(t Ticket) []Alarm {
	if !t.Live() {
		return nil
	}
	var out []Alarm
	add := func(at time.Time, step Step) {
		if !at.IsZero() {
			out = append(out, Alarm{At: at, Step: step})
		}
	}
	if t.State == Waiting && c.Resolve > 0 {
		add(t.ChangedAt.Add(c.Resolve), StepResolve)
	}
	asked := !askedAt(t).IsZero() && t.State != Waiting
	if asked && !t.ToldUntil.IsZero() && t.LateToldAt.IsZero() && t.FirstResponseAt.IsZero() {
		add(t.ToldUntil, StepLate)
	}
	if !t.SnoozedUntil.IsZero() {
		add(t.SnoozedUntil, StepWake)
	} else if asked {
		add(together(t, c.remindAt(t)), StepRemind)
		add(together(t, c.missAt(t)), StepMiss)
		add(c.shiftEnd(t), StepShift)
	}
	slices.SortStableFunc(out, func(a, b Alarm) int {
		if d := a.At.Compare(b.At); d != 0 {
			return d
		}
		return slices.Index(steps, a.Step) - slices.Index(steps, b.Step)
	})
	return out
}

// Next is when time will next do something to the ticket; zero for never.
func (c Clocks) Next(t Ticket) time.Time {
	if list := c.Alarms(t); len(list) > 0 {
		return list[0].At
	}
	return time.Time{}
}

// together rounds a time up to the minute for tickets that nobody has, so that a channel hears of many at once.
func together(t Ticket, at time.Time) time.Time {
	if t.Owned() || at.IsZero() {
		return at
	}
	if whole := at.Truncate(time.Minute); whole.Before(at) {
		return whole.Add(time.Minute)
	}
	return at
}

// WaitsSince is since when the ticket waits for an answer, or when it was opened.
func (t Ticket) WaitsSince() time.Time {
	if at := askedAt(t); !at.IsZero() {
		return at
	}
	return t.OpenedAt
}

// askedAt is since when an answer is awaited. Who was not told of a ticket, such as that for a low score, does not wait,
// but staff have a target all the same: it counts from the opening.
func askedAt(t Ticket) time.Time {
	if t.AskedAt.IsZero() && !t.DueAt.IsZero() {
		return t.OpenedAt
	}
	return t.AskedAt
}

// waitsFor is since when the present owner owes the answer; the queue since it was asked.
func waitsFor(t Ticket) time.Time {
	asked := askedAt(t)
	if t.Owned() && t.ClaimedAt.After(asked) {
		return t.ClaimedAt
	}
	return asked
}

// remindAt is when two thirds of the time until it is due have passed.
func (c Clocks) remindAt(t Ticket) time.Time {
	if t.DueAt.IsZero() || !t.RemindedAt.IsZero() || !t.EscalatedAt.IsZero() {
		return time.Time{}
	}
	return c.Hours.Add(askedAt(t), c.Hours.Between(askedAt(t), t.DueAt)*2/3)
}

// missAt is when the next target is missed. The queue misses its target once, and is told of again now and then as long
// as nobody answers. An owner who took an overdue ticket has
// the time of a next answer, and after a missed target the same once more.
func (c Clocks) missAt(t Ticket) time.Time {
	if t.DueAt.IsZero() {
		return time.Time{}
	}
	since := waitsFor(t)
	switch {
	case !t.Owned() && t.EscalatedAt.IsZero():
		return t.DueAt
	case !t.Owned():
		return c.againAt(t.EscalatedAt)
	case !t.EscalatedAt.IsZero() && !t.EscalatedAt.Before(since):
		return c.NextDue(c.topic(t), t.EscalatedAt)
	case since.Equal(askedAt(t)):
		return t.DueAt
	}
	if own := c.NextDue(c.topic(t), since); own.After(t.DueAt) {
		return own
	}
	return t.DueAt
}

// shiftEnd is when the owner's shift ends; zero when there is no owner, or when the desk never closes.
func (c Clocks) shiftEnd(t Ticket) time.Time {
	if !t.Owned() {
		return time.Time{}
	}
	since := waitsFor(t)
	late := since.Add(shiftGrace)
	if !c.Hours.Open(since) {
		open := c.Hours.NextOpen(since)
		if open.IsZero() || open.After(late) {
			return late
		}
		since = open
	}
	end := c.Hours.EndOfShift(since)
	if !end.IsZero() && end.Before(late) {
		return late
	}
	return end
}
