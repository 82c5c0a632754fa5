package desk

import (
	"context"
	"encoding/json"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Stores is what the desk needs of the database. Reads see one committed state; what changes something goes through
// the Books of a transaction.
type Stores interface {
	// In binds the store to a transaction.
	In(tx conversation.Tx) Books
	// Do runs fn in a transaction outside a turn. fn may be run twice.
	Do(ctx context.Context, fn func(ctx context.Context, tx conversation.Tx) error) error

	// Ticket answers one ticket, or conversation.ErrNotFound.
	Ticket(ctx context.Context, id TicketID) (Ticket, error)
	// OfThread answers the ticket that one of its cards stands for: the card with that platform id in that chat, by
	// its real or its configured name. conversation.ErrNotFound when there is none.
	OfThread(ctx context.Context, account, chat, thread string) (Ticket, error)
	// OfPerson lists a person's tickets, given by any linked record: the unresolved ones, and those that can be gone
	// on with at now, newest first.
	OfPerson(ctx context.Context, who conversation.CustomerID, now time.Time) ([]Ticket, error)
	// Behind lists tickets whose card shows an older version or was never written, the most urgent first.
	Behind(ctx context.Context, limit int) ([]Ticket, error)
	// Messages lists a ticket's messages, oldest first, at most the newest limit of them.
	Messages(ctx context.Context, id TicketID, limit int) ([]Message, error)
	// Message answers the message with that key, or conversation.ErrNotFound.
	Message(ctx context.Context, key string) (Message, error)
	// MessageByID is Message by its row.
	MessageByID(ctx context.Context, id int64) (Message, error)
	// Customer answers what a card tells about a person.
	Customer(ctx context.Context, who conversation.CustomerID) (Customer, error)
	// Talk lists the latest lines between a person and us, oldest first.
	Talk(ctx context.Context, who conversation.CustomerID, limit int) ([]Line, error)
}

// Books is the store inside one transaction.
type Books interface {
	// Lock reads a ticket and holds it until the transaction ends.
	Lock(ctx context.Context, id TicketID) (Ticket, error)
	// LockOfPerson is Lock for all of a person's unresolved tickets, newest first.
	LockOfPerson(ctx context.Context, root conversation.CustomerID) ([]Ticket, error)
	// Save writes a locked ticket and raises its version. conversation.ErrConflict when it was not the one in the
	// database.
	Save(ctx context.Context, t Ticket) (Ticket, error)
	// ShowCard notes the card's message and the version that it shows, without raising the version.
	ShowCard(ctx context.Context, t Ticket) error
	// Add keeps a message. fresh is false, and the kept one is answered, when there is one with that key.
	Add(ctx context.Context, m Message) (kept Message, fresh bool, err error)
	// Message answers the message with that key as this transaction sees it, held until its end.
	Message(ctx context.Context, key string) (Message, error)
	// MessageByID is Message by its row.
	MessageByID(ctx context.Context, id int64) (Message, error)
	// Newest is the row of the last message that a member of staff wrote about a ticket; 0 for none.
	Newest(ctx context.Context, id TicketID, author string) (int64, error)
	// Unposted lists the customer's messages that have no copy in the thread, oldest first.
	Unposted(ctx context.Context, id TicketID) ([]Message, error)
	// SaveMessage writes what may change of a message: text, state, what was sent for it.
	SaveMessage(ctx context.Context, m Message) error
	// Audit keeps who did what. An act with the key of an earlier one is dropped.
	Audit(ctx context.Context, a Act) error
	// TierOf is the tier of a person who is a member, empty for others.
	TierOf(ctx context.Context, root conversation.CustomerID) (string, error)
	// TellResolved records, once per resolution, that staff resolved the ticket: what follows from it are others'.
	TellResolved(ctx context.Context, t Ticket) error
}

// Direction says who wrote a message of a ticket and who is to see it.
type Direction string

// The directions.
const (
	In       Direction = "in"       // the customer to us
	Out      Direction = "out"      // staff to the customer
	Internal Direction = "internal" // staff among themselves
)

// Ways in which a message came to be sent to the customer: the explicit acts.
const (
	ByNote       = "note"
	ByMark       = "mark"
	ByForm       = "form"
	BySuggestion = "suggestion"
	ByCanned     = "canned"
	ByCoupon     = "coupon"
)

// The kinds of records that the desk's messages name in Outgoing.Report.
const (
	CardReport     = "ticket_card"      // a ticket, by id: its card
	ReplyReport    = "ticket_reply"     // a Message, by id: a reply to the customer
	CardEditReport = "ticket_card_edit" // a ticket, by id: a newer state of its card
	RelayReport    = "ticket_relay"     // a Message, by id: what the customer said, in the thread
	FileReport     = "ticket_file"      // a Message, by id: one of its files
	ChangeReport   = "ticket_change"    // a Message, by id: its edit or deletion at the customer's
)

// What became of a reply.
const (
	ReplyPending   = "pending"
	ReplyDelivered = "delivered"
	ReplyFailed    = "failed"
	ReplyUnknown   = "unknown"
)

// Message is one message of a ticket.
type Message struct {
	ID          int64
	Ticket      TicketID
	Key         string // its identity: see KeyOf
	Direction   Direction
	Author      Member // of staff
	Text        string
	Attachments []conversation.Attachment
	From        string // the account that received it, for its attachments
	Inbox       int64
	MessageID   string                    // the platform's id where it was written
	Way         string                    // Out: the explicit act that sent it
	State       string                    // Out: see ReplyPending
	Code        string                    // Out: why it failed
	Attempt     int                       // Out: how often it was sent again
	Outgoing    conversation.OutgoingID   // the copy that went to the other side
	Files       []conversation.OutgoingID // copies of the attachments there
	Note        conversation.OutgoingID   // the owner's-only question under it, while it stands
	Echo        conversation.OutgoingID   // what the thread was told about it
	Learn       json.RawMessage           // Out: rows of buttons for the echo, from Teacher
	Deleted     bool
	WrittenAt   time.Time
	ChangedAt   time.Time
}

// Act is a line of the audit trail. Detail holds no words of customers.
type Act struct {
	Key    string
	By     Member
	What   string // "claim", "resolve", "customer", ...
	Ticket TicketID
	Detail any
}

// Customer is what a card tells about a person.
type Customer struct {
	ID       conversation.CustomerID
	Name     string // what the person or the business gave
	Display  string // the platform's display name
	Lang     language.Code
	Channel  string
	Since    time.Time
	Member   bool
	Points   int64
	Tier     string
	Priority int // of the tier: higher is served first
	Scores   []Score
	Orders   []Order
	Facts    []Fact // only for the full view
	Tickets  int    // all that there ever were
	AtRisk   string // why, empty when not
	Erased   bool   // nothing else is known any more
}

// Score is an answer to a survey.
type Score struct {
	Survey string
	Kind   string // nps, csat, ces
	Score  int
	At     time.Time
}

// Order is a purchase.
type Order struct {
	ID       string
	Total    int64 // minor units
	Currency string
	Returned bool
	At       time.Time
}

// Fact is a line of a profile.
type Fact struct{ Field, Value, Source string }

// Line is one message between a person and us.
type Line struct {
	At          time.Time
	Kind        conversation.Kind // of theirs: a message, its change or deletion, a press
	Ours        bool
	Staff       bool // ours: written by a member of staff
	Lost        bool // ours, an answer of the bot's: it could not be delivered
	Text        texts.Rich
	Attachments []conversation.Attachment
	Account     string                  // theirs: the account that received it
	MessageID   string                  // theirs: the platform's id of the message
	Rows        [][]conversation.Button // ours
}

// Suggestion is an answer of the bot's that staff may send with one press.
type Suggestion struct {
	ArticleID string
	Lang      language.Code
	Title     string
	Answer    texts.Rich
}

// Suggester ranks the bot's best answers to a question. It may be slow and is never called in a transaction.
type Suggester interface {
	Suggest(ctx context.Context, question string, lang language.Code, limit int) ([]Suggestion, error)
	// Find answers the article again, as it is now.
	Find(ctx context.Context, articleID string, lang language.Code) (Suggestion, bool)
}

// Teacher learns from replies. Its buttons are the skill "desk" with verbs that begin with "teach.".
type Teacher interface {
	// Offer answers rows of buttons to stand under the echo of a reply, before it is sent. Called outside any
	// transaction; no rows: there is nothing to learn.
	Offer(ctx context.Context, t Ticket, reply Message) ([][]conversation.Button, error)
	// Press takes a press or form of one of its buttons.
	Press(ctx context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error)
}

// Times says when an answer is due, in hours of business. from is the business clock.
type Times interface {
	FirstDue(topic string, from time.Time) time.Time
	NextDue(topic string, from time.Time) time.Time
}

// Commands takes slash commands of staff and openings of the app's own page.
type Commands interface {
	Decide(ctx context.Context, t conversation.Turn) (conversation.Commit, error)
}
