package commands

import (
	"context"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Help lists what can be written.
type Help struct {
	Voice
	Commands []string // the names of the commands that this business has, in the order of the list
}

// Name implements conversation.Skill.
func (Help) Name() string { return "help" }

// Decide implements conversation.Skill.
func (h Help) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	if t.Intent != texts.IntentHelp {
		return nil, nil
	}
	lines := make([]texts.Rich, 0, len(h.Commands))
	for _, name := range h.Commands {
		lines = append(lines, h.Texts.Say(t.Lang, "help.line", texts.Vars{
			"word":  h.Texts.Label(t.Lang, "command."+name+".name", nil),
			"about": h.Texts.Label(t.Lang, "command."+name+".about", nil),
		}))
	}
	o := conversation.Say(texts.Paragraphs(
		h.Texts.Say(t.Lang, "help.intro", nil), texts.List(lines...), h.Texts.Say(t.Lang, "help.agent", nil)))
	if t.In.Private {
		o.Body.Menu = h.menu(t.Lang)
	}
	return say(t, o), nil
}

// Menus are the commands as platforms show them, by language; "" is the brand's default.
func (h Help) Menus() map[string][]conversation.CommandInfo {
	menus := map[string][]conversation.CommandInfo{}
	for _, code := range h.Languages {
		menus[string(code)] = h.menuOf(code)
	}
	menus[""] = menus[string(h.Languages[0])]
	return menus
}

func (h Help) menuOf(code language.Code) []conversation.CommandInfo {
	infos := make([]conversation.CommandInfo, 0, len(h.Commands))
	for _, name := range h.Commands {
		infos = append(infos, conversation.CommandInfo{
			Name:        name,
			Local:       h.Texts.Label(code, "command."+name+".name", nil),
			Description: h.Texts.Label(code, "command."+name+".about", nil),
		})
	}
	return infos
}
