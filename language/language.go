// Package language knows the four languages that Rapport speaks and how people
// really type them: without diacritics, with typos, in the wrong alphabet.
package language

import "strings"

// Code is an ISO 639-1 code in lower case. Only the four constants below are
// languages of the service; the zero Code means "not known".
type Code string

// The languages of the service.
const (
	Azerbaijani Code = "az"
	Turkish     Code = "tr"
	Russian     Code = "ru"
	English     Code = "en"
)

// All lists the languages of the service in the order in which they are shown.
var All = []Code{Azerbaijani, Turkish, Russian, English}

// Parse reads a language tag as platforms and configuration files write it
// ("az", "AZ", "az-Latn", "ru_RU"). It reports false for a language that the
// service does not speak; the region and the script are ignored.
func Parse(tag string) (Code, bool) {
	primary, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(tag), "_", "-"), "-")
	code := Code(strings.ToLower(primary))
	for _, known := range All {
		if code == known {
			return code, true
		}
	}
	return "", false
}

// Name returns the language's own name for itself, as a language menu shows it,
// and the bare code for a language that the service does not speak.
func (c Code) Name() string {
	switch c {
	case Azerbaijani:
		return "Azərbaycanca"
	case Turkish:
		return "Türkçe"
	case Russian:
		return "Русский"
	case English:
		return "English"
	default:
		return string(c)
	}
}
