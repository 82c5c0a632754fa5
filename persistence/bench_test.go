package persistence_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest"
	"github.com/rapport-chat/rapport/texts"
)

// benchOnBoth runs a benchmark on both databases with 1, 8 and 64 callers at once.
func benchOnBoth(b *testing.B, prepare func(b *testing.B, db *persistence.DB) func(ctx context.Context, caller int, n int64) error) {
	for _, kind := range []string{"sqlite", "postgres"} {
		for _, callers := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/%d", kind, callers), func(b *testing.B) {
				url := dbtest.SQLite(b)
				if kind == "postgres" {
					url = dbtest.Postgres(b)
				}
				db, err := persistence.Open(b.Context(), url, persistence.Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { _ = db.Close() })
				if err := db.Migrate(b.Context()); err != nil {
					b.Fatal(err)
				}
				one := prepare(b, db)
				b.ResetTimer()
				begun := cpuTime()
				var next atomic.Int64
				var wait sync.WaitGroup
				for c := range callers {
					wait.Go(func() {
						for {
							n := next.Add(1)
							if n > int64(b.N) {
								return
							}
							if err := one(b.Context(), c, n); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wait.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
				b.ReportMetric(float64((cpuTime()-begun).Microseconds())/float64(b.N), "cpu-µs/op")
			})
		}
	}
}

// BenchmarkBare is the least that a durable answer can cost.
func BenchmarkBare(b *testing.B) {
	benchOnBoth(b, func(b *testing.B, db *persistence.DB) func(context.Context, int, int64) error {
		bare, err := persistence.NewBare(b.Context(), db)
		if err != nil {
			b.Fatal(err)
		}
		return func(ctx context.Context, _ int, n int64) error { return bare.Turn(ctx, n) }
	})
}

// BenchmarkTurn accepts, reads, loads and settles one message with one reply. One goroutine reads the inbox for all.
func BenchmarkTurn(b *testing.B) {
	benchOnBoth(b, func(b *testing.B, db *persistence.DB) func(context.Context, int, int64) error {
		store := db.Conversations()
		arrived := deliver(b, db)
		// Whoever runs the account need not tell other processes.
		if _, err := db.Outbox().Acquire(b.Context(), bot, "bench", time.Hour); err != nil {
			b.Fatal(err)
		}
		return func(ctx context.Context, caller int, n int64) error {
			event := fmt.Sprintf("%d", n)
			mine := make(chan conversation.Inbound, 1)
			arrived.Store(event, mine)
			in := message(fmt.Sprintf("u%d", caller), event, "Salam, sifarişim haradadır? Dünən axşam vermişdim, hələ də gəlməyib.")
			if _, err := store.Accept(ctx, in); err != nil {
				return err
			}
			in = <-mine
			st, err := store.Load(ctx, in)
			if err != nil {
				return err
			}
			return store.Settle(ctx, conversation.Turn{
				In: in, Parts: []conversation.Inbound{in}, Person: st.Person, Dialogue: st.Dialogue, Now: time.Now(),
			}, say(st.Dialogue, "Sifarişiniz yoldadır, bu gün saat 18:00-a qədər çatacaq."))
		}
	})
}

// deliver reads the inbox until the benchmark ends and hands each event to the channel that is stored under its id.
func deliver(b *testing.B, db *persistence.DB) *sync.Map {
	b.Helper()
	var arrived sync.Map
	nudged := make(chan struct{}, 1)
	cancel := db.OnNudge(func(box persistence.Box, _ string) {
		if box == persistence.BoxInbox {
			select {
			case nudged <- struct{}{}:
			default:
			}
		}
	})
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan struct{})
	b.Cleanup(func() { cancel(); stop(); <-done })
	go func() {
		defer close(done)
		rescan := time.NewTicker(50 * time.Millisecond)
		defer rescan.Stop()
		var after int64
		for {
			select {
			case <-ctx.Done():
				return
			case <-nudged:
			case <-rescan.C:
				after = 0
			}
			open, err := db.Conversations().Unsettled(ctx, after, 256)
			if err != nil {
				return
			}
			for _, in := range open {
				after = in.ID
				if c, ok := arrived.LoadAndDelete(in.EventID); ok {
					c.(chan conversation.Inbound) <- in
				}
			}
		}
	}()
	return &arrived
}

// BenchmarkDispatch claims and settles messages in pages, with nothing sent between.
func BenchmarkDispatch(b *testing.B) {
	const page = 200
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			url := dbtest.SQLite(b)
			if kind == "postgres" {
				url = dbtest.Postgres(b)
			}
			db, err := persistence.Open(b.Context(), url, persistence.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			if err := db.Migrate(b.Context()); err != nil {
				b.Fatal(err)
			}
			fill(b, db, b.N)
			l, err := db.Outbox().Acquire(b.Context(), bot, "bench", time.Hour)
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			var after conversation.OutgoingID
			for {
				list, err := db.Outbox().Waiting(b.Context(), bot, conversation.LaneBulk, after, page)
				if err != nil {
					b.Fatal(err)
				}
				if len(list) == 0 {
					break
				}
				ids := make([]conversation.OutgoingID, len(list))
				for i, w := range list {
					ids[i], after = w.ID, w.ID
				}
				items, err := db.Outbox().Claim(b.Context(), l, ids, time.Now())
				if err != nil || len(items) != len(ids) {
					b.Fatal(len(items), err)
				}
				results := make([]outbox.Result, len(items))
				for i, item := range items {
					results[i] = outbox.Result{ID: item.ID, Outcome: outbox.Sent, Receipt: conversation.Receipt{MessageID: "1234567"}}
				}
				if err := db.Outbox().Settle(b.Context(), l, results); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
}

// fill writes n bulk messages, a page at a time.
func fill(b *testing.B, db *persistence.DB, n int) {
	b.Helper()
	for from := 0; from < n; from += 1000 {
		err := db.Do(b.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			var page []conversation.Outgoing
			for i := from; i < min(from+1000, n); i++ {
				page = append(page, bulk(i))
			}
			_, err := tx.SendAll(ctx, page)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// bulk is one of many messages that we start.
func bulk(n int) conversation.Outgoing {
	return conversation.Outgoing{
		Key: fmt.Sprintf("offer:1:%d", n), To: conversation.Address{Channel: "telegram", Account: bot, Chat: fmt.Sprintf("chat-%d", n)},
		Customer: -1, Lane: conversation.LaneBulk, AfterCrash: conversation.Unknown,
		Body: conversation.Body{Text: texts.Literal("Bu cümə latte 20% endirimlə. Sabah 10:00-dan axşama qədər, Nizami küçəsində.")},
	}
}

// cpuTime is what this process has used of the processor: on a busy machine it says more than the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
