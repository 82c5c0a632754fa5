package survey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Skill asks and listens. It stands in the order of skills after conversation.OpenStep: there it understands a mark that
// was typed without a step that waits for it.
type Skill struct {
	Surveys   *Section
	Texts     *texts.Catalogue
	Languages []language.Code // the brand's, its default first
	Stores    Stores
	// Reward gives points; nil when there is no programme, and then nothing is promised.
	Reward Rewarder
	// Question says that a text which asks something can be answered for certain, so that it is no comment; may be nil.
	Question func(ctx context.Context, t conversation.Turn) (bool, error)
}

var (
	_ conversation.Presser = (*Skill)(nil)
	_ conversation.Resumer = (*Skill)(nil)
	_ conversation.Yielder = (*Skill)(nil)
)

// Name implements conversation.Skill.
func (*Skill) Name() string { return skillName }

func (s *Skill) voice() voice { return voice{texts: s.Texts, languages: s.Languages} }

// Decide implements conversation.Skill.
func (s *Skill) Decide(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	edited := t.In.Kind == conversation.KindEdit // a mark that was corrected in place
	if t.In.Kind != conversation.KindMessage && !edited || t.In.Command != "" || t.In.Text == "" || !t.In.Private {
		return nil, nil
	}
	f, open := t.Dialogue.Open(skillName)
	if !open || edited {
		return s.stray(ctx, t)
	}
	var r ref
	if err := json.Unmarshal(f.Data, &r); err != nil {
		return nil, fmt.Errorf("read a step of a survey: %w", err)
	}
	set, known := s.Surveys.Get(r.Survey)
	at := -1
	if known {
		at = position(set, r.Question)
	}
	if at < 0 { // no longer in the file
		if t.LastResort {
			return s.act(t, r.Invitation, func(context.Context, *flow) error { return nil }), nil
		}
		return nil, nil
	}
	return s.typed(ctx, t, r, set, set.questions()[at])
}

// stray takes a mark that was typed while nothing waits for it: the answer to a survey whose question was asked some
// hours ago, or a changed mind.
func (s *Skill) stray(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	_, other := t.Dialogue.Top()
	if t.HumanOwns || s.Surveys.Len() == 0 || other && t.In.Kind != conversation.KindEdit {
		return nil, nil
	}
	if _, ok := plainMark(t.In.Text, 0, 10); !ok {
		return nil, nil
	}
	inv, err := s.Stores.Latest(ctx, t.Person.ID, t.Now)
	if errors.Is(err, conversation.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the last survey: %w", err)
	}
	set, ok := s.Surveys.Get(inv.Survey)
	if !ok || set.Kind == Custom {
		return nil, nil
	}
	q := set.questions()[0]
	n, ok := plainMark(t.In.Text, q.lo, q.hi)
	if !ok {
		return nil, nil
	}
	return s.answer(t, inv.ID, q, mark(n)), nil
}

// anyScale is a highest mark that nobody types: words of praise alone are read as it.
const anyScale = 997

// plainMark reads a mark that is a number. Praise such as "excellent", which reads as the highest mark after a question
// for one, is words elsewhere.
func plainMark(text string, lo, hi int) (int, bool) {
	if top, ok := language.ParseScore(text, 0, anyScale); ok && top == anyScale {
		return 0, false
	}
	return language.ParseScore(text, lo, hi)
}

// typed reads a text as the answer to the question that waits.
func (s *Skill) typed(ctx context.Context, t conversation.Turn, r ref, set *Settings, q Question) (conversation.Commit, error) {
	if c := s.typedMark(t, r, set, q); c != nil {
		return c, nil
	}
	if c := s.typedWish(t, r, q); c != nil {
		return c, nil
	}
	switch q.form {
	case byMark:
		if t.LastResort || bareNumber.MatchString(t.In.Text) {
			return s.hint(t, "survey.not_a_mark", texts.Vars{"lo": q.lo, "hi": q.hi}), nil
		}
		return nil, nil
	case byChoice:
		for _, o := range q.options {
			if sameWords(t, s.voice().option(t.Lang, q, o)) {
				return s.answer(t, r.Invitation, q, words(o)), nil
			}
		}
		if t.LastResort {
			return s.hint(t, "survey.choose_one", nil), nil
		}
		return nil, nil
	}
	if !t.LastResort {
		asks, err := s.isQuestion(ctx, t)
		if err != nil || asks {
			return nil, err
		}
	}
	return s.answer(t, r.Invitation, q, words(shorten(t.In.Text))), nil
}

