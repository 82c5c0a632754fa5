package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"golang.org/x/text/currency"
)

// Currency is an ISO 4217 code in capitals, such as AZN.
type Currency string

// MinorDigits returns how many digits the minor unit has: 2 for AZN, 0 for JPY.
func (c Currency) MinorDigits() int {
	unit, err := currency.ParseISO(string(c))
	if err != nil {
		return 2
	}
	digits, _ := currency.Standard.Rounding(unit)
	return digits
}

// ParseCurrency reads a code.
func ParseCurrency(text string) (Currency, error) {
	const hint = "write its code: AZN, TRY, RUB, USD, EUR…"
	text = strings.TrimSpace(text)
	if _, err := currency.ParseISO(text); err != nil || len(text) != 3 {
		if code := currencySign[strings.ToLower(text)]; code != "" {
			return "", invalid(text, "write "+code, "is not a currency's code")
		}
		return "", invalid(text, hint, "is not a currency's code")
	}
	if upper := strings.ToUpper(text); upper != text {
		return "", invalid(text, "write "+upper, "is not a currency's code: codes are in capitals")
	}
	return Currency(text), nil
}

var currencySign = map[string]string{
	"₼": "AZN", "manat": "AZN", "₺": "TRY", "tl": "TRY", "lira": "TRY", "₽": "RUB", "ruble": "RUB", "rub.": "RUB",
	"$": "USD", "dollar": "USD", "€": "EUR", "euro": "EUR", "£": "GBP", "₾": "GEL", "₸": "KZT", "₴": "UAH",
}

// UnmarshalText reads a code.
func (c *Currency) UnmarshalText(text []byte) error {
	parsed, err := ParseCurrency(string(text))
	if err == nil {
		*c = parsed
	}
	return err
}

func (Currency) describe() string { return "a currency" }

// Money is an amount as a plain number with at most four decimals; the currency
// stands elsewhere. It is exact: 0.1 is a tenth.
type Money struct{ tenThousandths int64 }

const moneyScale = 10_000

// maxMoney bounds amounts, so that sums cannot overflow.
const maxMoney = 1_000_000_000_000

// IsZero reports whether the amount is 0.
func (m Money) IsZero() bool { return m.tenThousandths == 0 }

// Minor returns the amount in minor units of the currency; exact is false when
// it has more decimals than the currency.
func (m Money) Minor(c Currency) (units int64, exact bool) {
	per := int64(math.Pow10(4 - min(c.MinorDigits(), 4)))
	return m.tenThousandths / per, m.tenThousandths%per == 0
}

// String writes the amount without needless zeros.
func (m Money) String() string {
	sign, n := "", m.tenThousandths
	if n < 0 {
		sign, n = "-", -n
	}
	whole, part := n/moneyScale, n%moneyScale
	if part == 0 {
		return fmt.Sprintf("%s%d", sign, whole)
	}
	text := strings.TrimRight(fmt.Sprintf("%04d", part), "0")
	if len(text) == 1 {
		text += "0"
	}
	return fmt.Sprintf("%s%d.%s", sign, whole, text)
}

// MarshalJSON writes the amount as a number.
func (m Money) MarshalJSON() ([]byte, error) { return []byte(m.String()), nil }

// ParseMoney reads an amount.
func ParseMoney(text string) (Money, error) {
	const hint = "write a plain number such as 20 or 12.50; the currency is brand.currency"
	text = strings.TrimSpace(text)
	number, negative := strings.CutPrefix(text, "-")
	whole, part, hasPart := strings.Cut(number, ".")
	if !digitsOnly(whole) || hasPart && !digitsOnly(part) {
		if alt := strings.ReplaceAll(number, ",", "."); strings.Count(alt, ".") == 1 {
			if w, p, _ := strings.Cut(alt, "."); digitsOnly(w) && digitsOnly(p) {
				return Money{}, invalid(text, "write "+alt, "is not an amount")
			}
		}
		return Money{}, invalid(text, hint, "is not an amount")
	}
	if len(part) > 4 {
		return Money{}, invalid(text, "write at most four decimals", "has too many decimals")
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n > maxMoney {
		return Money{}, invalid(text, hint, "is too large an amount")
	}
	n *= moneyScale
	if part != "" {
		fraction, _ := strconv.ParseInt((part + "0000")[:4], 10, 64)
		n += fraction
	}
	if negative {
		n = -n
	}
	return Money{n}, nil
}

func digitsOnly(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// UnmarshalText reads an amount.
func (m *Money) UnmarshalText(text []byte) error {
	parsed, err := ParseMoney(string(text))
	if err == nil {
		*m = parsed
	}
	return err
}

func (Money) describe() string { return "an amount of money" }

func (m Money) measure() float64 { return float64(m.tenThousandths) }

func (Money) measureText(bound string) float64 { return mustMeasure(bound, ParseMoney) }
