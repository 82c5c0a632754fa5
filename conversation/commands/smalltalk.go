package commands

import (
	"context"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// SmallTalk answers what is no question: never "did you mean", never a ticket.
type SmallTalk struct{ Voice }

// Name implements conversation.Skill.
func (SmallTalk) Name() string { return "small_talk" }

// Decide implements conversation.Skill.
func (s SmallTalk) Decide(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	var o conversation.Outgoing
	switch t.Intent {
	case texts.IntentGreeting:
		if !t.Final {
			return nil, conversation.ErrWait // the question usually follows
		}
		if !t.Person.Welcomed {
			return say(t), nil // the welcome is the answer
		}
		o = conversation.Say(s.Texts.Say(t.Lang, "talk.greeting", nil))
	case texts.IntentThanks, texts.IntentOK:
		o = conversation.Say(s.Texts.Say(t.Lang, "talk.thanks", nil))
	case texts.IntentHowAreYou:
		o = conversation.Say(s.Texts.Say(t.Lang, "talk.how_are_you", nil))
	case texts.IntentBye:
		o = conversation.Say(s.Texts.Say(t.Lang, "talk.bye", nil))
	case texts.IntentAlo, texts.IntentWait:
		text, err := s.alo(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("tell who waits how it stands: %w", err)
		}
		o = conversation.Say(text)
	case texts.IntentBot:
		o = conversation.Say(s.Texts.Say(t.Lang, "talk.bot", nil), s.call(t))
	case texts.IntentInsult:
		o = conversation.Say(s.Texts.Say(t.Lang, "talk.insult", nil), s.call(t))
	case texts.IntentYes, texts.IntentNo, texts.IntentNone:
		if t.HumanOwns || t.HumanWaits || len(t.Dialogue.Stack) > 0 {
			return nil, nil // it answers somebody
		}
		o = conversation.Say(s.Texts.Say(t.Lang, "talk.alo", nil)) // nothing was asked
	default:
		return nil, nil
	}
	return say(t, o), nil
}

func (s SmallTalk) call(t conversation.Turn) []conversation.Button {
	return []conversation.Button{AgentButton(s.Texts.Label(t.Lang, "button.agent", nil), "asked", t.In.Text)}
}

// alo tells the state to somebody who waits.
func (s SmallTalk) alo(ctx context.Context, t conversation.Turn) (texts.Rich, error) {
	if t.HumanWaits || t.HumanOwns {
		return s.Desk.Waiting(ctx, t)
	}
	return s.Texts.Say(t.Lang, "talk.alo", nil), nil
}
