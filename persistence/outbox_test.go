package persistence_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

func lease(t *testing.T, db *persistence.DB, account, owner string) outbox.Lease {
	t.Helper()
	l, err := db.Outbox().Acquire(t.Context(), account, owner, time.Hour)
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

// write puts messages into the outbox.
func write(t *testing.T, db *persistence.DB, all ...conversation.Outgoing) []conversation.OutgoingID {
	t.Helper()
	var ids []conversation.OutgoingID
	err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) (err error) {
		ids, err = tx.SendAll(ctx, all)
		return err
	})
	if err != nil {
		t.Fatalf("write messages: %v", err)
	}
	return ids
}

// notice is a message to nobody in particular.
func notice(key string) conversation.Outgoing {
	return conversation.Outgoing{
		Key: key, To: conversation.Address{Channel: "telegram", Account: bot, Chat: "c"}, Customer: -1, Lane: conversation.LaneNotice,
		Body: conversation.Body{Text: texts.Literal(key)},
	}
}

func TestRecover(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		careful := notice("coupon")
		careful.AfterCrash, careful.Report = conversation.Unknown, conversation.Ref{Kind: "delivery", ID: 17}
		waits := notice("waits")
		ids := write(t, db, notice("again"), careful, waits)
		var told []persistence.Report
		db.OnReport("delivery", func(_ context.Context, _ *persistence.Tx, r []persistence.Report) error {
			told = append(told, r...)
			return nil
		})
		first := lease(t, db, bot, "a")
		if items, err := db.Outbox().Claim(t.Context(), first, ids[:2], time.Now()); err != nil || len(items) != 2 {
			t.Fatalf("Claim() = %d, %v", len(items), err)
		}
		if err := db.Outbox().Release(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		second := lease(t, db, bot, "b")
		found, err := db.Outbox().Recover(t.Context(), second)
		if err != nil || found != (outbox.Recovered{Resent: 1, Unknown: 1}) {
			t.Errorf("Recover() = %+v, %v; want one of each", found, err)
		}
		if left := waiting(t, db, bot); len(left) != 2 || left[0] != ids[0] || left[1] != ids[2] {
			t.Errorf("waiting = %v, want %d and %d", left, ids[0], ids[2])
		}
		if len(told) != 1 || told[0].ID != 17 || told[0].Outcome != outbox.Lost {
			t.Errorf("reports = %+v, want the delivery as lost", told)
		}
		// The first holder comes back late: it can change nothing.
		if err := db.Outbox().Settle(t.Context(), first, []outbox.Result{{ID: ids[1], Outcome: outbox.Sent}}); !errors.Is(err, outbox.ErrLeaseLost) {
			t.Errorf("late Settle() = %v, want ErrLeaseLost", err)
		}
		again, err := db.Outbox().Claim(t.Context(), second, ids, time.Now())
		if err != nil || len(again) != 2 || again[0].Attempts != 1 {
			t.Errorf("claimed %+v, %v; want two, the first with one call behind it", again, err)
		}
		if found, err := db.Outbox().Recover(t.Context(), second); err != nil || found != (outbox.Recovered{}) {
			t.Errorf("Recover() of one's own = %+v, %v; want nothing", found, err)
		}
	})
}

func TestTwoHoldersOfDifferentAccounts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		other := notice("other")
		other.To.Account = "telegram:2"
		ids := write(t, db, notice("mine"), other)
		mine := lease(t, db, bot, "a")
		items, err := db.Outbox().Claim(t.Context(), mine, ids, time.Now())
		if err != nil || len(items) != 1 || items[0].ID != ids[0] {
			t.Errorf("Claim() = %+v, %v; want only this account's", items, err)
		}
		theirs := lease(t, db, "telegram:2", "b")
		if err := db.Outbox().Settle(t.Context(), theirs, []outbox.Result{{ID: ids[0], Outcome: outbox.Sent}}); err != nil {
			t.Fatal(err)
		}
		if n := count(t, db, "outbox WHERE state = 1"); n != 1 {
			t.Error("a result was taken from the holder of another account")
		}
	})
}

func TestClaimsAtOnceNeverShareAnItem(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		all := make([]conversation.Outgoing, 100)
		for i := range all {
			all[i] = notice(numbered("n", i))
		}
		ids := write(t, db, all...)
		l := lease(t, db, bot, "a")
		claimed := make(chan []outbox.Item, 8)
		for range 8 {
			go func() {
				items, err := db.Outbox().Claim(t.Context(), l, ids, time.Now())
				if err != nil {
					t.Error(err)
				}
				claimed <- items
			}()
		}
		seen := map[conversation.OutgoingID]bool{}
		for range 8 {
			for _, item := range <-claimed {
				if seen[item.ID] {
					t.Errorf("item %d was claimed twice", item.ID)
				}
				seen[item.ID] = true
			}
		}
		if len(seen) != len(ids) {
			t.Errorf("%d items were claimed, want %d", len(seen), len(ids))
		}
	})
}

