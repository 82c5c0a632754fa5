package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

// TestDueTimesThatTwoProcessesRunAtOnceHappenOnce has two processes without any lease run all that is due on the
// example business in three weeks, at the same time on one database. What comes of it is what comes of one alone: the
// lease spares work, and a process that stood still with it does no harm.
func TestDueTimesThatTwoProcessesRunAtOnceHappenOnce(t *testing.T) {
	t.Parallel()
	alone, both := effectsOfDueTimes(t, 1), effectsOfDueTimes(t, 2)
	t.Logf("%d kinds of effects", len(alone))
	if len(alone) < 5 {
		t.Errorf("too little was due for a test: %v", alone)
	}
	for _, what := range slices.Sorted(maps.Keys(alone)) {
		if both[what] != alone[what] {
			t.Errorf("%s: %d by two at once, %d by one", what, both[what], alone[what])
		}
		delete(both, what)
	}
	for what, n := range both {
		t.Errorf("%s: %d by two at once, none by one", what, n)
	}
}

// effectsOfDueTimes counts what so many drivers bring about on one database.
func effectsOfDueTimes(t *testing.T, drivers int) map[string]int {
	t.Helper()
	url, log := migrated.Postgres(t), slog.New(slog.DiscardHandler)
	path, err := filepath.Abs("../../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, report := parseSettings(path, config.Ignore)
	if report.Problems().HasErrors() {
		t.Fatal(report.Problems().Summary())
	}
	set.HTTP.Addr = ""
	clk, err := openClock(filepath.Join(t.TempDir(), "clock"), "2026-12-02T11:00:00", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	st, err := newStand(t.Context(), t.TempDir(), set, clk.Now, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.close(); err != nil {
			t.Error(err)
		}
	})
	set.Channels = st.channels(set.Channels)
	start := clk.Now()
	var services []*service
	for i := range drivers {
		services = append(services, serviceOn(t, url, wiring{set: set, path: path, log: log, business: clk.Movable}))
		if i == 0 {
			if err := seed(t.Context(), seeded(t, services[0], set, log), st); err != nil {
				t.Fatal(err)
			}
		}
	}
	g, ctx := errgroup.WithContext(t.Context())
	for _, s := range services {
		g.Go(func() error {
			return s.driver.AdvanceTo(ctx, start.AddDate(0, 0, 21), func(context.Context) error { return nil })
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return countEffects(t, url)
}

// serviceOn wires a service that runs nothing by itself.
func serviceOn(t *testing.T, url string, w wiring) *service {
	t.Helper()
	db, err := persistence.Open(t.Context(), url, persistence.Options{Clock: w.business})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := wire(t.Context(), db, w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.parts.articles.Close)
	return s
}

// seeded gives the service its channels, which the invented customers are made known by.
func seeded(t *testing.T, s *service, set settings, log *slog.Logger) *service {
	t.Helper()
	channels, err := openChannels(set, log)
	if err != nil {
		t.Fatal(err)
	}
	s.channels = channels
	return s
}

// countEffects counts rows by what they mean.
func countEffects(t *testing.T, url string) map[string]int {
	t.Helper()
	db := openForTest(t, url)
	out := map[string]int{}
	for _, query := range []string{
		`SELECT 'occurrence of ' || offer || ' at ' || due_at || ' of ' || subject_id || ' ' || state FROM occurrences`,
		`SELECT 'delivery of ' || offer || ' ' || state || ' ' || reason FROM deliveries`,
		`SELECT 'entry ' || source || ' ' || kind || ' of ' || points FROM ledger_entries`,
		`SELECT 'invitation to ' || survey || ' ' || state || ' asked ' || asks FROM survey_invitations`,
		`SELECT 'voucher of ' || reward || ' ' || state FROM vouchers`,
		`SELECT 'message in lane ' || lane || ' for ' || purpose || ' to ' || chat FROM outbox`,
	} {
		var rows []string
		if err := db.Select(&rows, query); err != nil {
			t.Fatal(fmt.Errorf("%s: %w", query, err))
		}
		for _, row := range rows {
			out[row]++
		}
	}
	return out
}
