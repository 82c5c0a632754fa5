package discord_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/adapters/discord"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	platform "github.com/rapport-chat/rapport/sandbox/discord"
)

// TestInvalidRequests: calls that the platform counts against our address stop well before it blocks it, and that is
// said; presses are still answered.
func TestInvalidRequests(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{Limits: platform.Limits{PerSecond: -1, PerChannel: -1}}, nil, func(s *stage) {
		s.online()
		var logged bytes.Buffer
		a, err := discord.New(discord.Config{Token: config.NewSecret(s.l.Token()), APIURL: "http://discord.test"},
			slog.New(slog.NewTextHandler(&logged, nil)), s.opts...)
		s.must(err)
		s.must(s.l.Block(s.Context(), "ayla"))
		calls := 0
		var se *conversation.SendError
		for range 12_000 {
			_, err := a.Send(s.Context(), s.sending("ayla", "hello"))
			if !errors.As(err, &se) {
				s.Fatalf("got %v", err)
			}
			if se.Kind == conversation.RateLimited {
				break
			}
			calls++
		}
		if calls < 5000 || calls > 9000 || !se.WholeBot || se.Code != "invalid_request_budget" || se.RetryAfter <= 0 {
			s.Errorf("stopped after %d refused calls with %+v", calls, se)
		}
		if n := strings.Count(logged.String(), "would block our address"); n != 1 {
			s.Errorf("it is said %d times", n)
		}
		s.after(11 * time.Minute)
		if _, err := a.Send(s.Context(), s.sending("vera", "hello")); err != nil {
			s.Errorf("ten minutes later: %v", err)
		}
		s.must(a.Close())
	})
}

// TestRefusedChatsRest: a chat that refuses us is left alone for a day, then for two, by all but answers; until the
// person writes.
func TestRefusedChatsRest(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.say("ayla", "hello")
		s.must(s.l.Block(s.Context(), "ayla"))
		path := "/channels/" + s.l.Direct("ayla") + "/messages"
		n := 0
		send := func(lane conversation.Lane) error {
			out := s.sending("ayla", "an offer")
			n++
			out.Lane, out.Nonce = lane, string(rune('a'+n))
			_, err := s.a.Send(s.Context(), out)
			return err
		}
		for _, step := range []struct {
			wait time.Duration
			lane conversation.Lane
			call bool
		}{
			{0, conversation.LaneBulk, true},
			{time.Hour, conversation.LaneBulk, false},
			{time.Hour, conversation.LaneNotice, false},
			{22 * time.Hour, conversation.LaneBulk, true},
			{47 * time.Hour, conversation.LaneBulk, false},
			{time.Hour, conversation.LaneBulk, true},
			{time.Hour, conversation.LaneAnswer, true},
		} {
			s.after(step.wait)
			before := len(s.calls("POST", path))
			if err := send(step.lane); conversation.KindOf(err) != conversation.PersonGone || err == nil {
				s.Errorf("got %v", err)
			}
			if called := len(s.calls("POST", path)) > before; called != step.call {
				s.Errorf("step %+v: called %v", step, called)
			}
		}
		s.must(s.l.Unblock(s.Context(), "ayla"))
		if err := send(conversation.LaneBulk); err == nil {
			s.Error("the rest was forgotten without a sign of life")
		}
		s.say("ayla", "I am back")
		s.must(send(conversation.LaneBulk))
	})
}
