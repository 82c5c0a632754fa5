package slack

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Source: docs.slack.dev/reference/methods/chat.postMessage and chat.update.
const (
	maxText   = 40_000 // characters; more is cut off
	maxUpdate = 4_000  // characters of a new text; more is refused
)

// outgoing is what a call wants to post.
type outgoing struct {
	text        string
	blocks      []block
	attachments json.RawMessage
	metadata    json.RawMessage
	thread      string
	broadcast   bool
	linked      bool // names in the text become mentions
	cut         bool // the text was too long
}

// readOutgoing reads and checks the parts of a message.
func (l *Lookalike) readOutgoing(a args) (outgoing, error) {
	out := outgoing{
		text: a.str("text"), thread: a.str("thread_ts"), broadcast: a.bool("reply_broadcast"),
		linked: a.bool("link_names") || a.str("parse") == "full", metadata: a.json("metadata"),
	}
	blocks, err := l.readBlocks(a.json("blocks"), maxBlocks)
	if err != nil {
		return out, err
	}
	out.blocks = blocks
	if att := a.json("attachments"); len(att) > 0 {
		var list []map[string]any
		if json.Unmarshal(att, &list) != nil {
			return out, refuse("invalid_attachments")
		}
		if len(list) > 0 {
			out.attachments = att
		}
	}
	if strings.TrimSpace(out.text) == "" && len(out.blocks) == 0 && out.attachments == nil {
		return out, errNoText
	}
	if runes := []rune(out.text); len(runes) > maxText {
		out.text, out.cut = string(runes[:maxText]), true
	}
	if out.linked {
		out.text = l.linkNames(out.text)
	}
	return out, nil
}

// target finds the channel that a call names: by its id, a public one also by its name, a person by id where allowed.
func (l *Lookalike) target(name string, byName bool) (*channel, error) {
	c := l.byChan[name]
	if c == nil && byName {
		if p := l.byID[name]; p != nil {
			c = l.byChan[p.DM]
		}
		for _, one := range l.channels {
			if one.owner == nil && one.name == strings.TrimPrefix(name, "#") {
				c = one
			}
		}
	}
	switch {
	case c == nil, c.hidden():
		return nil, errChannelNotFound
	case c.archived, c.owner != nil && c.owner.Deleted:
		return nil, errArchived
	case c.outside:
		return nil, errNotInChannel
	}
	return c, nil
}

func (l *Lookalike) postMessage(a args) (map[string]any, error) {
	c, err := l.target(a.str("channel"), true)
	if err != nil {
		return nil, err
	}
	if wait := l.pace.post(c.id, time.Now()); wait > 0 {
		return nil, limited(wait)
	}
	out, err := l.readOutgoing(a)
	if err != nil {
		return nil, err
	}
	e, err := l.say(c, out, nil)
	if err != nil {
		return nil, err
	}
	result := map[string]any{"channel": c.id, "ts": e.Message.TS, "message": e.Message}
	if out.cut {
		result["response_metadata"] = map[string]any{"warnings": []string{"message_truncated"}}
	}
	return result, nil
}

// say posts a message of the bot, with files if there are any.
func (l *Lookalike) say(c *channel, out outgoing, files []*file) (*entry, error) {
	e := &entry{Message: l.own(out), Channel: c.id, By: "bot", At: l.cfg.Now()}
	for _, f := range files {
		e.Files = append(e.Files, f.ID)
		e.Message.Subtype, e.Message.Upload = "file_share", true
		e.Message.Files = append(e.Message.Files, l.fileJSON(f))
	}
	if err := l.intoThread(c, &e.Message, out.thread, out.broadcast); err != nil {
		return nil, err
	}
	if err := l.keepEntry(c, e, l.messageEvents(c, e.Message)...); err != nil {
		return nil, err
	}
	if whom := l.rings(c, e.Message); len(whom) > 0 {
		l.pings = append(l.pings, Ping{Channel: c.id, TS: e.Message.TS, Whom: whom})
	}
	l.shownIn(c, e)
	return e, nil
}

// own is a message of the bot.
func (l *Lookalike) own(out outgoing) message {
	return message{
		Type: "message", User: l.app.user, BotID: l.app.bot, AppID: l.app.app, Team: l.app.team, TS: l.newTS(),
		Text: out.text, Blocks: out.blocks, Attachments: out.attachments, Metadata: out.metadata,
	}
}

// intoThread makes a message a reply. A root that does not exist any more leaves it un-threaded, and a reply as root
// stands for the thread that it is in.
func (l *Lookalike) intoThread(c *channel, m *message, thread string, broadcast bool) error {
	if thread == "" {
		return nil
	}
	if micros(thread) == 0 || !strings.Contains(thread, ".") {
		return refuse("invalid_thread_ts")
	}
	root := c.find(thread)
	if root == nil || root.OnlyFor != "" {
		return nil
	}
	if up := root.root(); up != "" {
		if root = c.find(up); root == nil {
			return nil
		}
	}
	grown := *root
	grown.Message.ThreadTS = grown.Message.TS
	grown.Message.ReplyCount++
	grown.Message.LatestReply = m.TS
	m.ThreadTS, m.ParentUserID = grown.Message.TS, grown.Message.User
	if broadcast {
		m.Subtype = "thread_broadcast"
	}
	return l.keepEntry(c, &grown)
}

// shownIn tells watchers of a change in a channel and in the thread that the message is in.
func (l *Lookalike) shownIn(c *channel, e *entry) {
	l.changed(c, lookalike.Event{})
	if root := e.Message.ThreadTS; root != "" && c.owner == nil {
		l.changed(c, lookalike.Event{In: threadPrefix + root})
	}
}

