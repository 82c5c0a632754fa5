// Package conversation is the centre of Rapport: the neutral types that every channel speaks, the inbox that keeps
// what customers sent before anything is acknowledged, the engine that takes one turn at a time per conversation, and
// the contract of the skills that answer.
//
// A turn decides outside any transaction and commits inside one: see Skill and Commit.
package conversation

import (
	"time"

	"github.com/rapport-chat/rapport/language"
)

// CustomerID identifies a person. Facts keep the id that they were made with; a linked person has a root.
type CustomerID int64

// ConversationID identifies one chat of one bot account.
type ConversationID int64

// Address is a chat as one of our bot accounts sees it.
type Address struct {
	Channel string `json:"channel"`          // the platform, such as "telegram"
	Account string `json:"account"`          // our bot there, such as "telegram:123456"
	Chat    string `json:"chat"`             // the platform's id of the chat
	Thread  string `json:"thread,omitempty"` // the platform's id of the thread inside the chat
}

// Kind says what happened on the platform.
type Kind string

// The kinds of inbound events.
const (
	KindMessage Kind = "message" // a person wrote: Text, Command, Attachments
	KindPress   Kind = "press"   // a person pressed a button: Token
	KindForm    Kind = "form"    // a person sent a form: Token, Values
	KindEdit    Kind = "edit"    // a person changed an own message: MessageID, Text
	KindDelete  Kind = "delete"  // a person deleted an own message: MessageID
	KindBlocked Kind = "blocked" // the person can no longer be reached there: Text holds the reason's code
	KindBack    Kind = "back"    // the person can be reached again
	KindHome    Kind = "home"    // a member of staff opened the app's own page
	KindBroken  Kind = "broken"  // the event could not be decoded: Raw; From as far as it could be read
)

// Sender is the platform's account that an event came from.
type Sender struct {
	UserID string `json:"user"`
	Name   string `json:"name,omitempty"`   // the display name: shown to staff, never used to address a customer
	Locale string `json:"locale,omitempty"` // the language tag that the platform reports, if any
}

// Attachment is something other than text that came with a message.
type Attachment struct {
	Kind string `json:"kind"`           // "photo", "voice", "video", "file", "sticker", "location", "contact"
	File string `json:"file,omitempty"` // the platform's handle of the file
	Name string `json:"name,omitempty"`
	Size int64  `json:"size,omitempty"` // bytes, 0 when unknown
	Text string `json:"text,omitempty"` // a contact's phone number, a location's "lat,lon", a sticker's emoji
	Own  bool   `json:"own,omitempty"`  // contact: the platform vouches that it is the sender's own
}

// Inbound is one event that a platform handed over, in neutral form.
type Inbound struct {
	Address
	EventID     string            `json:"event"` // unique within the account: the key against repeats
	Kind        Kind              `json:"kind"`
	From        Sender            `json:"from"`
	Private     bool              `json:"private,omitempty"`   // a chat of this person and the bot alone
	Mentioned   bool              `json:"mentioned,omitempty"` // in a group: the bot was spoken to
	Staff       bool              `json:"staff,omitempty"`     // from a place where the business works, never a customer's: From is staff
	Text        string            `json:"text,omitempty"`
	Command     string            `json:"command,omitempty"` // a slash command's name, lower case, without the slash
	Args        string            `json:"args,omitempty"`    // what followed the command
	Token       string            `json:"token,omitempty"`   // press and form: the pressed button's token
	Values      map[string]string `json:"values,omitempty"`  // form: what was typed, by field name
	MessageID   string            `json:"message,omitempty"` // the platform's id of the message that was sent, pressed or changed
	Attachments []Attachment      `json:"attachments,omitempty"`
	Handle      []byte            `json:"handle,omitempty"` // what the platform lends for a quick answer, see Outgoing.Handle
	At          time.Time         `json:"at"`               // the platform's time
	Raw         []byte            `json:"raw,omitempty"`    // the event as received; only kept when it could not be decoded

	// What the store adds.
	ID           int64          `json:"-"` // inbox row
	Customer     CustomerID     `json:"-"` // 0 when the sender could not be read
	Conversation ConversationID `json:"-"`
	Attempts     int            `json:"-"` // turns that failed before
}

// Person is what the engine knows of a customer at the start of a turn.
type Person struct {
	ID          CustomerID // the identity's own record
	Root        CustomerID // the record that linked identities share; ID when not linked
	Chosen      language.Code
	Spoken      language.Code // what earlier messages were clearly written in
	Name        string        // only what the person or the business gave
	Honorific   string        // "ms", "mr" or empty
	Zone        string        // IANA name, empty for the brand's
	Stopped     bool          // said stop: we start nothing
	Welcomed    bool          // has had the welcome
	OffersAsked bool          // has had the question whether we may write first
	Staff       bool          // a member of staff testing as a customer; see the desk
}
