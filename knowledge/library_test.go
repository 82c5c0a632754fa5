package knowledge_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

// bakery is a small base in several languages.
func bakery() []knowledge.Article {
	text := func(title, answer string, phrasings ...string) knowledge.Text {
		return knowledge.Text{Title: title, Phrasings: phrasings, Answer: answer}
	}
	return []knowledge.Article{
		{ID: "cake_order", Texts: map[language.Code]knowledge.Text{
			language.Azerbaijani: text("Tort sifariş etmək istəyirəm", "Ən azı iki gün əvvəl yazın.", "Ad günü tortu hazırlayırsınız?", "Tort düzəltdirmək olar?"),
			language.Russian:     text("Как заказать торт?", "Напишите за два дня.", "Хочу торт на день рождения", "Делаете торты на заказ?"),
			language.English:     text("How do I order a cake?", "Write to us two days ahead.", "Can you bake a birthday cake"),
		}},
		{ID: "allergens", Texts: map[language.Code]knowledge.Text{
			language.Azerbaijani: text("Məhsulların tərkibi nədir?", "Tərkib etiketdə yazılıb.", "Qlüten varmı?", "Qoz-fındıq allergiyam var"),
			language.Russian:     text("Какой состав у выпечки?", "Состав на ценнике.", "Есть ли глютен?", "У меня аллергия на орехи"),
			language.English:     text("What is in your bread?", "It is on the label.", "Does it contain gluten"),
		}},
		{ID: "delivery", Texts: map[language.Code]knowledge.Text{
			language.Azerbaijani: text("Çatdırılma var?", "Şəhər daxilində var.", "Evə gətirirsiniz?", "Kuryer nə qədər çəkir?"),
			language.Russian:     text("Есть ли доставка?", "По городу есть.", "Привезёте домой?", "Сколько стоит доставка?"),
			language.English:     text("Do you deliver?", "In the whole city.", "How much is delivery"),
		}},
		{ID: "franchise", Texts: map[language.Code]knowledge.Text{
			language.English: text("Can I open a franchise?", "Write to partners@example.com.", "How to become a partner"),
		}},
	}
}

func rank(t *testing.T, r knowledge.Ranker, text string, code language.Code) knowledge.Ranking {
	t.Helper()
	got, err := r.Rank(t.Context(), knowledge.Query{Text: text, Language: code})
	if err != nil {
		t.Fatalf("Rank(%q): %v", text, err)
	}
	return got
}

func first(r knowledge.Ranking) string {
	if len(r.Results) == 0 {
		return ""
	}
	return r.Results[0].ArticleID
}

