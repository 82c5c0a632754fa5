package persistence

import (
	"context"
	"errors"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
)

// lockRow is what a turn finds when it has locked its person and its conversation.
type lockedRow struct {
	Root    int64
	Version int64
	NextID  int64 `db:"next_id"`
}

// makeLockSQL locks a customer's root and a conversation, roots before conversations, always in this order. On
// PostgreSQL it also takes numbers for the turn's messages, to save a round trip.
func makeLockSQL(d *dialect) string {
	next := `0`
	if !d.sqlite {
		next = `nextval('outbox_id_seq')`
	}
	return `SELECT root.id AS root, c.version, ` + next + ` AS next_id
	FROM customers own JOIN customers root ON root.id = own.root_id JOIN conversations c ON c.id = ?
	WHERE own.id = ?` + d.lockRow
}

var lockSQLite, lockPostgres = makeLockSQL(&sqliteDialect), makeLockSQL(&postgresDialect)

// Settle implements conversation.Store.
func (s *Conversations) Settle(ctx context.Context, t conversation.Turn, c conversation.Commit) error {
	parts := t.Parts
	if len(parts) == 0 {
		parts = []conversation.Inbound{t.In}
	}
	err := s.db.Do(ctx, func(ctx context.Context, tx *Tx) error { return tx.settle(ctx, t, parts, c) })
	if err != nil && !errors.Is(err, conversation.ErrConflict) && !errors.Is(err, conversation.ErrSettled) {
		return fmt.Errorf("settle inbox row %d: %w", t.In.ID, err)
	}
	return err
}

func (tx *Tx) settle(ctx context.Context, t conversation.Turn, parts []conversation.Inbound, c conversation.Commit) error {
	tx.turn = scope{
		to: t.In.Address, inbox: t.In.ID, person: t.In.Customer, root: t.In.Customer, conversation: t.In.Conversation, now: t.Now,
	}
	ends := tx.endEvents(t, parts)
	if c == nil {
		changed, err := tx.flush(ctx, ends)
		if err == nil && int(changed[0]) != len(parts) {
			err = conversation.ErrSettled
		}
		return err
	}
	if err := tx.lockTurn(ctx, t, parts); err != nil {
		return err
	}
	d, err := c(ctx, tx)
	if err != nil {
		return err
	}
	writes := []write{ends}
	if tx.turn.conversation != 0 {
		w, err := tx.moveOn(d, t.Dialogue.Version)
		if err != nil {
			return err
		}
		writes = append(writes, w)
	}
	changed, err := tx.flush(ctx, writes...)
	switch {
	case err != nil:
		return err
	case int(changed[0]) != len(parts):
		return conversation.ErrSettled
	case len(writes) > 1 && changed[1] != 1:
		return conversation.ErrConflict
	}
	return nil
}

// lockTurn locks whom and what the turn is about and sees whether it can still be settled.
func (tx *Tx) lockTurn(ctx context.Context, t conversation.Turn, parts []conversation.Inbound) error {
	if t.In.Customer == 0 || t.In.Conversation == 0 {
		return nil // what could not be read is locked by nobody; the version still guards the conversation
	}
	var row lockedRow
	lock := lockPostgres
	if tx.d.sqlite {
		lock = lockSQLite
	}
	err := tx.get(ctx, &row, lock, int64(t.In.Conversation), int64(t.In.Customer))
	if err != nil && !errors.Is(err, conversation.ErrNotFound) {
		return fmt.Errorf("lock conversation %d: %w", t.In.Conversation, err)
	}
	if err != nil || row.Version != t.Dialogue.Version || conversation.CustomerID(row.Root) != t.Person.Root {
		return tx.whyNot(ctx, parts)
	}
	tx.turn.root = conversation.CustomerID(row.Root)
	if row.NextID > 0 {
		tx.free = between(row.NextID, idsAtOnce)
	}
	return nil
}

// whyNot tells a turn that has nothing left to do from one that must be decided again.
func (tx *Tx) whyNot(ctx context.Context, parts []conversation.Inbound) error {
	var open int
	if err := tx.get(ctx, &open, `SELECT count(*) FROM inbox WHERE state = 0 AND `+tx.d.in("id"), partIDs(tx.d, parts)); err != nil {
		return fmt.Errorf("count open events: %w", err)
	}
	if open < len(parts) {
		return conversation.ErrSettled
	}
	return conversation.ErrConflict
}

// endEvents ends the turn's events.
func (tx *Tx) endEvents(t conversation.Turn, parts []conversation.Inbound) write {
	state := inboxDone
	if t.Park != "" {
		state = inboxParked
	}
	return write{
		`UPDATE inbox SET state = ?, cause = CASE WHEN ? = '' THEN cause ELSE ? END, settled_at = ? WHERE state = 0 AND ` + tx.d.in("id"),
		[]any{state, shorten(clean(t.Park), maxCause), shorten(clean(t.Park), maxCause), ms(tx.Now()), partIDs(tx.d, parts)},
	}
}

// moveOn stores the dialogue and raises its version, if it is still the one that the turn started from.
func (tx *Tx) moveOn(d conversation.Dialogue, from int64) (write, error) {
	stack, err := encodeStack(d)
	if err != nil {
		return write{}, err
	}
	return write{
		`UPDATE conversations SET dialogue = ?, version = version + 1, last_in_at = ? WHERE id = ? AND version = ?`,
		[]any{stack, ms(tx.Now()), int64(tx.turn.conversation), from},
	}, nil
}

func partIDs(d *dialect, parts []conversation.Inbound) string {
	list := make([]int64, len(parts))
	for i, p := range parts {
		list[i] = p.ID
	}
	return ids(d, list)
}
