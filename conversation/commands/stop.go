package commands

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Stop ends everything that we start: offers, surveys, greetings, reminders. It stands first among the skills, so that
// the word always works. Inside a sentence, or in the middle of a survey, it asks what is meant.
type Stop struct {
	Voice
	// Surveys is the name of the skill whose open step makes "stop" ambiguous.
	Surveys string
	// OnStop ends what is under way for the person in the same transaction, may be nil.
	OnStop func(ctx context.Context, tx conversation.Tx, t conversation.Turn) error
	// OnLeave ends the survey that is open in the same transaction, may be nil.
	OnLeave func(ctx context.Context, tx conversation.Tx, t conversation.Turn) error
	// Order answers how an order is cancelled, for a person who meant that; nil leaves the choice out.
	Order func(ctx context.Context, t conversation.Turn) (conversation.Commit, error)
}

const stopSkill = "stop"

// consentWording names the text that a person has seen when saying yes or no by this skill.
const consentWording = "stop.done/1"

// askWording is the question what to stop. Until it is answered it holds as a no: who wrote "stop" and says no more is
// not written to.
const askWording = "stop.unclear/1"

// undoWording is what the button said that took the stop back.
const undoWording = "stop.undo/1"

// Name implements conversation.Skill.
func (Stop) Name() string { return stopSkill }

// Decide implements conversation.Skill.
func (s Stop) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	switch t.Intent {
	case texts.IntentStop:
		if _, open := t.Dialogue.Open(s.Surveys); open && t.In.Command == "" && !t.Person.Stopped {
			return s.ask(t), nil
		}
		return s.stop(t, "word"), nil
	case texts.IntentStopUnclear:
		if t.Person.Stopped {
			return say(t, conversation.Say(s.Texts.Say(t.Lang, "stop.already", nil), s.undoRow(t))), nil
		}
		return s.ask(t), nil
	case texts.IntentCancel:
		if s.asksWhich(t) {
			return s.askWhich(t), nil
		}
	}
	return nil, nil
}

// Press implements conversation.Presser.
func (s Stop) Press(ctx context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	switch a.Verb {
	case "all":
		return s.stop(t, "button"), nil
	case "survey":
		return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			if s.OnLeave != nil {
				if err := s.OnLeave(ctx, tx, t); err != nil {
					return t.Dialogue, err
				}
			}
			if err := s.letGo(ctx, tx, a); err != nil {
				return t.Dialogue, err
			}
			_, err := tx.Send(ctx, conversation.Say(s.Texts.Say(t.Lang, "stop.survey_done", nil)))
			return t.Dialogue.Without(s.Surveys), err
		}, nil
	case "undo":
		return s.undo(t), nil
	case "order":
		if s.Order != nil {
			return s.Order(ctx, t)
		}
	}
	c := say(t, conversation.Say(s.Texts.Say(t.Lang, "stop.nothing", nil)))
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if err := s.letGo(ctx, tx, a); err != nil {
			return t.Dialogue, err
		}
		d, err := c(ctx, tx)
		d.AskAgain = true
		return d, err
	}, nil
}

// held is the data of buttons under a question that holds everything until it is answered. Buttons that were made before
// there was such a thing have none.
type held struct {
	Held bool `json:"h"`
}

// letGo ends what the question held, as the person wants nothing or one survey alone to stop.
func (s Stop) letGo(ctx context.Context, tx conversation.Tx, a conversation.Action) error {
	var h held
	if len(a.Data) > 0 {
		if err := json.Unmarshal(a.Data, &h); err != nil {
			return fmt.Errorf("read a button of stop: %w", err)
		}
	}
	if !h.Held {
		return nil
	}
	return tx.RecordConsent(ctx, conversation.Consent{Topic: "all", Granted: true, Wording: askWording, Way: "button"})
}

func (s Stop) ask(t conversation.Turn) conversation.Commit {
	var row []conversation.Button
	if _, open := t.Dialogue.Open(s.Surveys); open {
		row = append(row, conversation.Act(s.Texts.Label(t.Lang, "stop.this_survey", nil), stopSkill, "survey", held{true}))
	}
	row = append(row,
		conversation.Act(s.Texts.Label(t.Lang, "stop.all", nil), stopSkill, "all", nil),
		conversation.Act(s.Texts.Label(t.Lang, "stop.none", nil), stopSkill, "nothing", held{true}))
	asks := quietly(say(t, conversation.Say(s.Texts.Say(t.Lang, "stop.unclear", nil), row)))
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		err := tx.RecordConsent(ctx, conversation.Consent{Topic: "all", Granted: false, Wording: askWording, Way: "word"})
		if err != nil {
			return t.Dialogue, err
		}
		return asks(ctx, tx)
	}
}

// quietly is a commit whose own question stands alone: the open step does not ask again below it.
func quietly(asks conversation.Commit) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		d, err := asks(ctx, tx)
		d.Quiet = true
		return d, err
	}
}

func (s Stop) stop(t conversation.Turn, way string) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		d := t.Dialogue.Without(s.Surveys)
		err := tx.RecordConsent(ctx, conversation.Consent{Topic: "all", Granted: false, Wording: consentWording, Way: way})
		if err != nil {
			return d, err
		}
		if s.OnStop != nil {
			if err := s.OnStop(ctx, tx, t); err != nil {
				return d, err
			}
		}
		_, err = tx.Send(ctx, conversation.Say(s.Texts.Say(t.Lang, "stop.done", nil), s.undoRow(t)))
		return d, err
	}
}

// undoRow takes the stop back.
func (s Stop) undoRow(t conversation.Turn) []conversation.Button {
	return []conversation.Button{conversation.Act(s.Texts.Label(t.Lang, "stop.undo", nil), stopSkill, "undo", nil)}
}

// undo takes the stop back. It is no yes to offers: that is a question of its own.
func (s Stop) undo(t conversation.Turn) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		err := tx.RecordConsent(ctx, conversation.Consent{Topic: "all", Granted: true, Wording: undoWording, Way: "button"})
		if err != nil {
			return t.Dialogue, err
		}
		_, err = tx.Send(ctx, conversation.Say(s.Texts.Say(t.Lang, "stop.undone", nil)))
		return t.Dialogue, err
	}
}
