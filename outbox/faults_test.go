package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	return func(_ context.Context, s conversation.Sending) error {
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
				got := b.store.get(id)
				if got.state != c.want || calls != c.calls || got.Attempts != c.attempts {
					t.Errorf("%s after %d calls, %d attempts counted; want %s, %d, %d", got.state, calls, got.Attempts, c.want, c.calls, c.attempts)
				}
				b.finish(t)
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
		for i := range 50 {
			b.store.add(to(fmt.Sprint(i), conversation.LaneAnswer))
		}
		b.Nudge()
		synctest.Wait()
		err := b.stop()
		var ce *outbox.CredentialsError
		if !errors.As(err, &ce) || ce.Account != account || !errors.Is(err, dead) {
			t.Errorf("Run returned %v, want a CredentialsError", err)
		}
		if n := b.store.count()[pending]; n != 50 {
			t.Errorf("%d of 50 are pending", n)
		}
		if len(p.arrivals) > 16 {
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
		if p.most > 16 {
			t.Errorf("%d calls at once", p.most)
		}
		pass(time.Minute)
		if n := b.store.count()[unknown]; n != 100 {
			t.Errorf("%d of 100 hanging calls were ended and are unknown", n)
		}
		b.finish(t)
	})
}

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
		if d := time.Since(begun); d > 2*time.Second {
			t.Errorf("%d messages took %v at 5ms per operation of the store, with %d claims, %d settles, %d reads",
				n, d, b.store.claims, b.store.settles, b.store.reads)
		}
		if b.store.largest > 512 {
			t.Errorf("%d were sending at once", b.store.largest)
		}
		b.finish(t)
	})
}
