package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

// defaultLearned is where what staff teach is written, beside the config.
const defaultLearned = "knowledge/learned.yaml"

// openTutor is what makes lessons of staff's replies.
func (s *service) openTutor(catalogue *texts.Catalogue) *desk.Tutor {
	return &desk.Tutor{
		Texts: catalogue, Language: s.set.Staff.Language, Languages: s.set.Brand.Languages,
		Suggester: nearest{s.parts.articles}, School: school{s.db, s.learner},
		Asked: func(ctx context.Context, t desk.Ticket) ([]string, error) {
			return s.db.OpenQuestions(ctx, t.Root, t.OpenedAt.Add(-askedBefore), maxAskedBefore)
		},
	}
}

// What a person asked so long before calling for somebody is what the call is about.
const (
	askedBefore    = time.Hour
	maxAskedBefore = 5
)

// nearest implements desk.Suggester with the articles in force.
type nearest struct{ articles *knowledge.Base }

var _ desk.Suggester = nearest{}

// Suggest implements desk.Suggester.
func (n nearest) Suggest(ctx context.Context, question string, lang language.Code, limit int) ([]desk.Suggestion, error) {
	r, err := n.articles.Rank(ctx, knowledge.Query{Text: question, Language: lang})
	if err != nil {
		return nil, fmt.Errorf("rank the articles: %w", err)
	}
	var list []desk.Suggestion
	for _, result := range r.Results {
		if len(list) == limit {
			break
		}
		if found, ok := n.Find(ctx, result.ArticleID, result.Language); ok {
			list = append(list, found)
		}
	}
	return list, nil
}

// Find implements desk.Suggester.
func (n nearest) Find(_ context.Context, articleID string, lang language.Code) (desk.Suggestion, bool) {
	article, ok := n.articles.Find(articleID)
	if !ok {
		return desk.Suggestion{}, false
	}
	text, in := article.In(lang)
	return desk.Suggestion{ArticleID: articleID, Lang: in, Title: text.Label(), Answer: texts.Parse(text.Answer)}, true
}

// school implements desk.School: lessons are kept in the database and put in force by the learner.
type school struct {
	db      *persistence.DB
	learner *learner
}

var _ desk.School = school{}

// Teach implements desk.School.
func (s school) Teach(ctx context.Context, tx conversation.Tx, key string, l desk.Lesson) (desk.Lesson, bool, error) {
	lesson := knowledge.Lesson{
		Kind: knowledge.TaughtPhrasing, ArticleID: l.Article, Language: l.Lang, Words: l.Words,
		Text:   knowledge.Text{Title: l.Title, Phrasings: l.Phrasings},
		Author: l.Author.Name, AuthorID: l.Author.ID, Ticket: int64(l.Ticket), At: l.At,
	}
	if l.Article == "" {
		lesson.Kind, lesson.ArticleID, lesson.Text.Answer = knowledge.TaughtArticle, s.learner.newID(l.Title, l.Lang), l.Answer
	}
	kept, fresh, err := s.db.LessonsIn(tx).Teach(ctx, key, lesson)
	if err == nil && fresh {
		s.learner.vote()
	}
	return taught(kept), fresh, err
}

// Undo implements desk.School.
func (s school) Undo(ctx context.Context, tx conversation.Tx, id int64, by desk.Member, at time.Time) (desk.Lesson, bool, error) {
	l, undone, err := s.db.LessonsIn(tx).Undo(ctx, id, by.Name, at)
	if err == nil && undone {
		s.learner.vote()
	}
	return taught(l), undone, err
}

// Note implements desk.School.
func (s school) Note(ctx context.Context, tx conversation.Tx, id int64, note conversation.OutgoingID, to conversation.Address) error {
	return s.db.LessonsIn(tx).NoteLesson(ctx, id, note, to)
}

