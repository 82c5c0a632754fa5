package telegram

import (
	"encoding/json"

	"github.com/go-telegram/bot/models"
)

// vital are the parts of a message without which nobody knows whose it is and where it belongs.
var vital = []string{"message_id", "chat", "from", "sender_chat", "date"}

// said are the parts of a message that hold what a person said or sent. The others tell where it was forwarded from, how
// its links are shown, and the like; the platform adds some every few months.
var said = []string{
	"message_thread_id", "is_topic_message", "edit_date", "text", "entities", "caption", "caption_entities", "photo", "voice", "audio",
	"video", "video_note", "animation", "document", "sticker", "location", "contact", "reply_to_message",
}

// salvage reads a message that cannot be decoded as a whole, such as for a kind of origin that came after this version,
// part by part. ok is false when it is not known whose it is, or when nothing is left of what was said.
func salvage(payload json.RawMessage) (m models.Message, ok bool) {
	fields := object(payload)
	read := func(name string) bool {
		raw, there := fields[name]
		if !there {
			return true
		}
		one, err := json.Marshal(map[string]json.RawMessage{name: raw})
		if err != nil {
			return false
		}
		var alone models.Message // a part that fails leaves nothing half read
		if json.Unmarshal(one, &alone) != nil {
			return false
		}
		return json.Unmarshal(one, &m) == nil
	}
	for _, name := range vital {
		if !read(name) {
			return m, false
		}
	}
	for _, name := range said {
		_ = read(name) // what cannot be read is left out
	}
	return m, m.Chat.ID != 0 && m.ID != 0 && (m.Text != "" || m.Caption != "" || len(attachments(&m)) > 0)
}
