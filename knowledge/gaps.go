package knowledge

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/language"
)

// Unanswered is a question that the bot could not answer, or whose answer did not
// help.
type Unanswered struct {
	Text     string
	Language language.Code // the customer's; a question that is plainly in another one goes there
	Nearest  string        // the article that came closest, empty for none
	At       time.Time
	Failed   bool // it was answered, and the answer did not help
}

// Gap is a group of unanswered questions that mean about the same.
type Gap struct {
	Language  language.Code `json:"language"`
	Questions []string      `json:"questions"` // different wordings, the most typical first
	Asked     int           `json:"asked"`     // how often, repeated wordings included
	Last      time.Time     `json:"last"`
	Nearest   string        `json:"nearest,omitempty"` // the article most of them came closest to, empty for none
	// Stub is a file of articles with a new article for the group, which loading
	// accepts once its answer is written.
	Stub string `json:"stub"`
}

const (
	// sameGap is how alike two questions must be to be taken for the same one.
	sameGap = 0.5
	// joinGap is how alike the questions of two groups must be on average for the
	// groups to be one.
	joinGap = 0.24
	// maxGapQuestions bounds the work; the newest questions are grouped.
	maxGapQuestions = 3000
	// maxStubPhrasings is how many wordings a stub shows.
	maxStubPhrasings = 8
)

// wording is one way of asking, with how often it was used.
type wording struct {
	text    string
	asked   int
	last    time.Time
	nearest map[string]int
}

// Gaps groups unanswered questions by meaning, the most frequent group first. The same
// questions give the same groups.
func Gaps(unanswered []Unanswered) []Gap {
	var gaps []Gap
	for _, code := range language.All {
		gaps = append(gaps, gapsIn(unanswered, code)...)
	}
	slices.SortStableFunc(gaps, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(b.Asked, a.Asked), b.Last.Compare(a.Last), cmp.Compare(a.Questions[0], b.Questions[0]))
	})
	ids := make(map[string]bool)
	for i := range gaps {
		gaps[i].Stub = gaps[i].stub(ids)
	}
	return gaps
}

// StillUnanswered leaves out the questions that the library answers by now, and keeps
// those whose answer did not help.
func (l *Library) StillUnanswered(ctx context.Context, questions []Unanswered) ([]Unanswered, error) {
	open := make([]Unanswered, 0, len(questions))
	for _, u := range questions {
		r, err := l.Rank(ctx, Query{Text: u.Text, Language: u.Language})
		if err != nil {
			return nil, err
		}
		if u.Failed || r.Outcome != Answer {
			open = append(open, u)
		}
	}
	return open, nil
}

// gapsIn groups the questions of one language.
func gapsIn(unanswered []Unanswered, code language.Code) []Gap {
	wordings := wordingsOf(unanswered, code)
	texts := make([]string, len(wordings))
	for i, w := range wordings {
		texts[i] = w.text
	}
	all := newGapReader(texts, code).vectors(texts)
	gaps := make([]Gap, 0, len(all))
	for _, g := range group(all, joinGap) {
		slices.SortFunc(g, func(a, b int) int {
			return cmp.Or(cmp.Compare(typical(all, g, b), typical(all, g, a)), cmp.Compare(a, b))
		})
		gaps = append(gaps, newGap(wordings, g, code))
	}
	return gaps
}

// meaning is a question as weighted words and concepts.
type meaning struct {
	weights map[string]float64
	norm    float64
}

func meaningOf(text string, code language.Code) meaning {
	x := lexiconOf(code)
	words := language.Words(clip(text), code)
	keys := make([][]string, len(words))
	m := meaning{weights: make(map[string]float64)}
	for i, w := range words {
		keys[i] = x.patterns(w)
		m.add("w"+language.Stem(w, code), everydayWeight(w, code))
	}
	for i, concepts := range x.concepts(keys) {
		for _, c := range concepts {
			weight := everydayWeight(words[i], code) * math.Pow(float64(len(concepts)), -ambiguity)
			if c.generic() {
				weight *= genericShare
			}
			m.add("c"+x.name(c), weight)
		}
	}
	for _, term := range slices.Sorted(maps.Keys(m.weights)) {
		m.norm += m.weights[term] * m.weights[term]
	}
	m.norm = math.Sqrt(m.norm)
	return m
}

func (m meaning) add(term string, weight float64) {
	m.weights[term] = max(m.weights[term], weight*weight) // squared: empty words must not join groups
}

