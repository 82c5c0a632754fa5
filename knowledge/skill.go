package knowledge

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Stores binds the skill's books to a turn's transaction.
type Stores interface {
	KnowledgeIn(tx conversation.Tx) Books
}

// Books is what the skill keeps: which articles served, whether they helped, what nobody could answer, and which
// questions people themselves matched to an article.
type Books interface {
	// CountUse counts an article that was given as an answer.
	CountUse(ctx context.Context, articleID string, lang language.Code, at time.Time) error
	// RecordHelped keeps the answer to "helped?". fresh is false when the question was rated before.
	RecordHelped(ctx context.Context, h Helped) (fresh bool, err error)
	// RecordUnanswered keeps a question for the list of gaps, once per event.
	RecordUnanswered(ctx context.Context, u Missed) error
	// Vote counts that this question was matched to this article by a person's press; one vote per event.
	Vote(ctx context.Context, v Vote) error
}

// Helped is one answer to "helped?".
type Helped struct {
	Question  int64 // the inbox row of the question
	ArticleID string
	Language  language.Code
	Helped    bool
	At        time.Time
}

// Missed is a question that got no certain answer.
type Missed struct {
	Question int64
	Text     string
	Language language.Code
	Nearest  string // the article that came closest
	Score    float64
	Outcome  string // "did_you_mean", "none", "not_helped"
	At       time.Time
}

// Vote is a question and the article that a person chose for it.
type Vote struct {
	Question  int64
	Text      string
	ArticleID string
	Language  language.Code
	At        time.Time
}

// Articles gives the library in force, which changes when files change.
type Articles interface {
	Ranker
	Find(id string) (Article, bool)
}

// Skill answers from the articles: for certain, or by asking what is meant, or by offering a person.
type Skill struct {
	Articles Articles
	Texts    *texts.Catalogue
	Desk     conversation.Desk
	Stores   Stores
	Lessons  LessonStores // what staff taught; nil: nobody teaches
	// Solved ends a ticket that a lesson answered, in the transaction of the press; nil leaves it to staff.
	Solved func(ctx context.Context, tx conversation.Tx, t conversation.Turn, ticket int64) (closed bool, err error)
	// Voted is told of each vote, inside its transaction; may be nil.
	Voted func()
	// Allowed says which articles a person may see; nil means all.
	Allowed func(ctx context.Context, t conversation.Turn) func(articleID string) bool
}

var _ conversation.Chooser = (*Skill)(nil)

const skillName = "knowledge"

// Figures of the skill.
const (
	maxQuestion   = 300 // runes of a question that travel with its buttons
	completeWords = 7   // a text of so many words is a whole question and does not wait for more
)

// pick is what a button of this skill carries.
type pick struct {
	ArticleID string        `json:"a,omitempty"`
	Language  language.Code `json:"l,omitempty"` // in which the article was found
	Question  int64         `json:"q"`
	Text      string        `json:"t"`
	Others    []string      `json:"o,omitempty"` // the runners-up
	Noes      int           `json:"n,omitempty"` // how often an answer to this question has not helped
	Lesson    int64         `json:"s,omitempty"` // to which the answer is owed
	Ticket    int64         `json:"k,omitempty"` // that the answer would end
}

// Name implements conversation.Skill.
func (*Skill) Name() string { return skillName }

