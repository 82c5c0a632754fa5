package desk

import (
	"context"
	"fmt"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// keyOfEvent is the identity of a customer's message: the event that brought it.
func keyOfEvent(id int64) string { return fmt.Sprintf("inbox:%d", id) }

// relay keeps what the customer said and shows it in the thread. asks says that it waits for an answer of staff. It
// answers the ticket as it stands then.
func (d *Desk) relay(ctx context.Context, tx conversation.Tx, books Books, t Ticket, turn conversation.Turn, asks bool) (Ticket, error) {
	for _, in := range turn.Parts {
		if in.Kind != conversation.KindMessage {
			continue
		}
		m, fresh, err := books.Add(ctx, Message{
			Ticket: t.ID, Key: keyOfEvent(in.ID), Direction: In, Text: said(in), Attachments: in.Attachments, From: in.Account,
			Inbox: in.ID, MessageID: in.MessageID, WrittenAt: turn.Now,
		})
		if err != nil {
			return t, err
		}
		if !fresh || t.Card.Of == 0 {
			continue // the card takes it along
		}
		if err := d.postMessage(ctx, tx, books, t, m); err != nil {
			return t, err
		}
	}
	moved, changed := t, false
	if asks {
		moved, changed = t.CustomerWrote(turn.Now, d.dueAfter(t, turn.Now))
	}
	if here := turn.In.Conversation; here != 0 && here != t.Conversation {
		moved.Conversation, moved.To, changed = here, turn.In.Address, true // replies go to where the customer writes
	}
	if !changed {
		return moved, nil
	}
	saved, err := books.Save(ctx, moved)
	d.wake()
	return saved, err
}

// said is a message of the customer in words.
func said(in conversation.Inbound) string {
	if in.Command != "" {
		return strings.TrimSpace("/" + in.Command + " " + in.Args)
	}
	return in.Text
}

// postWaiting shows in a new card's thread what the customer said before there was one.
func (d *Desk) postWaiting(ctx context.Context, tx conversation.Tx, books Books, t Ticket) error {
	waiting, err := books.Unposted(ctx, t.ID)
	if err != nil {
		return err
	}
	for _, m := range waiting {
		if err := d.postMessage(ctx, tx, books, t, m); err != nil {
			return err
		}
	}
	return nil
}

// postMessage shows a message of the customer in the thread, its attachments behind it.
func (d *Desk) postMessage(ctx context.Context, tx conversation.Tx, books Books, t Ticket, m Message) error {
	text, rest := d.inThread(m)
	o, ok := d.thread(t, fmt.Sprintf("desk:in:%d@%d", m.ID, t.Card.Of), text)
	if !ok {
		return nil // the card takes it along
	}
	o.Report = conversation.Ref{Kind: RelayReport, ID: m.ID}
	id, err := tx.Send(ctx, o)
	if err != nil {
		return err
	}
	m.Outgoing, m.Files = id, nil
	for i, a := range rest {
		file, err := d.postFile(ctx, tx, t, fmt.Sprintf("desk:in:%d@%d:%d", m.ID, t.Card.Of, i), m.From, a)
		if err != nil {
			return err
		}
		m.Files = append(m.Files, file)
	}
	return books.SaveMessage(ctx, m)
}

// inThread is a customer's message as the thread shows it, and the files that follow it.
func (d *Desk) inThread(m Message) (texts.Rich, []conversation.Attachment) {
	var files []conversation.Attachment
	words := []texts.Rich{texts.Literal(m.Text)}
	for _, a := range m.Attachments {
		words = append(words, texts.Literal("["+d.attachment(a)+"]").In(texts.Italic))
		if a.File != "" && a.Kind != "sticker" {
			files = append(files, a)
		}
	}
	head := d.say("desk.line.customer", nil).In(texts.Bold)
	switch {
	case m.Deleted:
		return head.Append(texts.Literal(" "), d.say("desk.deleted", nil).In(texts.Italic)), files
	case !m.ChangedAt.IsZero():
		head = head.Append(texts.Literal(" "), d.say("desk.edited", nil).In(texts.Italic))
	}
	return texts.Lines(head, texts.Lines(words...)), files
}

// postFile passes a file of the customer on into the thread.
func (d *Desk) postFile(ctx context.Context, tx conversation.Tx, t Ticket, key, from string, a conversation.Attachment) (conversation.OutgoingID, error) {
	o, ok := d.thread(t, key, nil)
	if !ok {
		return 0, nil
	}
	o.Body.Forward = &conversation.Forward{
		From: from, Attachment: a, Else: d.say("desk.file_lost", texts.Vars{"file": d.attachment(a)}),
	}
	return tx.Send(ctx, o)
}

// postFiles passes on the files of the talk that a new card shows.
func (d *Desk) postFiles(ctx context.Context, tx conversation.Tx, t Ticket, v view) error {
	for i, l := range v.talk {
		for j, a := range l.Attachments {
			if l.Ours || l.At.After(t.OpenedAt) || t.Reopened > 0 || a.File == "" || a.Kind == "sticker" {
				continue
			}
			if _, err := d.postFile(ctx, tx, t, fmt.Sprintf("desk:talk:%d:%d:%d", t.ID, i, j), l.Account, a); err != nil {
				return err
			}
		}
	}
	return nil
}
