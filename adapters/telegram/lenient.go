package telegram

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
)

// number reads a whole number that may stand in quotation marks.
func number(raw json.RawMessage) (int64, bool) {
	s := strings.Trim(string(bytes.TrimSpace(raw)), `"`)
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// text reads a string; anything else is empty. NUL, which PostgreSQL refuses in text, is dropped.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return clean(s)
}

func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// object reads a JSON object's fields; anything else has none.
func object(raw json.RawMessage) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	return fields
}

// outline is what can be read of the sender and place of an update without understanding it.
type outline struct {
	from    conversation.Sender
	chat    string
	private bool
	thread  string
	message string
	date    int64
}

// outlineOf reads an update's payload: a message, or something that names a message, a chat or a sender.
func outlineOf(raw json.RawMessage) outline {
	fields := object(raw)
	o := outline{from: senderOf(fields["from"])}
	o.date, _ = number(fields["date"])
	message := fields
	if inner := object(fields["message"]); inner != nil {
		message = inner
	}
	if id, ok := number(message["message_id"]); ok {
		o.message = strconv.FormatInt(id, 10)
	}
	if string(message["is_topic_message"]) == "true" {
		if id, ok := number(message["message_thread_id"]); ok {
			o.thread = strconv.FormatInt(id, 10)
		}
	}
	chat := object(message["chat"])
	if id, ok := number(chat["id"]); ok {
		o.chat = strconv.FormatInt(id, 10)
	}
	o.private = text(chat["type"]) == "private"
	switch {
	case o.from.UserID == "" && o.private:
		o.from.UserID = o.chat // they are the same number in private chats
	case o.chat == "" && o.from.UserID != "" && message["chat"] == nil:
		o.chat, o.private = o.from.UserID, true
	}
	return o
}

func senderOf(raw json.RawMessage) conversation.Sender {
	fields := object(raw)
	s := conversation.Sender{Locale: text(fields["language_code"])}
	if id, ok := number(fields["id"]); ok {
		s.UserID = strconv.FormatInt(id, 10)
	}
	s.Name = strings.TrimSpace(text(fields["first_name"]) + " " + text(fields["last_name"]))
	return s
}
