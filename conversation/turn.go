package conversation

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// settle takes one turn over in and ends parts with it. It answers false when a skill would rather wait for more text,
// which it may only while final is not set.
func (e *Engine) settle(ctx context.Context, parts []Inbound, in Inbound, final bool) bool {
	if !e.sit(ctx) {
		return true
	}
	defer func() { <-e.seats }()
	conflicts, wait := 0, firstBackoff
	for ctx.Err() == nil {
		err := e.try(ctx, parts, in, final)
		switch {
		case errors.Is(err, ErrWait) && !final:
			return false
		case err == nil, errors.Is(err, ErrSettled):
			e.done(parts...)
			return true
		case errors.Is(err, ErrElsewhere):
			e.leave(parts...)
			return true
		case errors.Is(err, ErrConflict) && conflicts < maxConflicts:
			conflicts++
			continue
		case ctx.Err() != nil:
			return true
		}
		if e.failed(ctx, parts, in, err) {
			return true
		}
		if (clock.Real{}).WaitUntil(ctx, time.Now().Add(wait)) != nil {
			return true
		}
		wait = min(2*wait, maxBackoff)
	}
	return true
}

// sit waits for a free seat among the turns that are taken at once.
func (e *Engine) sit(ctx context.Context) bool {
	select {
	case e.seats <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// failed counts a failure and parks the event when it has failed too often. It answers whether there is nothing more to do
// about it here.
func (e *Engine) failed(ctx context.Context, parts []Inbound, in Inbound, cause error) bool {
	log := e.cfg.Log.With("channel", in.Channel, "inbox", in.ID, "error", cause.Error())
	if errors.Is(cause, ErrAway) {
		log.Warn("a turn could not be settled; trying again")
		return false // a full disk says nothing about the event, however long it lasts
	}
	attempts, err := e.cfg.Store.Failed(ctx, in, cause.Error())
	if errors.Is(err, ErrElsewhere) {
		e.leave(parts...)
		return true
	}
	if err != nil {
		log.Error("a turn failed and the store does not answer; trying again", "store", err.Error())
		return false
	}
	if attempts < maxAttempts {
		log.Warn("a turn failed; trying again", "attempts", attempts)
		return false
	}
	err = e.park(ctx, parts, in, cause.Error())
	if err != nil && !errors.Is(err, ErrSettled) {
		log.Error("an event that keeps failing could not be parked; trying again", "park", err.Error())
		return false
	}
	log.Error("an event was parked after failing too often: see the parked events", "attempts", attempts)
	e.done(parts...)
	return true
}

// park ends events without an answer of a skill; the person hears from the rescue.
func (e *Engine) park(ctx context.Context, parts []Inbound, in Inbound, cause string) error {
	t, err := e.turn(ctx, parts, in)
	if err != nil {
		return err
	}
	t.Park = cause
	var c Commit
	if in.Chat != "" && in.Customer != 0 {
		c = e.cfg.Rescue(t)
	}
	return e.cfg.Store.Settle(ctx, t, c)
}

// try loads, decides and settles once.
func (e *Engine) try(ctx context.Context, parts []Inbound, in Inbound, final bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", reflect.TypeOf(p), debug.Stack()) // the value may hold a customer's words
		}
	}()
	if in.Kind == KindBroken {
		return e.park(ctx, parts, in, "the event could not be decoded")
	}
	t, err := e.turn(ctx, parts, in)
	if err != nil {
		return err
	}
	t.Final = final
	by, c, err := e.decide(ctx, &t)
	if err != nil {
		return err
	}
	return e.cfg.Store.Settle(ctx, t, e.dress(t, by, c))
}