// Decide implements conversation.Skill.
func (s *Skill) Decide(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if (t.In.Kind != conversation.KindMessage && t.In.Kind != conversation.KindEdit) || t.In.Text == "" || t.In.Command != "" {
		return nil, nil
	}
	q := Query{Text: t.In.Text, Language: t.Lang}
	if s.Allowed != nil {
		q.Allowed = s.Allowed(ctx, t)
	}
	r, err := s.Articles.Rank(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("rank the articles: %w", err)
	}
	_, asked := t.Dialogue.Top()
	person := ""
	if !r.Certain {
		person = forPerson(t.In.Text)
	}
	switch {
	case r.Outcome == Answer && len(r.Results) > 0 && (r.Certain || person == "" && !t.HumanOwns && !t.HumanWaits):
		return s.answer(t, pick{
			ArticleID: r.Results[0].ArticleID, Language: r.Results[0].Language, Question: t.In.ID,
			Text: excerpt(t.In.Text), Others: ids(r.Choices),
		}), nil
	case asked || t.HumanOwns || t.In.Kind == conversation.KindEdit:
		return nil, nil // somebody else waits for exactly this text, or it was only corrected
	case !t.Final && !complete(t.In.Text):
		return nil, conversation.ErrWait
	case t.HumanWaits:
		return s.Desk.HandOver(t, conversation.Handoff{Reason: "more", Words: t.In.Text, Lang: t.Lang}), nil
	case person != "":
		return s.Desk.HandOver(t, conversation.Handoff{Reason: person, Words: t.In.Text, Lang: t.Lang}), nil
	case r.Outcome == Ask && len(r.Choices) > 0:
		return s.suggest(t, r), nil
	}
	return s.offerPerson(t, r), nil
}

// forPerson is the reason for which a text is for a person rather than for a guess of ours: whoever is angry, or has
// asked for a person somewhere in it, is not asked what was meant.
func forPerson(text string) (reason string) {
	switch {
	case texts.Mentions(text, texts.IntentComplaint), texts.Mentions(text, texts.IntentThreat):
		return "complaint"
	case texts.Mentions(text, texts.IntentAgent):
		return "asked"
	}
	return ""
}

// complete says that a text is a whole question by its look.
func complete(text string) bool {
	return strings.HasSuffix(strings.TrimSpace(text), "?") || len(strings.Fields(text)) >= completeWords
}

// Press implements conversation.Presser.
func (s *Skill) Press(_ context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	var p pick
	if err := json.Unmarshal(a.Data, &p); err != nil {
		return nil, fmt.Errorf("read a button of the knowledge skill: %w", err)
	}
	switch a.Verb {
	case "yes":
		return s.helped(t, p), nil
	case "no":
		return s.notHelped(t, p), nil
	case "choose":
		return s.choose(t, p), nil
	case "none":
		return s.none(t, p), nil
	case "found":
		return s.found(t, p), nil
	case "not_found":
		return s.notFound(t, p), nil
	}
	return nil, fmt.Errorf("a button of the knowledge skill has the unknown verb %q", a.Verb)
}

// answer gives the article in the reply's language where it has one.
func (s *Skill) answer(t conversation.Turn, p pick) conversation.Commit {
	article, ok := s.Articles.Find(p.ArticleID)
	if !ok { // removed since the button was made
		return s.say(t, conversation.Say(s.Texts.Say(t.Lang, "error.old_button", nil)))
	}
	text, lang := inLanguage(article, t.Lang, p.Language)
	body := texts.Parse(text.Answer)
	if lang != t.Lang {
		body = texts.Paragraphs(s.Texts.Say(t.Lang, "answer.other_language", nil), body)
	}
	if t.HumanOwns {
		body = texts.Paragraphs(s.Texts.Say(t.Lang, "answer.from_assistant", nil), body)
	}
	p.Lesson = s.lessonFor(article.ID, p.Text)
	o := s.withHelped(t.Lang, text, body, "yes", "no", p)
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		d := t.Dialogue
		d.AskAgain, d.Answered = true, true
		if err := s.Stores.KnowledgeIn(tx).CountUse(ctx, article.ID, lang, t.Now); err != nil {
			return d, err
		}
		if err := s.countLesson(ctx, tx, p, t.Now); err != nil {
			return d, err
		}
		_, err := tx.Send(ctx, o)
		return d, err
	}
}

