package language

// Plural is a plural category as the Unicode CLDR names it. Which categories a
// language has is told by PluralForms.
type Plural string

// The categories that the four languages need.
const (
	One   Plural = "one"
	Few   Plural = "few"
	Many  Plural = "many"
	Other Plural = "other"
)

// PluralForms lists the categories that a counted noun must have in the given
// language, in CLDR's order: one and other in Azerbaijani, Turkish and English,
// one, few, many and other in Russian. An unknown language is treated as English.
func PluralForms(c Code) []Plural {
	if c == Russian {
		return []Plural{One, Few, Many, Other}
	}
	return []Plural{One, Other}
}

// PluralOf returns the category of a whole number. A negative number has the
// category of its absolute value.
// Source: CLDR plural rules, unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html.
func PluralOf(c Code, n int64) Plural {
	if n == 1 || n == -1 {
		return One
	}
	if c != Russian {
		return Other
	}
	tens, ones := n%100, n%10
	if tens < 0 {
		tens, ones = -tens, -ones
	}
	switch {
	case ones == 1 && tens != 11:
		return One
	case ones >= 2 && ones <= 4 && (tens < 12 || tens > 14):
		return Few
	default:
		return Many
	}
}

// PluralOfDecimal returns the category of a number that is written with the given
// number of decimal places (0 to 9): 1.5 with one place, 1.0 with one place. With no
// places it is PluralOf of the number rounded towards nought. In Russian and English
// every number that shows decimals is Other; in Azerbaijani and Turkish 1.0 is One.
func PluralOfDecimal(c Code, n float64, places int) Plural {
	if places <= 0 {
		return PluralOf(c, int64(n))
	}
	if (c == Azerbaijani || c == Turkish) && (n == 1 || n == -1) {
		return One
	}
	return Other
}
