package knowledge

import (
	"math"
	"slices"
)

// A space is one way of looking at texts: by word stems, by letter sequences, by
// concepts. Its terms are numbered, and postings are packed into flat arrays, so
// that ten thousand articles fit into little memory.
type space[K comparable] struct {
	ids       map[K]uint32
	idf       []float32 // per term: how telling it is
	question  postings  // titles and phrasings, one document per article
	answer    postings  // answers
	phrasings forward   // each title or phrasing on its own
	sentences forward   // each sentence of the answers, where it is wanted
	unknown   float32   // how telling a term is that no article contains
}

// postings lists for every term the articles that contain it and how strongly, in
// compressed sparse rows.
type postings struct {
	start    []uint32
	doc      []uint32
	strength []uint8 // BM25's saturation of the count, in strengthStep
}

// strengthStep is the unit of postings.strength: saturation never exceeds bm25K1+1.
const strengthStep = (bm25K1 + 1) / 255

// forward lists for every phrasing its terms, for comparing whole texts.
type forward struct {
	start []uint32
	term  []uint32
	norm  []float32
}

// BM25's constants: how fast repetition stops to matter, and how much length does.
const (
	bm25K1 = 1.2
	bm25B  = 0.5
)

// spaceBuilder collects the terms of all articles.
type spaceBuilder[K comparable] struct {
	ids       map[K]uint32
	question  bags
	answer    bags
	phrasings forward
	sentences forward
	scale     func(K) float32 // how telling a term is in general; nil for 1
	pending   [2][]uint32     // terms of the current article's questions and answer
}

// bags are documents as counted terms.
type bags struct {
	start  []uint32
	term   []uint32
	count  []uint8
	length []uint32
}

// add counts the terms of the next document; it sorts them in place.
func (b *bags) add(terms []uint32) {
	slices.Sort(terms)
	for i := 0; i < len(terms); {
		k := i
		for k < len(terms) && terms[k] == terms[i] {
			k++
		}
		b.term = append(b.term, terms[i])
		b.count = append(b.count, uint8(min(k-i, math.MaxUint8)))
		i = k
	}
	b.start = append(b.start, uint32(len(b.term)))
	b.length = append(b.length, uint32(len(terms)))
}

func newSpaceBuilder[K comparable]() *spaceBuilder[K] {
	return &spaceBuilder[K]{
		ids:       make(map[K]uint32),
		question:  bags{start: []uint32{0}},
		answer:    bags{start: []uint32{0}},
		phrasings: forward{start: []uint32{0}},
		sentences: forward{start: []uint32{0}},
	}
}

// addQuestion adds a title or phrasing of the current article.
func (b *spaceBuilder[K]) addQuestion(terms []uint32) {
	b.pending[0] = append(b.pending[0], terms...)
	b.phrasings.add(terms)
}

// addAnswer adds a sentence of the current article's answer; apart keeps it for
// comparing on its own.
func (b *spaceBuilder[K]) addAnswer(terms []uint32, apart bool) {
	b.pending[1] = append(b.pending[1], terms...)
	if apart {
		b.sentences.addInOrder(terms)
	}
}

// endArticle closes the current article.
func (b *spaceBuilder[K]) endArticle() {
	b.question.add(b.pending[0])
	b.answer.add(b.pending[1])
	b.pending[0], b.pending[1] = b.pending[0][:0], b.pending[1][:0]
}

// id numbers a term.
func (b *spaceBuilder[K]) id(key K) uint32 {
	id, ok := b.ids[key]
	if !ok {
		id = uint32(len(b.ids))
		b.ids[key] = id
	}
	return id
}

