package language_test

import (
	"testing"

	"github.com/rapport-chat/rapport/language"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		tag    string
		want   language.Code
		wantOK bool
	}{
		{"az", language.Azerbaijani, true},
		{"AZ", language.Azerbaijani, true},
		{"az-Latn-AZ", language.Azerbaijani, true},
		{"ru_RU", language.Russian, true},
		{" tr ", language.Turkish, true},
		{"en-GB", language.English, true},
		{"de", "", false},
		{"", "", false},
		{"english", "", false},
	}
	for _, tt := range tests {
		got, ok := language.Parse(tt.tag)
		if got != tt.want || ok != tt.wantOK {
			t.Errorf("Parse(%q) = %q, %v; want %q, %v", tt.tag, got, ok, tt.want, tt.wantOK)
		}
	}
}
