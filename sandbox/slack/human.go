package slack

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

const (
	// maxTyped is how long a message a person can type; of a longer one the app makes a text snippet, which is a file.
	// Source: slack.com/help, "message character limit" and "create a snippet".
	maxTyped = 12_000
	// threadPrefix begins the place name of a thread.
	threadPrefix = "thread:"
	// homePlace is the place name of the App Home.
	homePlace = "home"
)

func event() lookalike.Event { return lookalike.Event{} }

// place finds the channel and the thread that a place name means to a person.
func (l *Lookalike) place(p *person, in string) (c *channel, thread string, err error) {
	if root, ok := strings.CutPrefix(in, threadPrefix); ok {
		for _, c := range l.channels {
			if e := c.find(root); e != nil && (c.owner == nil || c.owner == p) {
				if up := e.root(); up != "" {
					root = up
				}
				return c, root, nil
			}
		}
		return nil, "", fmt.Errorf("no message %s: %w", root, lookalike.ErrNotFound)
	}
	switch in {
	case "":
		if p != nil {
			return l.byChan[p.DM], "", nil
		}
	case Staff:
		return l.named(l.cfg.firstChannel()), "", nil
	default:
		if c := l.named(in); c != nil {
			return c, "", nil
		}
	}
	return nil, "", fmt.Errorf("no place %q on Slack: %w", in, lookalike.ErrUnsupported)
}

// firstChannel names the alert channel.
func (c Config) firstChannel() string {
	name := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(c.Channels[0]), "#"))
	if channelForm(name) {
		return strings.ToUpper(name)
	}
	return name
}

// speaker finds the person and where they write. Who writes in a channel joins it.
func (l *Lookalike) speaker(as, in string) (p *person, c *channel, thread string, err error) {
	if p, err = l.people.Invent(as); err != nil {
		return nil, nil, "", err
	}
	if p.Deleted {
		return nil, nil, "", fmt.Errorf("%s is deactivated: %w", p.Name, lookalike.ErrRefused)
	}
	if c, thread, err = l.place(p, in); err != nil {
		return nil, nil, "", err
	}
	if c.archived {
		return nil, nil, "", fmt.Errorf("#%s is archived: %w", c.name, lookalike.ErrRefused)
	}
	if c.owner == nil && !p.Staff {
		fresh := *p
		fresh.Staff = true
		if err := l.people.Update(p, fresh); err != nil {
			return nil, nil, "", err
		}
		err = l.emit(map[string]any{
			"type": "member_joined_channel", "user": p.ID, "channel": c.id, "channel_type": "C", "team": l.app.team,
		})
	}
	return p, c, thread, err
}

// Say implements lookalike.Platform. In the place "home" it opens the tab.
func (l *Lookalike) Say(_ context.Context, s lookalike.Say) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.In == homePlace {
		p, err := l.people.Invent(s.As)
		if err != nil {
			return "", err
		}
		return homePlace, l.visit(p, 0)
	}
	p, c, thread, err := l.speaker(s.As, s.In)
	if err != nil {
		return "", err
	}
	if s.Locale != "" {
		fresh := *p
		fresh.Locale = s.Locale
		if err := l.people.Update(p, fresh); err != nil {
			return "", err
		}
	}
	if s.ReplyTo != "" {
		if c.find(s.ReplyTo) == nil {
			return "", fmt.Errorf("message %s to answer: %w", s.ReplyTo, lookalike.ErrNotFound)
		}
		thread = s.ReplyTo
	}
	e, err := l.typed(p, c, s)
	if err != nil {
		return "", err
	}
	if err := l.intoThread(c, &e.Message, thread, false); err != nil {
		return "", err
	}
	if err := l.keepEntry(c, e, l.messageEvents(c, e.Message)...); err != nil {
		return "", err
	}
	l.shownIn(c, e)
	return e.Message.TS, nil
}

