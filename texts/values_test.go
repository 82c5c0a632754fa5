package texts_test

import (
	"math"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value          any
		az, tr, ru, en string
	}{
		{texts.Date{Month: time.December, Day: 31}, "31 dekabr", "31 Aralık", "31 декабря", "31 December"},
		{texts.Date{Year: 2027, Month: time.May, Day: 1}, "1 may 2027", "1 Mayıs 2027", "1 мая 2027 года", "1 May 2027"},
		{texts.Day(time.Monday), "bazar ertəsi", "pazartesi", "понедельник", "Monday"},
		{texts.Day(time.Sunday), "bazar", "pazar", "воскресенье", "Sunday"},
		{texts.Clock{Hour: 9, Minute: 5}, "09:05", "09:05", "09:05", "09:05"},
		{texts.Money{Minor: 1250, Currency: "AZN"}, "12,50\u00a0₼", "12,50\u00a0₼", "12,50\u00a0₼", "12.50\u00a0AZN"},
		{texts.Money{Minor: 2000, Currency: "AZN"}, "20\u00a0₼", "20\u00a0₼", "20\u00a0₼", "20\u00a0AZN"},
		{texts.Money{Currency: "AZN"}, "0\u00a0₼", "0\u00a0₼", "0\u00a0₼", "0\u00a0AZN"},
		{texts.Money{Minor: 123456705, Currency: "TRY"}, "1.234.567,05\u00a0₺", "1.234.567,05\u00a0TL", "1\u00a0234\u00a0567,05\u00a0₺", "1,234,567.05\u00a0TRY"},
		{texts.Money{Minor: -5, Currency: "USD"}, "−0,05\u00a0$", "−0,05\u00a0$", "−0,05\u00a0$", "−0.05\u00a0USD"},
		{texts.Money{Minor: 100, Currency: "JPY"}, "100\u00a0JPY", "100\u00a0JPY", "100\u00a0JPY", "100\u00a0JPY"},
		{
			texts.Money{Minor: math.MinInt64, Currency: "AZN"},
			"−92.233.720.368.547.758,08\u00a0₼", "−92.233.720.368.547.758,08\u00a0₼",
			"−92\u00a0233\u00a0720\u00a0368\u00a0547\u00a0758,08\u00a0₼", "−92,233,720,368,547,758.08\u00a0AZN",
		},
		{texts.Percent(15), "15%", "%15", "15\u00a0%", "15%"},
		{texts.Percent(7.5), "7,5%", "%7,5", "7,5\u00a0%", "7.5%"},
		{1250, "1.250", "1.250", "1\u00a0250", "1,250"},
		{int64(-1000000), "−1.000.000", "−1.000.000", "−1\u00a0000\u00a0000", "−1,000,000"},
		{999, "999", "999", "999", "999"},
		{0, "0", "0", "0", "0"},
		{1234.5, "1.234,5", "1.234,5", "1\u00a0234,5", "1,234.5"},
		{2.0, "2", "2", "2", "2"},
		{-0.001, "0", "0", "0", "0"},
		{texts.Signed(20), "+20", "+20", "+20", "+20"},
		{texts.Signed(-1200), "−1.200", "−1.200", "−1\u00a0200", "−1,200"},
		{texts.Signed(0), "0", "0", "0", "0"},
		{"{n} **a**", "{n} **a**", "{n} **a**", "{n} **a**", "{n} **a**"},
	}
	for _, tt := range tests {
		want := map[language.Code]string{language.Azerbaijani: tt.az, language.Turkish: tt.tr, language.Russian: tt.ru, language.English: tt.en}
		for _, lang := range language.All {
			if got, ok := texts.Format(lang, tt.value); !ok || got != want[lang] {
				t.Errorf("Format(%s, %#v) = %q, %v, want %q", lang, tt.value, got, ok, want[lang])
			}
		}
	}
	if got, ok := texts.Format(language.English, struct{}{}); ok {
		t.Errorf("Format of a struct = %q, want none", got)
	}
}

func TestDateOf(t *testing.T) {
	t.Parallel()
	baku := time.FixedZone("+04", 4*60*60)
	now := time.Date(2026, 12, 2, 11, 0, 0, 0, baku)
	tests := []struct {
		name string
		at   time.Time
		want texts.Date
	}{
		{"this year", time.Date(2026, 1, 5, 0, 0, 0, 0, baku), texts.Date{Month: 1, Day: 5}},
		{"next year, soon", time.Date(2027, 1, 5, 0, 0, 0, 0, baku), texts.Date{Month: 1, Day: 5}},
		{"next year, far", time.Date(2027, 12, 1, 0, 0, 0, 0, baku), texts.Date{Year: 2027, Month: 12, Day: 1}},
		{"long ago", time.Date(2024, 12, 2, 0, 0, 0, 0, baku), texts.Date{Year: 2024, Month: 12, Day: 2}},
		{"in its own zone", time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC).In(baku), texts.Date{Month: 1, Day: 1}},
	}
	for _, tt := range tests {
		if got := texts.DateOf(tt.at, now); got != tt.want {
			t.Errorf("%s: DateOf = %+v, want %+v", tt.name, got, tt.want)
		}
	}
	if got := texts.ClockOf(now); got != (texts.Clock{Hour: 11}) {
		t.Errorf("ClockOf = %+v", got)
	}
}
