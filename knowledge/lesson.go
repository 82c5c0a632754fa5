package knowledge

import (
	"context"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
)

// LessonKind is what staff can teach.
type LessonKind string

// The kinds of lessons.
const (
	TaughtArticle  LessonKind = "article"  // an answer that was not there
	TaughtPhrasing LessonKind = "phrasing" // another way of asking for one that was
)

// Lesson is what a member of staff taught the bot with a reply to a customer. It is in force at once, by itself; when
// the operator's files have the same article or phrasing, theirs counts and nothing is there twice.
type Lesson struct {
	ID        int64
	Kind      LessonKind
	ArticleID string
	Language  language.Code
	Text      Text   // of a phrasing: Phrasings alone
	Words     string // the question that was handed over
	Author    string
	AuthorID  string
	Ticket    int64 // whose reply it was
	At        time.Time
	Undone    time.Time // zero while it is in force
}

// article is the lesson as an article of its own.
func (l Lesson) article() Article {
	return Article{ID: l.ArticleID, Reviewed: l.At, Texts: map[language.Code]Text{l.Language: l.Text}}
}

// inForce returns the articles with those that were taught and that no file has, each without repeated phrasings.
func (c Content) inForce() []Article {
	articles := slices.Clone(c.Articles)
	have := make(map[string]bool, len(articles))
	for _, a := range articles {
		have[a.ID] = true
	}
	for _, l := range c.Lessons {
		if l.Kind == TaughtArticle && l.Undone.IsZero() && !have[l.ArticleID] {
			have[l.ArticleID] = true
			articles = append(articles, l.article())
		}
	}
	return articles
}

// staffVotes is what a phrasing that staff taught weighs beside customers' presses. Of two lessons the later one
// counts.
const staffVotes = 1 << 20

// withLessons returns the learned phrasings with those that staff taught.
func (c Content) withLessons() []Learned {
	list := slices.Clone(c.Learned)
	for i, l := range c.Lessons {
		if l.Kind != TaughtPhrasing || !l.Undone.IsZero() {
			continue
		}
		for _, p := range l.Text.Phrasings {
			list = append(list, Learned{ArticleID: l.ArticleID, Language: l.Language, Text: p, Votes: staffVotes + i})
		}
	}
	return list
}

// different drops questions that are the same as an earlier one once folded.
func different(questions []string, code language.Code) []string {
	seen := make(map[string]bool, len(questions))
	var kept []string
	for _, q := range questions {
		folded := language.Fold(q, code)
		if !seen[folded] {
			seen[folded] = true
			kept = append(kept, q)
		}
	}
	return kept
}

// LessonFor is the lesson that an answer with this article owes to a member of staff, 0 for none: the article itself
// was taught, or the question is much like a phrasing that was.
func (l *Library) LessonFor(articleID string, question string) int64 {
	var best int64
	likeness := sameGap
	for _, lesson := range l.lessons[articleID] {
		if lesson.Kind == TaughtArticle {
			return lesson.ID
		}
		asked := meaningOf(question, lesson.Language)
		for _, p := range lesson.Text.Phrasings {
			if alike := asked.likeness(meaningOf(p, lesson.Language)); alike >= likeness {
				best, likeness = lesson.ID, alike
			}
		}
	}
	return best
}

// Answers says whether the library gives the lesson's article to a question: for certain, or as the best it has for a
// question that means the same as the one that was taught or has its unusual words.
func (l *Library) Answers(r Ranking, lesson Lesson, question string) bool {
	if len(r.Results) == 0 || r.Results[0].ArticleID != lesson.ArticleID {
		return false
	}
	if r.Outcome == Answer || r.rare {
		return true
	}
	asked := meaningOf(question, lesson.Language)
	for _, known := range append(lesson.Text.questions(), lesson.Words) {
		if known != "" && asked.likeness(meaningOf(known, lesson.Language)) >= sameGap {
			return true
		}
	}
	return false
}

// LessonStores binds the book of lessons to a transaction.
type LessonStores interface {
	LessonsIn(tx conversation.Tx) LessonBooks
}

// LessonBooks is the book of what staff teach.
type LessonBooks interface {
	// Teach keeps a lesson and puts it in force with the commit. key names what it came from; fresh is false when
	// that taught something already, and the answer then has only the id that is in force. An article whose id is
	// taken gets a number behind it.
	Teach(ctx context.Context, key string, l Lesson) (kept Lesson, fresh bool, err error)
	// Undo takes a lesson out of force. undone is false when it was not in force any more.
	Undo(ctx context.Context, id int64, by string, at time.Time) (l Lesson, undone bool, err error)
	// NoteLesson keeps which message tells staff about the lesson.
	NoteLesson(ctx context.Context, id int64, note conversation.OutgoingID, to conversation.Address) error
	// CountLesson counts an answer that a lesson gave, CountLessonFailed one of them that did not help.
	CountLesson(ctx context.Context, id int64, at time.Time) error
	CountLessonFailed(ctx context.Context, id int64, at time.Time) error
	// CloseQuestions ends the questions of the turn's person that were still open: they have their answer.
	CloseQuestions(ctx context.Context, at time.Time) error
}

// NewID is a free id for an article with that title.
func (l *Library) NewID(title string, code language.Code) string {
	taken := make(map[string]bool, len(l.byID))
	for id := range l.byID {
		taken[id] = true
	}
	return articleID("taught_", title, code, taken)
}

// In is the article's text in that language where it has one, else in another.
func (a Article) In(code language.Code) (Text, language.Code) { return inLanguage(a, code) }

// Label is the text as a button shows it.
func (t Text) Label() string { return label(t) }

// Asks says whether all of these phrasings are among the article's own in that language.
func (a Article) Asks(phrasings []string, code language.Code) bool {
	for _, p := range phrasings {
		if !has([]Article{a}, Lesson{ArticleID: a.ID, Language: code}, p) {
			return false
		}
	}
	return true
}
