package outbox_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

// chatter has people write answers' causes: each of n waits some time, is answered, and so on. It returns how long
// each answer took, once until has been reached.
func chatter(b *bench, n int, think time.Duration, until time.Time) []time.Duration {
	var mu sync.Mutex
	var took []time.Duration
	var wg sync.WaitGroup
	for person := range n {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(1, uint64(person)))
			for {
				pass(think/2 + time.Duration(rnd.Int64N(int64(think))))
				if time.Now().After(until) {
					return
				}
				begun := time.Now()
				id := b.store.add(to(fmt.Sprint("person", person), conversation.LaneAnswer))
				b.Nudge()
				for b.store.get(id).state != sent {
					pass(time.Millisecond)
				}
				mu.Lock()
				took = append(took, time.Since(begun))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(took)
	return took
}

// percentile of sorted durations, p in 0..1.
func percentile(sorted []time.Duration, p float64) time.Duration {
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*p))]
}

func TestBroadcastUsesTheRateAndLeavesAnswersRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		travel func(conversation.Sending) time.Duration
		store  time.Duration
		people int
		think  time.Duration
	}{
		{name: "a near platform", people: 50, think: 25 * time.Second},
		{name: "nobody chats"},
		{
			name: "a far platform and a slow store", people: 50, think: 25 * time.Second, store: 3 * time.Millisecond,
			travel: func(s conversation.Sending) time.Duration {
				return 25*time.Millisecond + time.Duration(idOf(s)*7919%10)*time.Millisecond
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &platform{perSecond: 30, perChat: time.Second, there: c.travel, back: c.travel}
				b := start(t, p, func(_ *outbox.Config, m *memory) {
					m.latency = func(string) time.Duration { return c.store }
				})
				var rest []time.Duration
				if c.people > 0 {
					rest = chatter(b, c.people, c.think, time.Now().Add(100*time.Second))
				}
				pass(2 * time.Second)
				p.mu.Lock()
				p.arrivals = nil
				p.mu.Unlock()

				const people = 3000
				begun := time.Now()
				for i := range people {
					b.store.add(to(fmt.Sprint("reader", i), conversation.LaneBulk))
				}
				b.Nudge()
				var busy []time.Duration
				if c.people > 0 {
					busy = chatter(b, c.people, c.think, begun.Add(100*time.Second))
				}
				for len(b.Busy()) > 0 {
					pass(time.Second)
				}
				b.finish(t)
				checkBroadcast(t, p, people)
				if c.people > 0 {
					for _, q := range []float64{0.5, 0.95, 0.99} {
						t.Logf("p%v of %d answers: %v at rest, %v in the broadcast", 100*q, len(busy), percentile(rest, q), percentile(busy, q))
					}
					if over := percentile(busy, 0.99) - percentile(rest, 0.99); over > 50*time.Millisecond {
						t.Errorf("an answer took %v longer (p99) than at rest, want at most 50ms", over)
					}
				}
			})
		})
	}
}

// checkBroadcast checks the rate over all lanes while bulk was sent, and its evenness.
func checkBroadcast(t *testing.T, p *platform, people int) {
	t.Helper()
	var first, last time.Time
	var gap time.Duration
	bulk, all := 0, 0
	for _, a := range p.done() {
		if a.lane == conversation.LaneBulk {
			if bulk == 0 {
				first = a.at
			} else {
				gap = max(gap, a.at.Sub(last))
			}
			bulk++
			last = a.at
		}
	}
	for _, a := range p.done() {
		if !a.at.Before(first) && !a.at.After(last) {
			all++
		}
	}
	rate := float64(all-1) / last.Sub(first).Seconds()
	t.Logf("%d bulk and %d other messages, %.2f a second over all, largest bulk gap %v", bulk, all-bulk, rate, gap)
	if bulk != people {
		t.Errorf("%d of %d got the broadcast", bulk, people)
	}
	if want := 0.97 * float64(p.perSecond); rate < want {
		t.Errorf("%.2f messages a second, want at least %.2f", rate, want)
	}
	if most := 3 * time.Second / time.Duration(p.perSecond); gap > most {
		t.Errorf("the largest gap is %v, want at most %v", gap, most)
	}
	if p.refusals > 0 {
		t.Errorf("the platform refused %d times", p.refusals)
	}
}
