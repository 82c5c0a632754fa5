package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// holdWriter has another connection be the database's writer until free is called.
func holdWriter(t *testing.T, url string) (free func()) {
	t.Helper()
	other, err := writableForTest(t, url).Connx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := other.ExecContext(context.WithoutCancel(t.Context()), "COMMIT"); err != nil {
			t.Error(err)
		}
	}
}

// TestChatWaitsForALineToBeKept holds the database's only writer for longer than looking at what is busy takes: a line
// that is not kept yet is busy too.
func TestChatWaitsForALineToBeKept(t *testing.T) {
	t.Parallel()
	s, lines := runningExample(t)
	free := holdWriter(t, s.set.Database.URL.Reveal())
	said := make(chan error, 1)
	go func() { said <- s.sayAndRest(t.Context(), lines, "when do you open?") }()
	timer := time.NewTimer(10 * calmLooks * lookEvery)
	defer timer.Stop()
	select {
	case err := <-said:
		t.Errorf("the line counts as answered (%v) while it could not be kept", err)
		free()
		return
	case <-timer.C:
	}
	free()
	if err := <-said; err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sent := s.workers["console:guest"].Stats().Sent; sent == 0 {
		t.Error("nothing was said when the line counted as answered")
	}
}

// TestChatSaysThatNoAnswerCame: a script must not take silence for success.
func TestChatSaysThatNoAnswerCame(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, _, errs := call(t, "", "init", "--yes"); code != exitOK {
		t.Fatal(errs)
	}
	question := []string{"chat", "--as", "vera", "when do you open?"}
	if code, out, errs := call(t, "", question...); code != exitOK || out == "" {
		t.Fatalf("exit %d, %q: %s", code, out, errs)
	}
	t.Run("a closed output", func(t *testing.T) {
		var errs bytes.Buffer
		code := run(t.Context(), question, terminal{in: strings.NewReader(""), out: closedPipe{}, err: &errs})
		if code != exitFailed || !strings.Contains(errs.String(), errClosedPipe.Error()) {
			t.Errorf("exit %d: %s", code, errs.String())
		}
	})
	t.Run("stopped before it", func(t *testing.T) {
		free := holdWriter(t, "sqlite://rapport.db")
		ctx, cancel := context.WithCancel(t.Context())
		timer := time.AfterFunc(time.Second, cancel)
		defer timer.Stop()
		freed := make(chan struct{})
		context.AfterFunc(ctx, func() { free(); close(freed) })
		var out, errs bytes.Buffer
		code := run(ctx, question, terminal{in: strings.NewReader(""), out: &out, err: &errs})
		<-freed
		if code != exitFailed || out.Len() > 0 || errs.Len() == 0 {
			t.Errorf("exit %d, %q: %s", code, out.String(), errs.String())
		}
	})
	t.Run("the same person is at another terminal", func(t *testing.T) {
		typed, keys := io.Pipe()
		screen, shown := io.Pipe()
		left := make(chan int, 1)
		go func() {
			left <- run(t.Context(), []string{"chat", "--as", "vera"}, terminal{in: typed, out: shown, err: io.Discard})
			_ = shown.Close()
		}()
		if _, err := io.WriteString(keys, "hello\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := screen.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, screen) }()
		code, out, errs := call(t, "", question...)
		if code != exitFailed || out != "" || !strings.Contains(errs, "another process runs this account") {
			t.Errorf("exit %d, %q: %s", code, out, errs)
		}
		_ = keys.Close()
		if code := <-left; code != exitOK {
			t.Errorf("the first terminal ended with %d", code)
		}
	})
}

// closedPipe is an output that nobody reads any more.
type closedPipe struct{}

var errClosedPipe = errors.New("nobody reads this")

func (closedPipe) Write([]byte) (int, error) { return 0, errClosedPipe }
