package knowledge_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

// lessonOn is an article that Nigar taught.
func lessonOn(id, title, answer string) knowledge.Lesson {
	return knowledge.Lesson{
		Kind: knowledge.TaughtArticle, ArticleID: id, Language: language.English, Author: "Nigar\nAliyeva",
		Text: knowledge.Text{Title: title, Phrasings: []string{"any ${HOME} \"quoted\": # question"}, Answer: answer},
		At:   time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC),
	}
}

func phrasingOf(id, text string) knowledge.Lesson {
	return knowledge.Lesson{
		Kind: knowledge.TaughtPhrasing, ArticleID: id, Language: language.English, Author: "Rashad",
		Text: knowledge.Text{Phrasings: []string{text}}, At: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC),
	}
}

// learned is a file with that text, which may be empty for none, beside an article file.
func learned(t *testing.T, text string) knowledge.LearnedFile {
	t.Helper()
	f := knowledge.LearnedFile{Path: filepath.Join(t.TempDir(), "deep", "learned.yaml")}
	if text != "" {
		if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.Path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func readFile(t *testing.T, f knowledge.LearnedFile) string {
	t.Helper()
	raw, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestLearnedFileLoadsAndForgets(t *testing.T) {
	t.Parallel()
	f := learned(t, "")
	first, second := lessonOn("taught_parking", "Where can I park?", "Behind the house.\nIt is free."), lessonOn("taught_pets", "May I bring a dog?", "Yes: on a lead.")
	third := phrasingOf("taught_parking", "is there a car park")
	for _, l := range []knowledge.Lesson{first, second, third, first, third} {
		if err := f.Add(l, nil); err != nil {
			t.Fatal(err)
		}
	}
	content, _, problems := load(t, map[string]string{"learned.articles.yaml": readFile(t, f)})
	if problems.HasErrors() || len(content.Articles) != 2 {
		t.Fatalf("%d articles, %v in\n%s", len(content.Articles), problems, readFile(t, f))
	}
	for _, a := range content.Articles {
		text := a.Texts[language.English]
		if a.ID == "taught_parking" && (text.Answer != first.Text.Answer || len(text.Phrasings) != 2 || text.Phrasings[0] != first.Text.Phrasings[0]) {
			t.Errorf("read back as %+v", text)
		}
	}
	for _, l := range []knowledge.Lesson{first, third, third} {
		if err := f.Remove(l); err != nil {
			t.Fatal(err)
		}
	}
	if got := readFile(t, f); strings.Contains(got, "park") || !strings.Contains(got, "taught_pets:") || !strings.Contains(got, "# taught by Nigar Aliyeva, 2026-11-20") {
		t.Errorf("after taking two back:\n%s", got)
	}
	if err := f.Remove(second); err != nil {
		t.Fatal(err)
	}
	if content, _, problems := load(t, map[string]string{"learned.articles.yaml": readFile(t, f)}); problems.HasErrors() || len(content.Articles) > 0 {
		t.Errorf("an empty file reads as %v with %v", content.Articles, problems)
	}
}

const edited = `# mine
synonyms:
    en: [[car, auto]]
articles: # ours
    taught_pets:
        # on a lead
        en:
            title: May I bring a dog?
            answer: >-
                Yes, with pleasure,

                on a lead.
    # a remark that stays
    other:
        en: {title: Other?, answer: Yes.}
tests:
    other: {en: [the other one]}
`

func TestLearnedFileKeepsWhatTheOperatorWrote(t *testing.T) {
	t.Parallel()
	f := learned(t, edited)
	if err := f.Add(lessonOn("taught_pets", "May I bring a dog?", "No."), nil); err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, f); got != edited {
		t.Errorf("an article that is there was written again:\n%s", got)
	}
	l := lessonOn("taught_parking", "Where can I park?", "Behind the house.")
	if err := f.Add(l, nil); err != nil {
		t.Fatal(err)
	}
	if content, _, problems := load(t, map[string]string{"a.articles.yaml": readFile(t, f)}); problems.HasErrors() || len(content.Articles) != 3 {
		t.Errorf("%d articles, %v in\n%s", len(content.Articles), problems, readFile(t, f))
	}
	if err := f.Remove(l); err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, f); got != edited {
		t.Errorf("adding and removing changed the rest:\n%s", got)
	}
	if err := f.Remove(lessonOn("taught_pets", "", "")); err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, f); strings.Contains(got, "dog") || !strings.Contains(got, "# a remark that stays\n    other:") || !strings.Contains(got, "on a lead") == strings.Contains(got, "pleasure") {
		t.Errorf("removing one changed the rest:\n%s", got)
	}
}

func TestLearnedFileLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	others := []knowledge.Article{{ID: "taught_pets", Texts: map[language.Code]knowledge.Text{language.English: {Title: "Dogs?", Phrasings: []string{"a dog inside"}}}}}
	f := learned(t, "")
	for _, l := range []knowledge.Lesson{lessonOn("taught_pets", "Dogs?", "Yes."), phrasingOf("taught_pets", "A DOG inside?")} {
		if err := f.Add(l, others); err != nil {
			t.Fatal(err)
		}
	}
	if raw, err := os.ReadFile(f.Path); err == nil && strings.Contains(string(raw), "taught_pets") {
		t.Errorf("what stands in another file was written again:\n%s", raw)
	}
	for name, text := range map[string]string{"broken": "articles:\n  x: [", "on one line": "articles: {x: {en: {title: X?, answer: Yes.}}}\n"} {
		f := learned(t, text)
		if err := f.Add(lessonOn("taught_parking", "Park?", "Yes."), nil); !errors.Is(err, knowledge.ErrLearnedFile) {
			t.Errorf("%s: %v, want ErrLearnedFile", name, err)
		}
		if got := readFile(t, f); got != text {
			t.Errorf("%s was changed to\n%s", name, got)
		}
	}
}

// TestLessonsInForce: what staff teach is found at once, counts before votes, and is not there twice.
func TestLessonsInForce(t *testing.T) {
	t.Parallel()
	own := []knowledge.Article{
		{ID: "hours", Texts: map[language.Code]knowledge.Text{language.English: {Title: "When do you open?", Answer: "At nine."}}},
		{ID: "wifi", Texts: map[language.Code]knowledge.Text{language.English: {Title: "What is the wifi password?", Answer: "narlar"}}},
		{ID: "refund", Texts: map[language.Code]knowledge.Text{language.English: {Title: "Can I return a machine?", Answer: "Within 14 days."}}},
	}
	park := lessonOn("taught_parking", "Where can I park my car?", "Behind the house.")
	park.ID = 1
	sign := phrasingOf("hours", "is the shutter up already")
	sign.ID = 2
	library := knowledge.BuildLibrary(knowledge.Content{
		Articles: own, Lessons: []knowledge.Lesson{park, sign},
		Learned: []knowledge.Learned{{ArticleID: "wifi", Language: language.English, Text: "is the shutter up already", Votes: 9}},
	})
	for question, want := range map[string]struct {
		article string
		lesson  int64
	}{
		"where do i park the car": {"taught_parking", 1}, "Is the shutter up, already?": {"hours", 2}, "when do you open": {"hours", 0},
	} {
		r, err := library.Rank(t.Context(), knowledge.Query{Text: question, Language: language.English})
		if err != nil || r.Outcome != knowledge.Answer || r.Results[0].ArticleID != want.article {
			t.Errorf("%q: %v %+v %v, want %s", question, r.Outcome, r.Results, err, want.article)
		}
		if got := library.LessonFor(want.article, question); got != want.lesson {
			t.Errorf("%q is owed to lesson %d, want %d", question, got, want.lesson)
		}
	}
	committed := append(own[:3:3], knowledge.Article{ID: "taught_parking", Texts: map[language.Code]knowledge.Text{language.English: {Title: "Parking?", Answer: "Edited."}}})
	library = knowledge.BuildLibrary(knowledge.Content{Articles: committed, Lessons: []knowledge.Lesson{park}})
	if a, _ := library.Find("taught_parking"); len(library.Articles()) != 4 || a.Texts[language.English].Answer != "Edited." {
		t.Errorf("%d articles, and the answer is %q: the operator's counts", len(library.Articles()), a.Texts[language.English].Answer)
	}
	park.Undone = park.At
	if n := len(knowledge.BuildLibrary(knowledge.Content{Articles: own, Lessons: []knowledge.Lesson{park}}).Articles()); n != 3 {
		t.Errorf("taken back, and still %d articles", n)
	}
}
