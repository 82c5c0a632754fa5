package discord

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

const (
	botName = "bot"
	// nonceMemory is how long an enforced nonce is remembered: "a few minutes" in the documentation.
	nonceMemory = 3 * time.Minute
)

// nonce is a message that was sent with an enforced nonce.
type nonce struct {
	message string
	at      time.Time
}

// outgoing is what the bot wants a message to be.
type outgoing struct {
	Content         *string           `json:"content"`
	Embeds          *[]embed          `json:"embeds"`
	Components      *[]component      `json:"components"`
	Attachments     *[]attachmentPart `json:"attachments"`
	AllowedMentions *allowedMentions  `json:"allowed_mentions"`
	Flags           int               `json:"flags"`
	Nonce           json.RawMessage   `json:"nonce"`
	EnforceNonce    bool              `json:"enforce_nonce"`
	StickerIDs      []string          `json:"sticker_ids"`

	files []*file
}

type attachmentPart struct {
	ID       json.RawMessage `json:"id"`
	Filename string          `json:"filename"`
}

type allowedMentions struct {
	Parse []string `json:"parse"`
	Users []string `json:"users"`
	Roles []string `json:"roles"`
}

// parse reads and checks a message to be sent. The files of the request are kept.
func (l *Lookalike) parse(q *request, data json.RawMessage) (*outgoing, error) {
	var out outgoing
	if json.Unmarshal(data, &out) != nil {
		return nil, errBadJSON
	}
	if err := out.check(); err != nil {
		return nil, err
	}
	for i := range 10 {
		up, ok := q.files["files["+strconv.Itoa(i)+"]"]
		if !ok {
			continue
		}
		if len(up.data) > maxFile {
			return nil, errTooLarge
		}
		f, err := l.keepFile(up.name, up.kind, up.data)
		if err != nil {
			return nil, err
		}
		out.files = append(out.files, f)
	}
	return &out, nil
}

// post puts a message of the bot into a channel, i being the interaction that lends the right to do so.
func (l *Lookalike) post(c *chat, out *outgoing, i *interaction) (message, error) {
	if out.nothing() {
		return message{}, errEmpty
	}
	if i == nil && c.owner != nil {
		switch {
		case c.owner.Left:
			return message{}, errNoMutualServer
		case c.owner.Closed:
			return message{}, errCannotMessage
		}
	}
	key := c.id + " " + strings.Trim(string(out.Nonce), `"`)
	if out.EnforceNonce && len(out.Nonce) > 0 && i == nil {
		for k, n := range l.nonces {
			if time.Since(n.at) > nonceMemory {
				delete(l.nonces, k)
			}
		}
		if e := c.find(l.nonces[key].message); e != nil {
			return e.Message, nil
		}
	}
	m := l.blank(c, l.bot)
	m.ApplicationID, m.Nonce = "", out.Nonce
	if i != nil {
		m.ApplicationID = l.bot.ID
	}
	if i == nil {
		out.Flags &^= flagEphemeral // only an interaction can be answered so
	}
	out.apply(&m)
	m.Mentions = l.mentioned(m.Content)
	m.MentionEveryone = l.rings(&m, out.AllowedMentions, i != nil)
	e := &entry{Message: m, By: botName, At: l.cfg.Now()}
	if i != nil && m.Flags&flagEphemeral != 0 {
		e.OnlyFor = i.person.Name
	}
	if err := l.keepEntry(c, e); err != nil {
		return message{}, err
	}
	if out.EnforceNonce && len(out.Nonce) > 0 {
		l.nonces[key] = nonce{message: m.ID, at: time.Now()}
	}
	if e.OnlyFor == "" {
		l.dispatchMessage("MESSAGE_CREATE", c, m)
	}
	l.changed(c, lookalike.Event{})
	return m, nil
}

// nothing says that there would be nothing to see.
func (out *outgoing) nothing() bool {
	return blank(out.Content) && (out.Embeds == nil || len(*out.Embeds) == 0) && len(out.files) == 0 && empty(out.Components)
}

func blank(s *string) bool { return s == nil || strings.TrimSpace(*s) == "" }

func empty(rows *[]component) bool { return rows == nil || len(*rows) == 0 }

