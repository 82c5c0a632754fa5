package commands

import (
	"context"

	"github.com/rapport-chat/rapport/conversation"
)

// Fallback stands last and claims everything: a person who wrote never meets silence.
type Fallback struct{ Voice }

const fallbackSkill = "fallback"

// Name implements conversation.Skill.
func (Fallback) Name() string { return fallbackSkill }

// Decide implements conversation.Skill.
func (f Fallback) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	switch {
	case t.In.Kind == conversation.KindPress || t.In.Kind == conversation.KindForm:
		return say(t, conversation.Say(f.Texts.Say(t.Lang, "error.old_button", nil))), nil
	case t.In.Kind == conversation.KindEdit:
		return say(t, conversation.Say(f.Texts.Say(t.Lang, "media.edited_after", nil))), nil
	case t.In.Text == "" && t.In.Command == "":
		return say(t, conversation.Say(f.Texts.Say(t.Lang, "fallback.unreadable", nil), f.row(t))), nil
	}
	if !t.Final {
		return nil, conversation.ErrWait
	}
	return say(t, conversation.Say(f.Texts.Say(t.Lang, "fallback.offer", nil), f.row(t))), nil
}

// row offers a person, or another try.
func (f Fallback) row(t conversation.Turn) []conversation.Button {
	return []conversation.Button{
		AgentButton(f.Texts.Label(t.Lang, "fallback.yes", nil), "nothing_matched", t.In.Text),
		conversation.Act(f.Texts.Label(t.Lang, "fallback.rephrase", nil), fallbackSkill, "rephrase", nil),
	}
}

// Press implements conversation.Presser.
func (f Fallback) Press(_ context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	if a.Verb == "rephrase" {
		return say(t, conversation.Say(f.Texts.Say(t.Lang, "fallback.rephrase_reply", nil))), nil
	}
	return say(t, conversation.Say(f.Texts.Say(t.Lang, "talk.thanks", nil))), nil
}
