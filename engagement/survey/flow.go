package survey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Figures of the flow.
const (
	laterAfter  = 24 * time.Hour       // "later" means this much later
	laterFor    = 3 * 24 * time.Hour   // and is given up after so much more
	alertAfter  = 30 * time.Minute     // a low score without words calls a person then
	reviewPause = 180 * 24 * time.Hour // between two offers of the review link
	maxComment  = 4000                 // runes of a comment that are kept
)

// flow is one answer to an invitation, inside the transaction of its turn.
type flow struct {
	*Skill
	t        conversation.Turn
	tx       conversation.Tx
	books    Books
	set      *Settings
	inv      Invitation
	replaced []Replaced
	d        conversation.Dialogue
	say      []texts.Rich
	rows     [][]conversation.Button
	link     bool // the review link is offered in a message of its own
}

// act is a commit that does something with an invitation that still takes answers, and answers kindly when it does not.
func (s *Skill) act(t conversation.Turn, id int64, do func(ctx context.Context, f *flow) error) conversation.Commit {
	return s.later(t, id, func(ctx context.Context, f *flow) error {
		if f.inv.open(t.Now) {
			return do(ctx, f)
		}
		key := "survey.closed"
		if f.inv.Response.ID != 0 {
			key = "survey.change_closed"
		}
		f.d = f.inv.without(f.d)
		f.tell(key, nil)
		return nil
	})
}

// later is act for what may still be pressed after the window.
func (s *Skill) later(t conversation.Turn, id int64, do func(ctx context.Context, f *flow) error) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		f := &flow{Skill: s, t: t, tx: tx, books: s.Stores.In(tx), d: t.Dialogue}
		var err error
		known := false
		f.inv, err = f.books.Find(ctx, id)
		switch {
		case errors.Is(err, conversation.ErrNotFound):
		case err != nil:
			return t.Dialogue, fmt.Errorf("find invitation %d: %w", id, err)
		default:
			f.set, known = s.Surveys.Get(f.inv.Survey)
		}
		if !known {
			_, err := tx.Send(ctx, conversation.Say(s.Texts.Say(t.Lang, "survey.closed", nil)))
			return dropStep(t.Dialogue, id), err
		}
		if err := do(ctx, f); err != nil {
			return t.Dialogue, fmt.Errorf("invitation %d: %w", id, err)
		}
		return f.d, f.finish(ctx)
	}
}

// dropStep ends the steps of an invitation that is gone.
func dropStep(d conversation.Dialogue, id int64) conversation.Dialogue {
	gone := Invitation{ID: id}
	return gone.without(d)
}

// finish writes what was decided and says what is to be said.
func (f *flow) finish(ctx context.Context) error {
	if err := f.books.Keep(ctx, f.inv, f.replaced...); err != nil {
		return fmt.Errorf("keep invitation %d: %w", f.inv.ID, err)
	}
	if text := texts.Paragraphs(f.say...); !text.Empty() {
		if _, err := f.tx.Send(ctx, conversation.Say(text, f.rows...)); err != nil {
			return err
		}
	}
	if !f.link {
		return nil
	}
	label := f.Texts.Label(f.t.Lang, "survey.review_button", nil)
	text := f.Texts.Say(f.t.Lang, "survey.review", texts.Vars{"link": texts.Link(f.set.Review, f.set.Review)})
	_, err := f.tx.Send(ctx, conversation.Say(text, []conversation.Button{{Label: label, URL: f.set.Review}}))
	return err
}

// tell adds a text of the catalogue to the reply.
func (f *flow) tell(key string, vars texts.Vars) {
	f.say = append(f.say, f.Texts.Say(f.t.Lang, key, vars))
}

