package language

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxWordRunes bounds one word; the rest of a longer run of letters is cut off.
// The longest words people type in the four languages are about 40 letters.
const maxWordRunes = 64

// latinFold maps the lower-case Latin letters that people leave out or that
// canonical decomposition does not take apart to what is typed instead.
var latinFold = map[rune]string{
	'ə': "e", 'ǝ': "e", 'ı': "i", 'ö': "o", 'ü': "u", 'ğ': "g", 'ş': "s", 'ç': "c",
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th",
}

// azerbaijaniCyrillic is the alphabet of 1958 to 1991, still typed by some.
var azerbaijaniCyrillic = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "q", 'ғ': "ğ", 'д': "d", 'е': "e", 'ә': "ə", 'ж': "j",
	'з': "z", 'и': "i", 'ы': "ı", 'й': "y", 'ј': "y", 'к': "k", 'ҝ': "g", 'л': "l", 'м': "m",
	'н': "n", 'о': "o", 'ө': "ö", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ү': "ü",
	'ф': "f", 'х': "x", 'һ': "h", 'ч': "ç", 'ҹ': "c", 'ш': "ş", 'я': "ya", 'ю': "yu", 'э': "e",
	'ц': "ts", 'ъ': "", 'ь': "",
}

// azerbaijaniCyrillicOnly are the letters that Russian does not have.
const azerbaijaniCyrillicOnly = "әғҝөүһҹј"

// Lower returns s in lower case by the rules of the language: in Azerbaijani and
// Turkish I becomes ı and İ becomes i. The result is in Unicode form NFC.
func Lower(s string, code Code) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, " "))
	turkic := code == Azerbaijani || code == Turkish
	return strings.Map(func(r rune) rune {
		switch {
		case r == 'İ':
			return 'i'
		case turkic && r == 'I':
			return 'ı'
		default:
			return unicode.ToLower(r)
		}
	}, s)
}

// Words splits a text into words folded for comparison: lower case, without
// diacritics, Azerbaijani in Cyrillic letters turned into Latin, digraphs that
// stand for one letter (sh, ch, gh) turned into that letter, three and more equal
// letters in a row reduced to one. Folding loses what people leave out when they
// type, on purpose; keep the original for display. Any bytes are accepted.
func Words(s string, code Code) []string {
	s = Lower(s, code)
	if strings.ContainsAny(s, azerbaijaniCyrillicOnly) {
		s = latinFromAzerbaijaniCyrillic(s)
	}
	var words []string
	word := make([]rune, 0, maxWordRunes)
	flush := func() {
		if len(word) > 0 {
			if folded := foldWord(word, code); folded != "" {
				words = append(words, folded)
			}
			word = word[:0]
		}
	}
	for _, r := range s {
		switch {
		case invisible(r):
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			if len(word) < maxWordRunes {
				word = append(word, r)
			}
		default:
			flush()
		}
	}
	flush()
	return words
}

// Fold returns the folded words of s joined by one space.
func Fold(s string, code Code) string {
	return strings.Join(Words(s, code), " ")
}

// FoldWord folds one word that is already without spaces and punctuation.
func FoldWord(word string, code Code) string {
	return Fold(word, code)
}

// invisible reports whether r shows nothing and splits nothing: soft hyphen, zero
// width space and joiners, direction marks, byte order mark, variation selectors.
func invisible(r rune) bool {
	return r == 0x00AD || r == 0x061C || r == 0xFEFF || (r >= 0x200B && r <= 0x200F) ||
		(r >= 0x202A && r <= 0x202E) || (r >= 0x2060 && r <= 0x206F) || (r >= 0xFE00 && r <= 0xFE0F)
}

func foldWord(word []rune, code Code) string {
	word = oneAlphabet(word)
	var b strings.Builder
	b.Grow(len(word) * 2)
	for i, r := range word {
		if i >= 2 && r == word[i-1] && r == word[i-2] && unicode.IsLetter(r) {
			continue // "saaaalam": the run is reduced below to what is left of it
		}
		if i >= 1 && i+1 < len(word) && r == word[i-1] && r == word[i+1] && unicode.IsLetter(r) {
			continue
		}
		b.WriteString(foldRune(r))
	}
	return foldDigraphs(b.String(), code)
}

func foldRune(r rune) string {
	if r < utf8.RuneSelf {
		return string(r)
	}
	if to, ok := latinFold[r]; ok {
		return to
	}
	switch {
	case r == 'ё':
		return "е"
	case r == 'й' || unicode.Is(unicode.Cyrillic, r):
		return string(r)
	case unicode.IsMark(r):
		return ""
	}
	for _, base := range norm.NFD.String(string(r)) {
		if !unicode.IsMark(base) {
			return string(base)
		}
	}
	return string(r)
}

// foldDigraphs undoes the ways in which one letter is typed as two, or as a
// look-alike key, in the chats of each language.
func foldDigraphs(w string, code Code) string {
	switch code {
	case Azerbaijani:
		w = azerbaijaniDigraphs.Replace(w)
		if len(w) > 2 && w[0] == '4' && w[1] >= 'a' && w[1] <= 'z' && w[2] >= 'a' && w[2] <= 'z' {
			w = "c" + w[1:] // "4ox" for "çox"
		}
	case Turkish:
		w = turkishDigraphs.Replace(w)
	}
	return w
}

var (
	azerbaijaniDigraphs = strings.NewReplacer("sh", "s", "ch", "c", "gh", "g", "kh", "x", "w", "s")
	turkishDigraphs     = strings.NewReplacer("sh", "s", "ch", "c", "gh", "g", "w", "v")
)

// lookAlikes pairs Cyrillic letters with the Latin ones they are mistaken for.
var lookAlikes = map[rune]rune{
	'а': 'a', 'е': 'e', 'о': 'o', 'р': 'p', 'с': 'c', 'у': 'y', 'х': 'x', 'к': 'k', 'м': 'm', 'т': 't', 'в': 'b', 'н': 'h', 'і': 'i',
}

// oneAlphabet repairs a word in which single letters come from the other keyboard:
// the alphabet with more letters wins. Words of one alphabet are returned as they are.
func oneAlphabet(word []rune) []rune {
	latin, cyrillic := 0, 0
	for _, r := range word {
		switch {
		case unicode.Is(unicode.Latin, r):
			latin++
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
		}
	}
	if latin == 0 || cyrillic == 0 {
		return word
	}
	repaired := make([]rune, len(word))
	for i, r := range word {
		repaired[i] = r
		for c, l := range lookAlikes {
			if latin > cyrillic && r == c {
				repaired[i] = l
			} else if latin <= cyrillic && r == l {
				repaired[i] = c
			}
		}
	}
	return repaired
}

func latinFromAzerbaijaniCyrillic(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		if to, ok := azerbaijaniCyrillic[r]; ok {
			b.WriteString(to)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
