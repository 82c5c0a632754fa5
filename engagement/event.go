// Package engagement holds what its parts share: the facts that surveys and offers are triggered by. Surveys, loyalty,
// offers, attention and audiences have folders of their own.
package engagement

import (
	"context"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// The kinds of events that surveys and offers may name as their trigger.
const (
	EventOrder          = "order"           // a purchase was recorded
	EventOrderFirst     = "order.first"     // the person's first one
	EventTicketResolved = "ticket.resolved" // staff resolved a ticket of the person
	EventTierChanged    = "tier.changed"
	EventRedeemed       = "reward.redeemed"
)

// Event is a fact about one customer that something may follow from.
type Event struct {
	ID       int64 // row, ascending
	Kind     string
	Key      string // unique per kind, such as the order's id: an event that is told twice happens once
	Customer conversation.CustomerID
	At       time.Time // business clock
}

// Emitter records events inside the transaction that makes them true. It is bound to a conversation.Tx as the
// features' own stores are.
type Emitter interface {
	Emit(ctx context.Context, e Event) (fresh bool, err error)
}