func TestRankUnderstandsHowPeopleType(t *testing.T) {
	t.Parallel()
	l := knowledge.NewLibrary(bakery())
	tests := []struct {
		name string
		text string
		code language.Code
		want string
	}{
		{"as written", "Ad günü tortu hazırlayırsınız?", language.Azerbaijani, "cake_order"},
		{"without diacritics", "ad gunu ucun tort sifaris etmek isteyirem", language.Azerbaijani, "cake_order"},
		{"w for sh", "tort sifariw", language.Azerbaijani, "cake_order"},
		{"two typing errors", "catdirlma qiymrti", language.Azerbaijani, "delivery"},
		{"Russian in Latin letters", "skolko stoit dostavka", language.Russian, "delivery"},
		{"Russian in other Latin letters", "u menya allergiya na orehi", language.Russian, "allergens"},
		{"other words for the same", "does your courier come to my house", language.English, "delivery"},
		{"in capitals", "HOW DO I ORDER A CAKE", language.English, "cake_order"},
		{"with zero-width letters", "de\u200bliv\u00adery", language.English, "delivery"},
	}
	for _, tt := range tests {
		if got := rank(t, l, tt.text, tt.code); first(got) != tt.want {
			t.Errorf("%s: Rank(%q) = %q, want %q first", tt.name, tt.text, first(got), tt.want)
		}
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	l := knowledge.NewLibrary(bakery())
	sure := rank(t, l, "How do I order a cake?", language.English)
	if sure.Outcome != knowledge.Answer || first(sure) != "cake_order" {
		t.Errorf("a known question: %v, %q; want an answer with cake_order", sure.Outcome, first(sure))
	}
	for _, c := range sure.Choices {
		if c.ArticleID == "cake_order" {
			t.Errorf("the answer itself is among its runners-up")
		}
	}
	foreign := rank(t, l, "who won the football match yesterday", language.English)
	if foreign.Outcome == knowledge.Answer || foreign.Confidence >= sure.Confidence {
		t.Errorf("a foreign question: %v with %.2f; want no answer", foreign.Outcome, foreign.Confidence)
	}
	ask := knowledge.Thresholds{Answer: 1, Ask: 0.01}
	unsure := rank(t, l.WithThresholds(map[language.Code]knowledge.Thresholds{language.English: ask}), "order", language.English)
	if unsure.Outcome != knowledge.Ask || len(unsure.Choices) == 0 || len(unsure.Choices) > 3 {
		t.Errorf("between the thresholds: %v with %d choices, want to ask with 1 to 3", unsure.Outcome, len(unsure.Choices))
	}
	if got := rank(t, l, "🎂", language.English); got.Outcome != knowledge.HandOff || len(got.Results) != 0 {
		t.Errorf("no words: %v with %d results, want a hand-off without", got.Outcome, len(got.Results))
	}
}

func TestRankFallsBackToAnotherLanguage(t *testing.T) {
	t.Parallel()
	l := knowledge.NewLibrary(bakery())
	got := rank(t, l, "How to become a partner", language.Azerbaijani)
	if first(got) != "franchise" || !got.OtherLanguage || got.Language != language.English {
		t.Errorf("Rank = %q in %s, other language %v; want franchise in en with a note", first(got), got.Language, got.OtherLanguage)
	}
	own := rank(t, l, "Çatdırılma var?", language.Azerbaijani)
	if own.OtherLanguage || own.Language != language.Azerbaijani {
		t.Errorf("Rank in the customer's own language = %s, other language %v", own.Language, own.OtherLanguage)
	}
}

func TestRankKeepsToAllowedArticles(t *testing.T) {
	t.Parallel()
	l := knowledge.NewLibrary(bakery())
	got, err := l.Rank(t.Context(), knowledge.Query{
		Text: "How do I order a cake?", Language: language.English,
		Allowed: func(id string) bool { return id != "cake_order" },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got.Results {
		if r.ArticleID == "cake_order" {
			t.Errorf("an article that is not allowed was found: %+v", got.Results)
		}
	}
	if got.Outcome == knowledge.Answer {
		t.Errorf("answered with %q", first(got))
	}
}

func TestRankIsDeterministic(t *testing.T) {
	t.Parallel()
	one, two := knowledge.NewLibrary(bakery()), knowledge.NewLibrary(bakery())
	var wait sync.WaitGroup
	for _, text := range []string{"tort", "dostavka domoy", "gluten bread cake delivery", "catdirilma qlüten tort"} {
		wait.Go(func() {
			for _, code := range language.All {
				a, errA := one.Rank(context.Background(), knowledge.Query{Text: text, Language: code})
				b, errB := two.Rank(context.Background(), knowledge.Query{Text: text, Language: code})
				if errA != nil || errB != nil || len(a.Results) != len(b.Results) || a.Confidence != b.Confidence {
					t.Errorf("%q in %s: %+v and %+v", text, code, a, b)
					return
				}
				for i := range a.Results {
					if a.Results[i] != b.Results[i] {
						t.Errorf("%q in %s: result %d differs: %+v, %+v", text, code, i, a.Results[i], b.Results[i])
					}
				}
			}
		})
	}
	wait.Wait()
}

func TestSynonymsAndLearnedPhrasings(t *testing.T) {
	t.Parallel()
	question := "zeta glorp"
	if got := rank(t, knowledge.NewLibrary(bakery()), question, language.English); got.Outcome == knowledge.Answer {
		t.Fatalf("%q is answered without help: %v with %.2f", question, got.Outcome, got.Confidence)
	}
	with := knowledge.BuildLibrary(knowledge.Content{
		Articles: bakery(),
		Synonyms: []knowledge.Synonyms{{Language: language.English, Words: []string{"zeta glorp", "franchise"}}},
	})
	if got := rank(t, with, question, language.English); first(got) != "franchise" {
		t.Errorf("with synonyms: %q first, want franchise", first(got))
	}
	learned := knowledge.BuildLibrary(knowledge.Content{
		Articles: bakery(),
		Learned: []knowledge.Learned{
			{ArticleID: "delivery", Language: language.English, Text: "zeta glorp?", Votes: 3},
			{ArticleID: "allergens", Language: language.English, Text: "Zeta Glorp", Votes: 1},
			{ArticleID: "gone", Language: language.English, Text: "nobody home", Votes: 9},
		},
	})
	if got := rank(t, learned, question, language.English); first(got) != "delivery" || got.Outcome != knowledge.Answer {
		t.Errorf("learned: %q, %v; want an answer with delivery, which has more votes", first(got), got.Outcome)
	}
	tied := knowledge.BuildLibrary(knowledge.Content{
		Articles: bakery(),
		Learned: []knowledge.Learned{
			{ArticleID: "delivery", Language: language.English, Text: question, Votes: 2},
			{ArticleID: "allergens", Language: language.English, Text: question, Votes: 2},
		},
	})
	if got := rank(t, tied, question, language.English); got.Outcome == knowledge.Answer {
		t.Errorf("people disagree, and yet it is answered with %q", first(got))
	}
}

func TestCalibrateIsRepeatableAndStops(t *testing.T) {
	t.Parallel()
	l := knowledge.NewLibrary(bakery())
	a, errA := l.Calibrate(t.Context())
	b, errB := knowledge.NewLibrary(bakery()).Calibrate(t.Context())
	if errA != nil || errB != nil || len(a) != 3 {
		t.Fatalf("Calibrate = %v, %v; %v, %v; want three languages", a, errA, b, errB)
	}
	for code, thresholds := range a {
		if thresholds != b[code] {
			t.Errorf("%s: %v and %v for the same articles", code, thresholds, b[code])
		}
		if thresholds.Ask <= 0 || thresholds.Ask >= thresholds.Answer || thresholds.Answer >= 1 {
			t.Errorf("%s: thresholds %+v are out of order", code, thresholds)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Calibrate(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Calibrate with an ended context: %v, want it to stop", err)
	}
	if _, err := l.Rank(ended, knowledge.Query{Text: "cake"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Rank with an ended context: %v, want it to stop", err)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	l := knowledge.NewLibrary(bakery())
	e, err := l.Explain(t.Context(), knowledge.Query{Text: "alergiyam var", Language: language.Azerbaijani})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := e.Write(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"alergiyam", "taken for allergiyam", "1. allergens", "decision:", "words in the questions"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the explanation lacks %q:\n%s", want, out.String())
		}
	}
}

func TestVeryLongAndStrangeTexts(t *testing.T) {
	t.Parallel()
	l := knowledge.NewLibrary(bakery())
	for name, text := range map[string]string{
		"one word":        strings.Repeat("a", 100_000),
		"many words":      strings.Repeat("delivery zxqv ", 8_000),
		"right to left":   strings.Repeat("שלום \u202e مرحبا ", 5_000),
		"marks":           "e" + strings.Repeat("\u0301", 50_000),
		"not UTF-8":       strings.Repeat("\xff\xfe\x80", 30_000),
		"misspelt words":  strings.Repeat("delviery cahrge aprking ", 4_000),
		"zero width only": strings.Repeat("\u200b\u200d\ufeff", 30_000),
	} {
		began := time.Now()
		for _, code := range language.All {
			rank(t, l, text, code)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("%s: %v for 100 kB in four languages", name, took)
		}
	}
}

func FuzzRank(f *testing.F) {
	l := knowledge.NewLibrary(bakery())
	f.Add("How do I order a cake?", "en")
	f.Add("skolko stoit dostavka'", "ru")
	f.Add("\u202eşə\u0307ı4ox\xff", "az")
	f.Fuzz(func(t *testing.T, text, tag string) {
		code, _ := language.Parse(tag)
		r, err := l.Rank(t.Context(), knowledge.Query{Text: text, Language: code})
		if err != nil || r.Confidence < 0 || r.Confidence > 1 || r.Confidence != r.Confidence {
			t.Errorf("Rank(%q, %q) = %v, confidence %v", text, code, err, r.Confidence)
		}
		for i := 1; i < len(r.Results); i++ {
			if r.Results[i].Score > r.Results[i-1].Score {
				t.Errorf("Rank(%q, %q): scores rise", text, code)
			}
		}
	})
}
