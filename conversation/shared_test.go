package conversation_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// shared is a store of which this process runs the accounts only while it is told so.
type shared struct {
	*memory
	mine   atomic.Bool
	hidden atomic.Int64 // an event with this id is not committed yet
	late   string       // the event that Accept commits when commit is closed
	commit chan struct{}
}

// Accept commits the event "late" only when it is told to; the store has given it its id long before.
func (s *shared) Accept(ctx context.Context, ins ...conversation.Inbound) (int, error) {
	fresh, err := s.memory.Accept(ctx, ins...)
	if s.commit != nil && len(ins) == 1 && ins[0].EventID == s.late {
		<-s.commit
		s.hidden.Store(0)
	}
	return fresh, err
}

func (s *shared) Unsettled(ctx context.Context, after int64, limit int) ([]conversation.Inbound, error) {
	if !s.mine.Load() {
		return nil, nil
	}
	all, err := s.memory.Unsettled(ctx, after, limit)
	var seen []conversation.Inbound
	for _, in := range all {
		if in.ID != s.hidden.Load() {
			seen = append(seen, in)
		}
	}
	return seen, err
}

func (s *shared) Load(ctx context.Context, in conversation.Inbound) (conversation.State, error) {
	if !s.mine.Load() {
		return conversation.State{}, conversation.ErrElsewhere
	}
	return s.memory.Load(ctx, in)
}

func (s *shared) Settle(ctx context.Context, t conversation.Turn, c conversation.Commit) error {
	if !s.mine.Load() {
		return conversation.ErrElsewhere
	}
	return s.memory.Settle(ctx, t, c)
}

func receive(t *testing.T, e *conversation.Engine, in conversation.Inbound) {
	t.Helper()
	if err := e.Receive(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

func TestWhoStandsByAnswersNobodyUntilItTakesOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &shared{memory: newMemory()}
		e := start(t, store, &answer{word: "open"}, last{})
		receive(t, e, message(1, "a", "open?"))
		wait(t, 5*time.Second)
		if got := store.said(); got != "" {
			t.Errorf("who stands by said %q", got)
		}
		store.mine.Store(true)
		e.Reread()
		synctest.Wait()
		if got := store.said(); got != "answer to open?" {
			t.Errorf("after the takeover: %q", got)
		}
		// A fragment waits for more while the account is lost: it is the next holder's, and nothing of it stays here.
		receive(t, e, message(2, "a", "one thing"))
		store.mine.Store(false)
		wait(t, 5*time.Second)
		if busy := e.Busy(); len(busy) > 0 {
			t.Errorf("busy with another's events: %v", busy)
		}
		store.mine.Store(true)
		e.Reread()
		wait(t, 5*time.Second)
		if got := store.said(); !strings.HasSuffix(got, "no answer to one thing") || strings.Count(got, "one thing") != 1 {
			t.Errorf("after it came back: %q", got)
		}
	})
}

func TestALateCommitIsFoundWhileOthersKeepComing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &shared{memory: newMemory()}
		store.mine.Store(true)
		store.hidden.Store(1)
		e := start(t, store, &answer{word: "open"}, last{})
		receive(t, e, message(1, "late", "open late?"))
		receive(t, e, message(2, "other", "open?"))
		store.hidden.Store(0)
		for range 30 { // nudges come faster than the inbox is read by itself
			wait(t, 100*time.Millisecond)
			e.Nudge()
		}
		if got := store.said(); !strings.Contains(got, "open late?") {
			t.Errorf("an event behind the cursor was not found: %q", got)
		}
	})
}

// TestALateCommitIsAnsweredAtOnce has an event be given its id before another one, and committed after that was read:
// what PostgreSQL does under load. Nobody waits for the next look at the whole inbox.
func TestALateCommitIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &shared{memory: newMemory(), late: "1", commit: make(chan struct{})}
		store.mine.Store(true)
		store.hidden.Store(1)
		e := start(t, store, &answer{word: "open"}, last{})
		accepted := make(chan error, 1)
		go func() { accepted <- e.Receive(t.Context(), message(1, "late", "open late?")) }()
		synctest.Wait()
		receive(t, e, message(2, "other", "open?"))
		before := time.Now()
		close(store.commit)
		if err := <-accepted; err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := store.said(); !strings.Contains(got, "open late?") || !time.Now().Equal(before) {
			t.Errorf("%s after its commit: %q", time.Since(before), got)
		}
	})
}
