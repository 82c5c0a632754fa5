package outbox_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

// TestSlowPlatformAnswersAllAtOnce has 64 people write at the same moment, on a platform where every call takes 50 ms:
// half of them are answered within two calls' time, while a broadcast goes on.
func TestSlowPlatformAnswersAllAtOnce(t *testing.T) {
	t.Parallel()
	const call = 50 * time.Millisecond
	for _, c := range []struct {
		name string
		bulk int
	}{{"nothing else to do", 0}, {"in a broadcast", 500}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				slow := func(conversation.Sending) time.Duration { return call / 2 }
				p := &platform{there: slow, back: slow}
				b := start(t, p, func(_ *outbox.Config, m *memory) {
					m.latency = func(string) time.Duration { return time.Millisecond }
				})
				for i := range c.bulk {
					b.store.add(to(fmt.Sprint("reader", i), conversation.LaneBulk))
				}
				b.Nudge()
				pass(3*time.Second + 20*time.Millisecond)
				if c.bulk > 0 {
					for i := range 5000 {
						b.store.add(to(fmt.Sprint("reader", i), conversation.LaneBulk))
					}
					b.Nudge()
					pass(time.Second + 20*time.Millisecond)
				}
				begun := time.Now()
				for i := range 64 {
					b.store.add(to(fmt.Sprint("person", i), conversation.LaneAnswer))
				}
				b.Nudge()
				pass(2 * time.Second)
				var took []time.Duration
				for _, a := range p.done() {
					if a.lane == conversation.LaneAnswer {
						took = append(took, a.at.Add(call/2).Sub(begun))
					}
				}
				slices.Sort(took)
				if len(took) != 64 {
					t.Fatalf("%d of 64 were answered", len(took))
				}
				t.Logf("p50 %v, p99 %v, at most %d calls at once", percentile(took, 0.5), percentile(took, 0.99), p.most)
				if got := percentile(took, 0.5); got > 2*call {
					t.Errorf("p50 of an answer is %v, want at most two calls' time", got)
				}
				b.finish(t)
			})
		})
	}
}
