package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// StaffSkill is staff's side: everything that happens where they work.
type StaffSkill struct{ *Desk }

var _ conversation.Presser = StaffSkill{}

// Name implements conversation.Skill.
func (StaffSkill) Name() string { return skillName }

// Decide implements conversation.Skill.
func (s StaffSkill) Decide(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if refused, err := s.guard(ctx, t); err != nil || refused != nil {
		return refused, err
	}
	switch t.In.Kind {
	case conversation.KindPress, conversation.KindForm:
		if t.Pressed == nil || t.Pressed.Action.Skill != skillName {
			return s.whisper(t, s.say("desk.gone", nil)), nil
		}
		return s.Press(ctx, t, t.Pressed.Action)
	case conversation.KindHome:
		return s.command(ctx, t)
	case conversation.KindMessage:
		if t.In.Command != "" {
			return s.command(ctx, t)
		}
		return s.written(ctx, t)
	case conversation.KindEdit:
		return s.edited(ctx, t)
	case conversation.KindDelete:
		return s.deleted(ctx, t)
	}
	return nil, nil
}

// command hands on what is no ticket's business.
func (s StaffSkill) command(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if s.Commands == nil {
		return nil, nil
	}
	return s.Commands.Decide(ctx, t)
}

// Press implements conversation.Presser.
func (s StaffSkill) Press(ctx context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	if strings.HasPrefix(a.Verb, verbStaff) {
		return s.command(ctx, t)
	}
	if strings.HasPrefix(a.Verb, verbTeach) {
		if s.Teacher == nil {
			return s.whisper(t, s.say("desk.gone", nil)), nil
		}
		return s.Teacher.Press(ctx, t, a)
	}
	var r ref
	if len(a.Data) > 0 {
		if err := json.Unmarshal(a.Data, &r); err != nil {
			return nil, fmt.Errorf("read a button of the desk: %w", err)
		}
	}
	c, err := s.pressed(ctx, t, a.Verb, r)
	if errors.Is(err, conversation.ErrNotFound) {
		return s.whisper(t, s.say("desk.gone", nil)), nil
	}
	return c, err
}

// pressed takes a press of one of the desk's own buttons.
func (s StaffSkill) pressed(ctx context.Context, t conversation.Turn, verb string, r ref) (conversation.Commit, error) {
	switch verb {
	case verbClaim, verbTakeOver, verbReopen:
		return s.taking(ctx, t, verb, r)
	case verbBack:
		return s.backAnd(t, r), nil
	case verbCoupon, verbCouponPick, verbCouponGive, verbCouponNot:
		return s.pressCoupon(ctx, t, verb, r)
	case verbResolve:
		return s.resolve(t, r), nil
	case verbSnooze:
		return s.askSnooze(t, r), nil
	case verbSnoozeFor:
		return s.snooze(t, r), nil
	case verbCustomer:
		return s.showCustomer(ctx, t, r)
	case verbReplies:
		return s.showReplies(ctx, t, r)
	case verbErase:
		return s.erase(ctx, t, r)
	}
	return s.pressToSend(ctx, t, verb, r)
}

// pressToSend takes the presses and forms that are explicit acts.
func (s StaffSkill) pressToSend(ctx context.Context, t conversation.Turn, verb string, r ref) (conversation.Commit, error) {
	switch verb {
	case verbReply:
		return s.sendForm(ctx, t, r)
	case verbSuggest:
		return s.sendSuggestion(ctx, t, r)
	case verbCanned:
		return s.sendCanned(ctx, t, r)
	case verbSend, verbTakeSend:
		return s.sendKept(ctx, t, r, verb == verbTakeSend)
	case verbKeep:
		return s.keep(t, r), nil
	case verbAgain:
		return s.sendAgain(t, r), nil
	}
	return s.whisper(t, s.say("desk.gone", nil)), nil
}

// whisper tells the one who acted, and nobody else.
func (d *Desk) whisper(t conversation.Turn, text texts.Rich, rows ...[]conversation.Button) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		return t.Dialogue, d.whisperIn(ctx, tx, t, text, rows...)
	}
}

// whisperIn is whisper inside a commit.
func (d *Desk) whisperIn(ctx context.Context, tx conversation.Tx, t conversation.Turn, text texts.Rich, rows ...[]conversation.Button) error {
	_, err := tx.Send(ctx, conversation.Outgoing{
		To: t.In.Address, Customer: nobody, Lane: conversation.LaneAnswer, Handle: t.In.Handle,
		Body: conversation.Body{Text: text, Rows: rows, OnlyFor: t.In.From.UserID},
	})
	return err
}

// act is what every press does: lock the ticket, change it, save it, audit it.
type act struct {
	what   string
	ticket TicketID
	change func(t Ticket) (Ticket, error)
	// then runs after the ticket was saved, on the ticket before and after.
	then func(ctx context.Context, tx conversation.Tx, books Books, was, is Ticket) error
}

// do performs an act of a member of staff. What cannot be done is told kindly to the one who tried.
func (s StaffSkill) do(t conversation.Turn, a act) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		books := s.Stores.In(tx)
		was, err := books.Lock(ctx, a.ticket)
		if errors.Is(err, conversation.ErrNotFound) {
			return t.Dialogue, s.whisperIn(ctx, tx, t, s.say("desk.gone", nil))
		}
		if err != nil {
			return t.Dialogue, err
		}
		is, err := a.change(was)
		if err != nil {
			return t.Dialogue, s.explain(ctx, tx, t, was, err)
		}
		if is, err = books.Save(ctx, is); err != nil {
			return t.Dialogue, err
		}
		defer s.wake()
		err = books.Audit(ctx, Act{Key: fmt.Sprintf("%s:%d", keyOfEvent(t.In.ID), is.ID), By: member(t.In), What: a.what, Ticket: is.ID})
		if err != nil || a.then == nil {
			return t.Dialogue, err
		}
		return t.Dialogue, a.then(ctx, tx, books, was, is)
	}
}

// explain tells the one who acted why nothing happened. What is that way already needs no words.
func (s StaffSkill) explain(ctx context.Context, tx conversation.Tx, t conversation.Turn, ticket Ticket, why error) error {
	switch {
	case errors.Is(why, ErrDone):
		return nil
	case errors.Is(why, ErrOwned):
		return s.whisperIn(ctx, tx, t, s.say("desk.owned", texts.Vars{"staff": callOf(ticket.Owner)}),
			[]conversation.Button{s.button("desk.button.takeover", verbTakeOver, ref{Ticket: ticket.ID})})
	case errors.Is(why, ErrResolved):
		return s.whisperIn(ctx, tx, t, s.say("desk.is_resolved", nil))
	case errors.Is(why, ErrWindowOver):
		return s.whisperIn(ctx, tx, t, s.say("desk.window_over", nil))
	}
	return why
}
