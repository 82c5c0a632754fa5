// Package lookalike holds what the look-alikes of the three platforms share: the human side through which the
// sandbox's page, its JSON API and the tests type and press, the journal of calls as they arrived, and faults.
//
// A look-alike is written from its platform's published rules and imports no client library and nothing else of ours:
// an adapter that works against it must work because it follows the platform, not because both share a mistake.
// A look-alike refuses what the platform refuses; one that is kinder than the platform is a bug.
package lookalike

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Errors that the human side answers with; the JSON API turns them into statuses.
var (
	// ErrNotFound: no such message, button, label or open modal (404).
	ErrNotFound = errors.New("not found")
	// ErrRefused: the platform itself would not let a person do this, such as an edit of another's message (409).
	ErrRefused = errors.New("refused by the platform")
	// ErrUnsupported: the platform has no such thing, such as a modal on Telegram (400).
	ErrUnsupported = errors.New("the platform has no such thing")
)

// Person is one invented user of a platform.
type Person struct {
	Name   string // the key in every call, lower case, such as "ayla"
	ID     string // the platform's user id
	Locale string // what the platform would report as the language of the person's app, may be empty
	Staff  bool   // Slack: member of the alert channel
}

// Attachment kinds a person can send.
const (
	Voice    = "voice"
	Photo    = "photo"
	File     = "file"
	Sticker  = "sticker"
	Contact  = "contact"
	Location = "location"
)

// Say is a message that a person types. In is empty for the private chat with the bot, or "group" (Telegram),
// "channel" (Discord), "staff" or "thread:ID" (Slack).
type Say struct {
	As, Text, In, Locale, Attach string
	// ReplyTo is the id of the message that this one answers, empty for none.
	ReplyTo string
}

// Press names a button, or an option of a select, by its label or a part of it, on the newest message that has it,
// or on Message.
type Press struct {
	As, Label, In, Message string
}

// Message is one entry of a transcript, as a person reads it.
type Message struct {
	ID      string    `json:"id"`
	From    string    `json:"from"` // "bot" or the person's name
	Text    string    `json:"text"` // without markup
	Buttons []string  `json:"buttons"`
	Image   string    `json:"image,omitempty"`
	Thread  string    `json:"thread,omitempty"`
	Edited  bool      `json:"edited"`
	At      time.Time `json:"at"`

	// HTML is the text with its formatting for the page; never built from unescaped input.
	HTML string `json:"-"`
	// Rows are the buttons as the platform lays them out, for the page.
	Rows [][]Key `json:"-"`
	// Menu are the keys of a persistent keyboard under the input, for the page.
	Menu []string `json:"-"`
	// Attachment is the kind of file that came with the message, empty for none.
	Attachment string `json:"-"`
	// FileName is what the file that came with the message is called, where the platform shows it.
	FileName string `json:"-"`
	// Private messages are shown to this person alone in a place that others read too.
	Private bool `json:"-"`
	// Deleted messages stay in the page's memory only to be shown as such; transcripts leave them out.
	Deleted bool `json:"-"`
}

// Key is one button of a message for the page.
type Key struct {
	Label    string
	URL      string
	Style    string // "primary", "danger" or empty
	Disabled bool
	Options  []string // the options of a select; Label is then its placeholder
}

// Call is one request that the platform received, as it was sent, for checks of escaping, mentions and pace.
type Call struct {
	ID     int64     `json:"id"`
	Method string    `json:"method"` // Telegram and Slack: the API method; Discord: the HTTP verb
	Path   string    `json:"path"`   // without tokens
	Body   any       `json:"body"`   // decoded form or JSON, without tokens
	Status int       `json:"status"`
	At     time.Time `json:"at"`
}

// Fault makes the platform misbehave. Method (Telegram, Slack) or Method and Path (Discord: verb and a part of the
// path) choose the calls, no method means any sending call; the next Times matching calls answer Status.
type Fault struct {
	Method     string        `json:"method"`
	Path       string        `json:"path"`
	Times      int           `json:"times"`
	Status     int           `json:"status"`
	RetryAfter int           `json:"retry_after"` // seconds
	Drop       time.Duration `json:"-"`           // every connection is cut and refused for so long
	Redeliver  bool          `json:"redeliver"`   // hand over the last events once more
	Down       *bool         `json:"down"`        // true: refuse every connection until false
	// Late lets the call take effect before it answers Status; with Status 0 the connection is cut instead of answered,
	// so that the caller cannot know. Without Late and with Status 0 the connection is cut before anything happens.
	Late bool `json:"late"`
}

// Event tells the page that something in a chat changed.
type Event struct {
	Platform string
	Person   string // whose view changed; empty for everybody's
	In       string
	Typing   bool   // the bot is typing
	Note     string // a notice that the platform shows once, such as the answer to a press
}

// Form is the modal that is open for a person.
type Form struct {
	Title  string
	Fields []FormField
}

// FormField is one input of a modal. Value holds the prefilled text.
type FormField struct {
	Label, Value, Placeholder string
	Multiline                 bool
}

// Platform is the human side of a look-alike.
type Platform interface {
	Name() string // "telegram", "discord" or "slack"

	// Person finds or invents the person of that name.
	Person(name string) Person
	// Introduce makes a person known as somebody who already talks with the bot, with this locale and role; an empty ID
	// is derived from the name. A person who is known keeps the ID.
	Introduce(p Person) (Person, error)
	// People are all who are known, in the order in which they came.
	People() []Person

	Say(ctx context.Context, s Say) (messageID string, err error)
	Press(ctx context.Context, p Press) error
	// Command sends a slash command such as "/balance" or "/rapport nps".
	Command(ctx context.Context, as, text, in string) error
	// Submit fills the open modal by field label and sends it off; ErrNotFound when none is open.
	Submit(ctx context.Context, as string, values map[string]string) error
	// OpenForm is the modal that is open for the person, if any.
	OpenForm(as string) (Form, bool)
	Edit(ctx context.Context, as, message, text string) error
	Delete(ctx context.Context, as, message string) error
	Block(ctx context.Context, as string) error
	Unblock(ctx context.Context, as string) error

	// Chat is a transcript, oldest first. A name never seen answers an empty one and invents nobody.
	Chat(as, in string) []Message
	// Media answers the picture or file that a transcript's Image names.
	Media(name string) (contentType string, data []byte, ok bool)

	Fault(ctx context.Context, f Fault) error
	// Calls are the journal after the id since, oldest first, bounded to the newest 20,000.
	Calls(since int64) []Call

	// Busy says in words what is not at rest on the platform's side: events not yet handed over or confirmed,
	// calls not yet answered. Empty when at rest.
	Busy() []string

	// Subscribe delivers events until ctx ends; a slow reader loses the oldest.
	Subscribe(ctx context.Context) <-chan Event

	// Handler serves the platform's API, for a listener on loopback or for Transport.
	Handler() http.Handler
	// Close saves what is not yet saved and ends every open connection.
	Close() error
}
