package knowledge

import (
	"context"

	"github.com/rapport-chat/rapport/language"
)

// Ranker finds the articles that a message asks for. Library is the one that ships;
// one that asks a language model may wrap it and reorder its results.
type Ranker interface {
	// Rank never fails for what a customer wrote; it returns an error only when ctx
	// ends or when something outside the process that it relies on does.
	Rank(ctx context.Context, q Query) (Ranking, error)
}

// Query is a customer's message, or several that belong together.
type Query struct {
	Text string
	// Language is the customer's; it is searched first. Empty means unknown.
	Language language.Code
	// Allowed limits the search to these articles' ids; nil means all. It is for
	// articles with an audience.
	Allowed func(articleID string) bool
}

// Outcome is what the bot should do with a ranking.
type Outcome int

// The three outcomes.
const (
	HandOff Outcome = iota // nothing fits: offer a person
	Ask                    // something may fit: "did you mean" with Choices as buttons
	Answer                 // a clear winner: answer with the first result
)

// String returns the outcome as reports print it.
func (o Outcome) String() string {
	switch o {
	case Answer:
		return "answer"
	case Ask:
		return "ask"
	default:
		return "hand-off"
	}
}

// Result is one article in one language.
type Result struct {
	ArticleID string
	Language  language.Code
	// Score orders the results; it has no upper bound and compares only within one
	// ranking.
	Score float64
	// Share is the probability of this article, 0 to 1, given that one is right.
	Share float64
	// Evidence is what speaks for the article.
	Evidence Evidence
}

// Ranking is what was found for a query.
type Ranking struct {
	Results []Result // best first, different articles, at most maxResults
	// Confidence is the calibrated probability, 0 to 1, that the first result is
	// right; it compares across queries.
	Confidence float64
	Outcome    Outcome
	// Choices are the results to offer as buttons when the outcome is Ask, and the
	// runners-up to offer when an answer did not help. At most three.
	Choices []Result
	// Certain is set when the outcome is Answer by far, for words as they were typed: enough to speak up beside a
	// member of staff, where a wrong answer is worse than none.
	Certain bool
	// Language is the one the results are in.
	Language language.Code
	// OtherLanguage is set when the customer's language had nothing and another one
	// did; the reply should say so.
	OtherLanguage bool
	// Signals are what the confidence was computed from.
	Signals Signals

	held bool // the question does not say what it is about: understood, and no sure answer all the same
	rare bool // the first article was taught and alone has unusual words of the question
}

// Thresholds divide confidences into outcomes: Answer and above answers, Ask and
// above asks, below hands over.
type Thresholds struct {
	Answer float64 `json:"answer"`
	Ask    float64 `json:"ask"`
}

const (
	maxResults = 10
	maxChoices = 3
	// minChoiceShare keeps hopeless articles off the buttons.
	minChoiceShare = 0.04
)

// outcome applies the thresholds.
func (t Thresholds) outcome(confidence float64) Outcome {
	switch {
	case confidence >= t.Answer:
		return Answer
	case confidence >= t.Ask:
		return Ask
	default:
		return HandOff
	}
}
