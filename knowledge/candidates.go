package knowledge

import (
	"math"
	"slices"
)

// candidate is a document with the evidence for it.
type candidate struct {
	document int
	evidence Evidence
	score    float64
	// probability is that of this document, given that one of them is right.
	probability float64
}

const (
	// Bases up to allCandidates documents are compared whole; of larger ones the
	// topCandidates best by the inverted lists go on.
	allCandidates = 200
	topCandidates = 64
)

// scratch holds the arrays of one ranking; they are reused.
type scratch struct {
	// Per document: what the question's terms add up to in its fields.
	stemsQ, stemsA, gramsQ, gramsA, ideasQ, ideasA, fieldsQ []float32
	// Per term: its weight in the question.
	stemWeight, gramWeight, ideaWeight, pairWeight []float32
}

func newScratch(ix *index) *scratch {
	n := len(ix.documents)
	return &scratch{
		stemsQ: make([]float32, n), stemsA: make([]float32, n), gramsQ: make([]float32, n), gramsA: make([]float32, n),
		ideasQ: make([]float32, n), ideasA: make([]float32, n), fieldsQ: make([]float32, n), pairWeight: make([]float32, len(ix.pairs.ids)),
		stemWeight: make([]float32, len(ix.stems.ids)), gramWeight: make([]float32, len(ix.grams.ids)), ideaWeight: make([]float32, len(ix.ideas.ids)),
	}
}

// candidates gathers the evidence for the documents that come into question.
func (ix *index) candidates(q question) []candidate {
	s := ix.scratch.Get().(*scratch)
	defer ix.scratch.Put(s)
	ix.scan(q, s)
	picked := ix.pick(q, s)
	spread(q.stems, ix.stems.idf, s.stemWeight)
	spread(q.grams, ix.grams.idf, s.gramWeight)
	spread(q.pairs, ix.pairs.idf, s.pairWeight)
	spread(q.ideas, ix.ideas.idf, s.ideaWeight)
	for i := range picked {
		picked[i].evidence = ix.gather(picked[i].document, q, s)
	}
	unspread(q.stems, s.stemWeight)
	unspread(q.grams, s.gramWeight)
	unspread(q.pairs, s.pairWeight)
	unspread(q.ideas, s.ideaWeight)
	return picked
}

// scan adds up the inverted lists of the question's terms.
func (ix *index) scan(q question, s *scratch) {
	ix.stems.question.score(q.stems, ix.stems.idf, s.stemsQ)
	ix.stems.answer.score(q.stems, ix.stems.idf, s.stemsA)
	ix.grams.question.score(q.grams, ix.grams.idf, s.gramsQ)
	ix.grams.answer.score(q.grams, ix.grams.idf, s.gramsA)
	ix.ideas.question.score(q.ideas, ix.ideas.idf, s.ideasQ)
	ix.ideas.answer.score(q.ideas, ix.ideas.idf, s.ideasA)
	ix.fields.question.score(q.fields, ix.fields.idf, s.fieldsQ)
}

// pick chooses the documents to compare closely: all of a small index, else those
// that the inverted lists put first.
func (ix *index) pick(q question, s *scratch) []candidate {
	n := len(ix.documents)
	if n <= allCandidates {
		all := make([]candidate, n)
		for d := range n {
			all[d].document = d
		}
		return all
	}
	best := make([]candidate, 0, topCandidates)
	for d := range n {
		quick := scoreOf(ix.sums(d, q, s))
		if quick <= 0 || len(best) == topCandidates && quick <= best[topCandidates-1].score {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, quick, func(c candidate, score float64) int {
			if c.score >= score { // of equals the earlier document stays first
				return -1
			}
			return 1
		})
		if len(best) == topCandidates {
			best = best[:topCandidates-1]
		}
		best = slices.Insert(best, at, candidate{document: d, score: quick})
	}
	return best
}

// spread lays the question's weights out by term, for comparing phrasings.
func spread(q probe, idf, weights []float32) {
	for _, t := range q.terms {
		weights[t.term] = t.weight * idf[t.term]
	}
}

func unspread(q probe, weights []float32) {
	for _, t := range q.terms {
		weights[t.term] = 0
	}
}

// closest returns the greatest cosine between the question and the phrasings from
// first to last.
func closest(f forward, idf, weights []float32, norm float32, first, last uint32) float64 {
	best := float32(0)
	for p := first; p < last; p++ {
		dot := float32(0)
		for _, t := range f.term[f.start[p]:f.start[p+1]] {
			dot += weights[t] * idf[t]
		}
		if dot > 0 {
			best = max(best, dot/(norm*f.norm[p]+1e-6))
		}
	}
	return float64(best)
}

// fullest returns the greatest share of the question's weight that one of the sentences
// from first to last contains, and the share of it that stands in neighbouring words
// of the question which are neighbours there too.
func fullest(f forward, q probe, weights []float32, first, last uint32) (share, neighbours float64) {
	best, together := float32(0), float32(0)
	for p := first; p < last; p++ {
		sum, pairs, previous := float32(0), float32(0), uint32(noTerm)
		for i := f.start[p]; i < f.start[p+1]; i++ {
			t := f.term[i]
			w := weights[t]
			if w == 0 {
				previous = noTerm
				continue
			}
			if !slices.Contains(f.term[f.start[p]:i], t) {
				sum += w
				if previous != noTerm && q.follows(previous, t) {
					pairs += min(w, weights[previous])
				}
			}
			previous = t
		}
		best, together = max(best, sum), max(together, pairs)
	}
	return float64(best / (q.total + 1e-6)), float64(together / (q.total + 1e-6))
}

// noTerm is no term's number.
const noTerm = math.MaxUint32

// follows reports whether b comes right after a in the question.
func (q probe) follows(a, b uint32) bool {
	for i := 1; i < len(q.order); i++ {
		if q.order[i-1] == a && q.order[i] == b {
			return true
		}
	}
	return false
}
