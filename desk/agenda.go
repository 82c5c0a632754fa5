package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// TimeStores is what the desk's clocks need of the database beside Stores.
type TimeStores interface {
	// Timed binds the store to a transaction.
	Timed(tx conversation.Tx) TimeBooks

	// Earliest is the earliest time at which a ticket's clock rings, one has moved on since its clock was set, a held
	// card is due, or a customer is to hear that the desk was reached. ok is false for none.
	Earliest(ctx context.Context) (at time.Time, ok bool, err error)
	// Unreckoned lists tickets that have moved on since their clock was set.
	Unreckoned(ctx context.Context, limit int) ([]Ticket, error)
	// Reckon sets clocks. A ticket that has moved on meanwhile is left out.
	Reckon(ctx context.Context, list []Reckoned) error
	// Due lists tickets whose clock rings at now, the earliest first.
	Due(ctx context.Context, now time.Time, limit int) ([]Ticket, error)

	// Unseen lists unclaimed tickets opened up to before that no staff channel shows yet, and whose customers were not
	// told so, the earliest first.
	Unseen(ctx context.Context, before time.Time, limit int) ([]Ticket, error)
	// Reached lists tickets that staff can see now, and whose customers were told that they could not.
	Reached(ctx context.Context, limit int) ([]Ticket, error)
	// Unheard says whether the ticket's customer was told that the desk is not reached, and nothing since.
	Unheard(ctx context.Context, id TicketID) (bool, error)

	// OpeningCursor is the opening that was dealt with last; now, when there was none.
	OpeningCursor(ctx context.Context, now time.Time) (time.Time, error)
	// Unanswered lists tickets that have waited for an answer since before, those that are put aside left out and those
	// of which customers were not told counted from their opening; the longest wait first.
	Unanswered(ctx context.Context, before time.Time, limit int) ([]Ticket, error)
	// OwnedBy lists the tickets of a member of staff in which the customer waits for an answer.
	OwnedBy(ctx context.Context, memberID string, limit int) ([]Ticket, error)
}

// Reckoned is when a version of a ticket is looked at next; zero for never.
type Reckoned struct {
	ID      TicketID
	Version int64
	At      time.Time
}

// TimeBooks is the store of the clocks inside one transaction.
type TimeBooks interface {
	// Note writes what the clocks remember of a locked ticket (RemindedAt, EscalatedAt, LateToldAt, ToldUntil, Missed)
	// and sets its clock, without raising the version: its card shows nothing of it.
	Note(ctx context.Context, t Ticket, wake time.Time) error
	// Answered lists how long customers of a topic waited for their first answer, the latest first.
	Answered(ctx context.Context, topic string, since time.Time, limit int) ([]Answered, error)
	// Stuck says whether cards that should have left before that time have not, or whether the last one failed.
	Stuck(ctx context.Context, before time.Time) (bool, error)
	// TellDown and TellUp note what a ticket's customer was told; first is false when that was known.
	TellDown(ctx context.Context, id TicketID, at time.Time) (first bool, err error)
	TellUp(ctx context.Context, id TicketID, at time.Time) (first bool, err error)
	// MoveOpening moves the cursor from one opening to the next; first is false when somebody else has.
	MoveOpening(ctx context.Context, from, to time.Time) (first bool, err error)
}

// Figures of the agenda.
const (
	reckonPage  = 200
	duePage     = 100
	seenPage    = 50
	openingList = 200 // unanswered tickets that an opening looks at
)

// Agenda is what time does to tickets: reminders, missed targets, ends of shifts, kept promises, the list at opening.
// Due times are columns of the tickets; it has no memory of its own.
type Agenda struct {
	*Desk
	Clocks Clocks
	Timed  TimeStores
	Burst  Burst
	// Gone says whether a member of staff is away; nil: nobody is. A customer who writes to an owner who is away does
	// not wait for that one.
	Gone func(ctx context.Context, memberID string) (bool, error)
}

var _ clockAgenda = (*Agenda)(nil)

// Name implements clock.Agenda.
func (*Agenda) Name() string { return "desk" }

