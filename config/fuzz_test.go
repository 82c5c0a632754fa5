package config_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/config"
)

// FuzzLoad reads arbitrary bytes as a configuration: nothing panics, every
// problem has a place inside the file, and no variable's value is shown.
func FuzzLoad(f *testing.F) {
	for _, path := range seeds(f) {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, text := range []string{"a: *a", "&a [*a]", "<<: [<<: 1]", "? [a]: b", "\xff\xfea\x00", "a: ${X:-${Y}}", "{", "\t", "a: |2-\n   x", "!!binary x", "- - ? a: b"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data = data[:min(len(data), 4<<10)] // the limits have tests of their own
		began := time.Now()
		doc, r := config.Parse("fuzz.yaml", data, config.Options{Env: environment})
		decoded(doc, r)
		if took := time.Since(began); took > time.Minute {
			t.Errorf("%d bytes took %s", len(data), took)
		}
		lines := bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) + 1
		problems := r.Problems()
		for _, p := range problems {
			if p.Line < 0 || p.Line > lines || p.Line > 0 && p.Column < 1 {
				t.Errorf("%s lies outside the %d lines: %s", p.Place(), lines, p.Message)
			}
		}
		var out bytes.Buffer
		if err := problems.Render(&out, false); err != nil {
			t.Fatal(err)
		}
		if _, err := problems.JSON(); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "not-to-be") && !bytes.Contains(data, []byte("not-to-be")) {
			t.Errorf("the value of a variable is shown:\n%s", &out)
		}
	})
}

func seeds(f *testing.F) []string {
	f.Helper()
	entries, err := os.ReadDir("testdata/bad")
	if err != nil {
		f.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".yaml") {
			out = append(out, "testdata/bad/"+e.Name())
		}
	}
	return out
}

// FuzzValues reads arbitrary texts as every value type: nothing panics, what is
// accepted is written so that it is read back as the same, and a schedule moves
// forward.
func FuzzValues(f *testing.F) {
	for _, text := range []string{"15m", "1y 3 months", "22:00-10:00", "mon-fri", "28 May", "2027-03-20..2027-03-24", "2026-12-18T10:00", "12.50", "0 10 * * FRI", "TZ=0", "month last 10:00", "10:00", "AZN", "Asia/Baku", "0 0 31 2 *", "@every 1h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		back(t, text, config.ParseDuration)
		back(t, text, config.ParsePeriod)
		back(t, text, config.ParseTimeOfDay)
		back(t, text, config.ParseTimeRange)
		back(t, text, config.ParseWeekdays)
		back(t, text, config.ParseDate)
		back(t, text, config.ParseDateRange)
		back(t, text, config.ParseDateTime)
		back(t, text, config.ParseMoney)
		if _, err := config.ParseZone(text); err == nil && strings.Contains(text, "..") {
			t.Errorf("%q is a zone", text)
		}
		_, _ = config.ParseCurrency(text)
		if c, err := config.ParseCron(text); err == nil {
			forward(t, text, c.In(time.UTC))
		}
		if e, err := config.ParseEvery(text); err == nil {
			forward(t, text, e.In(time.UTC))
			if e.Describe() == "never" {
				t.Errorf("%q is described as never", text)
			}
		}
	})
}

type value interface {
	comparable
	String() string
}

func back[T value](t *testing.T, text string, parse func(string) (T, error)) {
	t.Helper()
	v, err := parse(text)
	if err != nil {
		return
	}
	again, err := parse(v.String())
	if err != nil || again != v {
		t.Errorf("%q is read as %v, written as %q and read back as %v, %v", text, v, v.String(), again, err)
	}
}

func forward(t *testing.T, text string, s config.Schedule) {
	t.Helper()
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for range 3 {
		next := s.Next(at)
		if !next.After(at) {
			t.Errorf("%q: after %s comes %s", text, at, next)
			return
		}
		at = next
	}
}
