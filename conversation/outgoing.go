package conversation

import (
	"encoding/json"
	"time"

	"github.com/rapport-chat/rapport/texts"
)

// OutgoingID identifies a message on its way out, from the moment it is written to the outbox.
type OutgoingID int64

// Lane orders what leaves: order is kept per chat and lane, never across lanes.
type Lane int

// The lanes, first served first.
const (
	LaneAnswer Lane = iota // what a person waits for
	LaneNotice             // what one person is told without having asked: a ticket's news, a credit notice
	LaneBulk               // what many are told: offers, surveys
)

// CrashRule says what becomes of a message whose call was in flight when the process died.
type CrashRule int

// The crash rules.
const (
	// Resend: a rare visible repeat beats silence. Answers, notices, staff cards.
	Resend CrashRule = iota
	// Unknown: never sent twice; counted and shown as unknown. Bulk, coupons, staff replies.
	Unknown
)

// Ref names the record that is settled in the item's own transaction, such as {"delivery", 17}.
type Ref struct {
	Kind string `json:"kind,omitempty"`
	ID   int64  `json:"id,omitempty"`
}

// Outgoing is one message, edit or deletion that we want a platform to make.
type Outgoing struct {
	Key        string     // unique; a second Outgoing with the key of an earlier one is dropped
	To         Address    // the zero Address in a turn means the chat of the turn
	Customer   CustomerID // whom it is for; 0 in a turn means the turn's person, -1 nobody (staff channels)
	Lane       Lane
	Body       Body
	Handle     []byte    // a platform's quick way to answer (Discord interaction token, Slack response_url), used while valid
	NotBefore  time.Time // business clock; zero for now
	NotAfter   time.Time // business clock; later than this it is not sent; zero for never too late
	AfterCrash CrashRule
	Report     Ref
	// Proactive is set on whatever we start. Such a message passes the gate when it is claimed: consent, open ticket,
	// quiet hours, attention budget.
	Proactive Proactive
}

// IsAnswer says that a person waits for the message and that no record is told when it fails.
func (o Outgoing) IsAnswer() bool {
	return o.Lane == LaneAnswer && o.Customer >= 0 && o.AfterCrash == Resend && o.Report.Kind == "" && o.Proactive.Purpose == ""
}

// Proactive says what a message that we start is for.
type Proactive struct {
	Purpose string `json:"purpose,omitempty"` // "offer", "survey", "birthday", "points_expiring", "onboarding"; empty: not gated
	Topic   string `json:"topic,omitempty"`   // offers: what a person mutes
}

// Action is what a press of a button means: the skill that made the button, a verb of its own, and data.
// The platform only ever sees an opaque token.
type Action struct {
	Skill string          `json:"s"`
	Verb  string          `json:"v"`
	Data  json.RawMessage `json:"d,omitempty"`
}

// Button is one key under a message. Exactly one of URL and Action is set; a Form may come with an Action.
type Button struct {
	Label  string `json:"label"` // about 20 characters
	URL    string `json:"url,omitempty"`
	Action Action `json:"action,omitzero"`
	Form   *Form  `json:"form,omitempty"`  // opened natively by the adapter where the platform has forms
	Style  string `json:"style,omitempty"` // "", "primary" or "danger"
	Token  string `json:"token,omitempty"` // set by the store
}

// Form is a small form that a platform may open natively. Where there are none the engine asks in text.
type Form struct {
	Title  string      `json:"title"`
	Fields []FormField `json:"fields"`
}

// FormField is one input of a form.
type FormField struct {
	Name      string `json:"name"`
	Label     string `json:"label"`
	Value     string `json:"value,omitempty"`
	Hint      string `json:"hint,omitempty"`
	Multiline bool   `json:"multiline,omitempty"`
	MaxRunes  int    `json:"max,omitempty"`
}

// Image is a picture that goes with a message: one of URL, Path (a file named by the operator) and Data.
type Image struct {
	URL  string `json:"url,omitempty"`
	Path string `json:"path,omitempty"`
	Data []byte `json:"data,omitempty"`
	Name string `json:"name,omitempty"` // file name for Data
}

// Document is a file that goes with a message.
type Document struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// Forward is an attachment that somebody sent to the account From and that is to be passed on. It is fetched when the
// message is sent; what cannot be fetched or is too large is said in its place.
type Forward struct {
	From       string     `json:"from"` // the account that received it
	Attachment Attachment `json:"attachment"`
	Else       texts.Rich `json:"else,omitempty"` // what is said in its place when it cannot be passed on
}

// BodyKind says what is to be done.
type BodyKind int

// The kinds of bodies.
const (
	BodyNew    BodyKind = iota // a new message
	BodyEdit                   // Of gets this text and these buttons; no buttons takes them away
	BodyDelete                 // Of is deleted
	BodyHome                   // the app's own page of the member of staff To.Chat shows this text and these buttons
)

// Body is the content of an Outgoing.
type Body struct {
	Kind BodyKind   `json:"kind,omitempty"`
	Of   OutgoingID `json:"of,omitempty"` // edit and delete: which message of ours
	// Under puts a new message into the thread under that message of ours, which may not have been sent yet. When
	// that one cannot be sent any more, the message stands in the chat itself.
	Under    OutgoingID `json:"under,omitempty"`
	Text     texts.Rich `json:"text,omitempty"`
	Rows     [][]Button `json:"rows,omitempty"` // as they should stand; an adapter may wrap them to its limits
	Image    *Image     `json:"image,omitempty"`
	Document *Document  `json:"document,omitempty"`
	Menu     []string   `json:"menu,omitempty"`     // labels that stay under the input; sent as text when tapped
	Quiet    bool       `json:"quiet,omitempty"`    // without a sound where the platform can
	Forward  *Forward   `json:"forward,omitempty"`  // a file that another person sent, possibly on another channel
	OnlyFor  string     `json:"only_for,omitempty"` // among staff: the user id of the one who sees it; others do not
	Plain    bool       `json:"plain,omitempty"`    // the platform refused it as it is: it leaves as Plainly
}

// Say is a new message of text in the answer lane, with rows of buttons.
func Say(text texts.Rich, rows ...[]Button) Outgoing {
	return Outgoing{Lane: LaneAnswer, Body: Body{Text: text, Rows: rows}}
}

// Act is a button with an action. data is marshalled to JSON; nil leaves it out. It panics on data that cannot be
// marshalled, which is a programmer's mistake.
func Act(label, skill, verb string, data any) Button {
	b := Button{Label: label, Action: Action{Skill: skill, Verb: verb}}
	if data != nil {
		raw, err := json.Marshal(data)
		if err != nil {
			panic("conversation: button data: " + err.Error())
		}
		b.Action.Data = raw
	}
	return b
}
