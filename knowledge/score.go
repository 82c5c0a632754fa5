package knowledge

import (
	"cmp"
	"math"
	"slices"
)

// rank sorts the documents that come into question and are allowed, best first, and
// says how sure the first is.
func (ix *index) rank(q question, allowed func(document int) bool) (ranked []candidate, confidence float64) {
	ranked = ix.candidates(q)
	if allowed != nil {
		ranked = slices.DeleteFunc(ranked, func(c candidate) bool { return !allowed(c.document) })
	}
	for i := range ranked {
		ranked[i].score = scoreOf(ranked[i].evidence)
	}
	slices.SortFunc(ranked, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.document, b.document))
	})
	setProbabilities(ranked)
	if len(ranked) == 0 || ranked[0].score <= 0 {
		return nil, 0
	}
	return ranked, confidenceOf(ix.signals(q, ranked))
}

func scoreOf(e Evidence) float64 {
	score := 0.0
	for kind, x := range e {
		score += evidenceWeights[kind] * x
	}
	return score
}

// setProbabilities compares the scores: the probability of each article, given that
// one of them is right.
func setProbabilities(ranked []candidate) {
	if len(ranked) == 0 {
		return
	}
	total := 0.0
	for i := range ranked {
		ranked[i].probability = math.Exp(ranked[i].score - ranked[0].score)
		total += ranked[i].probability
	}
	for i := range ranked {
		ranked[i].probability /= total
	}
}

// confidenceOf is the probability that the first article is right.
func confidenceOf(s Signals) float64 {
	odds := signalBias
	for kind, x := range s {
		odds += signalWeights[kind] * x
	}
	return 1 / (1 + math.Exp(-odds))
}
