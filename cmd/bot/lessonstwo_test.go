package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

// TestOneProcessAtATimeSettlesLessons has two services on one database: while one settles lessons the other puts them
// in force and waits, and when both want to they do it once.
func TestOneProcessAtATimeSettlesLessons(t *testing.T) {
	t.Parallel()
	url, dir := migrated.Postgres(t), t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "knowledge"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, dir, map[string]string{"rapport.yaml": classroomConfig, "knowledge/nar.yaml": classroomArticles})
	path := filepath.Join(dir, "rapport.yaml")
	set, report := parseSettings(path, config.Ignore)
	if report.Problems().HasErrors() {
		t.Fatal(report.Problems())
	}
	set.HTTP.Addr = ""
	w := wiring{set: set, path: path, log: slog.New(slog.DiscardHandler), business: clock.NewMovable(0), wait: -1}
	a, b := serviceOn(t, url, w), serviceOn(t, url, w)
	err := a.db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
		_, _, err := a.db.LessonsIn(tx).Teach(ctx, "one", knowledge.Lesson{
			Kind: knowledge.TaughtArticle, ArticleID: "taught_one", Language: language.Azerbaijani, At: time.Unix(1, 0),
			Text: knowledge.Text{Title: "Oyun otağı var?", Answer: "İkinci mərtəbədə."},
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := b.db.Outbox().Acquire(t.Context(), lessonsLease, b.owner, settleWithin)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.learner.learn(t.Context()); !errors.Is(err, errHeld) {
		t.Errorf("while another process settles: %v", err)
	}
	if _, ok := a.parts.articles.Find("taught_one"); !ok {
		t.Error("the lesson is not in force while another process settles")
	}
	learned := filepath.Join(dir, "knowledge", "learned.yaml")
	if _, err := os.Stat(learned); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is written by two: %v", err)
	}
	if err := b.db.Outbox().Release(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	g, ctx := errgroup.WithContext(t.Context())
	for _, s := range []*service{a, b} {
		g.Go(func() error {
			if err := s.learner.learn(ctx); !errors.Is(err, errHeld) {
				return err
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(learned)
	if err != nil || strings.Count(string(raw), "taught_one") != 1 {
		t.Errorf("the file: %s %v", raw, err)
	}
	kept, err := a.db.Lessons(t.Context())
	if err != nil || len(kept) != 1 || !kept[0].Settled {
		t.Errorf("kept: %+v %v", kept, err)
	}
}
