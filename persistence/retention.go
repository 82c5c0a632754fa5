package persistence

import (
	"context"
	"fmt"
	"time"
)

// Kind is a kind of data that is kept for a time.
type Kind string

// The kinds of data with a time of their own.
const (
	// Messages are what was received and sent, once it is settled. With a message its buttons stop working.
	Messages Kind = "messages"
	// AuditTrail is who did what.
	AuditTrail Kind = "audit"
	// Questions are those that found no answer.
	Questions Kind = "questions"
)

// kept is a table that grows by time: its ids go up with the column, so the oldest rows are read first and reading
// stops at the first one that is young enough.
type kept struct{ table, at, done string }

var keptTables = map[Kind][]kept{
	Messages:   {{"inbox", "received_at", "state <> 0"}, {"outbox", "created_at", "state > 1"}},
	AuditTrail: {{"audit", "done_at", "0 = 0"}},
	Questions:  {{"unanswered", "asked_at", "0 = 0"}},
}

// expiryPage is how many rows one transaction of Expire looks at.
const expiryPage = 500

// Expire deletes data of a kind from before a time (business clock), a page per transaction, and answers how many
// rows that were.
func (db *DB) Expire(ctx context.Context, kind Kind, before time.Time) (deleted int, err error) {
	tables, ok := keptTables[kind]
	if !ok {
		return 0, fmt.Errorf("nothing is kept under the name %q", kind)
	}
	for _, k := range tables {
		n, err := db.expire(ctx, k, ms(before))
		deleted += n
		if err != nil {
			return deleted, fmt.Errorf("delete old rows of %s: %w", k.table, err)
		}
	}
	return deleted, nil
}

func (db *DB) expire(ctx context.Context, k kept, before int64) (deleted int, err error) {
	page := `SELECT id, ` + k.at + ` AS at, CASE WHEN ` + k.done + ` THEN 1 ELSE 0 END AS done FROM ` + k.table + `
		WHERE id > ? ORDER BY id LIMIT CAST(? AS bigint)`
	var after int64
	for {
		var rows []struct {
			ID   int64
			At   int64
			Done bool
		}
		if err := db.statements.list(ctx, &rows, page, after, expiryPage); err != nil {
			return deleted, err
		}
		var old []int64
		for _, r := range rows {
			if after = r.ID; r.At < before && r.Done {
				old = append(old, r.ID)
			}
		}
		if len(old) > 0 {
			err := db.Do(ctx, func(ctx context.Context, tx *Tx) error {
				_, err := tx.exec(ctx, `DELETE FROM `+k.table+` WHERE `+tx.d.in("id"), ids(tx.d, old))
				return err
			})
			if err != nil {
				return deleted, err
			}
			deleted += len(old)
		}
		if len(rows) < expiryPage || rows[len(rows)-1].At >= before {
			return deleted, nil
		}
	}
}
