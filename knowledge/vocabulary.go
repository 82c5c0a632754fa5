package knowledge

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/language"
)

// vocabulary is the set of words that an index knows, with the means to find a word
// from a misspelt one. It does not change after build and is safe for concurrent use.
type vocabulary struct {
	code     language.Code
	ids      map[string]uint32
	words    []string
	uses     []uint32   // articles that contain the word
	owners   [][2]int32 // the first two of them, counted from 1; only of an index
	skeleton map[string]uint32
	byGram   map[uint64][]uint32 // words that contain a letter sequence
}

// Fuzzy matching: a word of maxGramLookups sequences is looked up by its rarest
// ones, and at most maxNear near words take its place.
const (
	maxNear        = 4
	maxVerified    = 48
	oneEditRunes   = 4 // from this length one edit is tolerated
	twoEditRunes   = 7 // and from this length two
	minCommonRunes = 4 // a common beginning of this length counts as inflection
)

func newVocabulary(code language.Code) *vocabulary {
	return &vocabulary{code: code, ids: make(map[string]uint32)}
}

// add counts one use of a word and returns its id.
func (v *vocabulary) add(word string) uint32 {
	id, ok := v.ids[word]
	if !ok {
		id = uint32(len(v.words))
		v.ids[word] = id
		v.words = append(v.words, word)
		v.uses = append(v.uses, 0)
	}
	v.uses[id]++
	return id
}

// own notes that the document, counted from 0, has the word with that id.
func (v *vocabulary) own(id uint32, document int) {
	for len(v.owners) <= int(id) {
		v.owners = append(v.owners, [2]int32{})
	}
	switch o, owner := &v.owners[id], int32(document)+1; {
	case o[0] == 0:
		o[0] = owner
	case o[0] != owner && o[1] == 0:
		o[1] = owner
	}
}

func (v *vocabulary) has(word string) bool {
	_, ok := v.ids[word]
	return ok
}

// used is how often a word is used, 0 for one outside the vocabulary.
func (v *vocabulary) used(word string) uint32 {
	if id, ok := v.ids[word]; ok {
		return v.uses[id]
	}
	return 0
}

// finish builds the look-up tables once all words are known.
func (v *vocabulary) finish() {
	v.byGram = make(map[uint64][]uint32)
	for id, w := range v.words {
		gramsOnce(w, func(g uint64) { v.byGram[g] = append(v.byGram[g], uint32(id)) })
	}
	if v.code != language.Russian {
		return
	}
	v.skeleton = make(map[string]uint32, len(v.words))
	for id, w := range v.words {
		if latinWord(w) {
			continue
		}
		s := language.Skeletons(w)[0]
		if old, ok := v.skeleton[s]; !ok || v.uses[id] > v.uses[old] {
			v.skeleton[s] = uint32(id)
		}
	}
}

// gramsOnce is grams with the short sequences only: they are enough for look-up.
func gramsOnce(word string, add func(uint64)) {
	grams(word, func(g uint64) {
		if g>>(16*shortGram) == 0 {
			add(g)
		}
	})
}

// bySkeleton finds the Russian word that a word typed in Latin letters stands for,
// first among the words of the index and then among everyday words.
func (v *vocabulary) bySkeleton(latin string) (string, bool) {
	forms := language.Skeletons(latin)
	for _, form := range forms {
		if id, ok := v.skeleton[form]; ok {
			return v.words[id], true
		}
	}
	everyday := everydaySkeletons()
	for _, form := range forms {
		if w, ok := everyday[form]; ok {
			return w, true
		}
	}
	return "", false
}

// nearWord is a word of the vocabulary that a typed word may stand for.
type nearWord struct {
	id       uint32
	likeness float64 // 0 to 1
	edits    int     // typing errors between them; 0 for a common beginning
}

// near returns the words of the vocabulary that a word outside it may stand for:
// one or two typing errors away, or with a long common beginning. The most alike
// come first; there are at most maxNear.
func (v *vocabulary) near(word string) []nearWord {
	runes := []rune(word)
	if len(runes) < oneEditRunes {
		return nil
	}
	edits := 1
	if len(runes) >= twoEditRunes {
		edits = 2
	}
	var found []nearWord
	for _, id := range v.sharing(word, len(runes)) {
		candidate := []rune(v.words[id])
		if likeness, d := alike(runes, candidate, edits); likeness > 0 {
			found = append(found, nearWord{id: id, likeness: likeness, edits: d})
		}
	}
	slices.SortFunc(found, func(a, b nearWord) int {
		return cmp.Or(cmp.Compare(b.likeness, a.likeness), cmp.Compare(v.uses[b.id], v.uses[a.id]), cmp.Compare(a.id, b.id))
	})
	return found[:min(len(found), maxNear)]
}

// sharing returns the words that share most letter sequences with word, at most
// maxVerified. Sequences that thousands of words have are not followed.
func (v *vocabulary) sharing(word string, length int) []uint32 {
	const tooCommon = 4000
	counts := make(map[uint32]int)
	gramsOnce(word, func(g uint64) {
		if list := v.byGram[g]; len(list) <= tooCommon {
			for _, id := range list {
				counts[id]++
			}
		}
	})
	type shared struct {
		id uint32
		n  int
	}
	ranked := make([]shared, 0, len(counts))
	for id, n := range counts {
		if n >= 2 || length <= 5 {
			ranked = append(ranked, shared{id, n})
		}
	}
	slices.SortFunc(ranked, func(a, b shared) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.id, b.id))
	})
	ids := make([]uint32, 0, maxVerified)
	for _, s := range ranked[:min(len(ranked), maxVerified)] {
		ids = append(ids, s.id)
	}
	return ids
}

// alike judges how probably a stands for b, and by how many errors: a likeness of 0
// is not at all, errors of 0 mean that they only begin alike.
func alike(a, b []rune, edits int) (likeness float64, errors int) {
	if d := editDistance(a, b, edits); d <= edits {
		return 1 - 0.25*float64(d) - 0.5*float64(d)/float64(max(len(a), len(b))), d
	}
	common := 0
	for common < len(a) && common < len(b) && a[common] == b[common] {
		common++
	}
	longer := max(len(a), len(b))
	if common >= minCommonRunes && 3*common >= 2*longer {
		return 0.7 * float64(common) / float64(longer), 0
	}
	return 0, 0
}

// editDistance counts missing, extra, wrong and swapped letters between a and b, and
// returns bound+1 as soon as there are more than bound.
func editDistance(a, b []rune, bound int) int {
	if len(a)-len(b) > bound || len(b)-len(a) > bound {
		return bound + 1
	}
	const width = 80
	if len(b)+1 > width {
		return bound + 1
	}
	var rows [3][width]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := 0; j <= len(b); j++ {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		best := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			best = min(best, d)
		}
		if best > bound {
			return bound + 1
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], bound+1)
}

// runeLen is shorthand for counting letters.
func runeLen(s string) int { return utf8.RuneCountInString(s) }
