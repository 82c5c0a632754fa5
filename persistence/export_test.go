package persistence

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/offer"
)

// ofTest marks statements that only tests run.
const ofTest = "/* of a test */ "

// Count answers how many rows there are in a table, with an optional condition behind it.
func Count(ctx context.Context, db *DB, from string) (int, error) {
	var n int
	err := db.statements.get(ctx, &n, ofTest+"SELECT count(*) FROM "+from)
	return n, err
}

// Plans answers, for every statement of the service that this SQLite database has prepared, how SQLite would run it.
func Plans(ctx context.Context, db *DB) (map[string][]string, error) {
	queries := map[string]struct{}{}
	err := db.Do(ctx, func(context.Context, *Tx) error { // the map belongs to the writer's goroutine
		for q := range db.writer.kept {
			queries[q] = struct{}{}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	db.cache.mu.Lock()
	for q := range db.cache.kept {
		queries[q] = struct{}{}
	}
	db.cache.mu.Unlock()
	plans := map[string][]string{}
	for q := range queries {
		if strings.HasPrefix(q, ofTest) {
			continue
		}
		var steps []struct {
			ID, Parent, NotUsed int
			Detail              string
		}
		// BEGIN and its like have no plan.
		if err := db.pool.SelectContext(ctx, &steps, "EXPLAIN QUERY PLAN "+q, make([]any, strings.Count(q, "?"))...); err != nil {
			continue
		}
		for _, s := range steps {
			plans[q] = append(plans[q], s.Detail)
		}
	}
	return plans, nil
}

// PartialIndexes are the indexes of a SQLite database that hold only some rows of their table.
func PartialIndexes(ctx context.Context, db *DB) (names []string, err error) {
	err = db.pool.SelectContext(ctx, &names, `SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%WHERE%'`)
	return names, err
}

// Strings reads a column of texts.
func Strings(ctx context.Context, db *DB, query string) (list []string, err error) {
	err = db.statements.list(ctx, &list, ofTest+query)
	return list, err
}

// Exec runs a statement in a transaction's own way.
func Exec(ctx context.Context, tx *Tx, query string, args ...any) (int64, error) {
	return tx.exec(ctx, ofTest+query, args...)
}

// Get reads one number in a transaction.
func Get(ctx context.Context, tx *Tx, query string, args ...any) (n int64, err error) {
	err = tx.get(ctx, &n, ofTest+query, args...)
	return n, err
}

// ErrAgain asks for another run.
var ErrAgain = errAgain

// WaitQueued returns once so many functions wait for SQLite's writer.
func WaitQueued(db *DB, n int) {
	for len(db.writer.queue)+len(db.writer.slow) < n {
		runtime.Gosched()
	}
}

// WriterTurns is in which groups SQLite's writer takes functions that all wait: so many, and some of bulk, of which each
// may have waited for too long.
func WriterTurns(others int, bulk []bool) (turns [][]string) {
	queue, slow := make(chan *job, others), make(chan *job, len(bulk))
	names := map[*job]string{}
	for range others {
		j := &job{}
		names[j] = "other"
		queue <- j
	}
	now := time.Now()
	for _, late := range bulk {
		j := &job{late: now.Add(longestYield)}
		if late {
			j.late = now
		}
		names[j] = "bulk"
		slow <- j
	}
	close(queue)
	close(slow)
	l := &line{queue: queue, slow: slow}
	for group := l.next(func() time.Time { return now }); len(group) > 0; group = l.next(func() time.Time { return now }) {
		var turn []string
		for _, j := range group {
			turn = append(turn, names[j])
		}
		turns = append(turns, turn)
	}
	return turns
}

// Yields says whether a claim of the messages lets others go first.
func Yields(ctx context.Context, db *DB, ids []conversation.OutgoingID) (bool, error) {
	how, _, err := db.Outbox().manner(ctx, ids)
	return how.yields, err
}

// LimitPages lets the SQLite file grow by so many pages, as a disk would that is about to be full.
func LimitPages(db *DB, more int) error {
	ctx := context.Background()
	return db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		var have int
		if err := tx.get(ctx, &have, "PRAGMA page_count"); err != nil {
			return err
		}
		return tx.get(ctx, &have, fmt.Sprintf("PRAGMA max_page_count = %d", have+more))
	})
}

// ListSettings reads a table.
func ListSettings(ctx context.Context, r *Reader) error {
	var names []string
	return r.list(ctx, &names, `SELECT name FROM settings ORDER BY name`)
}

// DoLazily is a transaction that does not wait for the disk.
func DoLazily(ctx context.Context, db *DB, fn func(ctx context.Context, tx *Tx) error) error {
	return db.doLazily(ctx, fn)
}

// WaitingPlan is how PostgreSQL lists what an account has to send when the table is large.
func WaitingPlan(ctx context.Context, db *DB) (steps []string, err error) {
	err = db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.exec(ctx, `SET LOCAL enable_seqscan = off`); err != nil { // what a large table does by itself
			return err
		}
		return tx.list(ctx, &steps, "EXPLAIN "+waitingSQL, "telegram:1", 0, 0, 1000)
	})
	return steps, err
}

// ErrKilled is what FillFailing breaks off with.
var ErrKilled = errors.New("killed")

// FillFailing writes a page and is broken off before its statement number at, counted from 0. It answers how many
// statements were run.
func FillFailing(ctx context.Context, db *DB, p offer.Page, at int) (ran int, err error) {
	err = db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		ran = 0
		prepare := tx.prepare
		tx.prepare = func(ctx context.Context, query string) (*sqlx.Stmt, error) {
			if ran == at {
				return nil, ErrKilled
			}
			ran++
			return prepare(ctx, query)
		}
		return tx.fill(ctx, p)
	})
	return ran, err
}

// Column is a column of a table as the schema has it.
type Column struct {
	Table string `db:"tbl"`
	Name  string `db:"col"`
	Text  bool   `db:"is_text"`
}

// Columns lists all columns of all tables of ours.
func Columns(ctx context.Context, db *DB) (list []Column, err error) {
	query := `SELECT table_name AS tbl, column_name AS col, CASE WHEN data_type = 'text' THEN 1 ELSE 0 END AS is_text
		FROM information_schema.columns WHERE table_schema = ANY (current_schemas(false)) AND table_name NOT LIKE 'goose%' ORDER BY 1, ordinal_position`
	if db.dialect.sqlite {
		query = `SELECT m.name AS tbl, i.name AS col, CASE WHEN i.type = 'TEXT' THEN 1 ELSE 0 END AS is_text FROM sqlite_master m, pragma_table_info(m.name) i
			WHERE m.type = 'table' AND m.name NOT LIKE 'goose%' AND m.name NOT LIKE 'sqlite%' ORDER BY 1, i.cid`
	}
	err = db.statements.list(ctx, &list, ofTest+query)
	return list, err
}

// DoBulk runs a transaction of bulk that takes as long as work; many says that it is of many messages.
func DoBulk(ctx context.Context, db *DB, many bool, work func()) error {
	return db.do(ctx, manner{lazy: true, yields: true, bulk: many}, func(context.Context, *Tx) error {
		work()
		return nil
	})
}