// apply gives the message what the bot wants. An embed may show a file that comes along.
func (out *outgoing) apply(m *message) {
	if out.Content != nil {
		m.Content = strings.TrimSpace(*out.Content)
	}
	if out.Components != nil {
		m.Components = slices.Clone(*out.Components)
	}
	if len(out.files) > 0 {
		m.Attachments = []attachment{}
	}
	for _, f := range out.files {
		m.Attachments = append(m.Attachments, f.attachment())
	}
	if out.Embeds != nil {
		m.Embeds = slices.Clone(*out.Embeds)
		for i := range m.Embeds {
			m.Embeds[i].Type = "rich"
			m.Embeds[i].Image = m.shown(m.Embeds[i].Image)
		}
	}
	m.Flags = m.Flags&^flagSuppressEmbeds | out.Flags
}

// shown resolves "attachment://name" to the file, which then stands in the embed only.
func (m *message) shown(img *media) *media {
	name, ok := strings.CutPrefix(urlOf(img), "attachment://")
	if !ok {
		return img
	}
	for i, a := range m.Attachments {
		if a.Filename == name {
			m.Attachments = slices.Delete(m.Attachments, i, i+1)
			return &media{URL: a.URL}
		}
	}
	return img
}

func urlOf(img *media) string {
	if img == nil {
		return ""
	}
	return img.URL
}

// rings counts a message that rings for more than the person addressed, and says whether it rings for everyone.
// Without allowed_mentions everything is parsed, by an interaction's token users only.
// Source: docs.discord.com/developers/resources/message#allowed-mentions-object.
func (l *Lookalike) rings(m *message, allowed *allowedMentions, lent bool) bool {
	may := func(kind string) bool {
		if allowed == nil {
			return !lent || kind == "users"
		}
		return slices.Contains(allowed.Parse, kind)
	}
	everyone := may("everyone") && (strings.Contains(m.Content, "@everyone") || strings.Contains(m.Content, "@here"))
	users := len(m.Mentions) > 0 && (may("users") || allowed != nil && len(allowed.Users) > 0)
	roles := strings.Contains(m.Content, "<@&") && (may("roles") || allowed != nil && len(allowed.Roles) > 0)
	if everyone || users || roles {
		l.pings++
	}
	return everyone
}