// build packs what was collected. Question and answer are separate fields with
// their own lengths; how telling a term is comes from both together.
func (b *spaceBuilder[K]) build() *space[K] {
	n := len(b.question.length)
	s := &space[K]{ids: b.ids, idf: make([]float32, len(b.ids))}
	articles, last := make([]uint32, len(b.ids)), make([]int, len(b.ids))
	for a := range n {
		for _, f := range []*bags{&b.question, &b.answer} {
			for _, t := range f.term[f.start[a]:f.start[a+1]] {
				if last[t] != a+1 {
					last[t] = a + 1
					articles[t]++
				}
			}
		}
	}
	for t, df := range articles {
		s.idf[t] = inverseFrequency(n, float64(df))
	}
	if b.scale != nil {
		for key, t := range b.ids {
			s.idf[t] *= b.scale(key)
		}
	}
	s.unknown = inverseFrequency(n, 0.5)
	s.question, s.answer = b.question.pack(len(b.ids)), b.answer.pack(len(b.ids))
	s.phrasings, s.sentences = b.phrasings.weigh(s.idf), b.sentences.weigh(s.idf)
	return s
}

func inverseFrequency(n int, df float64) float32 {
	return float32(math.Log(1 + (float64(n)-df+0.5)/(df+0.5)))
}

// pack inverts documents into postings.
func (b *bags) pack(terms int) postings {
	total, used := 0, 0
	for _, l := range b.length {
		total += int(l)
		if l > 0 {
			used++
		}
	}
	average := float64(total) / float64(max(used, 1))
	p := postings{start: make([]uint32, terms+1), doc: make([]uint32, len(b.term)), strength: make([]uint8, len(b.term))}
	for _, t := range b.term {
		p.start[t+1]++
	}
	for t := 1; t < len(p.start); t++ {
		p.start[t] += p.start[t-1]
	}
	next := slices.Clone(p.start[:terms])
	for d := range b.length {
		length := 1 - bm25B + bm25B*float64(b.length[d])/average
		for i := b.start[d]; i < b.start[d+1]; i++ {
			tf, at := float64(b.count[i]), next[b.term[i]]
			next[b.term[i]]++
			p.doc[at] = uint32(d)
			p.strength[at] = uint8(math.Round(tf * (bm25K1 + 1) / (tf + bm25K1*length) / strengthStep))
		}
	}
	return p
}

// add adds a text as a set of terms; terms is left as it is.
func (f *forward) add(terms []uint32) {
	from := len(f.term)
	f.term = append(f.term, terms...)
	set := f.term[from:]
	slices.Sort(set)
	f.term = f.term[:from+len(slices.Compact(set))]
	f.start = append(f.start, uint32(len(f.term)))
}

// addInOrder adds a text with its terms in the order of the words.
func (f *forward) addInOrder(terms []uint32) {
	f.term = append(f.term, terms...)
	f.start = append(f.start, uint32(len(f.term)))
}

// weigh computes the length of every text as a vector.
func (f forward) weigh(idf []float32) forward {
	f.term = slices.Clip(f.term)
	f.norm = make([]float32, len(f.start)-1)
	for p := range f.norm {
		square := 0.0
		for _, t := range f.term[f.start[p]:f.start[p+1]] {
			square += float64(idf[t]) * float64(idf[t])
		}
		f.norm[p] = float32(math.Sqrt(square))
	}
	return f
}

// score sets scores to what the question's terms are worth in each article.
func (p postings) score(q probe, idf, scores []float32) {
	clear(scores)
	if len(p.doc) == 0 {
		return
	}
	for _, t := range q.terms {
		worth := t.weight * idf[t.term] * strengthStep
		from, to := p.start[t.term], p.start[t.term+1]
		strength := p.strength[from:to]
		for i, d := range p.doc[from:to] {
			scores[d] += worth * float32(strength[i])
		}
	}
}

// has reports whether article d has a term in its questions or its answer.
func (s *space[K]) has(term uint32, d int) bool {
	for _, p := range []*postings{&s.question, &s.answer} {
		if _, ok := slices.BinarySearch(p.doc[p.start[term]:p.start[term+1]], uint32(d)); ok {
			return true
		}
	}
	return false
}