// answer takes an answer to a question, the first or another one.
func (f *flow) answer(ctx context.Context, q Question, value json.RawMessage) error {
	r := &f.inv.Response
	old, had := r.Answers[q.ID]
	if had && bytes.Equal(old, value) {
		f.tell("survey.same", texts.Vars{"new": f.voice().shown(f.t.Lang, q, value)})
		return nil
	}
	f.begin()
	if had {
		f.replaced = append(f.replaced, Replaced{Question: q.ID, Answer: old, At: f.t.Now})
		r.Changed = f.t.Now
	}
	before := r.Score
	f.put(q, value)
	changed := had && given(old)
	if changed && q.form != byWords {
		v := f.voice()
		f.tell("survey.changed", texts.Vars{"old": v.shown(f.t.Lang, q, old), "new": v.shown(f.t.Lang, q, value)})
	}
	switch q.ID {
	case scoreID:
		return f.afterScore(ctx, before)
	case commentID:
		return f.afterComment(ctx)
	}
	return f.next(ctx, q, changed)
}

// begin makes the first answer of an invitation that may have been left, put off, or not yet settled as sent.
func (f *flow) begin() {
	f.inv.begin(f.t.Now)
	f.inv.RemindAt = time.Time{}
	if f.inv.State != Answered {
		f.inv.State, f.inv.Reason = Partial, ""
	}
	r := &f.inv.Response
	if r.At.IsZero() {
		r.At, r.Kind, r.Lang = f.t.Now, f.set.Kind, f.t.Lang
		r.Answers = map[string]json.RawMessage{}
	}
}

// put writes an answer into the response.
func (f *flow) put(q Question, value json.RawMessage) {
	r := &f.inv.Response
	r.Answers[q.ID] = value
	switch q.ID {
	case scoreID:
		var n int
		if json.Unmarshal(value, &n) == nil {
			r.Score = &n
		}
	case commentID:
		r.Comment = ""
		if given(value) {
			_ = json.Unmarshal(value, &r.Comment) // was made by words
		}
	}
}

// afterScore asks for words by band, or ends the survey with a thank-you.
func (f *flow) afterScore(ctx context.Context, before *int) error {
	r := &f.inv.Response
	score := *r.Score
	band := f.set.Kind.BandOf(score)
	f.inv.AlertAt = time.Time{}
	if f.set.low(score) && f.inv.Alerted.IsZero() {
		f.inv.AlertAt = f.t.Now.Add(alertAfter)
	}
	if !band.followUp() {
		f.inv.Step = ""
		f.d = f.inv.without(f.d)
		f.say = append(f.say, f.voice().text(f.t.Lang, f.set, &f.inv, Question{ID: commentID, form: byWords}))
		if err := f.complete(ctx, false); err != nil {
			return err
		}
		return f.alertNow(ctx)
	}
	if before != nil && f.set.Kind.BandOf(*before) == band && given(r.Answers[commentID]) {
		return nil // the words that were given still fit
	}
	f.ask(Question{ID: commentID, form: byWords})
	return nil
}

// ask puts a question into the reply and waits for its answer.
func (f *flow) ask(q Question) {
	text, rows := f.voice().question(f.t.Lang, f.set, &f.inv, q, false)
	f.say, f.rows = append(f.say, text), rows
	f.inv.Step = q.ID
	f.d = f.inv.without(f.d).Push(f.inv.frame(q.ID, f.t.Now))
}

// afterComment ends the survey and calls a person when the score was low.
func (f *flow) afterComment(ctx context.Context) error {
	f.inv.Step = ""
	f.d = f.inv.without(f.d)
	if err := f.complete(ctx, true); err != nil {
		return err
	}
	return f.alertNow(ctx)
}

// next asks the first question that has no answer yet, or ends the survey.
func (f *flow) next(ctx context.Context, after Question, changed bool) error {
	for _, q := range f.set.questions() {
		if _, done := f.inv.Response.Answers[q.ID]; done {
			continue
		}
		if changed && f.inv.Step == q.ID {
			return nil // it stands above already
		}
		f.ask(q)
		return nil
	}
	f.inv.Step = ""
	f.d = f.inv.without(f.d)
	if changed && after.form != byWords && !f.inv.Response.Completed.IsZero() {
		return nil
	}
	return f.complete(ctx, true)
}

