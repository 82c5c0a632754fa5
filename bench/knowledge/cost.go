package main

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

const costQuestions = 1000

// writer makes up sentences of everyday Azerbaijani words with endings, with the
// frequencies that words have in speech; the same ones every time.
type writer struct {
	words []language.FrequentWord
	zipf  *rand.Zipf
	rand  *rand.Rand
}

var endings = []string{"", "lar", "da", "dan", "ın", "ı"}

func newWriter() *writer {
	r := rand.New(rand.NewSource(1))
	words := language.FrequenciesOf(language.Azerbaijani).Words()
	return &writer{words: words, rand: r, zipf: rand.NewZipf(r, 1.07, 8, uint64(len(words)*len(endings)-1))}
}

func (w *writer) sentence(n int) string {
	parts := make([]string, n)
	for i := range parts {
		k := int(w.zipf.Uint64())
		parts[i] = w.words[k%len(w.words)].Word + endings[k/len(w.words)]
	}
	return strings.Join(parts, " ")
}

func (w *writer) articles(n int) []knowledge.Article {
	articles := make([]knowledge.Article, n)
	for i := range articles {
		t := knowledge.Text{Title: w.sentence(5)}
		for range 4 {
			t.Phrasings = append(t.Phrasings, w.sentence(3+w.rand.Intn(6)))
		}
		for range 6 {
			t.Answer += w.sentence(8+w.rand.Intn(8)) + ". "
		}
		articles[i] = knowledge.Article{ID: fmt.Sprint("a", i), Texts: map[language.Code]knowledge.Text{language.Azerbaijani: t}}
	}
	return articles
}

// question is a sentence in which every second time two letters are swapped.
func (w *writer) question() string {
	letters := []rune(w.sentence(3 + w.rand.Intn(8)))
	if w.rand.Intn(2) == 0 && len(letters) > 4 {
		letters[2], letters[3] = letters[3], letters[2]
	}
	return string(letters)
}

// measureCost prints build time, time per question and memory of each engine. Memory
// is what the process holds more after filling the engine than before.
func measureCost(ctx context.Context, n int) error {
	fmt.Printf("%-13s %10s %10s %10s %10s\n", "engine", "build", "p50", "p99", "memory MB")
	for _, e := range engines {
		w := newWriter()
		articles := w.articles(n)
		before := residentBytes()
		began := time.Now()
		filled, err := e.open(ctx, articles, language.Azerbaijani)
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		build := time.Since(began)
		after := residentBytes()
		times := make([]time.Duration, 0, costQuestions)
		for range costQuestions {
			q := w.question()
			began := time.Now()
			if _, _, err := filled.search(ctx, q); err != nil {
				return fmt.Errorf("%s: %w", e.name, err)
			}
			times = append(times, time.Since(began))
		}
		slices.Sort(times)
		fmt.Printf("%-13s %10s %10s %10s %10d\n", e.name, build.Round(time.Millisecond), times[len(times)/2].Round(time.Microsecond),
			times[len(times)*99/100].Round(time.Microsecond), (after-before)>>20)
		if err := filled.close(); err != nil {
			return fmt.Errorf("close %s: %w", e.name, err)
		}
	}
	return nil
}

// residentBytes is the memory of this process after collecting garbage.
func residentBytes() int64 {
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(status), "\n") {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); err == nil {
			return kilobytes << 10
		}
	}
	return 0
}
