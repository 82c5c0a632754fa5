// Package outbox is the one door out. What is to be sent lies in the database; one worker per bot account, the holder of
// its lease, claims what is due, makes the calls at the platform's pace and settles what came of them.
//
// An item is pending, sending, sent, unknown or failed. It is claimed before its call and settled after it, both
// fenced by the lease's epoch, so that a process that lost its lease can neither send nor settle.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// Errors of a Store that a worker acts on.
var (
	// ErrLeaseHeld: another process runs this account.
	ErrLeaseHeld = errors.New("another process runs this account")
	// ErrRunning is an ErrLeaseHeld that is known not to end by itself: that process lives on this machine.
	ErrRunning = fmt.Errorf("%w: it is on this machine and has not ended; stop it first, or keep the data in PostgreSQL, where several processes may stand by",
		ErrLeaseHeld)
	// ErrLeaseLost: the epoch is over; whatever the caller was about to write was not written.
	ErrLeaseLost = errors.New("the lease was lost")
)

// Lease is the right to run one bot account. It ends on the database's clock.
type Lease struct {
	Account string
	Owner   string
	Epoch   int64
	Expires time.Time // on this machine's real clock, taken before the request, so it is never later than the database's
}

// Waiting is a pending item as the worker plans with it.
type Waiting struct {
	ID        conversation.OutgoingID
	Chat      string
	Lane      conversation.Lane
	NotBefore time.Time // business clock; zero for now
	RetryAt   time.Time // real clock; zero for now
}

// Item is a claimed message, complete.
type Item struct {
	conversation.Sending
	ID       conversation.OutgoingID
	Attempts int // calls made before this one
}

// Outcome is the state that a call leads to.
type Outcome int

// The outcomes.
const (
	Sent    Outcome = iota
	Retry           // pending again, from RetryAt on
	Failed          // for good
	Lost            // unknown: the call may have been done and is not made again
	Dropped         // not sent because it came too late or is no longer wanted
)

// Result settles one item.
type Result struct {
	ID      conversation.OutgoingID
	Lane    conversation.Lane // of the item: what settles bulk lets others go first
	Outcome Outcome
	Receipt conversation.Receipt
	RetryAt time.Time // Retry; real clock
	Kind    conversation.ErrorKind
	// Uncalled is set with Retry when the platform did not take the message up: no call was made, or it only asked
	// to wait. Item.Attempts stays as it was.
	Uncalled bool
	// Plain is set with Retry when the platform refused the content: from now on the message is Body.Plain.
	Plain  bool
	Code   string // a short stable word for operators and delivery records
	Detail string // for operators, without secrets and customers' words
}

// Recovered counts what a new holder found in flight.
type Recovered struct {
	Resent  int // pending again
	Unknown int // never sent twice
}

// Store is what the workers need of the database.
type Store interface {
	// Acquire takes the account's lease for ttl, renewing it when owner had it last, late as it may be. A lease taken
	// over from another owner, or again after Release, has a higher epoch; an account's first has epoch 1. ErrLeaseHeld while
	// another holds it, ErrRunning when that one is certain to live. A worker uses a new owner for every lease, so that
	// it never renews what it left behind.
	Acquire(ctx context.Context, account, owner string, ttl time.Duration) (Lease, error)
	// Release gives the lease back at once.
	Release(ctx context.Context, l Lease) error
	// Recover settles by their crash rule the items that an earlier epoch left in flight.
	Recover(ctx context.Context, l Lease) (Recovered, error)
	// Waiting lists pending items of one lane with an id above after, by id.
	Waiting(ctx context.Context, account string, lane conversation.Lane, after conversation.OutgoingID, limit int) ([]Waiting, error)
	// Claim marks those of ids that are still pending and due as sending and returns them in the order of ids. now
	// is the business clock: items before their NotBefore are left alone, items past their NotAfter are settled as
	// dropped, and the gate (consent, open ticket, quiet hours, attention budget) is asked in the same transaction;
	// what it defers or suppresses is not returned. RetryAt is the worker's to keep and not asked again. An edit or
	// deletion whose target can no longer be sent is settled as failed and not returned; while its target has not
	// been sent yet it is returned with an empty MessageID. ErrLeaseLost when l is over. At most two claims and two
	// settlings run at once: of bulk, and of all else.
	Claim(ctx context.Context, l Lease, ids []conversation.OutgoingID, now time.Time) ([]Item, error)
	// Settle writes results, and with each the record that its Report names. A result with PersonGone makes the
	// identity unreachable. A result for an item that is not sending under l's epoch changes nothing, so that a
	// Settle or Claim whose answer was lost can be followed by another Settle. ErrLeaseLost when l is over.
	Settle(ctx context.Context, l Lease, results []Result) error
	// Depth counts pending and sending items of the account, by lane, that are due at now (business clock).
	Depth(ctx context.Context, account string, now time.Time) (map[conversation.Lane]int, error)
}
