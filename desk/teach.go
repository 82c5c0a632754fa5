package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Lesson is what a reply of staff teaches the bot: a new article, or another phrasing of one that it has.
type Lesson struct {
	ID        int64
	Article   string // the article that gets a phrasing; empty for a new one, until it is taught
	Title     string
	Answer    string // of a new article
	Phrasings []string
	Lang      language.Code
	Words     string // what the customer asked
	Author    Member
	Ticket    TicketID
	At        time.Time
}

// School is where lessons are kept. Its methods run in the transaction of the press.
type School interface {
	// Teach keeps a lesson and puts it in force with the commit. key names what it came from; fresh is false when
	// that taught something already.
	Teach(ctx context.Context, tx conversation.Tx, key string, l Lesson) (kept Lesson, fresh bool, err error)
	// Undo takes a lesson out of force; undone is false when it was not in force any more.
	Undo(ctx context.Context, tx conversation.Tx, id int64, by Member, at time.Time) (l Lesson, undone bool, err error)
	// Note keeps which message tells staff about the lesson, so that it can say more later.
	Note(ctx context.Context, tx conversation.Tx, id int64, note conversation.OutgoingID, to conversation.Address) error
}

// Tutor is the Teacher that makes articles and phrasings of replies.
type Tutor struct {
	Texts     *texts.Catalogue
	Language  language.Code   // of staff
	Languages []language.Code // the brand's
	Suggester Suggester
	School    School
	// Asked lists what the ticket's person asked and the bot could not answer, the newest first: who only says "a
	// person, please" has asked before. May be nil.
	Asked func(ctx context.Context, t Ticket) ([]string, error)
}

var _ Teacher = (*Tutor)(nil)

// Figures of the tutor.
const (
	teachSkill     = "desk"
	nearArticles   = 3    // buttons "phrasing of"
	minLessonRunes = 4    // shorter words ask nothing
	maxTitleRunes  = 75   // as long as a button of any platform may be
	maxAnswerRunes = 3000 // what Slack's input takes
	maxAskedRunes  = 500  // of the customer's words
	maxPhrasings   = 20   // of one form
)

// draft is what a button of the tutor carries.
type draft struct {
	Reply   string               `json:"r"`           // the reply's key
	Ticket  TicketID             `json:"t,omitempty"` // whose reply
	Words   string               `json:"w,omitempty"`
	Lang    language.Code        `json:"l,omitempty"`
	Article string               `json:"a,omitempty"` // gets a phrasing
	Title   string               `json:"n,omitempty"` // of the article
	To      conversation.Address `json:"to,omitzero"` // the ticket's thread
	Lesson  int64                `json:"id,omitempty"`
}

// Offer implements Teacher. There is nothing to learn from a reply to no words.
func (u *Tutor) Offer(ctx context.Context, t Ticket, reply Message) ([][]conversation.Button, error) {
	asked, err := u.question(ctx, t)
	if err != nil {
		return nil, err
	}
	answer := Answer(reply.Text, reply.Author.Name)
	if len([]rune(asked)) < minLessonRunes || answer == "" {
		return nil, nil
	}
	d := draft{Reply: reply.Key, Ticket: t.ID, Words: asked, Lang: u.langOf(asked, t.Lang), To: t.Card.To}
	d.To.Thread = t.Card.Thread
	if t.Card.RealChat != "" {
		d.To.Chat = t.Card.RealChat
	}
	article := conversation.Act(u.label("teach.new_article", nil), teachSkill, "teach.article", d)
	article.Form = &conversation.Form{
		Title: u.label("teach.new_article", nil),
		Fields: []conversation.FormField{
			{Name: "title", Label: u.label("teach.field_title", nil), Value: Title(asked), MaxRunes: maxTitleRunes},
			{Name: "answer", Label: u.label("teach.field_answer", nil), Value: shortened(answer, maxAnswerRunes), Multiline: true, MaxRunes: maxAnswerRunes},
			{Name: "phrasings", Label: u.label("teach.field_phrasings", nil), Value: asked, Hint: u.label("teach.field_phrasings_hint", nil), Multiline: true, MaxRunes: maxAnswerRunes},
		},
	}
	rows := [][]conversation.Button{{article}}
	near, err := u.Suggester.Suggest(ctx, asked, d.Lang, nearArticles)
	if err != nil {
		return nil, fmt.Errorf("find the articles nearest to a reply's question: %w", err)
	}
	for _, s := range near {
		of := d
		of.Article, of.Title = s.ArticleID, s.Title
		rows = append(rows, []conversation.Button{
			conversation.Act(shortened(u.label("teach.phrasing_of", texts.Vars{"title": s.Title}), maxTitleRunes), teachSkill, "teach.phrasing", of),
		})
	}
	return rows, nil
}

