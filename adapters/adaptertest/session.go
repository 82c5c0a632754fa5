package adaptertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// patience is how long anything may take, and callTime a call. In a bubble that takes no time at all; over sockets it
// only ends what hangs.
func (s *Setup) patience() time.Duration { return s.inTime(30 * time.Second) }
func (s *Setup) callTime() time.Duration { return s.inTime(5 * time.Second) }

func (s *Setup) inTime(d time.Duration) time.Duration {
	if s.Bubble {
		return d
	}
	return 5 * time.Minute
}

// session is one channel that runs against its platform.
type session struct {
	t       *testing.T
	ctx     context.Context
	setup   Setup
	rig     Rig
	inbox   *inbox
	account string
	stop    func() error // ends Run and answers what it returned
	nonce   int
	said    []string // the texts of all errors, for the secrets
}

// open connects a channel and lets it run until the end of the test.
func open(t *testing.T, setup Setup) *session {
	t.Helper()
	if !setup.Bubble { // in a bubble a goroutine that is left is an error by itself
		leaks := goleak.IgnoreCurrent()
		t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	}
	logged := &safeBuffer{}
	log := slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := &session{t: t, ctx: t.Context(), setup: setup, rig: setup.Open(t, log), inbox: newInbox(setup.patience())}
	t.Cleanup(func() {
		s.close()
		s.searchSecrets(logged.String())
	})
	account, err := s.rig.Channel.Connect(s.ctx)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	s.account = account
	s.start()
	return s
}

// start lets the channel run.
func (s *session) start() {
	ctx, cancel := context.WithCancel(s.ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.rig.Channel.Run(ctx, s.inbox) }()
	var once sync.Once
	var err error
	s.stop = func() error {
		once.Do(func() {
			cancel()
			err = within(ended, s.setup.patience(), "Run to return after its context has ended")
		})
		return err
	}
}

func (s *session) close() {
	if s.stop != nil {
		if err := s.stop(); err != nil {
			s.t.Errorf("Run: %v", s.note(err))
		}
	}
	if c, ok := s.rig.Channel.(io.Closer); ok {
		if err := c.Close(); err != nil {
			s.t.Errorf("close the channel: %v", s.note(err))
		}
	}
	if s.rig.Close != nil {
		if err := s.rig.Close(); err != nil {
			s.t.Errorf("close the platform: %v", err)
		}
	}
}

// note remembers an error, however it may be printed, to search it for secrets.
func (s *session) note(err error) error {
	if err != nil {
		s.said = append(s.said, err.Error(), fmt.Sprintf("%+v", err))
		var se *conversation.SendError
		if errors.As(err, &se) {
			s.said = append(s.said, fmt.Sprintf("%+v", *se))
		}
	}
	return err
}

func (s *session) searchSecrets(logged string) {
	for _, secret := range s.rig.Secrets {
		if secret == "" {
			s.t.Error("an empty secret proves nothing")
			continue
		}
		if strings.Contains(logged, secret) {
			s.t.Error("a secret is in the log")
		}
		for _, text := range s.said {
			if strings.Contains(text, secret) {
				s.t.Error("a secret is in an error")
			}
		}
	}
}

// must fails the test at once.
func (s *session) must(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", what, s.note(err))
	}
}

// chatWith has the person say a first word, and answers where it came from.
func (s *session) chatWith(as string) conversation.Address {
	s.t.Helper()
	hello := "hello from " + as
	_, err := s.rig.Human.Say(s.ctx, as, hello)
	s.must("say", err)
	return s.await("the first word of "+as, func(in conversation.Inbound) bool { return in.Text == hello }).Address
}

// await waits for an event.
func (s *session) await(what string, match func(conversation.Inbound) bool) conversation.Inbound {
	s.t.Helper()
	in, err := s.inbox.await(s.ctx, what, match)
	s.must("receive", err)
	return in
}

func kind(k conversation.Kind) func(conversation.Inbound) bool {
	return func(in conversation.Inbound) bool { return in.Kind == k }
}

