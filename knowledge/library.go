package knowledge

import (
	"context"
	"maps"
	"slices"

	"github.com/rapport-chat/rapport/language"
)

// Library is a set of articles ready to be searched. It does not change once made
// and is safe for concurrent use; Base replaces it as a whole when articles change.
type Library struct {
	articles   []Article
	byID       map[string]int
	indexes    map[language.Code]*index
	thresholds map[language.Code]Thresholds
	lexicons   map[language.Code]*lexicon
	learned    map[string]map[language.Code][]string // phrasings by article
	lessons    map[string][]Lesson                   // in force, by article
}

var _ Ranker = (*Library)(nil)

// NewLibrary indexes articles in all their languages.
func NewLibrary(articles []Article) *Library { return BuildLibrary(Content{Articles: articles}) }

// BuildLibrary indexes articles in all their languages, with an operator's synonyms
// and with learned phrasings. Articles without an id, and later ones with an id
// already taken, are left out: loading reports them. So are learned phrasings of
// articles that are gone.
func BuildLibrary(c Content) *Library {
	l := &Library{
		byID: make(map[string]int, len(c.Articles)), indexes: make(map[language.Code]*index),
		thresholds: make(map[language.Code]Thresholds), lexicons: make(map[language.Code]*lexicon), learned: c.phrasingsLearned(),
	}
	for _, a := range c.inForce() {
		if _, taken := l.byID[a.ID]; taken || a.ID == "" {
			continue
		}
		l.byID[a.ID] = len(l.articles)
		l.articles = append(l.articles, a)
	}
	l.lessons = make(map[string][]Lesson)
	for _, lesson := range c.Lessons {
		if _, ok := l.byID[lesson.ArticleID]; ok && lesson.Undone.IsZero() {
			l.lessons[lesson.ArticleID] = append(l.lessons[lesson.ArticleID], lesson)
		}
	}
	for _, code := range language.All {
		if documents := l.documents(code); len(documents) > 0 {
			l.lexicons[code] = lexiconOf(code).with(c.groups(code))
			l.indexes[code] = buildIndex(documents, code, l.lexicons[code])
			l.thresholds[code] = thresholdsAt(defaultOdds)
		}
	}
	return l
}

// documents returns the articles' texts in one language, learned phrasings last.
func (l *Library) documents(code language.Code) []document {
	var documents []document
	for i, a := range l.articles {
		if t, ok := a.Texts[code]; ok {
			questions := different(append(t.questions(), l.learned[a.ID][code]...), code)
			documents = append(documents, document{article: i, questions: questions, answer: t.Answer, taught: len(l.lessons[a.ID]) > 0})
		}
	}
	return documents
}

// Articles returns the articles; they must not be changed.
func (l *Library) Articles() []Article { return l.articles }

// Find returns the article with an id.
func (l *Library) Find(id string) (Article, bool) {
	i, ok := l.byID[id]
	if !ok {
		return Article{}, false
	}
	return l.articles[i], true
}

// Thresholds returns those of a language, zero when no article has it.
func (l *Library) Thresholds(code language.Code) Thresholds {
	return l.thresholds[code]
}

// WithThresholds returns the same library with other thresholds for the languages
// named.
func (l *Library) WithThresholds(t map[language.Code]Thresholds) *Library {
	changed := *l
	changed.thresholds = maps.Clone(l.thresholds)
	maps.Copy(changed.thresholds, t)
	return &changed
}

// Rank searches the query's language first. When that has no answer and the message
// is written in another language, or another language has a clear winner, the
// results are that language's.
func (l *Library) Rank(ctx context.Context, q Query) (Ranking, error) {
	if err := ctx.Err(); err != nil {
		return Ranking{}, err
	}
	best, searched := Ranking{Language: q.Language}, false
	if l.indexes[q.Language] != nil {
		best, searched = l.rankIn(q, q.Language), true
		if best.Outcome == Answer || best.held {
			return best, nil // the usual case, without looking at the other languages
		}
	}
	for _, code := range l.order(q) {
		if code == q.Language {
			continue
		}
		r := l.rankIn(q, code)
		r.OtherLanguage = q.Language != ""
		if !searched || r.Confidence > best.Confidence && (r.Outcome > best.Outcome || r.held) {
			best, searched = r, true
		}
		if best.Outcome == Answer || best.held {
			break
		}
	}
	return best, nil
}

// order lists the languages to search: the customer's, then the one the message is
// written in, then the rest.
func (l *Library) order(q Query) []language.Code {
	order := make([]language.Code, 0, len(language.All))
	add := func(code language.Code) {
		if _, ok := l.indexes[code]; ok && !slices.Contains(order, code) {
			order = append(order, code)
		}
	}
	add(q.Language)
	if len(l.indexes) > 1 {
		if g := language.Detect(q.Text); g.Code != "" {
			add(g.Code)
		}
	}
	for _, code := range language.All {
		add(code)
	}
	return order
}

// rankIn searches one language.
func (l *Library) rankIn(q Query, code language.Code) Ranking {
	ix := l.indexes[code]
	analysed := ix.analyse(q.Text)
	ranked, confidence := ix.rank(analysed, func(d int) bool {
		return q.Allowed == nil || q.Allowed(l.articles[ix.documents[d].article].ID)
	})
	ranked, confidence, rare := ix.withRare(analysed, ranked, confidence)
	ranked, confidence = ix.withFull(q.Text, analysed, ranked, confidence)
	r := Ranking{Language: code, Confidence: confidence, rare: rare}
	if len(ranked) == 0 {
		return r
	}
	r.Signals = ix.signals(analysed, ranked)
	sure := l.Thresholds(code).outcome(confidence)
	ranked, r.Outcome = ix.steady(q.Text, analysed, ranked, sure, confidence)
	r.Certain = r.Outcome == Answer && ix.certain(q.Text, analysed, ranked[0].document, confidence, l.Thresholds(code))
	r.held = sure == Answer && r.Outcome != Answer
	left, open := ix.doubted(q.Text, analysed, ranked[0].document, r.Outcome, q.Language != "" && q.Language != code)
	r.Outcome, r.held = left, r.held || open
	r.Certain = r.Certain && r.Outcome == Answer
	for _, c := range ranked[:min(len(ranked), maxResults)] {
		r.Results = append(r.Results, Result{
			ArticleID: l.articles[ix.documents[c.document].article].ID, Language: code,
			Score: c.score, Share: c.probability, Evidence: c.evidence,
		})
	}
	r.Choices = choices(r)
	return r
}

// choices picks what to offer as buttons: the likeliest when asking, the runners-up
// after an answer.
func choices(r Ranking) []Result {
	from := r.Results
	if r.Outcome == Answer {
		from = from[1:]
	}
	var picked []Result
	for _, result := range from {
		if len(picked) == maxChoices || result.Share < minChoiceShare && len(picked) > 0 {
			break
		}
		picked = append(picked, result)
	}
	return picked
}
