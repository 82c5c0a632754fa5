package knowledge_test

import (
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

// TestWhereAndHowMuchAsPeopleTypeIt asks in everyday forms that no phrasing has, also of people who are thought to speak
// another language: they find their article, or are asked back, and never get another one.
func TestWhereAndHowMuchAsPeopleTypeIt(t *testing.T) {
	t.Parallel()
	content, _ := exampleContent(t)
	l := knowledge.BuildLibrary(content)
	tests := []struct {
		text, want string
		code       language.Code
	}{
		{"kuryer hardadi", "order_tracking", language.Azerbaijani},
		{"kuryer hardadır", "order_tracking", language.Azerbaijani},
		{"zakazim hardadi", "order_tracking", language.Azerbaijani},
		{"magazaniz hardadi", "addresses", language.Azerbaijani},
		{"sizin mağaza haradadı", "addresses", language.Azerbaijani},
		{"sizin filial hardadir", "addresses", language.Azerbaijani},
		{"catdirilma neceyedir", "delivery_price", language.Azerbaijani},
		{"latte neceyedi", "menu_prices", language.Azerbaijani},
		{"kofe neceyedir", "menu_prices", language.Azerbaijani},
		{"mağazanız nerde", "addresses", language.Turkish},
		{"siparişim nerde", "order_tracking", language.Turkish},
		{"где ваш магазин", "addresses", language.Russian},
		{"где курьер", "order_tracking", language.Russian},
		{"where's your shop", "addresses", language.English},
		{"where is the courier", "order_tracking", language.English},
		{"до скольки вы открыты", "opening_hours", language.Russian},
		{"до скольки открыты", "opening_hours", language.Russian},
		{"до скольки кофейня открыта", "opening_hours", language.Russian},
		{"до скольки в праздники открыты", "holiday_hours", language.Russian},
		{"saat kaça kadar açıksınız", "opening_hours", language.Turkish},
		{"bayramda kaça kadar açıksınız", "holiday_hours", language.Turkish},
		{"neceye qeder aciqsiniz", "opening_hours", language.Azerbaijani},
		{"bayramda neçəyə qədər açıqsınız", "holiday_hours", language.Azerbaijani},
		{"when do you open", "opening_hours", language.English},
		{"do you deliver", "delivery_area", language.English},
		{"where are you", "addresses", language.English},
		{"ne zaman açıksınız", "opening_hours", language.Turkish},
		{"когда вы открыты", "opening_hours", language.Russian},
		{"until what time are you open", "opening_hours", language.English},
		{"until when are you open on holidays", "holiday_hours", language.English},
	}
	for _, tt := range tests {
		r := rank(t, l, tt.text, tt.code)
		if r.Outcome != knowledge.Answer || first(r) != tt.want {
			t.Errorf("%s: %q: %s with %s (%.2f), want the answer %s", tt.code, tt.text, r.Outcome, first(r), r.Confidence, tt.want)
		}
		for _, other := range language.All {
			if r := rank(t, l, tt.text, other); r.Outcome == knowledge.Answer && first(r) != tt.want {
				t.Errorf("%q of somebody who speaks %s: %s is answered, want %s or a question", tt.text, other, first(r), tt.want)
			}
		}
	}
}

// TestWhatAsksNothingIsNotAnswered sends numbers, single letters, calculations and keys hit at random: nobody has an
// article for them, and none is offered.
func TestWhatAsksNothingIsNotAnswered(t *testing.T) {
	t.Parallel()
	content, _ := exampleContent(t)
	l := knowledge.BuildLibrary(content)
	texts := []string{
		"1", "5", "-5", "7", "10", "11", "42", "100", "1000", "3.5", "2+2", "10/10", "12:30", "№ 7", "٣", "5 5 5",
		strings.Repeat("ə", 300), strings.Repeat("а", 4096), strings.Repeat("o", 50), "x", "щ",
		"asdfgh", "qwerty", "ываыва", "çğüöşı",
	}
	for _, text := range texts {
		for _, code := range language.All {
			if r := rank(t, l, text, code); r.Outcome != knowledge.HandOff {
				t.Errorf("%s: %.20q: %s with %s, want nothing", code, text, r.Outcome, first(r))
			}
		}
	}
}

// TestOneBareWordIsAskedAbout sends a word that several articles are about, and question words alone: which is meant is
// asked. A word of one article is enough for it.
func TestOneBareWordIsAskedAbout(t *testing.T) {
	t.Parallel()
	content, _ := exampleContent(t)
	l := knowledge.BuildLibrary(content)
	bare := map[language.Code][]string{
		language.Azerbaijani: {"catdirilma", "çatdırılma", "neceyedir", "qiymət", "hardadi"},
		language.Turkish:     {"teslimat", "kurye", "ne kadar", "nerde"},
		language.Russian:     {"доставка", "сколько стоит", "сколько"},
		language.English:     {"delivery", "on"},
	}
	for code, all := range bare {
		for _, text := range all {
			if r := rank(t, l, text, code); r.Outcome == knowledge.Answer {
				t.Errorf("%s: %q: %s is answered, want a question", code, text, first(r))
			}
		}
	}
	whole := map[language.Code]string{
		language.Azerbaijani: "wifi", language.Turkish: "otopark", language.Russian: "парковка", language.English: "parking",
	}
	for code, text := range whole {
		if r := rank(t, l, text, code); r.Outcome != knowledge.Answer {
			t.Errorf("%s: %q: %s with %s, want the answer", code, text, r.Outcome, first(r))
		}
	}
}
