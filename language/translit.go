package language

import (
	"strings"
	"unicode"
)

// This file is about Russian typed in Latin letters. There is no one spelling
// ("mojno", "mozhno", "mozno"; "zelenij", "zeleniy", "zelenyi"), so two things are
// offered: a skeleton in which all spellings of a word usually meet, for looking a
// word up in a list of known words, and a best guess in Cyrillic for the rest.

// cyrillicSkeleton maps Russian letters to the skeleton's alphabet, in which C
// stands for ч, S for ш and щ, and signs that are rarely typed are gone.
var cyrillicSkeleton = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "e", 'ж': "j", 'з': "z",
	'и': "i", 'й': "i", 'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r",
	'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "h", 'ц': "c", 'ч': "C", 'ш': "S", 'щ': "S",
	'ъ': "", 'ы': "i", 'ь': "", 'э': "e", 'ю': "iu", 'я': "ia",
}

// latinSkeleton rewrites the usual Latin spellings, longest first.
var latinSkeleton = strings.NewReplacer(
	"shch", "S", "sch", "S", "sh", "S", "ch", "C", "zh", "j", "kh", "h", "ts", "c", "tz", "c",
	"yo", "ie", "jo", "ie", "y", "i", "w", "v", "'", "", "’", "", "`", "", "ʼ", "", "\"", "", "4", "C", "6", "S",
)

// Skeletons returns the spelling-independent forms of a Russian word typed in
// Cyrillic (always one) or in Latin letters (up to four, since j stands for ж or й
// and x for х or кс). Words share a skeleton when they are probably the same word.
func Skeletons(word string) []string {
	if hasCyrillic(word) {
		var b strings.Builder
		for _, r := range word {
			b.WriteString(cyrillicSkeleton[r])
		}
		s := strings.ReplaceAll(b.String(), "sC", "S")
		return []string{compact(strings.ReplaceAll(s, "ts", "c"))}
	}
	var forms []string
	add := func(w string) {
		form := compact(latinSkeleton.Replace(w))
		for _, known := range forms {
			if known == form {
				return
			}
		}
		forms = append(forms, form)
	}
	for _, x := range []string{"kh", "ks"} {
		w := strings.ReplaceAll(word, "x", x)
		add(strings.ReplaceAll(w, "j", "zh"))
		add(strings.ReplaceAll(w, "j", "y"))
	}
	return forms
}

// compact drops i before a vowel (ия, ья and я, ю meet) and doubled letters.
func compact(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == 'i' && i+1 < len(s) && strings.IndexByte("aeuio", s[i+1]) >= 0 {
			continue
		}
		if len(b) > 0 && b[len(b)-1] == s[i] {
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

// latinToCyrillic is the best guess, longest first. The soft sign is restored only
// where it was typed as an apostrophe.
var latinToCyrillic = strings.NewReplacer(
	"shch", "щ", "sch", "щ", "yo", "е", "jo", "е", "zh", "ж", "kh", "х", "ts", "ц", "ch", "ч", "sh", "ш",
	"iyu", "ию", "iya", "ия", "iia", "ия", "iiu", "ию", "ija", "ия",
	"yu", "ю", "ju", "ю", "iu", "ю", "ya", "я", "ja", "я", "ia", "я", "ye", "е", "ie", "ие",
	"iy", "ий", "ij", "ий", "yy", "ый", "yj", "ый", "yi", "ый", "ii", "ий",
	"ay", "ай", "ey", "ей", "oy", "ой", "uy", "уй", "aj", "ай", "ej", "ей", "oj", "ой", "uj", "уй", "ai", "ай", "ei", "ей", "oi", "ой",
	"a", "а", "b", "б", "c", "ц", "d", "д", "e", "е", "f", "ф", "g", "г", "h", "х", "i", "и", "j", "ж",
	"k", "к", "l", "л", "m", "м", "n", "н", "o", "о", "p", "п", "q", "к", "r", "р", "s", "с", "t", "т",
	"u", "у", "v", "в", "w", "в", "x", "х", "y", "ы", "z", "з", "'", "ь", "’", "ь", "`", "ь", "ʼ", "ь",
)

// CyrillicFromLatin turns a lower-case Russian word typed in Latin letters into
// Cyrillic by the most usual spelling. Words with a Cyrillic letter are returned
// unchanged.
func CyrillicFromLatin(word string) string {
	if hasCyrillic(word) {
		return word
	}
	return latinToCyrillic.Replace(word)
}

// JoinApostrophes removes apostrophes inside and after Latin words, where Russian
// typed in Latin letters has a soft sign ("tol'ko", "parol'").
func JoinApostrophes(s string) string {
	if !strings.ContainsAny(s, "'’`ʼ") {
		return s
	}
	runes := []rune(s)
	out := runes[:0:0]
	for i, r := range runes {
		if strings.ContainsRune("'’`ʼ", r) && i > 0 && unicode.Is(unicode.Latin, runes[i-1]) {
			continue
		}
		out = append(out, r)
	}
	return string(out)
}

func hasCyrillic(s string) bool {
	for _, r := range s {
		if unicode.Is(unicode.Cyrillic, r) {
			return true
		}
	}
	return false
}
