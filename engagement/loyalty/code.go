package loyalty

import (
	"crypto/rand"
	"math/big"
	"strings"
	"unicode"
)

// Codes are random, since a code is worth money to whoever guesses it. A card's code is said aloud and typed on a
// till's keys, so it is digits; the last one proves the others (Luhn's sum, ISO/IEC 7812-1). A voucher's has letters
// too, without those that look or sound like another.
const (
	cardDigits     = 8
	voucherLength  = 8
	voucherLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
)

// NewCard is a new card code of eight digits.
func NewCard() string {
	digits := make([]byte, cardDigits-1)
	for i := range digits {
		digits[i] = byte('0' + chance(10))
	}
	if digits[0] == '0' { // a till or a spreadsheet would lose it
		digits[0] = '7'
	}
	return string(append(digits, checkDigit(string(digits))))
}

// NewVoucherCode is a new voucher code of eight letters and digits, at least one of them a letter.
func NewVoucherCode() string {
	for {
		code := make([]byte, voucherLength)
		for i := range code {
			code[i] = voucherLetters[chance(len(voucherLetters))]
		}
		if strings.ContainsFunc(string(code), unicode.IsLetter) {
			return string(code)
		}
	}
}

func chance(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic("loyalty: no chance left: " + err.Error()) // crypto/rand never fails on the systems we run on
	}
	return int(i.Int64())
}

// checkDigit is Luhn's for the digits before it.
func checkDigit(digits string) byte {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}

// IsCard reports whether a normalised code is well formed as a card's.
func IsCard(code string) bool {
	return len(code) == cardDigits && strings.Trim(code, "0123456789") == "" && checkDigit(code[:cardDigits-1]) == code[cardDigits-1]
}

// lookalikes are Cyrillic letters that a keyboard gives for the Latin ones of a code.
var lookalikes = strings.NewReplacer("А", "A", "В", "B", "Е", "E", "К", "K", "М", "M", "Н", "H", "Р", "P", "С", "C", "Т", "T", "У", "Y", "Х", "X")

// NormalCode is a code as it is stored, however it was typed: without spaces and dashes, in Latin capitals.
func NormalCode(typed string) string {
	var b strings.Builder
	for _, r := range strings.ToUpper(typed) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return lookalikes.Replace(b.String())
}

// ShownCode is a code in two halves, as people read it.
func ShownCode(code string) string {
	if len(code) != cardDigits && len(code) != voucherLength {
		return code
	}
	return code[:len(code)/2] + "-" + code[len(code)/2:]
}

// NormalPhone is a phone number in the international form, +994501234567; false when it cannot be one.
func NormalPhone(typed string) (string, bool) {
	var b strings.Builder
	for _, r := range strings.TrimSpace(typed) {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune("+ ()-.\u00a0", r):
		default:
			return "", false
		}
	}
	digits := strings.TrimPrefix(b.String(), "00")
	// ITU-T E.164: at most 15 digits; the shortest in use have 7.
	if len(digits) < 7 || len(digits) > 15 || strings.HasPrefix(digits, "0") {
		return "", false
	}
	return "+" + digits, true
}
