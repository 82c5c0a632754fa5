package knowledge

import (
	"strings"
	"sync"

	"github.com/rapport-chat/rapport/language"
)

// document is one article in one language as the index sees it.
type document struct {
	article   int // position in the library
	questions []string
	answer    string
	taught    bool // by a member of staff, mostly with one phrasing
}

// index finds the documents of one language. It does not change after build and is
// safe for concurrent use.
type index struct {
	code          language.Code
	documents     []document
	vocabulary    *vocabulary
	lexicon       *lexicon
	stems         *space[string]
	grams         *space[uint64]  // letter sequences
	ideas         *space[concept] // what words are about
	fields        *space[concept] // and the fields that belongs to
	pairs         *space[uint32]  // two concepts in one question; only phrasings
	firstOf       []uint32        // per document: its first phrasing; one more at the end
	rare          rareWords       // unusual words of taught articles
	full          map[string]int  // whose alone a question is, folded; see withFull
	firstSentence []uint32        // the same for the sentences of answers
	// trust is the exponent of everyday weights, 1 down to 0: the more phrasings
	// articles have, the better they show themselves which words matter.
	trust   float64
	scratch sync.Pool
}

// genericShare is what words that any question may have ("new", "give", "often")
// count beside those that say what it is about.
const genericShare = 0.6

// maxSentences is how much of an answer is indexed; its beginning says what it is
// about.
const maxSentences = 40

// sentences splits an answer after full stops, question and exclamation marks that
// end a word, and at line breaks.
func sentences(text string) []string {
	var list []string
	start := 0
	cut := func(end int) {
		if s := strings.TrimSpace(text[start:end]); s != "" && len(list) < maxSentences {
			list = append(list, s)
		}
		start = end
	}
	for i, r := range text {
		switch {
		case r == '\n':
			cut(i)
		case (r == ' ' || r == '\t') && i > 0 && strings.IndexByte(".!?", text[i-1]) >= 0:
			cut(i)
		}
	}
	cut(len(text))
	return list
}

// builder collects what the spaces of an index are made of.
type builder struct {
	ix       *index
	stems    *spaceBuilder[string]
	grams    *spaceBuilder[uint64]
	ideas    *spaceBuilder[concept]
	fields   *spaceBuilder[concept]
	pairs    *spaceBuilder[uint32]
	words    map[string]terms    // bases repeat themselves: words already analysed
	patterns map[string][]string // the same for the lexicon
}

// terms are the term numbers of a text in each space.
type terms struct {
	stems, grams, ideas, fields, pairs []uint32
}

// buildIndex indexes documents of one language with the words of lex.
func buildIndex(documents []document, code language.Code, lex *lexicon) *index {
	n := len(documents)
	ix := &index{code: code, documents: documents, vocabulary: newVocabulary(code), lexicon: lex}
	b := &builder{
		ix: ix, stems: newSpaceBuilder[string](), grams: newSpaceBuilder[uint64](),
		ideas: newSpaceBuilder[concept](), fields: newSpaceBuilder[concept](), pairs: newSpaceBuilder[uint32](),
		words: make(map[string]terms), patterns: make(map[string][]string),
	}
	ix.firstOf, ix.firstSentence = make([]uint32, 1, n+1), make([]uint32, 1, n+1)
	for _, doc := range documents {
		for _, q := range doc.questions {
			b.addQuestion(b.analyse(q))
		}
		for _, sentence := range sentences(doc.answer) {
			b.addSentence(b.analyse(sentence))
		}
		b.endArticle()
	}
	b.words, b.patterns = nil, nil // not needed any more, and large
	b.ideas.scale = func(c concept) float32 {
		if c.generic() {
			return genericShare
		}
		return 1
	}
	ix.stems, ix.grams, ix.ideas, ix.fields = b.stems.build(), b.grams.build(), b.ideas.build(), b.fields.build()
	ix.pairs = b.pairs.build()
	ix.vocabulary.finish()
	ix.trust = 3 / (3 + ix.phrasingsPerDocument())
	ix.rare, ix.full = ix.rareWordsOf(), ix.inFull()
	ix.scratch.New = func() any { return newScratch(ix) }
	return ix
}

func (ix *index) phrasingsPerDocument() float64 {
	return float64(ix.firstOf[len(ix.firstOf)-1]) / float64(max(1, len(ix.documents)))
}

func (b *builder) addQuestion(t terms) {
	b.stems.addQuestion(t.stems)
	b.grams.addQuestion(t.grams)
	b.ideas.addQuestion(t.ideas)
	b.fields.addQuestion(t.fields)
	b.pairs.addQuestion(t.pairs)
}

func (b *builder) addSentence(t terms) {
	b.stems.addAnswer(t.stems, true)
	b.grams.addAnswer(t.grams, false)
	b.ideas.addAnswer(t.ideas, false)
}

func (b *builder) endArticle() {
	b.stems.endArticle()
	b.grams.endArticle()
	b.ideas.endArticle()
	b.fields.endArticle()
	b.pairs.endArticle()
	b.ix.firstOf = append(b.ix.firstOf, uint32(len(b.stems.phrasings.start)-1))
	b.ix.firstSentence = append(b.ix.firstSentence, uint32(len(b.stems.sentences.start)-1))
}

// analyse numbers the terms of a text.
func (b *builder) analyse(text string) terms {
	words := language.Words(text, b.ix.code)
	var t terms
	for _, w := range words {
		known, ok := b.words[w]
		if !ok {
			known.stems = []uint32{b.stems.id(language.Stem(w, b.ix.code))}
			grams(w, func(g uint64) { known.grams = append(known.grams, b.grams.id(g)) })
			b.words[w] = known
		}
		b.ix.vocabulary.own(b.ix.vocabulary.add(w), len(b.ix.firstOf)-1)
		t.stems = append(t.stems, known.stems...)
		t.grams = append(t.grams, known.grams...)
	}
	all := b.ix.lexicon.concepts(b.keys(words))
	conceptPairs(all, func(p uint32, _ int, _ int) { t.pairs = append(t.pairs, b.pairs.id(p)) })
	for _, concepts := range all {
		for _, c := range concepts {
			t.ideas = append(t.ideas, b.ideas.id(c))
			if f, ok := c.subject(); ok {
				t.fields = append(t.fields, b.fields.id(f))
			}
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

// maxPairDistance is how many words may lie between two concepts of a pair.
const maxPairDistance = 12

// conceptPairs calls add for every two concepts of different words i and j: what is
// asked about a thing is told by what stands beside it.
func conceptPairs(concepts [][]concept, add func(pair uint32, i, j int)) {
	for i, a := range concepts {
		for j := i + 1; j < len(concepts) && j < i+maxPairDistance; j++ {
			for _, x := range a {
				for _, y := range concepts[j] {
					if x != y {
						add(uint32(min(x, y))<<16|uint32(max(x, y)), i, j)
					}
				}
			}
		}
	}
}
