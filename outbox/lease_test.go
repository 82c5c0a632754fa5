package outbox_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

func TestStopFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := func(conversation.Sending) time.Duration { return 900 * time.Millisecond }
		p := &platform{perSecond: 30, perChat: time.Second, back: slow}
		b := start(t, p, nil)
		for i := range 200 {
			b.store.add(to(fmt.Sprint(i), conversation.LaneBulk))
		}
		pass(1500 * time.Millisecond)
		begun := time.Now()
		b.finish(t)
		if d := time.Since(begun); d > time.Second {
			t.Errorf("stopping took %v", d)
		}
		n := b.store.count()
		if n[sending] != 0 || n[sent] != len(p.done()) || n[sent]+n[pending] != 200 || n[sent] == 0 {
			t.Errorf("after the stop: %v, with %d calls made", n, len(p.done()))
		}
		// The next one begins at once, and neither repeats nor breaks the pace over both.
		next := outbox.New(outbox.Config{Store: b.store, Channel: p, Account: account, Owner: "b", Business: b.business})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- next.Run(ctx) }()
		pass(20 * time.Second)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run returned %v", err)
		}
		if n := b.store.count()[sent]; n != 200 || len(p.done()) != 200 {
			t.Errorf("%d of 200 were sent with %d calls", n, len(p.done()))
		}
		if p.refusals > 0 {
			t.Errorf("the platform refused %d times", p.refusals)
		}
	})
}

func TestTakeoverKeepsThePaceOfBothHoldersTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &platform{perSecond: 30, perChat: time.Second}
		b := start(t, p, nil)
		for i := range 200 {
			b.store.add(to(fmt.Sprint(i), conversation.LaneBulk))
		}
		pass(2 * time.Second)
		b.finish(t)
		for i := range 25 {
			b.store.add(to(fmt.Sprint("asker", i), conversation.LaneAnswer))
		}
		next := outbox.New(outbox.Config{Store: b.store, Channel: p, Account: account, Owner: "b", Business: b.business})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- next.Run(ctx) }()
		pass(10 * time.Second)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run returned %v", err)
		}
		if n := b.store.count()[sent]; n != 225 || p.refusals > 0 {
			t.Errorf("%d of 225 were sent, %d calls refused", n, p.refusals)
		}
	})
}

func TestLeaseLostToAStandingStoreIsNotSimplyRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		b := start(t, p, func(_ *outbox.Config, m *memory) {
			m.latency = func(op string) time.Duration {
				if op == "acquire" && m.epoch == 0 {
					return 1900 * time.Millisecond // so that the store's lease outlasts the worker's own view of it
				}
				return 0
			}
			begun := time.Now()
			m.fault = func(op string) (before, after bool) {
				since := time.Since(begun)
				down := since > 2*time.Second && since < 8*time.Second
				return down && (op == "settle" || op == "acquire"), false
			}
		})
		pass(3 * time.Second)
		id := b.store.add(to("ayla", conversation.LaneAnswer))
		bulk := b.store.add(to("bahar", conversation.LaneBulk))
		b.Nudge()
		pass(time.Minute)
		if a, b := b.store.get(id).state, b.store.get(bulk).state; a != sent || b != unknown {
			t.Errorf("after the outage the answer is %s and the bulk message %s, want sent and unknown", a, b)
		}
		b.finish(t)
	})
}
