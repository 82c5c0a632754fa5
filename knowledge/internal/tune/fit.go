package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/rapport-chat/rapport/knowledge"
)

// ascent is Adam: gradient ascent with a step of its own for every weight.
type ascent struct {
	weights, mean, square []float64
	rate                  float64
	steps                 int
}

func newAscent(weights []float64, rate float64) *ascent {
	return &ascent{weights: weights, mean: make([]float64, len(weights)), square: make([]float64, len(weights)), rate: rate}
}

func (a *ascent) step(gradient []float64) {
	a.steps++
	n := float64(a.steps)
	for j, g := range gradient {
		a.mean[j] = 0.9*a.mean[j] + 0.1*g
		a.square[j] = 0.99*a.square[j] + 0.01*g*g
		mean, square := a.mean[j]/(1-math.Pow(0.9, n)), a.square[j]/(1-math.Pow(0.99, n))
		a.weights[j] += a.rate * math.Pow(0.99, n) * mean / (math.Sqrt(square) + 1e-8)
	}
}

const (
	evidenceSteps, signalSteps = 150, 400
	shrinkage                  = 1e-4 // pulls weights towards 0
	// wrongShare: a wrong first article of an answerable question is less grave than an
	// answer to a foreign question.
	wrongShare = 0.4
)

// fitEvidence maximises the probability of the right article among all, as a
// conditional logit.
func fitEvidence(examples []example) []float64 {
	n := len(knowledge.EvidenceNames)
	weights := slices.Repeat([]float64{1}, n)
	a := newAscent(weights, 0.3)
	total := 0.0
	for _, e := range examples {
		if e.right >= 0 {
			total += e.weight
		}
	}
	for range evidenceSteps {
		gradient := make([]float64, n)
		for _, e := range examples {
			if e.right < 0 {
				continue
			}
			for i, p := range probabilities(e.articles, weights) {
				if i == e.right {
					p--
				}
				for j, x := range e.articles[i].Evidence {
					gradient[j] -= e.weight / total * p * x
				}
			}
		}
		for j := range gradient {
			gradient[j] -= shrinkage * weights[j]
		}
		a.step(gradient)
	}
	return weights
}

func scoreOf(e knowledge.Evidence, weights []float64) float64 {
	s := 0.0
	for j, x := range e {
		s += weights[j] * x
	}
	return s
}

func probabilities(articles []knowledge.Gathered, weights []float64) []float64 {
	p := make([]float64, len(articles))
	greatest, total := math.Inf(-1), 0.0
	for i, a := range articles {
		p[i] = scoreOf(a.Evidence, weights)
		greatest = max(greatest, p[i])
	}
	for i := range p {
		p[i] = math.Exp(p[i] - greatest)
		total += p[i]
	}
	for i := range p {
		p[i] /= total
	}
	return p
}

// reportEvidence prints top-1 accuracy and recall at three by set.
func reportEvidence(out io.Writer, examples []example, weights []float64) {
	for set, group := range bySet(examples) {
		n, first, three := 0.0, 0.0, 0.0
		for _, e := range group {
			if e.foreign {
				continue
			}
			n++
			if e.right < 0 {
				continue
			}
			better := 0
			for i, a := range e.articles {
				if i != e.right && scoreOf(a.Evidence, weights) >= scoreOf(e.articles[e.right].Evidence, weights) {
					better++
				}
			}
			if better == 0 {
				first++
			}
			if better < 3 {
				three++
			}
		}
		fmt.Fprintf(out, "  %-22s top-1 %5.1f, in the first three %5.1f\n", set, 100*first/n, 100*three/n)
	}
}

// fitSignals fits the log odds that the first article is right. Signals are brought
// to mean 0 and deviation 1 first, so that they shrink alike.
func fitSignals(examples []example) (bias float64, weights []float64) {
	n := len(knowledge.SignalNames)
	mean, deviation := moments(examples)
	scaled := make([]float64, n+1)
	a := newAscent(scaled, 0.1)
	total := 0.0
	for _, e := range examples {
		total += signalWeight(e)
	}
	for range signalSteps {
		gradient := make([]float64, n+1)
		for _, e := range examples {
			odds := scaled[n]
			for j, x := range e.signals {
				odds += scaled[j] * (x - mean[j]) / deviation[j]
			}
			miss := -1 / (1 + math.Exp(-odds))
			if e.first {
				miss++
			}
			miss *= signalWeight(e) / total
			for j, x := range e.signals {
				gradient[j] += miss * (x - mean[j]) / deviation[j]
			}
			gradient[n] += miss
		}
		for j := range n {
			gradient[j] -= 10 * shrinkage * scaled[j]
		}
		a.step(gradient)
	}
	weights = make([]float64, n)
	bias = scaled[n]
	for j := range weights {
		weights[j] = scaled[j] / deviation[j]
		bias -= weights[j] * mean[j]
	}
	return bias, weights
}

// signalWeight leaves out the sets that have no foreign questions.
func signalWeight(e example) float64 {
	switch {
	case !hasForeign(e.set):
		return 0
	case !e.foreign && !e.first:
		return wrongShare * e.weight
	default:
		return e.weight
	}
}

func moments(examples []example) (mean, deviation []float64) {
	n := len(knowledge.SignalNames)
	mean, deviation = make([]float64, n), make([]float64, n)
	used := 0.0
	for _, e := range examples {
		if hasForeign(e.set) {
			used++
			for j, x := range e.signals {
				mean[j] += x
			}
		}
	}
	for j := range mean {
		mean[j] /= used
	}
	for _, e := range examples {
		if hasForeign(e.set) {
			for j, x := range e.signals {
				deviation[j] += (x - mean[j]) * (x - mean[j])
			}
		}
	}
	for j := range deviation {
		deviation[j] = math.Sqrt(deviation[j]/used) + 1e-9
	}
	return mean, deviation
}
