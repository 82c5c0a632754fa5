package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Say implements lookalike.Platform. The first words of somebody new count as having pressed Start. A text that is
// longer than a message becomes several; the id is that of the last one.
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
	list, err := l.typed(p, s)
	if err != nil {
		return "", err
	}
	if s.ReplyTo != "" {
		e := c.find(messageID(s.ReplyTo))
		if e == nil {
			return "", fmt.Errorf("message %s to answer: %w", s.ReplyTo, lookalike.ErrNotFound)
		}
		quoted := e.Message
		quoted.ReplyTo = nil
		list[0].ReplyTo = &quoted
	}
	return l.say(p, c, list...)
}

// speaker finds the person and the chat that they write in.
func (l *Lookalike) speaker(as, in string) (*person, *chat, error) {
	if in != "" && in != Group {
		return nil, nil, fmt.Errorf("no place %q on Telegram: %w", in, lookalike.ErrUnsupported)
	}
	p, err := l.people.Invent(as)
	if err != nil {
		return nil, nil, err
	}
	if p.Deactivated {
		return nil, nil, fmt.Errorf("%s has no account any more: %w", p.Name, lookalike.ErrRefused)
	}
	if in == Group {
		return p, l.group, nil
	}
	if p.Blocked {
		return nil, nil, fmt.Errorf("%s has blocked the bot: %w", p.Name, lookalike.ErrRefused)
	}
	return p, l.chats[p.ID], nil
}

// typed is what a person sends: one message, or a text that is longer than one in several.
func (l *Lookalike) typed(p *person, s lookalike.Say) ([]message, error) {
	if s.Attach != "" {
		m, err := l.attached(p, s)
		return []message{m}, err
	}
	text := strings.TrimSpace(s.Text)
	if text == "" {
		return nil, fmt.Errorf("there is nothing to send: %w", lookalike.ErrUnsupported)
	}
	var list []message
	for _, piece := range messagesOf(text) {
		list = append(list, message{Text: piece, Entities: withDetected(piece, nil)})
	}
	return list, nil
}

// attached is a message with something attached. The apps do not send a caption that is too long.
func (l *Lookalike) attached(p *person, s lookalike.Say) (message, error) {
	text := strings.TrimSpace(s.Text)
	if utf16Len(text) > maxCaption {
		return message{}, fmt.Errorf("a caption has at most %d characters: %w", maxCaption, lookalike.ErrRefused)
	}
	m := message{Caption: text, CaptionEntities: withDetected(text, nil)}
	switch s.Attach {
	case lookalike.Contact:
		return message{Contact: &contact{PhoneNumber: p.phone(), FirstName: lookalike.DisplayName(p.Name), UserID: p.ID}}, nil
	case lookalike.Location:
		return message{Location: &location{Latitude: 40.3777, Longitude: 49.8920}}, nil
	}
	f, err := invented(s.Attach)
	if err != nil {
		return message{}, err
	}
	if err := l.keepFile(f); err != nil {
		return message{}, err
	}
	attach(&m, f)
	if m.Sticker != nil {
		m.Caption, m.CaptionEntities = "", nil
	}
	return m, nil
}

// invented is a small file of the kind that a person sends.
func invented(kind string) (*file, error) {
	switch kind {
	case lookalike.Voice:
		return &file{Kind: "voice", Type: "audio/ogg", data: []byte("OggS\x00sandbox voice message")}, nil
	case lookalike.Photo:
		return &file{Kind: "photo", Type: "image/png", Width: 640, Height: 480, data: placeholder(640, 480)}, nil
	case lookalike.File:
		return &file{Kind: "document", Name: "note.txt", Type: "text/plain", data: []byte("a file from the sandbox\n")}, nil
	case lookalike.Sticker:
		return &file{Kind: "sticker", Type: "image/webp", data: []byte("RIFF\x00\x00\x00\x00WEBPVP8 sandbox sticker")}, nil
	}
	return nil, fmt.Errorf("nobody can attach %q: %w", kind, lookalike.ErrUnsupported)
}

// say puts a person's messages into the chat and before the bot. It answers the id of the last one.
func (l *Lookalike) say(p *person, c *chat, list ...message) (id string, err error) {
	for _, m := range list {
		if id, err = l.sayOne(p, c, m); err != nil {
			return "", err
		}
	}
	return id, nil
}

