package texts_test

import (
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// load returns the built-in catalogue; whatever is missing in it fails the test.
func load(t *testing.T) *texts.Catalogue {
	t.Helper()
	c, err := texts.Load()
	if err != nil {
		t.Fatal(err)
	}
	c.OnMissing(func(err error) { t.Error(err) })
	return c
}

func TestSay(t *testing.T) {
	t.Parallel()
	c := load(t)
	c.SetCommon(texts.Vars{"brand": "Nar"})
	tests := []struct {
		name string
		lang language.Code
		key  string
		vars texts.Vars
		want string
	}{
		{"az noun stays singular", language.Azerbaijani, "balance.spendable", texts.Vars{"n": 1250}, "Balansınız: 1.250 xal"},
		{"ru one", language.Russian, "balance.spendable", texts.Vars{"n": 21}, "Ваш баланс: 21 балл"},
		{"ru few", language.Russian, "balance.spendable", texts.Vars{"n": int64(1002)}, "Ваш баланс: 1\u00a0002 балла"},
		{"ru many", language.Russian, "balance.spendable", texts.Vars{"n": 11}, "Ваш баланс: 11 баллов"},
		{"en thousands", language.English, "balance.spendable", texts.Vars{"n": 1250}, "Your balance: 1,250 points"},
		{"ru minutes after a preposition", language.Russian, "talk.alo_waiting", texts.Vars{"n": 15}, "Мы на связи. Ваш вопрос в очереди, ответим в течение 15 минут."},
		{"two numbers", language.Russian, "balance.credit", texts.Vars{"n": 1, "balance": 3, "reason": "покупка"}, "+1 балл: покупка. Баланс: 3 балла."},
		{"a common variable", language.English, "welcome.hello", nil, "Hello! I'm the virtual assistant of Nar. Ask in your own words: if I know the answer, you'll have it at once; if not, I'll pass it to a colleague."},
		{"data is no markup", language.Turkish, "handoff.taken", texts.Vars{"staff": "**Ayla** {n}"}, "Sorunuzla **Ayla** {n} ilgileniyor."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := c.Say(tt.lang, tt.key, tt.vars).Plain(); got != tt.want {
				t.Errorf("Say(%s, %s) = %q, want %q", tt.lang, tt.key, got, tt.want)
			}
		})
	}
}

func TestEmptyValueTakesItsCommaAlong(t *testing.T) {
	t.Parallel()
	c := load(t)
	tests := []struct {
		lang          language.Code
		markup        string
		with, without string
	}{
		{language.Azerbaijani, "{address}, istədiyiniz oldu.", "Ayla xanım, istədiyiniz oldu.", "İstədiyiniz oldu."},
		{language.Turkish, "{address}, iyi günler.", "Ayla xanım, iyi günler.", "İyi günler."},
		{language.Russian, "{address}, с днём рождения!", "Ayla xanım, с днём рождения!", "С днём рождения!"},
		{language.English, "Thank you, {address}.", "Thank you, Ayla xanım.", "Thank you."},
		{language.English, "Hello, {address}! Welcome.", "Hello, Ayla xanım! Welcome.", "Hello! Welcome."},
		{language.English, "Hello {address}, welcome.", "Hello Ayla xanım, welcome.", "Hello, welcome."},
		{language.English, "Thank you, {address}, for coming.", "Thank you, Ayla xanım, for coming.", "Thank you for coming."},
		{language.English, "Yes. {address}, come in.", "Yes. Ayla xanım, come in.", "Yes. Come in."},
		{language.English, "We thank {address} for it.", "We thank Ayla xanım for it.", "We thank for it."},
		{language.English, "Yes,\n**{address}**, come.", "Yes,\nAyla xanım, come.", "Yes,\nCome."},
		{language.English, "{address}", "Ayla xanım", ""},
	}
	for _, tt := range tests {
		if got := c.Render(tt.lang, tt.markup, texts.Vars{"address": "Ayla xanım"}).Plain(); got != tt.with {
			t.Errorf("%q with an address = %q, want %q", tt.markup, got, tt.with)
		}
		if got := c.Render(tt.lang, tt.markup, texts.Vars{"address": ""}).Plain(); got != tt.without {
			t.Errorf("%q without an address = %q, want %q", tt.markup, got, tt.without)
		}
	}
}

