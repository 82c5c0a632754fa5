package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

type question struct {
	Text    string  `json:"text"`
	Gold    *string `json:"gold"` // nil: no article answers it
	Part    string  `json:"part"`
	Variant string  `json:"variant"`
}

// readQuestions reads the questions for reporting, by variant.
func readQuestions(path string) (byVariant map[string][]question, variants []string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	byVariant = make(map[string][]question)
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		if q.Part != "eval" {
			continue
		}
		if _, ok := byVariant[q.Variant]; !ok {
			variants = append(variants, q.Variant)
		}
		byVariant[q.Variant] = append(byVariant[q.Variant], q)
	}
	return byVariant, variants, lines.Err()
}

// result is what one engine reaches on one kind of questions; area and atFive are
// missing where every question has an answer.
type result struct {
	first, three, area, atFive float64
	foreign                    bool
}

func (r result) String() string {
	if !r.foreign {
		return fmt.Sprintf("%6.1f %6.1f %6s %8s", 100*r.first, 100*r.three, "-", "-")
	}
	return fmt.Sprintf("%6.1f %6.1f %6.1f %8.1f", 100*r.first, 100*r.three, 100*r.area, 100*r.atFive)
}

// measure asks every question. area is that under the curve of answerable against
// foreign questions; atFive the share answered right at five false answers in a
// hundred.
func measure(ctx context.Context, e engine, questions []question) (result, error) {
	var r result
	var answerable, right, foreign []float64
	for _, q := range questions {
		ids, confidence, err := e.search(ctx, q.Text)
		if err != nil {
			return r, fmt.Errorf("search for %q: %w", q.Text, err)
		}
		if q.Gold == nil {
			foreign = append(foreign, confidence)
			continue
		}
		answerable = append(answerable, confidence)
		at := slices.Index(ids, *q.Gold)
		if at == 0 {
			r.first++
			right = append(right, confidence)
		}
		if at >= 0 && at < 3 {
			r.three++
		}
	}
	n := float64(max(1, len(answerable)))
	r.first, r.three = r.first/n, r.three/n
	if len(foreign) == 0 {
		return r, nil
	}
	r.foreign = true
	slices.Sort(foreign)
	threshold := foreign[len(foreign)-1-len(foreign)/20]
	for _, c := range right {
		if c > threshold {
			r.atFive++
		}
	}
	r.atFive /= n
	for _, c := range answerable {
		below, _ := slices.BinarySearch(foreign, c)
		upTo, _ := slices.BinarySearchFunc(foreign, c, func(f, c float64) int {
			if f <= c {
				return -1
			}
			return 1
		})
		r.area += float64(below) + float64(upTo-below)/2
	}
	r.area /= n * float64(len(foreign))
	return r, nil
}