// createMessage is Create Message.
func (l *Lookalike) createMessage(q *request) (any, error) {
	c, err := l.channelOf(q)
	if err != nil {
		return nil, err
	}
	out, err := l.parse(q, q.json)
	if err != nil {
		return nil, err
	}
	if err := l.mayPost(c, out); err != nil {
		return nil, err
	}
	m, err := l.post(c, out, nil)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// channelOf is the channel that a call names.
func (l *Lookalike) channelOf(q *request) (*chat, error) {
	id := q.vars["channel"]
	if _, err := strconv.ParseUint(id, 10, 64); err != nil {
		return nil, invalid("channel_id", "NUMBER_TYPE_COERCE", "Value "+strconv.Quote(id)+" is not snowflake.")
	}
	if c := l.chats[id]; c != nil {
		return c, nil
	}
	return nil, errUnknownChannel
}

// messageOf is the message that a call names.
func (l *Lookalike) messageOf(q *request) (*chat, *entry, error) {
	c, err := l.channelOf(q)
	if err != nil {
		return nil, nil, err
	}
	id := q.vars["message"]
	if _, err := strconv.ParseUint(id, 10, 64); err != nil {
		return nil, nil, invalid("message_id", "NUMBER_TYPE_COERCE", "Value "+strconv.Quote(id)+" is not snowflake.")
	}
	if !l.may(c, ViewChannel) {
		return nil, nil, errNoAccess
	}
	e := c.find(id)
	if e == nil || e.Used || e.OnlyFor != "" {
		return nil, nil, errUnknownMessage
	}
	return c, e, nil
}

func (l *Lookalike) getMessage(q *request) (any, error) {
	c, e, err := l.messageOf(q)
	if err != nil {
		return nil, err
	}
	return l.visible(c, e.Message, 0), l.seen(e.Message.ID)
}

// editMessage is Edit Message.
func (l *Lookalike) editMessage(q *request) (any, error) {
	c, e, err := l.messageOf(q)
	if err != nil {
		return nil, err
	}
	if e.By != botName {
		return nil, errOthersMessage
	}
	if c.owner != nil && (c.owner.Closed || c.owner.Left) {
		return nil, errCannotMessage
	}
	return l.change(q, c, e, q.json)
}

// change gives a message of the bot another content. What is not named stays as it is.
func (l *Lookalike) change(q *request, c *chat, e *entry, data json.RawMessage) (any, error) {
	out, err := l.parse(q, data)
	if err != nil {
		return nil, err
	}
	var named map[string]json.RawMessage
	if json.Unmarshal(data, &named) != nil {
		return nil, errBadJSON
	}
	changed := *e
	flags := changed.Message.Flags
	if named["content"] != nil && out.Content == nil {
		changed.Message.Content = ""
	}
	if rows, ok := named["components"]; ok && bytes.Equal(bytes.TrimSpace(rows), []byte("null")) {
		changed.Message.Components = []component{}
	}
	out.apply(&changed.Message)
	if _, ok := named["flags"]; !ok {
		changed.Message.Flags = flags
	}
	m := &changed.Message
	if m.Content == "" && len(m.Embeds) == 0 && len(m.Attachments) == 0 && len(m.Components) == 0 {
		return nil, errEmpty
	}
	at := stamp(l.cfg.Now())
	m.EditedTimestamp, m.Mentions, changed.Edited = &at, l.mentioned(m.Content), true
	m.MentionEveryone = l.rings(m, out.AllowedMentions, false)
	if err := l.keepEntry(c, &changed); err != nil {
		return nil, err
	}
	if changed.OnlyFor == "" {
		l.dispatchMessage("MESSAGE_UPDATE", c, *m)
	}
	l.changed(c, lookalike.Event{})
	return *m, nil
}

// deleteMessage is Delete Message: in direct messages only of one's own.
func (l *Lookalike) deleteMessage(q *request) (any, error) {
	c, e, err := l.messageOf(q)
	if err != nil {
		return nil, err
	}
	if e.By != botName {
		if c.owner == nil {
			return nil, errNoPermission
		}
		return nil, &refusal{status: 403, code: 50003, text: "Cannot execute action on a DM channel"}
	}
	return nil, l.remove(c, e)
}

// listMessages is Get Channel Messages: newest first, those right after "after" or right before "before".
func (l *Lookalike) listMessages(q *request) (any, error) {
	c, err := l.channelOf(q)
	if err != nil {
		return nil, err
	}
	if !l.may(c, ViewChannel) {
		return nil, errNoAccess
	}
	limit, err := number(q, "limit", 50)
	if err != nil || limit < 1 || limit > 100 {
		return nil, invalid("limit", "NUMBER_TYPE_MAX", "int value should be less than or equal to 100.")
	}
	after, err := number(q, "after", 0)
	if err != nil {
		return nil, err
	}
	before, err := number(q, "before", 1<<63)
	if err != nil {
		return nil, err
	}
	var all []message
	for _, e := range c.entries {
		if !l.may(c, ReadMessageHistory) {
			break // not an error: nothing is shown
		}
		id, _ := strconv.ParseUint(e.Message.ID, 10, 64)
		if !e.Deleted && !e.Used && e.OnlyFor == "" && id > after && id < before {
			all = append(all, e.Message)
		}
	}
	if n := int(limit); len(all) > n {
		if after > 0 {
			all = all[:n]
		} else {
			all = all[len(all)-n:]
		}
	}
	slices.Reverse(all)
	out := make([]message, 0, len(all))
	for _, m := range all {
		if err := l.seen(m.ID); err != nil {
			return nil, err
		}
		out = append(out, l.visible(c, m, 0))
	}
	return out, nil
}

// number reads a number of the query.
func number(q *request, name string, otherwise uint64) (uint64, error) {
	values := q.query[name]
	if len(values) == 0 {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(values[0], 10, 64)
	if err != nil {
		return 0, invalid(name, "NUMBER_TYPE_COERCE", "Value is not snowflake.")
	}
	return n, nil
}

func (l *Lookalike) typing(q *request) (any, error) {
	c, err := l.channelOf(q)
	if err != nil {
		return nil, err
	}
	if c.owner != nil && (c.owner.Closed || c.owner.Left) {
		return nil, errCannotMessage
	}
	if !l.may(c, SendMessages) {
		return nil, errNoPermission
	}
	l.changed(c, lookalike.Event{Typing: true})
	return nil, nil
}
