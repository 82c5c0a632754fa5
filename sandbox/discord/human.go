package discord

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// maxTyped is how long a message a person without a subscription can write; the apps make a file of a longer one.
// Source: github.com/mwittrien/BetterDiscordAddons/issues/1413.
const maxTyped = 2000

// Say implements lookalike.Platform.
func (l *Lookalike) Say(_ context.Context, s lookalike.Say) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, c, err := l.speaker(s.As, s.In)
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
	m, err := l.typed(p, c, s)
	if err != nil {
		return "", err
	}
	if s.ReplyTo != "" {
		if c.find(s.ReplyTo) == nil {
			return "", fmt.Errorf("message %s to answer: %w", s.ReplyTo, lookalike.ErrNotFound)
		}
		m.Type, m.Reference = 19, &reference{MessageID: s.ReplyTo}
	}
	e := &entry{Message: m, By: p.Name, At: l.cfg.Now()}
	if err := l.keepEntry(c, e, record{Waiting: m.ID}); err != nil {
		return "", err
	}
	if l.may(c, ViewChannel) {
		l.waiting[m.ID] = true
	}
	l.dispatchMessage("MESSAGE_CREATE", c, m)
	l.changed(c, lookalike.Event{})
	return m.ID, nil
}

// speaker finds the person and the channel that they write in.
func (l *Lookalike) speaker(as, in string) (*person, *chat, error) {
	if in != "" && in != Channel {
		return nil, nil, fmt.Errorf("no place %q on Discord: %w", in, lookalike.ErrUnsupported)
	}
	p, err := l.people.Invent(as)
	if err != nil {
		return nil, nil, err
	}
	if in == Channel {
		return p, l.place, nil
	}
	if p.Closed || p.Left {
		return nil, nil, fmt.Errorf("%s has closed the direct messages: %w", p.Name, lookalike.ErrRefused)
	}
	return p, l.chats[p.DM], nil
}

// typed is the message that a person makes.
func (l *Lookalike) typed(p *person, c *chat, s lookalike.Say) (message, error) {
	m := l.blank(c, p.user())
	m.Content = l.withMentions(strings.TrimSpace(s.Text))
	m.Mentions = l.mentioned(m.Content)
	if utf8.RuneCountInString(m.Content) > maxTyped {
		f, err := l.keepFile("message.txt", "text/plain; charset=utf-8", []byte(strings.TrimSpace(s.Text)))
		if err != nil {
			return message{}, err
		}
		m.Content, m.Mentions, m.Attachments = "", []user{}, []attachment{f.attachment()}
	}
	switch s.Attach {
	case "":
		if m.Content == "" && len(m.Attachments) == 0 {
			return message{}, fmt.Errorf("there is nothing to send: %w", lookalike.ErrUnsupported)
		}
		return m, nil
	case lookalike.Sticker:
		m.Stickers = []sticker{{ID: snowflake("sticker"), Name: "Wave", FormatType: 1}}
		return m, nil
	}
	f, err := l.invented(s.Attach)
	if err != nil {
		return message{}, err
	}
	a := f.attachment()
	if s.Attach == lookalike.Voice {
		m.Flags |= flagVoice
		m.Content, a.DurationSecs, a.Waveform = "", 1.5, "AAAA"
	}
	m.Attachments = append(m.Attachments, a)
	return m, nil
}

// blank is an empty message in a channel.
func (l *Lookalike) blank(c *chat, author user) message {
	m := message{
		ID: l.newID(), ChannelID: c.id, Author: author, Timestamp: stamp(l.cfg.Now()),
		Mentions: []user{}, MentionRoles: []string{}, Attachments: []attachment{}, Embeds: []embed{}, Components: []component{},
	}
	if c.owner == nil {
		m.GuildID = l.guild
	}
	return m
}

// stamp is an instant as the API writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000+00:00") }

var typedMention = regexp.MustCompile(`(?i)@([\pL\pN_.]+)`)