// typedMark reads a mark, also where words are awaited after one: then it replaces it.
func (s *Skill) typedMark(t conversation.Turn, r ref, set *Settings, q Question) conversation.Commit {
	if q.form == byMark {
		if n, ok := language.ParseScore(t.In.Text, q.lo, q.hi); ok {
			return s.answer(t, r.Invitation, q, mark(n))
		}
		return nil
	}
	if q.ID != commentID {
		return nil
	}
	score := set.questions()[0]
	if n, ok := plainMark(t.In.Text, score.lo, score.hi); ok {
		return s.answer(t, r.Invitation, score, mark(n))
	}
	return nil
}

// typedWish reads skip, later and leave, in plain words or as the buttons say them.
func (s *Skill) typedWish(t conversation.Turn, r ref, q Question) conversation.Commit {
	intent, _, _ := texts.MatchIntent(t.In.Text, t.Lang)
	skips := q.form == byWords && (intent == texts.IntentNo || intent == texts.IntentNone || intent == texts.IntentLater)
	switch {
	case skips, intent == texts.IntentSkip, sameWords(t, s.Texts.Label(t.Lang, "survey.skip", nil)):
		return s.act(t, r.Invitation, func(ctx context.Context, f *flow) error { return f.skip(ctx, q) })
	case intent == texts.IntentLater, sameWords(t, s.Texts.Label(t.Lang, "survey.later", nil)):
		return s.act(t, r.Invitation, func(_ context.Context, f *flow) error { return f.putOff() })
	case intent == texts.IntentCancel, intent == texts.IntentNo && q.form == byMark, sameWords(t, s.Texts.Label(t.Lang, "survey.leave", nil)):
		return s.act(t, r.Invitation, func(_ context.Context, f *flow) error { return f.leave() })
	}
	return nil
}

// isQuestion says whether a text is left to others although words are awaited.
func (s *Skill) isQuestion(ctx context.Context, t conversation.Turn) (bool, error) {
	if strings.HasSuffix(strings.TrimSpace(t.In.Text), "?") {
		return true, nil
	}
	if intent, _, _ := texts.MatchIntent(t.In.Text, t.Lang); intent == texts.IntentGreeting {
		return true, nil
	}
	if s.Question == nil || !soundsAsking(t.In.Text, t.Lang) {
		return false, nil
	}
	return s.Question(ctx, t)
}

// bareNumber is a number that is no mark: "11" to a scale up to 10, "7.5". Nobody asks something with it while a mark is
// awaited.
var bareNumber = regexp.MustCompile(`^\s*[-+−]?\d+([.,/]\d+)?\s*$`)

func sameWords(t conversation.Turn, label string) bool {
	return strings.TrimSpace(language.Fold(t.In.Text, t.Lang)) == strings.TrimSpace(language.Fold(label, t.Lang))
}

// shorten keeps the beginning of a long comment.
func shorten(text string) string {
	if utf8.RuneCountInString(text) <= maxComment {
		return text
	}
	return string([]rune(text)[:maxComment])
}

// hint says how to answer and leaves everything as it is.
func (s *Skill) hint(t conversation.Turn, key string, vars texts.Vars) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		_, err := tx.Send(ctx, conversation.Say(s.Texts.Say(t.Lang, key, vars)))
		return t.Dialogue, err
	}
}

func (s *Skill) answer(t conversation.Turn, id int64, q Question, value json.RawMessage) conversation.Commit {
	return s.act(t, id, func(ctx context.Context, f *flow) error { return f.answer(ctx, q, value) })
}

// Press implements conversation.Presser.
func (s *Skill) Press(_ context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	var r ref
	if err := json.Unmarshal(a.Data, &r); err != nil {
		return nil, fmt.Errorf("read a button of a survey: %w", err)
	}
	switch a.Verb {
	case verbAnswer, verbSkip:
		return s.act(t, r.Invitation, func(ctx context.Context, f *flow) error {
			at := position(f.set, r.Question)
			if at < 0 { // the survey has other questions by now
				f.tell("survey.closed", nil)
				return nil
			}
			q := f.set.questions()[at]
			if a.Verb == verbSkip {
				return f.skip(ctx, q)
			}
			return f.answer(ctx, q, r.Value)
		}), nil
	case verbLater:
		return s.act(t, r.Invitation, func(_ context.Context, f *flow) error { return f.putOff() }), nil
	case verbLeave:
		return s.act(t, r.Invitation, func(_ context.Context, f *flow) error { return f.leave() }), nil
	case verbLowOK, verbLowNo:
		return s.later(t, r.Invitation, func(ctx context.Context, f *flow) error { return f.lowReply(ctx, a.Verb) }), nil
	case verbAgain:
		var answer string
		if err := json.Unmarshal(r.Value, &answer); err != nil {
			return nil, fmt.Errorf("read a button of a survey: %w", err)
		}
		return s.later(t, r.Invitation, func(ctx context.Context, f *flow) error { return f.again(ctx, answer) }), nil
	}
	return nil, fmt.Errorf("a button of a survey has the unknown verb %q", a.Verb)
}

