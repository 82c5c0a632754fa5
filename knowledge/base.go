package knowledge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/rapport-chat/rapport/language"
)

// ThresholdCache keeps what a calibration found, by the hash of the articles' content, so that a restart need not find
// it again.
type ThresholdCache interface {
	// FindThresholds answers ok false when nothing is kept for the hash.
	FindThresholds(ctx context.Context, hash string) (t map[language.Code]Thresholds, ok bool, err error)
	KeepThresholds(ctx context.Context, hash string, t map[language.Code]Thresholds) error
}

// Base is the library in force. Readers never wait for a change: a new library is built beside the old one and swapped.
type Base struct {
	current atomic.Pointer[Library]
	cache   ThresholdCache
	log     *slog.Logger

	mu      sync.Mutex
	content Content            // what the library in force was made from
	cancel  context.CancelFunc // ends the calibration under way
	work    sync.WaitGroup
}

var _ Articles = (*Base)(nil)

// NewBase is a base of the articles. cache may be nil.
func NewBase(articles []Article, cache ThresholdCache, log *slog.Logger) *Base {
	b := &Base{cache: cache, log: log}
	b.current.Store(NewLibrary(nil))
	b.Replace(articles)
	return b
}

// Replace puts other articles in force; synonyms and learned phrasings stay.
func (b *Base) Replace(articles []Article) {
	b.Update(func(c *Content) { c.Articles = articles })
}

// Learn puts other learned phrasings in force.
func (b *Base) Learn(learned []Learned) {
	b.Update(func(c *Content) { c.Learned = learned })
}

// Update puts changed content in force, with the thresholds that are kept for it or the
// defaults, and finds its own thresholds in the background. change must replace the
// slices that it changes, not write into them.
func (b *Base) Update(change func(*Content)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.content)
	library := BuildLibrary(b.content)
	if b.cancel != nil {
		b.cancel()
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	hash := contentHash(b.content)
	if found, ok := b.find(ctx, hash); ok {
		b.current.Store(library.WithThresholds(found))
		return
	}
	b.current.Store(library)
	b.work.Add(1)
	go func() {
		defer b.work.Done()
		b.calibrate(ctx, library, hash)
	}()
}

func (b *Base) find(ctx context.Context, hash string) (map[language.Code]Thresholds, bool) {
	if b.cache == nil {
		return nil, false
	}
	found, ok, err := b.cache.FindThresholds(ctx, hash)
	if err != nil {
		b.log.Warn("kept thresholds cannot be read; finding them anew", "error", err.Error())
	}
	return found, ok && err == nil
}

// calibrate finds the library's own thresholds and puts them in force, unless the articles have changed meanwhile.
func (b *Base) calibrate(ctx context.Context, library *Library, hash string) {
	found, err := library.Calibrate(ctx)
	if err != nil {
		if ctx.Err() == nil {
			b.log.Error("thresholds could not be found; the defaults hold", "error", err.Error())
		}
		return
	}
	if !b.current.CompareAndSwap(library, library.WithThresholds(found)) || b.cache == nil {
		return
	}
	if err := b.cache.KeepThresholds(ctx, hash, found); err != nil && ctx.Err() == nil {
		b.log.Warn("thresholds could not be kept; the next start finds them anew", "error", err.Error())
	}
}

// Close ends the calibration under way and waits for it.
func (b *Base) Close() {
	b.mu.Lock()
	if b.cancel != nil {
		b.cancel()
	}
	b.mu.Unlock()
	b.work.Wait()
}

// Wait returns when no calibration is under way.
func (b *Base) Wait() { b.work.Wait() }

// Library is the one in force.
func (b *Base) Library() *Library { return b.current.Load() }

// Rank implements Ranker with the library in force.
func (b *Base) Rank(ctx context.Context, q Query) (Ranking, error) { return b.Library().Rank(ctx, q) }

// LessonFor is Library.LessonFor with the library in force.
func (b *Base) LessonFor(articleID, question string) int64 {
	return b.Library().LessonFor(articleID, question)
}

// Find implements Articles with the library in force.
func (b *Base) Find(id string) (Article, bool) { return b.Library().Find(id) }

// calibrationVersion is raised when thresholds found by an earlier program no longer fit the ranking.
const calibrationVersion = 3

// contentHash names the content that thresholds were found for.
func contentHash(c Content) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d\n", calibrationVersion)
	write := func(part any) {
		raw, err := json.Marshal(part)
		if err != nil {
			panic("knowledge: content that is no JSON: " + err.Error()) // strings and maps always are
		}
		h.Write(raw)
	}
	for _, a := range c.Articles {
		write(struct {
			ID    string
			Texts map[language.Code]Text
		}{a.ID, a.Texts})
	}
	for _, s := range c.Synonyms {
		write(struct {
			Language language.Code
			Words    []string
		}{s.Language, s.Words})
	}
	write(c.Learned)
	for _, l := range c.Lessons {
		write(struct {
			Kind     LessonKind
			Article  string
			Language language.Code
			Text     Text
			Undone   bool
		}{l.Kind, l.ArticleID, l.Language, l.Text, !l.Undone.IsZero()})
	}
	return hex.EncodeToString(h.Sum(nil))
}
