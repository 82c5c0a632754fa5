package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// claim gives the ticket to who pressed, and tells the customer who looks into it.
func (s StaffSkill) claim(t conversation.Turn, r ref) conversation.Commit {
	by := member(t.In)
	return s.do(t, act{
		what: "claim", ticket: r.Ticket,
		change: func(k Ticket) (Ticket, error) { return k.Claim(by, t.Now) },
		then: func(ctx context.Context, tx conversation.Tx, _ Books, was, is Ticket) error {
			return s.announceOwner(ctx, tx, was, is)
		},
	})
}

// takeOver gives the ticket to who pressed, whoever has it. The customer is told once and repeats nothing.
func (s StaffSkill) takeOver(t conversation.Turn, r ref) conversation.Commit {
	by := member(t.In)
	return s.do(t, act{
		what: "take_over", ticket: r.Ticket,
		change: func(k Ticket) (Ticket, error) { return k.TakeOver(by, t.Now) },
		then: func(ctx context.Context, tx conversation.Tx, _ Books, was, is Ticket) error {
			return s.announceOwner(ctx, tx, was, is)
		},
	})
}

// announceOwner tells the thread and the customer who has the ticket now. A customer who was never told of the ticket
// is not told of its owner.
func (d *Desk) announceOwner(ctx context.Context, tx conversation.Tx, was, is Ticket) error {
	toStaff, toCustomer := "desk.claimed", "handoff.taken"
	if was.Owned() {
		toStaff, toCustomer = "desk.taken_over", "handoff.transferred"
	}
	vars := texts.Vars{"staff": callOf(is.Owner), "before": callOf(was.Owner)}
	if _, err := d.post(ctx, tx, is, onceKey("owner", is), d.say(toStaff, vars)); err != nil || is.Silent {
		return err
	}
	return d.tellCustomer(ctx, tx, is, onceKey("taken", is), d.Texts.Say(langOr(is.Lang), toCustomer, texts.Vars{"staff": callOf(is.Owner)}))
}

// resolve ends the ticket, tells the customer, and has the question about the support follow unless the talk was
// trivial.
func (s StaffSkill) resolve(t conversation.Turn, r ref) conversation.Commit {
	by := member(t.In)
	return s.do(t, act{
		what: "resolve", ticket: r.Ticket,
		change: func(k Ticket) (Ticket, error) { return k.Resolve(by.ID, t.Now, s.Config.Reopen.Std()) },
		then: func(ctx context.Context, tx conversation.Tx, books Books, was, is Ticket) error {
			if _, err := s.post(ctx, tx, is, onceKey("resolved", is), s.say("desk.resolved", texts.Vars{"staff": callOf(by)})); err != nil {
				return err
			}
			return s.Resolved(ctx, tx, books, was, is)
		},
	})
}

// Resolved tells the customer that the ticket is resolved and records it for what follows. Who never heard of the
// ticket hears nothing now.
func (d *Desk) Resolved(ctx context.Context, tx conversation.Tx, books Books, was, is Ticket) error {
	if was.Silent && was.Replies == 0 {
		return nil
	}
	days := int((d.Config.Reopen.Std() + 24*time.Hour - 1) / (24 * time.Hour))
	text := d.Texts.Say(langOr(is.Lang), "handoff.resolved", texts.Vars{"n": days})
	if err := d.tellCustomer(ctx, tx, is, onceKey("told-resolved", is), text, []conversation.Button{d.continueButton(is)}); err != nil {
		return err
	}
	if is.Trivial() {
		return nil
	}
	return books.TellResolved(ctx, is)
}

// reopen takes a resolved ticket back; who does it has it.
func (s StaffSkill) reopen(t conversation.Turn, r ref) conversation.Commit {
	by := member(t.In)
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		books := s.Stores.In(tx)
		was, err := books.Lock(ctx, r.Ticket)
		if err != nil {
			return t.Dialogue, err
		}
		is, err := s.reopened(ctx, tx, books, was, t.Now, by)
		if err != nil {
			return t.Dialogue, s.explain(ctx, tx, t, was, err)
		}
		defer s.wake()
		if err := books.Audit(ctx, Act{Key: fmt.Sprintf("%s:%d", keyOfEvent(t.In.ID), is.ID), By: by, What: "reopen", Ticket: is.ID}); err != nil {
			return t.Dialogue, err
		}
		return t.Dialogue, s.announceOwner(ctx, tx, Ticket{}, is)
	}
}

// reopened puts a resolved ticket back to work, in the hands of by, or in the queue when by is nobody.
func (d *Desk) reopened(ctx context.Context, tx conversation.Tx, books Books, was Ticket, now time.Time, by Member) (Ticket, error) {
	if was.Live() {
		return was, ErrDone
	}
	open, err := books.LockOfPerson(ctx, was.Root)
	if err != nil {
		return was, err
	}
	for _, other := range open {
		if other.Topic == was.Topic {
			return was, ErrDone
		}
	}
	if by.ID != "" && now.After(was.ReopenUntil) {
		was.ReopenUntil = now // staff may go on with whatever they like
	}
	is, err := was.Reopen(now, d.nextDue(was, now))
	if err != nil {
		return was, err
	}
	if by.ID != "" {
		if is, err = is.Claim(by, now); err != nil {
			return was, err
		}
	} else {
		is.Card.Of, is.Card.Thread = 0, "" // a new card, where it is seen
		if _, err := d.post(ctx, tx, was, onceKey("reopened", is), d.say("desk.goes_on", nil)); err != nil {
			return was, err
		}
	}
	return books.Save(ctx, is)
}

