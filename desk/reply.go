package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// reply is an explicit act: m reaches the customer, once. rich is its text where it is more than words. A message that
// may not be sent stays internal, and its author is told why and offered what sends it.
func (s StaffSkill) reply(ctx context.Context, t conversation.Turn, ticket Ticket, m Message, way string, rich texts.Rich) (conversation.Commit, error) {
	m.Learn = s.learnFrom(ctx, ticket, m)
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		books := s.Stores.In(tx)
		k, err := books.Lock(ctx, m.Ticket)
		if err != nil {
			return t.Dialogue, err
		}
		kept, fresh, err := books.Add(ctx, m)
		if err != nil {
			return t.Dialogue, err
		}
		if !fresh && (kept.Direction == Out || kept.Deleted) {
			return t.Dialogue, s.takeAwayNote(ctx, tx, t, kept)
		}
		kept.Text, kept.Learn, kept.Author = m.Text, m.Learn, m.Author
		return t.Dialogue, s.send(ctx, tx, books, t, k, kept, way, rich)
	}, nil
}

// send sends a message that is internal so far, if its author may.
func (s StaffSkill) send(ctx context.Context, tx conversation.Tx, books Books, t conversation.Turn, k Ticket, m Message, way string, rich texts.Rich) error {
	is, err := k.Replied(m.Author, t.Now)
	if err == nil && k.To.Chat == "" {
		err = errNoChat
	}
	if err != nil {
		if err := books.SaveMessage(ctx, m); err != nil {
			return err
		}
		return s.refused(ctx, tx, books, t, k, m, err)
	}
	if is, err = books.Save(ctx, is); err != nil {
		return err
	}
	defer s.wake()
	if !k.Owned() {
		vars := texts.Vars{"staff": callOf(is.Owner)}
		if _, err := s.post(ctx, tx, is, onceKey("owner", is), s.say("desk.claimed", vars)); err != nil {
			return err
		}
	}
	if err := s.takeAwayNote(ctx, tx, t, m); err != nil {
		return err
	}
	if err := s.answered(ctx, tx, t); err != nil {
		return err
	}
	m.Direction, m.Way, m.State, m.Code, m.Note, m.ChangedAt = Out, way, ReplyPending, "", 0, time.Time{}
	if err := s.leave(ctx, tx, is, &m, rich); err != nil {
		return err
	}
	if err := books.SaveMessage(ctx, m); err != nil {
		return err
	}
	return books.Audit(ctx, Act{
		Key: fmt.Sprintf("%s:%d", keyOfEvent(t.In.ID), k.ID), By: member(t.In), What: "reply", Ticket: k.ID,
		Detail: map[string]any{"message": m.ID, "way": way},
	})
}

// errNoChat: it is not known where the customer is.
var errNoChat = errors.New("the customer's chat is not known")

// leave puts the reply and its files into the outbox. A call whose outcome nobody knows is never made again by itself.
func (d *Desk) leave(ctx context.Context, tx conversation.Tx, k Ticket, m *Message, rich texts.Rich) (err error) {
	if rich.Empty() {
		rich = texts.Literal(m.Text)
	}
	o := conversation.Outgoing{
		Key: fmt.Sprintf("desk:reply:%d:%d", m.ID, m.Attempt), To: k.To, Customer: k.Customer, Lane: conversation.LaneAnswer,
		Body: conversation.Body{Text: toCustomer(*m, rich)}, AfterCrash: conversation.Unknown,
		Report: conversation.Ref{Kind: ReplyReport, ID: m.ID},
	}
	files := m.Attachments
	if strings.TrimSpace(rich.Plain()) == "" && len(files) > 0 { // the first file is the reply
		o.Body.Text = captioned(*m, files[0])
		o.Body.Forward, files = d.forward(*m, k.Lang, files[0]), files[1:]
	}
	if m.Outgoing, err = tx.Send(ctx, o); err != nil {
		return err
	}
	m.Files = nil
	for i, a := range files {
		o.Key, o.Report = fmt.Sprintf("desk:file:%d:%d:%d", m.ID, m.Attempt, i), conversation.Ref{Kind: FileReport, ID: m.ID}
		o.Body = conversation.Body{Forward: d.forward(*m, k.Lang, a)}
		id, err := tx.Send(ctx, o)
		if err != nil {
			return err
		}
		m.Files = append(m.Files, id)
	}
	return nil
}

// forward is a file of staff on its way to the customer.
func (d *Desk) forward(m Message, lang language.Code, a conversation.Attachment) *conversation.Forward {
	return &conversation.Forward{From: m.From, Attachment: a, Else: d.Texts.Say(langOr(lang), "desk.file_lost_customer", texts.Vars{"file": a.Name})}
}

// toCustomer is a reply as the customer reads it: who writes, and what.
func toCustomer(m Message, rich texts.Rich) texts.Rich {
	return texts.Lines(texts.Literal(callOf(m.Author)+":").In(texts.Bold), rich)
}

// captioned is what stands under a file without words: who sends it, and its name.
func captioned(m Message, file conversation.Attachment) texts.Rich {
	who := texts.Literal(callOf(m.Author))
	if file.Name != "" {
		who = texts.Literal(callOf(m.Author) + ": ")
	}
	return who.In(texts.Bold).Append(texts.Literal(file.Name))
}

// ToCustomer is a reply of plain words as the customer reads it.
func ToCustomer(m Message) texts.Rich { return toCustomer(m, texts.Literal(m.Text)) }

