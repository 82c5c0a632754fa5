package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// talkLooks is how many lines are looked at for those that a card tells: greetings, menus and what the bot says about a
// hand-over are left out.
const talkLooks = 5 * cardLines

// answering is the skill whose messages are answers to questions, and choosing its verb that asks which one was meant.
const answering, choosing = "knowledge", "choose"

// worth are the lines of a talk that a card tells, at most the newest limit: what the customer wrote, as it stands now,
// what staff wrote, and the bot's answers.
func worth(talk []Line, limit int) []Line {
	var out []Line
	for _, l := range talk {
		switch {
		case l.Ours && !l.Staff && !l.Lost && !answers(l):
		case l.Ours, l.Kind == conversation.KindMessage, l.Kind == "":
			out = append(out, l)
		case l.Kind == conversation.KindEdit:
			if at := written(out, l); at >= 0 {
				out[at].Text = l.Text
			} else {
				out = append(out, l)
			}
		case l.Kind == conversation.KindDelete:
			if at := written(out, l); at >= 0 {
				out = slices.Delete(out, at, at+1)
			}
		}
	}
	return out[max(0, len(out)-limit):]
}

// written is the line that a change or deletion is about; -1 when it is not among these.
func written(lines []Line, change Line) int {
	if change.MessageID == "" {
		return -1
	}
	return slices.IndexFunc(lines, func(l Line) bool {
		return !l.Ours && l.MessageID == change.MessageID && l.Account == change.Account
	})
}

// answers says that a message of the bot's answers a question.
func answers(l Line) bool {
	found := false
	for _, row := range l.Rows {
		for _, b := range row {
			if b.Action.Skill == answering && b.Action.Verb == choosing {
				return false
			}
			found = found || b.Action.Skill == answering
		}
	}
	return found
}

// askedLine is the question that the ticket is about, unless the talk below tells it.
func (d *Desk) askedLine(t Ticket, talk []Line) texts.Rich {
	asked := Question(t.Words)
	if asked == "" {
		return nil
	}
	for _, l := range talk {
		if !l.Ours && Question(l.Text.Plain()) == asked {
			return nil
		}
	}
	return d.say("desk.line.asked", nil).In(texts.Italic).Append(texts.Literal(" " + shortened(asked, cardRunes)))
}

// talkLines is the end of the talk, theirs and ours told apart.
func (d *Desk) talkLines(talk []Line) texts.Rich {
	lines := make([]texts.Rich, 0, len(talk))
	for _, l := range talk {
		text := shortened(tidy(l.Text.Plain()), cardRunes)
		for _, a := range l.Attachments {
			text = strings.TrimSpace(text + " [" + d.attachment(a) + "]")
		}
		if text == "" {
			continue
		}
		who := "desk.line.customer"
		switch {
		case l.Ours && l.Staff:
			who = "desk.line.staff"
		case l.Ours && l.Lost:
			who = "desk.line.bot_lost"
		case l.Ours:
			who = "desk.line.bot"
		}
		lines = append(lines, d.say(who, nil).In(texts.Italic).Append(texts.Literal(" "+text)))
	}
	return texts.Lines(lines...)
}

// redraw has a locked ticket's card shown anew although nothing of the ticket has changed: what was said has.
func (d *Desk) redraw(ctx context.Context, books Books, k Ticket) error {
	k, err := books.Save(ctx, k)
	if err != nil {
		return err
	}
	k.Card.Face = ""
	if err := books.ShowCard(ctx, k); err != nil {
		return err
	}
	d.wake()
	return nil
}

// ChangeSettled says in the thread that an edit or deletion stands at the customer's now, where the reply was told of,
// or that it could not be made.
func (d *Desk) ChangeSettled(ctx context.Context, tx conversation.Tx, r Report) error {
	if r.Outcome != ReplyDelivered {
		return d.complain(ctx, tx, r, "desk.change_failed")
	}
	books := d.Stores.In(tx)
	m, err := books.MessageByID(ctx, r.ID)
	if err != nil {
		return ignoreGone(err)
	}
	k, err := books.Lock(ctx, m.Ticket)
	if err != nil {
		return err
	}
	if m.Echo != 0 {
		text, rows := d.echo(k, m)
		_, err := tx.Send(ctx, conversation.Outgoing{
			Key: fmt.Sprintf("desk:echo-changed:%d", r.Item), To: k.Card.To, Customer: nobody, Lane: conversation.LaneNotice,
			Body: conversation.Body{Kind: conversation.BodyEdit, Of: m.Echo, Text: text, Rows: rows},
		})
		if err != nil {
			return err
		}
	}
	return d.redraw(ctx, books, k)
}
