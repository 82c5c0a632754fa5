package main

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// hasForeign reports whether a set of this kind has unanswerable questions.
func hasForeign(set string) bool {
	return !strings.HasPrefix(set, "bitext") && !strings.HasPrefix(set, "xquad")
}

// bySet yields the clean examples of every set, in the order of the names.
func bySet(examples []example) iter.Seq2[string, []example] {
	groups := make(map[string][]example)
	for _, e := range examples {
		if e.variant == "clean" {
			groups[e.set] = append(groups[e.set], e)
		}
	}
	names := make([]string, 0, len(groups))
	for name := range groups {
		names = append(names, name)
	}
	slices.Sort(names)
	return func(yield func(string, []example) bool) {
		for _, name := range names {
			if !yield(name, groups[name]) {
				return
			}
		}
	}
}

// reportSignals prints how well the confidence separates, by set: the area under its
// curve and the share answered right at five false answers in a hundred.
func reportSignals(out io.Writer, examples []example, bias float64, weights []float64) {
	for set, group := range bySet(examples) {
		if !hasForeign(set) {
			continue
		}
		var answerable, right, foreign []float64
		for _, e := range group {
			odds := bias
			for j, x := range e.signals {
				odds += weights[j] * x
			}
			if e.foreign {
				foreign = append(foreign, odds)
				continue
			}
			answerable = append(answerable, odds)
			if e.first {
				right = append(right, odds)
			}
		}
		slices.Sort(foreign)
		threshold := foreign[len(foreign)-1-len(foreign)/20]
		answered := 0.0
		for _, o := range right {
			if o > threshold {
				answered++
			}
		}
		above := 0.0
		for _, o := range answerable {
			at, _ := slices.BinarySearch(foreign, o)
			above += float64(at)
		}
		fmt.Fprintf(out, "  %-22s area %5.1f, right at 5%% false %5.1f, threshold %5.2f\n", set,
			100*above/float64(len(answerable)*len(foreign)), 100*answered/float64(len(answerable)), threshold)
	}
}
