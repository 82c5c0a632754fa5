package language

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxScoreRunes is the longest message that can be a mark: "salam, mən 10 üzərindən
// 9 verərdim, təşəkkür edirəm" has about 50 characters.
const maxScoreRunes = 120

// ParseScore reads a mark from lo to hi out of a message that is nothing but a mark,
// as people type it in the four languages: 9, "9/10", "10 üzərindən 9", "doqquz",
// "девять", "пятёрка", "on numara", "5+", four stars, full-width digits, key-cap
// emoji, with or without diacritics, with a greeting, a thank you or "I give" beside
// it. A mark "out of" another number than hi, a fraction, a range, a time, a mark out
// of range, and any message that says something else are refused.
func ParseScore(text string, lo, hi int) (int, bool) {
	tokens, ok := scoreTokens(text)
	if !ok {
		return 0, false
	}
	if isTopMark(tokens) {
		return hi, lo <= hi
	}
	var numbers, stars []int
	over, hollow := scoreWord(0), 0
	for _, t := range tokens {
		switch {
		case t.star:
			stars = append(stars, 1)
		case t.hollow:
			hollow++
		case t.isNumber:
			numbers = append(numbers, t.number)
		case t.means == outOf || t.means == fromThese:
			if (over != 0 && over != t.means) || len(numbers) != 1 {
				return 0, false
			}
			over = t.means
		case t.means != filler:
			return 0, false
		}
	}
	score, ok := mark(numbers, over, hi)
	if !ok && len(numbers) == 0 && over == 0 && len(stars) > 0 {
		score, ok = len(stars), hollow == 0 || len(stars)+hollow == hi
	} else if ok && len(stars) > 1 && len(stars) != score {
		return 0, false
	}
	return score, ok && lo <= score && score <= hi
}

// mark finds the mark in one number, or in two of which the other is the highest.
func mark(numbers []int, over scoreWord, hi int) (int, bool) {
	switch {
	case len(numbers) == 1 && over == 0:
		return numbers[0], true
	case len(numbers) == 2 && over == outOf && numbers[1] == hi:
		return numbers[0], true
	case len(numbers) == 2 && over == fromThese && numbers[0] == hi:
		return numbers[1], true
	}
	return 0, false
}

// scoreWord is what a word that is no number does in a mark.
type scoreWord uint8

const (
	unknownWord scoreWord = iota
	filler                // says nothing: "I give", "points", "thank you"
	outOf                 // 9 out of 10
	fromThese             // 10 üzərindən 9
)

type scoreToken struct {
	word     string // folded, of a word
	number   int
	isNumber bool
	star     bool
	hollow   bool
	means    scoreWord
}

// scoreTokens takes a message apart. It is false as soon as the message can no
// longer be a mark.
func scoreTokens(text string) ([]scoreToken, bool) {
	text = strings.NewReplacer("\ufe0f", "", "\u20e3", "").Replace(strings.ToValidUTF8(text, " ")) // key-cap emoji
	runes := []rune(norm.NFKC.String(text))
	if len(runes) > maxScoreRunes {
		return nil, false
	}
	var tokens []scoreToken
	for i := 0; i < len(runes); {
		r := runes[i]
		end := i + 1
		switch {
		case r >= '0' && r <= '9':
			for end < len(runes) && runes[end] >= '0' && runes[end] <= '9' {
				end++
			}
			if !standsAlone(runes, i, end) {
				return nil, false
			}
			n, err := strconv.Atoi(string(runes[i:end]))
			if err != nil || end-i > 3 {
				return nil, false
			}
			tokens = append(tokens, scoreToken{number: n, isNumber: true})
		case unicode.IsLetter(r):
			for end < len(runes) && (unicode.IsLetter(runes[end]) || unicode.IsMark(runes[end])) {
				end++
			}
			t := scoreWordToken(string(runes[i:end]))
			if t.means == unknownWord && !t.isNumber && !topWords[t.word] {
				return nil, false
			}
			tokens = append(tokens, t)
		case r == '🔟':
			tokens = append(tokens, scoreToken{number: 10, isNumber: true})
		case r == '⭐' || r == '🌟' || r == '★':
			tokens = append(tokens, scoreToken{star: true})
		case r == '☆':
			tokens = append(tokens, scoreToken{hollow: true})
		case r == '/' || r == '\\' || r == '⁄':
			tokens = append(tokens, scoreToken{means: outOf})
		case strings.ContainsRune("%‰№@#$€₼₺₽^=<>{}[]|~&", r):
			return nil, false
		case unicode.IsDigit(r) || unicode.IsNumber(r):
			return nil, false // fractions, Roman numerals, digits of other scripts
		}
		i = end
	}
	return tokens, len(tokens) > 0
}

// standsAlone reports whether the digits in [start, end) are a number of their own,
// not a part of a fraction, a range, a time, a date or a negative number.
func standsAlone(runes []rune, start, end int) bool {
	if start > 0 && strings.ContainsRune("-−+", runes[start-1]) && (start == 1 || !unicode.IsLetter(runes[start-2])) {
		return false
	}
	if end+1 >= len(runes) || !strings.ContainsRune("-−–—.,:'’*x×", runes[end]) {
		return true
	}
	next := runes[end+1]
	return !(next >= '0' && next <= '9')
}

// scoreWordToken looks a word up in the four languages.
func scoreWordToken(word string) scoreToken {
	var token scoreToken
	for _, key := range scoreKeys(word) {
		if n, ok := numberWords[key]; ok {
			return scoreToken{word: key, number: n, isNumber: true}
		}
		if means, ok := scoreWords[key]; ok {
			return scoreToken{word: key, means: means}
		}
		if topWords[key] {
			return scoreToken{word: key}
		}
		token.word = key
	}
	return token
}

// scoreKeys returns the forms under which a word may be known: folded, and for
// Russian its skeletons. English and Russian ones are marked, so that words of
// different languages do not meet by chance ("way" folds to "say" in Azerbaijani).
func scoreKeys(word string) []string {
	keys := []string{FoldWord(word, Azerbaijani), FoldWord(word, Turkish)}
	for _, ending := range []string{"dir", "dur", "di", "du"} {
		if stem, ok := strings.CutSuffix(keys[0], ending); ok {
			keys = append(keys, stem)
		}
	}
	keys = append(keys, englishKey(FoldWord(word, English)))
	for _, skeleton := range Skeletons(FoldWord(word, Russian)) {
		keys = append(keys, russianKey(skeleton))
	}
	return keys
}

func englishKey(folded string) string { return "en:" + folded }

func russianKey(skeleton string) string { return "ru:" + skeleton }

// isTopMark reports whether the message is a way of saying "the highest mark", with
// nothing but fillers around it.
func isTopMark(tokens []scoreToken) bool {
	words := make([]string, len(tokens))
	for i, t := range tokens {
		words[i] = t.word
		if t.isNumber && t.word == "" {
			words[i] = strconv.Itoa(t.number)
		}
	}
	for from := 0; from < len(tokens); from++ {
		for to := len(tokens); to > from; to-- {
			if topMarks[strings.Join(words[from:to], " ")] && onlyFillers(tokens[:from]) && onlyFillers(tokens[to:]) {
				return true
			}
		}
	}
	return false
}

func onlyFillers(tokens []scoreToken) bool {
	for _, t := range tokens {
		if t.means != filler {
			return false
		}
	}
	return true
}
