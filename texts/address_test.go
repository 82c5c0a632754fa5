package texts_test

import (
	"testing"

	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	c := load(t)
	tests := []struct {
		lang language.Code
		name string
		form texts.Form
		want string
	}{
		{language.Azerbaijani, "Ayla", texts.FormFemale, "Ayla xanım"},
		{language.Azerbaijani, "Rəşad", texts.FormMale, "Rəşad bəy"},
		{language.Azerbaijani, "Ayla", texts.FormUnknown, ""},
		{language.Turkish, "Ayla", texts.FormFemale, "Ayla Hanım"},
		{language.Turkish, "Mehmet", texts.FormMale, "Mehmet Bey"},
		{language.Turkish, "Mehmet", texts.FormUnknown, ""},
		{language.Russian, "Вера", texts.FormUnknown, "Вера"},
		{language.Russian, "Вера", texts.FormFemale, "Вера"},
		{language.English, " Nigar ", texts.FormFemale, "Nigar"},
		{language.English, " ", texts.FormFemale, ""},
	}
	for _, tt := range tests {
		if got := c.Address(tt.lang, tt.name, tt.form); got != tt.want {
			t.Errorf("Address(%s, %q, %q) = %q, want %q", tt.lang, tt.name, tt.form, got, tt.want)
		}
	}
}
