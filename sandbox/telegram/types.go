package telegram

import (
	"strconv"
	"time"
	"unicode/utf16"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// The types below are the objects of the Bot API as it sends them, limited to the fields that the look-alike has.
// Source: core.telegram.org/bots/api, read November 2026.

type user struct {
	ID           int64  `json:"id"`
	IsBot        bool   `json:"is_bot"`
	FirstName    string `json:"first_name"`
	Username     string `json:"username,omitempty"`
	LanguageCode string `json:"language_code,omitempty"`
}

type chatRef struct {
	ID        int64  `json:"id"`
	Title     string `json:"title,omitempty"`
	FirstName string `json:"first_name,omitempty"`
	Username  string `json:"username,omitempty"`
	Type      string `json:"type"`
}

type entity struct {
	Offset   int    `json:"offset"` // in UTF-16 units
	Length   int    `json:"length"` // in UTF-16 units
	Type     string `json:"type"`
	URL      string `json:"url,omitempty"`
	Language string `json:"language,omitempty"`
	EmojiID  string `json:"custom_emoji_id,omitempty"`
}

// of is the part of a text, in UTF-16 units, that the entity covers.
func (e entity) of(units []uint16) string {
	end := min(e.Offset+e.Length, len(units))
	return string(utf16.Decode(units[min(e.Offset, end):end]))
}

// media is a file as it appears in a message; which fields are set depends on the kind.
type media struct {
	FileID       string `json:"file_id"`
	FileUniqueID string `json:"file_unique_id"`
	FileSize     int64  `json:"file_size,omitempty"`
	Width        int    `json:"width,omitempty"`
	Height       int    `json:"height,omitempty"`
	Duration     int    `json:"duration,omitempty"`
	FileName     string `json:"file_name,omitempty"`
	MimeType     string `json:"mime_type,omitempty"`
}

type sticker struct {
	media
	Type       string `json:"type"`
	IsAnimated bool   `json:"is_animated"`
	IsVideo    bool   `json:"is_video"`
	Emoji      string `json:"emoji,omitempty"`
}

type contact struct {
	PhoneNumber string `json:"phone_number"`
	FirstName   string `json:"first_name"`
	UserID      int64  `json:"user_id,omitempty"`
}

type location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

type message struct {
	ID              int       `json:"message_id"`
	From            *user     `json:"from,omitempty"`
	Chat            chatRef   `json:"chat"`
	Date            int64     `json:"date"`
	EditDate        int64     `json:"edit_date,omitempty"`
	ReplyTo         *message  `json:"reply_to_message,omitempty"`
	Text            string    `json:"text,omitempty"`
	Entities        []entity  `json:"entities,omitempty"`
	Caption         string    `json:"caption,omitempty"`
	CaptionEntities []entity  `json:"caption_entities,omitempty"`
	Photo           []media   `json:"photo,omitempty"`
	Document        *media    `json:"document,omitempty"`
	Voice           *media    `json:"voice,omitempty"`
	Video           *media    `json:"video,omitempty"`
	Animation       *media    `json:"animation,omitempty"`
	Audio           *media    `json:"audio,omitempty"`
	Sticker         *sticker  `json:"sticker,omitempty"`
	Contact         *contact  `json:"contact,omitempty"`
	Location        *location `json:"location,omitempty"`
	ReplyMarkup     *inline   `json:"reply_markup,omitempty"`
}

// inline is an InlineKeyboardMarkup.
type inline struct {
	Keyboard [][]inlineButton `json:"inline_keyboard"`
}

type inlineButton struct {
	Text          string    `json:"text"`
	URL           string    `json:"url,omitempty"`
	CallbackData  string    `json:"callback_data,omitempty"`
	CopyText      *copyText `json:"copy_text,omitempty"`
	SwitchInline  *string   `json:"switch_inline_query,omitempty"`
	SwitchCurrent *string   `json:"switch_inline_query_current_chat,omitempty"`
	WebApp        *webApp   `json:"web_app,omitempty"`
	Pay           bool      `json:"pay,omitempty"`
	Style         string    `json:"style,omitempty"`
}

type copyText struct {
	Text string `json:"text"`
}

type webApp struct {
	URL string `json:"url"`
}

// menuKey is one KeyboardButton of a reply keyboard.
type menuKey struct {
	Text            string `json:"text"`
	RequestContact  bool   `json:"request_contact,omitempty"`
	RequestLocation bool   `json:"request_location,omitempty"`
}

// entry is a message with what only the look-alike knows of it.
type entry struct {
	Message message     `json:"message"`
	By      string      `json:"by"` // "bot" or the person's name
	At      time.Time   `json:"at"`
	Menu    [][]menuKey `json:"menu,omitempty"`   // the reply keyboard that came with it
	Edited  bool        `json:"edited,omitempty"` // people see it; a changed keyboard alone does not show
	Deleted bool        `json:"deleted,omitempty"`
}

// body is the text or the caption, with its entities.
func (e *entry) body() (string, []entity) {
	if e.Message.Text != "" {
		return e.Message.Text, e.Message.Entities
	}
	return e.Message.Caption, e.Message.CaptionEntities
}

// person is a user of the look-alike and the private chat with the bot, which has the same id.
type person struct {
	Name        string `json:"name"`
	ID          int64  `json:"id"`
	Locale      string `json:"locale,omitempty"`
	Staff       bool   `json:"staff,omitempty"`
	Started     bool   `json:"started,omitempty"` // has pressed Start or written
	Blocked     bool   `json:"blocked,omitempty"`
	Deactivated bool   `json:"deactivated,omitempty"`
}

// chat is one place with its transcript.
type chat struct {
	ref     chatRef
	owner   *person // nil in the group
	entries []*entry
	menu    [][]menuKey // the reply keyboard that stands under the input
}

func (c *chat) find(id int) *entry {
	for i := len(c.entries) - 1; i >= 0; i-- {
		if e := c.entries[i]; e.Message.ID == id && !e.Deleted {
			return e
		}
	}
	return nil
}

// remember takes a message in, in the place of its older state.
func (c *chat) remember(e *entry) {
	c.entries = lookalike.Remember(c.entries, e, func(old *entry) bool { return old.Message.ID == e.Message.ID })
}

func messageID(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// utf16Len is the length by which Telegram counts texts and places entities.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
