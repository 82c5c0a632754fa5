package language_test

import (
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/language"
)

func TestDetect(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text      string
		want      language.Code
		wantLatin bool
	}{
		{"Salam, sifarişim haradadır?", language.Azerbaijani, false},
		{"salam sifarisim ne vaxt catacaq", language.Azerbaijani, false},
		{"Салам, нечәсән", language.Azerbaijani, false},
		{"Merhaba, kargom nerede kaldı?", language.Turkish, false},
		{"siparisim ne zaman gelecek acaba", language.Turkish, false},
		{"Здравствуйте, где мой заказ?", language.Russian, false},
		{"skolko stoit dostavka", language.Russian, true},
		{"mojno li vernut' tovar", language.Russian, true},
		{"where is my order please", language.English, false},
		{"how can i change my delivery address", language.English, false},
	}
	for _, tt := range tests {
		got := language.Detect(tt.text)
		if got.Code != tt.want || got.LatinRussian != tt.wantLatin || !got.Sure() {
			t.Errorf("Detect(%q) = %+v, want surely %s, Latin Russian %v", tt.text, got, tt.want, tt.wantLatin)
		}
	}
}

func TestDetectWithNothingToGoBy(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "12345", "👍👍", "...", "\xff\xfe", strings.Repeat("!", 100_000)} {
		if got := language.Detect(text); got.Code != "" || got.Sure() {
			t.Errorf("Detect(%.20q) = %+v, want nothing", text, got)
		}
	}
}

func TestDetectAmong(t *testing.T) {
	t.Parallel()
	among := []language.Code{language.Turkish, language.English}
	if got := language.DetectAmong("sifarişim haradadır", among); got.Code != language.Turkish {
		t.Errorf("DetectAmong = %+v, want the nearest of the languages asked for", got)
	}
	if got := language.DetectAmong("где мой заказ", among); got.Code != "" {
		t.Errorf("DetectAmong = %+v, want no guess for a language that is not spoken", got)
	}
}

func TestDetectKnowing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		known language.Code
		want  language.Code // empty: no reason to leave the known one
	}{
		{"kuryer kobud idi", language.Azerbaijani, ""},
		{"courier was late, kuryer gec geldi", language.Azerbaijani, ""},
		{"kuryer gec geldi", language.Azerbaijani, ""},
		{"dostavka pulsuzdu?", language.Azerbaijani, ""},
		{"kuryer gec geldi", language.Turkish, ""},
		{"skolko stoit dostavka", language.Azerbaijani, language.Russian},
		{"kogda privezut zakaz", language.English, language.Russian},
		{"where is my order", language.Azerbaijani, language.English},
		{"siparisim nerede kaldi acaba", language.Azerbaijani, language.Turkish},
		{"sifarisim ne vaxt catacaq", language.Turkish, language.Azerbaijani},
		{"menim xallarim", language.Russian, language.Azerbaijani},
		{"где мой заказ", language.Azerbaijani, language.Russian},
	}
	for _, tt := range tests {
		got := language.DetectKnowing(tt.text, language.All, tt.known)
		leaves := got.Sure() && got.Code != tt.known
		if tt.want == "" && leaves || tt.want != "" && (!leaves || got.Code != tt.want) {
			t.Errorf("DetectKnowing(%q, known %s) = %+v, want %q", tt.text, tt.known, got, tt.want)
		}
	}
}
