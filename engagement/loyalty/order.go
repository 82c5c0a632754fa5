package loyalty

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// Errors of orders.
var (
	// ErrOrderChanged: the source's id is known with another content.
	ErrOrderChanged = errors.New("an order of that id is known with another content")
	// ErrPhoneTaken: the number belongs to another person.
	ErrPhoneTaken = errors.New("the phone number belongs to another person")
)

// Order is a purchase. Who bought is told by one of Customer, Code and Phone.
type Order struct {
	Source   string // who tells us: a name under sources:
	ID       string // the source's own
	Customer conversation.CustomerID
	Code     string // of the card
	Phone    string // +994501234567
	Shop     string
	Total    int64 // minor units, as paid
	Currency string
	Lines    []Line
	At       time.Time
	Returned bool // all of it was given back
	// TellsPhone: the source may tell whose phone it is, so that a card with a phone proves the number.
	TellsPhone bool
}

// Line is one position of an order.
type Line struct {
	SKU      string `json:"sku,omitempty"`
	Name     string `json:"name,omitempty"`
	Category string `json:"category,omitempty"`
	Quantity int64  `json:"quantity,omitempty"`
	Total    int64  `json:"total"` // minor units
}

// Digest tells whether an order that comes again is the same. Its time is left out: who gives none gets that of the
// arrival.
func (o Order) Digest() string {
	lines := make([]Line, len(o.Lines))
	for i, l := range o.Lines {
		l.Quantity = max(l.Quantity, 1)
		lines[i] = l
	}
	raw, err := json.Marshal(struct {
		Total    int64
		Currency string
		Lines    []Line
	}{o.Total, o.Currency, lines})
	if err != nil {
		panic("loyalty: digest of an order: " + err.Error()) // numbers and texts always have one
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

// Key is the order's place in the ledger.
func (o Order) Key() string { return o.Source + "/" + o.ID }

// OrderRecord is what became of an order.
type OrderRecord struct {
	Row      int64 // the database's
	Fresh    bool
	First    bool // the person's first one
	Returned bool // it is marked as returned
	Customer conversation.CustomerID
	Others   bool // it is another person's
}
