package knowledge

import (
	"slices"
	"strings"
	"unicode"

	"github.com/rapport-chat/rapport/language"
)

// Rare words: an article that was taught with one phrasing is asked for in others, in which everything but its one or
// two unusual words is different ("kofemolka tixanib masinda" after "qehve masinimin kofemolkasi tixandi"). Where a
// question shares such words, inflected or not, with one taught article and no other article has them, they say more
// than all the usual words together.

const (
	// tellingWeight is the everyday weight from which a word is unusual.
	tellingWeight = 0.6
	// rareStart is how many letters inflected forms have in common at least.
	rareStart = 4
	// sameStart is how many letters of them are never misspelt.
	sameStart = 2
	// oneTypoRunes is the length from which one typing error is tolerated in an unusual word.
	oneTypoRunes = 6
	// fullRare is how many unusual words, by weight, are as good as a phrasing; of fewer there is less to go by.
	fullRare = 1.3
	// sharedRest is what a word that the article has, like others, takes from that, beside one that it has not.
	sharedRest = 0.25
	// leastRare is the strength below which shared words are chance.
	leastRare = 0.2
	// rareOdds is what full strength adds to the log odds of a taught article. This figure and the two before were
	// chosen on the invented questions of TestThoseWhoAskLaterAreAnswered; half or double of each changes little.
	rareOdds = 8.0
)

// rareWord is an unusual word in the phrasings of a taught article.
type rareWord struct {
	letters  []rune
	document int
}

// rareWords are the unusual words of taught articles that no other article has, by their first letters.
type rareWords map[string][]rareWord

// rareWordsOf collects them. The answers of other articles count as well: who has the word there may be meant.
func (ix *index) rareWordsOf() rareWords {
	found := make(rareWords)
	for d, doc := range ix.documents {
		if !doc.taught {
			continue
		}
		seen := make(map[string]bool)
		for _, q := range doc.questions {
			for _, w := range language.Words(q, ix.code) {
				if !seen[w] && ix.unusual(w) {
					seen[w] = true
					letters := []rune(w)
					start := string(letters[:sameStart])
					found[start] = append(found[start], rareWord{letters, d})
				}
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	for id, w := range ix.vocabulary.words {
		for _, owner := range ix.vocabulary.owners[id] {
			if owner != 0 {
				found.strike([]rune(w), int(owner)-1, ix.code)
			}
		}
	}
	return found
}

// strike takes out the words of other articles than d that are forms of a word of d.
func (r rareWords) strike(word []rune, d int, code language.Code) {
	if len(word) < rareStart {
		return
	}
	start := string(word[:sameStart])
	list, ok := r[start]
	if !ok || !slices.ContainsFunc(list, func(w rareWord) bool { return w.document != d }) {
		return
	}
	r[start] = slices.DeleteFunc(list, func(w rareWord) bool {
		return w.document != d && sameWord(w.letters, word, code)
	})
}

// unusual says whether a folded word tells a subject by itself.
func (ix *index) unusual(w string) bool {
	return runeLen(w) >= rareStart && strings.IndexFunc(w, unicode.IsDigit) < 0 && everydayWeight(w, ix.code) >= tellingWeight
}

// of is the taught article that alone has a form of the word, -1 for none.
func (r rareWords) of(word string, code language.Code) int {
	letters := []rune(word)
	if len(letters) < rareStart {
		return -1
	}
	document := -1
	for _, w := range r[string(letters[:sameStart])] {
		if w.document != document && sameWord(w.letters, letters, code) {
			if document >= 0 {
				return -1
			}
			document = w.document
		}
	}
	return document
}

// rarest is the taught article whose unusual words the question has, and how much that says, 0 to 1.
func (ix *index) rarest(q question) (document int, strength float64) {
	if len(ix.rare) == 0 {
		return -1, 0
	}
	shared := make(map[int]float64)
	seen := make(map[string]bool)
	for _, r := range q.words {
		weight := everydayWeight(r.typed, ix.code)
		if seen[r.typed] || weight < tellingWeight {
			continue
		}
		seen[r.typed] = true
		d := ix.rare.of(r.typed, ix.code)
		if d < 0 && r.word != r.typed {
			d = ix.rare.of(r.word, ix.code)
			weight *= float64(r.likeness)
		}
		if d >= 0 {
			shared[d] += weight * weight
		}
	}
	document = -1
	best := 0.0
	for d, sum := range shared {
		if sum > best || sum == best && d < document {
			document, best = d, sum
		}
	}
	if document < 0 || len(shared) > 1 {
		return -1, 0 // nobody's, or of two subjects
	}
	total := best
	for i, r := range q.words {
		weight := everydayWeight(r.typed, ix.code)
		switch {
		case ix.rare.of(r.typed, ix.code) == document:
		case ix.hasWord(q, i, document):
			total += sharedRest * weight * weight
		default:
			total += weight * weight
		}
	}
	return document, best / total * min(1, best/fullRare)
}

// sameWord says whether two folded words are forms of one: equal, with different endings, or a typing error apart.
func sameWord(a, b []rune, code language.Code) bool {
	if slices.Equal(a, b) {
		return true
	}
	common, longer := 0, max(len(a), len(b))
	for common < min(len(a), len(b)) && a[common] == b[common] {
		common++
	}
	if min(len(a), len(b)) >= oneTypoRunes && editDistance(a, b, 1) <= 1 {
		return true
	}
	if code == language.Russian || code == language.English {
		return common >= rareStart && language.Stem(string(a), code) == language.Stem(string(b), code) ||
			common > rareStart && 3*common >= 2*longer
	}
	for n := common; n >= rareStart; n-- {
		if language.EndsLikeTurkic(string(a[n:])) && language.EndsLikeTurkic(string(b[n:])) {
			return true
		}
	}
	return misspeltStem(a, b) || misspeltStem(b, a)
}

// misspeltStem says whether word is the stem with one typing error and a chain of endings.
func misspeltStem(stem, word []rune) bool {
	if len(stem) < oneTypoRunes {
		return false
	}
	for n := len(stem) - 1; n <= min(len(stem)+1, len(word)-1); n++ {
		if editDistance(stem, word[:n], 1) <= 1 && language.EndsLikeTurkic(string(word[n:])) {
			return true
		}
	}
	return false
}

// withRare puts the taught article whose unusual words the question has first and says how sure that makes it. rare is
// false when there is none and nothing changes.
func (ix *index) withRare(q question, ranked []candidate, confidence float64) (better []candidate, sure float64, rare bool) {
	document, strength := ix.rarest(q)
	if strength < leastRare {
		return ranked, confidence, false
	}
	at := slices.IndexFunc(ranked, func(c candidate) bool { return c.document == document })
	if at < 0 {
		return ranked, confidence, false // not among those that come into question, or not for this person
	}
	if at > 0 {
		first := ranked[at]
		ranked = slices.Insert(slices.Delete(ranked, at, at+1), 0, first)
		confidence = confidenceOf(ix.signals(q, ranked))
	}
	return ranked, chance(logOdds(confidence) + rareOdds*strength), true
}