func (l *Lookalike) postEphemeral(a args) (map[string]any, error) {
	c, err := l.target(a.str("channel"), true)
	if err != nil {
		return nil, err
	}
	p := l.byID[a.str("user")]
	if p == nil || p.Deleted {
		return nil, refuse("user_not_in_channel")
	}
	if c.owner != nil && c.owner != p || c.owner == nil && !p.Staff {
		return nil, refuse("user_not_in_channel")
	}
	out, err := l.readOutgoing(a)
	if err != nil {
		return nil, err
	}
	e, err := l.whisper(c, p, out)
	if err != nil {
		return nil, err
	}
	return map[string]any{"message_ts": e.Message.TS}, nil
}

// whisper shows a message to one person only. It makes no events.
func (l *Lookalike) whisper(c *channel, p *person, out outgoing) (*entry, error) {
	e := &entry{Message: l.own(out), Channel: c.id, By: "bot", At: l.cfg.Now(), OnlyFor: p.Name}
	if root := c.find(out.thread); root != nil && root.OnlyFor == "" {
		e.Message.ThreadTS = root.Message.TS
		if up := root.root(); up != "" {
			e.Message.ThreadTS = up
		}
	}
	if err := l.keepEntry(c, e); err != nil {
		return nil, err
	}
	l.shownIn(c, e)
	return e, nil
}

// ownEntry finds a message of the bot that can be changed, by the channel's id only.
func (l *Lookalike) ownEntry(a args, refused string) (*channel, *entry, error) {
	c, err := l.target(a.str("channel"), false)
	if err != nil {
		return nil, nil, err
	}
	e := c.find(a.str("ts"))
	switch {
	case e == nil || e.OnlyFor != "":
		return nil, nil, errMessageNotFound
	case e.By != "bot":
		return nil, nil, refuse(refused)
	}
	return c, e, nil
}

func (l *Lookalike) update(a args) (map[string]any, error) {
	c, e, err := l.ownEntry(a, "cant_update_message")
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(a.str("text")) > maxUpdate {
		return nil, refuse("msg_too_long")
	}
	out, err := l.readOutgoing(a)
	if err != nil {
		return nil, err
	}
	if err := l.rewrite(c, e, out); err != nil {
		return nil, err
	}
	m := c.find(e.Message.TS).Message
	return map[string]any{"channel": c.id, "ts": m.TS, "text": m.Text, "message": m}, nil
}

// rewrite gives a message of the bot a new content. What is not given is gone, blocks too.
func (l *Lookalike) rewrite(c *channel, e *entry, out outgoing) error {
	fresh := *e
	fresh.Message.Text, fresh.Message.Blocks, fresh.Message.Attachments = out.text, out.blocks, out.attachments
	fresh.Message.Edited = &edited{User: l.app.user, TS: l.newTS()}
	if fresh.OnlyFor != "" {
		if err := l.keepEntry(c, &fresh); err != nil {
			return err
		}
	} else if err := l.keepEntry(c, &fresh, l.changedEvent(c, e.Message, fresh.Message)); err != nil {
		return err
	}
	l.shownIn(c, &fresh)
	return nil
}

func (l *Lookalike) deleteMessage(a args) (map[string]any, error) {
	c, e, err := l.ownEntry(a, "cant_delete_message")
	if err != nil {
		return nil, err
	}
	if err := l.remove(c, e); err != nil {
		return nil, err
	}
	return map[string]any{"channel": c.id, "ts": e.Message.TS}, nil
}

// remove deletes a message; the app is told, of its own deletions too.
func (l *Lookalike) remove(c *channel, e *entry) error {
	gone := *e
	gone.Deleted = true
	var events []map[string]any
	if e.OnlyFor == "" {
		events = l.heard(c, l.deletedEvent(c, e.Message))
	}
	if err := l.keepEntry(c, &gone, events...); err != nil {
		return err
	}
	l.shownIn(c, e)
	return nil
}

// messageEvents are the events of a new message: itself, and app_mention where it mentions the bot in a channel.
func (l *Lookalike) messageEvents(c *channel, m message) []map[string]any {
	event := asMap(m)
	event["channel"], event["channel_type"], event["event_ts"] = c.id, c.kind(), m.TS
	out := l.heard(c, event)
	if c.owner == nil && !c.outside && slices.Contains(l.cfg.Scopes, "app_mentions:read") && m.User != l.app.user && strings.Contains(m.Text, "<@"+l.app.user+">") {
		mention := asMap(m)
		mention["type"], mention["channel"], mention["event_ts"] = "app_mention", c.id, m.TS
		delete(mention, "subtype")
		out = append(out, mention)
	}
	return out
}

// heard are the events of a place that the app is told of: it has to be a member and to have the scope for its kind.
func (l *Lookalike) heard(c *channel, events ...map[string]any) []map[string]any {
	if c.outside || l.mayAt("history", c) != nil {
		return nil
	}
	return events
}

func (l *Lookalike) changedEvent(c *channel, before, after message) map[string]any {
	ts := l.newTS()
	return map[string]any{
		"type": "message", "subtype": "message_changed", "hidden": true, "channel": c.id, "channel_type": c.kind(),
		"ts": ts, "event_ts": ts, "message": after, "previous_message": before,
	}
}

func (l *Lookalike) deletedEvent(c *channel, m message) map[string]any {
	ts := l.newTS()
	return map[string]any{
		"type": "message", "subtype": "message_deleted", "hidden": true, "channel": c.id, "channel_type": c.kind(),
		"ts": ts, "event_ts": ts, "deleted_ts": m.TS, "previous_message": m,
	}
}

// asMap is a message as an event's fields.
func asMap(m message) map[string]any {
	var out map[string]any
	if err := json.Unmarshal(raw(m), &out); err != nil {
		panic("slack look-alike: " + err.Error()) // never: it was just written
	}
	return out
}