// complete ends the survey, gives the reward that was promised, once, and thanks if nobody else does.
func (f *flow) complete(ctx context.Context, thank bool) error {
	r := &f.inv.Response
	if !f.answered() {
		f.inv.State, f.inv.Reason = Declined, ReasonLeft
		f.tell("survey.left", nil)
		return nil
	}
	if r.Completed.IsZero() {
		r.Completed = f.t.Now
		f.inv.State = Answered
	}
	if f.inv.Promised > 0 && f.inv.Rewarded == 0 && f.Reward != nil {
		if err := f.Reward(ctx, f.tx, f.inv.Customer, f.inv.ID, f.inv.Promised, f.t.Now); err != nil {
			return fmt.Errorf("give the reward: %w", err)
		}
		f.inv.Rewarded = f.inv.Promised
		f.tell("survey.comment_thanks", texts.Vars{"n": f.inv.Rewarded})
	} else if thank {
		f.tell("survey.thanks", nil)
	}
	return f.offerReview(ctx)
}

// answered says whether any question has an answer.
func (f *flow) answered() bool {
	for _, a := range f.inv.Response.Answers {
		if given(a) {
			return true
		}
	}
	return false
}

// offerReview offers the review link whatever the score, to nobody twice in half a year.
func (f *flow) offerReview(ctx context.Context) error {
	if f.set.Review == "" || !f.inv.Reviewed.IsZero() {
		return nil
	}
	last, err := f.books.LastReviewed(ctx)
	if err != nil {
		return fmt.Errorf("look for the last review link: %w", err)
	}
	if !last.IsZero() && f.t.Now.Before(last.Add(reviewPause)) {
		return nil
	}
	f.inv.Reviewed, f.link = f.t.Now, true
	return nil
}

// alertNow calls a person because of a low score, with the words that came with it, and tells the customer the first
// time.
func (f *flow) alertNow(ctx context.Context) error {
	r := &f.inv.Response
	if r.Score == nil || !f.set.low(*r.Score) {
		return nil
	}
	first := f.inv.Alerted.IsZero()
	if !first && r.Comment == "" {
		return nil
	}
	f.inv.AlertAt = time.Time{}
	if first {
		f.inv.Alerted = f.t.Now
		if f.set.Alert.AskAgainAfter > 0 {
			f.inv.AgainAt = f.t.Now.Add(f.set.Alert.AskAgainAfter.Std())
		}
		text, row := f.voice().lowFollow(f.t.Lang, &f.inv)
		f.say = append(f.say, text)
		f.rows = append(f.rows, row)
	}
	return f.tx.OpenTicket(ctx, f.set.handoff(&f.inv, f.t.Lang))
}

// skip passes over a question.
func (f *flow) skip(ctx context.Context, q Question) error {
	if q.ID == scoreID {
		return f.leave()
	}
	if _, done := f.inv.Response.Answers[q.ID]; done {
		f.tell("survey.thanks", nil)
		return nil
	}
	if q.ID == commentID && f.inv.Response.Score == nil {
		return f.leave() // cannot be: there is no such button before the mark
	}
	f.begin()
	f.put(q, skipped)
	if q.ID == commentID {
		f.inv.Step = ""
		f.d = f.inv.without(f.d)
		return f.complete(ctx, true)
	}
	return f.next(ctx, q, false)
}

// putOff asks again another day, once; later it leaves.
func (f *flow) putOff() error {
	if f.inv.State == Planned {
		f.tell("survey.later_done", nil)
		return nil
	}
	if f.inv.Asks > 1 || len(f.inv.Response.Answers) > 0 || (f.inv.State != Open && f.inv.State != Sending) {
		return f.leave()
	}
	f.inv.State, f.inv.Due = Planned, f.t.Now.Add(laterAfter)
	f.inv.LateAfter = f.inv.Due.Add(laterFor)
	f.inv.RemindAt = time.Time{}
	f.d = f.inv.without(f.d)
	f.tell("survey.later_done", nil)
	return nil
}

// leave closes the survey as the person wishes; what was answered stays.
func (f *flow) leave() error {
	switch f.inv.State {
	case Planned, Sending, Open:
		f.inv.State, f.inv.Reason = Declined, ReasonLeft
	}
	f.inv.RemindAt, f.inv.Step = time.Time{}, ""
	f.d = f.inv.without(f.d)
	f.tell("survey.left", nil)
	return nil
}
