package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/blevesearch/bleve/v2"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/en" // the analysers register themselves
	_ "github.com/blevesearch/bleve/v2/analysis/lang/ru"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/tr"
	_ "modernc.org/sqlite" // the driver registers itself

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

// found is how many results each engine is asked for.
const found = 10

type rapport struct {
	library *knowledge.Library
	code    language.Code
}

func openRapport(_ context.Context, articles []knowledge.Article, code language.Code) (engine, error) {
	return &rapport{library: knowledge.NewLibrary(articles), code: code}, nil
}

func (r *rapport) search(ctx context.Context, text string) ([]string, float64, error) {
	ranking, err := r.library.Rank(ctx, knowledge.Query{Text: text, Language: r.code})
	if err != nil {
		return nil, 0, err
	}
	ids := make([]string, 0, found)
	for _, result := range ranking.Results {
		ids = append(ids, result.ArticleID)
	}
	return ids, ranking.Confidence, nil
}

func (r *rapport) close() error { return nil }

// body joins everything an article says in a language.
func body(a knowledge.Article, code language.Code) string {
	t := a.Texts[code]
	return strings.Join(append(append([]string{t.Title}, t.Phrasings...), t.Answer), "\n")
}

type fts5 struct{ db *sql.DB }

func openFTS5(ctx context.Context, articles []knowledge.Article, code language.Code) (engine, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // each connection to :memory: is a database of its own
	if _, err := db.ExecContext(ctx, `CREATE VIRTUAL TABLE articles USING fts5(id UNINDEXED, body, tokenize = "trigram remove_diacritics 1")`); err != nil {
		return nil, err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	for _, a := range articles {
		if _, err := tx.ExecContext(ctx, `INSERT INTO articles (id, body) VALUES (?, ?)`, a.ID, language.Lower(body(a, code), code)); err != nil {
			return nil, err
		}
	}
	return &fts5{db: db}, tx.Commit()
}

func (f *fts5) search(ctx context.Context, text string) ([]string, float64, error) {
	letters := []rune(strings.Map(func(r rune) rune {
		if r == '"' || r == 0 {
			return ' '
		}
		return r
	}, strings.ToLower(text)))
	var terms []string
	for i := 0; i+3 <= len(letters); i++ {
		terms = append(terms, `"`+string(letters[i:i+3])+`"`)
	}
	if len(terms) == 0 {
		return nil, 0, nil
	}
	rows, err := f.db.QueryContext(ctx, `SELECT id, rank FROM articles WHERE articles MATCH ? ORDER BY rank LIMIT ?`, strings.Join(terms, " OR "), found)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var ids []string
	best := 0.0
	for rows.Next() {
		var id string
		var rank float64
		if err := rows.Scan(&id, &rank); err != nil {
			return nil, 0, err
		}
		if len(ids) == 0 {
			best = -rank
		}
		ids = append(ids, id)
	}
	return ids, best, rows.Err()
}

func (f *fts5) close() error { return f.db.Close() }

type bleveIndex struct{ index bleve.Index }

func openBleve(_ context.Context, articles []knowledge.Article, code language.Code) (engine, error) {
	mapping := bleve.NewIndexMapping()
	mapping.ScoringModel = "bm25"
	switch code {
	case language.English, language.Russian, language.Turkish:
		mapping.DefaultAnalyzer = string(code)
	case language.Azerbaijani:
		mapping.DefaultAnalyzer = string(language.Turkish) // the nearest that it has
	}
	index, err := bleve.NewMemOnly(mapping)
	if err != nil {
		return nil, err
	}
	batch := index.NewBatch()
	for _, a := range articles {
		if err := batch.Index(a.ID, map[string]string{"body": body(a, code)}); err != nil {
			return nil, err
		}
		if batch.Size() == 500 {
			if err := index.Batch(batch); err != nil {
				return nil, err
			}
			batch = index.NewBatch()
		}
	}
	if err := index.Batch(batch); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	return &bleveIndex{index: index}, nil
}

func (b *bleveIndex) search(ctx context.Context, text string) ([]string, float64, error) {
	query := bleve.NewMatchQuery(text)
	query.SetField("body")
	hits, err := b.index.SearchInContext(ctx, bleve.NewSearchRequestOptions(query, found, 0, false))
	if err != nil {
		return nil, 0, err
	}
	var ids []string
	best := 0.0
	for i, h := range hits.Hits {
		if i == 0 {
			best = h.Score
		}
		ids = append(ids, h.ID)
	}
	return ids, best, nil
}

func (b *bleveIndex) close() error { return b.index.Close() }
