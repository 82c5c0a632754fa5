package discord_test

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/adapters/discord"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	platform "github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/texts"
)

// inbox keeps events in memory, each once.
type inbox struct {
	mu     sync.Mutex
	events []conversation.Inbound
	times  map[string]int
	delay  time.Duration
	newest map[string]string // what Recall answers
	onNew  func(conversation.Inbound)
}

func (b *inbox) Receive(ctx context.Context, in ...conversation.Inbound) error {
	b.mu.Lock()
	delay := b.delay
	b.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range in {
		if b.times == nil {
			b.times = map[string]int{}
		}
		if b.times[e.EventID]++; b.times[e.EventID] == 1 {
			b.events = append(b.events, e)
			if b.onNew != nil {
				b.onNew(e)
			}
		}
	}
	return nil
}

// slow makes the inbox need so long for everything.
func (b *inbox) slow(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.delay = d
}

// Recall implements discord.Recaller.
func (b *inbox) Recall(context.Context, string, time.Time) (map[string]string, error) {
	return b.newest, nil
}

func (b *inbox) all() []conversation.Inbound {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.events)
}

func (b *inbox) texts() []string {
	var out []string
	for _, e := range b.all() {
		out = append(out, e.Text)
	}
	return out
}

// stage is a look-alike and a channel that runs against it, in a bubble.
type stage struct {
	*testing.T
	l     *platform.Lookalike
	a     *discord.Adapter
	inbox *inbox
	opts  []discord.Option
	end   func() error
}

// onStage runs a test in a bubble. before may misuse the platform before the channel runs.
func onStage(t *testing.T, cfg platform.Config, before func(s *stage), body func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
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
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := shut(); err != nil {
			t.Error(err)
		}
	})
}

func (s *stage) adapter() *discord.Adapter {
	s.Helper()
	a, err := discord.New(discord.Config{Token: config.NewSecret(s.l.Token()), APIURL: "http://discord.test"},
		slog.New(slog.DiscardHandler), s.opts...)
	if err != nil {
		s.Fatal(err)
	}
	return a
}

// run lets a channel run until the returned function is called, which answers what Run did.
func (s *stage) run(a *discord.Adapter) func() error {
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
	if err := s.l.Online(ctx); err != nil {
		s.Fatal(err)
	}
	synctest.Wait()
}

func (s *stage) say(as, text string) {
	s.Helper()
	if _, err := s.l.Say(s.Context(), lookalike.Say{As: as, Text: text}); err != nil {
		s.Fatal(err)
	}
	synctest.Wait()
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stage) send(as, text string, rows ...[]conversation.Button) (conversation.Receipt, error) {
	return s.a.Send(s.Context(), s.sending(as, text, rows...))
}

func (s *stage) sending(as, text string, rows ...[]conversation.Button) conversation.Sending {
	return conversation.Sending{Nonce: "nonce " + text[:min(len(text), 10)], Outgoing: conversation.Outgoing{
		To:   conversation.Address{Channel: discord.Name, Chat: s.l.Direct(as)},
		Body: conversation.Body{Text: texts.Literal(text), Rows: rows},
	}}
}

// calls counts the calls whose path ends so.
func (s *stage) calls(verb, path string) []lookalike.Call {
	var out []lookalike.Call
	for _, c := range s.l.Calls(0) {
		if c.Method == verb && len(c.Path) >= len(path) && c.Path[len(c.Path)-len(path):] == path {
			out = append(out, c)
		}
	}
	return out
}

// transport reaches the look-alike on a way of its own.
func (s *stage) transport() http.RoundTripper { return lookalike.Transport(s.l.Handler()) }
