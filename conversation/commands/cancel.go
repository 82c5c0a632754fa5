package commands

import (
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
)

// cancelWords begin the messages, folded, that say no more than "cancel". Who has changed their mind means what is open
// just now and is not asked.
var cancelWords = []string{"iptal", "cancel", "legv", "отмен", "аннулир"}

// asksWhich says that a lone "cancel" may mean the survey, an order or our messages. With colleagues, and where a
// question of another kind is open, it is meant for those.
func (s Stop) asksWhich(t conversation.Turn) bool {
	top, open := t.Dialogue.Top()
	if !t.In.Private || t.In.Command != "" || t.HumanOwns || open && top.Skill != s.Surveys {
		return false
	}
	return slices.ContainsFunc(language.All, func(code language.Code) bool {
		folded := strings.TrimSpace(language.Fold(t.In.Text, code))
		return slices.ContainsFunc(cancelWords, func(begins string) bool { return strings.HasPrefix(folded, begins) })
	})
}

// askWhich asks what is to be cancelled.
func (s Stop) askWhich(t conversation.Turn) conversation.Commit {
	button := func(key, verb string) conversation.Button {
		return conversation.Act(s.Texts.Label(t.Lang, key, nil), stopSkill, verb, nil)
	}
	var row []conversation.Button
	if _, open := t.Dialogue.Open(s.Surveys); open {
		row = append(row, button("stop.this_survey", "survey"))
	}
	if s.Order != nil {
		row = append(row, button("stop.cancel_order", "order"))
	}
	row = append(row, button("stop.cancel_messages", "all"), button("stop.none", "nothing"))
	return quietly(say(t, conversation.Say(s.Texts.Say(t.Lang, "stop.cancel_which", nil), row)))
}