// refused tells the author why a message was not sent, and offers what would send it.
func (s StaffSkill) refused(ctx context.Context, tx conversation.Tx, books Books, t conversation.Turn, k Ticket, m Message, why error) error {
	newest, err := books.Newest(ctx, m.Ticket, m.Author.ID)
	if err != nil {
		return err
	}
	r, quote := asking(m, newest), texts.Literal(s.quoted(m)).In(texts.Italic)
	switch {
	case errors.Is(why, ErrOwned):
		return s.whisperIn(ctx, tx, t, texts.Lines(s.say("desk.not_sent_owned", texts.Vars{"staff": callOf(k.Owner)}), quote),
			[]conversation.Button{s.button("desk.button.takesend", verbTakeSend, r)})
	case errors.Is(why, ErrResolved):
		return s.whisperIn(ctx, tx, t, texts.Lines(s.say("desk.not_sent_resolved", nil), quote),
			[]conversation.Button{s.button("desk.button.reopensend", verbTakeSend, r)})
	case errors.Is(why, errNoChat):
		return s.whisperIn(ctx, tx, t, texts.Lines(s.say("desk.not_sent_nobody", nil), quote))
	}
	return why
}

// takeAwayNote removes the question under a message, and whatever only the presser sees of it.
func (s StaffSkill) takeAwayNote(ctx context.Context, tx conversation.Tx, t conversation.Turn, m Message) error {
	if t.Pressed != nil && (t.Pressed.Action.Verb == verbSend || t.Pressed.Action.Verb == verbTakeSend) {
		if err := s.takeAway(ctx, tx, t); err != nil || t.Pressed.Of == m.Note {
			return err
		}
	}
	return s.removeNote(ctx, tx, t, m)
}

// sendKept sends a message that its author wrote before: the press on the note, or on what was offered when it could
// not be sent. With take the ticket is taken over, or taken up again.
func (s StaffSkill) sendKept(ctx context.Context, t conversation.Turn, r ref, take bool) (conversation.Commit, error) {
	seen, err := s.Stores.MessageByID(ctx, r.Message)
	if err != nil {
		return nil, err
	}
	ticket, err := s.Stores.Ticket(ctx, seen.Ticket)
	if err != nil {
		return nil, err
	}
	learn := s.learnFrom(ctx, ticket, seen)
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		books := s.Stores.In(tx)
		k, err := books.Lock(ctx, seen.Ticket)
		if err != nil {
			return t.Dialogue, err
		}
		m, err := books.MessageByID(ctx, seen.ID)
		if err != nil {
			return t.Dialogue, err
		}
		switch {
		case m.Direction == Out:
			return t.Dialogue, s.takeAwayNote(ctx, tx, t, m)
		case m.Deleted:
			return t.Dialogue, s.whisperIn(ctx, tx, t, s.say("desk.was_deleted", nil))
		case m.Author.ID != t.In.From.UserID:
			return t.Dialogue, s.whisperIn(ctx, tx, t, s.say("desk.not_author", nil))
		}
		newest, err := books.Newest(ctx, m.Ticket, m.Author.ID)
		if err != nil {
			return t.Dialogue, err
		}
		if stale(r, m, newest) {
			verb := verbSend
			if take {
				verb = verbTakeSend
			}
			return t.Dialogue, s.askEarlier(ctx, tx, books, t, k, m, verb, newest)
		}
		if take {
			if k, err = s.take(ctx, tx, books, t, k); err != nil {
				return t.Dialogue, s.explain(ctx, tx, t, k, err)
			}
		}
		m.Learn = learn
		way := m.Way
		if way == "" {
			way = ByNote
		}
		return t.Dialogue, s.send(ctx, tx, books, t, k, m, way, nil)
	}, nil
}

// take makes the one who pressed the ticket's owner.
func (s StaffSkill) take(ctx context.Context, tx conversation.Tx, books Books, t conversation.Turn, k Ticket) (Ticket, error) {
	by := member(t.In)
	if !k.Live() {
		return s.reopened(ctx, tx, books, k, t.Now, by)
	}
	is, err := k.TakeOver(by, t.Now)
	if errors.Is(err, ErrDone) {
		return k, nil
	}
	if err != nil {
		return k, err
	}
	if is, err = books.Save(ctx, is); err != nil {
		return k, err
	}
	return is, s.announceOwner(ctx, tx, k, is)
}

// sendAgain makes another try with a reply that failed, or of which nobody knows what became.
func (s StaffSkill) sendAgain(t conversation.Turn, r ref) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		books := s.Stores.In(tx)
		k, err := books.Lock(ctx, r.Ticket)
		if err != nil {
			return t.Dialogue, err
		}
		m, err := books.MessageByID(ctx, r.Message)
		if err != nil {
			return t.Dialogue, err
		}
		if m.Attempt != r.Attempt || m.State != ReplyFailed && m.State != ReplyUnknown || m.Deleted {
			return t.Dialogue, nil // pressed twice, or withdrawn
		}
		m.Attempt++
		m.State, m.Code, m.Echo = ReplyPending, "", 0
		if err := s.leave(ctx, tx, k, &m, nil); err != nil {
			return t.Dialogue, err
		}
		if err := books.SaveMessage(ctx, m); err != nil {
			return t.Dialogue, err
		}
		if t.Pressed != nil { // the button goes
			_, err = tx.Send(ctx, conversation.Outgoing{
				To: k.Card.To, Customer: nobody, Lane: conversation.LaneNotice,
				Body: conversation.Body{Kind: conversation.BodyEdit, Of: t.Pressed.Of, Text: t.Pressed.Text},
			})
			if err != nil {
				return t.Dialogue, err
			}
		}
		return t.Dialogue, books.Audit(ctx, Act{
			Key: fmt.Sprintf("%s:%d", keyOfEvent(t.In.ID), k.ID), By: member(t.In), What: "send_again", Ticket: k.ID,
			Detail: map[string]any{"message": m.ID, "attempt": m.Attempt},
		})
	}
}