// withHelped is an answer with its links and the question whether it helped.
func (s *Skill) withHelped(lang language.Code, text Text, body texts.Rich, yes, no string, p pick) conversation.Outgoing {
	o := conversation.Say(texts.Paragraphs(body, s.Texts.Say(lang, "answer.helped", nil)))
	for _, b := range text.Buttons {
		o.Body.Rows = append(o.Body.Rows, []conversation.Button{{Label: b.Label, URL: b.URL}})
	}
	o.Body.Rows = append(o.Body.Rows, []conversation.Button{
		conversation.Act(s.Texts.Label(lang, "button.yes", nil), skillName, yes, p),
		conversation.Act(s.Texts.Label(lang, "button.no", nil), skillName, no, p),
	})
	o.Body.Image = s.picture(text)
	return o
}

// suggest asks which of a few articles is meant.
func (s *Skill) suggest(t conversation.Turn, r Ranking) conversation.Commit {
	rows := s.titles(t, r.Choices, pick{Question: t.In.ID, Text: excerpt(t.In.Text), Language: r.Language})
	missed := s.missed(t, r, "did_you_mean")
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if err := s.Stores.KnowledgeIn(tx).RecordUnanswered(ctx, missed); err != nil {
			return t.Dialogue, err
		}
		_, err := tx.Send(ctx, conversation.Say(s.Texts.Say(t.Lang, "suggest.several", nil), rows...))
		return t.Dialogue, err
	}
}

// titles has a button per article and "none of these".
func (s *Skill) titles(t conversation.Turn, choices []Result, p pick) [][]conversation.Button {
	all := ids(choices)
	var rows [][]conversation.Button
	for _, c := range choices {
		article, ok := s.Articles.Find(c.ArticleID)
		if !ok {
			continue
		}
		text, _ := inLanguage(article, t.Lang, p.Language)
		chosen := p
		chosen.ArticleID, chosen.Others = c.ArticleID, without(all, c.ArticleID)
		rows = append(rows, []conversation.Button{conversation.Act(label(text), skillName, "choose", chosen)})
	}
	p.Others = nil
	return append(rows, []conversation.Button{conversation.Act(s.Texts.Label(t.Lang, "suggest.none", nil), skillName, "none", p)})
}

// offerPerson says that there is no ready answer.
func (s *Skill) offerPerson(t conversation.Turn, r Ranking) conversation.Commit {
	missed := s.missed(t, r, "none")
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if err := s.Stores.KnowledgeIn(tx).RecordUnanswered(ctx, missed); err != nil {
			return t.Dialogue, err
		}
		_, err := tx.Send(ctx, s.personOffer(t, "fallback.offer", "nothing_matched", t.In.Text))
		return t.Dialogue, err
	}
}

func (s *Skill) personOffer(t conversation.Turn, key, reason, words string) conversation.Outgoing {
	return conversation.Say(s.Texts.Say(t.Lang, key, nil), []conversation.Button{
		conversation.Act(s.Texts.Label(t.Lang, "fallback.yes", nil), "agent", "call", map[string]string{"r": reason, "w": words}),
		conversation.Act(s.Texts.Label(t.Lang, "fallback.rephrase", nil), "fallback", "rephrase", nil),
	})
}

func (s *Skill) missed(t conversation.Turn, r Ranking, outcome string) Missed {
	m := Missed{Question: t.In.ID, Text: t.In.Text, Language: t.Lang, Score: r.Confidence, Outcome: outcome, At: t.Now}
	if len(r.Results) > 0 {
		m.Nearest = r.Results[0].ArticleID
	}
	return m
}

// helped thanks; a second press changes nothing.
func (s *Skill) helped(t conversation.Turn, p pick) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		fresh, err := s.record(ctx, tx, t, p, true)
		if err != nil {
			return t.Dialogue, err
		}
		key := "answer.after_yes"
		if !fresh {
			key = "error.done_already"
		}
		_, err = tx.Send(ctx, conversation.Say(s.Texts.Say(t.Lang, key, nil)))
		return t.Dialogue, err
	}
}

