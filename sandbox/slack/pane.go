package slack

import (
	"strings"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Commands are what the app lists when somebody types "/".
func (l *Lookalike) Commands(string) []lookalike.Command {
	out := make([]lookalike.Command, len(l.cfg.Commands))
	for i, name := range l.cfg.Commands {
		out[i] = lookalike.Command{Name: "/" + strings.TrimPrefix(name, "/")}
	}
	return out
}

// Blocked says whether the person is deactivated.
func (l *Lookalike) Blocked(as string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.people.Find(as)
	return p != nil && p.Deleted
}

// Down says whether connections are refused now.
func (l *Lookalike) Down() bool { return l.gate.Shut() }

// Places are what the app lists beside the private chat: the channels, and the page of the app.
func (l *Lookalike) Places() []lookalike.Place {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []lookalike.Place
	for _, c := range l.channels {
		if c.owner != nil {
			continue
		}
		in := "#" + c.name
		if len(out) == 0 {
			in = Staff
		}
		out = append(out, lookalike.Place{In: in, Label: "#" + c.name})
	}
	return append(out, lookalike.Place{In: homePlace, Label: "App Home"})
}
