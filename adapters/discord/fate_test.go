package discord_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/adapters/discord"
	"github.com/rapport-chat/rapport/conversation"
	platform "github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// sorry are the words for what was not kept.
func sorry(locale string) string { return "once more, please (" + locale + ")" }

// TestThreeSeconds: a press is answered in time although the inbox is slow, and nobody believes that one counted which
// did not: what is not kept in time fails for the person, and does not count later.
func TestThreeSeconds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		takes time.Duration
		kept  bool
	}{
		{"within the time", 2 * time.Second, true},
		{"later", 4 * time.Second, false},
		{"much later", time.Hour, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onStage(t, platform.Config{}, nil, func(s *stage) {
				s.online()
				_, err := s.send("ayla", "Yes?", []conversation.Button{button("Yes", "token-yes")})
				s.must(err)
				s.inbox.slow(c.takes)
				err = s.l.Press(s.Context(), lookalike.Press{As: "ayla", Label: "Yes"})
				if c.kept != (err == nil) || err != nil && !errors.Is(err, lookalike.ErrRefused) {
					s.Errorf("the person reads: %v", err)
				}
				s.inbox.slow(0)
				s.after(2 * time.Hour)
				if got := s.inbox.all(); (len(got) == 1) != c.kept {
					s.Errorf("kept %+v", got)
				}
				s.say("ayla", "and I write")
				s.must(s.l.Press(s.Context(), lookalike.Press{As: "ayla", Label: "Yes"}))
				if got := s.inbox.all(); got[len(got)-1].Token != "token-yes" || got[len(got)-2].Text != "and I write" {
					s.Errorf("afterwards: kept %+v", got)
				}
			})
		})
	}
}

// TestAFormThatIsNotKept: the platform shows that it failed and leaves it open, with its words, to be sent again.
func TestAFormThatIsNotKept(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		reply := conversation.Button{Label: "Reply", Token: "token-form", Form: &conversation.Form{
			Title: "Reply", Fields: []conversation.FormField{{Name: "text", Label: "Your reply"}},
		}}
		_, err := s.send("ayla", "Reply?", []conversation.Button{reply})
		s.must(err)
		s.must(s.l.Press(s.Context(), lookalike.Press{As: "ayla", Label: "Reply"}))
		s.inbox.slow(time.Minute)
		words := map[string]string{"Your reply": "We are coming"}
		if err := s.l.Submit(s.Context(), "ayla", words); !errors.Is(err, lookalike.ErrRefused) {
			s.Errorf("the person reads: %v", err)
		}
		s.inbox.slow(0)
		s.after(time.Hour)
		if got := s.inbox.all(); len(got) != 0 {
			s.Errorf("kept %+v", got)
		}
		s.must(s.l.Submit(s.Context(), "ayla", words))
		if got := s.inbox.all(); len(got) != 1 || got[0].Values["text"] != "We are coming" {
			s.Errorf("sent again: kept %+v", got)
		}
	})
}

// thinking has a person use a command while the inbox is slow; it is deferred then.
func (s *stage) thinking(takes time.Duration) {
	s.Helper()
	s.online()
	s.must(s.a.SetCommands(s.Context(), map[string][]conversation.CommandInfo{"": {{Name: "balance", Description: "My points"}}}))
	s.inbox.slow(takes)
	s.must(s.l.Command(s.Context(), "vera", "/balance", ""))
	s.sees("vera", "", "thinking…")
}

// TestACommandThatIsLate: while it waits to be kept "thinking…" stands there; kept later it is answered.
func TestACommandThatIsLate(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, (*stage).givesWords, func(s *stage) {
		s.thinking(20 * time.Second)
		s.after(30 * time.Second)
		got := s.inbox.all()
		if len(got) != 1 || got[0].Command != "balance" {
			s.Fatalf("kept %+v", got)
		}
		s.sendAll(reply(got[0], "1", "42 points"))
		s.sees("vera", "", "42 points")
		s.after(time.Hour)
		s.sees("vera", "", "42 points")
	})
}

// givesWords makes the channel tell who used a command that was not kept.
func (s *stage) givesWords() {
	s.opts = append(slices.Clone(s.opts), discord.WithSorry(sorry))
	s.a = s.adapter()
}

// TestACommandThatIsNotKept: the person is told by its token, once it is known; nothing of it counts later.
func TestACommandThatIsNotKept(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(s *stage){
		"the database stays away": func(s *stage) { s.after(2 * time.Minute) },
		"the lease is lost":       func(s *stage) { s.after(6 * time.Second); s.must(s.end()) },
		"the connection too": func(s *stage) {
			s.l.Disconnect(0)
			s.after(2 * time.Minute)
		},
		"and the session": func(s *stage) {
			s.l.Invalidate(false)
			s.after(2 * time.Minute)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, platform.Config{}, (*stage).givesWords, func(s *stage) {
				s.thinking(24 * time.Hour)
				then(s)
				s.sees("vera", "", "once more, please (en-US)")
				s.inbox.slow(0)
				s.after(25 * time.Hour)
				if got := s.inbox.all(); len(got) != 0 {
					s.Errorf("kept %+v", got)
				}
			})
		})
	}
}

// TestAReplayedInteractionIsOne: a session that is resumed while a command waits to be kept brings it again: it is kept
// once, and nobody is told that it failed.
func TestAReplayedInteractionIsOne(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, (*stage).givesWords, func(s *stage) {
		s.thinking(20 * time.Second)
		s.l.Disconnect(0)
		s.after(2 * time.Minute)
		if got := s.inbox.all(); len(got) != 1 {
			s.Errorf("kept %+v", got)
		}
		s.sees("vera", "", "thinking…")
	})
}

// TestACommandWithoutWords: nobody gave words for it, so that the platform tells that it failed.
func TestACommandWithoutWords(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.must(s.a.SetCommands(s.Context(), map[string][]conversation.CommandInfo{"": {{Name: "balance", Description: "My points"}}}))
		s.inbox.slow(5 * time.Second)
		if err := s.l.Command(s.Context(), "vera", "/balance", ""); !errors.Is(err, lookalike.ErrRefused) {
			s.Errorf("the person reads: %v", err)
		}
		s.after(time.Minute)
		if got := s.inbox.all(); len(got) != 0 {
			s.Errorf("kept %+v", got)
		}
	})
}
