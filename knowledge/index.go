package knowledge

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/rapport-chat/rapport/language"
)

// document is one article in one language as the index sees it.
type document struct {
	article   int // position in the base
	questions []string
	answer    string
}

// index finds the documents of one language. It does not change after build and is
// safe for concurrent use.
type index struct {
	code       language.Code
	documents  []document
	vocabulary *vocabulary
	stems      *space[string]
	grams      *space[uint64]
	pairs      *space[[2]uint32] // two stems that follow each other
	firstOf    []uint32          // per document: its first phrasing; one more at the end
	scratch    sync.Pool
}

// maxAnswerWords is how much of an answer is indexed; its beginning says what it is
// about.
const maxAnswerWords = 400

// buildIndex indexes documents of one language.
func buildIndex(documents []document, code language.Code) *index {
	ix := &index{code: code, documents: documents, vocabulary: newVocabulary(code)}
	n := len(documents)
	stems, letters, pairs := newSpaceBuilder[string](n), newSpaceBuilder[uint64](n), newSpaceBuilder[[2]uint32](n)
	cache := make(map[string]analysed)
	ix.firstOf = make([]uint32, 1, n+1)
	for d, doc := range documents {
		for _, q := range doc.questions {
			t := ix.collect(q, 0, stems, letters, pairs, cache)
			stems.question[d] = append(stems.question[d], t.stems...)
			letters.question[d] = append(letters.question[d], t.grams...)
			pairs.question[d] = append(pairs.question[d], t.pairs...)
			stems.phrasings = append(stems.phrasings, t.stems)
			letters.phrasings = append(letters.phrasings, t.grams)
			pairs.phrasings = append(pairs.phrasings, t.pairs)
		}
		t := ix.collect(doc.answer, maxAnswerWords, stems, letters, pairs, cache)
		stems.answer[d], letters.answer[d], pairs.answer[d] = t.stems, t.grams, t.pairs
		ix.firstOf = append(ix.firstOf, uint32(len(stems.phrasings)))
	}
	ix.stems, ix.grams, ix.pairs = stems.build(), letters.build(), pairs.build()
	ix.vocabulary.finish()
	ix.scratch.New = func() any { return newScratch(ix) }
	return ix
}

// analysed holds the term ids of a text or a word in each space.
type analysed struct {
	stems []uint32
	grams []uint32
	pairs []uint32
}

// collect numbers the terms of a text, adding new ones to the builders. Words are
// remembered in cache: a base repeats itself.
func (ix *index) collect(text string, maxWords int, stems *spaceBuilder[string], letters *spaceBuilder[uint64], pairs *spaceBuilder[[2]uint32], cache map[string]analysed) analysed {
	var t analysed
	words := language.Words(text, ix.code)
	if maxWords > 0 && len(words) > maxWords {
		words = words[:maxWords]
	}
	for i, w := range words {
		known, ok := cache[w]
		if !ok {
			known.stems = []uint32{stems.id(language.Stem(w, ix.code))}
			grams(w, func(g uint64) { known.grams = append(known.grams, letters.id(g)) })
			cache[w] = known
		}
		ix.vocabulary.add(w)
		t.stems = append(t.stems, known.stems[0])
		t.grams = append(t.grams, known.grams...)
		if i > 0 {
			t.pairs = append(t.pairs, pairs.id([2]uint32{t.stems[i-1], t.stems[i]}))
		}
	}
	return t
}

// question is a customer's message analysed against one index.
type question struct {
	words []string
	stems probe
	grams probe
	pairs probe
}

// unknownLikeness is what a near word counts beside the word itself.
const unknownLikeness = 0.8

// analyse looks a message up in the index's spaces.
func (ix *index) analyse(text string) question {
	q := question{words: queryWords(text, ix.code, ix.vocabulary)}
	stems, letters, pairs := newProbe(ix.stems), newProbe(ix.grams), newProbe(ix.pairs)
	previous, havePrevious := uint32(0), false
	for _, w := range q.words {
		t := newToken(w, ix.code)
		weight := float32(t.weight)
		grams(w, func(g uint64) { letters.add(g, weight, weight) })
		id, ok := ix.stems.ids[t.stem]
		if ok {
			stems.addTerm(id, weight, weight)
		} else {
			ix.addNear(stems, t)
		}
		if ok && havePrevious {
			pairs.add([2]uint32{previous, id}, weight, weight)
		}
		previous, havePrevious = id, ok
	}
	q.stems, q.grams, q.pairs = stems.finish(), letters.finish(), pairs.finish()
	return q
}

// addNear adds the words that an unknown word may stand for, together weighing at
// most what the word itself would.
func (ix *index) addNear(stems *probeBuilder[string], t token) {
	near := ix.vocabulary.near(t.word)
	stems.addUnknown(float32(t.weight))
	best := make(map[uint32]float32)
	for _, n := range near {
		id := ix.stems.ids[language.Stem(ix.vocabulary.words[n.id], ix.code)]
		best[id] = max(best[id], float32(n.likeness))
	}
	ids := make([]uint32, 0, len(best))
	for id := range best {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		stems.addTerm(id, unknownLikeness*best[id]*float32(t.weight), 0)
	}
}

