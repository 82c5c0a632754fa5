package telegram

import (
	"encoding/json"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Commands are what the app lists when the person types "/": the narrowest scope that has a list wins, in it the
// person's own language. Source: core.telegram.org/bots/api#determining-list-of-commands.
func (l *Lookalike) Commands(as string) []lookalike.Command {
	l.mu.Lock()
	defer l.mu.Unlock()
	locale := ""
	var chat any
	if p := l.people.Find(as); p != nil {
		locale, chat = p.Locale, p.ID
	}
	if len(locale) > 2 {
		locale = locale[:2]
	}
	for _, scope := range [][]any{{"chat", chat}, {"all_private_chats", nil}, {"default", nil}} {
		for _, language := range []string{locale, ""} {
			key, err := json.Marshal([]any{scope[0], scope[1], nil, language})
			if err != nil {
				continue
			}
			if list := l.commands[string(key)]; len(list) > 0 {
				return shownCommands(list)
			}
		}
	}
	return nil
}

func shownCommands(list []command) []lookalike.Command {
	out := make([]lookalike.Command, len(list))
	for i, c := range list {
		out[i] = lookalike.Command{Name: "/" + c.Command, Hint: c.Description}
	}
	return out
}

// Blocked says whether the person has stopped the bot.
func (l *Lookalike) Blocked(as string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.people.Find(as)
	return p != nil && p.Blocked
}

// Down says whether connections are refused now.
func (l *Lookalike) Down() bool { return l.gate.Shut() }
