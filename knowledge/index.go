package knowledge

import (
	"sync"

	"github.com/rapport-chat/rapport/language"
)

// document is one article in one language as the index sees it.
type document struct {
	article   int // position in the library
	questions []string
	answer    string
}

// index finds the documents of one language. It does not change after build and is
// safe for concurrent use.
type index struct {
	code       language.Code
	documents  []document
	vocabulary *vocabulary
	lexicon    *lexicon
	stems      *space[string]
	grams      *space[uint64]  // letter sequences
	ideas      *space[concept] // what words are about
	fields     *space[concept] // and the fields that belongs to
	firstOf    []uint32        // per document: its first phrasing; one more at the end
	// trust is the exponent of everyday weights, 1.5 down to 0: the more phrasings
	// articles have, the better they show themselves which words matter.
	trust   float64
	scratch sync.Pool
}

// maxAnswerWords is how much of an answer is indexed; its beginning says what it is
// about.
const maxAnswerWords = 400

// builder collects what the spaces of an index are made of.
type builder struct {
	ix       *index
	stems    *spaceBuilder[string]
	grams    *spaceBuilder[uint64]
	ideas    *spaceBuilder[concept]
	fields   *spaceBuilder[concept]
	fieldOf  []concept
	words    map[string]terms    // bases repeat themselves: words already analysed
	patterns map[string][]string // the same for the lexicon
}

// terms are the term numbers of a text in each space.
type terms struct {
	stems, grams, ideas, fields []uint32
}

// buildIndex indexes documents of one language with the words of lex.
func buildIndex(documents []document, code language.Code, lex *lexicon) *index {
	n := len(documents)
	ix := &index{code: code, documents: documents, vocabulary: newVocabulary(code), lexicon: lex}
	b := &builder{
		ix: ix, stems: newSpaceBuilder[string](n), grams: newSpaceBuilder[uint64](n),
		ideas: newSpaceBuilder[concept](n), fields: newSpaceBuilder[concept](n), fieldOf: fieldOf(),
		words: make(map[string]terms), patterns: make(map[string][]string),
	}
	ix.firstOf = make([]uint32, 1, n+1)
	phrasings := 0
	for d, doc := range documents {
		for _, q := range doc.questions {
			b.addQuestion(d, b.analyse(q, 0))
			phrasings++
		}
		b.addAnswer(d, b.analyse(doc.answer, maxAnswerWords))
		ix.firstOf = append(ix.firstOf, uint32(phrasings))
	}
	ix.stems, ix.grams, ix.ideas, ix.fields = b.stems.build(), b.grams.build(), b.ideas.build(), b.fields.build()
	ix.vocabulary.finish()
	ix.trust = 3 / (2 + float64(phrasings)/float64(max(n, 1)))
	ix.scratch.New = func() any { return newScratch(ix) }
	return ix
}

func (b *builder) addQuestion(d int, t terms) {
	b.stems.addQuestion(d, t.stems)
	b.grams.addQuestion(d, t.grams)
	b.ideas.addQuestion(d, t.ideas)
	b.fields.addQuestion(d, t.fields)
}

func (b *builder) addAnswer(d int, t terms) {
	b.stems.answer[d], b.grams.answer[d] = t.stems, t.grams
	b.ideas.answer[d], b.fields.answer[d] = t.ideas, t.fields
}

// analyse numbers the terms of a text, of which at most maxWords words are read; 0
// means all.
func (b *builder) analyse(text string, maxWords int) terms {
	words := language.Words(text, b.ix.code)
	if maxWords > 0 && len(words) > maxWords {
		words = words[:maxWords]
	}
	var t terms
	for _, w := range words {
		known, ok := b.words[w]
		if !ok {
			known.stems = []uint32{b.stems.id(language.Stem(w, b.ix.code))}
			grams(w, func(g uint64) { known.grams = append(known.grams, b.grams.id(g)) })
			b.words[w] = known
		}
		b.ix.vocabulary.add(w)
		t.stems = append(t.stems, known.stems...)
		t.grams = append(t.grams, known.grams...)
	}
	for _, concepts := range b.ix.lexicon.concepts(b.keys(words)) {
		for _, c := range concepts {
			t.ideas = append(t.ideas, b.ideas.id(c))
			t.fields = append(t.fields, b.fields.id(b.fieldOf[c]))
		}
	}
	return t
}

func (b *builder) keys(words []string) [][]string {
	keys := make([][]string, len(words))
	for i, w := range words {
		k, ok := b.patterns[w]
		if !ok {
			k = b.ix.lexicon.patterns(w)
			b.patterns[w] = k
		}
		keys[i] = k
	}
	return keys
}
