package conversation_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// counts answers everything at once, by how long it is and its first words.
type counts struct {
	mu  sync.Mutex
	got []string
}

func (*counts) Name() string { return "counts" }

func (c *counts) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	words := strings.Fields(t.In.Text)
	var short []string // each run of the same word once
	for _, w := range words {
		if len(short) == 0 || short[len(short)-1] != w {
			short = append(short, w)
		}
	}
	c.got = append(c.got, strings.Join(short, " "))
	return reply(t, c.got[len(c.got)-1]), nil
}

// TestAPasteInPiecesIsOneMessage: what a client cut because it is too long for one message is answered once.
func TestAPasteInPiecesIsOneMessage(t *testing.T) {
	full := func(word string) string { return strings.Repeat(word+" ", 4096/(len(word)+1)) }
	type step struct {
		text  string
		after time.Duration // waited before it
	}
	many := make([]step, 0, 25)
	for range 24 {
		many = append(many, step{full("more"), 50 * time.Millisecond})
	}
	many = append(many, step{"the end", 50 * time.Millisecond})
	for _, tt := range []struct {
		name  string
		steps []step
		want  []string
		quiet time.Duration
	}{
		{"two pieces", []step{{full("one"), 0}, {"two", 100 * time.Millisecond}}, []string{"one two"}, 3 * time.Second},
		{"the rest is answered at once", []step{{full("one"), 0}, {"two", 100 * time.Millisecond}}, []string{"one two"}, time.Millisecond},
		{"twenty-five pieces", many, []string{"more the end"}, 3 * time.Second},
		{"every piece full", []step{{full("one"), 0}, {full("two"), 0}}, []string{"one two"}, 3 * time.Second},
		{"a full one alone", []step{{full("one"), 0}}, []string{"one"}, 3 * time.Second},
		{"not cut", []step{{"one", 0}, {"two", 0}}, []string{"one", "two"}, time.Millisecond},
		{"long after", []step{{full("one"), 0}, {"two", 4 * time.Second}}, []string{"one", "two"}, 3 * time.Second},
		{"a command after it", []step{{full("one"), 0}, {"/two", 0}}, []string{"one", "/two"}, time.Millisecond},
		{"a plain wish after it", []step{{full("one"), 0}, {"stop", 0}}, []string{"one", "stop"}, time.Millisecond},
		{"in letters, not bytes", []step{{strings.Repeat("я", 3900), 0}, {"two", 0}}, []string{strings.Repeat("я", 3900), "two"}, time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, c := newMemory(), &counts{}
				e := start(t, m, c)
				for i, s := range tt.steps {
					wait(t, s.after)
					if err := e.Receive(t.Context(), message(i, "chat", s.text)); err != nil {
						t.Fatal(err)
					}
				}
				wait(t, tt.quiet)
				if got, want := m.said(), strings.Join(tt.want, "\n"); got != want {
					t.Errorf("said %q, want %q", got, want)
				}
			})
		})
	}
}

// TestPiecesOutliveTheProcess: a process ends between the pieces; the next one answers the whole.
func TestPiecesOutliveTheProcess(t *testing.T) {
	m := newMemory()
	synctest.Test(t, func(t *testing.T) {
		e := start(t, m, &counts{})
		receive(t, e, message(1, "chat", strings.Repeat("one ", 1024)))
		wait(t, time.Second)
	})
	if got := m.said(); got != "" {
		t.Fatalf("half of it was answered: %q", got)
	}
	synctest.Test(t, func(t *testing.T) {
		e := start(t, m, &counts{})
		wait(t, time.Second)
		receive(t, e, message(2, "chat", "two"))
		wait(t, time.Second)
	})
	if got := m.said(); got != "one two" {
		t.Errorf("said %q", got)
	}
	for _, r := range m.rows {
		if !r.done {
			t.Errorf("event %d is not settled", r.in.ID)
		}
	}
}