// probeBuilder collects a question's terms in one space.
type probeBuilder[K comparable] struct {
	space   *space[K]
	weights map[uint32]float32
	order   []uint32
	total   float32
	square  float32
	known   float32
}

func newProbe[K comparable](s *space[K]) *probeBuilder[K] {
	return &probeBuilder[K]{space: s, weights: make(map[uint32]float32)}
}

func (b *probeBuilder[K]) add(key K, weight, counted float32) {
	if id, ok := b.space.ids[key]; ok {
		b.addTerm(id, weight, counted)
		return
	}
	b.addUnknown(weight)
}

// addTerm adds a known term; counted is what it weighs in the question's total.
func (b *probeBuilder[K]) addTerm(id uint32, weight, counted float32) {
	old, seen := b.weights[id]
	if !seen {
		b.order = append(b.order, id)
	}
	if weight > old {
		b.weights[id] = weight
	}
	if counted > 0 && !seen {
		w := counted * b.space.idf[id]
		b.total += w
		b.known += w
		b.square += w * w
	}
}

func (b *probeBuilder[K]) addUnknown(weight float32) {
	w := weight * b.space.unknown
	b.total += w
	b.square += w * w
}

func (b *probeBuilder[K]) finish() probe {
	p := probe{total: b.total, known: b.known, norm: float32(math.Sqrt(float64(b.square)))}
	for _, id := range b.order {
		p.terms = append(p.terms, weighted{term: id, weight: b.weights[id]})
	}
	return p
}

// scratch holds the arrays of one ranking; they are reused.
type scratch struct {
	stemsQ, stemsA, gramsQ, gramsA, pairsQ []float32 // per document
	stemWeight, gramWeight, pairWeight     []float32 // per term
}

func newScratch(ix *index) *scratch {
	n := len(ix.documents)
	return &scratch{
		stemsQ: make([]float32, n), stemsA: make([]float32, n), gramsQ: make([]float32, n), gramsA: make([]float32, n), pairsQ: make([]float32, n),
		stemWeight: make([]float32, len(ix.stems.ids)), gramWeight: make([]float32, len(ix.grams.ids)), pairWeight: make([]float32, len(ix.pairs.ids)),
	}
}

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

// candidates gathers the evidence for the documents that come into question.
func (ix *index) candidates(q question) []candidate {
	s := ix.scratch.Get().(*scratch)
	defer ix.scratch.Put(s)
	for _, scores := range [][]float32{s.stemsQ, s.stemsA, s.gramsQ, s.gramsA, s.pairsQ} {
		clear(scores)
	}
	ix.stems.question.score(q.stems, s.stemsQ)
	ix.stems.answer.score(q.stems, s.stemsA)
	ix.grams.question.score(q.grams, s.gramsQ)
	ix.grams.answer.score(q.grams, s.gramsA)
	ix.pairs.question.score(q.pairs, s.pairsQ)
	picked := ix.pick(q, s)
	spread(q.stems, ix.stems.idf, s.stemWeight)
	spread(q.grams, ix.grams.idf, s.gramWeight)
	spread(q.pairs, ix.pairs.idf, s.pairWeight)
	for i := range picked {
		picked[i].evidence = ix.gather(picked[i].document, q, s)
	}
	unspread(q.stems, s.stemWeight)
	unspread(q.grams, s.gramWeight)
	unspread(q.pairs, s.pairWeight)
	return picked
}

// pick chooses the documents to compare closely.
func (ix *index) pick(q question, s *scratch) []candidate {
	n := len(ix.documents)
	all := make([]candidate, 0, min(n, allCandidates))
	if n <= allCandidates {
		for d := range n {
			all = append(all, candidate{document: d})
		}
		return all
	}
	stemTotal, gramTotal := max(q.stems.total, 1e-6), max(q.grams.total, 1e-6)
	for d := range n {
		quick := (s.stemsQ[d]+s.stemsA[d])/stemTotal + (s.gramsQ[d]+s.gramsA[d])/gramTotal
		if quick > 0 {
			all = append(all, candidate{document: d, score: float64(quick)})
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.document, b.document))
	})
	return all[:min(len(all), topCandidates)]
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
// first to last, and the mean of the three greatest.
func closest(f forward, idf, weights []float32, norm float32, first, last uint32) (best, mean float32) {
	var top [3]float32
	for p := first; p < last; p++ {
		dot := float32(0)
		for _, t := range f.term[f.start[p]:f.start[p+1]] {
			if w := weights[t]; w != 0 {
				dot += w * idf[t]
			}
		}
		if dot == 0 {
			continue
		}
		c := dot / (norm*f.norm[p] + 1e-6)
		for i := range top {
			if c > top[i] {
				c, top[i] = top[i], c
			}
		}
	}
	return top[0], (top[0] + top[1] + top[2]) / 3
}
