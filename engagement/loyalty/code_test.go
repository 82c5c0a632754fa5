package loyalty_test

import (
	"regexp"
	"testing"

	"github.com/rapport-chat/rapport/engagement/loyalty"
)

func TestCodes(t *testing.T) {
	t.Parallel()
	card, voucher := regexp.MustCompile(`^[1-9][0-9]{7}$`), regexp.MustCompile(`^[2-9A-HJ-NP-Z]{8}$`)
	letter := regexp.MustCompile(`[A-Z]`)
	seen := map[string]bool{}
	for range 1000 {
		c, v := loyalty.NewCard(), loyalty.NewVoucherCode()
		if !card.MatchString(c) || !loyalty.IsCard(c) {
			t.Fatalf("%q is no card code", c)
		}
		if !voucher.MatchString(v) || !letter.MatchString(v) || seen[v] {
			t.Fatalf("%q is no fresh voucher code", v)
		}
		seen[v] = true
		for _, code := range []string{c, v} {
			if got := loyalty.NormalCode(" " + loyalty.ShownCode(code) + "\n"); got != code {
				t.Fatalf("%q is shown as %q and read as %q", code, loyalty.ShownCode(code), got)
			}
		}
	}
}

func TestCardDigitsProveEachOther(t *testing.T) {
	t.Parallel()
	if !loyalty.IsCard("79927398") && loyalty.IsCard("79927390") {
		t.Error("the check digit is not Luhn's")
	}
	card := loyalty.NewCard()
	for i := range len(card) {
		wrong := []byte(card)
		wrong[i] = '0' + (wrong[i]-'0'+1)%10
		if loyalty.IsCard(string(wrong)) {
			t.Errorf("%s passes although one digit of %s is wrong", wrong, card)
		}
	}
}

func TestNormalCode(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"abcd-2345": "ABCD2345", "АВСЕ 2345": "ABCE2345", "": "", "../..": "", "4821 0937": "48210937",
	} {
		if got := loyalty.NormalCode(typed); got != want {
			t.Errorf("NormalCode(%q) = %q, want %q", typed, got, want)
		}
	}
}

func TestNormalPhone(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"+994 50 123 45 67": "+994501234567", "994501234567": "+994501234567", "00994501234567": "+994501234567",
		"+90 (532) 123-45-67": "+905321234567", "+7.921.123.45.67": "+79211234567",
		"0501234567": "", "call me": "", "": "", "123": "", "+1234567890123456": "", "+99450123456x": "",
	} {
		got, ok := loyalty.NormalPhone(typed)
		if got != want || ok != (want != "") {
			t.Errorf("NormalPhone(%q) = %q, %v; want %q", typed, got, ok, want)
		}
	}
}

func FuzzCodesAndPhones(f *testing.F) {
	f.Add("4821-0937")
	f.Add("+994 50 123 45 67")
	f.Fuzz(func(t *testing.T, typed string) {
		code := loyalty.NormalCode(typed)
		if again := loyalty.NormalCode(code); again != code {
			t.Errorf("NormalCode(%q) = %q, and of that %q", typed, code, again)
		}
		if phone, ok := loyalty.NormalPhone(typed); ok {
			if again, ok := loyalty.NormalPhone(phone); !ok || again != phone {
				t.Errorf("NormalPhone(%q) = %q, and of that %q", typed, phone, again)
			}
		}
	})
}