// notHelped leads on: to the runners-up, then to a person.
func (s *Skill) notHelped(t conversation.Turn, p pick) conversation.Commit {
	var next conversation.Outgoing
	var handOver conversation.Commit
	others := make([]Result, 0, len(p.Others))
	for _, id := range p.Others {
		others = append(others, Result{ArticleID: id, Language: p.Language})
	}
	switch {
	case p.Noes > 0:
		handOver = s.Desk.HandOver(t, conversation.Handoff{Reason: "not_helped", Words: p.Text, Lang: t.Lang})
	case len(others) > 0:
		p.Noes++
		next = conversation.Say(s.Texts.Say(t.Lang, "answer.after_no", nil), s.titles(t, others, p)...)
	default:
		next = s.personOffer(t, "answer.after_no_agent", "not_helped", p.Text)
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if err := s.failed(ctx, tx, t, p); err != nil {
			return t.Dialogue, err
		}
		missed := Missed{Question: p.Question, Text: p.Text, Language: t.Lang, Nearest: p.ArticleID, Outcome: "not_helped", At: t.Now}
		if err := s.Stores.KnowledgeIn(tx).RecordUnanswered(ctx, missed); err != nil {
			return t.Dialogue, err
		}
		if handOver != nil {
			return handOver(ctx, tx)
		}
		_, err := tx.Send(ctx, next)
		return t.Dialogue, err
	}
}

func (s *Skill) record(ctx context.Context, tx conversation.Tx, t conversation.Turn, p pick, helped bool) (bool, error) {
	return s.Stores.KnowledgeIn(tx).RecordHelped(ctx, Helped{
		Question: p.Question, ArticleID: p.ArticleID, Language: t.Lang, Helped: helped, At: t.Now,
	})
}

// choose answers with the chosen article and counts the person's own words as a vote for it.
func (s *Skill) choose(t conversation.Turn, p pick) conversation.Commit {
	answer := s.answer(t, p)
	vote := Vote{Question: p.Question, Text: p.Text, ArticleID: p.ArticleID, Language: p.Language, At: t.Now}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if err := s.Stores.KnowledgeIn(tx).Vote(ctx, vote); err != nil {
			return t.Dialogue, err
		}
		if s.Voted != nil {
			s.Voted()
		}
		return answer(ctx, tx)
	}
}

// none leads to a person: at once when an answer has not helped already.
func (s *Skill) none(t conversation.Turn, p pick) conversation.Commit {
	if p.Noes > 0 {
		return s.Desk.HandOver(t, conversation.Handoff{Reason: "not_helped", Words: p.Text, Lang: t.Lang})
	}
	return s.say(t, s.personOffer(t, "fallback.offer", "nothing_matched", p.Text))
}

func (s *Skill) say(t conversation.Turn, o conversation.Outgoing) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		_, err := tx.Send(ctx, o)
		return t.Dialogue, err
	}
}

func (s *Skill) picture(text Text) *conversation.Image {
	switch {
	case text.Picture == "":
		return nil
	case isAddress(text.Picture):
		return &conversation.Image{URL: text.Picture}
	}
	return &conversation.Image{Path: text.Picture}
}

// isAddress says whether a picture is fetched by the platform instead of read from a file.
func isAddress(picture string) bool {
	return strings.HasPrefix(picture, "http://") || strings.HasPrefix(picture, "https://")
}

// inLanguage is the article's text in the first of the languages that it has, or in any.
func inLanguage(a Article, langs ...language.Code) (Text, language.Code) {
	for _, code := range append(langs, language.All...) {
		if text, ok := a.Texts[code]; ok {
			return text, code
		}
	}
	return Text{}, ""
}

// label is the article as a button shows it.
func label(text Text) string {
	if text.Title == "" && len(text.Phrasings) > 0 {
		return text.Phrasings[0]
	}
	return text.Title
}

func ids(results []Result) []string {
	out := make([]string, len(results))
	for i, r := range results {
		out[i] = r.ArticleID
	}
	return out
}

func without(all []string, id string) []string {
	var out []string
	for _, other := range all {
		if other != id {
			out = append(out, other)
		}
	}
	return out
}

// excerpt keeps the beginning of a question.
func excerpt(text string) string {
	if utf8.RuneCountInString(text) <= maxQuestion {
		return text
	}
	return string([]rune(text)[:maxQuestion])
}
