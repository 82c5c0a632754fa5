package main

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
)

// articleBase holds the library in force.
type articleBase struct {
	current atomic.Pointer[knowledge.Library]
}

func (b *articleBase) Rank(ctx context.Context, q knowledge.Query) (knowledge.Ranking, error) {
	return b.current.Load().Rank(ctx, q)
}

func (b *articleBase) Find(id string) (knowledge.Article, bool) { return b.current.Load().Find(id) }

func openArticles(_ context.Context, w wiring, _ *persistence.DB) (*articleBase, error) {
	var all []knowledge.Article
	for _, pattern := range w.set.Knowledge.Files {
		names, err := filepath.Glob(filepath.Join(w.dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			f, err := os.Open(name)
			if err != nil {
				return nil, err
			}
			got, err := knowledge.ReadLines(f, language.English)
			if err != nil {
				return nil, err
			}
			all = append(all, got...)
		}
	}
	b := &articleBase{}
	b.current.Store(knowledge.NewLibrary(all))
	return b, nil
}
