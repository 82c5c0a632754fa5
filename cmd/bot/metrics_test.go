package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/rapport-chat/rapport/adapters/console"
	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest"
)

// TestMetrics reads the metrics of a service as Prometheus would, and expects every one that the dashboard draws.
func TestMetrics(t *testing.T) {
	t.Parallel()
	s, lines := runningExample(t)
	if err := s.sayAndRest(t.Context(), lines, "/agent"); err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics{s})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if problems, err := promlint.NewWithMetricFamilies(families).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v, %v", problems, err)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	body := w.Body.String()
	for _, want := range []string{
		`rapport_tickets{state="open"} 1`, `rapport_outbox_messages_total{account="console:guest",outcome="sent"} `, `rapport_channel_up{channel="console"} 1`,
		`rapport_inbox_open 0`, `go_goroutines `, `rapport_outbox_queued{account="console:guest",lane="bulk"} 0`,
		`rapport_outbox_unknown{account="console:guest"} 0`, `rapport_outbox_oldest_seconds{account="console:guest",lane="answer"} 0`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("GET /metrics has no %s", want)
		}
	}
	for _, name := range dashboardMetrics(t) {
		if !strings.Contains(body, "# TYPE "+name+" ") {
			t.Errorf("the dashboard draws %s, which is not told", name)
		}
	}
}

// dashboardMetrics are the names of ours in the dashboard's queries.
func dashboardMetrics(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal(raw, &board); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			names = append(names, regexp.MustCompile(`rapport_\w+`).FindAllString(target.Expr, -1)...)
		}
	}
	if len(names) == 0 {
		t.Fatal("the dashboard draws nothing of ours")
	}
	return names
}

// exampleService is the example business on a fresh database, with a terminal as its channel. It is not started.
func exampleService(t *testing.T) (*service, chan string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", exampleConfig))
	if err != nil {
		t.Fatal(err)
	}
	set, report := parseSettings(path, config.Ignore)
	if report.Problems().HasErrors() {
		t.Fatal(report.Problems().Summary())
	}
	set.Database.URL = config.NewSecret("sqlite://" + filepath.Join(dbtest.Folder(t), "rapport.db"))
	business := clock.NewMovable(0)
	db, err := openDatabase(t.Context(), set, path, persistence.Options{Clock: business})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	lines := make(chan string)
	channel := console.New("guest", "en", lines, (&chatCmd{}).printer(io.Discard))
	s, err := wire(t.Context(), db, wiring{
		set: set, path: path, log: slog.New(slog.DiscardHandler), business: business, channels: []conversation.Channel{channel}, wait: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, lines
}

// runningExample is exampleService at work until the test ends.
func runningExample(t *testing.T) (*service, chan string) {
	t.Helper()
	s, lines := exampleService(t)
	s.set.HTTP.Addr = ""
	stages := newStages(t.Context())
	stages.start("service", s.Run)
	t.Cleanup(stages.stop)
	if err := s.awaitChannels(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, lines
}
