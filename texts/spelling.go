package texts

import (
	"strings"
	"unicode"

	"github.com/rapport-chat/rapport/language"
)

// keys returns the forms under which a text is looked up in the language: its folded
// words, in Russian their skeletons, in which Cyrillic and Latin spellings meet. A
// Latin spelling can have several.
func (v *vocabulary) keys(text string) [][]string {
	text = language.JoinApostrophes(text)
	if v.lang == language.Azerbaijani {
		text = latinAzerbaijani(text)
	}
	words := language.Words(text, v.lang)
	if len(words) > maxMentionWords {
		words = words[:maxMentionWords]
	}
	switch v.lang {
	case language.Russian:
		return skeletons(words)
	case language.Azerbaijani:
		for i, w := range words {
			words[i] = looseAzerbaijani.Replace(w)
		}
	}
	return [][]string{words}
}

// looseAzerbaijani joins letters that are mixed up when typing Azerbaijani.
var looseAzerbaijani = strings.NewReplacer("q", "g")

// skeletons spells a Russian text: the first reading of j and x in all words, then
// the second, and so on, since one person has one habit.
func skeletons(words []string) [][]string {
	readings := [][]string{make([]string, len(words))}
	for i, w := range words {
		forms := language.Skeletons(w)
		if !hasLetters(w) {
			forms = []string{w}
		}
		for len(readings) < len(forms) {
			readings = append(readings, append([]string(nil), readings[0]...))
		}
		for j := range readings {
			readings[j][i] = forms[min(j, len(forms)-1)]
		}
	}
	return readings
}

func hasLetters(s string) bool { return strings.IndexFunc(s, unicode.IsLetter) >= 0 }

// russianKeyboard is Azerbaijani typed on a Russian keyboard, without the letters
// that Russian lacks: "балансым нечеди".
var russianKeyboard = strings.NewReplacer(
	"а", "a", "б", "b", "в", "v", "г", "q", "д", "d", "е", "e", "ж", "j", "з", "z", "и", "i", "й", "y", "к", "k",
	"л", "l", "м", "m", "н", "n", "о", "o", "п", "p", "р", "r", "с", "s", "т", "t", "у", "u", "ф", "f", "х", "x",
	"ч", "c", "ш", "s", "ы", "i", "э", "e", "ю", "yu", "я", "ya", "ц", "ts", "щ", "s", "ь", "", "ъ", "", "ё", "yo",
)

// latinAzerbaijani spells a text on a Russian keyboard in Latin letters. A text with
// Azerbaijani Cyrillic letters is left to language.Words, which knows them.
func latinAzerbaijani(text string) string {
	lower := strings.ToLower(text)
	if strings.ContainsAny(lower, "әғҝөүһҹј") || !strings.ContainsFunc(lower, isCyrillic) {
		return text
	}
	return russianKeyboard.Replace(lower)
}

func isCyrillic(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }
