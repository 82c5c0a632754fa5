package persistence_test

import (
	"errors"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
)

func lease(t *testing.T, db *persistence.DB, account, owner string) outbox.Lease {
	t.Helper()
	l, err := db.Outbox().Acquire(t.Context(), account, owner, time.Minute)
	if err != nil {
		t.Fatalf("Acquire: %v", err)
	}
	return l
}

// waiting lists what an account has to send, in all lanes.
func waiting(t *testing.T, db *persistence.DB, account string) (ids []conversation.OutgoingID) {
	t.Helper()
	for _, lane := range []conversation.Lane{conversation.LaneAnswer, conversation.LaneNotice, conversation.LaneBulk} {
		list, err := db.Outbox().Waiting(t.Context(), account, lane, 0, 1000)
		if err != nil {
			t.Fatalf("Waiting: %v", err)
		}
		for _, w := range list {
			ids = append(ids, w.ID)
		}
	}
	return ids
}

func claimAll(t *testing.T, db *persistence.DB, l outbox.Lease) []outbox.Item {
	t.Helper()
	items, err := db.Outbox().Claim(t.Context(), l, waiting(t, db, l.Account), time.Now())
	if err != nil {
		t.Fatalf("Claim: %v", err)
	}
	return items
}

func TestLease(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		first := lease(t, db, bot, "a")
		if first.Epoch != 1 {
			t.Errorf("first epoch = %d, want 1", first.Epoch)
		}
		if again := lease(t, db, bot, "a"); again.Epoch != 1 {
			t.Errorf("renewed epoch = %d, want 1", again.Epoch)
		}
		if _, err := db.Outbox().Acquire(t.Context(), bot, "b", time.Minute); !errors.Is(err, outbox.ErrLeaseHeld) {
			t.Errorf("second owner: %v, want ErrLeaseHeld", err)
		}
		if err := db.Outbox().Release(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		second := lease(t, db, bot, "b")
		if second.Epoch != 2 {
			t.Errorf("epoch after a change = %d, want 2", second.Epoch)
		}
		if _, err := db.Outbox().Claim(t.Context(), first, []conversation.OutgoingID{1}, time.Now()); !errors.Is(err, outbox.ErrLeaseLost) {
			t.Errorf("claim with a lost lease: %v, want ErrLeaseLost", err)
		}
		if err := db.Outbox().Settle(t.Context(), first, []outbox.Result{{ID: 1}}); !errors.Is(err, outbox.ErrLeaseLost) {
			t.Errorf("settle with a lost lease: %v, want ErrLeaseLost", err)
		}
	})
}

func TestClaimAndSettle(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := accept(t, db, message("ann", "1", "salam"))[0]
		settle(t, db, in, say(conversation.Dialogue{}, "one", "two", "three"))
		l := lease(t, db, bot, "a")
		items := claimAll(t, db, l)
		if len(items) != 3 || items[0].Body.Text.Plain() != "one" || items[2].Body.Text.Plain() != "three" {
			t.Fatalf("claimed %d items", len(items))
		}
		if items[0].To != in.Address || items[0].Customer != in.Customer || items[0].Key == items[1].Key || items[0].Nonce == items[1].Nonce || len(items[0].Nonce) > 25 {
			t.Errorf("first item = %+v", items[0])
		}
		if left := waiting(t, db, bot); len(left) != 0 {
			t.Errorf("still waiting: %v", left)
		}
		later := time.Now().Add(time.Hour)
		err := db.Outbox().Settle(t.Context(), l, []outbox.Result{
			{ID: items[0].ID, Outcome: outbox.Sent, Receipt: conversation.Receipt{MessageID: "m1"}},
			{ID: items[1].ID, Outcome: outbox.Retry, RetryAt: later, Kind: conversation.RateLimited, Uncalled: true},
			{ID: items[2].ID, Outcome: outbox.Failed, Kind: conversation.PersonGone, Code: "blocked_by_user"},
		})
		if err != nil {
			t.Fatal(err)
		}
		list, err := db.Outbox().Waiting(t.Context(), bot, conversation.LaneAnswer, 0, 10)
		if err != nil || len(list) != 1 || list[0].ID != items[1].ID || list[0].RetryAt.UnixMilli() != later.UnixMilli() {
			t.Errorf("Waiting() = %+v, %v; want the second, later", list, err)
		}
		if n := count(t, db, "identities WHERE reach = 'gone' AND reach_reason = 'blocked_by_user'"); n != 1 {
			t.Errorf("%d people are gone, want 1", n)
		}
		if n := count(t, db, "outbox WHERE state = 2 AND message_id = 'm1'"); n != 1 {
			t.Errorf("%d sent, want 1", n)
		}
	})
}
