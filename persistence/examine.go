package persistence

import (
	"context"
	"fmt"
	"time"
)

// Condition is how a database stands, for whoever looks after it.
type Condition struct {
	// Ahead is how far the database's clock is ahead of this machine's (behind, when negative). Leases end by it.
	Ahead time.Duration
	// Newest is the latest time at which an event was kept, on the business clock; zero for none.
	Newest time.Time
	// Parked counts events whose turns failed too often.
	Parked int64
	// Unknown counts messages of which nobody knows whether they arrived.
	Unknown int64
	// Waiting counts messages that are still to be sent.
	Waiting int64
}

// Examine reads how the database stands. It writes nothing.
func (db *DB) Examine(ctx context.Context) (Condition, error) {
	var row struct {
		Clock   int64
		Newest  int64
		Parked  int64
		Unknown int64
		Waiting int64
	}
	before := time.Now()
	err := db.Read(ctx, func(ctx context.Context, r *Reader) error {
		return r.get(ctx, &row, `SELECT `+db.dialect.clock+` AS clock,
			(SELECT COALESCE(max(received_at), 0) FROM inbox) AS newest,
			(SELECT count(*) FROM inbox WHERE state = 2) AS parked,
			(SELECT count(*) FROM outbox WHERE state = 3) AS unknown,
			(SELECT count(*) FROM outbox WHERE state = 0) AS waiting`)
	})
	if err != nil {
		return Condition{}, fmt.Errorf("examine the database: %w", err)
	}
	return Condition{
		Ahead: ahead(row.Clock, before), Newest: instant(row.Newest),
		Parked: row.Parked, Unknown: row.Unknown, Waiting: row.Waiting,
	}, nil
}

// Ahead is how far the database's clock is ahead of this machine's, as in Condition.
func (db *DB) Ahead(ctx context.Context) (time.Duration, error) {
	var read int64
	before := time.Now()
	if err := db.Read(ctx, func(ctx context.Context, r *Reader) error { return r.get(ctx, &read, `SELECT `+db.dialect.clock) }); err != nil {
		return 0, fmt.Errorf("ask the database's clock: %w", err)
	}
	return ahead(read, before), nil
}

// ahead compares a clock that the database read since before. It did so somewhere in between.
func ahead(read int64, before time.Time) time.Duration {
	middle := before.Add(time.Since(before) / 2)
	return time.UnixMilli(read).Sub(middle).Round(time.Millisecond)
}
