package persistence_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

// start puts messages that we start into the outbox.
func start(t *testing.T, db *persistence.DB, all ...conversation.Outgoing) {
	t.Helper()
	err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
		_, err := tx.SendAll(ctx, all)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// started is a message for person number i.
func started(i int, who conversation.CustomerID, key, purpose string) conversation.Outgoing {
	return conversation.Outgoing{
		Key: key, To: conversation.Address{Channel: "telegram", Account: bot, Chat: "chat-" + numbered("person", i)}, Customer: who,
		Lane: conversation.LaneBulk, AfterCrash: conversation.Unknown, Body: conversation.Body{Text: texts.Literal(key)},
		Proactive: conversation.Proactive{Purpose: purpose},
	}
}

func keysOf(items []outbox.Item) (keys []string) {
	for _, it := range items {
		keys = append(keys, it.Key)
	}
	return keys
}

func TestTwoInOnePageCannotBothHaveTheLastPlace(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, clock *standing) {
		who := people(t, db, 1)[0]
		db.SetGate(persistence.AttentionGate(policy()))
		l := lease(t, db, bot, "a")
		late := started(0, who, "stale", "offer")
		late.NotAfter = clock.at.Add(time.Hour)
		start(t, db, started(0, who, "offer", "offer"), late, started(0, who, "survey", "survey"), started(0, who, "ticket", "csat_ticket"))
		items, err := db.Outbox().Claim(t.Context(), l, waiting(t, db, bot), clock.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(keysOf(items)); got != "[survey ticket]" {
			t.Errorf("claimed %s: the worthiest should have the place, and the ticket's question none", got)
		}
		if n := count(t, db, `outbox WHERE key = 'stale' AND state = 5 AND error_code = 'budget'`); n != 1 {
			t.Error("what is not true tomorrow was put off until then")
		}
		// The place is given back when the message fails, and the offer, put off until tomorrow at ten, takes it then.
		err = db.Outbox().Settle(t.Context(), l, []outbox.Result{{ID: items[0].ID, Outcome: outbox.Failed, Kind: conversation.OurPayload}, {ID: items[1].ID, Outcome: outbox.Sent}})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, db, `attention WHERE state = 'taken'`); n != 0 {
			t.Errorf("%d places are taken by what failed", n)
		}
		clock.at = wednesday.AddDate(0, 0, 1).Truncate(24 * time.Hour).Add(10 * time.Hour)
		if got := fmt.Sprint(keysOf(sendAll(t, db, l, clock.at))); got != "[offer]" {
			t.Errorf("the next day: %s", got)
		}
	})
}

func TestTicketsAndNightsHoldEverythingBack(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, clock *standing) {
		who := people(t, db, 1)[0]
		db.SetGate(persistence.AttentionGate(policy()))
		l := lease(t, db, bot, "a")
		start(t, db, started(0, who, "offer", "offer"))
		if err := db.Silence(t.Context(), clock.at, clock.at.Add(time.Hour), "a quiet hour", "cli"); err != nil {
			t.Fatal(err)
		}
		in := accept(t, db, message("person-0", "help", "a person please"))[0]
		settle(t, db, in, func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			return conversation.Dialogue{}, tx.OpenTicket(ctx, conversation.Handoff{Reason: "asked"})
		})
		steps := []struct {
			at     time.Time
			before string
			want   string
		}{
			{clock.at, "", "[]"},
			{clock.at.Add(2 * time.Hour), "", "[]"}, // the ticket is still open
			{wednesday.Add(10 * time.Hour), `UPDATE tickets SET state = 'resolved'`, "[]"}, // ten in the evening
			{wednesday.AddDate(0, 0, 1).Add(-2 * time.Hour), "", "[offer]"},
		}
		for i, s := range steps {
			if s.before != "" {
				err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
					_, err := persistence.Exec(ctx, tx, s.before)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			clock.at = s.at
			if got := fmt.Sprint(keysOf(sendAll(t, db, l, s.at))); got != s.want {
				t.Errorf("step %d: %s, want %s", i, got, s.want)
			}
		}
	})
}

