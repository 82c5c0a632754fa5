package outbox_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

// routes decides by chance, but the same way each time it is asked, how long the calls travel.
type routes struct{ seed uint64 }

// between is a duration from least to most for what is named.
func (r routes) between(least, most time.Duration, what string, of conversation.OutgoingID) time.Duration {
	h := fnv.New64a()
	fmt.Fprint(h, r.seed, what, of)
	return least + time.Duration(rand.New(rand.NewPCG(h.Sum64(), 1)).Int64N(int64(most-least)+1))
}

// TestNoWindowExceedsTheLimitWhereverACallCounts has many people write at the same moment while a broadcast goes on. The
// first calls take long, as those that open connections do, some later ones too, and each counts at any point between its
// start and its answer: the platform refuses none.
func TestNoWindowExceedsTheLimitWhereverACallCounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := routes{rapid.Uint64().Draw(rt, "seed")}
		slowFirst := conversation.OutgoingID(rapid.IntRange(1, 40).Draw(rt, "slow first"))
		slow := time.Duration(rapid.IntRange(80, 3000).Draw(rt, "slow")) * time.Millisecond
		oneIn := time.Duration(rapid.IntRange(5, 500).Draw(rt, "one slow in"))
		whole := func(id conversation.OutgoingID) time.Duration {
			switch {
			case id == 1:
				return 800 * time.Millisecond
			case id <= slowFirst, r.between(0, oneIn, "slow", id) == 0:
				return r.between(slow/2, slow, "call", id)
			}
			return r.between(5*time.Millisecond, 80*time.Millisecond, "call", id)
		}
		there := func(id conversation.OutgoingID) time.Duration { return r.between(0, whole(id), "there", id) }
		answers, bulk := rapid.IntRange(31, 200).Draw(rt, "answers"), rapid.IntRange(0, 100).Draw(rt, "bulk")
		var refusals, arrived int
		synctest.Test(t, func(t *testing.T) {
			p := &platform{perSecond: 30, perChat: time.Second}
			p.there = func(s conversation.Sending) time.Duration { return there(idOf(s)) }
			p.back = func(s conversation.Sending) time.Duration { return whole(idOf(s)) - there(idOf(s)) }
			b := start(t, p, nil)
			for i := range answers {
				b.store.add(to(fmt.Sprint("person", i), conversation.LaneAnswer))
			}
			for i := range bulk {
				b.store.add(to(fmt.Sprint("reader", i), conversation.LaneBulk))
			}
			b.Nudge()
			pass(time.Minute)
			b.finish(t)
			refusals, arrived = p.refusals, len(p.done())
		})
		if refusals > 0 || arrived != answers+bulk {
			rt.Fatalf("%d of %d arrived, and the platform refused %d calls", arrived, answers+bulk, refusals)
		}
	})
}

// TestTheRateIsUsedWhenCallsTravelEvenly sends to many over calls of much the same length, whatever part of it is the way
// there: the platform refuses none, and the rate is used.
func TestTheRateIsUsedWhenCallsTravelEvenly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		there, back time.Duration // at least
		spread      time.Duration // what either may take longer
	}{
		{name: "50 ms, half of it there", there: 25 * time.Millisecond, back: 25 * time.Millisecond},
		{name: "50 ms, all of it there", there: 50 * time.Millisecond},
		{name: "50 ms, all of it back", back: 50 * time.Millisecond},
		{name: "45 to 55 ms", there: 15 * time.Millisecond, back: 30 * time.Millisecond, spread: 5 * time.Millisecond},
		{name: "250 to 270 ms", there: 100 * time.Millisecond, back: 150 * time.Millisecond, spread: 10 * time.Millisecond},
		{name: "up to 20 ms", spread: 10 * time.Millisecond},
	} {
		for name, lane := range map[string]conversation.Lane{"answers": conversation.LaneAnswer, "bulk": conversation.LaneBulk} {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					r := routes{7}
					p := &platform{perSecond: 30, perChat: time.Second}
					p.there = func(s conversation.Sending) time.Duration {
						return r.between(c.there, c.there+c.spread, "there", idOf(s))
					}
					p.back = func(s conversation.Sending) time.Duration {
						return r.between(c.back, c.back+c.spread, "back", idOf(s))
					}
					b := start(t, p, nil)
					const people = 1500
					for i := range people {
						b.store.add(to(fmt.Sprint("person", i), lane))
					}
					b.Nudge()
					pass(2 * time.Minute)
					b.finish(t)
					checkSteady(t, p, people)
				})
			})
		}
	}
}

// checkSteady checks the rate once the calls have been measured.
func checkSteady(t *testing.T, p *platform, people int) {
	t.Helper()
	done := p.done()
	if p.refusals > 0 || len(done) != people {
		t.Fatalf("%d of %d arrived, and the platform refused %d calls", len(done), people, p.refusals)
	}
	const learned = 120
	took := done[len(done)-1].at.Sub(done[learned].at)
	rate := float64(len(done)-1-learned) / took.Seconds()
	t.Logf("%.2f a second", rate)
	if want := 0.97 * float64(p.perSecond); rate < want {
		t.Errorf("%.2f messages a second, want at least %.2f", rate, want)
	}
}

// TestACallThatHangsBlocksOnlyItsOwnPlace has one call without an answer for five seconds: the others go on at nearly the
// full rate beside it.
func TestACallThatHangsBlocksOnlyItsOwnPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &platform{perSecond: 30, perChat: time.Second}
		p.back = func(s conversation.Sending) time.Duration {
			if idOf(s) == 1 {
				return 4900 * time.Millisecond
			}
			return 10 * time.Millisecond
		}
		b := start(t, p, func(c *outbox.Config, _ *memory) { c.InFlight = 48 })
		for i := range 300 {
			b.store.add(to(fmt.Sprint("person", i), conversation.LaneAnswer))
		}
		b.Nudge()
		pass(5 * time.Second)
		if got := len(p.done()); got < 140 || p.refusals > 0 {
			t.Errorf("%d messages in five seconds beside a call that hangs, %d refusals; want at least 140 and none", got, p.refusals)
		}
		pass(30 * time.Second)
		b.finish(t)
	})
}
