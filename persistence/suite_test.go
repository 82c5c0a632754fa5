package persistence_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/texts"
)

const bot = "telegram:1"

// onBoth runs test on a fresh, migrated database of each kind.
func onBoth(t *testing.T, test func(t *testing.T, db *persistence.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, migrated.SQLite(t)))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, migrated.Postgres(t)))
	})
}

// onBothUnclosed is onBoth for tests that close their database themselves; again is a second handle on the same one.
func onBothUnclosed(t *testing.T, test func(t *testing.T, db, again *persistence.DB)) {
	t.Helper()
	for kind, url := range map[string]string{"sqlite": migrated.SQLite(t), "postgres": migrated.Postgres(t)} {
		t.Run(kind, func(t *testing.T) {
			again := open(t, url)
			db, err := persistence.Open(t.Context(), url, persistence.Options{})
			if err != nil {
				t.Fatal(err)
			}
			test(t, db, again)
		})
	}
}

// open opens and migrates the database, and closes it with the test.
func open(t testing.TB, url string) *persistence.DB {
	t.Helper()
	return openWith(t, url, persistence.Options{})
}

func openWith(t testing.TB, url string, o persistence.Options) *persistence.DB {
	t.Helper()
	db, err := persistence.Open(t.Context(), url, o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if strings.HasPrefix(url, "sqlite:") {
			readsNoWholeTable(t, db)
		}
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatalf("migrate: %v", err)
	}
	return db
}

// message is an event of a private chat.
func message(user, event, text string) conversation.Inbound {
	return conversation.Inbound{
		Address: conversation.Address{Channel: "telegram", Account: bot, Chat: "chat-" + user},
		EventID: event, Kind: conversation.KindMessage, From: conversation.Sender{UserID: user, Name: "Name of " + user},
		Private: true, Text: text, At: time.Unix(1_800_000_000, 0).UTC(),
	}
}

// accept keeps events and fails the test if one of them is not fresh.
func accept(t *testing.T, db *persistence.DB, in ...conversation.Inbound) []conversation.Inbound {
	t.Helper()
	fresh, err := db.Conversations().Accept(t.Context(), in...)
	if err != nil || fresh != len(in) {
		t.Fatalf("Accept() = %d, %v; want %d fresh", fresh, err, len(in))
	}
	open, err := db.Conversations().Unsettled(t.Context(), 0, 1000)
	if err != nil {
		t.Fatalf("Unsettled: %v", err)
	}
	return open[len(open)-len(in):]
}

// turn loads what a turn over in starts from.
func turn(t *testing.T, db *persistence.DB, in conversation.Inbound) conversation.Turn {
	t.Helper()
	st, err := db.Conversations().Load(t.Context(), in)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return conversation.Turn{
		In: in, Parts: []conversation.Inbound{in}, Person: st.Person, Dialogue: st.Dialogue,
		HumanOwns: st.HumanOwns, HumanWaits: st.HumanWaits, Now: time.Now(),
	}
}

// settle accepts one message and settles it with c.
func settle(t *testing.T, db *persistence.DB, in conversation.Inbound, c conversation.Commit) {
	t.Helper()
	if err := db.Conversations().Settle(t.Context(), turn(t, db, in), c); err != nil {
		t.Fatalf("Settle: %v", err)
	}
}

// say is a commit that sends text and keeps the dialogue.
func say(d conversation.Dialogue, words ...string) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		for _, w := range words {
			if _, err := tx.Send(ctx, conversation.Say(texts.Literal(w))); err != nil {
				return d, err
			}
		}
		return d, nil
	}
}

// count answers how many rows a table has.
func count(t *testing.T, db *persistence.DB, from string) int {
	t.Helper()
	n, err := persistence.Count(t.Context(), db, from)
	if err != nil {
		t.Fatalf("count %s: %v", from, err)
	}
	return n
}

func numbered(prefix string, n int) string { return fmt.Sprintf("%s-%d", prefix, n) }

// everything is a commit that uses each method of a Tx.
func everything(in conversation.Inbound) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (d conversation.Dialogue, err error) {
		if _, err := tx.Send(ctx, conversation.Say(texts.Literal("hi"))); err != nil {
			return d, err
		}
		if _, err := tx.Send(ctx, conversation.Outgoing{Key: "own", Body: conversation.Body{Text: texts.Literal("ho")}}); err != nil {
			return d, err
		}
		if err := tx.OpenTicket(ctx, conversation.Handoff{Reason: "asked", Words: in.Text}); err != nil {
			return d, err
		}
		if err := tx.SavePerson(ctx, conversation.Person{ID: in.Customer, Root: in.Customer, Name: "Aynur", Welcomed: true}); err != nil {
			return d, err
		}
		for _, granted := range []bool{true, false} {
			for _, topic := range []string{"all", "offers"} {
				if err := tx.RecordConsent(ctx, conversation.Consent{Topic: topic, Granted: granted, Wording: "w1", Way: "button"}); err != nil {
					return d, err
				}
			}
		}
		return d, nil
	}
}
