package language_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/language"
)

func TestLower(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		code language.Code
		want string
	}{
		{"ISTI SU", language.Azerbaijani, "ıstı su"},
		{"İSTİ", language.Turkish, "isti"},
		{"INBOX", language.English, "inbox"},
		{"İstanbul", language.English, "istanbul"},
		{"e\u0308", language.Russian, "ë"},
		{"a\xffb", language.English, "a b"},
	}
	for _, tt := range tests {
		if got := language.Lower(tt.in, tt.code); got != tt.want {
			t.Errorf("Lower(%q, %s) = %q, want %q", tt.in, tt.code, got, tt.want)
		}
	}
}

func TestFoldMeets(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		code language.Code
		a, b string
	}{
		{"az without diacritics", language.Azerbaijani, "Sifarişim nə vaxt çatacaq?", "sifarisim ne vaxt catacaq"},
		{"az capitals with dotless I", language.Azerbaijani, "QIZIL KART", "qizil kart"},
		{"az w for s", language.Azerbaijani, "yaxşı", "yaxwi"},
		{"az sh and ch", language.Azerbaijani, "açıq şəhər", "achiq sheher"},
		{"az 4 for c", language.Azerbaijani, "çox", "4ox"},
		{"az Cyrillic", language.Azerbaijani, "Саламәт, нечәсән", "salamət, neçəsən"},
		{"tr without diacritics", language.Turkish, "Şişli'de kapıda ödeme", "sisli de kapida odeme"},
		{"decomposed", language.Turkish, "go\u0308nderi", "gönderi"},
		{"ru yo", language.Russian, "Ещё", "еще"},
		{"drawn out", language.Azerbaijani, "saaaaalam", "salam"},
		{"zero width and soft hyphen", language.English, "re\u200bfu\u00adnd", "refund"},
		{"one Cyrillic letter in a Latin word", language.English, "сard", "card"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := language.Fold(tt.a, tt.code), language.Fold(tt.b, tt.code)
			if a != b {
				t.Errorf("Fold(%q) = %q, Fold(%q) = %q, want the same", tt.a, a, tt.b, b)
			}
		})
	}
}

func TestSkeletonsOfSpellingsMeet(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"можно":      {"mojno", "mozhno"},
		"зеленый":    {"zelenij", "zeleniy", "zelenyi", "zelenyy"},
		"пожалуйста": {"pojaluista", "pozhaluysta", "pozhalujsta"},
		"хорошо":     {"xorosho", "horosho", "khorosho"},
		"песню":      {"pesnyu", "pesniu", "pesnu"},
		"пароль":     {"parol'", "parol"},
		"следующее":  {"sleduyuschee", "sleduushee"},
		"еще":        {"eshche", "esche", "eshe"},
		"вернется":   {"vernetsya", "vernetsia"},
		"история":    {"istoriya", "istoriia", "istoria", "istorija"},
	}
	for cyrillic, spellings := range tests {
		want := language.Skeletons(cyrillic)[0]
		for _, s := range spellings {
			found := false
			for _, got := range language.Skeletons(s) {
				found = found || got == want
			}
			if !found {
				t.Errorf("Skeletons(%q) = %v, want one to be %q of %q", s, language.Skeletons(s), want, cyrillic)
			}
		}
	}
}

func TestCyrillicFromLatin(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"dostavka": "доставка", "skidka": "скидка", "zhdu": "жду", "moy": "мой", "vozvrat": "возврат",
		"shchetka": "щетка", "доставка": "доставка", "pesnya": "песня",
	}
	for latin, want := range tests {
		if got := language.CyrillicFromLatin(latin); got != want {
			t.Errorf("CyrillicFromLatin(%q) = %q, want %q", latin, got, want)
		}
	}
}

func TestFrequenciesAreEmbedded(t *testing.T) {
	t.Parallel()
	common := map[language.Code]string{
		language.Azerbaijani: "zehmet", language.Turkish: "icin", language.Russian: "мне", language.English: "please",
	}
	for code, word := range common {
		f := language.FrequenciesOf(code)
		if f.Requests() < 1000 || len(f.Words()) < 3000 {
			t.Errorf("%s: %d requests, %d words; want the whole list", code, f.Requests(), len(f.Words()))
		}
		if f.Of(word) < 50 {
			t.Errorf("%s: Of(%q) = %d, want a common word", code, word, f.Of(word))
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add("Sifarişim haradadır?", "az")
	f.Add("\u202eabc\u200d\u0301\xff\xfe", "ru")
	f.Add(strings.Repeat("ı\u0307", 3000), "tr")
	f.Add("4ox сard נ ﷺ", "az")
	f.Fuzz(func(t *testing.T, text, tag string) {
		code, _ := language.Parse(tag)
		for _, w := range language.Words(text, code) {
			if w == "" || !utf8.ValidString(w) || strings.ContainsAny(w, " \t\n") {
				t.Errorf("Words(%q, %q) has the word %q", text, code, w)
			}
			language.Skeletons(w)
			language.CyrillicFromLatin(w)
		}
		language.Detect(text)
	})
}
