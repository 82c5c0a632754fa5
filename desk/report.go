package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Report is what became of a message of the desk.
type Report struct {
	ID      int64 // of the record that it names
	Item    conversation.OutgoingID
	Outcome string // ReplyDelivered, ReplyFailed or ReplyUnknown
	Code    string // why not: a short stable word
}

// CardSettled looks after a card that could not be sent: one of a topic's own channel goes to the main one. Where that
// does not take it either, the ticket is shown again when it next moves.
func (d *Desk) CardSettled(ctx context.Context, tx conversation.Tx, r Report) error {
	if r.Outcome == ReplyDelivered {
		return nil
	}
	books := d.Stores.In(tx)
	t, err := books.Lock(ctx, TicketID(r.ID))
	if errors.Is(err, conversation.ErrNotFound) {
		return nil
	}
	if err != nil || t.Card.Of != r.Item {
		return err
	}
	d.log().Error("a ticket's card could not be sent: is the bot a member of the channel?", "ticket", r.ID, "code", r.Code, "outcome", r.Outcome)
	if t.Card.To.Chat != d.Staff.Channel {
		t.Card.Shows = 0
	}
	t.Card.Of, t.Card.To.Chat = 0, d.Staff.Channel
	d.wake()
	return books.ShowCard(ctx, t)
}

// ReplySettled tells in the thread what became of a reply, in the transaction that settles it. Outcomes of earlier
// attempts are old news.
func (d *Desk) ReplySettled(ctx context.Context, tx conversation.Tx, r Report) error {
	books := d.Stores.In(tx)
	m, err := books.MessageByID(ctx, r.ID)
	if errors.Is(err, conversation.ErrNotFound) {
		return nil
	}
	if err != nil || m.Outgoing != r.Item || m.State != ReplyPending {
		return err
	}
	k, err := books.Lock(ctx, m.Ticket)
	if err != nil {
		return err
	}
	m.State, m.Code = r.Outcome, r.Code
	text, rows := d.echo(k, m)
	if m.Echo, err = d.post(ctx, tx, k, fmt.Sprintf("desk:echo:%d:%d", m.ID, m.Attempt), text, rows...); err != nil {
		return err
	}
	return books.SaveMessage(ctx, m)
}

// echo is what the thread is told about a reply.
func (d *Desk) echo(k Ticket, m Message) (texts.Rich, [][]conversation.Button) {
	state, said := m.State, m.Text
	switch {
	case m.State == ReplyDelivered && m.Deleted:
		state, said = "deleted", ""
	case m.State == ReplyDelivered && !m.ChangedAt.IsZero():
		state = "changed"
	}
	head := d.say("desk.echo."+state, texts.Vars{"staff": callOf(m.Author), "why": d.why(m.Code)})
	if m.Way == ByNote || m.Way == ByMark {
		said = shortened(tidy(said), excerptRunes) // it stands in the thread already
	}
	text := texts.Lines(head.In(texts.Bold), texts.Literal(said))
	if m.Deleted {
		return text, nil
	}
	if m.State != ReplyDelivered {
		again := d.button("desk.button.again", verbAgain, ref{Ticket: k.ID, Message: m.ID, Attempt: m.Attempt})
		return text, [][]conversation.Button{{again}}
	}
	var rows [][]conversation.Button
	if len(m.Learn) > 0 {
		if err := json.Unmarshal(m.Learn, &rows); err != nil {
			d.log().Error("buttons of the teacher cannot be read", "message", m.ID, "error", err.Error())
			return text, nil
		}
	}
	return text, rows
}

// excerptRunes is how much of a reply stands under its echo.
const excerptRunes = 80

// why is a failure in words.
func (d *Desk) why(code string) string {
	if key := "desk.why." + code; code != "" && d.Texts.Has(d.lang(), key) {
		return d.label(key, nil)
	}
	return d.label("desk.why.other", texts.Vars{"code": code})
}

// FileSettled says in the thread that a file did not reach the customer.
func (d *Desk) FileSettled(ctx context.Context, tx conversation.Tx, r Report) error {
	return d.complain(ctx, tx, r, "desk.file_failed")
}

// ignoreGone is err unless the record is gone: it was forgotten meanwhile.
func ignoreGone(err error) error {
	if errors.Is(err, conversation.ErrNotFound) {
		return nil
	}
	return err
}

func (d *Desk) complain(ctx context.Context, tx conversation.Tx, r Report, key string) error {
	if r.Outcome == ReplyDelivered {
		return nil
	}
	books := d.Stores.In(tx)
	m, err := books.MessageByID(ctx, r.ID)
	if errors.Is(err, conversation.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	k, err := books.Lock(ctx, m.Ticket)
	if err != nil {
		return err
	}
	vars := texts.Vars{"why": d.why(r.Code)}
	_, err = d.post(ctx, tx, k, fmt.Sprintf("%s:%d", key, r.Item), texts.Lines(d.say(key, vars).In(texts.Bold), texts.Literal(shortened(tidy(m.Text), excerptRunes))))
	return err
}
