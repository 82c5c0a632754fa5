package language_test

import (
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/language"
)

func TestParseScore(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text   string
		lo, hi int
		want   int
	}{
		{"9", 0, 10, 9},
		{" 9 ", 0, 10, 9},
		{"9.", 0, 10, 9},
		{"9!!!", 0, 10, 9},
		{"9)", 0, 10, 9},
		{"09", 0, 10, 9},
		{"0", 0, 10, 0},
		{"10", 0, 10, 10},
		{"９", 0, 10, 9},
		{"１０", 0, 10, 10},
		{"9️⃣", 0, 10, 9},
		{"1️⃣0️⃣", 0, 10, 10},
		{"🔟", 0, 10, 10},
		{"①", 1, 5, 1},
		{"9/10", 0, 10, 9},
		{"9 / 10", 0, 10, 9},
		{"5/5", 1, 5, 5},
		{"９／１０", 0, 10, 9},
		{"10 üzərindən 9", 0, 10, 9},
		{"10 uzerinden 9", 0, 10, 9},
		{"10 üzerinden 8 veriyorum", 0, 10, 8},
		{"10-dan 9", 0, 10, 9},
		{"10dan 9", 0, 10, 9},
		{"on üzərindən doqquz", 0, 10, 9},
		{"5 baldan 4", 1, 5, 4},
		{"9 из 10", 0, 10, 9},
		{"9 iz 10", 0, 10, 9},
		{"девять из десяти", 0, 10, 9},
		{"9 out of 10", 0, 10, 9},
		{"9 of 10", 0, 10, 9},
		{"sıfır", 0, 10, 0},
		{"sifir", 0, 10, 0},
		{"SIFIR", 0, 10, 0},
		{"bir", 0, 10, 1},
		{"iki", 1, 5, 2},
		{"üç", 1, 5, 3},
		{"uc", 1, 5, 3},
		{"dörd", 1, 5, 4},
		{"dord", 1, 5, 4},
		{"dört", 1, 5, 4},
		{"beş", 1, 5, 5},
		{"bes", 1, 5, 5},
		{"besh", 1, 5, 5},
		{"bew", 1, 5, 5},
		{"altı", 0, 10, 6},
		{"yeddi", 0, 10, 7},
		{"yedi", 1, 7, 7},
		{"səkkiz", 0, 10, 8},
		{"sekkiz", 0, 10, 8},
		{"sekiz", 0, 10, 8},
		{"doqquz", 0, 10, 9},
		{"Doqquz verirəm", 0, 10, 9},
		{"dokuz", 0, 10, 9},
		{"on", 0, 10, 10},
		{"beşdir", 1, 5, 5},
		{"девять", 0, 10, 9},
		{"devyat", 0, 10, 9},
		{"пять", 1, 5, 5},
		{"пятёрка", 1, 5, 5},
		{"пятерка", 1, 5, 5},
		{"pyaterka", 1, 5, 5},
		{"ноль", 0, 10, 0},
		{"десятка", 0, 10, 10},
		{"твёрдая четвёрка", 1, 5, 4},
		{"ставлю 8", 0, 10, 8},
		{"пять с плюсом", 1, 5, 5},
		{"chetyre", 1, 5, 4},
		{"nine", 0, 10, 9},
		{"I'd say 8", 0, 10, 8},
		{"ten out of ten", 0, 10, 10},
		{"my answer is 7", 0, 10, 7},
		{"5+", 1, 5, 5},
		{"10+", 0, 10, 10},
		{"9 bal", 0, 10, 9},
		{"9 puan", 0, 10, 9},
		{"9 баллов", 0, 10, 9},
		{"9 points", 0, 10, 9},
		{"salam, 9", 0, 10, 9},
		{"9 təşəkkürlər", 0, 10, 9},
		{"9 çox sağ olun", 0, 10, 9},
		{"9 пожалуйста", 0, 10, 9},
		{"9 😊", 0, 10, 9},
		{"cavab:9", 0, 10, 9},
		{"⭐⭐⭐⭐", 1, 5, 4},
		{"⭐️⭐️⭐️⭐️⭐️", 1, 5, 5},
		{"★★★★☆", 1, 5, 4},
		{"5 ⭐", 1, 5, 5},
		{"5 ulduz", 1, 5, 5},
		{"beş yıldız", 1, 5, 5},
		{"5 звёзд", 1, 5, 5},
		{"4 stars", 1, 5, 4},
		{"on numara", 0, 10, 10},
		{"on numara", 1, 5, 5},
		{"10 numara", 0, 10, 10},
		{"əla", 1, 5, 5},
		{"ela", 0, 10, 10},
		{"tam puan", 0, 10, 10},
		{"на все сто", 0, 10, 10},
		{"na vse sto", 1, 5, 5},
		{"максимум", 0, 10, 10},
		{"tam puan verirəm", 0, 10, 10},
	}
	for _, tt := range tests {
		got, ok := language.ParseScore(tt.text, tt.lo, tt.hi)
		if !ok || got != tt.want {
			t.Errorf("ParseScore(%q, %d, %d) = %d, %v, want %d", tt.text, tt.lo, tt.hi, got, ok, tt.want)
		}
	}
}

func TestParseScoreRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "?", "salam", "11", "-1", "−1", "+9", "9.5", "9,5", "8-9", "8–9", "8 или 9", "8 və ya 9", "9 9", "9 10", "9/5", "10/9", "4/5",
		"9:30", "9%", "%9", "1/2", "½", "100", "yüz", "сто", "bir dəqiqə", "bir az", "bir şey soruşum", "iki nəfər", "5 dəqiqə", "9-cu gün",
		"xidmət 9 verilə bilər", "9 puanım var", "не 9", "нет", "ok", "puan", "bal", "балл", "on the way", "I give up", "one more question",
		"9 sifarişim hardadı", "sifarişim 9 gündür gəlmir", "٩", "IX", "Ⅸ", "#9", "0x9", "1.000", "10 20 30", "⭐⭐⭐⭐⭐⭐⭐⭐⭐⭐⭐", "9999999999999999999999",
		"not 9", "из 10", "9 из", "üzərindən 9", "5 numara", "0501234567", strings.Repeat("9 ", 200),
	} {
		if got, ok := language.ParseScore(text, 0, 10); ok {
			t.Errorf("ParseScore(%q, 0, 10) = %d, want none", text, got)
		}
	}
}

func TestParseScoreRange(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text   string
		lo, hi int
	}{
		{"0", 1, 5}, {"6", 1, 5}, {"5/10", 1, 5}, {"8", 1, 7}, {"sıfır", 1, 5}, {"⭐", 2, 5}, {"əla", 5, 1}, {"3", 5, 1},
	}
	for _, tt := range tests {
		if got, ok := language.ParseScore(tt.text, tt.lo, tt.hi); ok {
			t.Errorf("ParseScore(%q, %d, %d) = %d, want none", tt.text, tt.lo, tt.hi, got)
		}
	}
}

func FuzzParseScore(f *testing.F) {
	for _, seed := range []string{"9/10", "10 üzərindən 9", "девять", "⭐⭐", "9️⃣", "on numara", "\xff9", "½", "9:30", "-1"} {
		f.Add(seed, 0, 10)
	}
	f.Fuzz(func(t *testing.T, text string, lo, hi int) {
		got, ok := language.ParseScore(text, lo, hi)
		if ok && (got < lo || got > hi) {
			t.Fatalf("ParseScore(%q, %d, %d) = %d, out of range", text, lo, hi, got)
		}
		if again, same := language.ParseScore(text, lo, hi); again != got || same != ok {
			t.Fatalf("ParseScore(%q, %d, %d) differs the second time", text, lo, hi)
		}
	})
}
