package persistence

import (
	"context"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

// hooks is what features have registered. It is filled while the program is wired and only read afterwards.
type hooks struct {
	mu      sync.RWMutex
	gate    Gate
	reports map[string]ReportHook
	tickets []TicketHook

	unanswered UnansweredHook
}

// Candidate is a message that we start, at the moment in which it would be claimed.
type Candidate struct {
	ID        conversation.OutgoingID
	Customer  conversation.CustomerID // 0: nobody
	To        conversation.Address
	Lane      conversation.Lane
	Proactive conversation.Proactive
	Report    conversation.Ref
	NotAfter  time.Time // business clock; zero for never too late
}

// Verdict is what the gate says about a candidate. The zero value lets it go.
type Verdict struct {
	Suppress string    // not sent at all, for this reason: a short stable word
	Defer    time.Time // not before this time (business clock), if not suppressed
	Reason   string    // of a deferral: a short stable word
}

// Gate decides about the candidates of one claim, in the claim's transaction, so that it can reserve what a message
// costs: of two in one page the second sees the first one's reservation. It answers one verdict per candidate, in
// their order. Only messages with a Proactive purpose are asked about.
type Gate func(ctx context.Context, tx *Tx, now time.Time, candidates []Candidate) ([]Verdict, error)

// SetGate makes gate the one that is asked. Without one everything goes.
func (db *DB) SetGate(gate Gate) {
	db.hooks.mu.Lock()
	defer db.hooks.mu.Unlock()
	db.hooks.gate = gate
}

// Report is what became of a message, for the record that it names.
type Report struct {
	ID        int64 // of the record
	Item      conversation.OutgoingID
	Customer  conversation.CustomerID
	Outcome   outbox.Outcome // Sent, Failed, Lost or Dropped; Retry with Deferred set
	Deferred  time.Time      // the gate put it off until then, business clock
	Kind      conversation.ErrorKind
	Code      string // a short stable word; the gate's reason when it was dropped or deferred
	MessageID string // Sent: the platform's id
	Chat      string // Sent: the chat in which it stands, when the platform named it
	At        time.Time
}

// ReportHook settles records of one kind, in the transaction that settles the messages.
type ReportHook func(ctx context.Context, tx *Tx, reports []Report) error

// OnReport has settle called for messages whose Report has that kind. There is one hook per kind.
func (db *DB) OnReport(kind string, settle ReportHook) {
	db.hooks.mu.Lock()
	defer db.hooks.mu.Unlock()
	if db.hooks.reports == nil {
		db.hooks.reports = map[string]ReportHook{}
	}
	db.hooks.reports[kind] = settle
}

// Ticket is a request for a human that was just written.
type Ticket struct {
	ID           int64
	Fresh        bool // false: it was added to one that was open already
	Customer     conversation.CustomerID
	Root         conversation.CustomerID
	Conversation conversation.ConversationID
	Handoff      conversation.Handoff
	At           time.Time
}

// TicketHook follows the opening of a ticket in the same transaction, such as with the card for staff.
type TicketHook func(ctx context.Context, tx *Tx, t Ticket) error

// OnTicket has follow called for each ticket that a turn opens or adds to.
func (db *DB) OnTicket(follow TicketHook) {
	db.hooks.mu.Lock()
	defer db.hooks.mu.Unlock()
	db.hooks.tickets = append(db.hooks.tickets, follow)
}
