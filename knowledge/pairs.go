package knowledge

import (
	"cmp"
	"context"
	"slices"

	"github.com/rapport-chat/rapport/language"
)

// NoArticle is the article id of test questions that must not be answered.
const NoArticle = "none"

// PairReport is what testing question-to-article pairs showed.
type PairReport struct {
	Total    int // pairs tried
	Right    int // the right article stood first, or a question for NoArticle was not answered
	Offered  int // it stood first or among the choices
	Answered int // it was answered without asking, and right
	Wrong    int // something else was answered without asking
	Failures []PairFailure
	// Confusions are pairs of articles that are taken for each other, most often first.
	Confusions []Confusion
	// Suggestions are failed questions to add as phrasings, at most three an article.
	Suggestions []Pair
}

// PairFailure is a pair whose article did not stand first.
type PairFailure struct {
	Pair
	Got        string // the article that stood first, empty for none
	Confidence float64
	Outcome    Outcome
}

// Confusion counts how often one article's questions found another.
type Confusion struct {
	Want, Got string
	Questions int
}

// maxSuggestions is how many phrasings are suggested per article and language.
const maxSuggestions = 3

// TestPairs asks every pair's question.
func (l *Library) TestPairs(ctx context.Context, pairs []Pair) (PairReport, error) {
	var report PairReport
	confused := make(map[[2]string]int)
	for _, p := range pairs {
		r, err := l.Rank(ctx, Query{Text: p.Question, Language: p.Language})
		if err != nil {
			return PairReport{}, err
		}
		report.Total++
		got := ""
		if len(r.Results) > 0 {
			got = r.Results[0].ArticleID
		}
		right := got == p.ArticleID
		if p.ArticleID == NoArticle {
			right = r.Outcome != Answer
		}
		if right {
			report.Right++
		}
		if right || r.Outcome == Ask && slices.ContainsFunc(r.Choices, func(c Result) bool { return c.ArticleID == p.ArticleID }) {
			report.Offered++
		}
		if r.Outcome == Answer && right {
			report.Answered++
		} else if r.Outcome == Answer {
			report.Wrong++
		}
		if !right {
			report.Failures = append(report.Failures, PairFailure{Pair: p, Got: got, Confidence: r.Confidence, Outcome: r.Outcome})
			confused[[2]string{p.ArticleID, got}]++
		}
	}
	for pair, n := range confused {
		report.Confusions = append(report.Confusions, Confusion{Want: pair[0], Got: pair[1], Questions: n})
	}
	slices.SortFunc(report.Confusions, func(a, b Confusion) int {
		return cmp.Or(cmp.Compare(b.Questions, a.Questions), cmp.Compare(a.Want, b.Want), cmp.Compare(a.Got, b.Got))
	})
	report.Suggestions = suggestions(report.Failures)
	return report, nil
}

// suggestions picks failed questions that are not alike, so that each teaches
// something.
func suggestions(failures []PairFailure) []Pair {
	type key struct {
		article string
		code    language.Code
	}
	var picked []Pair
	words := make(map[key][]map[string]bool)
	for _, f := range failures {
		k := key{f.ArticleID, f.Language}
		if f.ArticleID == NoArticle || len(words[k]) == maxSuggestions {
			continue
		}
		stems := make(map[string]bool)
		for _, w := range language.Words(f.Question, f.Language) {
			stems[language.Stem(w, f.Language)] = true
		}
		if slices.ContainsFunc(words[k], func(other map[string]bool) bool { return mostlyShared(stems, other) }) {
			continue
		}
		words[k] = append(words[k], stems)
		picked = append(picked, f.Pair)
	}
	return picked
}

// mostlyShared reports whether two thirds of the smaller set are in the other.
func mostlyShared(a, b map[string]bool) bool {
	shared := 0
	for w := range a {
		if b[w] {
			shared++
		}
	}
	return 3*shared >= 2*min(len(a), len(b))
}