func TestALeaseEnds(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		short, err := db.Outbox().Acquire(t.Context(), bot, "a", -time.Second) // over at once, by the database's clock
		if err != nil {
			t.Fatal(err)
		}
		ids := write(t, db, notice("n"))
		if _, err := db.Outbox().Claim(t.Context(), short, ids, time.Now()); !errors.Is(err, outbox.ErrLeaseLost) {
			t.Errorf("Claim() after the end = %v, want ErrLeaseLost", err)
		}
		// Nobody has taken it over: what is known of a call is still written.
		if err := db.Outbox().Settle(t.Context(), short, []outbox.Result{{ID: ids[0], Outcome: outbox.Sent}}); err != nil {
			t.Errorf("Settle() after the end = %v, want nil", err)
		}
		again := lease(t, db, bot, "a")
		if again.Epoch != short.Epoch {
			t.Errorf("epoch after an end that nobody used = %d, want %d", again.Epoch, short.Epoch)
		}
		if err := db.Outbox().Release(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		if later := lease(t, db, bot, "a"); later.Epoch != again.Epoch+1 {
			t.Errorf("epoch after it was given back = %d, want %d", later.Epoch, again.Epoch+1)
		}
	})
}

func TestGate(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		offer := func(key string) conversation.Outgoing {
			o := notice(key)
			o.Lane, o.Proactive = conversation.LaneBulk, conversation.Proactive{Purpose: "offer", Topic: "sale"}
			o.Report = conversation.Ref{Kind: "delivery", ID: int64(len(key))}
			return o
		}
		late := offer("late....")
		late.NotAfter = time.Now().Add(-time.Minute)
		ids := write(t, db, offer("go"), offer("stop"), offer("later"), late, notice("service"))
		until := time.Now().Add(3 * time.Hour).Truncate(time.Millisecond)
		var asked []string
		db.SetGate(func(ctx context.Context, tx *persistence.Tx, _ time.Time, all []persistence.Candidate) ([]persistence.Verdict, error) {
			verdicts := make([]persistence.Verdict, len(all))
			for i, c := range all {
				asked = append(asked, c.Proactive.Topic)
				switch c.ID {
				case ids[1]:
					verdicts[i].Suppress = "no_consent"
				case ids[2]:
					verdicts[i] = persistence.Verdict{Defer: until, Reason: "quiet_hours"}
				}
			}
			_, err := persistence.Exec(ctx, tx, `INSERT INTO settings (name, value, updated_at) VALUES ('reserved', '', 0)`)
			return verdicts, err
		})
		told := map[int64]persistence.Report{}
		db.OnReport("delivery", func(_ context.Context, _ *persistence.Tx, all []persistence.Report) error {
			for _, r := range all {
				told[r.ID] = r
			}
			return nil
		})
		items, err := db.Outbox().Claim(t.Context(), lease(t, db, bot, "a"), ids, time.Now())
		if err != nil || len(items) != 2 || items[0].ID != ids[0] || items[1].ID != ids[4] || items[0].Proactive.Topic != "sale" {
			t.Fatalf("Claim() = %+v, %v; want the first and the service message", items, err)
		}
		if len(asked) != 3 {
			t.Errorf("the gate was asked about %v, want the three that are not too late", asked)
		}
		if told[4].Outcome != outbox.Dropped || told[4].Code != "no_consent" || told[8].Code != persistence.CodeTooLate ||
			!told[5].Deferred.Equal(until) || told[5].Code != "quiet_hours" || len(told) != 3 {
			t.Errorf("reports = %+v", told)
		}
		list, err := db.Outbox().Waiting(t.Context(), bot, conversation.LaneBulk, 0, 10)
		if err != nil || len(list) != 1 || list[0].ID != ids[2] || !list[0].NotBefore.Equal(until) {
			t.Errorf("Waiting() = %+v, %v; want the deferred one", list, err)
		}
		if n := count(t, db, "settings WHERE name = 'reserved'"); n != 1 {
			t.Error("what the gate wrote is gone")
		}
	})
}

