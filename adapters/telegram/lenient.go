package telegram

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/rapport-chat/rapport/adapters/lenient"
	"github.com/rapport-chat/rapport/conversation"
)

// What comes from the platform is read field by field and without errors, see adapters/lenient.
var (
	object = lenient.Object
	text   = lenient.Text
	number = lenient.Number
	truth  = lenient.Truth
	clean  = lenient.Clean
)

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
	if truth(message["is_topic_message"]) {
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
	case o.chat == "" && o.private:
		o.chat = o.from.UserID
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
