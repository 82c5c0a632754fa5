package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// sendForm sends what was typed into the reply form.
func (s StaffSkill) sendForm(ctx context.Context, t conversation.Turn, r ref) (conversation.Commit, error) {
	text := strings.TrimSpace(t.In.Values["text"])
	if t.In.Kind != conversation.KindForm {
		return s.whisper(t, s.say("desk.no_form", texts.Vars{"mark": s.Config.ReplyMark})), nil
	}
	if text == "" {
		return s.whisper(t, s.say("desk.nothing_to_send", nil)), nil
	}
	ticket, err := s.Stores.Ticket(ctx, r.Ticket)
	if err != nil {
		return nil, err
	}
	return s.reply(ctx, t, ticket, s.message(t, ticket, fmt.Sprintf("form:%d", t.In.ID), text), ByForm, nil)
}

// message is what a member sends that was not written into the thread.
func (s StaffSkill) message(t conversation.Turn, ticket Ticket, key, text string) Message {
	way, _, _ := strings.Cut(key, ":")
	return Message{
		Ticket: ticket.ID, Key: key, Direction: Internal, Author: member(t.In), Text: text, Inbox: t.In.ID, Way: way, WrittenAt: t.Now,
	}
}

// sendSuggestion sends one of the bot's answers, each once per ticket.
func (s StaffSkill) sendSuggestion(ctx context.Context, t conversation.Turn, r ref) (conversation.Commit, error) {
	ticket, err := s.Stores.Ticket(ctx, r.Ticket)
	if err != nil {
		return nil, err
	}
	var answer Suggestion
	ok := false
	if s.Suggester != nil {
		answer, ok = s.Suggester.Find(ctx, r.Article, language.Code(r.Lang))
	}
	if !ok {
		return s.whisper(t, s.say("desk.answer_gone", nil)), nil
	}
	key := fmt.Sprintf("%s:%d:%d:%s", BySuggestion, ticket.ID, ticket.Reopened, r.Article)
	if err := s.alreadySent(ctx, key); err != nil {
		return s.unlessSent(t, err)
	}
	return s.reply(ctx, t, ticket, s.message(t, ticket, key, answer.Answer.Plain()), BySuggestion, answer.Answer)
}

// errSent: the act was done before.
var errSent = errors.New("it was sent before")

// alreadySent is errSent when the message with that key went to the customer.
func (s StaffSkill) alreadySent(ctx context.Context, key string) error {
	m, err := s.Stores.Message(ctx, key)
	switch {
	case errors.Is(err, conversation.ErrNotFound):
		return nil
	case err == nil && m.Direction == Out:
		return errSent
	}
	return err
}

func (s StaffSkill) unlessSent(t conversation.Turn, err error) (conversation.Commit, error) {
	if errors.Is(err, errSent) {
		return s.whisper(t, s.say("desk.sent_before", nil)), nil
	}
	return nil, err
}

// showReplies offers the prepared replies to the presser, in the customer's language.
func (s StaffSkill) showReplies(ctx context.Context, t conversation.Turn, r ref) (conversation.Commit, error) {
	ticket, err := s.Stores.Ticket(ctx, r.Ticket)
	if err != nil {
		return nil, err
	}
	lines := []texts.Rich{s.say("desk.replies", nil)}
	var rows [][]conversation.Button
	for name, reply := range s.Config.Replies.All() {
		text, _ := reply.In(langOr(ticket.Lang))
		lines = append(lines, texts.Literal(name+": ").In(texts.Bold).Append(texts.Literal(shortened(tidy(text), cardRunes))))
		label := shortened(s.label("desk.button.canned", texts.Vars{"name": name}), maxLabel)
		rows = append(rows, []conversation.Button{conversation.Act(label, skillName, verbCanned, ref{Ticket: r.Ticket, Name: name})})
	}
	return s.whisper(t, texts.Lines(lines...), rows...), nil
}

// cannedLooks is how many of a ticket's messages are looked at for the customer's newest.
const cannedLooks = 200

// sendCanned sends a prepared reply. The same one goes once between two messages of the customer.
func (s StaffSkill) sendCanned(ctx context.Context, t conversation.Turn, r ref) (conversation.Commit, error) {
	ticket, err := s.Stores.Ticket(ctx, r.Ticket)
	if err != nil {
		return nil, err
	}
	reply, ok := s.Config.Replies.Get(r.Name)
	if !ok {
		return s.whisper(t, s.say("desk.answer_gone", nil)), nil
	}
	list, err := s.Stores.Messages(ctx, ticket.ID, cannedLooks)
	if err != nil {
		return nil, err
	}
	var newest int64
	for _, m := range list {
		if m.Direction == In {
			newest = m.ID
		}
	}
	key := fmt.Sprintf("%s:%d:%d:%d:%s", ByCanned, ticket.ID, ticket.Reopened, newest, r.Name)
	if err := s.alreadySent(ctx, key); err != nil {
		return s.unlessSent(t, err)
	}
	text, _ := reply.In(langOr(ticket.Lang))
	return s.reply(ctx, t, ticket, s.message(t, ticket, key, texts.Parse(text).Plain()), ByCanned, texts.Parse(text))
}