// question is what the ticket is about: what the customer said when it was opened, else what was asked before.
func (u *Tutor) question(ctx context.Context, t Ticket) (string, error) {
	if asked := Question(t.Words); len([]rune(asked)) >= minLessonRunes || u.Asked == nil {
		return asked, nil
	}
	list, err := u.Asked(ctx, t)
	if err != nil {
		return "", fmt.Errorf("read what the person of ticket %d asked: %w", t.ID, err)
	}
	for _, words := range list {
		if asked := Question(words); len([]rune(asked)) >= minLessonRunes {
			return asked, nil
		}
	}
	return "", nil
}

// langOf is the language that words are clearly written in, else the one given.
func (u *Tutor) langOf(words string, otherwise language.Code) language.Code {
	if g := language.DetectAmong(words, u.Languages); g.Sure() {
		return g.Code
	}
	return otherwise
}

// Press implements Teacher.
func (u *Tutor) Press(_ context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	var d draft
	if err := json.Unmarshal(a.Data, &d); err != nil {
		return nil, fmt.Errorf("read a button of the tutor: %w", err)
	}
	if t.In.Thread != "" {
		d.To = t.In.Address
	}
	switch a.Verb {
	case "teach.article":
		return u.teachArticle(t, d), nil
	case "teach.phrasing":
		l := u.lesson(t, d)
		l.Article, l.Title, l.Phrasings = d.Article, d.Title, []string{d.Words}
		return u.teach(t, d, "phrasing:"+d.Article+":"+d.Reply, l, "teach.taught_phrasing"), nil
	case "teach.undo":
		return u.undo(t, d), nil
	}
	return nil, fmt.Errorf("a button of the tutor has the unknown verb %q", a.Verb)
}

func (u *Tutor) lesson(t conversation.Turn, d draft) Lesson {
	return Lesson{
		Words: d.Words, Lang: d.Lang, Ticket: d.Ticket, At: t.Now,
		Author: Member{ID: t.In.From.UserID, Name: t.In.From.Name},
	}
}

// teachArticle takes the form. Where it could not be opened, what it would have held is taken as it stands.
func (u *Tutor) teachArticle(t conversation.Turn, d draft) conversation.Commit {
	l := u.lesson(t, d)
	l.Title, l.Answer = tidy(t.In.Values["title"]), strings.TrimSpace(t.In.Values["answer"])
	for line := range strings.Lines(t.In.Values["phrasings"]) {
		if line = tidy(line); line != "" && len(l.Phrasings) < maxPhrasings {
			l.Phrasings = append(l.Phrasings, line)
		}
	}
	if l.Title == "" || l.Answer == "" {
		return u.tell(t, d, "teach.incomplete", nil)
	}
	return u.teach(t, d, "article:"+d.Reply, l, "teach.taught_article")
}

func (u *Tutor) teach(t conversation.Turn, d draft, key string, l Lesson, told string) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		kept, fresh, err := u.School.Teach(ctx, tx, key, l)
		if err != nil {
			return t.Dialogue, err
		}
		if !fresh {
			return u.tell(t, d, "teach.already", nil)(ctx, tx)
		}
		note := u.Told(told, kept)
		note.To, note.Customer = d.To, nobody
		id, err := tx.Send(ctx, note)
		if err != nil {
			return t.Dialogue, err
		}
		return t.Dialogue, u.School.Note(ctx, tx, kept.ID, id, d.To)
	}
}

// nobody is the customer of what goes to staff.
const nobody conversation.CustomerID = -1