func TestAFailingHookKeepsTheResultBack(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		o := notice("n")
		o.Report = conversation.Ref{Kind: "delivery", ID: 1}
		ids := write(t, db, o)
		l := lease(t, db, bot, "a")
		claimAll(t, db, l)
		mine := errors.New("mine")
		db.OnReport("delivery", func(context.Context, *persistence.Tx, []persistence.Report) error { return mine })
		if err := db.Outbox().Settle(t.Context(), l, []outbox.Result{{ID: ids[0], Outcome: outbox.Sent}}); !errors.Is(err, mine) {
			t.Errorf("Settle() = %v, want the hook's error", err)
		}
		if n := count(t, db, "outbox WHERE state = 1"); n != 1 {
			t.Error("the item was settled without its record")
		}
		var got persistence.Report
		db.OnReport("delivery", func(_ context.Context, _ *persistence.Tx, r []persistence.Report) error { got = r[0]; return nil })
		// The same again, with one that was settled before: only what is in flight counts.
		results := []outbox.Result{{ID: ids[0], Outcome: outbox.Sent, Receipt: conversation.Receipt{MessageID: "m"}}}
		for range 2 {
			if err := db.Outbox().Settle(t.Context(), l, results); err != nil {
				t.Fatal(err)
			}
			if got.ID != 1 || got.Outcome != outbox.Sent || got.MessageID != "m" {
				t.Errorf("report = %+v", got)
			}
			db.OnReport("delivery", func(context.Context, *persistence.Tx, []persistence.Report) error { return errors.New("told twice") })
		}
	})
}

func TestEditsFindTheirMessage(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		target := write(t, db, notice("target"))[0]
		edit := func(key string, of conversation.OutgoingID) conversation.Outgoing {
			o := notice(key)
			o.Body = conversation.Body{Kind: conversation.BodyEdit, Of: of, Text: texts.Literal("new")}
			return o
		}
		early := write(t, db, edit("early", target))[0]
		l := lease(t, db, bot, "a")
		claim := func(id conversation.OutgoingID) []outbox.Item {
			t.Helper()
			items, err := db.Outbox().Claim(t.Context(), l, []conversation.OutgoingID{id}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return items
		}
		if items := claim(early); len(items) != 1 || items[0].MessageID != "" {
			t.Errorf("an edit before its message = %+v, want it with no message id", items)
		}
		claim(target)
		err := db.Outbox().Settle(t.Context(), l, []outbox.Result{
			{ID: target, Outcome: outbox.Sent, Receipt: conversation.Receipt{MessageID: "m7", Chat: "dm-1"}},
			{ID: early, Outcome: outbox.Retry, Uncalled: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		if items := claim(early); len(items) != 1 || items[0].MessageID != "m7" || items[0].To.Chat != "dm-1" || items[0].Attempts != 0 {
			t.Errorf("the edit afterwards = %+v", items)
		}
		failed := write(t, db, notice("failed"))[0]
		claim(failed)
		if err := db.Outbox().Settle(t.Context(), l, []outbox.Result{{ID: failed, Outcome: outbox.Failed, Kind: conversation.OurPayload}}); err != nil {
			t.Fatal(err)
		}
		for name, of := range map[string]conversation.OutgoingID{"of-failed": failed, "of-nothing": 4711} {
			id := write(t, db, edit(name, of))[0]
			if items := claim(id); len(items) != 0 {
				t.Errorf("%s was claimed: %+v", name, items)
			}
		}
		if n := count(t, db, "outbox WHERE state = 4 AND error_code = '"+persistence.CodeNothingToChange+"'"); n != 2 {
			t.Errorf("%d edits ended, want 2", n)
		}
	})
}

func TestDepth(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		later, bulk := notice("later"), notice("bulk")
		later.NotBefore, bulk.Lane = time.Now().Add(time.Hour), conversation.LaneBulk
		ids := write(t, db, notice("a"), notice("b"), later, bulk)
		l := lease(t, db, bot, "a")
		if _, err := db.Outbox().Claim(t.Context(), l, ids[:1], time.Now()); err != nil {
			t.Fatal(err)
		}
		depth, err := db.Outbox().Depth(t.Context(), bot, time.Now())
		if err != nil || depth[conversation.LaneNotice] != 2 || depth[conversation.LaneBulk] != 1 || depth[conversation.LaneAnswer] != 0 {
			t.Errorf("Depth() = %v, %v", depth, err)
		}
	})
}

func TestHandlesAndPicturesArriveWhole(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		o := notice("n")
		o.Handle = []byte{0, 1, 0xff}
		o.To.Thread = "t1"
		o.Body.Image = &conversation.Image{Data: []byte{0x89, 'P', 'N', 'G', 0}, Name: "qr.png"}
		write(t, db, o)
		item := claimAll(t, db, lease(t, db, bot, "a"))[0]
		if string(item.Handle) != string(o.Handle) || string(item.Body.Image.Data) != string(o.Body.Image.Data) || item.To != o.To || item.Customer != -1 {
			t.Errorf("item = %+v", item)
		}
	})
}
