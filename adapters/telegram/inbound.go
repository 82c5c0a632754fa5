package telegram

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/rapport-chat/rapport/conversation"
)

// update is what came of one raw update.
type update struct {
	id    int64
	hasID bool
	event conversation.Inbound
	known bool   // event is to be kept; otherwise there is nothing in it for us
	press string // the callback query that waits for an answer
}

// decode reads one update on its own. It never fails: what cannot be understood becomes a KindBroken event.
func (a *Adapter) decode(raw json.RawMessage) update {
	fields := object(raw)
	var u update
	u.id, u.hasID = number(fields["update_id"])
	kind, payload := payloadOf(fields)
	if kind == "callback_query" {
		u.press = text(object(payload)["id"])
	}
	event, known, err := a.understand(kind, payload)
	if err != nil {
		a.log.Error("an update could not be understood; it is kept as broken", "update", u.id, "kind", kind)
		event, known = a.broken(raw, payload), true
	}
	event.EventID = strconv.FormatInt(u.id, 10)
	if !u.hasID {
		sum := sha256.Sum256(raw)
		event.EventID = "raw:" + hex.EncodeToString(sum[:16])
	}
	u.event, u.known = event, known
	return u
}

// payloadOf finds the kind of an update and its content: the one field besides update_id.
func payloadOf(fields map[string]json.RawMessage) (kind string, payload json.RawMessage) {
	for _, name := range allowedUpdates {
		if raw, ok := fields[name]; ok && string(raw) != "null" {
			return name, raw
		}
	}
	return "", nil
}

// understand turns the payload into an event. known is false for what is none of ours. A payload that makes the
// decoding fail or panic is an error.
func (a *Adapter) understand(kind string, payload json.RawMessage) (event conversation.Inbound, known bool, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("decode %s: %v", kind, fault)
		}
	}()
	switch kind {
	case "message", "edited_message":
		var m models.Message
		if err := json.Unmarshal(payload, &m); err != nil {
			var ok bool
			if m, ok = salvage(payload); !ok {
				return event, false, fmt.Errorf("decode %s: %w", kind, err)
			}
			a.log.Warn("a part of a message could not be understood; it is read without that part", "kind", kind)
		}
		if kind == "edited_message" {
			event, known = a.edited(&m)
		} else {
			event, known = a.message(&m)
		}
		return event, known, nil
	case "callback_query":
		return a.pressed(payload)
	case "my_chat_member":
		return a.membership(payload)
	}
	return event, false, nil
}

// broken is the event for what could not be decoded, with as much of the sender as can be read.
func (a *Adapter) broken(raw, payload json.RawMessage) conversation.Inbound {
	event := a.at(outlineOf(payload))
	event.Kind = conversation.KindBroken
	event.Raw = raw
	return event
}

// at fills in where and who.
func (a *Adapter) at(o outline) conversation.Inbound {
	event := conversation.Inbound{
		Address:   conversation.Address{Channel: Name, Account: a.account, Chat: o.chat, Thread: o.thread},
		From:      o.from,
		Private:   o.private,
		MessageID: o.message,
		At:        time.Now(),
	}
	if o.date > 0 && o.date < lastDate {
		event.At = time.Unix(o.date, 0)
	}
	return event
}

// lastDate is the end of the year 9999: no later time can be written as RFC 3339.
const lastDate = 253402300800

// place is the part of an event that every message has.
func (a *Adapter) place(m *models.Message) conversation.Inbound {
	o := outline{
		chat:    strconv.FormatInt(m.Chat.ID, 10),
		private: m.Chat.Type == models.ChatTypePrivate,
		message: strconv.Itoa(m.ID),
		date:    int64(m.Date),
	}
	if m.IsTopicMessage && m.MessageThreadID != 0 {
		o.thread = strconv.Itoa(m.MessageThreadID)
	}
	switch {
	case m.From != nil:
		o.from = sender(m.From)
	case o.private:
		o.from.UserID = o.chat // they are the same number in private chats
	}
	return a.at(o)
}

