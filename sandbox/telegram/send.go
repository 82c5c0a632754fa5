package telegram

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

const (
	// maxText and maxCaption count UTF-16 units after the parsing of entities.
	// Source: core.telegram.org/bots/api#sendmessage and #sendphoto.
	maxText    = 4096
	maxCaption = 1024
	// maxNote is the longest answer to a press. Source: core.telegram.org/bots/api#answercallbackquery.
	maxNote = 200
)

func (l *Lookalike) getMe(params) (any, error) {
	return map[string]any{
		"id": l.bot.ID, "is_bot": true, "first_name": l.bot.FirstName, "username": l.bot.Username,
		"can_join_groups": true, "can_read_all_group_messages": false, "supports_inline_queries": false,
		"can_connect_to_business": false, "has_main_web_app": false,
	}, nil
}

func (l *Lookalike) yes(params) (any, error) { return true, nil }

// chatOf finds the chat that a call names.
func (l *Lookalike) chatOf(p params) (*chat, error) {
	raw := strings.TrimSpace(p.str("chat_id"))
	if raw == "" {
		return nil, badRequest("chat_id is empty")
	}
	id, err := strconv.ParseInt(raw, 10, 64)
	if err != nil {
		return nil, badRequest("chat not found")
	}
	c := l.chats[id]
	if c == nil {
		return nil, badRequest("chat not found")
	}
	return c, nil
}

// reachable refuses what the bot may not write to.
func reachable(c *chat) error {
	switch {
	case c.owner == nil:
		return nil
	case c.owner.Deactivated:
		return forbidden("user is deactivated")
	case c.owner.Blocked:
		return forbidden("bot was blocked by the user")
	case !c.owner.Started:
		return forbidden("bot can't initiate conversation with a user")
	}
	return nil
}

func (l *Lookalike) sendMessage(p params) (any, error) {
	text, entities, err := messageText(p)
	if err != nil {
		return nil, err
	}
	return l.send(p, message{Text: text, Entities: entities})
}

func messageText(p params) (string, []entity, error) {
	if p.str("text") == "" {
		return "", nil, badRequest("message text is empty")
	}
	text, entities, err := formatted(p.str("text"), p.str("parse_mode"), p.str("entities"))
	switch {
	case err != nil:
		return "", nil, err
	case text == "":
		return "", nil, badRequest("text must be non-empty")
	case utf16Len(text) > maxText:
		return "", nil, badRequest("message is too long")
	}
	return text, entities, nil
}

func captionText(p params) (string, []entity, error) {
	text, entities, err := formatted(p.str("caption"), p.str("parse_mode"), p.str("caption_entities"))
	if err == nil && utf16Len(text) > maxCaption {
		err = badRequest("message caption is too long")
	}
	return text, entities, err
}

// send completes a message with chat, keyboard and reply, and puts it into the chat if the limits allow.
func (l *Lookalike) send(p params, m message) (any, error) {
	c, err := l.chatOf(p)
	if err != nil {
		return nil, err
	}
	kb, err := parseMarkup(p.str("reply_markup"))
	if err != nil {
		return nil, err
	}
	if m.ReplyTo, err = repliedTo(c, p); err != nil {
		return nil, err
	}
	if err := reachable(c); err != nil {
		return nil, err
	}
	if wait, ok := l.pace.admit(time.Now(), c); !ok {
		return nil, tooMany(wait)
	}
	now := l.cfg.Now()
	bot := l.bot
	m.ID, m.From, m.Chat, m.Date, m.ReplyMarkup = l.nextMessage, &bot, c.ref, now.Unix(), kb.inline
	e := &entry{Message: m, By: "bot", At: now, Menu: kb.menu}
	records := []record{{Entry: e}}
	if kb.menu != nil || kb.remove {
		records = append(records, record{Menu: &menuRecord{Chat: c.ref.ID, Keys: kb.menu}})
	}
	if err := l.save(records...); err != nil {
		return nil, err
	}
	l.nextMessage++
	if kb.menu != nil || kb.remove {
		c.menu = kb.menu
	}
	c.remember(e)
	l.changed(c, false)
	return m, nil
}

// repliedTo finds the message that the new one answers.
func repliedTo(c *chat, p params) (*message, error) {
	id, lenient := int(p.int("reply_to_message_id")), p.bool("allow_sending_without_reply")
	if raw := p.str("reply_parameters"); raw != "" {
		var given struct {
			MessageID int  `json:"message_id"`
			Lenient   bool `json:"allow_sending_without_reply"`
		}
		if json.Unmarshal([]byte(raw), &given) != nil {
			return nil, badRequest("can't parse reply parameters JSON object")
		}
		id, lenient = given.MessageID, given.Lenient
	}
	if id == 0 {
		return nil, nil
	}
	e := c.find(id)
	if e == nil {
		if lenient {
			return nil, nil
		}
		return nil, badRequest("message to be replied not found")
	}
	quoted := e.Message
	quoted.ReplyTo = nil
	return &quoted, nil
}

// chatActions are what the bot may seem to be doing. Source: core.telegram.org/bots/api#sendchataction.
var chatActions = []string{
	"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
	"choose_sticker", "find_location", "record_video_note", "upload_video_note",
}

func (l *Lookalike) sendChatAction(p params) (any, error) {
	c, err := l.chatOf(p)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(chatActions, strings.ToLower(p.str("action"))) {
		return nil, badRequest("wrong parameter action in request")
	}
	if err := reachable(c); err != nil {
		return nil, err
	}
	l.changed(c, true)
	return true, nil
}

func (l *Lookalike) getChat(p params) (any, error) {
	c, err := l.chatOf(p)
	if err != nil {
		return nil, err
	}
	if c.owner != nil && !c.owner.Started {
		return nil, badRequest("chat not found")
	}
	return struct {
		chatRef
		AccentColorID    int `json:"accent_color_id"`
		MaxReactionCount int `json:"max_reaction_count"`
	}{c.ref, 0, 11}, nil
}

// answerCallbackQuery ends the waiting sign on a pressed button; it comes too late after a while.
func (l *Lookalike) answerCallbackQuery(p params) (any, error) {
	q := l.queries[p.str("callback_query_id")]
	within := l.cfg.Limits.AnswerWithin
	if q == nil || within > 0 && time.Since(q.at) > within {
		return nil, errQueryTooOld
	}
	if utf16Len(p.str("text")) > maxNote {
		return nil, badRequest("MESSAGE_TOO_LONG")
	}
	if text := p.str("text"); text != "" {
		l.hub.Publish(lookalike.Event{Platform: l.Name(), Person: q.by, Note: text})
	}
	return true, nil
}
