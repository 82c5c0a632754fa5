package persistence_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

// TestPlansOfASmallPostgresServeALargeOne has a program that keeps its plans since there was next to nothing go on when
// there are many people and messages, before the server has looked at how many: it does so a minute later.
func TestPlansOfASmallPostgresServeALargeOne(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		looked bool // the server has counted how few there are, rather than take each table for ten pages
	}{{"never looked at", false}, {"looked at while small", true}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := migrated.Postgres(t)
			beside := watch(t, url)
			for _, table := range growing {
				beside.run(t, `ALTER TABLE `+table+` SET (autovacuum_enabled = false)`) // that minute does not end
			}
			talk(t, url, "first", func(round func(user string)) {
				for n := range 60 { // as many as the server looks at a table for
					round(fmt.Sprint(n))
				}
			})
			beside.waitAlone(t)
			if test.looked {
				beside.run(t, `ANALYZE`)
			}
			var before map[string]int64
			talk(t, url, "then", func(round func(user string)) {
				for n := range 20 { // more than the five after which the server keeps a plan
					round(fmt.Sprint(n))
				}
				beside.grow(t)
				before = beside.rowsRead(t)
				for n := range 20 {
					round(fmt.Sprint(n))
				}
			})
			beside.waitAlone(t)
			for table, rows := range beside.rowsRead(t) {
				if rows -= before[table]; rows > grown/2 {
					t.Errorf("forty messages and their answers had %d rows of %s read", rows, table)
				}
			}
		})
	}
}

// talk opens the database once and has work answer messages through it, each of which has an event id of its own that
// begins with name.
func talk(t *testing.T, url, name string, work func(round func(user string))) {
	t.Helper()
	db, err := persistence.Open(t.Context(), url, persistence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l := lease(t, db, bot, "a")
	rounds := 0
	work(func(user string) {
		rounds++
		settle(t, db, accept(t, db, message(user, numbered(name, rounds), "salam"))[0], say(conversation.Dialogue{}, "hi"))
		var results []outbox.Result
		for _, item := range claimAll(t, db, l) {
			results = append(results, outbox.Result{ID: item.ID, Outcome: outbox.Sent, Receipt: conversation.Receipt{MessageID: "m"}})
		}
		if len(results) != 1 {
			t.Fatalf("%d messages were claimed, want the one answer", len(results))
		}
		if err := db.Outbox().Settle(t.Context(), l, results); err != nil {
			t.Fatal(err)
		}
	})
	err = db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
		n, err := persistence.Get(ctx, tx, `SELECT CAST(sum(generic_plans) AS bigint) FROM pg_prepared_statements`)
		if n == 0 {
			t.Error("the server kept no plan, so that this shows nothing")
		}
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// grown is how many people and messages come to the small database.
const grown = 20_000

// bystander is a connection beside the program's, which sees what the program has the server do.
type bystander struct{ conn *sql.Conn }

func watch(t *testing.T, url string) bystander {
	t.Helper()
	pool, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return bystander{conn}
}

func (b bystander) run(t *testing.T, query string) {
	t.Helper()
	if _, err := b.conn.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// number reads one number.
func (b bystander) number(t *testing.T, query string) (n int) {
	t.Helper()
	if err := b.conn.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// grow writes many people who were answered long ago.
func (b bystander) grow(t *testing.T) {
	t.Helper()
	const each = ` FROM generate_series(1000001, 1000000 + %d) i`
	for _, fill := range []string{
		`INSERT INTO customers (id, root_id, created_at) SELECT i, i, 0`,
		`INSERT INTO identities (customer_id, channel, user_id, created_at) SELECT i, 'telegram', 'u' || i, 0`,
		`INSERT INTO conversations (account, chat, channel, private, customer_id, created_at)
			SELECT 'telegram:1', 'u' || i, 'telegram', 1, i, 0`,
		`INSERT INTO inbox (account, event_id, conversation_id, customer_id, kind, payload, state, received_at)
			SELECT 'telegram:1', 'e' || i, i, i, 'message', '{}', 1, 0`,
		`INSERT INTO outbox (id, key, account, channel, chat, lane, customer_id, body, created_at, state)
			SELECT i, 'k' || i, 'telegram:1', 'telegram', 'u' || i, 0, i, '{}', 0, 2`,
	} {
		b.run(t, fill+fmt.Sprintf(each, grown))
	}
}

// rowsRead is how many rows of each table were read since the database was made, one after the other or by an index.
// What other connections did is counted surely when they have ended.
func (b bystander) rowsRead(t *testing.T) map[string]int64 {
	t.Helper()
	b.run(t, `SELECT pg_stat_force_next_flush()`)
	rows, err := b.conn.QueryContext(t.Context(), `SELECT relname, CAST(seq_tup_read
		+ COALESCE((SELECT sum(idx_tup_read) FROM pg_stat_user_indexes i WHERE i.relid = t.relid), 0) AS bigint) FROM pg_stat_user_tables t`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	read := map[string]int64{}
	for rows.Next() {
		var table string
		var n int64
		if err := rows.Scan(&table, &n); err != nil {
			t.Fatal(err)
		}
		read[table] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return read
}

// waitAlone returns when all others have left the database. By then the server has counted all that they did.
func (b bystander) waitAlone(t *testing.T) {
	t.Helper()
	for b.number(t, `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`) > 0 {
		runtime.Gosched()
	}
}
