package language_test

import (
	"math"
	"testing"

	"github.com/rapport-chat/rapport/language"
)

func TestPluralOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code language.Code
		n    int64
		want language.Plural
	}{
		{language.Azerbaijani, 0, language.Other},
		{language.Azerbaijani, 1, language.One},
		{language.Azerbaijani, 21, language.Other},
		{language.Turkish, 1, language.One},
		{language.Turkish, 2, language.Other},
		{language.English, 0, language.Other},
		{language.English, 1, language.One},
		{language.English, -1, language.One},
		{language.English, 101, language.Other},
		{language.Russian, 0, language.Many},
		{language.Russian, 1, language.One},
		{language.Russian, 2, language.Few},
		{language.Russian, 4, language.Few},
		{language.Russian, 5, language.Many},
		{language.Russian, 11, language.Many},
		{language.Russian, 12, language.Many},
		{language.Russian, 14, language.Many},
		{language.Russian, 20, language.Many},
		{language.Russian, 21, language.One},
		{language.Russian, -22, language.Few},
		{language.Russian, 111, language.Many},
		{language.Russian, 112, language.Many},
		{language.Russian, 1001, language.One},
		{language.Russian, -111, language.Many},
		{language.Russian, math.MinInt64, language.Many},
		{"xx", 1, language.One},
		{"xx", 3, language.Other},
	}
	for _, tt := range tests {
		if got := language.PluralOf(tt.code, tt.n); got != tt.want {
			t.Errorf("PluralOf(%s, %d) = %s, want %s", tt.code, tt.n, got, tt.want)
		}
	}
}

func TestPluralOfDecimal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code   language.Code
		n      float64
		places int
		want   language.Plural
	}{
		{language.Russian, 1.5, 1, language.Other},
		{language.Russian, 2, 0, language.Few},
		{language.Russian, 1, 1, language.Other},
		{language.English, 1, 1, language.Other},
		{language.English, 1, 0, language.One},
		{language.Turkish, 1, 1, language.One},
		{language.Azerbaijani, 1.5, 1, language.Other},
	}
	for _, tt := range tests {
		if got := language.PluralOfDecimal(tt.code, tt.n, tt.places); got != tt.want {
			t.Errorf("PluralOfDecimal(%s, %v, %d) = %s, want %s", tt.code, tt.n, tt.places, got, tt.want)
		}
	}
}

func TestPluralOfIsOneOfTheForms(t *testing.T) {
	t.Parallel()
	for _, c := range []language.Code{language.Azerbaijani, language.Turkish, language.Russian, language.English} {
		forms := map[language.Plural]bool{}
		for _, f := range language.PluralForms(c) {
			forms[f] = true
		}
		for n := int64(-200); n <= 1200; n++ {
			if got := language.PluralOf(c, n); !forms[got] {
				t.Fatalf("PluralOf(%s, %d) = %s, which is not a form of the language", c, n, got)
			}
		}
	}
}
