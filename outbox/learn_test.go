package outbox_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// TestTheRateFollowsRefusals has a platform allow less than it tells, for a while: the worker finds what goes, with few
// refusals, and gives the rate back when the platform does.
func TestTheRateFollowsRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ allowed, refusals int }{{20, 25}, {8, 40}} {
		t.Run(fmt.Sprintf("%d of 30", c.allowed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &platform{perSecond: c.allowed, perChat: time.Second, limits: &conversation.Limits{PerSecond: 30, PerChat: time.Second}}
				b := start(t, p, nil)
				for i := range 14_000 {
					b.store.add(to(fmt.Sprint("reader", i), conversation.LaneBulk))
				}
				b.Nudge()
				pass(3 * time.Minute) // it learns
				before := b.store.count()[sent]
				pass(6 * time.Minute)
				rate := float64(b.store.count()[sent]-before) / (6 * 60)
				t.Logf("%.1f a second of %d allowed, %d refusals in 9 minutes", rate, c.allowed, p.refusals)
				if rate < 0.85*float64(c.allowed) {
					t.Errorf("%.1f a second, want at least 85%% of the %d that go", rate, c.allowed)
				}
				if p.refusals > c.refusals {
					t.Errorf("%d refusals in 9 minutes, want at most %d", p.refusals, c.refusals)
				}
				p.mu.Lock()
				p.perSecond = 30
				p.mu.Unlock()
				pass(16 * time.Minute)
				if left := b.store.count()[pending]; left != 0 {
					t.Errorf("%d are left to be sent: the rate is to be told by an account at rest", left)
				}
				if got := b.Stats().Rate; got < 29 {
					t.Errorf("a quarter of an hour after the last refusal the rate is %.1f, want 29", got)
				}
				b.finish(t)
			})
		})
	}
}

// TestARefusalInOneChatSlowsNobody keeps a chat that is refused again and again from slowing the others.
func TestARefusalInOneChatSlowsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refused := &conversation.SendError{Kind: conversation.RateLimited, RetryAfter: time.Second, Code: "too_fast"}
		p := &platform{perSecond: 30, perChat: time.Second, answer: failing(8, map[string]*conversation.SendError{"group": refused})}
		b := start(t, p, nil)
		b.store.add(to("group", conversation.LaneNotice))
		b.Nudge()
		pass(20 * time.Second)
		if s := b.Stats(); s.Refused != 8 || s.Rate < 29 || s.Sent != 1 {
			t.Errorf("after eight refusals in one chat: %+v", s)
		}
		b.finish(t)
	})
}
