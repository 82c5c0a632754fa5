package knowledge_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

// keptThresholds is a cache that counts what is kept.
type keptThresholds struct {
	mu   sync.Mutex
	kept map[string]map[language.Code]knowledge.Thresholds
}

func (k *keptThresholds) FindThresholds(_ context.Context, hash string) (map[language.Code]knowledge.Thresholds, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	t, ok := k.kept[hash]
	return t, ok, nil
}

func (k *keptThresholds) KeepThresholds(_ context.Context, hash string, t map[language.Code]knowledge.Thresholds) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept[hash] = t
	return nil
}

func TestBaseSwapsContent(t *testing.T) {
	t.Parallel()
	cache := &keptThresholds{kept: make(map[string]map[language.Code]knowledge.Thresholds)}
	b := knowledge.NewBase(bakery(), cache, slog.New(slog.DiscardHandler))
	defer b.Close()
	b.Wait()
	if len(cache.kept) != 1 {
		t.Fatalf("%d thresholds are kept, want those of the first content", len(cache.kept))
	}
	calibrated, err := b.Library().Calibrate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Library().Thresholds(language.English); got != calibrated[language.English] {
		t.Errorf("thresholds %v are in force, want the base's own %v", got, calibrated[language.English])
	}

	b.Learn([]knowledge.Learned{{ArticleID: "delivery", Language: language.English, Text: "zeta glorp", Votes: knowledge.ConfirmingVotes}})
	if got := rank(t, b, "zeta glorp", language.English); first(got) != "delivery" || got.Outcome != knowledge.Answer {
		t.Errorf("after learning: %q, %v; want an answer with delivery", first(got), got.Outcome)
	}
	b.Replace(bakery()[:1])
	if got := rank(t, b, "zeta glorp", language.English); first(got) == "delivery" {
		t.Errorf("an article that is gone still answers")
	}
	b.Replace(bakery())
	if got := rank(t, b, "zeta glorp", language.English); first(got) != "delivery" {
		t.Errorf("what was learned is lost when files change: %q", first(got))
	}
}

func TestBaseAnswersWhileItChanges(t *testing.T) {
	t.Parallel()
	b := knowledge.NewBase(bakery(), nil, slog.New(slog.DiscardHandler))
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 50 {
				r, err := b.Rank(context.Background(), knowledge.Query{Text: "How do I order a cake?", Language: language.English})
				if err != nil || first(r) != "cake_order" {
					t.Errorf("Rank during a change = %q, %v", first(r), err)
				}
			}
		})
	}
	for range 5 {
		b.Replace(bakery())
	}
	wait.Wait()
	b.Close()
}
