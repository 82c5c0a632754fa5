package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Privacy keeps what the welcome promises: "my data" sends everything that is kept about a person as a file, "forget me"
// asks once, stops all that we start, and has staff erase the rest. It stands right behind Stop among the skills, so that
// both work whatever else is going on.
type Privacy struct {
	Voice
	// Data is everything that is kept about a person, as a JSON document, or ErrTooMuch; nil leaves the file to staff.
	Data func(ctx context.Context, who conversation.CustomerID) ([]byte, error)
	// OnForget ends what is under way for the person in the same transaction, may be nil.
	OnForget func(ctx context.Context, tx conversation.Tx, t conversation.Turn) error
	// Surveys is the name of the skill whose open steps end when a person wants to be forgotten.
	Surveys string
	// Contact is where questions about data may be written to; empty for nowhere but here.
	Contact string
	// Zone is where the days are counted that people are told.
	Zone *time.Location
}

var _ conversation.Presser = Privacy{}

// ErrTooMuch is what Privacy.Data answers when more is kept than one file holds.
var ErrTooMuch = errors.New("more is kept about the person than one file holds")

const (
	privacySkill = "privacy"
	// PrivacyDays is how long staff have, in days. Sources: GDPR article 12(3), one month; Turkish law 6698 article 13,
	// thirty days.
	PrivacyDays = 30
	// maxDataBytes is the largest file that every platform takes; Discord's limit of 10 MB is the lowest.
	maxDataBytes = 4 << 20
	// forgetWording names the text that a person has agreed to.
	forgetWording = "forget.confirm/1"
)

// Name implements conversation.Skill.
func (Privacy) Name() string { return privacySkill }

// WantsPlainYes implements conversation.PlainYes: an "ok" erases nothing.
func (Privacy) WantsPlainYes() {}

// Decide implements conversation.Skill.
func (p Privacy) Decide(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if t.In.Kind != conversation.KindMessage {
		return nil, nil
	}
	switch t.Intent {
	case texts.IntentPrivacy:
		if t.In.Command == "" {
			return nil, nil // the business's own article says more than a notice
		}
		return say(t, conversation.Say(p.notice(t))), nil
	case texts.IntentMyData, texts.IntentForget:
		if !t.In.Private {
			return say(t, conversation.Say(p.Texts.Say(t.Lang, "mydata.group", nil))), nil
		}
		if t.Intent == texts.IntentForget {
			return p.ask(t), nil
		}
		return p.data(ctx, t)
	}
	return nil, nil
}

// notice is what is kept and where to read more.
func (p Privacy) notice(t conversation.Turn) texts.Rich {
	parts := []texts.Rich{p.Texts.Say(t.Lang, "privacy.plain", nil)}
	if link := (Start{p.Voice}).link(t); link != "" {
		parts[0] = p.Texts.Say(t.Lang, "privacy.text", texts.Vars{"link": link})
	}
	if p.Contact != "" {
		parts = append(parts, p.Texts.Say(t.Lang, "privacy.contact", texts.Vars{"contact": p.Contact}))
	}
	return texts.Paragraphs(parts...)
}

// data sends the file, or has staff send it when it is too large for a messenger.
func (p Privacy) data(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if p.Data == nil {
		return p.hand(t, p.words(t), "mydata.by_staff"), nil
	}
	raw, err := p.Data(ctx, t.Person.ID)
	switch {
	case errors.Is(err, ErrTooMuch) || err == nil && len(raw) > maxDataBytes:
		return p.hand(t, p.words(t), "mydata.by_staff"), nil
	case err != nil:
		return nil, fmt.Errorf("gather the data of customer %d: %w", t.Person.ID, err)
	}
	o := conversation.Say(p.Texts.Say(t.Lang, "mydata.sending", nil))
	o.Body.Document = &conversation.Document{Name: "my-data-" + t.Now.In(p.Zone).Format(time.DateOnly) + ".json", Data: raw}
	return say(t, o), nil
}

// words are what staff read: the person's own, or the command's name.
func (p Privacy) words(t conversation.Turn) string {
	if t.In.Command == "" {
		return t.In.Text
	}
	return p.Texts.Label(t.Lang, "command."+string(t.Intent)+".name", nil)
}

// hand opens a ticket for staff and tells by when it is done.
func (p Privacy) hand(t conversation.Turn, words, key string) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		err := tx.OpenTicket(ctx, conversation.Handoff{Reason: conversation.ReasonPrivacy, Words: words, Lang: t.Lang})
		if err != nil {
			return t.Dialogue, err
		}
		now := t.Now.In(p.Zone)
		_, err = tx.Send(ctx, conversation.Say(p.Texts.Say(t.Lang, key, texts.Vars{"date": texts.DateOf(now.AddDate(0, 0, PrivacyDays), now)})))
		return t.Dialogue, err
	}
}

// forgetting is the data of the button that says yes.
type forgetting struct {
	Words string `json:"w"`
}

// ask asks once whether everything is to be erased.
func (p Privacy) ask(t conversation.Turn) conversation.Commit {
	key := "forget.confirm"
	if t.HumanOwns || t.HumanWaits {
		key = "forget.open_ticket"
	}
	yes := conversation.Act(p.Texts.Label(t.Lang, "forget.yes", nil), privacySkill, "forget", forgetting{p.words(t)})
	yes.Style = "danger"
	return quietly(say(t, conversation.Say(p.Texts.Say(t.Lang, key, nil), []conversation.Button{
		yes, conversation.Act(p.Texts.Label(t.Lang, "forget.no", nil), privacySkill, "keep", nil),
	})))
}

// Press implements conversation.Presser.
func (p Privacy) Press(_ context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	switch a.Verb {
	case "keep":
		return say(t, conversation.Say(p.Texts.Say(t.Lang, "forget.cancelled", nil))), nil
	case "forget":
		var f forgetting
		if err := json.Unmarshal(a.Data, &f); err != nil {
			return nil, fmt.Errorf("read a button of privacy: %w", err)
		}
		return p.forget(t, f.Words), nil
	}
	return nil, fmt.Errorf("a button of privacy has the unknown verb %q", a.Verb)
}

// forget stops everything that we start and passes the rest to staff.
func (p Privacy) forget(t conversation.Turn, words string) conversation.Commit {
	passes := p.hand(t, words, "forget.by_staff")
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		err := tx.RecordConsent(ctx, conversation.Consent{Topic: "all", Granted: false, Wording: forgetWording, Way: "button"})
		if err != nil {
			return t.Dialogue, err
		}
		if p.OnForget != nil {
			if err := p.OnForget(ctx, tx, t); err != nil {
				return t.Dialogue, err
			}
		}
		d, err := passes(ctx, tx)
		return d.Without(p.Surveys), err
	}
}
