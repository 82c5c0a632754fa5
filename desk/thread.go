package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// keyOfMessage is the identity of a message that staff wrote.
func keyOfMessage(in conversation.Inbound) string {
	return fmt.Sprintf("staff:%s:%s:%s", in.Account, in.Chat, in.MessageID)
}

// written takes a message of staff. In a ticket's thread it is internal, unless the reply mark leads it.
func (s StaffSkill) written(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	rest, marked := Marked(s.Config.ReplyMark, t.In.Text)
	ticket, err := s.Stores.OfThread(ctx, t.In.Account, t.In.Chat, t.In.Thread)
	if errors.Is(err, conversation.ErrNotFound) {
		if marked && t.In.Thread != "" {
			return s.whisper(t, s.say("desk.no_ticket", nil)), nil
		}
		return nil, nil // staff talking among themselves
	}
	if err != nil {
		return nil, err
	}
	m := Message{
		Ticket: ticket.ID, Key: keyOfMessage(t.In), Direction: Internal, Author: member(t.In), Text: t.In.Text,
		Attachments: t.In.Attachments, From: t.In.Account, Inbox: t.In.ID, MessageID: t.In.MessageID, WrittenAt: t.Now,
	}
	if marked {
		m.Text = rest
		if rest == "" && len(m.Attachments) == 0 {
			return s.whisper(t, s.say("desk.nothing_to_send", nil)), nil
		}
		return s.reply(ctx, t, ticket, m, ByMark, nil)
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		books := s.Stores.In(tx)
		k, err := books.Lock(ctx, ticket.ID)
		if err != nil {
			return t.Dialogue, err
		}
		kept, fresh, err := books.Add(ctx, m)
		if err != nil || !fresh {
			return t.Dialogue, err
		}
		return t.Dialogue, s.ask(ctx, tx, books, t, k, kept)
	}, nil
}

// keep takes the question away: the message stays inside.
func (s StaffSkill) keep(t conversation.Turn, r ref) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		books := s.Stores.In(tx)
		m, err := books.MessageByID(ctx, r.Message)
		if err != nil {
			return t.Dialogue, err
		}
		m.Note = 0
		if err := books.SaveMessage(ctx, m); err != nil {
			return t.Dialogue, err
		}
		return t.Dialogue, s.takeAway(ctx, tx, t)
	}
}

// edited follows the change of a message: an internal one stays internal unless the mark leads it now, a sent one is
// changed at the customer's too.
func (s StaffSkill) edited(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	m, err := s.Stores.Message(ctx, keyOfMessage(t.In))
	if errors.Is(err, conversation.ErrNotFound) {
		return s.written(ctx, t) // its first form never reached us
	}
	if err != nil {
		return nil, err
	}
	text, marked := Marked(s.Config.ReplyMark, t.In.Text)
	if m.Direction == Internal && marked && (text != "" || len(m.Attachments) > 0) && !m.Deleted {
		ticket, err := s.Stores.Ticket(ctx, m.Ticket)
		if err != nil {
			return nil, err
		}
		m.Text = text
		return s.reply(ctx, t, ticket, m, ByMark, nil)
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		books := s.Stores.In(tx)
		k, err := books.Lock(ctx, m.Ticket)
		if err != nil {
			return t.Dialogue, err
		}
		now, err := books.Message(ctx, m.Key)
		if err != nil {
			return t.Dialogue, err
		}
		if now.Text == text || now.Deleted {
			return t.Dialogue, nil
		}
		if now.Direction == Out && now.State != ReplyFailed && now.Outgoing != 0 && !s.editable(k) {
			return t.Dialogue, s.whisperIn(ctx, tx, t, s.say("desk.cannot_edit", nil)) // and what stands there is what we keep
		}
		now.Text, now.ChangedAt = text, t.Now
		if err := books.SaveMessage(ctx, now); err != nil || now.Direction != Out {
			return t.Dialogue, err
		}
		return t.Dialogue, s.change(ctx, tx, books, t, now, conversation.BodyEdit)
	}, nil
}

// deleted follows the deletion of a message, at the customer's too if it was sent.
func (s StaffSkill) deleted(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	m, err := s.Stores.Message(ctx, keyOfMessage(t.In))
	if errors.Is(err, conversation.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		books := s.Stores.In(tx)
		if _, err := books.Lock(ctx, m.Ticket); err != nil {
			return t.Dialogue, err
		}
		now, err := books.Message(ctx, m.Key)
		if err != nil || now.Deleted {
			return t.Dialogue, err
		}
		if err := s.removeNote(ctx, tx, t, now); err != nil {
			return t.Dialogue, err
		}
		now.Deleted, now.ChangedAt, now.Note = true, t.Now, 0
		if err := books.SaveMessage(ctx, now); err != nil || now.Direction != Out {
			return t.Dialogue, err
		}
		return t.Dialogue, s.change(ctx, tx, books, t, now, conversation.BodyDelete)
	}, nil
}

// removeNote takes the question under a message away.
func (s StaffSkill) removeNote(ctx context.Context, tx conversation.Tx, t conversation.Turn, m Message) error {
	if m.Note == 0 {
		return nil
	}
	_, err := tx.Send(ctx, conversation.Outgoing{
		Key: fmt.Sprintf("desk:unnote:%d", m.ID), To: t.In.Address, Customer: nobody, Lane: conversation.LaneAnswer, Handle: t.In.Handle,
		Body: conversation.Body{Kind: conversation.BodyDelete, Of: m.Note},
	})
	return err
}

// editable says that what was sent to the ticket's customer can be changed there.
func (d *Desk) editable(k Ticket) bool { return d.Limits == nil || d.Limits(k.To.Channel).EditsText }

// change edits or deletes at the customer's what was sent there.
func (s StaffSkill) change(ctx context.Context, tx conversation.Tx, books Books, t conversation.Turn, m Message, kind conversation.BodyKind) error {
	if m.State == ReplyFailed || m.Outgoing == 0 {
		return nil // nothing stands there
	}
	k, err := books.Lock(ctx, m.Ticket)
	if err != nil {
		return err
	}
	o := conversation.Outgoing{
		Key: fmt.Sprintf("desk:change:%d:%d", m.ID, t.In.ID), To: k.To, Customer: k.Customer, Lane: conversation.LaneAnswer,
		Body:   conversation.Body{Kind: kind, Of: m.Outgoing},
		Report: conversation.Ref{Kind: ChangeReport, ID: m.ID},
	}
	if kind == conversation.BodyEdit {
		o.Body.Text = toCustomer(m, texts.Literal(m.Text))
	}
	if _, err := tx.Send(ctx, o); err != nil || kind == conversation.BodyEdit {
		return err
	}
	for i, file := range m.Files {
		o.Key, o.Body.Of, o.Report = fmt.Sprintf("desk:change:%d:%d:%d", m.ID, t.In.ID, i), file, conversation.Ref{}
		if _, err := tx.Send(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// learnFrom asks the teacher what can be learned from a reply. It never keeps a reply from being sent.
func (d *Desk) learnFrom(ctx context.Context, k Ticket, m Message) json.RawMessage {
	if d.Teacher == nil {
		return nil
	}
	rows, err := d.Teacher.Offer(ctx, k, m)
	if err != nil {
		d.log().Warn("what a reply teaches could not be found out", "ticket", int64(k.ID), "error", err.Error())
		return nil
	}
	if len(rows) == 0 {
		return nil
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		d.log().Error("buttons of the teacher cannot be kept", "error", err.Error())
		return nil
	}
	return raw
}
