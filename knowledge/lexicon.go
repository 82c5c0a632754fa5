package knowledge

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/rapport-chat/rapport/language"
)

// The lexicon groups words of the four languages by what they are about, so that a
// question may be put in other words than the article. Its files were written for
// this project; docs/knowledge.md says how.
//
//go:embed lexicon/*.txt
var lexiconFiles embed.FS

// concept is a number for a group of words; fields, groups of concepts, have
// numbers of the same kind.
type concept uint16

// lexicon finds the concepts of one language's words. It is read-only and safe for
// concurrent use.
type lexicon struct {
	code    language.Code
	entries map[string][]sense // key: see patterns
	longest int                // letters of the longest entry
	// guessable are the entries that misspelt words are compared with.
	guessable []guessableEntry
	// own names the operator's groups; their concepts follow the shipped ones.
	own []string
}

// sense is what a word, or a word with those that follow it, stands for.
type sense struct {
	following []string // keys of the words that must follow
	concept   concept
}

// lexiconLine is one concept with its words per language.
type lexiconLine struct {
	name, field string
	generic     bool // any question may have the words of this field
	words       map[language.Code][]string
}

var lexiconColumns = []language.Code{language.English, language.Azerbaijani, language.Turkish, language.Russian}

// shippedLexicon is what the embedded files say, in a fixed order.
var shippedLexicon = sync.OnceValue(func() []lexiconLine {
	entries, err := lexiconFiles.ReadDir("lexicon")
	if err != nil {
		return nil // embedded at build time; a test reads every line
	}
	var lines []lexiconLine
	for _, e := range entries {
		data, err := lexiconFiles.ReadFile("lexicon/" + e.Name())
		if err != nil {
			continue
		}
		parsed, err := parseLexicon(string(data))
		if err != nil {
			continue
		}
		lines = append(lines, parsed...)
	}
	return joined(lines)
})

// joined adds lines to the first line of the same name.
func joined(lines []lexiconLine) []lexiconLine {
	at := make(map[string]int)
	var list []lexiconLine
	for _, l := range lines {
		i, ok := at[l.name]
		if !ok {
			at[l.name] = len(list)
			list = append(list, l)
			continue
		}
		for code, words := range l.words {
			list[i].words[code] = append(list[i].words[code], words...)
		}
	}
	return list
}

// parseLexicon reads "name | English | Azerbaijani | Turkish | Russian" lines under
// "@ field" headings; "@ ~field" is one whose words say nothing about the subject.
func parseLexicon(text string) ([]lexiconLine, error) {
	var lines []lexiconLine
	field, generic := "", false
	for number, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case strings.HasPrefix(line, "@"):
			field, generic = strings.CutPrefix(strings.TrimSpace(line[1:]), "~")
			continue
		}
		columns := strings.Split(line, "|")
		if len(columns) != 1+len(lexiconColumns) {
			return nil, fmt.Errorf("lexicon line %d: %d columns, want %d", number+1, len(columns), 1+len(lexiconColumns))
		}
		l := lexiconLine{name: strings.TrimSpace(columns[0]), field: field, generic: generic, words: make(map[language.Code][]string)}
		for i, code := range lexiconColumns {
			l.words[code] = strings.Fields(columns[i+1])
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// conceptNames lists the names of concepts and then of fields; concept numbers index it.
var conceptNames = sync.OnceValue(func() []string {
	var names []string
	for _, l := range shippedLexicon() {
		names = append(names, l.name)
	}
	for _, l := range shippedLexicon() {
		if !slices.Contains(names[len(shippedLexicon()):], "@"+l.field) {
			names = append(names, "@"+l.field)
		}
	}
	return names
})

// fieldOf maps concepts to the fields they belong to.
var fieldOf = sync.OnceValue(func() []concept {
	names := conceptNames()
	fields := make([]concept, 0, len(names))
	for _, l := range shippedLexicon() {
		fields = append(fields, concept(slices.Index(names, "@"+l.field)))
	}
	return fields
})

// genericFields tells which fields say nothing about the subject.
var genericFields = sync.OnceValue(func() map[concept]bool {
	generic := make(map[concept]bool)
	for i, l := range shippedLexicon() {
		if l.generic {
			generic[fieldOf()[i]] = true
		}
	}
	return generic
})

// subject returns the field of a concept, when it says something about the subject.
func (c concept) subject() (field concept, ok bool) {
	if int(c) >= len(fieldOf()) {
		return 0, false // an operator's group belongs to no field
	}
	field = fieldOf()[c]
	return field, !genericFields()[field]
}

// generic reports whether any question may have the words of a concept.
func (c concept) generic() bool {
	return int(c) < len(fieldOf()) && genericFields()[fieldOf()[c]]
}

// name returns the name of a concept as `search` shows it.
func (x *lexicon) name(c concept) string {
	if i := int(c) - len(conceptNames()); i >= 0 && i < len(x.own) {
		return x.own[i]
	}
	return conceptNames()[c]
}

// with returns the lexicon with an operator's groups of words that mean the same.
func (x *lexicon) with(groups [][]string) *lexicon {
	if len(groups) == 0 {
		return x
	}
	more := &lexicon{code: x.code, entries: make(map[string][]sense, len(x.entries)), longest: x.longest}
	for k, senses := range x.entries {
		more.entries[k] = slices.Clone(senses)
	}
	for i, words := range groups {
		for _, w := range words {
			more.add(strings.Join(strings.Fields(w), "_"), concept(len(conceptNames())+i))
		}
		more.own = append(more.own, strings.Join(words, ", "))
	}
	more.guessable = guessables(more.entries)
	return more
}

var lexicons = sync.OnceValue(func() map[language.Code]*lexicon {
	all := make(map[language.Code]*lexicon)
	for _, code := range language.All {
		all[code] = newLexicon(code)
	}
	return all
})

// lexiconOf returns the shipped lexicon of a language.
func lexiconOf(code language.Code) *lexicon { return lexicons()[code] }

func newLexicon(code language.Code) *lexicon {
	x := &lexicon{code: code, entries: make(map[string][]sense)}
	for i, l := range shippedLexicon() {
		for _, w := range l.words[code] {
			x.add(w, concept(i))
		}
	}
	x.guessable = guessables(x.entries)
	return x
}

// add enters a word, or words joined by _, for a concept.
func (x *lexicon) add(entry string, c concept) {
	var keys []string
	for _, part := range strings.Split(entry, "_") {
		open := strings.HasSuffix(part, "*")
		for _, w := range language.Words(part, x.code) {
			keys = append(keys, x.key(w, open))
		}
	}
	if len(keys) == 0 {
		return
	}
	s := sense{following: keys[1:], concept: c}
	for _, old := range x.entries[keys[0]] {
		if old.concept == c && slices.Equal(old.following, s.following) {
			return
		}
	}
	for _, k := range keys {
		if _, ok := x.entries[k]; !ok {
			x.entries[k] = []sense{} // a word that only follows others
		}
		x.longest = max(x.longest, runeLen(k))
	}
	x.entries[keys[0]] = append(x.entries[keys[0]], s)
}

// key is how a folded entry is kept: open entries match every word that begins so,
// marked "*"; Azerbaijani and Turkish entries match words that go on with endings,
// marked "+"; the others match by stem, marked "=".
func (x *lexicon) key(folded string, open bool) string {
	switch {
	case open:
		return "*" + folded
	case x.code == language.Azerbaijani || x.code == language.Turkish:
		return "+" + folded
	default:
		return "=" + language.Stem(folded, x.code)
	}
}

// freeEndingRunes is the length from which an Azerbaijani or Turkish entry may be
// followed by anything: long stems are hardly ever the beginning of another word.
const freeEndingRunes = 6

// patterns returns the keys that match a folded word: its stem and the longest
// entry that it begins with.
func (x *lexicon) patterns(folded string) []string {
	var keys []string
	if x.code == language.Russian || x.code == language.English {
		if k := "=" + language.Stem(folded, x.code); x.entries[k] != nil {
			keys = append(keys, k)
		}
	}
	runes := []rune(folded)
	for n := min(len(runes), x.longest); n >= 2; n-- {
		prefix := string(runes[:n])
		if k := "*" + prefix; x.entries[k] != nil {
			return append(keys, k)
		}
		if k := "+" + prefix; x.entries[k] != nil && (n >= freeEndingRunes || language.EndsLikeTurkic(string(runes[n:]))) {
			return append(keys, k)
		}
		if k := x.softened(runes[:n], runes[n:]); k != "" {
			return append(keys, k)
		}
	}
	return keys
}

// softened undoes the softening of a stem's last letter before a vowel: kitabı from
// kitap, gediləcəyi from gediləcək.
func (x *lexicon) softened(stem, rest []rune) string {
	if x.code != language.Azerbaijani && x.code != language.Turkish || len(rest) == 0 || !strings.ContainsRune("aeiou", rest[0]) {
		return ""
	}
	hard, ok := map[rune]string{'b': "p", 'c': "c", 'd': "t", 'g': "kq", 'y': "k"}[stem[len(stem)-1]]
	if !ok || len(stem) < 3 || !language.EndsLikeTurkic(string(rest)) {
		return ""
	}
	for _, h := range hard {
		if k := "+" + string(stem[:len(stem)-1]) + string(h); x.entries[k] != nil {
			return k
		}
	}
	return ""
}

// concepts returns the concepts of each word of a text, of which keys[i] are the
// patterns of word i.
func (x *lexicon) concepts(keys [][]string) [][]concept {
	found := make([][]concept, len(keys))
	for i := range keys {
		for _, k := range keys[i] {
			for _, s := range x.entries[k] {
				if follows(keys[i+1:], s.following) && !slices.Contains(found[i], s.concept) {
					found[i] = append(found[i], s.concept)
				}
			}
		}
	}
	return found
}

func follows(keys [][]string, wanted []string) bool {
	if len(keys) < len(wanted) {
		return false
	}
	for i, w := range wanted {
		if !slices.Contains(keys[i], w) {
			return false
		}
	}
	return true
}
