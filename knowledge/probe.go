package knowledge

import (
	"math"

	"github.com/rapport-chat/rapport/language"
)

// question is a customer's message analysed against one index.
type question struct {
	words    []reading
	concepts [][]concept // of each word
	stems    probe
	grams    probe
	ideas    probe
	fields   probe
	pairs    probe
}

// probe is a question seen in one space.
type probe struct {
	terms []weighted // known terms
	order []uint32   // stems only: the terms in the order of the words, noTerm for unknown ones
	total float32    // what the known and unknown terms weigh together
	known float32    // what the known ones weigh
	norm  float32    // Euclidean length, unknown terms included
}

// weighted is a term of the question with its weight.
type weighted struct {
	term   uint32
	weight float32
}

// analyse looks a message up in the index's spaces.
func (ix *index) analyse(text string) question {
	q := question{words: ix.read(queryWords(text, ix.code, ix.vocabulary))}
	stems, letters := newProbe(ix.stems), newProbe(ix.grams)
	keys := make([][]string, len(q.words))
	order := make([]uint32, 0, len(q.words))
	for i, r := range q.words {
		keys[i] = r.keys
		weight := float32(math.Pow(everydayWeight(r.word, ix.code), ix.trust))
		letterWeight := weight
		if r.word != r.typed {
			letterWeight = weight * typedShare
			grams(r.word, func(g uint64) { letters.add(g, weight*(1-typedShare)) })
		}
		grams(r.typed, func(g uint64) { letters.add(g, letterWeight) })
		id, ok := ix.stems.ids[language.Stem(r.word, ix.code)]
		if !ok {
			id = noTerm
		}
		order = append(order, id)
		if ok {
			stems.addTerm(id, weight*r.likeness)
			stems.addUnknown(weight * (1 - r.likeness))
			continue
		}
		stems.addUnknown(weight)
		for _, n := range r.near {
			stems.addWeak(ix.stems.ids[language.Stem(ix.vocabulary.words[n.id], ix.code)], weight*inflectedShare*float32(n.likeness))
		}
	}
	ideas, fields, pairs := newProbe(ix.ideas), newProbe(ix.fields), newProbe(ix.pairs)
	all := ix.lexicon.concepts(keys)
	q.concepts = all
	conceptPairs(all, func(pair uint32, i, j int) {
		a, b := q.words[i], q.words[j]
		weight := math.Pow(everydayWeight(a.word, ix.code)*everydayWeight(b.word, ix.code), ix.trust/2)
		weight *= math.Pow(float64(len(all[i])*len(all[j])), -ambiguity)
		pairs.add(pair, float32(weight)*a.likeness*b.likeness)
	})
	for i, concepts := range all {
		r := q.words[i]
		weight := float32(math.Pow(everydayWeight(r.word, ix.code), ix.trust)) * r.likeness
		weight *= float32(math.Pow(float64(max(1, len(concepts))), -ambiguity))
		for _, c := range concepts {
			ideas.add(c, weight)
			if f, ok := c.subject(); ok {
				fields.add(f, weight)
			}
		}
	}
	q.stems, q.grams, q.ideas, q.fields, q.pairs = stems.finish(), letters.finish(), ideas.finish(), fields.finish(), pairs.finish()
	q.stems.order = order
	return q
}

const (
	// typedShare is what the letters as typed count beside those of the corrected word.
	typedShare = 0.4
	// inflectedShare is what a word with a common beginning counts beside the word.
	inflectedShare = 0.8
	// ambiguity is the exponent by which the senses of an ambiguous word share its weight.
	ambiguity = 0.7
)

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

// add adds a term by its key, known or not.
func (b *probeBuilder[K]) add(key K, weight float32) {
	if id, ok := b.space.ids[key]; ok {
		b.addTerm(id, weight)
		return
	}
	b.addUnknown(weight)
}

// addTerm adds a known term; a repeated one counts once, with its greatest weight.
func (b *probeBuilder[K]) addTerm(id uint32, weight float32) {
	if old, seen := b.weights[id]; seen && old >= weight {
		return
	} else if seen {
		weight -= old
		b.weights[id] = old + weight
	} else {
		b.order = append(b.order, id)
		b.weights[id] = weight
	}
	w := weight * b.space.idf[id]
	b.total += w
	b.known += w
	b.square += w * w
}

// addWeak adds a known term that stands for an unknown one already counted.
func (b *probeBuilder[K]) addWeak(id uint32, weight float32) {
	old, seen := b.weights[id]
	if !seen {
		b.order = append(b.order, id)
	}
	b.weights[id] = max(old, weight)
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