func TestRenderKeepsStylesAndChecksLinks(t *testing.T) {
	t.Parallel()
	c := load(t)
	vars := texts.Vars{
		"n": 2, "link": "https://a.az/x", "bad": "javascript:alert(1)", "id": "7",
		"rich": texts.Parse("a **b**"),
	}
	tests := []struct {
		markup string
		want   texts.Rich
	}{
		{"**{n} {points}**", texts.Rich{{Text: "2 points", Style: texts.Bold}}},
		{"[here]({link})", texts.Rich{{Text: "here", URL: "https://a.az/x"}}},
		{"[here](https://a.az/{id}?n={n})", texts.Rich{{Text: "here", URL: "https://a.az/7?n=2"}}},
		{"[here]({bad})", texts.Rich{{Text: "here"}}},
		{"*{rich}*", texts.Rich{{Text: "a ", Style: texts.Italic}, {Text: "b", Style: texts.Italic | texts.Bold}}},
		{`\{n\} {n}`, texts.Rich{{Text: "{n} 2"}}},
	}
	for _, tt := range tests {
		if got := c.Render(language.English, tt.markup, vars); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Render(%q) = %#v, want %#v", tt.markup, got, tt.want)
		}
	}
}

func TestFallback(t *testing.T) {
	t.Parallel()
	c := load(t)
	if err := c.Override(language.Turkish, "own.text", "Türkçe {n}"); err != nil {
		t.Fatal(err)
	}
	c.SetDefault(language.Turkish)
	if got := c.Label(language.Russian, "own.text", texts.Vars{"n": 1250}); got != "Türkçe 1.250" {
		t.Errorf("the brand's language gives %q", got)
	}
	if got := c.Label("", "talk.bye", nil); got != c.Label(language.Turkish, "talk.bye", nil) {
		t.Errorf("an unknown language gives %q", got)
	}
	if c.Has(language.Russian, "own.text") || !c.Has(language.Turkish, "own.text") {
		t.Error("Has does not tell the languages apart")
	}
}

func TestWhatIsMissingIsReportedAndReadsWell(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, key string
		vars      texts.Vars
		want      string // what the customer reads
		report    string // a part of what is reported
	}{
		{"a variable", "handoff.taken", nil, "is looking into your question.", "{staff} has no value"},
		{"a number", "talk.alo_waiting", nil, "We're here. Your question is in the queue; we'll reply within minutes.", "{n}"},
		{"a value of no known kind", "handoff.taken", texts.Vars{"staff": []int{1}}, "is looking into your question.", "[]int"},
		{"a noun's number is a word", "balance.spendable", texts.Vars{"n": "five"}, "Your balance: five points", "{n} is no number"},
		{"a key", "no.such_key", nil, "Such key", "no.such_key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := texts.Load()
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			var reports []string
			c.OnMissing(func(err error) {
				mu.Lock()
				defer mu.Unlock()
				reports = append(reports, err.Error())
			})
			if got := strings.TrimSpace(c.Label(language.English, tt.key, tt.vars)); got != tt.want {
				t.Errorf("the customer reads %q, want %q", got, tt.want)
			}
			if all := strings.Join(reports, "\n"); !strings.Contains(all, tt.report) {
				t.Errorf("reported %q, want %q in it", all, tt.report)
			}
		})
	}
}

func FuzzRender(f *testing.F) {
	f.Add("{address}, **{n} {points}** [a]({link})", "Ayla")
	f.Add("{n}{n:n}{points:n}\\{ {", "")
	f.Fuzz(func(t *testing.T, markup, value string) {
		c, err := texts.Load()
		if err != nil {
			t.Fatal(err)
		}
		c.OnMissing(func(error) {})
		for _, lang := range language.All {
			got := c.Render(lang, markup, texts.Vars{"n": 3, "address": value, "link": value, "rich": texts.Parse(value)})
			for _, s := range got {
				if scheme, _, _ := strings.Cut(strings.ToLower(s.URL), ":"); s.URL != "" && scheme != "http" && scheme != "https" && scheme != "tg" && scheme != "mailto" {
					t.Fatalf("Render(%q) links to %q", markup, s.URL)
				}
			}
		}
	})
}