// turn is what the skills decide about.
func (e *Engine) turn(ctx context.Context, parts []Inbound, in Inbound) (Turn, error) {
	st, err := e.cfg.Store.Load(ctx, in)
	if err != nil {
		return Turn{}, fmt.Errorf("load the conversation: %w", err)
	}
	now := e.cfg.Business.Now()
	t := Turn{
		In: in, Parts: parts, Person: st.Person, Dialogue: st.Dialogue.at(now),
		HumanOwns: st.HumanOwns, HumanWaits: st.HumanWaits, Now: now,
	}
	asks := e.read(in, e.known(in, st.Person))
	if spoken, ok := e.spoken(in, st.Person, asks); ok && spoken != st.Person.Spoken {
		t.Person.Spoken, t.newlySpoken = spoken, true
	}
	t.Lang = ReplyLanguage(t.Person, in.From.Locale, e.cfg.Languages)
	if t.Lang != asks.prefer {
		asks = e.read(in, t.Lang)
	}
	t.Intent = asks.intent
	if !in.Private {
		t.Dialogue = Dialogue{Version: t.Dialogue.Version} // a group has no open steps of its own
	}
	return t, nil
}

// reading is what a text asks for as a whole, read with a language preferred.
type reading struct {
	intent texts.Intent
	code   language.Code // of the words that were matched; empty when languages share them
	ok     bool
	prefer language.Code
}

// read reads an event's text; commands speak for themselves.
func (e *Engine) read(in Inbound, prefer language.Code) reading {
	r := reading{prefer: prefer}
	switch {
	case in.Kind != KindMessage && in.Kind != KindEdit:
	case in.Command != "":
		r.intent = texts.Intent(in.Command)
	default:
		r.intent, r.code, r.ok = texts.MatchIntent(in.Text, prefer)
	}
	return r
}

// decide finds the skill that takes the turn. A nil commit ends the event without a word.
func (e *Engine) decide(ctx context.Context, t *Turn) (Skill, Commit, error) {
	if t.In.Staff {
		return e.decideStaff(ctx, t)
	}
	switch t.In.Kind {
	case KindPress, KindForm:
		return e.decidePress(ctx, t)
	case KindBlocked, KindBack, KindDelete:
		return e.tell(ctx, *t)
	}
	if !t.In.Private && !t.In.Mentioned && t.In.Command == "" {
		return nil, nil, nil // people talking among themselves
	}
	if s, c, err := e.typed(ctx, t); err != nil || c != nil {
		return s, c, err
	}
	for _, s := range e.cfg.Skills {
		c, err := e.ask(ctx, s, *t)
		if err != nil || c != nil {
			return s, c, err
		}
	}
	if f, ok := t.Dialogue.Top(); ok && e.owners[f.Skill] != nil {
		t.LastResort = true
		s := e.owners[f.Skill]
		c, err := s.Decide(ctx, *t)
		if err != nil || c != nil {
			return s, c, err
		}
	}
	c, err := e.cfg.Fallback.Decide(ctx, *t)
	if err == nil && c == nil {
		err = errors.New("nobody wants the turn, not even the fallback")
	}
	return e.cfg.Fallback, c, err
}

// decideStaff hands over what happened where the business works. A press of a button that is not known any more comes
// without Pressed.
func (e *Engine) decideStaff(ctx context.Context, t *Turn) (Skill, Commit, error) {
	if e.cfg.Staff == nil {
		return nil, nil, nil
	}
	if t.In.Kind == KindPress || t.In.Kind == KindForm {
		pressed, err := e.cfg.Store.FindButton(ctx, t.In.Address, t.In.Token)
		switch {
		case err == nil:
			t.Pressed = &pressed
		case !errors.Is(err, ErrNotFound):
			return nil, nil, fmt.Errorf("find the pressed button: %w", err)
		}
	}
	c, err := e.cfg.Staff.Decide(ctx, *t)
	return e.cfg.Staff, c, err
}

// ask asks one skill of the list; OpenStep stands for whoever has asked something.
func (e *Engine) ask(ctx context.Context, s Skill, t Turn) (Commit, error) {
	if _, open := s.(OpenStep); open {
		f, ok := t.Dialogue.Top()
		if !ok || e.owners[f.Skill] == nil {
			return nil, nil
		}
		s = e.owners[f.Skill]
	}
	return s.Decide(ctx, t)
}

