package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

func TestFloodAndDeferredMessagesDoNotHoldOthersUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &platform{perSecond: 30, perChat: time.Second}
		b := start(t, p, nil)
		for range 3000 {
			b.store.add(to("flood", conversation.LaneBulk))
		}
		due := b.business.Now().Add(time.Hour)
		for i := range 12000 {
			o := to(fmt.Sprint("sleeper", i%3000), conversation.LaneBulk)
			o.NotBefore = due.Add(time.Duration(i*7919%12000) * time.Millisecond)
			b.store.add(o)
		}
		for i := range 100 {
			b.store.add(to(fmt.Sprint("awake", i), conversation.LaneBulk))
		}
		pass(10 * time.Second)
		awake, flood := 0, 0
		for _, a := range p.done() {
			if a.chat == "flood" {
				flood++
			} else {
				awake++
			}
		}
		if awake != 100 || flood < 9 {
			t.Errorf("%d of 100 others and %d of the flood got theirs in 10s", awake, flood)
		}
		b.business.MoveTo(due.Add(time.Minute))
		pass(55 * time.Minute)
		if n := b.store.count()[sent]; n != 15100 {
			t.Errorf("%d of 15100 were sent", n)
		}
		last := map[string]conversation.OutgoingID{}
		for _, a := range p.done() {
			if a.id < last[a.chat] {
				t.Fatalf("%s got %d after %d, both due", a.chat, a.id, last[a.chat])
			}
			last[a.chat] = a.id
		}
		b.finish(t)
	})
}

func TestMovingTheBusinessClockWakesWhatIsDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &platform{perSecond: 30}
		b := start(t, p, nil)
		b.store.add(to("earlier", conversation.LaneNotice))
		pass(15 * time.Second)
		o := to("ayla", conversation.LaneNotice)
		o.NotBefore = b.business.Now().Add(48 * time.Hour)
		first := b.store.add(o)
		b.store.mu.Lock()
		b.store.rows[first].spec.deferred = time.Hour
		b.store.rows[first].deferred = o.NotBefore.Add(time.Hour) // the gate defers once more
		b.store.mu.Unlock()
		b.Nudge()
		pass(15300 * time.Millisecond)
		epoch := b.Stats().Epoch
		if busy := b.Busy(); len(busy) > 0 {
			t.Errorf("nothing is due, yet busy: %v", busy)
		}
		b.business.MoveTo(o.NotBefore)
		pass(1100 * time.Millisecond)
		b.business.MoveTo(o.NotBefore.Add(time.Hour))
		synctest.Wait()
		if got := b.store.get(first); got.state != sent {
			t.Errorf("the message is %s, want sent", got.state)
		}
		if got := b.Stats().Epoch; got != epoch {
			t.Errorf("moving the business clock cost the lease: epoch %d, was %d", got, epoch)
		}
		b.finish(t)
	})
}

func TestWhatIsBroughtForwardLeavesWithinSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := start(t, &platform{}, nil)
		var ids []conversation.OutgoingID
		for i := range 300 {
			o := to(fmt.Sprint("reader", i), conversation.LaneBulk)
			o.NotBefore = b.business.Now().Add(time.Hour)
			ids = append(ids, b.store.add(o))
		}
		b.Nudge()
		pass(30 * time.Second)
		b.store.mu.Lock()
		for _, id := range ids {
			b.store.rows[id].NotBefore = time.Time{}
		}
		b.store.mu.Unlock()
		b.Nudge()
		pass(6 * time.Second)
		if n := b.store.count()[sent]; n != len(ids) {
			t.Errorf("%d of %d left within six seconds of being brought forward", n, len(ids))
		}
		b.finish(t)
	})
}

func TestAnswersFindACallWhileBulkHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &platform{answer: func(ctx context.Context, s conversation.Sending) error {
			if s.Lane == conversation.LaneBulk {
				<-ctx.Done()
				return unclear(errNotDone)
			}
			return nil
		}}
		b := start(t, p, nil)
		for i := range 100 {
			b.store.add(to(fmt.Sprint(i), conversation.LaneBulk))
		}
		b.Nudge()
		synctest.Wait()
		id := b.store.add(to("ayla", conversation.LaneAnswer))
		b.Nudge()
		synctest.Wait()
		if got := b.store.get(id); got.state != sent {
			t.Errorf("the answer is %s while bulk hangs", got.state)
		}
		pass(time.Minute)
		b.finish(t)
		if n := b.store.count()[unknown]; n != 100 {
			t.Errorf("%d of 100 hanging calls were ended and are unknown", n)
		}
		if p.most > 17 {
			t.Errorf("%d calls at once, want 16 of bulk and an answer", p.most)
		}
	})
}

func TestReadThatOverlapsASettlingClaimsNothingTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := start(t, &platform{}, func(_ *outbox.Config, m *memory) {
			m.latency = func(op string) time.Duration {
				return map[string]time.Duration{"waiting": 7 * time.Millisecond, "claim": time.Millisecond}[op]
			}
		})
		pass(100 * time.Millisecond)
		var ids []conversation.OutgoingID
		for i := range 200 {
			ids = append(ids, b.store.add(to(fmt.Sprint(i), conversation.LaneAnswer)))
			b.Nudge()
			pass(time.Millisecond)
		}
		pass(2 * time.Second)
		for _, id := range ids {
			if got := b.store.get(id); got.state != sent || got.claims != 1 {
				t.Errorf("%d is %s and was claimed %d times", id, got.state, got.claims)
			}
		}
		b.finish(t)
	})
}

func TestRowThatCannotBeClaimedLeavesTheOthersTheirWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &platform{perSecond: 30}
		store := &poisoned{}
		b := start(t, p, func(c *outbox.Config, m *memory) {
			store.memory = m
			c.Store = store
		})
		for i := range 20 {
			b.store.add(to(fmt.Sprint(i), conversation.LaneAnswer))
		}
		b.Nudge()
		pass(20 * time.Second)
		if n := b.store.count()[sent]; n != 19 {
			t.Errorf("%d of 19 readable messages were sent", n)
		}
		b.finish(t)
	})
}

// poisoned is a store whose first row cannot be read.
type poisoned struct{ *memory }

func (p *poisoned) Claim(ctx context.Context, l outbox.Lease, ids []conversation.OutgoingID, now time.Time) ([]outbox.Item, error) {
	if slices.Contains(ids, 1) {
		return nil, errors.New("decode outbox item 1: unexpected end of JSON input")
	}
	return p.memory.Claim(ctx, l, ids, now)
}

func TestClaimsAndSettlesComeInBatchesUnderLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		b := start(t, p, func(c *outbox.Config, m *memory) {
			c.InFlight = 512
			m.latency = func(string) time.Duration { return 5 * time.Millisecond }
		})
		const n = 20000
		for i := range n {
			b.store.add(to(fmt.Sprint(i), conversation.LaneBulk))
		}
		begun := time.Now()
		b.Nudge()
		for b.store.count()[sent] < n && time.Since(begun) < time.Minute {
			pass(20 * time.Millisecond)
		}
		took := time.Since(begun)
		b.finish(t)
		if took > 2*time.Second {
			t.Errorf("%d messages took %v at 5ms per operation of the store, with %d claims, %d settles, %d reads",
				n, took, b.store.claims, b.store.settles, b.store.reads)
		}
		if b.store.largest > 512 {
			t.Errorf("%d were sending at once", b.store.largest)
		}
	})
}
