package lookalike_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// lines opens the log at path and answers it with what it holds.
func lines(t *testing.T, path string) (*lookalike.Log, []string) {
	t.Helper()
	var got []string
	l, err := lookalike.OpenLog(path, func(line []byte) error {
		got = append(got, string(line))
		return nil
	})
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, got
}

// TestLogSurvives: what was appended is there for the next who opens the file, without a Close in between, and a line
// that a crash tore is dropped.
func TestLogSurvives(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "log.jsonl")
	first, got := lines(t, path)
	if len(got) != 0 {
		t.Errorf("a new log holds %v", got)
	}
	if err := first.Append("a", map[string]string{"b": "<&>"}); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"torn":`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	second, got := lines(t, path)
	if want := []string{`"a"`, `{"b":"<&>"}`}; !slices.Equal(got, want) {
		t.Errorf("after a crash: %q, want %q", got, want)
	}
	if err := second.Append("c"); err != nil {
		t.Fatal(err)
	}
	third, got := lines(t, path)
	if want := []string{`"a"`, `{"b":"<&>"}`, `"c"`}; !slices.Equal(got, want) {
		t.Errorf("appended after a crash: %q, want %q", got, want)
	}
	if err := third.Rewrite([]any{1, 2}); err != nil {
		t.Fatal(err)
	}
	if err := third.Append(3); err != nil {
		t.Fatal(err)
	}
	if _, got := lines(t, path); !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("rewritten: %q", got)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("files left: %v, %v", files, err)
	}
}

// TestLogRefuses: a folder that cannot be written and a line that nobody understands are errors.
func TestLogRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := lookalike.OpenLog(filepath.Join(dir, "file", "log"), func([]byte) error { return nil }); err == nil {
		t.Error("a log under a file was opened")
	}
	_, err := lookalike.OpenLog(filepath.Join(dir, "file"), func(line []byte) error { return context.Canceled })
	if err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a bad line: %v", err)
	}
}

// TestJournal: calls stand in it in the order in which they were answered, with ids that go on after a restart.
func TestJournal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "calls.jsonl")
	now := time.Date(2026, 12, 2, 11, 0, 0, 0, time.UTC)
	j, err := lookalike.OpenJournal(path, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	slow := j.Begin("send", "/slow", false)
	poll := j.Begin("poll", "/poll", true)
	quick := j.Begin("send", "/quick", false)
	quick.Body(map[string]any{"text": "hi"})
	if got := j.Open(); !slices.Equal(got, []string{"send", "send"}) {
		t.Errorf("under way: %v", got)
	}
	for i, e := range []*lookalike.Entry{quick, slow, poll} {
		if err := e.Record(200 + i); err != nil {
			t.Fatal(err)
		}
		if n := len(j.Since(0)); n != i+1 {
			t.Errorf("%d calls stand in the journal, want %d", n, i+1)
		}
		if got := j.Open(); len(got) != max(2-i, 0) {
			t.Errorf("under way: %v", got)
		}
		e.End()
	}
	if got := j.Open(); len(got) != 0 {
		t.Errorf("under way at rest: %v", got)
	}
	check := func(j *lookalike.Journal) {
		t.Helper()
		got := j.Since(0)
		if len(got) != 3 || got[0].Path != "/quick" || got[1].Path != "/slow" || got[2].Status != 202 || !got[0].At.Equal(now) {
			t.Errorf("journal: %+v", got)
		}
		if rest := j.Since(got[1].ID); len(rest) != 1 || rest[0].ID != got[2].ID {
			t.Errorf("since %d: %+v", got[1].ID, rest)
		}
	}
	check(j)
	again, err := lookalike.OpenJournal(path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	check(again)
	last := again.Since(0)[2].ID
	if err := again.Begin("send", "/", false).Record(200); err != nil {
		t.Fatal(err)
	}
	if got := again.Since(last); len(got) != 1 || got[0].ID <= last {
		t.Errorf("after a restart: %+v", got)
	}
}

// TestJournalIsBounded: only the newest 20,000 calls are kept.
func TestJournalIsBounded(t *testing.T) {
	t.Parallel()
	j, err := lookalike.OpenJournal("", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for range 30_000 {
		if err := j.Begin("send", "/", false).Record(200); err != nil {
			t.Fatal(err)
		}
	}
	got := j.Since(0)
	if len(got) != 20_000 || got[len(got)-1].ID != 30_000 {
		t.Errorf("%d calls, the last is %d", len(got), got[len(got)-1].ID)
	}
}

// TestFaults: a fault is used up by the calls that match it, in order.
func TestFaults(t *testing.T) {
	t.Parallel()
	var s lookalike.Faults
	s.Add(lookalike.Fault{Method: "sendPhoto", Status: 500})
	s.Add(lookalike.Fault{Status: 429, Times: 2})
	s.Add(lookalike.Fault{Method: "POST", Path: "/messages", Status: 403})
	for i, c := range []struct {
		method, path string
		sends        bool
		want         int
	}{
		{"getMe", "/", false, 0},
		{"sendphoto", "/", true, 500},
		{"sendPhoto", "/", true, 429},
		{"sendMessage", "/", true, 429},
		{"sendMessage", "/", true, 0},
		{"POST", "/channels", true, 0},
		{"POST", "/channels/1/messages", true, 403},
		{"POST", "/channels/1/messages", true, 0},
	} {
		f, ok := s.Take(c.method, c.path, c.sends)
		if f.Status != c.want || ok != (c.want != 0) {
			t.Errorf("call %d, %s %s: got %d, want %d", i, c.method, c.path, f.Status, c.want)
		}
	}
}

// TestHub: events arrive, a slow reader loses the oldest, and the end of the context ends the subscription.
func TestHub(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var h lookalike.Hub
		ctx, cancel := context.WithCancel(t.Context())
		events := h.Subscribe(ctx)
		for i := range 1000 {
			h.Publish(lookalike.Event{Person: string(rune('a' + i%26))})
		}
		h.Publish(lookalike.Event{Person: "last"})
		cancel()
		var got []lookalike.Event
		for e := range events {
			got = append(got, e)
		}
		if len(got) == 0 || len(got) >= 1000 || got[len(got)-1].Person != "last" {
			t.Errorf("%d events", len(got))
		}
		h.Publish(lookalike.Event{})
	})
}

// TestNames: what can be a person's name, and that an id follows from it alone.
func TestNames(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{
		"ayla": true, " Ayla ": true, "гюнел": true, "": false, "  ": false, "bot": false, "BOT": false,
		"a\nb": false, "\xff": false, strings.Repeat("a", 65): false,
	} {
		if err := lookalike.CheckName(name); (err == nil) != ok {
			t.Errorf("CheckName(%q) = %v", name, err)
		}
	}
	if got := lookalike.Seed("telegram user", "ayla"); got != 0x8004f3f080cc7c96 {
		t.Errorf("the seed of ayla is %#x: people in kept folders would get other ids", got)
	}
	if lookalike.Seed("a", "b") == lookalike.Seed("ab") {
		t.Error("a seed keeps its words apart")
	}
}

// TestFaultJSON: the fields have the names that the sandbox's API documents.
func TestFaultJSON(t *testing.T) {
	t.Parallel()
	var f lookalike.Fault
	if err := json.Unmarshal([]byte(`{"method":"m","path":"p","times":2,"status":429,"retry_after":3,"redeliver":true,"down":false}`), &f); err != nil {
		t.Fatal(err)
	}
	if f.Method != "m" || f.Path != "p" || f.Times != 2 || f.Status != 429 || f.RetryAfter != 3 || !f.Redeliver || f.Down == nil || *f.Down {
		t.Errorf("got %+v", f)
	}
}