// solved ends the ticket of somebody whom a lesson has answered. It can be gone on with as after any other end.
func (s *service) solved(ctx context.Context, tx conversation.Tx, t conversation.Turn, ticket int64) (bool, error) {
	return desk.Solved(ctx, s.db.Desk().In(tx), desk.TicketID(ticket), t.Person.Root, t.Now, s.set.Desk.Reopen.Std())
}

// taught is a lesson as the desk shows it.
func taught(l knowledge.Lesson) desk.Lesson {
	return desk.Lesson{
		ID: l.ID, Article: l.ArticleID, Title: l.Text.Title, Answer: l.Text.Answer, Phrasings: l.Text.Phrasings, Lang: l.Language,
		Words: l.Words, Author: desk.Member{ID: l.AuthorID, Name: l.Author}, Ticket: desk.TicketID(l.Ticket), At: l.At,
	}
}

// waitedFor is how old a ticket may be whose person is offered what was taught meanwhile.
const waitedFor = 14 * 24 * time.Hour

// maxOffered bounds how many people one lesson is offered to.
const maxOffered = 500

// newID is the id that a new article gets unless another lesson has it.
func (l *learner) newID(title string, lang language.Code) string {
	return l.s.parts.articles.Library().NewID(title, lang)
}

// settle does what is left to do about a lesson: the file, and those who wait. It may be run again after a crash.
func (l *learner) settle(ctx context.Context, k persistence.KeptLesson) error {
	if !k.Undone.IsZero() {
		return l.forget(ctx, k)
	}
	failed := l.file.Add(k.Lesson, l.elsewhere())
	if failed != nil {
		l.s.log.Warn("what staff taught could not be written; it is in force all the same", "lesson", k.ID, "error", failed.Error())
	}
	offered, err := l.offer(ctx, k.Lesson)
	if err != nil {
		return err
	}
	return l.s.db.SettleLesson(ctx, k, l.told(k, failed, offered))
}

// told is what staff read about a lesson once all is done.
func (l *learner) told(k persistence.KeptLesson, failed error, offered int) conversation.Outgoing {
	if k.Note == 0 {
		return conversation.Outgoing{}
	}
	say := func(key string, vars texts.Vars) texts.Rich {
		return l.s.parts.voice.Texts.Say(l.s.set.Staff.Language, key, vars)
	}
	file := say("teach.written", texts.Vars{"file": l.shownFile()})
	if failed != nil {
		file = say("teach.not_written", texts.Vars{"file": l.shownFile(), "reason": reasonOf(failed)})
	}
	more := []texts.Rich{file}
	if offered > 0 {
		more = append(more, say("teach.offered", texts.Vars{"n": offered}))
	}
	key := "teach.taught_article"
	if k.Kind == knowledge.TaughtPhrasing {
		key = "teach.taught_phrasing"
	}
	o := l.s.parts.tutor.Told(key, taught(k.Lesson), more...)
	return edit(o, k)
}

// edit makes a message about a lesson take the place of the one before it.
func edit(o conversation.Outgoing, k persistence.KeptLesson) conversation.Outgoing {
	o.Key, o.To, o.Customer, o.Lane = fmt.Sprintf("lesson.told:%d:%d", k.ID, k.At.UnixMilli()+k.Undone.UnixMilli()), k.NoteTo, -1, conversation.LaneNotice
	o.Body.Kind, o.Body.Of = conversation.BodyEdit, k.Note
	return o
}

