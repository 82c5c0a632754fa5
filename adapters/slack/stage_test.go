package slack_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/adapters/slack"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	platform "github.com/rapport-chat/rapport/sandbox/slack"
	"github.com/rapport-chat/rapport/texts"
)

// stage is a look-alike and a channel that runs against it, in a bubble.
type stage struct {
	*testing.T
	l     *platform.Lookalike
	a     *slack.Adapter
	inbox *inbox
	opts  []slack.Option
	end   func() error
	sends int
}

// onStage runs a test in a bubble. before may misuse the platform before the channel runs.
func onStage(t *testing.T, cfg platform.Config, before func(s *stage), body func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg.Channels = []string{"support", "general"}
		l, opts, shut := inMemory(t, cfg)
		s := &stage{T: t, l: l, inbox: &inbox{}, opts: opts}
		s.a = s.adapter()
		if before != nil {
			before(s)
		}
		s.end = s.run(s.a)
		body(s)
		if err := s.end(); err != nil {
			t.Errorf("Run: %v", err)
		}
		s.must(s.a.Close())
		s.must(l.Close())
		s.must(shut())
	})
}

func (s *stage) adapter() *slack.Adapter {
	s.Helper()
	a, err := slack.New(slack.Config{
		BotToken: config.NewSecret(s.l.BotToken()), AppToken: config.NewSecret(s.l.AppToken()), APIURL: "http://slack.test/api",
		StaffChannels: []string{"#support"},
	}, slog.New(slog.DiscardHandler), s.opts...)
	if err != nil {
		s.Fatal(err)
	}
	return a
}

// run lets a channel run until the returned function is called, which answers what Run did.
func (s *stage) run(a *slack.Adapter) func() error {
	ctx, cancel := context.WithCancel(s.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, s.inbox) }()
	return sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
}

// after lets time pass.
func (s *stage) after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (s *stage) online() {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 2*time.Minute)
	defer cancel()
	s.must(s.l.Online(ctx))
	s.after(time.Second)
}

func (s *stage) say(as, text, in string) string {
	s.Helper()
	id, err := s.l.Say(s.Context(), lookalike.Say{As: as, Text: text, In: in})
	s.must(err)
	synctest.Wait()
	return id
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// send sends a body, and answers its receipt. The platform's pace is kept.
func (s *stage) send(o conversation.Outgoing, of string) conversation.Receipt {
	s.Helper()
	s.sends++
	for {
		s.after(time.Second)
		ctx, cancel := context.WithTimeout(s.Context(), 5*time.Second)
		r, err := s.a.Send(ctx, conversation.Sending{Outgoing: o, MessageID: of, Nonce: fmt.Sprintf("nonce-%d", s.sends)})
		cancel()
		var se *conversation.SendError
		if !errors.As(err, &se) || se.Kind != conversation.RateLimited || se.RetryAfter <= 0 {
			s.must(err)
			return r
		}
		s.after(se.RetryAfter)
	}
}

func say(chat, thread, text string, rows ...[]conversation.Button) conversation.Outgoing {
	return conversation.Outgoing{
		To:   conversation.Address{Channel: slack.Name, Chat: chat, Thread: thread},
		Body: conversation.Body{Text: texts.Literal(text), Rows: rows},
	}
}

func button(label, token string) conversation.Button {
	return conversation.Button{Label: label, Token: token}
}

// calls counts the calls of a method.
func (s *stage) calls(method string) []lookalike.Call {
	var out []lookalike.Call
	for _, c := range s.l.Calls(0) {
		if c.Method == method {
			out = append(out, c)
		}
	}
	return out
}

// last is the newest of what a person sees in a place.
func (s *stage) last(as, in string) lookalike.Message {
	s.Helper()
	all := s.l.Chat(as, in)
	if len(all) == 0 {
		s.Fatalf("%s sees nothing in %q", as, in)
	}
	return all[len(all)-1]
}