// withMentions turns the names after an @ into mentions, as the app does while somebody types. "@bot" is the bot.
func (l *Lookalike) withMentions(text string) string {
	return typedMention.ReplaceAllStringFunc(text, func(at string) string {
		name := lookalike.NameKey(at[1:])
		switch p := l.people.Find(name); {
		case name == "bot", strings.EqualFold(name, l.bot.Username):
			return "<@" + l.bot.ID + ">"
		case p != nil:
			return "<@" + p.ID + ">"
		}
		return at
	})
}

var mentionForm = regexp.MustCompile(`<@!?(\d+)>`)

// mentioned lists who is mentioned in a text.
func (l *Lookalike) mentioned(text string) []user {
	out := []user{}
	for _, m := range mentionForm.FindAllStringSubmatch(text, -1) {
		if m[1] == l.bot.ID {
			out = append(out, l.bot)
		} else if p := l.byID[m[1]]; p != nil {
			out = append(out, p.user())
		}
	}
	return out
}

// Edit implements lookalike.Platform.
func (l *Lookalike) Edit(_ context.Context, as, id, text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, c, e, err := l.own(as, id)
	if err != nil {
		return err
	}
	text = l.withMentions(strings.TrimSpace(text))
	if text == "" || utf8.RuneCountInString(text) > maxTyped {
		return fmt.Errorf("message %s cannot be edited so: %w", id, lookalike.ErrRefused)
	}
	changed := *e
	at := stamp(l.cfg.Now())
	changed.Message.Content, changed.Message.EditedTimestamp, changed.Edited = text, &at, true
	changed.Message.Mentions = l.mentioned(text)
	if err := l.keepEntry(c, &changed); err != nil {
		return err
	}
	l.dispatchMessage("MESSAGE_UPDATE", c, changed.Message)
	l.changed(c, lookalike.Event{})
	return nil
}

// Delete implements lookalike.Platform.
func (l *Lookalike) Delete(_ context.Context, as, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, c, e, err := l.own(as, id)
	if err != nil {
		return err
	}
	return l.remove(c, e)
}

// remove deletes a message and tells the bot, which is told of its own deletions too.
func (l *Lookalike) remove(c *chat, e *entry) error {
	gone := *e
	gone.Deleted = true
	if err := l.keepEntry(c, &gone); err != nil {
		return err
	}
	if err := l.seen(e.Message.ID); err != nil {
		return err
	}
	if e.OnlyFor == "" {
		l.dispatchGone(c, e.Message.ID)
	}
	l.changed(c, lookalike.Event{})
	return nil
}

// own finds a person's own message.
func (l *Lookalike) own(as, id string) (*person, *chat, *entry, error) {
	p := l.people.Find(as)
	if p == nil {
		return nil, nil, nil, fmt.Errorf("%s has never written: %w", as, lookalike.ErrNotFound)
	}
	for _, c := range []*chat{l.chats[p.DM], l.place} {
		if e := c.find(id); e != nil {
			if e.By != p.Name || e.Used {
				return nil, nil, nil, fmt.Errorf("message %s is not one of %s: %w", id, p.Name, lookalike.ErrRefused)
			}
			return p, c, e, nil
		}
	}
	return nil, nil, nil, fmt.Errorf("message %s: %w", id, lookalike.ErrNotFound)
}

// Block implements lookalike.Platform: the person closes the direct messages. The bot is not told.
func (l *Lookalike) Block(_ context.Context, as string) error {
	return l.setReach(as, func(p *person) { p.Closed = true })
}

// Unblock implements lookalike.Platform; it also brings back who has left.
func (l *Lookalike) Unblock(_ context.Context, as string) error {
	return l.setReach(as, func(p *person) { p.Closed, p.Left = false, false })
}

// Leave has the person leave the server: the bot has none in common any more.
func (l *Lookalike) Leave(as string) error {
	return l.setReach(as, func(p *person) { p.Left = true })
}

func (l *Lookalike) setReach(as string, change func(*person)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, err := l.people.Invent(as)
	if err != nil {
		return err
	}
	fresh := *p
	change(&fresh)
	if err := l.people.Update(p, fresh); err != nil {
		return err
	}
	l.changed(l.chats[p.DM], lookalike.Event{})
	return nil
}
