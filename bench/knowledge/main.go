// Command knowledge measures Rapport's search beside SQLite FTS5 (trigram) and bleve on
// the same files in one run: quality by data set, and cost by the number of articles.
// It is a module of its own so that the service does not depend on bleve.
//
//	go run . -data DIR [-sets massive.az,clinc.en] [-k 5]
//	go run . -cost 1000
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

// engine is one search engine filled with one knowledge base.
type engine interface {
	// search returns article ids, best first, and a figure by which questions compare.
	search(ctx context.Context, text string) (ids []string, confidence float64, err error)
	close() error
}

// engines are the ones compared, in the order of the table.
var engines = []struct {
	name string
	open func(ctx context.Context, articles []knowledge.Article, code language.Code) (engine, error)
}{
	{"rapport", openRapport},
	{"fts5-trigram", openFTS5},
	{"bleve", openBleve},
}

func main() {
	data := flag.String("data", "", "folder with NAME.LANG.kb.kK.jsonl and NAME.LANG.queries.jsonl")
	sets := flag.String("sets", "", "data sets to measure, separated by commas; all when empty")
	k := flag.String("k", "0,3,5", "phrasings per article to measure")
	cost := flag.Int("cost", 0, "measure cost with this many made-up articles instead")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *cost > 0 {
		err = measureCost(ctx, *cost)
	} else {
		err = measureQuality(ctx, *data, *sets, *k)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measureQuality prints a line per data set, number of phrasings, kind of question and
// engine.
func measureQuality(ctx context.Context, folder, wanted, ks string) error {
	bases, err := filepath.Glob(filepath.Join(folder, "*.kb.k*.jsonl"))
	if err != nil {
		return fmt.Errorf("look for knowledge bases: %w", err)
	}
	fmt.Printf("%-12s %-3s %-9s %-13s %6s %6s %6s %8s\n", "set", "k", "variant", "engine", "top-1", "in 3", "area", "at 5%")
	for _, path := range bases {
		set, k, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".jsonl"), ".kb.k")
		if !listed(wanted, set) || !listed(ks, k) {
			continue
		}
		if err := measureSet(ctx, folder, path, set, k); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func listed(list, name string) bool {
	if list == "" {
		return true
	}
	for _, l := range strings.Split(list, ",") {
		if l == name {
			return true
		}
	}
	return false
}

func measureSet(ctx context.Context, folder, path, set, k string) error {
	_, tag, _ := strings.Cut(set, ".")
	code, ok := language.Parse(tag)
	if !ok {
		return fmt.Errorf("no language in its name")
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	articles, err := knowledge.ReadLines(file, code)
	if err != nil {
		return err
	}
	questions, variants, err := readQuestions(filepath.Join(folder, set+".queries.jsonl"))
	if err != nil {
		return err
	}
	for _, e := range engines {
		filled, err := e.open(ctx, articles, code)
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		for _, v := range variants {
			r, err := measure(ctx, filled, questions[v])
			if err != nil {
				return fmt.Errorf("%s: %w", e.name, err)
			}
			fmt.Printf("%-12s %-3s %-9s %-13s %s\n", set, k, v, e.name, r)
		}
		if err := filled.close(); err != nil {
			return fmt.Errorf("close %s: %w", e.name, err)
		}
	}
	return nil
}
