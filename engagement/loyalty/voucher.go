package loyalty

import (
	"errors"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// The states of a voucher.
const (
	VoucherValid     = "valid"
	VoucherUsed      = "used"
	VoucherExpired   = "expired"
	VoucherCancelled = "cancelled"
)

// Errors of using a voucher.
var (
	ErrVoucherUsed      = errors.New("the code has been used")
	ErrVoucherExpired   = errors.New("the code has expired")
	ErrVoucherCancelled = errors.New("the code was cancelled")
	ErrVoucherTooSmall  = errors.New("the gift card has not that much left")
)

// Voucher is a code that the till takes.
type Voucher struct {
	ID        int64
	Code      string
	Key       string // unique: what it was issued for
	Customer  conversation.CustomerID
	Reward    string // id
	Kind      string // "percent", "amount", "free_item", "gift_card", "place", "gift"
	Value     int64  // per cent, or minor units
	Remaining int64  // gift card: minor units
	Currency  string
	State     string
	IssuedAt  time.Time
	ExpiresAt time.Time // zero for never
	UsedAt    time.Time
}

// Use is a voucher at the till.
type Use struct {
	Code     string
	Source   string // who uses it
	SourceID string // the source's own id of this use, against repeats
	Amount   int64  // gift card: minor units to take
	By       string // the cashier
	At       time.Time
}