func (l *Lookalike) sayOne(p *person, c *chat, m message) (string, error) {
	now := l.cfg.Now()
	m.ID, m.From, m.Chat, m.Date = l.nextMessage, p.user(), c.ref, now.Unix()
	e := &entry{Message: m, By: p.Name, At: now}
	records := []record{{Entry: e}}
	started := *p
	if c.owner != nil && !p.Started {
		started.Started = true
		records = append([]record{{Person: &started}}, records...)
	}
	var u *update
	if c.owner != nil || l.seenInGroup(m) {
		var err error
		if u, err = l.enqueue("message", c.ref.ID, "", m); err != nil {
			return "", err
		}
		if u != nil {
			records = append(records, record{Update: u})
		}
	}
	if err := l.save(records...); err != nil {
		return "", err
	}
	*p = started
	l.nextMessage++
	c.remember(e)
	l.deliver(u)
	l.changed(c, false)
	return strconv.Itoa(m.ID), nil
}

// seenInGroup is the privacy mode: in a group the bot sees commands, mentions of it and answers to it.
// Source: core.telegram.org/bots/features#privacy-mode.
func (l *Lookalike) seenInGroup(m message) bool {
	if m.ReplyTo != nil && m.ReplyTo.From != nil && m.ReplyTo.From.ID == l.bot.ID {
		return true
	}
	text, entities := m.Text, m.Entities
	if text == "" {
		text, entities = m.Caption, m.CaptionEntities
	}
	if strings.HasPrefix(text, "/") {
		_, at, named := strings.Cut(strings.Fields(text)[0], "@")
		return !named || strings.EqualFold(at, l.bot.Username)
	}
	units := utf16.Encode([]rune(text))
	return slices.ContainsFunc(entities, func(e entity) bool {
		return e.Type == "mention" && strings.EqualFold(e.of(units), "@"+l.bot.Username)
	})
}

// Command implements lookalike.Platform: on Telegram a command is a text.
func (l *Lookalike) Command(ctx context.Context, as, text, in string) error {
	if !strings.HasPrefix(text, "/") {
		text = "/" + text
	}
	_, err := l.Say(ctx, lookalike.Say{As: as, Text: text, In: in})
	return err
}

// Submit implements lookalike.Platform: Telegram has no forms.
func (l *Lookalike) Submit(context.Context, string, map[string]string) error {
	return fmt.Errorf("no forms on Telegram: %w", lookalike.ErrUnsupported)
}

// OpenForm implements lookalike.Platform.
func (l *Lookalike) OpenForm(string) (lookalike.Form, bool) { return lookalike.Form{}, false }

// Edit implements lookalike.Platform. Only one's own texts and captions can be edited, and only for 48 hours.
func (l *Lookalike) Edit(_ context.Context, as, id, text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, c, e, err := l.own(as, id)
	if err != nil {
		return err
	}
	text = strings.TrimSpace(text)
	if old, _ := e.body(); old == "" || text == "" || l.cfg.Now().Sub(e.At) > deletable {
		return fmt.Errorf("message %s cannot be edited: %w", id, lookalike.ErrRefused)
	}
	changed := *e
	if changed.Message.Text != "" {
		changed.Message.Text, changed.Message.Entities = text, withDetected(text, nil)
	} else {
		changed.Message.Caption, changed.Message.CaptionEntities = text, withDetected(text, nil)
	}
	changed.Message.EditDate = l.cfg.Now().Unix()
	changed.Edited = true
	records := []record{{Entry: &changed}}
	var u *update
	if c.owner != nil || l.seenInGroup(changed.Message) {
		if u, err = l.enqueue("edited_message", c.ref.ID, "", changed.Message); err != nil {
			return err
		}
	}
	if u != nil {
		records = append(records, record{Update: u})
	}
	if err := l.save(records...); err != nil {
		return fmt.Errorf("edit by %s: %w", p.Name, err)
	}
	*e = changed
	l.deliver(u)
	l.changed(c, false)
	return nil
}

