package persistence

import (
	"context"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement"
)

var _ engagement.Emitter = (*Tx)(nil)

// Emit implements engagement.Emitter.
func (tx *Tx) Emit(ctx context.Context, e engagement.Event) (fresh bool, err error) {
	n, err := tx.exec(ctx, `INSERT INTO events (kind, key, customer_id, happened_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (kind, key) DO NOTHING`, e.Kind, clean(e.Key), int64(e.Customer), ms(e.At))
	if err != nil {
		return false, fmt.Errorf("record the event %s of %d: %w", e.Kind, e.Customer, err)
	}
	return n == 1, nil
}

// Events lists events with an id above after, oldest first.
func (db *DB) Events(ctx context.Context, after int64, limit int) ([]engagement.Event, error) {
	var rows []struct {
		ID       int64
		Kind     string
		Key      string
		Customer int64 `db:"customer_id"`
		At       int64 `db:"happened_at"`
	}
	err := db.statements.list(ctx, &rows, `SELECT id, kind, key, customer_id, happened_at FROM events
		WHERE id > ? ORDER BY id LIMIT ?`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list events after %d: %w", after, err)
	}
	out := make([]engagement.Event, len(rows))
	for i, r := range rows {
		out[i] = engagement.Event{ID: r.ID, Kind: r.Kind, Key: r.Key, Customer: conversation.CustomerID(r.Customer), At: instant(r.At)}
	}
	return out, nil
}
