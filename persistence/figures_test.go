package persistence_test

import (
	"context"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

// TestFigures writes messages and events of every kind and expects each to be counted where it belongs.
func TestFigures(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		now := time.Now()
		if f, err := db.Figures(t.Context(), now); err != nil || len(f.Queues) > 0 || f.Open > 0 || !f.Since.IsZero() || len(f.Holders) > 0 {
			t.Fatalf("an empty database: %+v, %v", f, err)
		}
		send(t, db, "due 1", time.Time{}, conversation.LaneAnswer)
		send(t, db, "due 2", time.Time{}, conversation.LaneAnswer)
		send(t, db, "lost", time.Time{}, conversation.LaneNotice)
		send(t, db, "later", now.Add(time.Hour), conversation.LaneBulk)
		l := lease(t, db, bot, "host/1/2")
		lost, err := db.Outbox().Waiting(t.Context(), bot, conversation.LaneNotice, 0, 1)
		if err != nil || len(lost) != 1 {
			t.Fatalf("Waiting: %v, %v", lost, err)
		}
		if _, err := db.Outbox().Claim(t.Context(), l, []conversation.OutgoingID{lost[0].ID}, now); err != nil {
			t.Fatal(err)
		}
		if err := db.Outbox().Settle(t.Context(), l, []outbox.Result{{ID: lost[0].ID, Outcome: outbox.Lost, Kind: conversation.OutcomeUnknown}}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Conversations().Accept(t.Context(), message("7", "e1", "salam")); err != nil {
			t.Fatal(err)
		}
		f, err := db.Figures(t.Context(), now.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Queues) != 2 || f.Queues[0].Due != 2 || f.Queues[0].Later != 0 || f.Queues[1].Due != 0 || f.Queues[1].Later != 1 {
			t.Errorf("queues: %+v", f.Queues)
		}
		if f.Queues[0].Oldest.IsZero() || f.Queues[0].Oldest.After(time.Now().Add(time.Second)) || !f.Queues[1].Oldest.IsZero() {
			t.Errorf("the oldest due: %+v", f.Queues)
		}
		if f.Unknown[bot] != 1 || f.Open != 1 || f.Since.IsZero() || f.Parked != 0 {
			t.Errorf("%+v", f)
		}
		if len(f.Holders) != 1 || f.Holders[0].Owner != "host/1/2" || f.Holders[0].Lasts < 50*time.Minute || f.Holders[0].Lasts > time.Hour {
			t.Errorf("holders: %+v", f.Holders)
		}
		c, err := db.Examine(t.Context())
		if err != nil || c.Unknown != 1 || c.Waiting != 3 || c.Ahead.Abs() > time.Minute || c.Newest.IsZero() {
			t.Errorf("Examine: %+v, %v", c, err)
		}
	})
}

// send puts a message to nobody in particular into the outbox.
func send(t *testing.T, db *persistence.DB, key string, notBefore time.Time, lane conversation.Lane) {
	t.Helper()
	err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
		_, err := tx.Send(ctx, conversation.Outgoing{
			Key: key, To: conversation.Address{Channel: "telegram", Account: bot, Chat: "7"}, Customer: -1, Lane: lane, NotBefore: notBefore,
			Body: conversation.Body{Text: texts.Literal(key)},
		})
		return err
	})
	if err != nil {
		t.Fatalf("send %s: %v", key, err)
	}
}
