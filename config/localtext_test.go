package config_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/language"
)

func text(t *testing.T, yaml string) (config.LocalText, *config.Report) {
	t.Helper()
	doc, r := config.Parse("c.yaml", []byte("text: "+yaml+"\n"), config.Options{Env: environment})
	r.SetLanguages([]language.Code{language.Azerbaijani, language.English})
	var into struct {
		Text config.LocalText `yaml:"text"`
	}
	config.Decode(doc.Root, &into, r)
	return into.Text, r
}

func TestLocalText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, yaml, az, ru, ref, languages, json string
	}{
		{"plain", "Hello", "Hello", "Hello", "", "[]", `"Hello"`},
		{"plain number", "100", "100", "100", "", "[]", `"100"`},
		{"by language", "{en: Hello, az: Salam}", "Salam", "Salam", "", "[az en]", `{"az":"Salam","en":"Hello"}`},
		{"reference", "texts/free_latte", "", "", "free_latte", "[]", `"texts/free_latte"`},
		{"a text that only begins so", "texts/ are stored here", "texts/ are stored here", "texts/ are stored here", "", "[]", `"texts/ are stored here"`},
		{"over lines", "|\n  one\n  two", "one\ntwo\n", "one\ntwo\n", "", "[]", `"one\ntwo\n"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, r := text(t, tt.yaml)
			az, _ := got.In(language.Azerbaijani)
			ru, _ := got.In(language.Russian, language.Azerbaijani)
			if az != tt.az || ru != tt.ru || got.Ref() != tt.ref || fmt.Sprint(got.Languages()) != tt.languages || len(messages(r)) > 0 {
				t.Errorf("az %q, ru %q, ref %q, languages %v, problems %q", az, ru, got.Ref(), got.Languages(), messages(r))
			}
			if out, err := json.Marshal(got); err != nil || string(out) != tt.json {
				t.Errorf("JSON %s, %v; want %s", out, err, tt.json)
			}
		})
	}
}

func TestLocalTextFallsBack(t *testing.T) {
	t.Parallel()
	got := config.LocalTexts(map[language.Code]string{language.Russian: "Привет", language.English: "Hello"})
	if text, found := got.In(language.Turkish, language.English); text != "Hello" || found {
		t.Errorf("Turkish falls back to %q, %v", text, found)
	}
	if text, found := got.In(language.Turkish); text != "Привет" || found {
		t.Errorf("Turkish falls back to %q, %v", text, found)
	}
	if text, found := got.In(language.Russian); text != "Привет" || !found {
		t.Errorf("Russian is %q, %v", text, found)
	}
	if text, found := (config.LocalText{}).In(language.Turkish); text != "" || found {
		t.Errorf("no text is %q, %v", text, found)
	}
	if !(config.LocalText{}).IsZero() || config.PlainText("x").IsZero() {
		t.Error("IsZero is wrong")
	}
}

func TestLocalTextResolve(t *testing.T) {
	t.Parallel()
	texts := map[string]map[language.Code]string{
		"birthday": {language.Azerbaijani: "Ad günün mübarək!", language.English: "Happy birthday!"},
		"half":     {language.English: "Half"},
	}
	for ref, want := range map[string]string{
		"texts/birthday": "",
		"texts/half":     "warning: half is missing in az",
		"texts/brithday": `error: there is no text "texts/brithday"`,
	} {
		got, r := text(t, ref)
		got = got.Resolve(r, texts)
		if problems := strings.Join(messages(r), "; "); problems != want {
			t.Errorf("%s: %q, want %q", ref, problems, want)
		}
		if hello, _ := got.In(language.English); strings.HasPrefix(want, "error") == (hello != "") {
			t.Errorf("%s resolves to %q", ref, hello)
		}
	}
}
