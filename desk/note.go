package desk

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// quoteRunes is how much of a message the question under it quotes.
const quoteRunes = 60

// quoted is a message in a few words, its files named.
func (d *Desk) quoted(m Message) string {
	text := shortened(tidy(m.Text), quoteRunes)
	for _, a := range m.Attachments {
		text = strings.TrimSpace(text + " [" + d.attachment(a) + "]")
	}
	return text
}

// asking is what the buttons under a message of staff carry: which words they send, and what their author had written
// last when they were shown.
func asking(m Message, newest int64) ref {
	return ref{Ticket: m.Ticket, Message: m.ID, Newest: max(newest, m.ID), Words: wordsOf(m)}
}

// wordsOf is a digest of a message's words.
func wordsOf(m Message) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(m.Text)) // never fails
	return strconv.FormatUint(sum.Sum64(), 36)
}

// stale says that a button stands under something else than what its presser looks at: its author has written since,
// or has changed the words that it quotes. When one question vanishes another one moves to its place, and who presses
// twice would press that.
func stale(r ref, m Message, newest int64) bool { return newest > r.Newest || r.Words != wordsOf(m) }

// ask puts the owner's-only question under an internal message. Who does not own the ticket is told once who does.
func (s StaffSkill) ask(ctx context.Context, tx conversation.Tx, books Books, t conversation.Turn, k Ticket, m Message) error {
	if !k.Live() {
		return nil
	}
	if k.Owned() && k.Owner.ID != m.Author.ID {
		o, ok := s.thread(k, fmt.Sprintf("desk:hint:%d:%s:%s", k.ID, k.Owner.ID, m.Author.ID), s.say("desk.not_yours", texts.Vars{"staff": callOf(k.Owner)}),
			[]conversation.Button{s.button("desk.button.takeover", verbTakeOver, ref{Ticket: k.ID, Message: m.ID})})
		if !ok {
			return nil
		}
		o.Lane, o.Body.OnlyFor = conversation.LaneAnswer, m.Author.ID
		_, err := tx.Send(ctx, o)
		return err
	}
	r := asking(m, m.ID)
	return s.putNote(ctx, tx, books, k, m, fmt.Sprintf("desk:note:%d", m.ID), "desk.note", []conversation.Button{
		s.button("desk.button.send", verbSend, r), s.button("desk.button.keep", verbKeep, r),
	})
}

// askEarlier answers a press on a button that is stale: it quotes what would be sent and asks for that.
func (s StaffSkill) askEarlier(ctx context.Context, tx conversation.Tx, books Books, t conversation.Turn, k Ticket, m Message, verb string, newest int64) error {
	if err := s.takeAwayNote(ctx, tx, t, m); err != nil {
		return err
	}
	r := asking(m, newest)
	return s.putNote(ctx, tx, books, k, m, fmt.Sprintf("desk:note:%d:%d", m.ID, t.In.ID), "desk.note_earlier", []conversation.Button{
		s.button("desk.button.send_that", verb, r), s.button("desk.button.keep", verbKeep, r),
	})
}

// putNote writes the question under a message, for its author alone.
func (s StaffSkill) putNote(ctx context.Context, tx conversation.Tx, books Books, k Ticket, m Message, key, text string, row []conversation.Button) error {
	o, ok := s.thread(k, key, s.say(text, texts.Vars{"words": s.quoted(m)}), row)
	if !ok {
		return nil
	}
	o.Lane, o.Body.OnlyFor = conversation.LaneAnswer, m.Author.ID
	id, err := tx.Send(ctx, o)
	if err != nil {
		return err
	}
	m.Note = id
	return books.SaveMessage(ctx, m)
}
