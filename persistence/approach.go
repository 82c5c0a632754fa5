package persistence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// Approach lets us begin: it locks a conversation and its person as a turn does, reads what a turn would start from,
// and runs fn in the same transaction. A turn that was decided meanwhile is decided again if fn changed the dialogue.
// Messages go to the conversation's chat unless they name another, and must have a key. An unknown conversation is
// conversation.ErrNotFound.
func (db *DB) Approach(ctx context.Context, where conversation.ConversationID,
	fn func(ctx context.Context, tx conversation.Tx, s conversation.State) (conversation.Dialogue, error),
) error {
	err := db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		s, err := tx.approach(ctx, where)
		if err != nil {
			return err
		}
		d, err := fn(ctx, tx, s)
		if err != nil {
			return err
		}
		was, err := encodeStack(s.Dialogue)
		if err != nil {
			return err
		}
		is, err := encodeStack(d)
		if err != nil || is == was {
			return err
		}
		changed, err := tx.flush(ctx, write{
			`UPDATE conversations SET dialogue = ?, version = version + 1 WHERE id = ?`, []any{is, int64(where)},
		})
		if err == nil && changed[0] != 1 {
			err = conversation.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("approach conversation %d: %w", where, err)
	}
	return nil
}

// approach locks and reads a conversation.
func (tx *Tx) approach(ctx context.Context, where conversation.ConversationID) (conversation.State, error) {
	var who struct {
		Customer int64
		Account  string
		Channel  string
		Chat     string
	}
	err := tx.get(ctx, &who, `SELECT COALESCE(customer_id, 0) AS customer, account, channel, chat FROM conversations WHERE id = ?`, int64(where))
	if err != nil {
		return conversation.State{}, err
	}
	if who.Customer != 0 {
		if err := tx.lockRoot(ctx, conversation.CustomerID(who.Customer)); err != nil {
			return conversation.State{}, err
		}
	}
	var locked int64
	if err := tx.get(ctx, &locked, `SELECT id FROM conversations WHERE id = ?`+tx.d.lockRow, int64(where)); err != nil {
		return conversation.State{}, err
	}
	tx.turn.conversation = where
	tx.turn.to = conversation.Address{Channel: who.Channel, Account: who.Account, Chat: who.Chat}
	return loadState(ctx, &tx.statements, conversation.CustomerID(who.Customer), where)
}

// ForCustomer runs fn in a transaction with the person locked, for what happens to a person outside any conversation:
// an order, an expiry, a correction by staff. Messages must name their address and their key. An unknown customer is
// conversation.ErrNotFound.
func (db *DB) ForCustomer(ctx context.Context, who conversation.CustomerID,
	fn func(ctx context.Context, tx conversation.Tx, p conversation.Person) error,
) error {
	err := db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		if err := tx.lockRoot(ctx, who); err != nil {
			return err
		}
		s, err := loadState(ctx, &tx.statements, who, 0)
		if err != nil {
			return err
		}
		return fn(ctx, tx, s.Person)
	})
	if err != nil {
		return fmt.Errorf("for customer %d: %w", who, err)
	}
	return nil
}

// errMoved: the person was linked or unlinked while we waited for the lock.
var errMoved = errors.New("the person was linked meanwhile")

// lockRoot makes the transaction one about this person.
func (tx *Tx) lockRoot(ctx context.Context, who conversation.CustomerID) error {
	var root int64
	err := tx.get(ctx, &root, `SELECT root.id FROM customers own JOIN customers root ON root.id = own.root_id WHERE own.id = ?`+
		tx.d.lockRow, int64(who))
	if errors.Is(err, conversation.ErrNotFound) {
		// Gone, or linked while we waited: only the first stays so.
		if again := tx.get(ctx, &root, `SELECT root_id FROM customers WHERE id = ?`, int64(who)); again == nil {
			return fmt.Errorf("%w: %w", errAgain, errMoved)
		}
		return err
	}
	if err != nil {
		return fmt.Errorf("lock customer %d: %w", who, err)
	}
	tx.turn.person, tx.turn.root = who, conversation.CustomerID(root)
	return nil
}

// Chat is a private chat through which a person can be reached.
type Chat struct {
	Conversation conversation.ConversationID
	Customer     conversation.CustomerID // the record that belongs to it
	To           conversation.Address
	Locale       string // what the platform reports
	LastTurn     int64  // ms; 0: none yet
	NeedsConsent bool   // was gone since the last yes: no marketing until there is a new one
}

// Chats lists the private chats in which a person, given by any linked record, can be reached now; the one that was
// used last comes first.
func (db *DB) Chats(ctx context.Context, who conversation.CustomerID) ([]Chat, error) {
	var rows []struct {
		ID           int64
		Customer     int64 `db:"customer_id"`
		Channel      string
		Account      string
		Chat         string
		Locale       string
		LastIn       int64 `db:"last_in_at"`
		NeedsConsent bool  `db:"needs_consent"`
	}
	err := db.statements.list(ctx, &rows, `SELECT c.id, c.customer_id, c.channel, c.account, c.chat, i.locale, c.last_in_at, i.needs_consent
		FROM conversations c JOIN identities i ON i.id = c.identity_id
		WHERE c.private = 1 AND i.reach = 'ok' AND c.customer_id IN `+sameRoot+` ORDER BY c.last_in_at DESC, c.id DESC`, int64(who))
	if err != nil {
		return nil, fmt.Errorf("list the chats of customer %d: %w", who, err)
	}
	out := make([]Chat, len(rows))
	for i, r := range rows {
		out[i] = Chat{
			Conversation: conversation.ConversationID(r.ID), Customer: conversation.CustomerID(r.Customer),
			To:     conversation.Address{Channel: r.Channel, Account: r.Account, Chat: r.Chat},
			Locale: r.Locale, LastTurn: r.LastIn, NeedsConsent: r.NeedsConsent,
		}
	}
	return out, nil
}

// RecentChats lists the private chats of an account in which a turn was taken since then, or that began since then.
func (db *DB) RecentChats(ctx context.Context, account string, since time.Time) (chats []string, err error) {
	err = db.Read(ctx, func(ctx context.Context, r *Reader) error {
		return r.list(ctx, &chats, `SELECT chat FROM conversations WHERE account = ? AND private = 1 AND (last_in_at >= ? OR created_at >= ?)`,
			account, ms(since), ms(since))
	})
	return chats, err
}
