package outbox_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

// to is a message to a chat.
func to(chat string, lane conversation.Lane) conversation.Outgoing {
	o := conversation.Outgoing{To: conversation.Address{Channel: "fake", Account: account, Chat: chat}, Lane: lane}
	if lane == conversation.LaneBulk {
		o.AfterCrash = conversation.Unknown
	}
	return o
}

// bench is a worker at work.
type bench struct {
	*outbox.Worker
	store    *memory
	platform *platform
	business *clock.Movable
	stop     func() error // ends the worker and returns what Run did
}

// start runs a worker over the platform in a bubble. change may alter the configuration.
func start(t *testing.T, p *platform, change func(*outbox.Config, *memory)) *bench {
	t.Helper()
	business := clock.NewMovable(100 * time.Hour)
	b := &bench{store: newMemory(business), platform: p, business: business}
	cfg := outbox.Config{Store: b.store, Channel: p, Account: account, Owner: "a", Business: business}
	if change != nil {
		change(&cfg, b.store)
	}
	b.Worker = outbox.New(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	b.stop = func() error {
		cancel()
		return <-ended
	}
	synctest.Wait()
	return b
}

// finish stops the worker and reports what the store saw go wrong.
func (b *bench) finish(t *testing.T) {
	t.Helper()
	if err := b.stop(); err != nil {
		t.Errorf("Run returned %v", err)
	}
	for _, w := range b.store.wrong {
		t.Error(w)
	}
}

func TestAnswerLeavesAtOnceWhenNudged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &platform{perSecond: 30, perChat: time.Second}
		b := start(t, p, nil)
		pass(3300 * time.Millisecond)
		begun := time.Now()
		id := b.store.add(to("ayla", conversation.LaneAnswer))
		b.Nudge()
		synctest.Wait()
		if got := b.store.get(id); got.state != sent {
			t.Fatalf("the answer is %s, want sent", got.state)
		}
		if d := p.done()[0].at.Sub(begun); d != 0 {
			t.Errorf("the answer left after %v, want at once", d)
		}
		if busy := b.Busy(); len(busy) != 0 {
			t.Errorf("at rest, yet busy: %v", busy)
		}
		b.finish(t)
	})
}

func TestANudgeHasOnlyItsLanesRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const nudges = 200
		b := start(t, &platform{}, nil)
		pass(time.Millisecond)
		b.store.mu.Lock()
		before := b.store.reads
		b.store.mu.Unlock()
		for range nudges {
			b.Nudge(conversation.LaneAnswer)
			pass(time.Millisecond)
		}
		b.store.mu.Lock()
		got := b.store.reads - before
		b.store.mu.Unlock()
		if got < nudges || got > nudges+3 {
			t.Errorf("%d nudges had %d pages read", nudges, got)
		}
		b.finish(t)
	})
}

func TestUnannouncedMessageIsFoundWithinASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := start(t, &platform{}, nil)
		id := b.store.add(to("ayla", conversation.LaneBulk))
		pass(time.Second)
		synctest.Wait()
		if got := b.store.get(id); got.state != sent {
			t.Errorf("the message is %s, want sent", got.state)
		}
		b.finish(t)
	})
}

func TestOrderIsKeptPerChatAndLane(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &platform{perSecond: 30, perChat: time.Second}
		b := start(t, p, nil)
		for i := range 5 {
			b.store.add(to("ayla", conversation.LaneBulk))
			b.store.add(to(fmt.Sprint("other", i), conversation.LaneBulk))
		}
		answer := b.store.add(to("ayla", conversation.LaneAnswer))
		b.Nudge()
		pass(10 * time.Second)
		last := conversation.OutgoingID(0)
		ahead := 0
		for _, a := range p.done() {
			if a.id == answer && ahead > 1 {
				t.Errorf("the answer came after %d bulk messages of its chat", ahead)
			}
			if a.chat == "ayla" {
				ahead++
			}
			if a.chat == "ayla" && a.lane == conversation.LaneBulk {
				if a.id < last {
					t.Errorf("%d came after %d", a.id, last)
				}
				last = a.id
			}
		}
		if n := b.store.count()[sent]; n != 11 {
			t.Errorf("%d of 11 were sent", n)
		}
		b.finish(t)
	})
}

func TestBusyTellsWhatIsNotAtRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &platform{
			perSecond: 30, perChat: time.Second,
			back:   func(conversation.Sending) time.Duration { return 100 * time.Millisecond },
			answer: failing(1, map[string]*conversation.SendError{"retried": {Kind: conversation.Temporary}}),
		}
		b := start(t, p, nil)
		later := to("later", conversation.LaneNotice)
		later.NotBefore = b.business.Now().Add(time.Hour)
		b.store.add(later)
		b.Nudge()
		if got := b.Busy(); len(got) == 0 {
			t.Error("a nudge that was not yet followed counts as rest")
		}
		synctest.Wait()
		check := func(when string, want ...string) {
			t.Helper()
			if got := b.Busy(); !slices.Equal(got, want) {
				t.Errorf("%s: busy with %q, want %q", when, got, want)
			}
		}
		check("with a message for later")
		b.store.add(to("ayla", conversation.LaneAnswer))
		b.store.add(to("ayla", conversation.LaneAnswer))
		b.store.add(to("retried", conversation.LaneAnswer))
		b.Nudge()
		synctest.Wait()
		check("during the calls", "outbox fake:1: 2 in flight", "outbox fake:1: 1 due or waiting for their pace")
		pass(200 * time.Millisecond)
		check("after them", "outbox fake:1: 1 due or waiting for their pace", "outbox fake:1: 1 in retry")
		pass(3 * time.Second)
		check("in the end")
		if s := b.Stats(); s.Sent != 3 || s.Retried != 1 || s.Holder == "" || s.Epoch != 1 || s.InFlight != 0 {
			t.Errorf("stats: %+v", s)
		}
		if d, err := b.Depth(t.Context()); err != nil || d[conversation.LaneAnswer] != 0 {
			t.Errorf("Depth() = %v, %v", d, err)
		}
		b.finish(t)
		check("after the end")
	})
}
