package conversation_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// distant is a store whose pages are some time on their way, and that settles sooner than they arrive.
type distant struct {
	*memory
	loads map[int64]int // by event
}

func (s *distant) Unsettled(ctx context.Context, after int64, limit int) ([]conversation.Inbound, error) {
	page, err := s.memory.Unsettled(ctx, after, limit)
	<-time.After(100 * time.Millisecond)
	return page, err
}

func (s *distant) Load(ctx context.Context, in conversation.Inbound) (conversation.State, error) {
	s.mu.Lock()
	s.loads[in.ID]++
	s.mu.Unlock()
	return s.memory.Load(ctx, in)
}

func (s *distant) Settle(ctx context.Context, t conversation.Turn, c conversation.Commit) error {
	<-time.After(50 * time.Millisecond)
	return s.memory.Settle(ctx, t, c)
}

// TestAnEventThatEndsWhileItIsReadAgainIsNotDecidedAgain: the store would refuse to settle it twice, but the person's
// next message would wait for that.
func TestAnEventThatEndsWhileItIsReadAgainIsNotDecidedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &distant{newMemory(), map[int64]int{}}
		e := start(t, store, &answer{word: "coffee"})
		for i, chat := range []string{"ann", "bob", "ann", "zoe"} {
			if err := e.Receive(t.Context(), message(i+1, chat, "coffee")); err != nil {
				t.Fatal(err)
			}
			<-time.After(30 * time.Millisecond)
		}
		wait(t, time.Second)
		store.mu.Lock()
		defer store.mu.Unlock()
		for id := int64(1); id <= 4; id++ {
			if n := store.loads[id]; n != 1 {
				t.Errorf("event %d was decided %d times", id, n)
			}
		}
	})
}
