package knowledge

import "github.com/rapport-chat/rapport/language"

// Gathered is the evidence for one article.
type Gathered struct {
	ArticleID string
	Evidence  Evidence
}

// Gatherer gathers evidence in one language. It is what the program that fits the
// shipped weights (internal/tune) works on.
type Gatherer struct {
	ix  *index
	ids []string
}

// NewGatherer indexes the articles' texts in one language.
func NewGatherer(articles []Article, code language.Code) *Gatherer {
	g := &Gatherer{}
	var documents []document
	for i, a := range articles {
		if t, ok := a.Texts[code]; ok {
			documents = append(documents, document{article: i, questions: t.questions(), answer: t.Answer})
			g.ids = append(g.ids, a.ID)
		}
	}
	g.ix = buildIndex(documents, code, lexiconOf(code))
	return g
}

// Gather returns the evidence for the articles that come into question.
func (g *Gatherer) Gather(text string) []Gathered {
	var all []Gathered
	for _, c := range g.ix.candidates(g.ix.analyse(text)) {
		all = append(all, Gathered{ArticleID: g.ids[c.document], Evidence: c.evidence})
	}
	return all
}

// Signals ranks the articles with the shipped weights and returns the first one's id
// and the signals from which its confidence is computed.
func (g *Gatherer) Signals(text string) (articleID string, s Signals) {
	q := g.ix.analyse(text)
	ranked, _ := g.ix.rank(q, nil)
	if len(ranked) == 0 {
		return "", s
	}
	return g.ids[ranked[0].document], g.ix.signals(q, ranked)
}
