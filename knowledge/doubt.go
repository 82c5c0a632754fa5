package knowledge

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/language"
)

// Doubts: a ranking compares articles with each other, so that of little text some article is always the nearest, and
// looks sure. Numbers and single letters ask nothing; words that were only guessed, because they look like others,
// prove nothing; one word that several articles are about leaves open which is meant.

const (
	// foreignShare is what share of the question's words, by the square of their everyday weight, an article in another
	// language than the customer's must have as they were typed.
	foreignShare = 0.6
)

// doubted is the outcome that is left of a sure one when the question has too little to go by. foreign is set for
// articles in another language than the customer's. open is set when the question is understood and leaves open which
// article is meant. One that has the question as it stands stays sure.
func (ix *index) doubted(text string, q question, d int, outcome Outcome, foreign bool) (left Outcome, open bool) {
	switch {
	case outcome == HandOff || ix.asks(text, d):
		return outcome, false
	case !hasWord(text):
		return HandOff, false
	case outcome != Answer:
		return outcome, false
	}
	typed, total, telling := ix.typedIn(q, d)
	switch {
	case foreign && (!telling || typed < foreignShare*total):
		return HandOff, false
	case ix.several(text, q) || ix.bare(q):
		return Ask, !foreign
	case typed == 0 && ix.guesses(q, d) < 2:
		return Ask, false
	}
	return outcome, false
}

// bareConcepts are those of questions for where, when, how much.
var bareConcepts = conceptsNamed([]string{"q_when", "q_where", "q_why", "q_who", "q_howmany", "price"})

// bare says whether a question has question words only, and nothing that they are asked of.
func (ix *index) bare(q question) bool {
	asks := false
	for i, r := range q.words {
		switch {
		case anyOf(q.concepts[i], bareConcepts()):
			asks = true
		case everydayWeight(r.word, ix.code) >= littleSaid:
			return false
		}
	}
	return asks
}

// hasWord says whether anything in a text is a word: neither a number nor one letter, however often.
func hasWord(text string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(clip(text), func(c rune) bool { return !unicode.IsLetter(c) }), func(w string) bool {
		letter, _ := utf8.DecodeRuneInString(w)
		return strings.Trim(w, string(letter)) != ""
	})
}

// typedIn weighs the question's words that document d has as they were typed, and all of them. telling is set when
// one of the former says something by itself.
func (ix *index) typedIn(q question, d int) (typed, total float64, telling bool) {
	for i, r := range q.words {
		weight := everydayWeight(r.typed, ix.code)
		total += weight * weight
		if ix.hasTyped(q, i, d) {
			typed += weight * weight
			telling = telling || weight >= littleSaid
		}
	}
	return typed, total, telling
}

// hasTyped says whether document d has the question's word i, inflected or not, by what was typed.
func (ix *index) hasTyped(q question, i, d int) bool {
	r := q.words[i]
	asTyped := r.word == r.typed && r.likeness == 1 || beginAlike(r.word, r.typed)
	if asTyped && ix.hasWord(q, i, d) || ix.rare.of(r.typed, ix.code) == d {
		return true
	}
	return slices.ContainsFunc(r.near, func(n nearWord) bool {
		return n.edits == 0 && ix.stems.has(ix.stems.ids[language.Stem(ix.vocabulary.words[n.id], ix.code)], d)
	})
}

// guesses counts the words that document d has because they were taken for others: one alone may be anything, and of
// several each bears the others out.
func (ix *index) guesses(q question, d int) int {
	n := 0
	for i := range q.words {
		if ix.hasWord(q, i, d) {
			n++
		}
	}
	return n
}

// beginAlike says whether two different words are probably one with other endings.
func beginAlike(a, b string) bool {
	common := 0
	first, second := []rune(a), []rune(b)
	for common < min(len(first), len(second)) && first[common] == second[common] {
		common++
	}
	return a != b && common > rareStart
}

// several says whether a text is one bare word that the questions of more than one article have. With a question mark
// it is meant as a question.
func (ix *index) several(text string, q question) bool {
	if len(q.words) != 1 || strings.ContainsAny(text, "?？") {
		return false
	}
	stem, found := language.Stem(q.words[0].word, ix.code), 0
	for _, doc := range ix.documents {
		if slices.ContainsFunc(doc.questions, func(asked string) bool {
			return slices.ContainsFunc(language.Words(asked, ix.code), func(w string) bool { return language.Stem(w, ix.code) == stem })
		}) {
			if found++; found > 1 {
				return true
			}
		}
	}
	return false
}

// inFull notes which document alone has a question, folded; -1 stands for several.
func (ix *index) inFull() map[string]int {
	found := make(map[string]int)
	for d, doc := range ix.documents {
		for _, asked := range doc.questions {
			folded := language.Fold(asked, ix.code)
			if other, ok := found[folded]; ok && other != d {
				found[folded] = -1
				continue
			}
			found[folded] = d
		}
	}
	return found
}

// askedInFull is the least confidence in an article that alone has the question as it stands.
const askedInFull = 0.9

// withFull puts the article first that alone has the question as it stands: nothing says more.
func (ix *index) withFull(text string, q question, ranked []candidate, confidence float64) ([]candidate, float64) {
	document, ok := ix.full[language.Fold(clip(text), ix.code)]
	if !ok || document < 0 {
		return ranked, confidence
	}
	at := slices.IndexFunc(ranked, func(c candidate) bool { return c.document == document })
	if at < 0 {
		return ranked, confidence // not for this person
	}
	if at > 0 {
		first := ranked[at]
		ranked = slices.Insert(slices.Delete(ranked, at, at+1), 0, first)
		confidence = confidenceOf(ix.signals(q, ranked))
	}
	return ranked, max(confidence, askedInFull)
}