// reasonOf is the operating system's word for what went wrong, without paths.
func reasonOf(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// shownFile is the learned file as an operator would name it.
func (l *learner) shownFile() string {
	if rel, err := filepath.Rel(filepath.Dir(l.s.path), l.file.Path); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.Base(l.file.Path)
}

// forget takes an undone lesson out of the file. Where it stands in another file, staff are told.
func (l *learner) forget(ctx context.Context, k persistence.KeptLesson) error {
	tell := conversation.Outgoing{}
	err := l.file.Remove(k.Lesson)
	if err != nil {
		l.s.log.Warn("what was taken back could not be removed from the file", "lesson", k.ID, "error", err.Error())
	}
	l.reload()
	if file := l.standsIn(k.Lesson); file != "" && k.Note != 0 {
		say := func(key string, vars texts.Vars) texts.Rich {
			return l.s.parts.voice.Texts.Say(l.s.set.Staff.Language, key, vars)
		}
		tell = edit(conversation.Say(texts.Lines(
			say("teach.undone", texts.Vars{"title": k.Text.Title, "staff": k.Author}), say("teach.undone_elsewhere", texts.Vars{"file": file}),
		)), k)
	}
	return l.s.db.SettleLesson(ctx, k, tell)
}

// elsewhere lists the articles of the operator's files.
func (l *learner) elsewhere() []knowledge.Article {
	var list []knowledge.Article
	for _, a := range l.s.parts.articles.Library().Articles() {
		if a.Source.File != "" {
			list = append(list, a)
		}
	}
	return list
}

// standsIn is the file in which an undone lesson still stands, empty for none.
func (l *learner) standsIn(lesson knowledge.Lesson) string {
	for _, a := range l.elsewhere() {
		if a.ID == lesson.ArticleID && (lesson.Kind == knowledge.TaughtArticle || a.Asks(lesson.Text.Phrasings, lesson.Language)) {
			return a.Source.File
		}
	}
	return ""
}

// offer gives the lesson to everybody who still waits with the same question, each once. It answers how many that
// are.
func (l *learner) offer(ctx context.Context, lesson knowledge.Lesson) (offered int, err error) {
	now := l.s.business.Now()
	waiters, err := l.s.db.StillWaiting(ctx, now.Add(-waitedFor), lesson.Ticket, maxOffered)
	if err != nil {
		return 0, err
	}
	for _, w := range waiters {
		question, ok, err := l.same(ctx, lesson, w)
		if err != nil {
			return offered, err
		}
		if !ok {
			continue
		}
		sent, err := l.offerTo(ctx, lesson, w, question)
		if err != nil {
			return offered, err
		}
		if sent {
			offered++
		}
	}
	return offered, nil
}

// same finds the question of a person that the lesson answers.
func (l *learner) same(ctx context.Context, lesson knowledge.Lesson, w persistence.Waiter) (question string, ok bool, err error) {
	library := l.s.parts.articles.Library()
	for _, question := range w.Questions {
		r, err := library.Rank(ctx, knowledge.Query{Text: question, Language: w.Lang})
		if err != nil {
			return "", false, err
		}
		if library.Answers(r, lesson, question) {
			return question, true, nil
		}
	}
	return "", false, nil
}

func (l *learner) offerTo(ctx context.Context, lesson knowledge.Lesson, w persistence.Waiter, question string) (sent bool, err error) {
	err = l.s.db.Approach(ctx, w.Conversation, func(ctx context.Context, tx conversation.Tx, st conversation.State) (conversation.Dialogue, error) {
		sent = false
		waits, owned, err := persistence.From(tx).Waits(ctx, w.Ticket)
		if err != nil || !waits {
			return st.Dialogue, err
		}
		lang := conversation.ReplyLanguage(st.Person, "", l.s.set.Brand.Languages)
		if st.Person.Chosen == "" && st.Person.Spoken == "" && w.Lang != "" {
			lang = w.Lang
		}
		o, ok := l.s.parts.questions.OfferTaught(lang, lesson, question, w.Ticket, owned)
		if !ok {
			return st.Dialogue, nil
		}
		o.Key, o.Customer = knowledge.OfferKey(lesson.ID, w.Ticket), w.Customer
		_, err = tx.Send(ctx, o)
		sent = err == nil
		return st.Dialogue, err
	})
	if errors.Is(err, conversation.ErrNotFound) {
		return false, nil // erased meanwhile
	}
	return sent, err
}
