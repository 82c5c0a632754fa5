package discord_test

import (
	"testing"
	"time"

	platform "github.com/rapport-chat/rapport/sandbox/discord"
)

// TestBusyUntilItIsKept: what has come over the gateway is told as work until it is durable, however long that takes.
func TestBusyUntilItIsKept(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.inbox.slow(20 * time.Second)
		s.say("vera", "salam")
		for range 19 {
			s.after(time.Second)
			if len(s.a.Busy()) == 0 {
				s.Fatal("at rest with an event that is not kept")
			}
		}
		s.after(2 * time.Second)
		if busy := s.a.Busy(); len(busy) > 0 || len(s.inbox.texts()) != 1 {
			s.Errorf("still %v, kept %q", busy, s.inbox.texts())
		}
	})
}