// Resume implements conversation.Resumer: the question stands below what came in between.
func (s *Skill) Resume(ctx context.Context, tx conversation.Tx, t conversation.Turn, f conversation.Frame) error {
	var r ref
	if err := json.Unmarshal(f.Data, &r); err != nil {
		return fmt.Errorf("read a step of a survey: %w", err)
	}
	inv, err := s.Stores.In(tx).Find(ctx, r.Invitation)
	if errors.Is(err, conversation.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find invitation %d: %w", r.Invitation, err)
	}
	set, ok := s.Surveys.Get(inv.Survey)
	if !ok || !inv.open(t.Now) {
		return nil
	}
	at := position(set, r.Question)
	if at < 0 {
		return nil
	}
	text, rows := s.voice().question(t.Lang, set, &inv, set.questions()[at], at == 0)
	_, err = tx.Send(ctx, conversation.Say(texts.Paragraphs(s.Texts.Say(t.Lang, "survey.resume", nil), text), rows...))
	return err
}

// Yields implements conversation.Yielder: a command ends the wait for a comment, which nobody may find in it later.
func (*Skill) Yields(t conversation.Turn, f conversation.Frame) bool {
	if f.Step != commentID {
		return false
	}
	if t.In.Command != "" {
		return true
	}
	intent, _, _ := texts.MatchIntent(t.In.Text, t.Lang)
	switch intent {
	case texts.IntentStart, texts.IntentHelp, texts.IntentBalance, texts.IntentCard, texts.IntentHistory, texts.IntentRewards,
		texts.IntentEarn, texts.IntentJoin, texts.IntentReferral, texts.IntentOffers, texts.IntentFeedback,
		texts.IntentLanguage, texts.IntentProfile, texts.IntentLink, texts.IntentPrivacy, texts.IntentMyData,
		texts.IntentForget, texts.IntentAgent, texts.IntentCallBack:
		return true
	}
	return false
}

// OnStop ends what is under way for a person who said stop; see commands.Stop.
func (s *Skill) OnStop(ctx context.Context, tx conversation.Tx, _ conversation.Turn) error {
	b := s.Stores.In(tx)
	list, err := b.Underway(ctx)
	if err != nil {
		return fmt.Errorf("list the surveys under way: %w", err)
	}
	for _, inv := range list {
		inv.stop(ReasonStopped)
		if err := b.Keep(ctx, inv); err != nil {
			return fmt.Errorf("end invitation %d: %w", inv.ID, err)
		}
	}
	return nil
}

// OnLeave ends the survey that waits in the dialogue, for a person who meant only that one.
func (s *Skill) OnLeave(ctx context.Context, tx conversation.Tx, t conversation.Turn) error {
	f, open := t.Dialogue.Open(skillName)
	if !open {
		return nil
	}
	var r ref
	if err := json.Unmarshal(f.Data, &r); err != nil {
		return fmt.Errorf("read a step of a survey: %w", err)
	}
	b := s.Stores.In(tx)
	inv, err := b.Find(ctx, r.Invitation)
	if errors.Is(err, conversation.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find invitation %d: %w", r.Invitation, err)
	}
	inv.stop(ReasonLeft)
	return b.Keep(ctx, inv)
}

// stop ends an invitation before its time; what was answered stays.
func (i *Invitation) stop(reason string) {
	switch i.State {
	case Planned:
		i.State, i.Reason = Suppressed, reason
		if i.Asks > 0 {
			i.State = Declined
		}
	case Sending, Open:
		i.State, i.Reason = Declined, reason
	}
	i.RemindAt, i.AgainAt, i.Step = time.Time{}, time.Time{}, ""
}
