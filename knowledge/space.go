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
	articles  []uint32  // per term: articles that contain it
	idf       []float32 // per term: how telling it is
	question  postings  // titles and phrasings, one document per article
	answer    postings  // answers
	phrasings forward   // each title or phrasing on its own
	sentences forward   // each sentence of the answers, where it is wanted
	unknown   float32   // how telling a term is that no article contains
}

// postings lists for every term the articles that contain it and what it adds to
// their score, in compressed sparse rows.
type postings struct {
	start  []uint32
	doc    []uint32
	impact []float32
}

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
	question  [][]uint32 // per article: term ids, repeated
	answer    [][]uint32
	phrasings [][]uint32
	sentences [][]uint32
	scale     func(K) float32 // how telling a term is in general; nil for 1
}

func newSpaceBuilder[K comparable](articles int) *spaceBuilder[K] {
	return &spaceBuilder[K]{ids: make(map[K]uint32), question: make([][]uint32, articles), answer: make([][]uint32, articles)}
}

// addQuestion adds a title or phrasing of document d.
func (b *spaceBuilder[K]) addQuestion(d int, terms []uint32) {
	b.question[d] = append(b.question[d], terms...)
	b.phrasings = append(b.phrasings, slices.Clone(terms))
}

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
	n := len(b.question)
	s := &space[K]{ids: b.ids, articles: make([]uint32, len(b.ids)), idf: make([]float32, len(b.ids))}
	last := make([]int, len(b.ids))
	for a := range n {
		for _, list := range [][]uint32{b.question[a], b.answer[a]} {
			for _, t := range list {
				if last[t] != a+1 {
					last[t] = a + 1
					s.articles[t]++
				}
			}
		}
	}
	for t, df := range s.articles {
		s.idf[t] = inverseFrequency(n, float64(df))
	}
	if b.scale != nil {
		for key, t := range b.ids {
			s.idf[t] *= b.scale(key)
		}
	}
	s.unknown = inverseFrequency(n, 0.5)
	s.question = pack(b.question, s.idf)
	s.answer = pack(b.answer, s.idf)
	s.phrasings = s.packForward(b.phrasings)
	s.sentences = s.packForward(b.sentences)
	return s
}

func inverseFrequency(n int, df float64) float32 {
	return float32(math.Log(1 + (float64(n)-df+0.5)/(df+0.5)))
}

// pack turns documents of term ids into postings with BM25 impacts.
func pack(docs [][]uint32, idf []float32) postings {
	total, used := 0, 0
	for _, d := range docs {
		total += len(d)
		if len(d) > 0 {
			used++
		}
	}
	average := float64(total) / float64(max(used, 1))
	p := postings{start: make([]uint32, len(idf)+1)}
	type count struct{ term, n uint32 }
	counts := make([][]count, len(docs))
	for i, d := range docs {
		slices.Sort(d)
		for j := 0; j < len(d); {
			k := j
			for k < len(d) && d[k] == d[j] {
				k++
			}
			counts[i] = append(counts[i], count{d[j], uint32(k - j)})
			p.start[d[j]+1]++
			j = k
		}
	}
	for t := 1; t < len(p.start); t++ {
		p.start[t] += p.start[t-1]
	}
	p.doc = make([]uint32, p.start[len(idf)])
	p.impact = make([]float32, len(p.doc))
	next := slices.Clone(p.start[:len(idf)])
	for i, list := range counts {
		length := 1 - bm25B + bm25B*float64(len(docs[i]))/average
		for _, c := range list {
			tf := float64(c.n)
			at := next[c.term]
			next[c.term]++
			p.doc[at] = uint32(i)
			p.impact[at] = idf[c.term] * float32(tf*(bm25K1+1)/(tf+bm25K1*length))
		}
	}
	return p
}

func (s *space[K]) packForward(lists [][]uint32) forward {
	f := forward{start: make([]uint32, 1, len(lists)+1), norm: make([]float32, 0, len(lists))}
	for _, list := range lists {
		slices.Sort(list)
		list = slices.Compact(list)
		square := 0.0
		for _, t := range list {
			square += float64(s.idf[t]) * float64(s.idf[t])
		}
		f.term = append(f.term, list...)
		f.start = append(f.start, uint32(len(f.term)))
		f.norm = append(f.norm, float32(math.Sqrt(square)))
	}
	f.term = slices.Clip(f.term)
	return f
}

// score sets scores to what the question's terms are worth in each article.
func (p postings) score(q probe, scores []float32) {
	clear(scores)
	if len(p.doc) == 0 {
		return
	}
	for _, t := range q.terms {
		for i := p.start[t.term]; i < p.start[t.term+1]; i++ {
			scores[p.doc[i]] += t.weight * p.impact[i]
		}
	}
}
