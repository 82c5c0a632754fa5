package commands

import (
	"context"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Start greets: the command /start, and the first answer that a person ever gets.
type Start struct{ Voice }

// Name implements conversation.Skill.
func (Start) Name() string { return "start" }

// Decide implements conversation.Skill.
func (s Start) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	if t.Intent != texts.IntentStart || !t.In.Private {
		return nil, nil
	}
	if !t.Person.Welcomed {
		return say(t), nil // the engine welcomes before any first answer
	}
	return say(t, s.messages(t)...), nil
}

// Welcome is the engine's hook for the first answer to a person.
func (s Start) Welcome(ctx context.Context, tx conversation.Tx, t conversation.Turn) error {
	for _, o := range s.messages(t) {
		if _, err := tx.Send(ctx, o); err != nil {
			return err
		}
	}
	p := t.Person
	p.Welcomed = true
	return tx.SavePerson(ctx, p)
}

// messages are the greeting with all languages under it, and the privacy notice with the menu.
func (s Start) messages(t conversation.Turn) []conversation.Outgoing {
	hello := conversation.Say(s.Texts.Say(t.Lang, "welcome.hello", nil))
	if len(s.Languages) > 1 {
		hello.Body.Rows = [][]conversation.Button{languageRow(s.Languages)}
	}
	var notice conversation.Outgoing
	if link := s.link(t); link != "" {
		notice = conversation.Say(s.Texts.Say(t.Lang, "welcome.notice", texts.Vars{"link": link}))
	} else {
		notice = conversation.Say(s.Texts.Say(t.Lang, "welcome.notice_plain", nil))
	}
	notice.Body.Menu = s.menu(t.Lang)
	return []conversation.Outgoing{hello, notice}
}

func (s Start) link(t conversation.Turn) string {
	if s.Notice == nil {
		return ""
	}
	return s.Notice(t.Lang)
}
