package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// failing answers calls of chosen chats with an error, n times each.
func failing(n int, errs map[string]*conversation.SendError) func(context.Context, conversation.Sending) error {
	left := map[string]int{}
	for chat := range errs {
		left[chat] = n
	}
	var mu sync.Mutex // calls are made side by side
	return func(_ context.Context, s conversation.Sending) error {
		mu.Lock()
		defer mu.Unlock()
		if left[s.To.Chat] == 0 {
			return nil
		}
		left[s.To.Chat]--
		return errs[s.To.Chat]
	}
}

func TestEachKindOfErrorLeadsToItsState(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		err      error
		crash    conversation.CrashRule
		times    int // how often the platform says so
		want     state
		calls    int
		attempts int
		within   time.Duration
	}{
		{name: "done", want: sent, calls: 1, attempts: 1},
		{
			name: "did not reach it", err: &conversation.SendError{Kind: conversation.Temporary}, times: 2,
			want: sent, calls: 3, attempts: 3, within: 5 * time.Second,
		},
		{
			name: "broke over it, may be repeated", err: &conversation.SendError{Kind: conversation.Temporary, Doubtful: true}, times: 2,
			want: sent, calls: 3, attempts: 3, within: 5 * time.Second,
		},
		{
			name: "broke over it, never twice", err: &conversation.SendError{Kind: conversation.Temporary, Doubtful: true}, times: 9,
			crash: conversation.Unknown, want: unknown, calls: 1, attempts: 1,
		},
		{name: "never reaches it", err: &conversation.SendError{Kind: conversation.Temporary}, times: 1e6, want: failed, calls: 154, attempts: 154, within: 27 * time.Hour},
		{name: "blocked", err: &conversation.SendError{Kind: conversation.PersonGone}, times: 9, want: failed, calls: 1, attempts: 1},
		{name: "not now", err: &conversation.SendError{Kind: conversation.PersonUnreachable}, times: 9, want: failed, calls: 1, attempts: 1},
		{name: "refused content", err: &conversation.SendError{Kind: conversation.OurPayload}, times: 9, want: failed, calls: 1, attempts: 1},
		{
			name: "too fast", err: &conversation.SendError{Kind: conversation.RateLimited, RetryAfter: time.Hour}, times: 1,
			want: sent, calls: 2, attempts: 1, within: time.Hour + time.Second,
		},
		{
			name: "no answer, may be repeated", err: &conversation.SendError{Kind: conversation.OutcomeUnknown}, times: 1,
			want: sent, calls: 2, attempts: 2, within: 2 * time.Second,
		},
		{
			name: "no answer, repeated too often", err: &conversation.SendError{Kind: conversation.OutcomeUnknown}, times: 9,
			want: unknown, calls: 3, attempts: 3, within: 9 * time.Second,
		},
		{
			name: "no answer, never twice", err: &conversation.SendError{Kind: conversation.OutcomeUnknown}, times: 9,
			crash: conversation.Unknown, want: unknown, calls: 1, attempts: 1,
		},
		{
			name: "an error of no kind", err: errors.New("?"), times: 9,
			crash: conversation.Unknown, want: unknown, calls: 1, attempts: 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				p := &platform{perSecond: 30, answer: func(context.Context, conversation.Sending) error {
					if calls++; calls <= c.times {
						return c.err
					}
					return nil
				}}
				b := start(t, p, nil)
				o := to("ayla", conversation.LaneAnswer)
				o.AfterCrash = c.crash
				id := b.store.add(o)
				b.Nudge()
				pass(c.within + time.Millisecond)
				synctest.Wait()
				b.finish(t)
				got := b.store.get(id)
				if got.state != c.want || calls != c.calls || got.Attempts != c.attempts {
					t.Errorf("%s after %d calls, %d attempts counted; want %s, %d, %d", got.state, calls, got.Attempts, c.want, c.calls, c.attempts)
				}
			})
		})
	}
}

func TestPanicOfTheAdapterIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &platform{answer: func(context.Context, conversation.Sending) error { panic("nil map") }}
		b := start(t, p, nil)
		id := b.store.add(to("ayla", conversation.LaneBulk))
		b.Nudge()
		synctest.Wait()
		if got := b.store.get(id); got.state != unknown || got.code != "panic" {
			t.Errorf("state %s, code %q; want unknown, panic", got.state, got.code)
		}
		b.finish(t)
	})
}

