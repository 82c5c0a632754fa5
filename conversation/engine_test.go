package conversation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// answer answers texts that contain a word for certain, and waits for more otherwise.
type answer struct {
	word string
	err  error // answered instead, while it is set
}

func (a *answer) Name() string { return "answer" }

func (a *answer) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	if a.err != nil {
		return nil, a.err
	}
	if t.In.Text == "panic" {
		panic("a customer's words")
	}
	if !strings.Contains(t.In.Text, a.word) {
		return nil, nil
	}
	return reply(t, "answer to "+strings.ReplaceAll(t.In.Text, "\n", "+")), nil
}

// last claims everything when nothing more comes.
type last struct{}

func (last) Name() string { return "last" }

func (last) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	if !t.Final {
		return nil, conversation.ErrWait
	}
	return reply(t, "no answer to "+strings.ReplaceAll(t.In.Text, "\n", "+")), nil
}

// asks opens a step that takes a number.
type asks struct{}

func (asks) Name() string { return "asks" }

func (a asks) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	_, open := t.Dialogue.Open("asks")
	switch {
	case t.In.Command == "ask":
		return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			return t.Dialogue.Push(conversation.Frame{Skill: "asks", Step: "number", Until: t.Now.Add(time.Hour)}), a.Resume(ctx, tx, t, conversation.Frame{})
		}, nil
	case open && t.In.Text == "7":
		return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			_, err := tx.Send(ctx, conversation.Say(texts.Literal("seven")))
			return t.Dialogue.Pop(), err
		}, nil
	case open && t.LastResort:
		return reply(t, "a number, please"), nil
	}
	return nil, nil
}

func (asks) Resume(ctx context.Context, tx conversation.Tx, _ conversation.Turn, _ conversation.Frame) error {
	_, err := tx.Send(ctx, conversation.Say(texts.Literal("which number?")))
	return err
}

func reply(t conversation.Turn, text string) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		_, err := tx.Send(ctx, conversation.Say(texts.Literal(text)))
		return t.Dialogue, err
	}
}

// start runs an engine over the store until the test ends.
func start(t *testing.T, store conversation.Store, skills ...conversation.Skill) *conversation.Engine {
	t.Helper()
	e, err := conversation.NewEngine(conversation.Config{
		Store: store, Skills: skills, Fallback: last{}, Business: clock.NewMovable(0),
		Languages: []language.Code{language.English, language.Azerbaijani, language.Turkish, language.Russian},
		Rescue: func(t conversation.Turn) conversation.Commit {
			return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
				if err := tx.OpenTicket(ctx, conversation.Handoff{Reason: "error"}); err != nil {
					return t.Dialogue, err
				}
				_, err := tx.Send(ctx, conversation.Say(texts.Literal("a colleague will look at it")))
				return t.Dialogue, err
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run ended with %v", err)
		}
	})
	return e
}

// message is a private text.
func message(id int, chat, text string) conversation.Inbound {
	in := conversation.Inbound{
		Address: conversation.Address{Channel: "test", Account: "test:1", Chat: chat},
		EventID: fmt.Sprint(id), Kind: conversation.KindMessage, Private: true, Text: text,
		From: conversation.Sender{UserID: chat},
	}
	if name, ok := strings.CutPrefix(text, "/"); ok {
		in.Text, in.Command = text, name
	}
	return in
}

func TestBursts(t *testing.T) {
	type step struct {
		text  string
		after time.Duration // waited before it
	}
	tests := []struct {
		name  string
		steps []step
		want  string
		quiet time.Duration // how long nothing more happens before the check
	}{
		{"certain at once", []step{{"coffee?", 0}}, "answer to coffee?", time.Millisecond},
		{"uncertain waits", []step{{"salam", 0}}, "", 2 * time.Second},
		{"uncertain alone in the end", []step{{"salam", 0}}, "no answer to salam", 3 * time.Second},
		{"fragments are one question", []step{{"salam", 0}, {"bir sualim var", time.Second}, {"islemir", 2 * time.Second}}, "no answer to salam+bir sualim var+islemir", 3 * time.Second},
		{"a certain one takes the burst along", []step{{"salam", 0}, {"my coffee", time.Second}}, "answer to my coffee", time.Millisecond},
		{"a command does not wait", []step{{"salam", 0}, {"/coffee", time.Second}}, "no answer to salam\nanswer to /coffee", time.Millisecond},
		{"late ones are another question", []step{{"salam", 0}, {"islemir", 3 * time.Second}}, "no answer to salam\nno answer to islemir", 3 * time.Second},
		{"a burst ends", []step{{"a", 0}, {"b", time.Second}, {"c", time.Second}, {"d", time.Second}, {"e", time.Second}, {"f", time.Second}}, "no answer to a+b+c+d+e+f", time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				e := start(t, m, &answer{word: "coffee"})
				for i, s := range tt.steps {
					wait(t, s.after)
					if err := e.Receive(t.Context(), message(i, "chat", s.text)); err != nil {
						t.Fatal(err)
					}
				}
				wait(t, tt.quiet)
				if got := m.said(); got != tt.want {
					t.Errorf("said %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// wait lets virtual time pass and everything come to rest.
func wait(t *testing.T, d time.Duration) {
	t.Helper()
	if d > 0 {
		<-time.After(d)
	}
	synctest.Wait()
}

func TestOpenStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		s := asks{}
		e := start(t, m, &answer{word: "coffee"}, conversation.OpenStep{}, s)
		for i, text := range []string{"/ask", "coffee?", "hm", "7", "7"} {
			if err := e.Receive(t.Context(), message(i, "chat", text)); err != nil {
				t.Fatal(err)
			}
			wait(t, 10*time.Second)
		}
		want := "which number?\nanswer to coffee?\nwhich number?\na number, please\nseven\nno answer to 7"
		if got := m.said(); got != want {
			t.Errorf("said\n%s\nwant\n%s", got, want)
		}
	})
}

func TestOneTurnAtATimePerConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := start(t, m, &answer{word: "coffee"})
		var ins []conversation.Inbound
		var want []string
		for i := range 200 {
			ins = append(ins, message(i, fmt.Sprint("chat", i%5), fmt.Sprint("coffee ", i)))
			if i%5 == 3 {
				want = append(want, fmt.Sprint("answer to coffee ", i))
			}
		}
		ins = append(ins, ins[:50]...) // the platform hands some over again
		if err := e.Receive(t.Context(), ins...); err != nil {
			t.Fatal(err)
		}
		wait(t, time.Second)
		if len(m.sent) != 200 {
			t.Fatalf("%d answers, want 200", len(m.sent))
		}
		var got []string
		for _, line := range strings.Split(m.said(), "\n") {
			var n int
			if _, err := fmt.Sscanf(line, "answer to coffee %d", &n); err != nil {
				t.Fatal(err)
			}
			if n%5 == 3 {
				got = append(got, line)
			}
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("one conversation's answers came in the order %v", got)
		}
	})
}

func TestAnEventIsNotParkedForTheStoresTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		full, over := fmt.Errorf("no room: %w", conversation.ErrAway), time.Now().Add(time.Minute)
		m.settleAs = func(conversation.Turn) error {
			if time.Now().Before(over) {
				return full
			}
			return nil
		}
		e := start(t, m, &answer{word: "coffee"})
		if err := e.Receive(t.Context(), message(1, "chat", "coffee")); err != nil {
			t.Fatal(err)
		}
		wait(t, 3*time.Minute)
		if got := m.said(); got != "answer to coffee" || m.rows[0].parked != "" {
			t.Errorf("said %q, parked %q", got, m.rows[0].parked)
		}
	})
}

func TestPoisonIsParkedAndThePersonHears(t *testing.T) {
	tests := []struct {
		name string
		in   conversation.Inbound
		err  error
	}{
		{"a skill fails", message(1, "chat", "coffee"), errors.New("broken")},
		{"a skill panics", message(1, "chat", "panic"), nil},
		{"not decodable", conversation.Inbound{
			Address: conversation.Address{Channel: "test", Account: "test:1", Chat: "chat"}, EventID: "1",
			Kind: conversation.KindBroken, Private: true, Raw: []byte("?"), From: conversation.Sender{UserID: "chat"},
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				skill := &answer{word: "coffee", err: tt.err}
				e := start(t, m, skill)
				if err := e.Receive(t.Context(), tt.in); err != nil {
					t.Fatal(err)
				}
				wait(t, time.Minute)
				if got := m.said(); got != "a colleague will look at it" {
					t.Errorf("said %q", got)
				}
				if m.rows[0].parked == "" || strings.Contains(m.rows[0].parked, "customer's words") {
					t.Errorf("parked with the cause %q", m.rows[0].parked)
				}
				if len(m.tickets) != 1 {
					t.Errorf("%d tickets, want 1", len(m.tickets))
				}
				skill.err = nil
				if err := e.Receive(t.Context(), message(2, "chat", "coffee 2")); err != nil {
					t.Fatal(err)
				}
				wait(t, time.Minute)
				if got := m.said(); !strings.HasSuffix(got, "answer to coffee 2") {
					t.Errorf("the conversation does not go on: %q", got)
				}
			})
		})
	}
}

func TestConflictIsDecidedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		conflicts := 3
		m.settleAs = func(conversation.Turn) error {
			if conflicts--; conflicts >= 0 {
				return conversation.ErrConflict
			}
			return nil
		}
		e := start(t, m, &answer{word: "coffee"})
		if err := e.Receive(t.Context(), message(1, "chat", "coffee")); err != nil {
			t.Fatal(err)
		}
		wait(t, time.Second)
		if got := m.said(); got != "answer to coffee" {
			t.Errorf("said %q", got)
		}
	})
}

func TestWhatWasNotSettledIsTakenUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		if _, err := m.Accept(t.Context(), message(1, "chat", "coffee")); err != nil {
			t.Fatal(err)
		}
		start(t, m, &answer{word: "coffee"})
		wait(t, time.Second)
		if got := m.said(); got != "answer to coffee" {
			t.Errorf("said %q", got)
		}
	})
}

func TestGroupsAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := start(t, m, &answer{word: "coffee"})
		in := message(1, "group", "coffee")
		in.Private = false
		mentioned := message(2, "group", "coffee 2")
		mentioned.Private, mentioned.Mentioned = false, true
		if err := e.Receive(t.Context(), in, mentioned); err != nil {
			t.Fatal(err)
		}
		wait(t, time.Second)
		if got := m.said(); got != "answer to coffee 2" {
			t.Errorf("said %q", got)
		}
	})
}

func TestReplyLanguage(t *testing.T) {
	brand := []language.Code{language.Azerbaijani, language.Russian}
	tests := []struct {
		name   string
		person conversation.Person
		locale string
		want   language.Code
	}{
		{"chosen wins", conversation.Person{Chosen: language.Russian, Spoken: language.Azerbaijani}, "az", language.Russian},
		{"then what is spoken", conversation.Person{Spoken: language.Russian}, "az", language.Russian},
		{"then the platform's", conversation.Person{}, "ru-RU", language.Russian},
		{"a language the brand lacks", conversation.Person{}, "de", language.Azerbaijani},
		{"nothing known", conversation.Person{}, "", language.Azerbaijani},
	}
	for _, tt := range tests {
		if got := conversation.ReplyLanguage(tt.person, tt.locale, brand); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
