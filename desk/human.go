package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Human is the customer's side of a ticket. While a member of staff has it, what the customer writes goes to the
// thread, and the bot only answers what it is certain about. While it waits for one, everything goes on as usual, and
// to the thread as well.
type Human struct {
	*Desk
	// Certain answers what the bot knows for certain while a human has the conversation: the knowledge skill.
	Certain conversation.Skill
	// Usual are asked in their order while the ticket waits for somebody: small talk, media, knowledge.
	Usual []conversation.Skill
	// Hand passes on what nobody of the usual wants.
	Hand conversation.Desk
}

var (
	_ conversation.Presser = Human{}
	_ conversation.Watcher = Human{}
)

// Verbs of the customer's buttons.
const (
	verbContinue = "continue"
	verbWithdraw = "withdraw"
	verbStay     = "stay" // no, do not close it
)

// Name implements conversation.Skill.
func (Human) Name() string { return humanName }

// Decide implements conversation.Skill.
func (h Human) Decide(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	switch {
	case t.In.Kind == conversation.KindEdit && (t.HumanOwns || t.HumanWaits):
		return h.edited(ctx, t)
	case t.In.Kind != conversation.KindMessage || t.In.Command != "":
		return nil, nil
	}
	if t.HumanOwns || t.HumanWaits {
		if c, err := h.done(ctx, t); err != nil || c != nil {
			return c, err
		}
	}
	switch {
	case t.HumanOwns:
		return h.claimed(ctx, t)
	case t.HumanWaits:
		return h.queued(ctx, t)
	}
	return h.goesOn(ctx, t)
}

// claimed passes a message to the one who has the ticket. What the bot knows for certain it says itself, marked as its
// own.
func (h Human) claimed(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	answer, err := h.certain(ctx, t)
	if err != nil {
		return nil, err
	}
	if answer == nil && t.Intent == texts.IntentAlo {
		answer, err = h.ask(ctx, h.Usual, t) // "are you there?" tells the state
	}
	if err != nil {
		return nil, err
	}
	return h.passing(t, answer, "desk.bot_answered"), nil
}

// certain is the bot's own answer, when there is one.
func (h Human) certain(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if h.Certain == nil || t.In.Text == "" || t.Intent != "" {
		return nil, nil
	}
	t.Final, t.HumanOwns = true, true
	return h.Certain.Decide(ctx, t)
}

// queued passes a message into the thread of a ticket that nobody has yet, and answers as usual.
func (h Human) queued(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if len(t.Dialogue.Stack) > 0 {
		return nil, nil // the open step asked for exactly this
	}
	answer, err := h.ask(ctx, h.Usual, t)
	if err != nil {
		return nil, err
	}
	if answer == nil || t.In.Text == "" && len(t.In.Attachments) > 0 {
		answer = h.Hand.HandOver(t, conversation.Handoff{Reason: "more", Words: t.In.Text, Lang: t.Lang})
	}
	return h.passing(t, answer, "desk.bot_answered"), nil
}

// ask asks skills in their order.
func (h Human) ask(ctx context.Context, skills []conversation.Skill, t conversation.Turn) (conversation.Commit, error) {
	for _, s := range skills {
		if c, err := s.Decide(ctx, t); err != nil || c != nil {
			return c, err
		}
	}
	return nil, nil
}

// passing relays the turn's messages and then does what else was decided. remark is the key of what the thread hears of
// that when the ticket has an owner.
func (h Human) passing(t conversation.Turn, answer conversation.Commit, remark string) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		books := h.Stores.In(tx)
		k, ok, err := h.current(ctx, books, t)
		if err != nil {
			return t.Dialogue, err
		}
		if ok && (k.Owned() || !k.Silent) { // who was not told of a ticket talks to the bot
			asks := k.Owned() && (answer == nil || t.Intent == texts.IntentAlo) && !t.Intent.NeedsNoAnswer()
			if k, err = h.relay(ctx, tx, books, k, t, asks); err != nil {
				return t.Dialogue, err
			}
		}
		if answer == nil {
			d := t.Dialogue
			d.Quiet = true // a person speaks: an open question is not repeated into that
			return d, nil
		}
		d, err := answer(ctx, tx)
		if err != nil || !ok || !k.Owned() {
			return d, err
		}
		_, err = h.post(ctx, tx, k, fmt.Sprintf("desk:bot:%d", t.In.ID), h.say(remark, nil).In(texts.Italic))
		return d, err
	}
}

// current is the ticket that a customer's message belongs to: the one that somebody has, else the newest.
func (h Human) current(ctx context.Context, books Books, t conversation.Turn) (Ticket, bool, error) {
	list, err := books.LockOfPerson(ctx, t.Person.Root)
	if err != nil || len(list) == 0 {
		return Ticket{}, false, err
	}
	for _, k := range list {
		if k.Owned() {
			return k, true, nil
		}
	}
	return list[0], true, nil
}

