package knowledge

import (
	"cmp"
	"slices"

	"github.com/rapport-chat/rapport/language"
)

// Content is everything that a library is made from.
type Content struct {
	Articles []Article
	Synonyms []Synonyms
	Learned  []Learned
	Lessons  []Lesson
}

// Synonyms is a group of words and phrases that mean the same in an operator's trade.
type Synonyms struct {
	Language language.Code
	Words    []string // at least two; a phrase is words with spaces
	Source   Position
}

// Learned is a question in a customer's own words that people matched to an article.
type Learned struct {
	ArticleID string
	Language  language.Code
	Text      string
	Votes     int
}

// ConfirmingVotes is how many people must have matched a question to an article
// before it counts as a phrasing of that article; one press may be a slip.
const ConfirmingVotes = 2

// groups returns the synonyms of one language.
func (c Content) groups(code language.Code) [][]string {
	var groups [][]string
	for _, s := range c.Synonyms {
		if s.Language == code && len(s.Words) > 1 {
			groups = append(groups, s.Words)
		}
	}
	return groups
}

// phrasingsLearned returns the learned phrasings by article and language. A question
// that people matched to several articles belongs to the one with most votes, and to
// none when they are equal.
func (c Content) phrasingsLearned() map[string]map[language.Code][]string {
	type key struct {
		code   language.Code
		folded string
	}
	list := c.withLessons()
	slices.SortStableFunc(list, func(a, b Learned) int {
		return cmp.Or(cmp.Compare(b.Votes, a.Votes), cmp.Compare(a.ArticleID, b.ArticleID), cmp.Compare(a.Text, b.Text))
	})
	first, tied := make(map[key]Learned), make(map[key]bool)
	var order []key
	for _, l := range list {
		k := key{l.Language, language.Fold(l.Text, l.Language)}
		if k.folded == "" {
			continue
		}
		if before, ok := first[k]; ok {
			tied[k] = tied[k] || before.Votes == l.Votes && before.ArticleID != l.ArticleID
			continue
		}
		first[k] = l
		order = append(order, k)
	}
	byArticle := make(map[string]map[language.Code][]string)
	for _, k := range order {
		if tied[k] {
			continue
		}
		l := first[k]
		if byArticle[l.ArticleID] == nil {
			byArticle[l.ArticleID] = make(map[language.Code][]string)
		}
		byArticle[l.ArticleID][l.Language] = append(byArticle[l.ArticleID][l.Language], l.Text)
	}
	return byArticle
}
