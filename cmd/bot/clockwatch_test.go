package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestClocksThatDifferAreTold looks at clocks that go together, jump and come back, and wants a line for each change.
func TestClocksThatDifferAreTold(t *testing.T) {
	t.Parallel()
	const jumped, differs, again = "has jumped", "is not this machine's", "is this machine's again"
	var said bytes.Buffer
	var ahead time.Duration
	var away error
	w := &clockWatch{
		log:   slog.New(slog.NewTextHandler(&said, nil)),
		ahead: func(context.Context) (time.Duration, error) { return ahead, away },
	}
	begun := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		name  string
		at    time.Duration // steady
		off   time.Duration // of the wall clock
		ahead time.Duration // the database's clock
		away  error
		want  []string
	}{
		{name: "the first look", at: 0},
		{name: "both go on", at: 15 * time.Second, ahead: time.Second},
		{name: "set forward", at: 30 * time.Second, off: time.Hour, ahead: -time.Hour, want: []string{jumped, differs}},
		{name: "still off", at: 45 * time.Second, off: time.Hour, ahead: -time.Hour},
		{name: "nobody to ask", at: 60 * time.Second, off: time.Hour, ahead: 0, away: errors.New("away")},
		{name: "set back", at: 75 * time.Second, off: 0, ahead: 0, want: []string{jumped, again}},
		{name: "the database's steps", at: 90 * time.Second, off: 0, ahead: 3 * time.Second, want: []string{differs}},
		{name: "a small correction", at: 105 * time.Second, off: time.Second, ahead: 2 * time.Second, want: []string{again}},
	} {
		said.Reset()
		ahead, away = step.ahead, step.away
		w.look(t.Context(), begun.Add(step.at+step.off), step.at)
		if lines := strings.Count(said.String(), "\n"); lines != len(step.want) {
			t.Errorf("%s: %d lines, want %d: %s", step.name, lines, len(step.want), said.String())
		}
		for _, want := range step.want {
			if !strings.Contains(said.String(), want) {
				t.Errorf("%s: %q, want %q in it", step.name, said.String(), want)
			}
		}
	}
}
