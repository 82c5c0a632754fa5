package texts_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

func TestOverride(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, key, markup string
		wantErr           string // a part of it; empty for none
	}{
		{"a built-in text", "talk.greeting", "**Salam!**", ""},
		{"with its variable", "talk.alo_waiting", "Az qaldı: {n} {minutes}.", ""},
		{"leaving a variable out", "talk.alo_waiting", "Buradayıq.", ""},
		{"another noun for the same number", "talk.alo_waiting", "{n} {hours}", ""},
		{"a common variable", "talk.greeting", "{brand} salamlayır.", ""},
		{"an own text", "free_latte", "Latte {anything}", ""},
		{"a variable nobody supplies", "talk.greeting", "Salam, {ad}", "{ad} has no value here"},
		{"names what may be used", "handoff.taken", "{who}", "{staff}"},
		{"a noun without its number", "talk.greeting", "{points}", "{points} has no value here"},
		{"a number for what is no noun", "handoff.taken", "{staff:n}", "not a counted noun"},
		{"an open brace", "talk.greeting", "Salam {", "never closed"},
		{"a bad name", "talk.greeting", "Salam {Ad}", "not a variable"},
		{"empty", "talk.greeting", "", "empty"},
		{"a misspelt key", "talk.greting", "Salam", "did you mean talk.greeting?"},
		{"a bad key", "talk greeting", "Salam", "not a key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := load(t)
			c.SetCommon(texts.Vars{"brand": "Nar"})
			err := c.Override(language.Azerbaijani, tt.key, tt.markup)
			if tt.wantErr == "" && err != nil || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Fatalf("Override(%q, %q) = %v, want an error with %q", tt.key, tt.markup, err, tt.wantErr)
			}
		})
	}
}

func TestOverridesDoNotLeakIntoOtherCatalogues(t *testing.T) {
	t.Parallel()
	changed, fresh := load(t), load(t)
	before := fresh.Label(language.Azerbaijani, "talk.greeting", nil)
	if err := changed.Override(language.Azerbaijani, "talk.greeting", "Xoş gördük."); err != nil {
		t.Fatal(err)
	}
	if err := changed.SetNoun(language.Azerbaijani, "points", texts.Forms{language.One: "dənə", language.Other: "dənə"}); err != nil {
		t.Fatal(err)
	}
	if got := changed.Label(language.Azerbaijani, "talk.greeting", nil); got != "Xoş gördük." {
		t.Errorf("overridden text is %q", got)
	}
	if got := changed.Label(language.Azerbaijani, "balance.spendable", texts.Vars{"n": 3}); got != "Balansınız: 3 dənə" {
		t.Errorf("text with the own noun is %q", got)
	}
	if got := fresh.Label(language.Azerbaijani, "talk.greeting", nil); got != before {
		t.Errorf("another catalogue says %q", got)
	}
	if got := fresh.Noun(language.Azerbaijani, "points", 3); got != "xal" {
		t.Errorf("another catalogue counts in %q", got)
	}
}

func TestSetNoun(t *testing.T) {
	t.Parallel()
	c := load(t)
	full := texts.Forms{language.One: "зёрнышко", language.Few: "зёрнышка", language.Many: "зёрнышек", language.Other: "зёрнышка"}
	if err := c.SetNoun(language.Russian, "points", full); err != nil {
		t.Fatal(err)
	}
	if got := c.Label(language.Russian, "balance.spendable", texts.Vars{"n": 22}); got != "Ваш баланс: 22 зёрнышка" {
		t.Errorf("got %q", got)
	}
	if got := c.Label(language.Russian, "balance.spendable", texts.Vars{"n": 1.5}); got != "Ваш баланс: 1,5 зёрнышка" {
		t.Errorf("got %q", got)
	}
	for name, forms := range map[string]texts.Forms{
		"points": {language.One: "зёрнышко", language.Other: "зёрнышка"},
		"grains": full,
	} {
		if err := c.SetNoun(language.Russian, name, forms); err == nil {
			t.Errorf("SetNoun(%s, %v) is accepted", name, forms)
		}
	}
	if err := c.SetNoun(language.English, "points", full); err == nil {
		t.Error("English accepts Russian plural forms")
	}
}

func TestLoadOverrides(t *testing.T) {
	t.Parallel()
	c := load(t)
	problems := c.LoadOverrides(fstest.MapFS{
		"az.yaml": {Data: []byte("talk:\n  greeting: \"Xoş gördük.\"\n  greting: Salam\nnouns:\n  points: {one: paxla, other: paxla}\n")},
		"tr.yaml": {Data: []byte("handoff:\n  taken: \"Sorunuz {staff}'da.\"\n  late: \"{x}\"\n")},
		"ru/a.yaml": {Data: []byte("nouns:\n  points: {one: зерно, other: зёрна}\nown:\n  items: {one: \"{n} штука\", few: \"{n} штуки\", many: \"{n} штук\", other: \"{n} штуки\"}\n" +
			"own2:\n  a: yes\n  b: 10\n  c:\n  d: |\n    Раз.\n    Два.\n")},
		"en.yaml":  {Data: []byte("talk: [a\n")},
		"en2.yaml": {Data: []byte("ignored: {{{")},
		"en.yml":   {Data: []byte("talk:\n  bye: \"a\\xffb\"\nx: \xff\n")},
	})
	var got []string
	for _, p := range problems {
		got = append(got, p.Error())
	}
	want := []string{
		"az.yaml:3:3: talk.greting: there is no built-in text of this name; did you mean talk.greeting?",
		"tr.yaml:2:3: handoff.taken: {staff} takes an ending",
		"tr.yaml:3:3: handoff.late: {x} has no value here; this text may use {n}",
		"ru/a.yaml:2:11: nouns.points: noun points in ru: the plural form few, many is missing",
		"ru/a.yaml:8:3: own2.c: the text is empty",
		"en.yaml:1:7: not readable as YAML",
		"en.yml:1:1: the file is not UTF-8",
	}
	for _, w := range want {
		if !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, w) }) {
			t.Errorf("no problem begins with %q; there are:\n%s", w, strings.Join(got, "\n"))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d problems, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for _, p := range problems {
		if p.Warning != (p.Key == "handoff.taken") {
			t.Errorf("warning is %v for %v", p.Warning, p)
		}
	}
	if got := c.Label(language.Azerbaijani, "balance.spendable", texts.Vars{"n": 2}); got != "Balansınız: 2 paxla" {
		t.Errorf("the own noun gives %q", got)
	}
	for n, want := range map[int]string{1: "1 штука", 3: "3 штуки", 5: "5 штук"} {
		if got := c.Label(language.Russian, "own.items", texts.Vars{"n": n}); got != want {
			t.Errorf("own plural text for %d is %q, want %q", n, got, want)
		}
	}
	if got := c.Label(language.Russian, "own2.d", nil); got != "Раз.\nДва." {
		t.Errorf("own block text is %q", got)
	}
	if got := c.Label(language.Russian, "own2.a", nil) + c.Label(language.Russian, "own2.b", nil); got != "yes10" {
		t.Errorf("plain scalars are %q", got)
	}
}

func TestCheckMarkup(t *testing.T) {
	t.Parallel()
	c := load(t)
	if err := c.CheckMarkup(language.Turkish, "Merhaba {address}, +{n} {points}", []string{"address", "n"}); err != nil {
		t.Error(err)
	}
	if err := c.CheckMarkup(language.Turkish, "Merhaba {adres}", []string{"address"}); err == nil || !strings.Contains(err.Error(), "{address}") {
		t.Errorf("a misspelt variable gives %v", err)
	}
}
