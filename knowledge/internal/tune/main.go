// Command tune fits the weights in knowledge/weights.go and prints them. It reads
// development sets from a folder:
//
//	NAME.LANG.kb.kK.jsonl    articles: {"id","lang","title","phrasings","answer"}
//	NAME.LANG.queries.jsonl  questions: {"text","gold","variant"}; gold null = unanswerable
//
// The result depends on nothing but the files: there is no chance in it.
//
//	go run ./knowledge/internal/tune -data DIR            both kinds of weights, in turn
//	go run ./knowledge/internal/tune -data DIR -drop 3,4  what evidence 3 and 4 bring
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

// variants are the kinds of questions that are learned from, and what they count.
var variants = map[string]float64{"clean": 1, "typo2": 0.4}

// setWeights corrects for how many files of a kind there are: four languages of one
// data set are not four opinions.
var setWeights = map[string]float64{"massive": 1, "clinc": 3, "bitext": 1, "support": 0.6, "xquad": 1}

func main() {
	data := flag.String("data", "", "folder with the development sets")
	drop := flag.String("drop", "", "numbers of evidence to leave out, for ablation")
	flag.Parse()
	if err := run(*data, *drop, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "tune:", err)
		os.Exit(1)
	}
}

func run(folder, drop string, out io.Writer) error {
	left, err := numbers(drop)
	if err != nil {
		return err
	}
	examples, err := readSets(folder)
	if err != nil {
		return err
	}
	weigh(examples)
	for i := range examples {
		for r := range examples[i].articles {
			for _, kind := range left {
				examples[i].articles[r].Evidence[kind] = 0
			}
		}
	}
	weights := fitEvidence(examples)
	fmt.Fprintln(out, "evidenceWeights (put these in force, then run again for the signals):")
	printWeights(out, weights, knowledge.EvidenceNames[:])
	reportEvidence(out, examples, weights)
	bias, signals := fitSignals(examples)
	fmt.Fprintf(out, "signalBias %.3f, signalWeights with the evidence weights in force:\n", bias)
	printWeights(out, signals, knowledge.SignalNames[:])
	reportSignals(out, examples, bias, signals)
	return nil
}

func numbers(list string) ([]int, error) {
	var all []int
	for _, part := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || n >= len(knowledge.EvidenceNames) {
			return nil, fmt.Errorf("there is no evidence %q", part)
		}
		all = append(all, n)
	}
	return all, nil
}

func printWeights(out io.Writer, weights []float64, names []string) {
	texts := make([]string, len(weights))
	for i, w := range weights {
		fmt.Fprintf(out, "  %2d %-40s %8.3f\n", i, names[i], w)
		texts[i] = fmt.Sprintf("%.3f", w)
	}
	fmt.Fprintf(out, "  %s,\n", strings.Join(texts, ", "))
}

// example is one question against one knowledge base.
type example struct {
	set      string // file name up to the phrasings: "massive.az.k5"
	variant  string
	weight   float64
	articles []knowledge.Gathered
	right    int  // index of the right article, -1 for none or not found
	foreign  bool // no article is right
	first    bool // the weights in force put the right article first
	signals  knowledge.Signals
}

// readSets reads every knowledge base in folder with its questions.
func readSets(folder string) ([]example, error) {
	bases, err := filepath.Glob(filepath.Join(folder, "*.kb.k*.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("look for knowledge bases: %w", err)
	}
	if len(bases) == 0 {
		return nil, fmt.Errorf("no *.kb.k*.jsonl in %q", folder)
	}
	var all []example
	for _, path := range bases {
		name, k, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".jsonl"), ".kb.")
		set, err := readSet(path, filepath.Join(folder, name+".queries.jsonl"), name+"."+k)
		if err != nil {
			return nil, err
		}
		all = append(all, set...)
	}
	return all, nil
}

func readSet(base, questions, set string) ([]example, error) {
	code, ok := language.Parse(strings.Split(set, ".")[1])
	if !ok {
		return nil, fmt.Errorf("%s: its name has no language", base)
	}
	file, err := os.Open(base)
	if err != nil {
		return nil, fmt.Errorf("open articles: %w", err)
	}
	defer file.Close()
	articles, err := knowledge.ReadLines(file, code)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", base, err)
	}
	asked, err := os.Open(questions)
	if err != nil {
		return nil, fmt.Errorf("open questions: %w", err)
	}
	defer asked.Close()
	gatherer := knowledge.NewGatherer(articles, code)
	var examples []example
	lines := bufio.NewScanner(asked)
	for lines.Scan() {
		var q struct {
			Text, Variant string
			Gold          *string
		}
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return nil, fmt.Errorf("%s: %w", questions, err)
		}
		if variants[q.Variant] == 0 {
			continue
		}
		e := example{set: set, variant: q.Variant, right: -1, foreign: q.Gold == nil, articles: gatherer.Gather(q.Text)}
		var first string
		first, e.signals = gatherer.Signals(q.Text)
		for i, a := range e.articles {
			if q.Gold != nil && a.ArticleID == *q.Gold {
				e.right = i
			}
		}
		e.first = q.Gold != nil && first == *q.Gold
		examples = append(examples, e)
	}
	return examples, lines.Err()
}

// weigh makes every set count by its kind and not by its number of questions.
func weigh(examples []example) {
	counts := make(map[string]float64)
	for _, e := range examples {
		counts[e.set+e.variant]++
	}
	for i := range examples {
		e := &examples[i]
		kind, _, _ := strings.Cut(e.set, ".")
		e.weight = variants[e.variant] / counts[e.set+e.variant]
		if w, ok := setWeights[kind]; ok {
			e.weight *= w
		}
	}
}
