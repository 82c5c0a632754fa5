package desk_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/desk"
)

func TestAnswerLeavesOutThePerson(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ reply, sender, want string }{
		"az, all of it":            {"Salam, Aynur xanım!\nBəli, var.\nHörmətlə, Nigar", "Nigar Əliyeva", "Bəli, var."},
		"tr, on one line":          {"Merhaba Mehmet Bey, evet var. Üst katta.", "Deniz", "evet var. Üst katta."},
		"ru, thanks at the end":    {"Здравствуйте! Да, есть.\n\nС уважением,\nНигяр", "Нигяр Алиева", "Да, есть."},
		"en, the name alone":       {"Hi Anna,\nyes, on the first floor.\n– Nigar", "Nigar Aliyeva", "yes, on the first floor."},
		"a yes is no name":         {"Salam, Bəli, var.", "Nigar", "Bəli, var."},
		"hi inside a word stays":   {"Hidrolat satırıq.", "Nigar", "Hidrolat satırıq."},
		"thanks for something":     {"We close at nine.\nThanks for asking about our summer hours.", "Nigar", "We close at nine.\nThanks for asking about our summer hours."},
		"nothing but a greeting":   {"Salam!", "Nigar", ""},
		"lists stay as they stand": {"Hello!\n- one\n- two", "", "- one\n- two"},
		"several greetings":        {"Salam. Hər vaxtınız xeyir! Var.", "", "Var."},
	} {
		if got := desk.Answer(c.reply, c.sender); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestQuestionIsWhatWasAsked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ words, want string }{
		"the question among lines": {"salam\nbir sualım var\nUşaq otağı var?\noperator", "Uşaq otağı var?"},
		"no question mark":         {"operator\nsizde usaq otagi varmi axi", "sizde usaq otagi varmi axi"},
		"a greeting before it":     {"Здравствуйте! Есть детская комната?", "Есть детская комната?"},
		"numbers of the customer":  {"where is my order 4815162342? mail me at ann@example.com", "where is my order ? mail me at"},
		"only a call for a person": {"operator", ""},
		"nothing":                  {"", ""},
	} {
		if got := desk.Question(c.words); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestTitle(t *testing.T) {
	t.Parallel()
	for question, want := range map[string]string{
		"есть парковка?": "Есть парковка?", "is it open": "is it open", "  two\nlines ": "Two lines", "": "",
	} {
		if got := desk.Title(question); got != want {
			t.Errorf("Title(%q) = %q, want %q", question, got, want)
		}
	}
}

func FuzzDraft(f *testing.F) {
	f.Add("Salam, Aynur xanım!\nBəli, var.\nHörmətlə, Nigar", "Nigar")
	f.Add("hi\nhi hi, hi", "hi")
	f.Fuzz(func(t *testing.T, text, sender string) {
		if !utf8.ValidString(text) {
			return
		}
		if got := desk.Answer(text, sender); len(got) > len(text) || got != strings.TrimSpace(got) {
			t.Errorf("Answer(%q, %q) = %q", text, sender, got)
		}
		if got := desk.Question(text); utf8.RuneCountInString(got) > 500 || strings.ContainsAny(got, "\n\r") {
			t.Errorf("Question(%q) = %q", text, got)
		}
		if got := desk.Title(text); utf8.RuneCountInString(got) > 75 {
			t.Errorf("Title(%q) = %q", text, got)
		}
	})
}
