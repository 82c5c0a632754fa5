package persistence

import (
	"context"
	"errors"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
)

// makeStartSQL locks a customer's root and moves a conversation on if it is still where the turn started from: roots
// before conversations, always in this order.
func makeStartSQL(d *dialect) string {
	if d.sqlite {
		return `UPDATE conversations SET version = version + 1, last_in_at = ? WHERE id = ? AND version = ?
		AND EXISTS (SELECT 1 FROM customers WHERE id = ? AND root_id = ?) RETURNING 0`
	}
	return `WITH person AS (
		SELECT root.id FROM customers own JOIN customers root ON root.id = own.root_id
		WHERE own.id = ? AND root.id = ?` + d.lockRow + `)
	UPDATE conversations SET version = version + 1, last_in_at = ? FROM person WHERE conversations.id = ? AND version = ?
	RETURNING 0`
}

var startSQLite, startPostgres = makeStartSQL(&sqliteDialect), makeStartSQL(&postgresDialect)

// Settle implements conversation.Store.
func (s *Conversations) Settle(ctx context.Context, t conversation.Turn, c conversation.Commit) error {
	s.db.courtesy.talks()
	parts := t.Parts
	if len(parts) == 0 {
		parts = []conversation.Inbound{t.In}
	}
	err := s.settle(ctx, t, parts, c)
	if errors.Is(err, errAgain) {
		// The replies are there already: either they were being written at the same time, or the event was read
		// again after it had been settled.
		if why := s.whyAgain(ctx, parts); why != nil {
			err = why
		}
	}
	if err != nil && !errors.Is(err, conversation.ErrConflict) && !errors.Is(err, conversation.ErrSettled) {
		return fmt.Errorf("settle inbox row %d: %w", t.In.ID, err)
	}
	return err
}

func (s *Conversations) settle(ctx context.Context, t conversation.Turn, parts []conversation.Inbound, c conversation.Commit) error {
	doubt := false // it has failed once: are the events still open?
	if s.db.dialect.joins && c != nil && t.In.Conversation != 0 && t.In.Customer != 0 {
		done, err := s.db.settleAtOnce(ctx, t, parts, c)
		if done || err != nil {
			return err
		}
		doubt = true
	}
	return s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		if doubt {
			if err := tx.whyNot(ctx, parts); errors.Is(err, conversation.ErrSettled) {
				return err
			}
		}
		doubt = true
		return tx.settle(ctx, t, parts, c)
	})
}

func (tx *Tx) settle(ctx context.Context, t conversation.Turn, parts []conversation.Inbound, c conversation.Commit) error {
	tx.turn = scopeOf(t)
	if c == nil {
		changed, err := tx.flush(ctx, tx.endEvents(t, parts))
		if err == nil && int(changed[0]) != len(parts) {
			err = conversation.ErrSettled
		}
		return err
	}
	if err := tx.start(ctx, t, parts); err != nil {
		return err
	}
	d, err := c(ctx, tx)
	if err != nil {
		return err
	}
	return tx.finish(ctx, t, parts, d)
}

func scopeOf(t conversation.Turn) scope {
	return scope{
		to: t.In.Address, handle: t.In.Handle, inbox: t.In.ID, person: t.In.Customer, root: t.Person.Root,
		conversation: t.In.Conversation, now: t.Now,
	}
}

// start locks whom and what the turn is about, if it can still be settled.
func (tx *Tx) start(ctx context.Context, t conversation.Turn, parts []conversation.Inbound) error {
	where, who, root := int64(t.In.Conversation), int64(t.In.Customer), int64(t.Person.Root)
	if where == 0 {
		return nil // the chat could not be read
	}
	query, args := startPostgres, []any{who, root, ms(tx.Now()), where, t.Dialogue.Version}
	switch {
	case who == 0: // the sender could not be read: nobody to lock
		query = `UPDATE conversations SET version = version + 1, last_in_at = ? WHERE id = ? AND version = ? RETURNING 0`
		args = []any{ms(tx.Now()), where, t.Dialogue.Version}
	case tx.d.sqlite:
		query, args = startSQLite, []any{ms(tx.Now()), where, t.Dialogue.Version, who, root}
	}
	var moved int64
	err := tx.get(ctx, &moved, query, args...)
	if errors.Is(err, conversation.ErrNotFound) {
		return tx.whyNot(ctx, parts)
	}
	if err != nil {
		return fmt.Errorf("lock conversation %d: %w", where, err)
	}
	return nil
}

// whyAgain is ErrSettled when one of the events has ended.
func (s *Conversations) whyAgain(ctx context.Context, parts []conversation.Inbound) error {
	return s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		if err := tx.whyNot(ctx, parts); errors.Is(err, conversation.ErrSettled) {
			return err
		}
		return nil
	})
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
	state, cause := inboxDone, shorten(clean(t.Park), maxCause)
	if t.Park != "" {
		state = inboxParked
	}
	if len(parts) == 1 {
		return write{
			`UPDATE inbox SET state = ?, cause = CASE WHEN ? = '' THEN cause ELSE ? END, settled_at = ? WHERE state + 0 = 0 AND id = ?`,
			[]any{state, cause, cause, ms(tx.Now()), parts[0].ID},
		}
	}
	return write{
		`UPDATE inbox SET state = ?, cause = CASE WHEN ? = '' THEN cause ELSE ? END, settled_at = ? WHERE state + 0 = 0 AND ` + tx.d.in("id"),
		[]any{state, cause, cause, ms(tx.Now()), partIDs(tx.d, parts)},
	}
}

// keepDialogue adds the write of the dialogue, if the turn has changed it.
func (tx *Tx) keepDialogue(writes []write, was, is conversation.Dialogue) ([]write, error) {
	if tx.turn.conversation == 0 {
		return writes, nil
	}
	before, err := encodeStack(was)
	if err != nil {
		return nil, err
	}
	after, err := encodeStack(is)
	if err != nil || after == before {
		return writes, err
	}
	return append(writes, write{`UPDATE conversations SET dialogue = ? WHERE id = ?`, []any{after, int64(tx.turn.conversation)}}), nil
}

func partIDs(d *dialect, parts []conversation.Inbound) string {
	list := make([]int64, len(parts))
	for i, p := range parts {
		list[i] = p.ID
	}
	return ids(d, list)
}