// decidePress hands a press to the skill that made the button. A button nobody knows any more goes to the fallback.
func (e *Engine) decidePress(ctx context.Context, t *Turn) (Skill, Commit, error) {
	pressed, err := e.cfg.Store.FindButton(ctx, t.In.Address, t.In.Token)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, nil, fmt.Errorf("find the pressed button: %w", err)
	}
	if err == nil {
		if s, ok := e.owners[pressed.Action.Skill].(Presser); ok {
			t.Pressed = &pressed
			c, err := s.Press(ctx, *t, pressed.Action)
			return s, c, err
		}
	}
	c, err := e.cfg.Fallback.Decide(ctx, *t)
	return e.cfg.Fallback, c, err
}

// Watcher is a Skill that wants to know of events that ask for no answer: blocked, back, deleted.
type Watcher interface {
	Watch(ctx context.Context, t Turn) (Commit, error)
}

// tell gives an event without an answer to the first watcher that does something about it.
func (e *Engine) tell(ctx context.Context, t Turn) (Skill, Commit, error) {
	for _, s := range e.cfg.Skills {
		w, ok := s.(Watcher)
		if !ok {
			continue
		}
		if c, err := w.Watch(ctx, t); err != nil || c != nil {
			return s, c, err
		}
	}
	return nil, nil, nil
}

// dress adds to a commit what every turn does: the welcome before the first answer, remembering the language spoken,
// and asking an interrupted question again.
func (e *Engine) dress(t Turn, by Skill, c Commit) Commit {
	if c == nil || t.In.Staff {
		return c
	}
	return func(ctx context.Context, tx Tx) (Dialogue, error) {
		if !t.Person.Welcomed && t.In.Private && e.cfg.Welcome != nil {
			if err := e.cfg.Welcome(ctx, tx, t); err != nil {
				return Dialogue{}, fmt.Errorf("welcome: %w", err)
			}
		} else if t.newlySpoken {
			if err := tx.SavePerson(ctx, t.Person); err != nil {
				return Dialogue{}, fmt.Errorf("remember the language: %w", err)
			}
		}
		d, err := c(ctx, tx)
		if err != nil {
			return d, err
		}
		if e.cfg.After != nil {
			after := t
			after.Dialogue = d
			if err := e.cfg.After(ctx, tx, after, by); err != nil {
				return d, fmt.Errorf("what follows %s: %w", by.Name(), err)
			}
		}
		return e.resume(ctx, tx, t, by, d)
	}
}

// resume has the open step ask its question again after a message was answered by somebody else, unless the step would
// rather end with that.
func (e *Engine) resume(ctx context.Context, tx Tx, t Turn, by Skill, d Dialogue) (Dialogue, error) {
	before, ok := t.Dialogue.Top()
	after, still := d.Top()
	if !ok || !still || d.Quiet || before.Skill == by.Name() || !reflect.DeepEqual(before, after) {
		return d, nil
	}
	if t.In.Kind != KindMessage && !d.AskAgain {
		return d, nil
	}
	owner := e.owners[before.Skill]
	if y, ok := owner.(Yielder); ok && y.Yields(t, before) {
		return d.Pop(), nil
	}
	r, ok := owner.(Resumer)
	if !ok {
		return d, nil
	}
	// While a person is spoken to, the open step waits without a word; it asks again once that is over.
	if attended, err := tx.Attended(ctx); err != nil || attended {
		return d, err
	}
	if err := r.Resume(ctx, tx, t, before); err != nil {
		return d, fmt.Errorf("ask again: %w", err)
	}
	return d, nil
}

// OpenStep marks the place in the order of skills where the open dialogue step is asked.
type OpenStep struct{}

// Name implements Skill.
func (OpenStep) Name() string { return "open_step" }

// Decide implements Skill; the engine asks the step's owner instead.
func (OpenStep) Decide(context.Context, Turn) (Commit, error) { return nil, nil }
