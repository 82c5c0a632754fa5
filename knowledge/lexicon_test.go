package knowledge

import (
	"slices"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/language"
)

// TestLexiconFiles reads every line of the shipped lexicon: what is embedded cannot be
// repaired by an operator.
func TestLexiconFiles(t *testing.T) {
	t.Parallel()
	entries, err := lexiconFiles.ReadDir("lexicon")
	if err != nil || len(entries) == 0 {
		t.Fatalf("read lexicon: %v, %d files", err, len(entries))
	}
	names := make(map[string]bool)
	for _, e := range entries {
		data, err := lexiconFiles.ReadFile("lexicon/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parseLexicon(string(data))
		if err != nil {
			t.Errorf("%s: %v", e.Name(), err)
		}
		for _, l := range parsed {
			names[l.name] = true
			if l.name == "" || l.field == "" {
				t.Errorf("%s: a concept without a name or field: %+v", e.Name(), l)
			}
			for _, code := range lexiconColumns {
				if len(l.words[code]) == 0 {
					t.Errorf("%s: %s has no words in %s", e.Name(), l.name, code)
				}
			}
		}
	}
	if got := len(shippedLexicon()); got != len(names) {
		t.Errorf("%d concepts are in force, %d are in the files", got, len(names))
	}
}

func TestLexiconFindsConcepts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code language.Code
		text string
		want string // concept
		not  string
	}{
		{language.Azerbaijani, "sifarişimi ləğv etmək", "cancel", ""},
		{language.Azerbaijani, "zəngli saatı qur", "alarm", ""},
		{language.Azerbaijani, "maaşım", "salary", ""},
		{language.Turkish, "kargom nerede", "deliver", ""},
		{language.Turkish, "şifremi unuttum", "password", ""},
		{language.Russian, "отменили заказ", "cancel", ""},
		{language.English, "I want to call off my booking", "cancel", ""},
		{language.English, "call me", "call", "cancel"},
		{language.English, "the delivery was late", "late", ""},
	}
	for _, tt := range tests {
		x := lexiconOf(tt.code)
		var keys [][]string
		for _, w := range language.Words(tt.text, tt.code) {
			keys = append(keys, x.patterns(w))
		}
		var names []string
		for _, concepts := range x.concepts(keys) {
			for _, c := range concepts {
				names = append(names, x.name(c))
			}
		}
		if !slices.Contains(names, tt.want) || tt.not != "" && slices.Contains(names, tt.not) {
			t.Errorf("%s %q is about %s; want %q in it, not %q", tt.code, tt.text, strings.Join(names, ", "), tt.want, tt.not)
		}
	}
}

func TestMisspeltWordsFindTheirConcept(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code     language.Code
		word     string
		wantKeys string
	}{
		{language.English, "retunred", "*return"},
		{language.Russian, "доставвка", "*достав"},
		{language.Azerbaijani, "sifariisimi", "+sifaris"},
		{language.English, "xyzzy", ""},
	}
	for _, tt := range tests {
		if got := strings.Join(lexiconOf(tt.code).near(tt.word), " "); got != tt.wantKeys {
			t.Errorf("near(%q) = %q, want %q", tt.word, got, tt.wantKeys)
		}
	}
}

func TestEditDistance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b  string
		bound int
		want  int
	}{
		{"refund", "refund", 2, 0},
		{"refund", "refudn", 2, 1},
		{"refund", "rfund", 2, 1},
		{"refund", "rrefunnd", 2, 2},
		{"refund", "refurb", 2, 2},
		{"refund", "delivery", 2, 3},
		{"", "ab", 2, 2},
		{"abc", "xyz", 1, 2},
	}
	for _, tt := range tests {
		if got := editDistance([]rune(tt.a), []rune(tt.b), tt.bound); got != tt.want {
			t.Errorf("editDistance(%q, %q, %d) = %d, want %d", tt.a, tt.b, tt.bound, got, tt.want)
		}
	}
}