// Next implements clock.Agenda.
func (a *Agenda) Next(ctx context.Context) (time.Time, bool, error) {
	at, ok, err := a.Timed.Earliest(ctx)
	if err != nil {
		return at, ok, fmt.Errorf("read when tickets are due: %w", err)
	}
	sooner := func(t time.Time) {
		if !t.IsZero() && (!ok || t.Before(at)) {
			at, ok = t, true
		}
	}
	unseen, err := a.Timed.Unseen(ctx, farAway, 1)
	if err != nil {
		return at, ok, fmt.Errorf("read which tickets nobody has seen: %w", err)
	}
	for _, t := range unseen {
		sooner(a.tellDownAt(t))
	}
	cursor, err := a.Timed.OpeningCursor(ctx, a.Business.Now())
	if err != nil {
		return at, ok, fmt.Errorf("read the last opening: %w", err)
	}
	sooner(a.Clocks.Opening(cursor))
	return at, ok, nil
}

// farAway is later than any ticket.
var farAway = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// RunDue implements clock.Agenda. A part that fails does not hold up the others.
func (a *Agenda) RunDue(ctx context.Context, now time.Time) (more bool, err error) {
	var errs []error
	for _, part := range []func(context.Context, time.Time) (bool, error){a.reckon, a.ring, a.showHeld, a.tellDown, a.tellUp, a.opening} {
		again, err := part(ctx, now)
		more = more || again
		errs = append(errs, err)
	}
	return more, errors.Join(errs...)
}

// reckon sets the clocks of tickets that have moved on.
func (a *Agenda) reckon(ctx context.Context, now time.Time) (bool, error) {
	list, err := a.Timed.Unreckoned(ctx, reckonPage)
	if err != nil || len(list) == 0 {
		return false, err
	}
	gone, err := a.gone(ctx, list)
	if err != nil {
		return false, err
	}
	out := make([]Reckoned, len(list))
	for i, t := range list {
		out[i] = Reckoned{ID: t.ID, Version: t.Version, At: a.Clocks.Next(t)}
		if left(t, gone) {
			out[i].At = now
		}
	}
	if err := a.Timed.Reckon(ctx, out); err != nil {
		return false, fmt.Errorf("set the clocks of %d tickets: %w", len(out), err)
	}
	return true, nil
}

// tellDownAt is when the customer of a ticket that nobody has seen hears so: not while nobody would look anyway.
func (a *Agenda) tellDownAt(t Ticket) time.Time {
	return a.Clocks.Hours.NextOpen(t.OpenedAt.Add(DownAfter))
}

// tellDown tells customers whose tickets have not reached the desk.
func (a *Agenda) tellDown(ctx context.Context, now time.Time) (bool, error) {
	list, err := a.Timed.Unseen(ctx, now.Add(-DownAfter), seenPage)
	if err != nil {
		return false, err
	}
	told := 0
	for _, t := range list {
		if at := a.tellDownAt(t); at.IsZero() || at.After(now) {
			continue
		}
		told++
		if err := a.tellOnce(ctx, t, now, "down", "away.desk_down", TimeBooks.TellDown); err != nil {
			return false, err
		}
	}
	return told == seenPage, nil
}

// tellUp tells them that they have.
func (a *Agenda) tellUp(ctx context.Context, now time.Time) (bool, error) {
	list, err := a.Timed.Reached(ctx, seenPage)
	if err != nil {
		return false, err
	}
	for _, t := range list {
		text := "away.desk_up"
		if t.State != Open {
			text = "" // they were told who looks after it
		}
		if err := a.tellOnce(ctx, t, now, "up", text, TimeBooks.TellUp); err != nil {
			return false, err
		}
	}
	return len(list) == seenPage, nil
}

// tellOnce tells a customer something that is noted with the ticket; an empty text is only noted.
func (a *Agenda) tellOnce(ctx context.Context, t Ticket, now time.Time, what, text string,
	note func(TimeBooks, context.Context, TicketID, time.Time) (bool, error),
) error {
	err := a.Stores.Do(ctx, func(ctx context.Context, tx conversation.Tx) error {
		first, err := note(a.Timed.Timed(tx), ctx, t.ID, now)
		if err != nil || !first || text == "" {
			return err
		}
		return a.tellCustomer(ctx, tx, t, timeKey(what, t.ID, now), a.Texts.Say(langOr(t.Lang), text, nil))
	})
	if err != nil {
		return fmt.Errorf("tell the customer of ticket %d that the desk is %s: %w", t.ID, what, err)
	}
	return nil
}
