package offer

import (
	"context"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement"
	"github.com/rapport-chat/rapport/engagement/audience"
)

// The states of a delivery.
const (
	StatePending     = "pending"
	StateDeferred    = "deferred"
	StateSuppressed  = "suppressed"
	StateSent        = "sent"
	StateUnknown     = "unknown" // the call was in flight when the process died: never made again
	StateFailed      = "failed"
	StateUnreachable = "unreachable"
	StateLate        = "late_skipped"
)

// ReportDelivery is the kind of the records that messages of offers settle.
const ReportDelivery = "delivery"

// Schedule is what is kept of a schedule. A new or changed one has no past.
type Schedule struct {
	Name   string
	Digest string
	Loaded time.Time
	Cursor time.Time // due times up to here have been dealt with
	Paused bool
	Why    string // it is paused: PausedByStaff, PausedByFailures
}

// Occurrence is an offer at one due time.
type Occurrence struct {
	ID      int64
	Offer   string
	Due     time.Time
	Subject conversation.CustomerID // the one person it is for; 0: an audience
	Next    time.Time               // not gone on with before
	Cursor  conversation.CustomerID // the last root looked at
	Content Content
	Missed  string // why it is not sent at all; empty: it is
}

// Delivery is one person's share of an occurrence, as it is written.
type Delivery struct {
	Root     conversation.CustomerID
	Customer conversation.CustomerID // the record it is made with
	State    string
	Reason   string
	Step     int
	Why      Why
	// Message makes the message once the delivery has its number; nil sends nothing.
	Message func(id int64) conversation.Outgoing
}

// Why is kept with a delivery for "Why me?" and explain.
type Why struct {
	Reasons []audience.Reason `json:"reasons,omitempty"`
	Agreed  time.Time         `json:"agreed,omitzero"` // when the person said yes
	Topic   string            `json:"topic,omitempty"`
}

// Page is what was decided about a page of people.
type Page struct {
	Occurrence Occurrence // with the cursor from which the page was read
	Cursor     conversation.CustomerID
	Last       bool // nobody is left
	Deliveries []Delivery
}

// Past is an earlier delivery of an offer.
type Past struct {
	Occurrence int64
	Customer   conversation.CustomerID
	Due        time.Time
	Decided    time.Time
	Step       int
}

// Record is a delivery as it is read.
type Record struct {
	ID       int64
	Offer    string
	Due      time.Time
	State    string
	Reason   string
	Step     int
	Decided  time.Time
	Settled  time.Time
	Root     conversation.CustomerID
	Customer conversation.CustomerID
	Why      Why
}

// Store keeps schedules, occurrences and deliveries.
type Store interface {
	audience.Store
	// LoadSchedule reads a schedule; one that is new or has another digest begins at now.
	LoadSchedule(ctx context.Context, name, digest string, now time.Time) (Schedule, error)
	// Schedules reads the schedules of these names.
	Schedules(ctx context.Context, names []string) (map[string]Schedule, error)
	// Claim writes occurrences that are not there yet and moves the schedule's cursor, in one transaction. It does
	// nothing when somebody else has moved the cursor or changed the schedule meanwhile.
	Claim(ctx context.Context, s Schedule, cursor time.Time, all []Occurrence) error
	// ClaimEvents writes occurrences of events that are not there yet.
	ClaimEvents(ctx context.Context, all []Occurrence) error
	// Unplanned lists events of a kind since a time that have no occurrence of the offer yet, oldest first.
	Unplanned(ctx context.Context, offer, kind string, after time.Duration, since time.Time, limit int) ([]engagement.Event, error)
	// Open lists occurrences with people still to be looked at whose offer is not paused, the earliest to go on with
	// first.
	Open(ctx context.Context, limit int) ([]Occurrence, error)
	// Waiting counts the bulk messages of the fullest account that are not sent: those due at now, and all.
	Waiting(ctx context.Context, now time.Time) (due, all int, err error)
	// Reach counts by channel the people who agreed to offers there.
	Reach(ctx context.Context) (map[string]int, error)
	// Had lists earlier deliveries of an offer to any of these records, oldest first.
	Had(ctx context.Context, offer string, who []conversation.CustomerID) ([]Past, error)
	// Fill writes a page, its messages and the cursor in one transaction; nothing when the cursor has moved.
	Fill(ctx context.Context, p Page) error
	// Postpone has an occurrence rest until a time.
	Postpone(ctx context.Context, id int64, until time.Time) error
	// SilentUntil is the end of an ordered silence that covers now; zero when there is none.
	SilentUntil(ctx context.Context, now time.Time) (time.Time, error)
}

// Reader reads what became of offers.
type Reader interface {
	// Delivery reads one; ErrNotFound when it is not kept any more.
	Delivery(ctx context.Context, id int64) (Record, error)
	// Deliveries lists a person's, given by any record, the newest first.
	Deliveries(ctx context.Context, who conversation.CustomerID, limit int) ([]Record, error)
	// Agreements lists a person's yeses and noes in force, of all records.
	Agreements(ctx context.Context, who conversation.CustomerID) ([]Agreement, error)
}

// Agreement is a yes or no in force.
type Agreement struct {
	Customer conversation.CustomerID
	Channel  string
	Topic    string
	Granted  bool
	At       time.Time
}