func TestDeadCredentialsEndTheWorkerAndLeaveMessagesPending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dead := &conversation.SendError{Kind: conversation.OurCredentials, Code: "unauthorized"}
		p := &platform{answer: func(context.Context, conversation.Sending) error { return dead }}
		b := start(t, p, nil)
		for i := range 150 {
			b.store.add(to(fmt.Sprint(i), conversation.LaneAnswer))
		}
		b.Nudge()
		synctest.Wait()
		err := b.stop()
		var ce *outbox.CredentialsError
		if !errors.As(err, &ce) || ce.Account != account || !errors.Is(err, dead) {
			t.Errorf("Run returned %v, want a CredentialsError", err)
		}
		if n := b.store.count()[pending]; n != 150 {
			t.Errorf("%d of 150 are pending", n)
		}
		if len(p.arrivals) > 48 {
			t.Errorf("%d calls were made after the first refusal, want at most those in flight", len(p.arrivals))
		}
		if _, err := b.store.Acquire(t.Context(), account, "next", time.Second); err != nil {
			t.Errorf("the lease was not given back: %v", err)
		}
	})
}

func TestRefusalHoldsChatAndBulkAndASecondOneTheAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refusal := func(d time.Duration) *conversation.SendError {
			return &conversation.SendError{Kind: conversation.RateLimited, RetryAfter: d}
		}
		p := &platform{perSecond: 30, answer: failing(1, map[string]*conversation.SendError{
			"a": refusal(time.Minute), "b": refusal(30 * time.Second),
		})}
		b := start(t, p, nil)
		begun := time.Now()
		took := func(chat string, lane conversation.Lane) time.Duration {
			p.mu.Lock()
			defer p.mu.Unlock()
			for _, a := range p.arrivals {
				if a.done && a.chat == chat && a.lane == lane {
					return a.at.Sub(begun).Truncate(100 * time.Millisecond)
				}
			}
			return -1
		}
		b.store.add(to("a", conversation.LaneAnswer))
		b.Nudge()
		synctest.Wait()
		b.store.add(to("elsewhere", conversation.LaneBulk))
		b.store.add(to("elsewhere", conversation.LaneAnswer))
		b.Nudge()
		pass(2 * time.Second)
		if got := took("elsewhere", conversation.LaneAnswer); got != 0 {
			t.Errorf("an answer elsewhere left after %v, want at once", got)
		}
		b.store.add(to("b", conversation.LaneAnswer))
		b.Nudge()
		synctest.Wait()
		b.store.add(to("third", conversation.LaneAnswer))
		b.Nudge()
		if s := b.Stats(); s.Paused.IsZero() || s.BulkPause.IsZero() || s.Refused != 2 || s.Rate > 29 {
			t.Errorf("stats do not show the pause: %+v", s)
		}
		pass(2 * time.Minute)
		for _, c := range []struct {
			chat string
			lane conversation.Lane
			want time.Duration
		}{
			{"third", conversation.LaneAnswer, 32 * time.Second},
			{"b", conversation.LaneAnswer, 32 * time.Second},
			{"a", conversation.LaneAnswer, time.Minute},
			{"elsewhere", conversation.LaneBulk, time.Minute},
		} {
			if got := took(c.chat, c.lane); got != c.want {
				t.Errorf("%s, lane %d, left after %v, want %v", c.chat, c.lane, got, c.want)
			}
		}
		b.finish(t)
	})
}

func TestEditWaitsForItsTargetWithoutHoldingOthersUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fail := failing(1, map[string]*conversation.SendError{
			"late": {Kind: conversation.Temporary}, "never": {Kind: conversation.OurPayload},
		})
		p := &platform{perSecond: 30, answer: func(ctx context.Context, s conversation.Sending) error {
			if s.Lane == conversation.LaneAnswer {
				return nil
			}
			return fail(ctx, s)
		}}
		b := start(t, p, nil)
		edit := func(chat string, of conversation.OutgoingID) conversation.OutgoingID {
			o := to(chat, conversation.LaneAnswer)
			o.Body.Kind, o.Body.Of = conversation.BodyEdit, of
			return b.store.add(o)
		}
		late := b.store.add(to("late", conversation.LaneNotice))
		never := b.store.add(to("never", conversation.LaneNotice))
		lateEdit, neverEdit := edit("late", late), edit("never", never)
		next := b.store.add(to("late", conversation.LaneAnswer))
		b.Nudge()
		pass(500 * time.Millisecond)
		if got := b.store.get(next); got.state != sent {
			t.Errorf("an answer waits behind the edit: %s", got.state)
		}
		pass(3 * time.Second)
		var at [2]time.Time
		for _, a := range p.done() {
			if a.id == late {
				at[0] = a.at
			}
			if a.id == lateEdit {
				at[1] = a.at
			}
		}
		if d := at[1].Sub(at[0]); d < 0 || d > 10*time.Millisecond {
			t.Errorf("the edit came %v after its target, want at once", d)
		}
		if got := b.store.get(lateEdit); got.Attempts != 1 {
			t.Errorf("waiting took %d attempts", got.Attempts-1)
		}
		pass(time.Minute)
		if got := b.store.get(neverEdit); got.state != failed {
			t.Errorf("the edit of what was never sent is %s, want failed", got.state)
		}
		b.finish(t)
	})
}
