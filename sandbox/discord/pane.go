package discord

import "github.com/rapport-chat/rapport/sandbox/lookalike"

// Commands are what the app lists when the person types "/", in the language of the person's app.
func (l *Lookalike) Commands(as string) []lookalike.Command {
	l.mu.Lock()
	defer l.mu.Unlock()
	tag := ""
	if p := l.people.Find(as); p != nil {
		tag = locale(p.Locale)
	}
	var out []lookalike.Command
	for _, c := range l.commands {
		name, hint := c.Name, c.Description
		if s := c.NameLocalizations[tag]; s != "" {
			name = s
		}
		if s := c.DescriptionLocalizations[tag]; s != "" {
			hint = s
		}
		out = append(out, lookalike.Command{Name: "/" + name, Hint: hint})
	}
	return out
}

// Blocked says whether the person has closed the direct messages.
func (l *Lookalike) Blocked(as string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.people.Find(as)
	return p != nil && (p.Closed || p.Left)
}

// Down says whether connections are refused now.
func (l *Lookalike) Down() bool { return l.gate.Shut() }
