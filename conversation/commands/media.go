package commands

import (
	"context"

	"github.com/rapport-chat/rapport/conversation"
)

// Media answers what came without words: voice, pictures, files, stickers, places. Nothing is ignored in silence.
type Media struct{ Voice }

// Name implements conversation.Skill.
func (Media) Name() string { return "media" }

// Decide implements conversation.Skill. Words that came with an attachment are a question like any other.
func (m Media) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	if t.In.Kind != conversation.KindMessage || t.In.Text != "" || len(t.In.Attachments) == 0 {
		return nil, nil
	}
	kind := t.In.Attachments[0].Kind
	switch kind {
	case "sticker", "location", "contact":
		return say(t, conversation.Say(m.Texts.Say(t.Lang, "media."+kind, nil))), nil
	case "voice", "photo", "video":
	default:
		kind = "file"
	}
	row := []conversation.Button{AgentButton(m.Texts.Label(t.Lang, "fallback.yes", nil), "attachment", "")}
	if kind == "voice" {
		row = append(row, conversation.Act(m.Texts.Label(t.Lang, "media.voice_type", nil), fallbackSkill, "rephrase", nil))
	} else {
		row = append(row, conversation.Act(m.Texts.Label(t.Lang, "button.no", nil), fallbackSkill, "no", nil))
	}
	return say(t, conversation.Say(m.Texts.Say(t.Lang, "media."+kind, nil), row)), nil
}
