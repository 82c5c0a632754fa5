package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

// growing are the tables that grow with the people and what they write.
var growing = []string{
	"conversations", "consents", "consents_in_force", "customers", "deliveries", "identities", "inbox", "ledger_entries",
	"ledger_lots", "balances", "orders", "order_lines", "outbox", "tickets", "unanswered",
}

// wholeOnPurpose are beginnings of statements that read such a table through, and may.
var wholeOnPurpose = map[string]string{
	`SELECT * FROM (SELECT '`:                                                               "the ledger is proved from its first entry on, when an operator asks",
	`SELECT (SELECT count(*) FROM ledger_entries)`:                                          "the same",
	`SELECT channel, count(*) AS n FROM consents_in_force`:                                  "the estimate before an offer is sent counts whom it may reach",
	`SELECT text, lang, nearest, outcome, asked_at FROM unanswered`:                         "the gaps of the last weeks, which end with privacy.keep",
	`SELECT c.root_id, u.text FROM unanswered`:                                              "the same, when staff teach",
	`SELECT id, customer_id, conversation_id, root_id, lang, words, opened_at FROM tickets`: "the tickets of the last days, when staff teach",
}

// named finds a table and the name that a statement gives it.
var named = regexp.MustCompile(`(?:FROM|JOIN|UPDATE|INTO) (\w+)(?: AS)?(?: (\w+))?`)

// read finds a step that reads a table through, or all rows of an account.
var read = regexp.MustCompile(`^(?:SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?$|SEARCH (\w+) USING (?:COVERING )?INDEX (\w+) \(account=\?\)$)`)

// readsNoWholeTable fails the test if a statement that it has had run on SQLite reads a table that grows from one end to
// the other. An index that holds only what something waits for is small.
func readsNoWholeTable(t testing.TB, db *persistence.DB) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	plans, err := persistence.Plans(ctx, db)
	if errors.Is(err, persistence.ErrClosed) {
		return
	}
	partial, err2 := persistence.PartialIndexes(ctx, db)
	if err := errors.Join(err, err2); err != nil {
		t.Errorf("look at the plans: %v", err)
		return
	}
	for query, plan := range plans {
		query = strings.Join(strings.Fields(query), " ")
		if onPurpose(query) || strings.HasPrefix(query, "INSERT INTO") { // those show foreign keys that are looked at only after a violation
			continue
		}
		tables := map[string]string{}
		for _, m := range named.FindAllStringSubmatch(query, -1) {
			tables[m[1]] = m[1]
			tables[m[2]] = m[1]
		}
		for _, step := range plan {
			m := read.FindStringSubmatch(step)
			if m == nil || slices.Contains(partial, m[2]+m[4]) || !slices.Contains(growing, tables[m[1]+m[3]]) {
				continue
			}
			t.Errorf("%s\n\treads a whole table, %q:\n\t%s", query, step, strings.Join(plan, "\n\t"))
		}
	}
}

func onPurpose(query string) bool {
	for beginning := range wholeOnPurpose {
		if strings.HasPrefix(query, beginning) {
			return true
		}
	}
	return false
}

// TestATurnReadsNoWholeTable has what a turn and the outbox do looked at, as open does with every test's database.
func TestATurnReadsNoWholeTable(t *testing.T) {
	t.Parallel()
	db := open(t, migrated.SQLite(t))
	exercise(t, db)
	plans, err := persistence.Plans(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if len(plans) < 15 {
		t.Errorf("only %d statements were looked at", len(plans))
	}
}

// exercise has every statement of a turn and of the outbox run once.
func exercise(t *testing.T, db *persistence.DB) {
	t.Helper()
	in := accept(t, db, message("ann", "1", "salam"))[0]
	settle(t, db, in, everything(in))
	blocked := message("ann", "2", "blocked_by_user")
	blocked.Kind = conversation.KindBlocked
	in = accept(t, db, blocked)[0]
	if _, err := db.Conversations().Failed(t.Context(), in, "no"); err != nil {
		t.Fatal(err)
	}
	l := lease(t, db, bot, "a")
	if _, err := db.Outbox().Recover(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	items := claimAll(t, db, l)
	err := db.Outbox().Settle(t.Context(), l, []outbox.Result{{ID: items[0].ID, Outcome: outbox.Failed, Kind: conversation.PersonGone}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Outbox().Depth(t.Context(), bot, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Chats(t.Context(), in.Customer); err != nil {
		t.Fatal(err)
	}
	_, err = db.Conversations().FindButton(t.Context(), in.Address, "0123456789ABCDEF.0")
	if err == nil {
		t.Fatal("found a button that nobody made")
	}
	if _, err = db.Conversations().LastAsked(t.Context(), in.Address, in.Customer); err == nil {
		t.Fatal("found a question that nobody asked")
	}
}

func TestWaitingIsReadFromItsIndex(t *testing.T) {
	t.Parallel()
	db := open(t, migrated.Postgres(t))
	plan, err := persistence.WaitingPlan(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(plan, "\n")
	if !strings.Contains(text, "outbox_pending") || strings.Contains(text, "Sort") || strings.Contains(text, "Filter") {
		t.Errorf("the plan is\n%s", text)
	}
}

// TestALargePostgresIsReadByItsIndexes has a turn and the outbox run beside twenty thousand people: the planner is told
// nothing of how few rows a table of parameters has, and reads a whole table rather than look up a hundred.
func TestALargePostgresIsReadByItsIndexes(t *testing.T) {
	t.Parallel()
	const people = 20_000
	url := migrated.Postgres(t)
	db := open(t, url)
	each := fmt.Sprintf(` FROM generate_series(1, %d) i`, people)
	for _, fill := range []string{
		`INSERT INTO customers (id, root_id, created_at) SELECT i + 1000, i + 1000, 0` + each,
		`INSERT INTO identities (customer_id, channel, user_id, created_at) SELECT i + 1000, 'telegram', 'u' || i, 0` + each,
		`INSERT INTO conversations (account, chat, channel, private, customer_id, created_at)
			SELECT 'telegram:1', 'u' || i, 'telegram', 1, i + 1000, 0` + each,
		`INSERT INTO outbox (id, key, account, channel, chat, lane, body, crash_rule, created_at, state)
			SELECT i + 100000, 'k' || i, 'telegram:1', 'telegram', 'u' || i, 0, '{}', 0, 0, 2` + each,
		`ANALYZE`,
	} {
		err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			_, err := persistence.Exec(ctx, tx, fill)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	ask := func(query string) (n int64) {
		err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) (err error) {
			n, err = persistence.Get(ctx, tx, query)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const read = `SELECT sum(seq_tup_read) FROM pg_stat_user_tables`
	const others = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`
	before, mine := ask(read), ask(others)
	other, err := persistence.Open(t.Context(), url, persistence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	exercise(t, other)
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	for ask(others) > mine { // a connection's figures are told when it ends
		runtime.Gosched()
	}
	if n := ask(read) - before; n > people/2 {
		t.Errorf("a few messages had %d rows read one after the other", n)
	}
}
