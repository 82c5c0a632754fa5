package slack_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	platform "github.com/rapport-chat/rapport/sandbox/slack"
)

// comeOnce are the things that the platform hands over once and does not repeat.
var comeOnce = map[string]func(s *stage) error{
	"a press": func(s *stage) error {
		return s.l.Press(s.Context(), lookalike.Press{As: "ayla", Label: "Yes"})
	},
	"a command": func(s *stage) error { return s.l.Command(s.Context(), "ayla", "/balance", "") },
	"a form": func(s *stage) error {
		s.inbox.slow(0)
		if err := s.l.Press(s.Context(), lookalike.Press{As: "ayla", Label: "Reply"}); err != nil {
			return err
		}
		s.inbox.slow(time.Hour)
		return s.l.Submit(s.Context(), "ayla", map[string]string{"Your reply": "We are coming"})
	},
}

// TestWhatIsNotKeptFails: while the database is away for longer than the platform waits, the person reads the platform's
// own error, and nothing counts afterwards of what was shown as failed. Messages wait, and a form keeps its words.
func TestWhatIsNotKeptFails(t *testing.T) {
	t.Parallel()
	for name, act := range comeOnce {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, platform.Config{}, nil, func(s *stage) {
				s.online()
				s.say("ayla", "salam", "")
				s.after(time.Second)
				chat := s.inbox.all()[0].Chat
				s.send(say(chat, "", "Yes?", []conversation.Button{button("Yes", "token-yes"), form("token-form", "")}), "")
				s.inbox.slow(time.Hour)
				s.say("ayla", "a question", "")
				if err := act(s); !errors.Is(err, lookalike.ErrRefused) {
					s.Errorf("the person does not read that it failed: %v", err)
				}
				s.inbox.slow(0)
				s.after(2 * time.Hour)
				if got := s.inbox.texts(); !slices.Equal(got, []string{"salam", "a question"}) {
					s.Errorf("kept %q", got)
				}
				if _, open := s.l.OpenForm("ayla"); open != (name == "a form") {
					s.Errorf("a form is open: %t", open)
				}
				if name == "a form" {
					s.must(s.l.Submit(s.Context(), "ayla", map[string]string{"Your reply": "We are coming"}))
				} else {
					s.must(act(s))
				}
				s.after(time.Second)
				if got := s.inbox.all(); len(got) != 3 {
					s.Errorf("done again: kept %+v", got)
				}
			})
		})
	}
}

// TestASlowInboxInTime: what is kept within the platform's three seconds is acknowledged and counts.
func TestASlowInboxInTime(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.inbox.slow(2 * time.Second)
		s.must(s.l.Command(s.Context(), "ayla", "/balance", ""))
		if got := s.inbox.texts(); !slices.Equal(got, []string{"/balance"}) {
			s.Errorf("acknowledged when %q was kept", got)
		}
	})
}

// TestAStopLeavesNothingTaken: a channel that ends while the database is away has acknowledged nothing.
func TestAStopLeavesNothingTaken(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.inbox.slow(time.Hour)
		ended := make(chan error, 1)
		go func() { ended <- s.l.Command(s.Context(), "ayla", "/balance", "") }()
		s.after(2 * time.Second)
		s.must(s.end())
		if err := <-ended; !errors.Is(err, lookalike.ErrRefused) {
			s.Errorf("the person does not read that it failed: %v", err)
		}
	})
}