// Snoozes that are offered, in minutes; 0 is until the next opening.
var snoozes = []int64{60, 180, 0}

// askSnooze offers for how long.
func (s StaffSkill) askSnooze(t conversation.Turn, r ref) conversation.Commit {
	row := make([]conversation.Button, len(snoozes))
	for i, minutes := range snoozes {
		label := s.label("desk.snooze_hours", texts.Vars{"n": int(minutes / 60)})
		if minutes == 0 {
			label = s.label("desk.snooze_tomorrow", nil)
		}
		row[i] = conversation.Act(label, skillName, verbSnoozeFor, ref{Ticket: r.Ticket, Until: minutes})
	}
	return s.whisper(t, s.say("desk.snooze_ask", nil), row)
}

// snooze puts the ticket aside.
func (s StaffSkill) snooze(t conversation.Turn, r ref) conversation.Commit {
	until := t.Now.Add(time.Duration(r.Until) * time.Minute)
	if r.Until == 0 {
		until = s.morning(t.Now)
	} else if o, ok := s.Times.(interface {
		InHours(from, at time.Time) time.Time
	}); ok {
		until = o.InHours(t.Now, until)
	}
	until = until.Truncate(time.Minute)
	by := member(t.In)
	return s.do(t, act{
		what: "snooze", ticket: r.Ticket,
		change: func(k Ticket) (Ticket, error) { return k.Snooze(t.Now, until) },
		then: func(ctx context.Context, tx conversation.Tx, _ Books, _, is Ticket) error {
			vars := s.when(until)
			vars["staff"] = callOf(by)
			if _, err := s.post(ctx, tx, is, onceKey("snoozed", is), s.say("desk.snoozed_by", vars)); err != nil {
				return err
			}
			return s.takeAway(ctx, tx, t)
		},
	})
}

// morning is the next opening, or nine o'clock tomorrow where there is none.
func (d *Desk) morning(now time.Time) time.Time {
	if o, ok := d.Times.(interface{ Opening(t time.Time) time.Time }); ok {
		if at := o.Opening(now); !at.IsZero() {
			return at
		}
	}
	local := now.In(d.zone())
	return time.Date(local.Year(), local.Month(), local.Day()+1, 9, 0, 0, 0, d.zone())
}

// takeAway removes the message under which the button stood that was pressed, when only the presser sees it.
func (d *Desk) takeAway(ctx context.Context, tx conversation.Tx, t conversation.Turn) error {
	if t.Pressed == nil {
		return nil
	}
	_, err := tx.Send(ctx, conversation.Outgoing{
		To: t.In.Address, Customer: nobody, Lane: conversation.LaneAnswer, Handle: t.In.Handle,
		Body: conversation.Body{Kind: conversation.BodyDelete, Of: t.Pressed.Of},
	})
	return err
}

// showCustomer tells the presser, and nobody else, who the customer is. That is an act that is kept.
func (s StaffSkill) showCustomer(ctx context.Context, t conversation.Turn, r ref) (conversation.Commit, error) {
	ticket, err := s.Stores.Ticket(ctx, r.Ticket)
	if err != nil {
		return nil, err
	}
	c, err := s.Stores.Customer(ctx, ticket.Customer)
	if err != nil && !errors.Is(err, conversation.ErrNotFound) {
		return nil, err
	}
	if s.Tier != nil && c.Tier != "" {
		c.Tier, c.Priority = s.Tier(c.Tier)
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		err := s.Stores.In(tx).Audit(ctx, Act{
			Key: fmt.Sprintf("%s:%d", keyOfEvent(t.In.ID), ticket.ID), By: member(t.In), What: "customer", Ticket: ticket.ID,
			Detail: map[string]any{"customer": ticket.Customer},
		})
		if err != nil {
			return t.Dialogue, err
		}
		return t.Dialogue, s.whisperIn(ctx, tx, t, s.profile(c))
	}, nil
}

// profile is everything that is known of a customer.
func (d *Desk) profile(c Customer) texts.Rich {
	name := c.Name
	if name == "" {
		name = d.label("desk.no_name", nil)
	}
	head := texts.Literal(name).In(texts.Bold)
	if c.Display != "" && c.Display != c.Name {
		head = head.Append(texts.Literal(" (" + c.Display + ")"))
	}
	if c.Tier != "" {
		head = head.Append(texts.Literal(" · " + c.Tier))
	}
	facts := make([]texts.Rich, len(c.Facts))
	for i, f := range c.Facts {
		facts[i] = texts.Literal(f.Field + ": " + f.Value + " (" + f.Source + ")")
	}
	return texts.Paragraphs(head, d.who(c), texts.List(facts...), d.say("desk.kept", nil).In(texts.Italic))
}
