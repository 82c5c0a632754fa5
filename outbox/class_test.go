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

// slowBulk is a store that takes long over bulk, as a database does whose gate asks about every person.
type slowBulk struct {
	*memory
	takes time.Duration
}

func (s slowBulk) Claim(ctx context.Context, l outbox.Lease, ids []conversation.OutgoingID, now time.Time) ([]outbox.Item, error) {
	s.slow("claim", ids)
	return s.memory.Claim(ctx, l, ids, now)
}

func (s slowBulk) Settle(ctx context.Context, l outbox.Lease, results []outbox.Result) error {
	ids := make([]conversation.OutgoingID, len(results))
	for i, r := range results {
		if ids[i] = r.ID; s.get(r.ID).Lane != r.Lane {
			s.violate("the result of %d says lane %d", r.ID, r.Lane)
		}
	}
	s.slow("settling", ids)
	return s.memory.Settle(ctx, l, results)
}

// slow waits over bulk, and finds fault with what mixes it with anything else.
func (s slowBulk) slow(what string, ids []conversation.OutgoingID) {
	bulk := 0
	for _, id := range ids {
		if s.get(id).Lane == conversation.LaneBulk {
			bulk++
		}
	}
	if bulk > 0 && bulk < len(ids) {
		s.violate("one %s of %d messages has %d of bulk", what, len(ids), bulk)
	}
	if bulk > 0 {
		pass(s.takes)
	}
}

// TestAnAnswerDoesNotWaitForTheDatabasesWorkOnBulk has claims and settlings of bulk take a long time while people
// write: their answers and notices are claimed beside them, and find places in flight that bulk must leave.
func TestAnAnswerDoesNotWaitForTheDatabasesWorkOnBulk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		b := start(t, p, func(cfg *outbox.Config, m *memory) {
			m.latency = func(string) time.Duration { return time.Millisecond }
			cfg.Store = slowBulk{m, 400 * time.Millisecond}
		})
		for i := range 500 {
			b.store.add(to(fmt.Sprint("reader", i), conversation.LaneBulk))
		}
		b.Nudge()
		begun := map[string]time.Time{}
		for round := range 40 { // at every point of the claims and settlings
			pass(73 * time.Millisecond)
			for i, lane := range []conversation.Lane{conversation.LaneAnswer, conversation.LaneAnswer, conversation.LaneNotice} {
				who := fmt.Sprintf("person %d of round %d", i, round)
				begun[who] = time.Now()
				b.store.add(to(who, lane))
			}
			b.Nudge()
		}
		pass(time.Minute)
		for _, a := range p.done() {
			if at, ok := begun[a.chat]; ok && a.at.Sub(at) > 20*time.Millisecond {
				t.Errorf("%s was answered after %v", a.chat, a.at.Sub(at))
			}
			delete(begun, a.chat)
		}
		if len(begun) > 0 {
			t.Errorf("%d people were not answered", len(begun))
		}
		if got := b.store.count()[sent]; got != 500+3*40 {
			t.Errorf("%d messages were sent", got)
		}
		b.finish(t)
	})
}
