package knowledge_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

// load reads article files as a configuration in folder would.
func load(t *testing.T, files map[string]string) (knowledge.Content, []knowledge.Pair, config.Problems) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	main := filepath.Join(folder, "rapport.yaml")
	if err := os.WriteFile(main, []byte("knowledge: {files: ['*.articles.yaml']}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	doc, report := config.Load(main, config.Options{})
	var settings struct {
		Knowledge struct {
			config.At
			Files []string `yaml:"files"`
		} `yaml:"knowledge"`
	}
	config.Decode(doc.Root, &settings, report)
	content, pairs := knowledge.LoadContent(report, settings.Knowledge.At, settings.Knowledge.Files)
	return content, pairs, report.Problems()
}

func TestLoadContent(t *testing.T) {
	t.Parallel()
	content, pairs, problems := load(t, map[string]string{"hotel.articles.yaml": `
articles:
  breakfast:
    topic: stay
    reviewed: 2026-05-01
    review_every: 180d
    en:
      title: When is breakfast?
      phrasings: [breakfast hours]
      answer: From seven to ten.
      buttons: [{label: Menu, url: "https://example.com/menu"}]
synonyms:
  en: [[breakfast, morning meal]]
tests:
  breakfast: {en: [what time can I eat in the morning]}
`})
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	if len(content.Articles) != 1 || len(content.Synonyms) != 1 || len(pairs) != 1 {
		t.Fatalf("read %d articles, %d groups, %d pairs; want one each", len(content.Articles), len(content.Synonyms), len(pairs))
	}
	a := content.Articles[0]
	if a.Source.Line != 3 || a.ReviewEvery != 180*24*time.Hour || a.Texts[language.English].Buttons[0].Label != "Menu" {
		t.Errorf("article read as %+v", a)
	}
}

func TestLoadReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, _, problems := load(t, map[string]string{"bad.articles.yaml": `
articles:
  one:
    en: {title: A question, anwser: misspelt key}
  two: {}
synonyms:
  tr: [[tek]]
`})
	for _, want := range []string{"anwser", "answer", "two", "synonym"} {
		found := false
		for _, p := range problems {
			found = found || strings.Contains(p.Message+p.Hint, want) && p.Line > 0 && p.Hint != ""
		}
		if !found {
			t.Errorf("no problem with a place and a hint about %q in %v", want, problems)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	english := func(title string, phrasings ...string) map[language.Code]knowledge.Text {
		return map[language.Code]knowledge.Text{language.English: {Title: title, Phrasings: phrasings, Answer: "Yes."}}
	}
	day := time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)
	articles := []knowledge.Article{
		{ID: "pool", Texts: english("Is there a pool?", "is there a POOL", "can we swim"), Reviewed: day, ReviewEvery: 30 * 24 * time.Hour},
		{ID: "sauna", Texts: english("Is there a sauna?", "can we swim")},
		{ID: "parking", Texts: english("Where can I park my car?", "parking for guests", "is the garage free")},
		{ID: "parking_again", Texts: english("Where can I park my car?", "parking for guests", "is the garage free")},
	}
	found, err := knowledge.NewLibrary(articles).Check(t.Context(), []language.Code{language.English, language.Russian}, day.AddDate(0, 2, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		kind    knowledge.FindingKind
		article string
	}{
		{knowledge.DuplicatePhrasing, "pool"},
		{knowledge.Contradiction, "sauna"},
		{knowledge.NeverWins, "parking_again"},
		{knowledge.MissingLanguage, "parking"},
		{knowledge.StaleReview, "pool"},
	} {
		seen := false
		for _, f := range found {
			seen = seen || f.Kind == want.kind && f.ArticleID == want.article && f.Hint != ""
		}
		if !seen {
			t.Errorf("no %q about %q in %+v", want.kind, want.article, found)
		}
	}
	for _, f := range found {
		if f.Error != (f.Kind == knowledge.Contradiction) {
			t.Errorf("%s is an error: %v", f.Kind, f.Error)
		}
		if f.Kind == knowledge.StaleReview && f.ArticleID != "pool" {
			t.Errorf("%q without a review date is stale", f.ArticleID)
		}
	}
}

func TestTestPairs(t *testing.T) {
	t.Parallel()
	l := knowledge.NewLibrary(bakery())
	report, err := l.TestPairs(t.Context(), []knowledge.Pair{
		{ArticleID: "delivery", Language: language.English, Question: "how much is delivery"},
		{ArticleID: "delivery", Language: language.English, Question: "can you bake a birthday cake"},
		{ArticleID: "delivery", Language: language.English, Question: "bake a birthday cake please"},
		{ArticleID: knowledge.NoArticle, Language: language.English, Question: "who is the president of France"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Total != 4 || report.Right != 2 || len(report.Failures) != 2 {
		t.Errorf("report %+v, want 2 of 4 right", report)
	}
	if len(report.Confusions) != 1 || report.Confusions[0] != (knowledge.Confusion{Want: "delivery", Got: "cake_order", Questions: 2}) {
		t.Errorf("confusions %+v, want delivery taken for cake_order twice", report.Confusions)
	}
	if len(report.Suggestions) != 1 || report.Suggestions[0].Question != "can you bake a birthday cake" {
		t.Errorf("suggestions %+v, want one of the two like wordings", report.Suggestions)
	}
}

func TestGaps(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	ask := func(minutes int, code language.Code, text, nearest string) knowledge.Unanswered {
		return knowledge.Unanswered{Text: text, Language: code, Nearest: nearest, At: at.Add(time.Duration(minutes) * time.Minute)}
	}
	questions := []knowledge.Unanswered{
		ask(1, language.English, "do you have gift cards", "delivery"),
		ask(2, language.English, "Do you have gift cards?", "delivery"),
		ask(3, language.English, "can I buy a gift card", "delivery"),
		ask(4, language.English, "is there a playground for my kids", ""),
		ask(5, language.Russian, "можно ли с собакой \"в зал\": да?", ""),
		ask(6, language.English, "", ""),
	}
	gaps := knowledge.Gaps(questions)
	if len(gaps) != 3 {
		t.Fatalf("%d groups, want 3: %+v", len(gaps), gaps)
	}
	g := gaps[0]
	if g.Asked != 3 || len(g.Questions) != 2 || g.Nearest != "delivery" || !g.Last.Equal(at.Add(3*time.Minute)) {
		t.Errorf("first group %+v, want the gift cards, asked three times in two wordings", g)
	}
	files := make(map[string]string)
	for i, g := range gaps {
		files[string(rune('a'+i))+".articles.yaml"] = g.Stub
	}
	content, _, problems := load(t, files)
	if problems.HasErrors() || len(content.Articles) != 3 {
		t.Errorf("the stubs read as %d articles with %v", len(content.Articles), problems)
	}
}

func TestImportCSV(t *testing.T) {
	t.Parallel()
	articles, bad, err := knowledge.ImportCSV(strings.NewReader("\ufeffQuestion;Answer;id;lang;phrasings\n"+
		"When do you open?;At nine.;hours;en;opening hours | open today\n"+
		"Когда открыто?;С девяти.;hours;ru;\n"+
		"No answer;;x;en;\n"+
		"Hallo?;Ja.;y;de;\n"+
		"Is it open?;At nine.;hours;en;\n"), language.English)
	if err != nil {
		t.Fatal(err)
	}
	if len(articles) != 1 || len(articles[0].Texts) != 2 || len(articles[0].Texts[language.English].Phrasings) != 3 {
		t.Errorf("articles %+v, want one in two languages with three more wordings", articles)
	}
	if len(bad) != 2 || bad[0].Line != 4 || bad[1].Line != 5 {
		t.Errorf("bad rows %+v, want lines 4 and 5", bad)
	}
	plain, bad, err := knowledge.ImportCSV(strings.NewReader("Is there wifi?,Yes.\nwifi password?,Yes.\nParking?,No.\n"), language.English)
	if err != nil || len(bad) > 0 || len(plain) != 2 {
		t.Errorf("without headings: %+v, %+v, %v; want two articles", plain, bad, err)
	}
	var out bytes.Buffer
	if err := knowledge.WriteArticles(&out, plain); err != nil {
		t.Fatal(err)
	}
	content, _, problems := load(t, map[string]string{"imported.articles.yaml": out.String()})
	if problems.HasErrors() || len(content.Articles) != 2 {
		t.Errorf("what was imported does not load: %v\n%s", problems, out.String())
	}
}

func TestImportMarkdown(t *testing.T) {
	t.Parallel()
	articles, bad := knowledge.ImportMarkdown([]knowledge.MarkdownFile{
		{Name: "faq/returns.md", Text: "---\ntopic: shop\nphrasings: [send it back]\n---\n# How do I return it?\n\nWithin **14** days.\n"},
		{Name: "returns.ru.md", Text: "---\r\nid: returns\r\nlang: ru\r\ntitle: Как вернуть?\r\n---\r\nВ течение 14 дней.\r\n"},
		{Name: "broken.md", Text: "---\ntitle: [\n---\nx\n"},
		{Name: "open.md", Text: "---\ntitle: x\n"},
		{Name: "empty.md", Text: "# Only a heading\n"},
	}, language.English)
	if len(articles) != 1 || articles[0].ID != "returns" || articles[0].Topic != "shop" || len(articles[0].Texts) != 2 {
		t.Fatalf("articles %+v, want returns in two languages", articles)
	}
	if got := articles[0].Texts[language.English]; got.Title != "How do I return it?" || got.Answer != "Within **14** days." {
		t.Errorf("read as %+v", got)
	}
	for _, name := range []string{"broken.md", "open.md", "empty.md"} {
		if bad[name] == "" {
			t.Errorf("%s is not reported in %v", name, bad)
		}
	}
}
