package knowledge

import (
	"context"
	"strconv"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// lessonFor is the lesson that an answer owes to staff, where the articles know of lessons.
func (s *Skill) lessonFor(articleID, question string) int64 {
	knows, ok := s.Articles.(interface {
		LessonFor(articleID, question string) int64
	})
	if !ok || s.Lessons == nil {
		return 0
	}
	return knows.LessonFor(articleID, question)
}

// countLesson counts an answer that staff need not write because somebody taught it.
func (s *Skill) countLesson(ctx context.Context, tx conversation.Tx, p pick, at time.Time) error {
	if p.Lesson == 0 || s.Lessons == nil {
		return nil
	}
	return s.Lessons.LessonsIn(tx).CountLesson(ctx, p.Lesson, at)
}

// failed records that an answer did not help, once.
func (s *Skill) failed(ctx context.Context, tx conversation.Tx, t conversation.Turn, p pick) error {
	fresh, err := s.record(ctx, tx, t, p, false)
	if err != nil || !fresh || p.Lesson == 0 || s.Lessons == nil {
		return err
	}
	return s.Lessons.LessonsIn(tx).CountLessonFailed(ctx, p.Lesson, t.Now)
}

// OfferTaught is the message that gives somebody who still waits what staff have taught meanwhile. question is what
// this person asked, ticket the one that ends when it helps. owned says that a member of staff has the ticket: then
// the message says that it is the bot's. ok is false when the article is not in force. The caller adds key and address.
func (s *Skill) OfferTaught(lang language.Code, lesson Lesson, question string, ticket int64, owned bool) (o conversation.Outgoing, ok bool) {
	article, ok := s.Articles.Find(lesson.ArticleID)
	if !ok {
		return o, false
	}
	text, in := inLanguage(article, lang, lesson.Language)
	intro := s.Texts.Say(lang, "teach.offer", texts.Vars{"question": excerpt(question)})
	if owned {
		intro = texts.Paragraphs(s.Texts.Say(lang, "answer.from_assistant", nil), intro)
	}
	body := texts.Parse(text.Answer)
	if in != lang {
		body = texts.Paragraphs(s.Texts.Say(lang, "answer.other_language", nil), body)
	}
	o = s.withHelped(lang, text, texts.Paragraphs(intro, body), "found", "not_found", pick{
		ArticleID: article.ID, Language: in, Question: -(lesson.ID<<32 | ticket), Text: excerpt(question), Lesson: lesson.ID, Ticket: ticket,
	})
	o.Lane = conversation.LaneNotice
	return o, true
}

// OfferKey names the message in which a ticket's person is offered a lesson, so that it goes once.
func OfferKey(lesson, ticket int64) string {
	return "lesson:" + strconv.FormatInt(lesson, 10) + ":" + strconv.FormatInt(ticket, 10)
}

// found ends the ticket of somebody whom staff need not answer any more. A second press changes nothing.
func (s *Skill) found(t conversation.Turn, p pick) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		fresh, err := s.record(ctx, tx, t, p, true)
		if err != nil {
			return t.Dialogue, err
		}
		key := "error.done_already"
		if fresh {
			if key, err = s.solve(ctx, tx, t, p); err != nil {
				return t.Dialogue, err
			}
		}
		o := conversation.Say(s.Texts.Say(t.Lang, key, nil))
		if r, ok := s.Desk.(Reopener); ok && key == closed {
			o.Body.Rows = [][]conversation.Button{{r.ContinueButton(p.Ticket, t.Lang)}}
		}
		_, err = tx.Send(ctx, o)
		return t.Dialogue, err
	}
}

// closed is the text for somebody whose ticket an answer has ended.
const closed = "teach.closed"

// Reopener is a conversation.Desk whose resolved tickets can be gone on with: it answers the button for that.
type Reopener interface {
	ContinueButton(ticket int64, lang language.Code) conversation.Button
}

// solve counts the reply that was saved and ends the ticket. It answers what the person is told.
func (s *Skill) solve(ctx context.Context, tx conversation.Tx, t conversation.Turn, p pick) (key string, err error) {
	if err := s.Stores.KnowledgeIn(tx).CountUse(ctx, p.ArticleID, p.Language, t.Now); err != nil {
		return "", err
	}
	if err := s.countLesson(ctx, tx, p, t.Now); err != nil {
		return "", err
	}
	if s.Lessons != nil {
		if err := s.Lessons.LessonsIn(tx).CloseQuestions(ctx, t.Now); err != nil {
			return "", err
		}
	}
	if s.Solved == nil {
		return "answer.after_yes", nil
	}
	ended, err := s.Solved(ctx, tx, t, p.Ticket)
	if err != nil || !ended {
		return "answer.after_yes", err
	}
	return closed, nil
}

// notFound leaves the question with staff.
func (s *Skill) notFound(t conversation.Turn, p pick) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if _, err := s.record(ctx, tx, t, p, false); err != nil {
			return t.Dialogue, err
		}
		_, err := tx.Send(ctx, conversation.Say(s.Texts.Say(t.Lang, "teach.stays", nil)))
		return t.Dialogue, err
	}
}

// Chooses implements conversation.Chooser: "the first one" answers "which of these do you mean?".
func (*Skill) Chooses(a conversation.Action) bool { return a.Verb == "choose" }

var _ conversation.WhileWaiting = (*Skill)(nil)

// AsksWhileWaiting implements conversation.WhileWaiting: what was taught meanwhile is offered to those who wait.
func (*Skill) AsksWhileWaiting(a conversation.Action) bool {
	return a.Verb == "found" || a.Verb == "not_found"
}