// edited shows in the thread that the customer changed a message.
func (h Human) edited(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	m, err := h.message(ctx, t)
	if err != nil || m.ID == 0 {
		return nil, err
	}
	return h.changing(t, m, func(m *Message) { m.Text = t.In.Text }), nil
}

// Watch implements conversation.Watcher: it shows in the thread that the customer deleted a message.
func (h Human) Watch(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if t.In.Kind != conversation.KindDelete {
		return nil, nil
	}
	m, err := h.message(ctx, t)
	if err != nil || m.ID == 0 {
		return nil, err
	}
	return h.changing(t, m, func(m *Message) { m.Deleted = true }), nil
}

// editsLook is how many messages of a ticket are looked at for the one that was changed.
const editsLook = 200

// message is the customer's message that an edit or deletion is about, if a ticket has it.
func (h Human) message(ctx context.Context, t conversation.Turn) (Message, error) {
	tickets, err := h.Stores.OfPerson(ctx, t.Person.ID, t.Now)
	if err != nil {
		return Message{}, err
	}
	for _, k := range tickets {
		list, err := h.Stores.Messages(ctx, k.ID, editsLook)
		if err != nil {
			return Message{}, err
		}
		for _, m := range list {
			if m.Direction == In && m.From == t.In.Account && m.MessageID == t.In.MessageID && m.MessageID != "" {
				return m, nil
			}
		}
	}
	return Message{}, nil
}

// changing changes a customer's message and its copy in the thread.
func (h Human) changing(t conversation.Turn, m Message, change func(*Message)) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		books := h.Stores.In(tx)
		k, err := books.Lock(ctx, m.Ticket)
		if err != nil {
			return t.Dialogue, err
		}
		now, err := books.Message(ctx, m.Key)
		if err != nil || now.Deleted {
			return t.Dialogue, err
		}
		change(&now)
		now.ChangedAt = t.Now
		if err := books.SaveMessage(ctx, now); err != nil {
			return t.Dialogue, err
		}
		if err := h.redraw(ctx, books, k); err != nil || now.Outgoing == 0 {
			return t.Dialogue, err
		}
		text, _ := h.inThread(now)
		_, err = tx.Send(ctx, conversation.Outgoing{
			Key: fmt.Sprintf("desk:in:%d:%d", now.ID, t.In.ID), To: k.Card.To, Customer: nobody, Lane: conversation.LaneNotice,
			Body: conversation.Body{Kind: conversation.BodyEdit, Of: now.Outgoing, Text: text},
		})
		return t.Dialogue, err
	}
}

// continueButton lets the customer go on with a resolved ticket.
func (d *Desk) continueButton(t Ticket) conversation.Button {
	return conversation.Act(d.Texts.Label(langOr(t.Lang), "handoff.continue", nil), humanName, verbContinue, ref{Ticket: t.ID})
}

// ContinueButton is the button with which a customer goes on with a ticket that was resolved.
func (d *Desk) ContinueButton(ticket int64, lang language.Code) conversation.Button {
	return d.continueButton(Ticket{ID: TicketID(ticket), Lang: lang})
}

// WithdrawButton lets a customer end what waits for somebody.
func (d *Desk) WithdrawButton(label string) conversation.Button {
	return conversation.Act(label, humanName, verbWithdraw, nil)
}

// Press implements conversation.Presser.
func (h Human) Press(_ context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	var r ref
	if len(a.Data) > 0 {
		if err := json.Unmarshal(a.Data, &r); err != nil {
			return nil, fmt.Errorf("read a button of the desk: %w", err)
		}
	}
	switch a.Verb {
	case verbContinue:
		return h.resume(t, r.Ticket, false), nil
	case verbWithdraw:
		return h.withdraw(t), nil
	case verbStay:
		return h.stay(t), nil
	}
	return nil, fmt.Errorf("a button of the desk has the unknown verb %q", a.Verb)
}

// resume puts a resolved ticket back into the queue. pass also takes the turn's messages along.
func (h Human) resume(t conversation.Turn, id TicketID, pass bool) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		books := h.Stores.In(tx)
		was, err := books.Lock(ctx, id)
		if err != nil {
			return t.Dialogue, err
		}
		if was.Root != t.Person.Root {
			return t.Dialogue, errors.New("a ticket of somebody else")
		}
		key := "handoff.reopened"
		is, err := h.reopened(ctx, tx, books, was, t.Now, Member{})
		switch {
		case errors.Is(err, ErrDone):
			key = "handoff.already_open"
		case errors.Is(err, ErrWindowOver):
			key = "handoff.window_over"
		case err != nil:
			return t.Dialogue, err
		default:
			h.wake()
		}
		if pass && err == nil {
			if _, err := h.relay(ctx, tx, books, is, t, true); err != nil {
				return t.Dialogue, err
			}
			key = "handoff.already_open"
		}
		_, err = tx.Send(ctx, conversation.Say(h.Texts.Say(t.Lang, key, nil)))
		return t.Dialogue, err
	}
}
