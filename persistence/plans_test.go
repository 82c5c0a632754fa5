package persistence_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest"
)

// grows names the tables that a statement of a turn or of the outbox must never read through.
var grows = regexp.MustCompile(`SCAN (outbox|inbox|identities|customers|conversations|tickets|consents|o|t|p|c|own|root)\b`)

func TestNoStatementReadsAWholeTable(t *testing.T) {
	t.Parallel()
	db := open(t, dbtest.SQLite(t))
	exercise(t, db)
	plans, err := persistence.Plans(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if len(plans) < 15 {
		t.Errorf("only %d statements were looked at", len(plans))
	}
	for query, plan := range plans {
		for _, step := range plan {
			if grows.MatchString(step) && !strings.HasPrefix(query, "INSERT INTO") { // those show foreign keys that are looked at only after a violation
				t.Errorf("%s\n\treads a whole table: %q", query, plan)
				break
			}
		}
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
	db := open(t, migratedPostgres(t))
	plan, err := persistence.WaitingPlan(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(plan, "\n")
	if !strings.Contains(text, "outbox_pending") || strings.Contains(text, "Sort") || strings.Contains(text, "Filter") {
		t.Errorf("the plan is\n%s", text)
	}
}
