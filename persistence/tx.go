package persistence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/rapport-chat/rapport/conversation"
)

// Tx is one transaction. It implements conversation.Tx, and every feature's store is bound to it: see From.
// It must not be used after its function has returned, nor by two goroutines.
type Tx struct {
	statements
	db   *DB
	turn scope

	// Messages and some other writes are kept back and written in one statement at the end: see flush.
	sends   []outRow
	kept    []write
	person  *write                    // the last SavePerson
	free    []conversation.OutgoingID // ids that are this transaction's to use
	lastOut *int64                    // SQLite: the last id that the group has used, -1 when not known yet
	ahead   func() *statements        // PostgreSQL: where to ask for ids; nil for in here

	keys    map[string]conversation.OutgoingID
	touched map[note]struct{} // what accounts got to send
	tickets bool              // a ticket has moved on, so that something is due at the desk
	over    bool
	took    time.Duration // from its begin to its commit; 0 before
}

// scope is whom a transaction is about; zero outside a turn.
type scope struct {
	to           conversation.Address
	handle       []byte // what the platform lent with the event, for replies to its chat
	inbox        int64
	person       conversation.CustomerID
	root         conversation.CustomerID
	conversation conversation.ConversationID
	now          time.Time
	replies      int // messages so far that had no key of their own
	consents     int
}

var _ conversation.Tx = (*Tx)(nil)

// From is the transaction behind a conversation.Tx. It is the one type assertion by which a feature's Stores bind
// themselves to a turn, and panics on a Tx that this package has not made, which is a mistake in wiring.
func From(tx conversation.Tx) *Tx {
	own, ok := tx.(*Tx)
	if !ok {
		panic(fmt.Sprintf("persistence: a %T was given where only this package's transaction fits", tx))
	}
	return own
}

// Now is the business time at which the transaction's turn was decided, or the present outside a turn.
func (tx *Tx) Now() time.Time {
	if tx.turn.now.IsZero() {
		tx.turn.now = tx.db.clock.Now()
	}
	return tx.turn.now
}

// Person is the record that the transaction's turn is about and the person that it belongs to; zeros outside a turn.
func (tx *Tx) Person() (id, root conversation.CustomerID) { return tx.turn.person, tx.turn.root }

// errOver is the answer to the use of a transaction that has ended.
var errOver = errors.New("the transaction is over")

// call runs fn and writes what it kept back.
func (tx *Tx) call(fn func(ctx context.Context, tx *Tx) error) (err error) {
	defer recovered(&err)
	defer func() { tx.over = true }()
	ctx := context.WithValue(tx.own, insideKey{}, tx.db)
	if err := fn(ctx, tx); err != nil {
		return err
	}
	_, err = tx.flush(ctx)
	return err
}

// unlessOver refuses what comes after the end.
func (tx *Tx) unlessOver(prepare func(context.Context, string) (*sqlx.Stmt, error)) func(context.Context, string) (*sqlx.Stmt, error) {
	return func(ctx context.Context, query string) (*sqlx.Stmt, error) {
		if tx.over {
			return nil, errOver
		}
		return prepare(ctx, query)
	}
}

// later is exec at the end of the transaction, together with the messages, which saves a turn that has nothing else to
// write all its round trips. Nothing in the transaction may rely on it, and no other write may touch the same rows.
func (tx *Tx) later(query string, args ...any) {
	tx.kept = append(tx.kept, write{query, args})
}

// insideKey marks the context of a transaction's function, so that a transaction inside a transaction, which would
// wait for itself, is refused.
type insideKey struct{}

// ms is an instant as it is stored; 0 for the zero time.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant is what ms stored.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
