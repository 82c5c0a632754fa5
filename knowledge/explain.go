package knowledge

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/language"
)

// Explanation says in words how a question was understood and why the articles stand
// in their order.
type Explanation struct {
	Query   string
	Ranking Ranking
	// Detected is the language that the question is probably written in.
	Detected   language.Guess
	Thresholds Thresholds
	Words      []WordReading
	Articles   []ArticleReason // of the first results, best first
}

// WordReading is how one word of the question was understood.
type WordReading struct {
	Typed      string   // folded, as typed
	Understood string   // the word it was taken for; the same when nothing was changed
	Meaning    []string // names of the groups of words it belongs to
	Weight     float64  // 0 to 1: how much the word tells
	Known      bool     // whether any article or everyday speech has it
}

// ArticleReason is why one article stands where it does.
type ArticleReason struct {
	ArticleID string
	Title     string
	Score     float64
	Share     float64  // probability among the articles
	Reasons   []Reason // what the score is made of, most important first
}

// Reason is one part of a score.
type Reason struct {
	What   string  // one of EvidenceNames
	Points float64 // the part of the score
}

// maxExplained is how many articles an explanation compares.
const maxExplained = 3

// Explain ranks a query and says why.
func (l *Library) Explain(ctx context.Context, q Query) (Explanation, error) {
	r, err := l.Rank(ctx, q)
	if err != nil {
		return Explanation{}, err
	}
	e := Explanation{Query: q.Text, Ranking: r, Detected: language.Detect(q.Text), Thresholds: l.Thresholds(r.Language)}
	ix, ok := l.indexes[r.Language]
	if !ok {
		return e, nil
	}
	e.Words = ix.explainWords(q.Text)
	for _, result := range r.Results[:min(len(r.Results), maxExplained)] {
		a, _ := l.Find(result.ArticleID)
		reason := ArticleReason{ArticleID: a.ID, Title: a.Texts[r.Language].Title, Score: result.Score, Share: result.Share}
		for kind, x := range result.Evidence {
			if points := evidenceWeights[kind] * x; points >= 0.05 {
				reason.Reasons = append(reason.Reasons, Reason{What: EvidenceNames[kind], Points: points})
			}
		}
		slices.SortStableFunc(reason.Reasons, func(a, b Reason) int { return cmp.Compare(b.Points, a.Points) })
		e.Articles = append(e.Articles, reason)
	}
	return e, nil
}

func (ix *index) explainWords(text string) []WordReading {
	readings := ix.read(queryWords(text, ix.code, ix.vocabulary))
	keys := make([][]string, len(readings))
	for i, r := range readings {
		keys[i] = r.keys
	}
	concepts := ix.lexicon.concepts(keys)
	words := make([]WordReading, 0, len(readings))
	for i, r := range readings {
		w := WordReading{
			Typed: r.typed, Understood: r.word, Weight: everydayWeight(r.word, ix.code),
			Known: ix.vocabulary.has(r.word) || everydayWords(ix.code).has(r.word) || len(r.keys) > 0,
		}
		for _, c := range concepts[i] {
			w.Meaning = append(w.Meaning, ix.lexicon.name(c))
		}
		words = append(words, w)
	}
	return words
}

// Write prints the explanation for an operator.
func (e Explanation) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "question: %s\n", e.Query)
	if e.Detected.Code != "" {
		fmt.Fprintf(&b, "written in: %s%s\n", e.Detected.Code.Name(), sureness(e.Detected))
	}
	for _, word := range e.Words {
		fmt.Fprintf(&b, "  %-18s %s\n", word.Typed, word.describe())
	}
	fmt.Fprintf(&b, "decision: %s, because the first article is right with a probability of %.0f %% (answers from %.0f %%, asks from %.0f %%)\n",
		e.Ranking.Outcome, 100*e.Ranking.Confidence, 100*e.Thresholds.Answer, 100*e.Thresholds.Ask)
	if e.Ranking.OtherLanguage {
		fmt.Fprintf(&b, "nothing in the customer's language; found in %s\n", e.Ranking.Language.Name())
	}
	for i, a := range e.Articles {
		fmt.Fprintf(&b, "%d. %s (%s): score %.2f, %.0f %% among the articles\n", i+1, a.ArticleID, a.Title, a.Score, 100*a.Share)
		for _, r := range a.Reasons {
			fmt.Fprintf(&b, "     %5.2f  %s\n", r.Points, r.What)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func sureness(g language.Guess) string {
	switch {
	case g.LatinRussian && g.Sure():
		return " in Latin letters"
	case !g.Sure():
		return ", not for certain"
	default:
		return ""
	}
}

func (w WordReading) describe() string {
	var parts []string
	if w.Understood != w.Typed {
		parts = append(parts, "taken for "+w.Understood)
	}
	if len(w.Meaning) > 0 {
		parts = append(parts, "about: "+strings.Join(w.Meaning, "; "))
	}
	switch {
	case !w.Known:
		parts = append(parts, "unknown word")
	case w.Weight < 0.5:
		parts = append(parts, "says little")
	}
	if len(parts) == 0 {
		return "known word"
	}
	return strings.Join(parts, "; ")
}
