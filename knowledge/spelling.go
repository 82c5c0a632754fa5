package knowledge

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/rapport-chat/rapport/language"
)

// reading is how one typed word is understood.
type reading struct {
	typed    string     // folded, in the alphabet of the index
	word     string     // the word it probably is; typed itself when nothing is better
	keys     []string   // what the lexicon knows about it
	likeness float32    // 1 for a word as typed, less for a corrected one
	near     []nearWord // words of the index with a common beginning, for unknown words
}

// read understands words: those that the index, everyday speech or the lexicon knows
// as they are, and the others as the nearest word with a typing error or two.
func (ix *index) read(words []string) []reading {
	readings := make([]reading, 0, len(words))
	known := make(map[string]reading, len(words)) // a pasted text repeats its words, and looking for a misspelt one costs most
	for _, w := range words {
		r, ok := known[w]
		if !ok {
			r = ix.readWord(w)
			known[w] = r
		}
		readings = append(readings, r)
	}
	return readings
}

func (ix *index) readWord(w string) reading {
	r := reading{typed: w, word: w, likeness: 1, keys: ix.lexicon.patterns(w)}
	if ix.vocabulary.has(w) || strings.IndexFunc(w, unicode.IsDigit) >= 0 {
		return r
	}
	everyday := everydayWords(ix.code).has(w)
	known := everyday || len(r.keys) > 0
	if _, ok := ix.stems.ids[language.Stem(w, ix.code)]; ok && known {
		return r
	}
	if !known && ix.foreign(w) {
		return r
	}
	near := ix.vocabulary.near(w)
	if !known {
		if better, ok := ix.correct(w, near); ok {
			better.typed = w
			return better
		}
		r.keys = ix.lexicon.near(w)
		if len(r.keys) > 0 {
			r.likeness = lexiconLikeness
		}
	}
	for _, n := range near {
		if n.edits == 0 || !everyday {
			r.near = append(r.near, n)
		}
	}
	if len(r.near) > 0 && len(r.keys) == 0 {
		r.keys = ix.lexicon.patterns(ix.vocabulary.words[r.near[0].id])
	}
	return r
}

// foreign says whether an unknown word is an everyday one of another language, and so nothing misspelt.
func (ix *index) foreign(w string) bool {
	return slices.ContainsFunc(language.All, func(code language.Code) bool { return code != ix.code && language.Tells(w, code) })
}

// lexiconLikeness is what a concept counts whose word was only guessed.
const lexiconLikeness = 0.7

// correct looks for the word that w is misspelt from: first in the index, whose words
// customers are likeliest to mean, then in everyday speech.
func (ix *index) correct(w string, near []nearWord) (reading, bool) {
	everyday := everydayWords(ix.code)
	best, bestLikeness := "", 0.0
	for _, n := range near {
		if n.edits > 0 && n.likeness+indexBonus > bestLikeness {
			best, bestLikeness = ix.vocabulary.words[n.id], n.likeness+indexBonus
		}
	}
	for _, n := range everyday.near(w) {
		if n.edits > 0 && n.likeness > bestLikeness {
			best, bestLikeness = everyday.words[n.id], n.likeness
		}
	}
	if best == "" || bestLikeness < minLikeness {
		return reading{}, false
	}
	return reading{word: best, likeness: float32(min(1, bestLikeness+0.1)), keys: ix.lexicon.patterns(best)}, true
}

const (
	indexBonus  = 0.08 // an index's own words are preferred to everyday ones
	minLikeness = 0.4
)

// everydayWords returns the frequent words of a language as a vocabulary.
func everydayWords(code language.Code) *vocabulary { return everydayVocabularies()[code] }

var everydayVocabularies = sync.OnceValue(func() map[language.Code]*vocabulary {
	all := make(map[language.Code]*vocabulary)
	for _, code := range language.All {
		v := newVocabulary(code)
		for _, w := range language.FrequenciesOf(code).Words() {
			for _, folded := range language.Words(w.Word, code) {
				v.uses[v.add(folded)] += uint32(w.Requests)
			}
		}
		v.finish()
		all[code] = v
	}
	return all
})

// near returns the keys of the entry that a word unknown to the lexicon probably
// begins with, misspelt. Entries shorter than five letters are not guessed.
func (x *lexicon) near(folded string) []string {
	runes := []rune(folded)
	if len(runes) < oneEditRunes+1 {
		return nil
	}
	best, bestWorth := "", 0
	for _, e := range x.guessable {
		if !similarStart(runes, e.letters) {
			continue
		}
		bound := 1
		if len(e.letters) >= twoEditRunes+1 {
			bound = 2
		}
		d := prefixDistance(e.letters, runes, bound)
		if d > bound {
			continue
		}
		if worth := len(e.letters) - 3*d; worth > bestWorth {
			best, bestWorth = e.key, worth
		}
	}
	if best == "" {
		return nil
	}
	return []string{best}
}

// similarStart is a quick test that two words may be the same but for few letters.
func similarStart(a, b []rune) bool {
	return a[0] == b[0] || a[1] == b[1] || a[0] == b[1] && a[1] == b[0] || a[1] == b[0] || a[0] == b[1]
}

// prefixDistance counts the errors between entry and the beginning of word that suits
// it best; what follows that beginning must be an ending of reasonable length.
func prefixDistance(entry, word []rune, bound int) int {
	const longestEnding = 8
	best := bound + 1
	for n := max(len(entry)-bound, 1); n <= min(len(entry)+bound, len(word)); n++ {
		if len(word)-n <= longestEnding {
			best = min(best, editDistance(entry, word[:n], bound))
		}
	}
	return best
}

// guessableEntry is an entry of the lexicon that misspelt words are compared with.
type guessableEntry struct {
	key     string
	letters []rune
}

// guessables lists the entries of at least five letters in a fixed order.
func guessables(entries map[string][]sense) []guessableEntry {
	var list []guessableEntry
	for k := range entries {
		if letters := []rune(k[1:]); len(letters) > oneEditRunes {
			list = append(list, guessableEntry{key: k, letters: letters})
		}
	}
	slices.SortFunc(list, func(a, b guessableEntry) int { return cmp.Compare(a.key, b.key) })
	return list
}