// send makes the call, and again after the wait that the platform asks for.
func (s *session) send(to conversation.Address, body conversation.Body, of string) conversation.Receipt {
	s.t.Helper()
	r, err := s.try(to, body, of)
	s.must("send", err)
	return r
}

func (s *session) try(to conversation.Address, body conversation.Body, of string) (conversation.Receipt, error) {
	s.nonce++
	out := conversation.Sending{
		Outgoing:  conversation.Outgoing{To: to, Body: body},
		MessageID: of, Nonce: fmt.Sprintf("nonce-%d", s.nonce),
	}
	for tries := 0; ; tries++ {
		ctx, cancel := context.WithTimeout(s.ctx, s.setup.callTime())
		r, err := s.rig.Channel.Send(ctx, out)
		cancel()
		var se *conversation.SendError
		if err != nil && !errors.As(err, &se) {
			s.t.Errorf("the error of Send is a %T, not a *SendError: %v", err, err)
		}
		if se == nil || se.Kind != conversation.RateLimited || tries > 20 {
			return r, s.note(err)
		}
		if se.RetryAfter <= 0 {
			s.t.Errorf("RateLimited without RetryAfter: %v", se)
		}
		if err := sleep(s.ctx, se.RetryAfter); err != nil {
			return r, err
		}
	}
}

// say sends a text and answers its receipt.
func (s *session) say(to conversation.Address, text string, rows ...[]conversation.Button) conversation.Receipt {
	s.t.Helper()
	return s.send(to, conversation.Body{Text: texts.Literal(text), Rows: rows}, "")
}

// fromBot are the bot's messages in the person's chat.
func (s *session) fromBot(as string) []Message {
	var out []Message
	for _, m := range s.rig.Human.Chat(as) {
		if m.Bot {
			out = append(out, m)
		}
	}
	return out
}

// last is the bot's newest message.
func (s *session) last(as string) Message {
	s.t.Helper()
	all := s.fromBot(as)
	if len(all) == 0 {
		s.t.Fatalf("the bot has said nothing to %s", as)
	}
	return all[len(all)-1]
}

// button is a button as the store hands it to a channel.
func button(label, token string) conversation.Button {
	return conversation.Button{Label: label, Token: token, Action: conversation.Action{Skill: "suite", Verb: "press"}}
}

// inbox is a Receiver that keeps everything in memory.
type inbox struct {
	patience time.Duration // how long an event is waited for

	mu      sync.Mutex
	events  []conversation.Inbound
	failing int           // calls that are still to fail
	changed chan struct{} // closed and replaced at each call
}

var errFull = errors.New("the store is out of order")

func newInbox(patience time.Duration) *inbox {
	return &inbox{patience: patience, changed: make(chan struct{})}
}

// Receive implements conversation.Receiver.
func (b *inbox) Receive(ctx context.Context, in ...conversation.Inbound) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() {
		close(b.changed)
		b.changed = make(chan struct{})
	}()
	if b.failing > 0 {
		b.failing--
		return errFull
	}
	b.events = append(b.events, in...)
	return nil
}

// refuse makes the next calls fail.
func (b *inbox) refuse(times int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failing = times
}

func (b *inbox) all() []conversation.Inbound {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]conversation.Inbound(nil), b.events...)
}

func (b *inbox) await(ctx context.Context, what string, match func(conversation.Inbound) bool) (conversation.Inbound, error) {
	ctx, cancel := context.WithTimeout(ctx, b.patience)
	defer cancel()
	for {
		b.mu.Lock()
		changed := b.changed
		for _, in := range b.events {
			if match(in) {
				b.mu.Unlock()
				return in, nil
			}
		}
		b.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return conversation.Inbound{}, fmt.Errorf("%s did not come: %w", what, ctx.Err())
		}
	}
}

// within waits for a value that has to come.
func within[T any](c <-chan T, patience time.Duration, what string) T {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case v := <-c:
		return v
	case <-timer.C:
		panic("waited in vain for " + what)
	}
}

// sleep waits on the clock that the test runs by.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