func sender(u *models.User) conversation.Sender {
	return conversation.Sender{
		UserID: strconv.FormatInt(u.ID, 10),
		Name:   strings.TrimSpace(clean(u.FirstName) + " " + clean(u.LastName)),
		Locale: clean(u.LanguageCode),
	}
}

// nobody says that no person stands behind the message: another bot, an anonymous administrator, a channel.
func nobody(m *models.Message) bool {
	if m.Chat.Type == models.ChatTypeChannel {
		return true
	}
	if m.From == nil {
		return m.Chat.Type != models.ChatTypePrivate
	}
	return m.From.IsBot
}

func (a *Adapter) message(m *models.Message) (conversation.Inbound, bool) {
	if nobody(m) {
		return conversation.Inbound{}, false
	}
	event := a.place(m)
	event.Kind = conversation.KindMessage
	event.Attachments = attachments(m)
	words, entities := m.Text, m.Entities
	if words == "" {
		words, entities = m.Caption, m.CaptionEntities
	}
	if words == "" && len(event.Attachments) == 0 {
		if isService(m) || !event.Private {
			return conversation.Inbound{}, false
		}
		// A kind of content that came after this version: the person is waiting for an answer all the same.
		event.Attachments = []conversation.Attachment{{Kind: "file"}}
	}
	if !event.Private {
		words, event.Mentioned = a.mentioned(words, entities)
		event.Mentioned = event.Mentioned || a.repliesToUs(m)
	}
	event.Text = strings.TrimSpace(clean(words))
	if m.Text == "" {
		return event, true
	}
	name, at, args, ok := command(event.Text)
	switch {
	case !ok:
	case at == "":
		event.Command, event.Args = name, args
	case strings.EqualFold(at, a.me()):
		event.Command, event.Args, event.Mentioned = name, args, !event.Private
	case !event.Private:
		return conversation.Inbound{}, false // another bot's command
	}
	return event, true
}

// edited is a changed message. Live locations, which change every few seconds, have no words.
func (a *Adapter) edited(m *models.Message) (conversation.Inbound, bool) {
	event, known := a.message(m)
	if !known || event.Text == "" {
		return conversation.Inbound{}, false
	}
	event.Kind = conversation.KindEdit
	event.Command, event.Args = "", ""
	if m.EditDate > 0 && m.EditDate < lastDate {
		event.At = time.Unix(int64(m.EditDate), 0)
	}
	return event, true
}

// pressed is a button under a message of ours, which may be out of the platform's reach, or missing. Only the few
// fields that matter are read: whatever else the message holds must not cost the press.
func (a *Adapter) pressed(payload json.RawMessage) (conversation.Inbound, bool, error) {
	o := outlineOf(payload)
	if o.chat == "" || o.from.UserID == "" {
		return conversation.Inbound{}, false, errors.New("a press without a chat or a person")
	}
	event := a.at(o)
	event.Kind = conversation.KindPress
	event.Mentioned = !event.Private
	event.At = time.Now() // the platform does not say when a button was pressed
	data := object(payload)["data"]
	if data == nil {
		return event, false, nil // a game's button; we have none
	}
	if event.Token = text(data); event.Token == "" {
		return event, false, errors.New("a press without a token")
	}
	return event, true, nil
}

// membership tells whether the person can be written to. It is read without the library's types, which refuse a
// whole update for a member status that they do not know. What happens to the bot in groups says nothing about a person.
func (a *Adapter) membership(payload json.RawMessage) (conversation.Inbound, bool, error) {
	event := a.at(outlineOf(payload))
	if !event.Private || event.From.UserID == "" {
		return event, false, nil
	}
	switch text(object(object(payload)["new_chat_member"])["status"]) {
	case "kicked", "left":
		event.Kind, event.Text = conversation.KindBlocked, "blocked_by_user"
	case "member":
		event.Kind = conversation.KindBack
	default:
		return event, false, nil
	}
	return event, true, nil
}
