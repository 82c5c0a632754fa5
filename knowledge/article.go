// Package knowledge answers questions from a business's own articles: it reads the
// articles, finds the one that a message asks for in the way people really type,
// and says how sure it is, so that the bot knows when it does not know.
package knowledge

import (
	"time"

	"github.com/rapport-chat/rapport/language"
)

// Article is one answer that the business gives, in one or more languages.
type Article struct {
	ID    string // unique over all files
	Topic string // routes hand-overs and groups reports; may be empty
	// Texts has an entry for every language the article is written in.
	Texts map[language.Code]Text
	// Reviewed is the day on which somebody last read the article, zero when unknown.
	Reviewed time.Time
	// ReviewEvery is how long a review holds, 0 for ever.
	ReviewEvery time.Duration
	// Audience is an expression over the customer; empty means everyone. It is only
	// carried here: checking and evaluating it is the business of package audience.
	Audience string
	Source   Position // where the article was read from
}

// Text is an article in one language.
type Text struct {
	Title     string   // the question as the business puts it
	Phrasings []string // other ways in which customers ask it
	Answer    string
	Buttons   []Button
	Picture   string // path or address, empty for none
}

// Button is a link under an answer.
type Button struct {
	Label string
	URL   string
}

// Position is a place in an operator's file. Line and Column count from 1; 0 means
// that the place is not known.
type Position struct {
	File   string
	Line   int
	Column int
}

// questions returns the title, when there is one, and the phrasings.
func (t Text) questions() []string {
	all := make([]string, 0, 1+len(t.Phrasings))
	if t.Title != "" {
		all = append(all, t.Title)
	}
	return append(all, t.Phrasings...)
}
