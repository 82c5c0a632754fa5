package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/clock"
)

// Held is the agenda of messages that wait for their time: it does nothing itself, but who moves the clock stops at
// each of them.
type Held struct {
	db  *DB
	now func() time.Time
}

var _ clock.Agenda = (*Held)(nil)

// NewHeld looks at all accounts by the business clock.
func NewHeld(db *DB, now func() time.Time) *Held { return &Held{db, now} }

// Name implements clock.Agenda.
func (*Held) Name() string { return "held messages" }

// Next implements clock.Agenda.
func (h *Held) Next(ctx context.Context) (time.Time, bool, error) {
	var at int64
	err := h.db.statements.get(ctx, &at, `SELECT COALESCE(min(not_before), 0) FROM outbox WHERE state = 0 AND not_before > ?`, ms(h.now()))
	if err != nil {
		return time.Time{}, false, fmt.Errorf("look for messages that wait: %w", err)
	}
	return instant(at), at > 0, nil
}

// RunDue implements clock.Agenda.
func (*Held) RunDue(context.Context, time.Time) (more bool, err error) { return false, nil }
