package conversation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/texts"
)

// Asked is the newest message of a chat when it has buttons.
type Asked struct {
	ID     OutgoingID
	Body   Body
	SentAt time.Time // business clock, when it was written
}

// WhileWaiting is a Presser that asks people something while a colleague is to answer them. Of everybody else's questions
// a typed yes is meant for the colleague.
type WhileWaiting interface {
	AsksWhileWaiting(a Action) bool
}

func asksWhileWaiting(s Presser, a Action, intent texts.Intent) bool {
	w, ok := s.(WhileWaiting)
	return ok && intent != texts.IntentOK && w.AsksWhileWaiting(a)
}

// askedFor is how long a typed yes or no still answers the question above it.
const askedFor = 24 * time.Hour

// PlainYes is a Presser whose questions want a plain yes: an "ok" may be meant for the answer above and is no consent.
type PlainYes interface{ WantsPlainYes() }

// typed takes a plain "yes" or "no" as a press of the button that says so under the newest message, and "the first one"
// as a press of the first of a list. It answers nothing
// when the newest message asks nothing, when a dialogue step waits for words, and while a person is spoken to, unless it is
// what a WhileWaiting asked.
func (e *Engine) typed(ctx context.Context, t *Turn) (Skill, Commit, error) {
	yes, no := t.Intent.Affirms(), t.Intent == texts.IntentNo || t.Intent == texts.IntentNone
	n, placed := place(t.In.Text)
	if !yes && !no && !placed || !t.In.Private || t.In.Kind != KindMessage || t.In.Command != "" ||
		len(t.Dialogue.Stack) > 0 {
		return nil, nil, nil
	}
	waits := t.HumanOwns || t.HumanWaits
	asked, err := e.cfg.Store.LastAsked(ctx, t.In.Address, t.In.Customer)
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && t.Now.Sub(asked.SentAt) > askedFor:
		return nil, nil, nil
	case err != nil:
		return nil, nil, fmt.Errorf("read what was asked last: %w", err)
	}
	var b Button
	ok := false
	if yes || no {
		b, ok = yesOrNo(asked.Body.Rows, yes)
	}
	if !ok && placed {
		b, ok = e.atPlace(asked.Body.Rows, n)
	}
	if !ok {
		return nil, nil, nil
	}
	s, ok := e.owners[b.Action.Skill].(Presser)
	if !ok || waits && !asksWhileWaiting(s, b.Action, t.Intent) {
		return nil, nil, nil
	}
	if _, plainly := s.(PlainYes); plainly && t.Intent == texts.IntentOK {
		return nil, nil, nil
	}
	t.Pressed = &Pressed{Action: b.Action, Of: asked.ID, SentAt: asked.SentAt, Text: asked.Body.Text}
	c, err := s.Press(ctx, *t, b.Action)
	return s, c, err
}

// yesOrNo is the button that says yes, or no. Of two buttons the one beside a plain no is the yes, and the other way
// about ("Join" · "No, thanks").
func yesOrNo(rows [][]Button, yes bool) (Button, bool) {
	var all []Button
	for _, row := range rows {
		for _, b := range row {
			if b.Action.Skill != "" {
				all = append(all, b)
			}
		}
	}
	other := -1
	for i, b := range all {
		says, plain := labelSays(b.Label)
		switch {
		case plain && says == yes:
			return b, true
		case plain && len(all) == 2:
			other = 1 - i
		}
	}
	if other < 0 {
		return Button{}, false
	}
	return all[other], true
}

// labelSays tells whether a label begins with a plain yes or no, and which.
func labelSays(label string) (yes, plain bool) {
	head, _, _ := strings.Cut(label, ",")
	switch intent, _, _ := texts.MatchIntent(head); intent {
	case texts.IntentYes:
		return true, true
	case texts.IntentNo, texts.IntentNone:
		return false, true
	}
	return false, false
}