// Delete implements lookalike.Platform. The bot is not told: Telegram has no such update.
func (l *Lookalike) Delete(_ context.Context, as, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, c, e, err := l.own(as, id)
	if err != nil {
		return err
	}
	return l.remove(c, e)
}

// own finds a person's own message, in the private chat or in the group.
func (l *Lookalike) own(as, id string) (*person, *chat, *entry, error) {
	p := l.people.Find(as)
	if p == nil {
		return nil, nil, nil, fmt.Errorf("%s has never written: %w", as, lookalike.ErrNotFound)
	}
	for _, c := range []*chat{l.chats[p.ID], l.group} {
		if e := c.find(messageID(id)); e != nil {
			if e.By != p.Name {
				return nil, nil, nil, fmt.Errorf("message %s is another's: %w", id, lookalike.ErrRefused)
			}
			return p, c, e, nil
		}
	}
	return nil, nil, nil, fmt.Errorf("message %s: %w", id, lookalike.ErrNotFound)
}

// Block implements lookalike.Platform: the person stops the bot.
func (l *Lookalike) Block(_ context.Context, as string) error { return l.setBlocked(as, true) }

// Unblock implements lookalike.Platform.
func (l *Lookalike) Unblock(_ context.Context, as string) error { return l.setBlocked(as, false) }

func (l *Lookalike) setBlocked(as string, blocked bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, err := l.people.Invent(as)
	if err != nil || p.Blocked == blocked {
		return err
	}
	fresh := *p
	fresh.Blocked = blocked
	status := map[bool]string{true: "kicked", false: "member"}
	member := func(blocked bool) map[string]any {
		m := map[string]any{"user": l.bot, "status": status[blocked]}
		if blocked {
			m["until_date"] = 0
		}
		return m
	}
	c := l.chats[p.ID]
	u, err := l.enqueue("my_chat_member", c.ref.ID, "", map[string]any{
		"chat": c.ref, "from": p.user(), "date": l.cfg.Now().Unix(),
		"old_chat_member": member(!blocked), "new_chat_member": member(blocked),
	})
	if err != nil {
		return err
	}
	records := []record{{Person: &fresh}}
	if u != nil {
		records = append(records, record{Update: u})
	}
	if err := l.save(records...); err != nil {
		return err
	}
	*p = fresh
	l.deliver(u)
	l.changed(c, false)
	return nil
}

// Deactivate deletes the person's account: the bot is not told, its messages are refused from now on.
func (l *Lookalike) Deactivate(as string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, err := l.people.Invent(as)
	if err != nil {
		return err
	}
	fresh := *p
	fresh.Deactivated = true
	return l.people.Update(p, fresh)
}

// callback is a CallbackQuery.
type callback struct {
	ID           string  `json:"id"`
	From         *user   `json:"from"`
	Message      message `json:"message"`
	ChatInstance string  `json:"chat_instance"`
	Data         string  `json:"data"`
}

// press hands a button press to the bot.
func (l *Lookalike) press(p *person, c *chat, m message, data string) error {
	id := strconv.FormatInt(l.queue.nextQuery, 10)
	u, err := l.enqueue("callback_query", c.ref.ID, id, callback{
		ID: id, From: p.user(), Message: m, Data: data,
		ChatInstance: strconv.FormatInt(int64(lookalike.Seed("instance", strconv.FormatInt(c.ref.ID, 10))>>1), 10),
	})
	if err != nil || u == nil {
		return err
	}
	u.By = p.Name
	if err := l.save(record{Update: u}); err != nil {
		return err
	}
	l.queue.nextQuery++
	l.deliver(u)
	return nil
}

// PressGone hands over a press on a message that is not accessible any more, as Telegram reports it: without content
// and with date 0.
func (l *Lookalike) PressGone(as, data string, id int) error {
	p, err := func() (*person, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.people.Invent(as)
	}()
	if err != nil {
		return err
	}
	raw, err := json.Marshal(map[string]any{"callback_query": map[string]any{
		"id": strconv.FormatInt(time.Now().UnixNano(), 10), "from": p.user(), "chat_instance": "1", "data": data,
		"message": map[string]any{"chat": l.chats[p.ID].ref, "message_id": id, "date": 0},
	}})
	if err != nil {
		return err
	}
	_, err = l.Inject(raw)
	return err
}