// Told is the message about a lesson in force, with the button that takes it back. more is said below.
func (u *Tutor) Told(key string, l Lesson, more ...texts.Rich) conversation.Outgoing {
	said := u.Texts.Say(u.Language, key, texts.Vars{"title": l.Title, "staff": l.Author.Name, "question": strings.Join(l.Phrasings, " / ")})
	lines := append([]texts.Rich{said}, more...)
	if missing := u.missing(l.Lang); l.Answer != "" && missing != "" {
		lines = append(lines, u.Texts.Say(u.Language, "teach.only_in", texts.Vars{"language": string(l.Lang), "others": missing}))
	}
	o := conversation.Say(texts.Lines(lines...), []conversation.Button{
		conversation.Act(u.label("button.undo", nil), teachSkill, "teach.undo", draft{Lesson: l.ID, Ticket: l.Ticket}),
	})
	o.Lane, o.Customer = conversation.LaneNotice, nobody
	return o
}

// missing lists the brand's other languages.
func (u *Tutor) missing(have language.Code) string {
	var others []string
	for _, code := range u.Languages {
		if code != have {
			others = append(others, string(code))
		}
	}
	return strings.Join(others, ", ")
}

// undo takes a lesson back; a second press changes nothing.
func (u *Tutor) undo(t conversation.Turn, d draft) conversation.Commit {
	by := Member{ID: t.In.From.UserID, Name: t.In.From.Name}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		l, undone, err := u.School.Undo(ctx, tx, d.Lesson, by, t.Now)
		switch {
		case errors.Is(err, conversation.ErrNotFound) || err == nil && !undone:
			return u.tell(t, d, "teach.undone_already", nil)(ctx, tx)
		case err != nil:
			return t.Dialogue, err
		case t.Pressed == nil:
			return u.tell(t, d, "teach.undone", texts.Vars{"title": l.Title, "staff": by.Name})(ctx, tx)
		}
		o := conversation.Outgoing{
			Key: "teach.undo:" + strconv.FormatInt(l.ID, 10) + ":" + strconv.FormatInt(t.In.ID, 10), To: d.To, Customer: nobody, Lane: conversation.LaneNotice,
			Body: conversation.Body{
				Kind: conversation.BodyEdit, Of: t.Pressed.Of,
				Text: u.Texts.Say(u.Language, "teach.undone", texts.Vars{"title": l.Title, "staff": by.Name}),
			},
		}
		_, err = tx.Send(ctx, o)
		return t.Dialogue, err
	}
}

// tell answers in the thread, to the one who pressed alone.
func (u *Tutor) tell(t conversation.Turn, d draft, key string, vars texts.Vars) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		o := conversation.Say(u.Texts.Say(u.Language, key, vars))
		o.To, o.Customer, o.Body.OnlyFor = d.To, nobody, t.In.From.UserID
		_, err := tx.Send(ctx, o)
		return t.Dialogue, err
	}
}

func (u *Tutor) label(key string, vars texts.Vars) string {
	return u.Texts.Label(u.Language, key, vars)
}

// SavedLine is the digest's line about one member of staff: how many replies those answers saved.
func SavedLine(c *texts.Catalogue, lang language.Code, staff string, answers, replies int) texts.Rich {
	count := func(n int, noun string) string { return strconv.Itoa(n) + " " + c.Noun(lang, noun, int64(n)) }
	return c.Say(lang, "teach.saved", texts.Vars{"staff": staff, "written": count(answers, "answers"), "spared": count(replies, "replies")})
}

// Solved ends the ticket of a person who says that the bot's answer helped; closed is false when there was nothing to
// end. The ticket can be gone on with for the window.
func Solved(ctx context.Context, b Books, id TicketID, root conversation.CustomerID, now time.Time, window time.Duration) (closed bool, err error) {
	t, err := b.Lock(ctx, id)
	if errors.Is(err, conversation.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock ticket %d: %w", id, err)
	}
	if t.Root != root {
		return false, nil
	}
	t, err = t.Resolve("answer", now, window)
	if errors.Is(err, ErrDone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = b.Save(ctx, t)
	return err == nil, err
}