// TestNeverOverBudget sends at random for weeks: failures, repeats and several in one page. Whatever the order, nobody
// gets more than a day or seven days allow.
func TestNeverOverBudget(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, clock *standing) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		chance := rand.New(rand.NewPCG(seed, 1))
		ids := people(t, db, 3)
		rules := policy()
		rules.PerDay, rules.PerWeek = 2, 5
		db.SetGate(persistence.AttentionGate(rules))
		l := lease(t, db, bot, "a")
		got := map[conversation.CustomerID][]time.Time{}
		purposes := []string{"offer", "survey", "birthday", "points_expiring"}
		for round := range 60 {
			var all []conversation.Outgoing
			for k := range chance.IntN(5) {
				i := chance.IntN(len(ids))
				all = append(all, started(i, ids[i], fmt.Sprintf("m-%d-%d", round, k), purposes[chance.IntN(len(purposes))]))
			}
			start(t, db, all...)
			clock.at = clock.at.Add(time.Duration(chance.IntN(14)) * time.Hour)
			items, err := db.Outbox().Claim(t.Context(), l, waiting(t, db, bot), clock.at)
			if err != nil {
				t.Fatal(err)
			}
			var results []outbox.Result
			for _, it := range items {
				r := outbox.Result{ID: it.ID, Outcome: []outbox.Outcome{outbox.Sent, outbox.Sent, outbox.Failed, outbox.Retry, outbox.Lost}[chance.IntN(5)]}
				if r.Outcome == outbox.Sent || r.Outcome == outbox.Lost {
					got[it.Customer] = append(got[it.Customer], clock.at)
				}
				r.Kind = conversation.OurPayload
				results = append(results, r)
			}
			if err := db.Outbox().Settle(t.Context(), l, results); err != nil {
				t.Fatal(err)
			}
		}
		total := 0
		for who, times := range got {
			total += len(times)
			for _, at := range times {
				day, week := 0, 0
				for _, other := range times {
					ahead := int(other.Truncate(24*time.Hour).Sub(at.Truncate(24*time.Hour)) / (24 * time.Hour))
					if ahead == 0 {
						day++
					}
					if ahead >= 0 && ahead < 7 {
						week++
					}
				}
				if day > rules.PerDay || week > rules.PerWeek {
					t.Fatalf("person %d: %d on the day of %s, %d in the week from it", who, day, at, week)
				}
			}
		}
		if total < 10 {
			t.Errorf("only %d messages were sent at all", total)
		}
	})
}

// TestTwoAccountsShareOneBudget lets two accounts claim for the same people at once.
func TestTwoAccountsShareOneBudget(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, clock *standing) {
		ids := people(t, db, 20)
		db.SetGate(persistence.AttentionGate(policy()))
		const other = "telegram:2"
		leases := []outbox.Lease{lease(t, db, bot, "a"), lease(t, db, other, "b")}
		for i, who := range ids {
			second := started(i, who, numbered("other", i), "offer")
			second.To.Account = other
			start(t, db, started(i, who, numbered("one", i), "offer"), second)
		}
		claimed := make(chan []outbox.Item, 2)
		for _, l := range leases {
			ids := waiting(t, db, l.Account)
			go func() {
				items, err := db.Outbox().Claim(t.Context(), l, ids, clock.at)
				if err != nil {
					t.Error(err)
				}
				claimed <- items
			}()
		}
		per := map[conversation.CustomerID]int{}
		for range leases {
			for _, it := range <-claimed {
				per[it.Customer]++
			}
		}
		for who, n := range per {
			if n != 1 {
				t.Errorf("person %d: %d messages on one day", who, n)
			}
		}
		if len(per) != len(ids) {
			t.Errorf("%d people of %d got one", len(per), len(ids))
		}
	})
}