func (m meaning) likeness(other meaning) float64 {
	dot := 0.0
	for _, term := range slices.Sorted(maps.Keys(m.weights)) {
		dot += m.weights[term] * other.weights[term]
	}
	return dot / (m.norm*other.norm + 1e-9)
}

// wordingsOf joins questions that are equal once folded, most frequent first.
func wordingsOf(unanswered []Unanswered, code language.Code) []wording {
	list := slices.Clone(unanswered)
	slices.SortStableFunc(list, func(a, b Unanswered) int { return b.At.Compare(a.At) })
	at := make(map[string]int)
	var wordings []wording
	for _, u := range list {
		if languageOf(u) != code {
			continue
		}
		folded := language.Fold(clip(u.Text), code)
		if folded == "" {
			continue
		}
		i, ok := at[folded]
		if !ok {
			if len(wordings) == maxGapQuestions {
				continue
			}
			i = len(wordings)
			at[folded] = i
			wordings = append(wordings, wording{text: strings.TrimSpace(clip(u.Text)), last: u.At, nearest: make(map[string]int)})
		}
		wordings[i].asked++
		if u.Nearest != "" {
			wordings[i].nearest[u.Nearest]++
		}
	}
	slices.SortStableFunc(wordings, func(a, b wording) int {
		return cmp.Or(cmp.Compare(b.asked, a.asked), cmp.Compare(a.text, b.text))
	})
	return wordings
}

func newGap(wordings []wording, members []int, code language.Code) Gap {
	g := Gap{Language: code}
	nearest := make(map[string]int)
	for _, m := range members {
		w := wordings[m]
		g.Questions = append(g.Questions, w.text)
		g.Asked += w.asked
		if w.last.After(g.Last) {
			g.Last = w.last
		}
		for id, n := range w.nearest {
			nearest[id] += n
		}
	}
	for id, n := range nearest {
		if 2*n > g.Asked {
			g.Nearest = id
		}
	}
	return g
}

// answerToWrite stands in a stub where the operator writes.
var answerToWrite = map[language.Code]string{
	language.Azerbaijani: "Cavabı buraya yazın.", language.Turkish: "Cevabı buraya yazın.",
	language.Russian: "Напишите здесь ответ.", language.English: "Write the answer here.",
}

// stub writes a new article for the group; ids are those already given.
func (g Gap) stub(ids map[string]bool) string {
	id := articleID("new_", g.Questions[0], g.Language, ids)
	var b strings.Builder
	if g.Nearest != "" {
		fmt.Fprintf(&b, "# came closest: %s; if that is the answer, add the phrasings there instead\n", g.Nearest)
	}
	fmt.Fprintf(&b, "articles:\n  %s:\n    %s:\n      title: %s\n", id, g.Language, quoteYAML(g.Questions[0]))
	if more := g.Questions[1:]; len(more) > 0 {
		b.WriteString("      phrasings:\n")
		for _, q := range more[:min(len(more), maxStubPhrasings)] {
			fmt.Fprintf(&b, "        - %s\n", quoteYAML(q))
		}
	}
	fmt.Fprintf(&b, "      answer: %s\n", quoteYAML(answerToWrite[g.Language]))
	return b.String()
}

// articleID makes an id from the first words of a question, different from the others.
func articleID(prefix, question string, code language.Code, taken map[string]bool) string {
	const maxWords, maxBytes = 4, 40
	var parts []string
	for _, w := range language.Words(question, code) {
		if len(parts) == maxWords {
			break
		}
		if code == language.Russian {
			w = strings.ToLower(language.Skeletons(w)[0])
		}
		w = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, w)
		if w != "" {
			parts = append(parts, w)
		}
	}
	id := prefix + strings.Join(parts, "_")
	id = strings.TrimRight(id[:min(len(id), maxBytes)], "_")
	for n := 2; taken[id]; n++ {
		id = fmt.Sprintf("%s_%d", strings.TrimRight(id, "_0123456789"), n)
	}
	taken[id] = true
	return id
}

// quoteYAML writes a text as a YAML string in double quotes: JSON's are a part of
// YAML's. What would name an environment variable is escaped: the text is a
// customer's.
func quoteYAML(s string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(strings.ReplaceAll(strings.ToValidUTF8(s, ""), "${", "$${")); err != nil {
		return `""` // a string is always JSON
	}
	return strings.TrimSpace(b.String())
}
