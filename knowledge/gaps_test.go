package knowledge_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

// asked is a question with what it is about.
type asked struct {
	topic string
	code  language.Code
	text  string
}

// invented reads testdata/gaps.txt.
func invented(t *testing.T) []asked {
	t.Helper()
	raw, err := os.ReadFile("testdata/gaps.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []asked
	var a asked
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		topic, code, heading := strings.Cut(line, " | ")
		switch {
		case line == "" || line[0] == '#':
		case heading:
			a.topic, a.code = topic, language.Code(code)
		default:
			a.text = line
			all = append(all, a)
		}
	}
	return all
}

// latin and cyrillic are how people type the other alphabet.
var (
	latin = strings.NewReplacer("а", "a", "б", "b", "в", "v", "г", "g", "д", "d", "е", "e", "ё", "e", "ж", "zh", "з", "z", "и", "i",
		"й", "y", "к", "k", "л", "l", "м", "m", "н", "n", "о", "o", "п", "p", "р", "r", "с", "s", "т", "t", "у", "u", "ф", "f", "х", "h",
		"ц", "c", "ч", "ch", "ш", "sh", "щ", "sch", "ъ", "", "ы", "y", "ь", "", "э", "e", "ю", "yu", "я", "ya")
	bare     = strings.NewReplacer("ə", "e", "ğ", "g", "ı", "i", "ö", "o", "ş", "s", "ü", "u", "ç", "c", "İ", "I", "Ə", "E", "Ç", "C", "Ş", "S", "Ü", "U", "Ö", "O")
	typed    = strings.NewReplacer("ə", "e", "ğ", "g", "ı", "i", "ö", "o", "ş", "w", "ü", "u", "ç", "c", "İ", "I", "Ə", "E", "Ç", "C", "Ş", "W", "Ü", "U", "Ö", "O")
	cyrillic = strings.NewReplacer("a", "а", "b", "б", "c", "ҹ", "ç", "ч", "d", "д", "e", "е", "ə", "ә", "f", "ф", "g", "ҝ", "ğ", "ғ", "h", "һ", "x", "х",
		"ı", "ы", "i", "и", "j", "ж", "k", "к", "q", "г", "l", "л", "m", "м", "n", "н", "o", "о", "ö", "ө", "p", "п", "r", "р", "s", "с", "ş", "ш",
		"t", "т", "u", "у", "ü", "ү", "v", "в", "y", "ј", "z", "з")
)

// secondSpelling is the question as somebody else types it; n varies the way.
func secondSpelling(a asked, n int) string {
	switch {
	case n%4 == 3:
		return twoSlips(a.text, n)
	case a.code == language.Russian:
		return latin.Replace(strings.ToLower(a.text))
	case a.code == language.Azerbaijani && n%4 == 1:
		return cyrillic.Replace(strings.ToLower(strings.ReplaceAll(a.text, "İ", "i")))
	case a.code == language.Azerbaijani:
		return typed.Replace(a.text)
	case a.code == language.Turkish:
		return bare.Replace(a.text)
	}
	return strings.ToUpper(a.text) + "!!"
}

// twoSlips swaps two neighbouring letters of the longest word and drops one of the next longest.
func twoSlips(s string, n int) string {
	words := strings.Fields(s)
	order := make([]int, len(words))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(words[b]), len(words[a])) })
	for k, i := range order[:min(2, len(order))] {
		letters := []rune(words[i])
		if len(letters) < 5 {
			continue
		}
		at := 1 + n%(len(letters)-3)
		if k == 0 {
			letters[at], letters[at+1] = letters[at+1], letters[at]
		} else {
			letters = slices.Delete(letters, at, at+1)
		}
		words[i] = string(letters)
	}
	return strings.Join(words, " ")
}

// TestGapsByMeaning: five hundred questions in four languages and all spellings.
func TestGapsByMeaning(t *testing.T) {
	t.Parallel()
	base := invented(t)
	truth := map[string]asked{}
	var questions []knowledge.Unanswered
	at := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	for i, a := range base {
		for _, text := range []string{a.text, secondSpelling(a, i)} {
			if _, ok := truth[text]; ok {
				continue
			}
			truth[text] = a
			lang := a.code
			if i%9 == 0 {
				lang = language.Azerbaijani // a customer who chose another language than the question's
			}
			questions = append(questions, knowledge.Unanswered{Text: text, Language: lang, At: at.Add(time.Duration(len(questions)) * time.Minute)})
		}
	}
	if len(questions) < 500 {
		t.Fatalf("%d questions, want 500", len(questions))
	}
	gaps := knowledge.Gaps(questions)
	for _, code := range language.All {
		n, groups, purity, together := measure(t, gaps, truth, code)
		t.Logf("%s: %d wordings in %d groups, purity %.1f, together %.1f", code, n, groups, purity, together)
		if purity < 93 || together < 75 {
			t.Errorf("%s: groups of one subject %.1f %%, subjects in one group %.1f %%, want 93 and 75", code, purity, together)
		}
	}
	if same, all := oneGroup(gaps, base); 100*same < 97*all {
		t.Errorf("%d of %d questions have both spellings in one group, want 97 %%", same, all)
	}
	files := map[string]string{}
	for i, g := range gaps {
		files[fmt.Sprintf("%03d.articles.yaml", i)] = g.Stub
	}
	content, _, problems := load(t, files)
	if problems.HasErrors() || len(content.Articles) != len(gaps) {
		t.Errorf("the stubs of %d groups read as %d articles with %v", len(gaps), len(content.Articles), problems.Summary())
	}
}

// measure answers the figures of one language: how many wordings and groups there are, what share of the wordings
// stands in a group of its subject (%), and what share of each subject stands in one group (%).
func measure(t *testing.T, gaps []knowledge.Gap, truth map[string]asked, code language.Code) (n, groups int, purity, together float64) {
	t.Helper()
	pure, largest := 0, map[string]int{}
	for _, g := range gaps {
		topics, best := map[string]int{}, 0
		for _, q := range g.Questions {
			a, ok := truth[q]
			if !ok {
				t.Fatalf("%q was never asked", q)
			}
			if a.code == code {
				n++
				topics[a.topic]++
				best = max(best, topics[a.topic])
				largest[a.topic] = max(largest[a.topic], topics[a.topic])
			}
		}
		pure += best
		if best > 0 {
			groups++
		}
	}
	whole := 0
	for _, k := range largest {
		whole += k
	}
	return n, groups, 100 * float64(pure) / float64(n), 100 * float64(whole) / float64(n)
}

// oneGroup counts the questions both of whose spellings stand in one group; those that are equal once folded stand
// there as one.
func oneGroup(gaps []knowledge.Gap, base []asked) (same, all int) {
	in := map[string]int{}
	for i, g := range gaps {
		for _, q := range g.Questions {
			in[q] = i + 1
		}
	}
	for i, a := range base {
		all++
		first, second := in[a.text], in[secondSpelling(a, i)]
		if first == second || first == 0 || second == 0 {
			same++
		}
	}
	return same, all
}
