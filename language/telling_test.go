package language_test

import (
	"testing"

	"github.com/rapport-chat/rapport/language"
)

func TestTells(t *testing.T) {
	t.Parallel()
	tests := []struct {
		word string
		want language.Code // empty: neither
	}{
		{"hardadi", language.Azerbaijani},
		{"hardasiz", language.Azerbaijani},
		{"hardadir", language.Azerbaijani},
		{"haradasiniz", language.Azerbaijani},
		{"neceyedir", language.Azerbaijani},
		{"isleyirsiz", language.Azerbaijani},
		{"nerede", language.Turkish},
		{"neredesiniz", language.Turkish},
		{"kadar", language.Turkish},
		{"istiyorum", language.Turkish},
		{"ucreti", language.Turkish},
		{"hard", ""},
		{"hello", ""},
		{"kuryer", ""},
		{"kargo", ""},
		{"magaza", ""},
		{"1", ""},
		{"где", ""},
	}
	for _, tt := range tests {
		for _, code := range language.All {
			if got := language.Tells(tt.word, code); got != (code == tt.want) {
				t.Errorf("Tells(%q, %s) = %v, want the word to tell %q", tt.word, code, got, tt.want)
			}
		}
	}
}

// TestTheNeighboursAreToldApart reads what customers ask first in either language, typed without diacritics, and also
// where the other language is known from one earlier sentence.
func TestTheNeighboursAreToldApart(t *testing.T) {
	t.Parallel()
	tests := map[language.Code][]string{
		language.Azerbaijani: {
			"kuryer hardadi", "magazaniz hardadi", "zakazim hardadir", "siz hardasiz", "latte neceyedi", "catdirilma neceyedir",
			"saat neceye kimi isleyirsiz", "sifarisi nece legv edim", "pulsuz catdirirsiz?",
		},
		language.Turkish: {
			"kargo ucreti ne kadar", "kargo ücreti ne kadar?", "kargo ucreti ne kadar acaba", "kurye nerde", "siparisim nerede",
			"saat kaca kadar aciksiniz", "nasil iade ederim", "en yakin sube nerede", "kart almak istiyorum",
		},
	}
	for code, texts := range tests {
		for _, text := range texts {
			if g := language.Detect(text); g.Code != code || !g.Sure() {
				t.Errorf("Detect(%q) = %+v, want surely %s", text, g, code)
			}
			for _, known := range language.All {
				if g := language.DetectKnowing(text, language.All, known); g.Code != code || !g.Sure() {
					t.Errorf("DetectKnowing(%q, known %s) = %+v, want surely %s", text, known, g, code)
				}
			}
		}
	}
}