// typed is the message that a person makes.
func (l *Lookalike) typed(p *person, c *channel, s lookalike.Say) (*entry, error) {
	text := strings.TrimSpace(s.Text)
	if text == "" && s.Attach == "" {
		return nil, fmt.Errorf("there is nothing to send: %w", lookalike.ErrUnsupported)
	}
	e := &entry{Channel: c.id, By: p.Name, At: l.cfg.Now(), Message: message{
		Type: "message", User: p.ID, Team: l.app.team, TS: l.newTS(),
	}}
	e.Message.ClientMsgID = strings.ToLower(id("", "client", e.Message.TS))
	if utf8.RuneCountInString(text) > maxTyped {
		f, err := l.snippet(p, text)
		if err != nil {
			return nil, err
		}
		l.share(e, f)
	} else if text != "" {
		e.Message.Text, e.Message.Blocks = l.compose(text)
	}
	if s.Attach == "" {
		return e, nil
	}
	f, err := l.invented(p, s.Attach)
	if err != nil {
		return nil, err
	}
	l.share(e, f)
	return e, nil
}

// share puts a file into a message.
func (l *Lookalike) share(e *entry, f *file) {
	e.Files, e.Message.Subtype, e.Message.Upload = append(e.Files, f.ID), "file_share", true
	e.Message.Files = append(e.Message.Files, l.fileJSON(f))
}

// Edit implements lookalike.Platform.
func (l *Lookalike) Edit(_ context.Context, as, ts, text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, e, err := l.mine(as, ts)
	if err != nil {
		return err
	}
	text = strings.TrimSpace(text)
	if text == "" || utf8.RuneCountInString(text) > maxTyped {
		return fmt.Errorf("message %s cannot be edited so: %w", ts, lookalike.ErrRefused)
	}
	fresh := *e
	fresh.Message.Text, fresh.Message.Blocks = l.compose(text)
	fresh.Message.Edited = &edited{User: e.Message.User, TS: l.newTS()}
	if err := l.keepEntry(c, &fresh, l.heard(c, l.changedEvent(c, e.Message, fresh.Message))...); err != nil {
		return err
	}
	l.shownIn(c, &fresh)
	return nil
}

// Delete implements lookalike.Platform.
func (l *Lookalike) Delete(_ context.Context, as, ts string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, e, err := l.mine(as, ts)
	if err != nil {
		return err
	}
	return l.remove(c, e)
}

// mine finds a person's own message.
func (l *Lookalike) mine(as, ts string) (*channel, *entry, error) {
	p := l.people.Find(as)
	if p == nil {
		return nil, nil, fmt.Errorf("%s has never written: %w", as, lookalike.ErrNotFound)
	}
	for _, c := range l.channels {
		if c.owner != nil && c.owner != p {
			continue
		}
		if e := c.find(ts); e != nil {
			if e.By != p.Name || p.Deleted {
				return nil, nil, fmt.Errorf("message %s is not one of %s: %w", ts, p.Name, lookalike.ErrRefused)
			}
			return c, e, nil
		}
	}
	return nil, nil, fmt.Errorf("message %s: %w", ts, lookalike.ErrNotFound)
}

// Block implements lookalike.Platform: the person is deactivated.
func (l *Lookalike) Block(_ context.Context, as string) error { return l.activate(as, false) }

// Unblock implements lookalike.Platform.
func (l *Lookalike) Unblock(_ context.Context, as string) error { return l.activate(as, true) }

func (l *Lookalike) activate(as string, active bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, err := l.people.Invent(as)
	if err != nil || p.Deleted != active {
		return err
	}
	fresh := *p
	fresh.Deleted = !active
	if err := l.people.Update(p, fresh); err != nil {
		return err
	}
	l.changed(l.byChan[p.DM], event())
	return l.emit(map[string]any{"type": "user_change", "user": l.user(p, false), "cache_ts": l.cfg.Now().Unix()})
}
