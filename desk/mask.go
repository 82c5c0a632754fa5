package desk

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mask is a name as others may see it: its initials, "A. M." for Aynur Məmmədova. A name without a letter, such as an
// emoji, is the fallback.
func Mask(name, fallback string) string {
	var initials []string
	for word := range strings.FieldsFuncSeq(name, func(r rune) bool { return unicode.IsSpace(r) || r == '-' || r == '_' || r == '.' }) {
		at := strings.IndexFunc(word, unicode.IsLetter)
		if at < 0 {
			continue
		}
		r, _ := utf8.DecodeRuneInString(word[at:])
		initials = append(initials, string(unicode.ToUpper(r))+".")
		if len(initials) == maxInitials {
			break
		}
	}
	if len(initials) == 0 {
		return fallback
	}
	return strings.Join(initials, " ")
}

// maxInitials is how many words of a name are shown.
const maxInitials = 3
