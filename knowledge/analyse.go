package knowledge

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/language"
)

const (
	// maxQueryRunes bounds one question; people do not ask in more than 2,000 letters,
	// and the beginning of a pasted text tells its subject.
	maxQueryRunes = 2000
	// maxQueryWords bounds the words of one question that take part in the ranking.
	maxQueryWords = 120
	// Letter sequences of 3 and 4 letters within a word, with its edges, survive typos
	// and inflection.
	shortGram, longGram = 3, 4
)

// everydayWeight falls from 1 for words that everyday requests hardly contain to
// about 0.3 for those that nearly every request contains: a dozen articles cannot
// teach an index which words are empty.
func everydayWeight(word string, code language.Code) float64 {
	f := language.FrequenciesOf(code)
	n, all := f.Of(word), f.Requests()
	if n == 0 || all == 0 {
		return 1
	}
	return math.Log(float64(all+1)/(float64(n)+0.5)) / math.Log(float64(all+1)/1.5)
}

// clip cuts a question to maxQueryRunes.
func clip(text string) string {
	if len(text) <= maxQueryRunes {
		return text
	}
	n := 0
	for i := range text {
		if n == maxQueryRunes {
			return text[:i]
		}
		n++
	}
	return text
}

// grams calls add with every letter sequence of a word, packed into an integer,
// 16 bits a letter. Letters outside the basic plane share a code, which is harmless.
func grams(word string, add func(gram uint64)) {
	var buf [80]uint16
	letters := buf[:0]
	letters = append(letters, '^')
	for _, r := range word {
		if len(letters) == len(buf)-1 {
			break
		}
		if r > math.MaxUint16 {
			r = unicode.ReplacementChar
		}
		letters = append(letters, uint16(r))
	}
	letters = append(letters, '$')
	for size := shortGram; size <= longGram; size++ {
		for i := 0; i+size <= len(letters); i++ {
			packed := uint64(0)
			for _, l := range letters[i : i+size] {
				packed = packed<<16 | uint64(l)
			}
			add(packed)
		}
	}
}

// queryWords turns a customer's message into folded words. Russian typed in Latin
// letters becomes Cyrillic: by a word that the index or everyday speech knows under
// the same skeleton, else by the usual spelling.
func queryWords(text string, code language.Code, known *vocabulary) []string {
	text = clip(text)
	if code != language.Russian {
		return limit(language.Words(text, code))
	}
	latin, cyrillic := 0, 0
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
		case unicode.Is(unicode.Latin, r):
			latin++
		}
	}
	if latin == 0 {
		return limit(language.Words(text, code))
	}
	words := limit(language.Words(language.JoinApostrophes(text), code))
	for i, w := range words {
		if !latinWord(w) {
			continue
		}
		c, ok := known.bySkeleton(w)
		if known.has(w) && (!ok || known.used(c) <= known.used(w)) {
			continue
		}
		if ok {
			words[i] = c
		} else if cyrillic <= latin {
			words[i] = language.CyrillicFromLatin(w)
		}
	}
	return words
}

func limit(words []string) []string {
	return words[:min(len(words), maxQueryWords)]
}

// latinWord reports whether a folded word is written in Latin letters alone.
func latinWord(w string) bool {
	return w != "" && utf8.RuneCountInString(w) == len(w) && strings.IndexFunc(w, unicode.IsLetter) >= 0
}
