package console_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/rapport-chat/rapport/adapters/adaptertest"
	"github.com/rapport-chat/rapport/adapters/console"
	"github.com/rapport-chat/rapport/conversation"
)

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Setup{Bubble: true, Open: func(t *testing.T, _ *slog.Logger) adaptertest.Rig {
		t.Helper()
		s := &screen{lines: make(chan string, 100)}
		return adaptertest.Rig{
			Channel: console.New("ayla", "az", s.lines, s), Human: s, Secrets: []string{"a terminal has no secret"},
			Fail:    map[conversation.ErrorKind]func(context.Context) error{conversation.OurCredentials: s.breakOnce},
			Blocked: conversation.Temporary, // nobody can block a terminal
		}
	}})
}

// screen is the terminal of one person: what the bot prints, and what the person types.
type screen struct {
	mu     sync.Mutex
	lines  chan string
	typed  int
	shown  []adaptertest.Message
	keys   map[string]int // the number of each button that can be pressed, by its label
	broken bool
}

var errBroken = errors.New("the terminal is gone")

// Print implements console.Printer.
func (s *screen) Print(m console.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		s.broken = false
		return errBroken
	}
	at := slices.IndexFunc(s.shown, func(have adaptertest.Message) bool { return have.ID == m.ID })
	if m.Deleted {
		if at >= 0 {
			s.shown = slices.Delete(s.shown, at, at+1)
		}
		return nil
	}
	shown := adaptertest.Message{ID: m.ID, Bot: true, Text: m.Text, Picture: m.Image != "", Edited: m.Edited}
	if len(m.Buttons) > 0 {
		s.keys = map[string]int{}
	}
	for _, b := range m.Buttons {
		shown.Buttons = append(shown.Buttons, b.Label)
		s.keys[b.Label] = b.Number
	}
	if m.Edited && at >= 0 {
		s.shown[at] = shown
	} else {
		s.shown = append(s.shown, shown)
	}
	return nil
}

func (s *screen) breakOnce(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = true
	return nil
}

// Say types a line.
func (s *screen) Say(_ context.Context, _, text string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.typed++
	s.lines <- text
	return strconv.Itoa(s.typed), nil
}

func (s *screen) Command(ctx context.Context, as, text string) error {
	_, err := s.Say(ctx, as, text)
	return err
}

func (s *screen) Press(ctx context.Context, as, label string) error {
	s.mu.Lock()
	n, ok := s.keys[label]
	s.mu.Unlock()
	if !ok {
		return errors.New("no button " + label)
	}
	_, err := s.Say(ctx, as, strconv.Itoa(n))
	return err
}

// What a terminal does not have.
var errNot = errors.New("a terminal has no such thing")

func (s *screen) Attach(context.Context, string, string) error       { return errNot }
func (s *screen) Edit(context.Context, string, string, string) error { return errNot }
func (s *screen) Delete(context.Context, string, string) error       { return errNot }
func (s *screen) Block(context.Context, string) error                { return errNot }
func (s *screen) Unblock(context.Context, string) error              { return errNot }

func (s *screen) Chat(string) []adaptertest.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.shown)
}

// TestText: how a message looks in a terminal. Control characters of others do not reach it.
func TestText(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	for _, m := range []console.Message{
		{ID: "1", Text: "Helped?", Buttons: []console.Choice{{Number: 1, Label: "Yes"}, {Label: "Shop", URL: "https://example.com"}}},
		{ID: "2", Text: "\x1b]0;owned\x07\x1b[2Jred\ttab\nnext\u009b1m", Image: "card.png"},
		{ID: "2", Deleted: true},
	} {
		if err := (console.Text{W: &out}).Print(m); err != nil {
			t.Fatal(err)
		}
	}
	want := "Helped?\n  1 [Yes]\n  [Shop] https://example.com\n\n]0;owned[2Jred\ttab\nnext1m\n[picture: card.png]\n\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	if err := (console.Text{W: closed{}}).Print(console.Message{Text: "x"}); err == nil {
		t.Error("a closed terminal takes a message")
	}
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
