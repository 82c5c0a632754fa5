package loyalty

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// The skills' names. Buttons are stored with them.
const (
	balanceName = "balance"
	historyName = "history"
	rewardsName = "rewards"
	cardName    = "card"
	earnName    = "earn"
	joinName    = "join"
	inviteName  = "referral"
)

// The buttons' verbs.
const (
	verbNoticesOff = "notices_off"
	verbNoticesOn  = "notices_on"
	verbMore       = "more"
	verbShow       = "show"
	verbChoose     = "choose"
	verbYes        = "yes"
	verbNo         = "no"
	verbPickup     = "pickup"
	verbAddress    = "address"
	verbTerms      = "terms"
)

// Skills are the programme's skills, in the order in which they are asked. They go before the skill of /start, since an
// invitation comes as /start with a code.
func (p *Programme) Skills() []conversation.Skill {
	return []conversation.Skill{Inviting{p}, Balance{p}, History{p}, Rewards{p}, Card{p}, HowToEarn{p}, Joining{p}}
}

// Commands are the names of the commands for help and for the platforms' menus.
// A nil programme has none.
func (p *Programme) Commands() []string {
	if p == nil {
		return nil
	}
	names := []string{balanceName, cardName, historyName}
	if p.Rewards.Len() > 0 {
		names = append(names, rewardsName)
	}
	return names
}

// asked reports whether the turn asks for it.
func asked(t conversation.Turn, by texts.Intent) bool { return t.Intent == by }

// private answers a group with nothing personal, nil in a private chat.
func (p *Programme) private(t conversation.Turn) conversation.Commit {
	if t.In.Private {
		return nil
	}
	return p.say(t, conversation.Say(p.Texts.Say(t.Lang, "group.private", nil)))
}

// say is a commit that answers and leaves the dialogue as it is.
func (p *Programme) say(t conversation.Turn, out ...conversation.Outgoing) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		return t.Dialogue, send(ctx, tx, out...)
	}
}

func send(ctx context.Context, tx conversation.Tx, out ...conversation.Outgoing) error {
	for _, o := range out {
		if _, err := tx.Send(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// oldButton answers a button whose purpose is gone.
func (p *Programme) oldButton(t conversation.Turn) conversation.Commit {
	return p.say(t, conversation.Say(p.Texts.Say(t.Lang, "error.old_button", nil)))
}

// unpress takes the buttons from the message that was pressed.
func unpress(t conversation.Turn) conversation.Outgoing {
	return conversation.Outgoing{Body: conversation.Body{Kind: conversation.BodyEdit, Of: t.Pressed.Of, Text: t.Pressed.Text}}
}

// data reads what a button carries.
func data[T any](a conversation.Action) (T, error) {
	var v T
	if len(a.Data) == 0 {
		return v, nil
	}
	if err := json.Unmarshal(a.Data, &v); err != nil {
		return v, fmt.Errorf("read a button of %s: %w", a.Skill, err)
	}
	return v, nil
}

func unknownVerb(a conversation.Action) error {
	return fmt.Errorf("a button of %s has the unknown verb %q", a.Skill, a.Verb)
}

// label is a button's text.
func (p *Programme) label(lang language.Code, key string) string {
	return p.Texts.Label(lang, key, nil)
}

// Off answers for a business without a programme.
type Off struct{ Texts *texts.Catalogue }

// Name implements conversation.Skill.
func (Off) Name() string { return "no_programme" }

// Decide implements conversation.Skill.
func (o Off) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	switch t.Intent {
	case texts.IntentBalance, texts.IntentCard, texts.IntentHistory, texts.IntentRewards, texts.IntentEarn, texts.IntentJoin, texts.IntentReferral:
		return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			return t.Dialogue, send(ctx, tx, conversation.Say(o.Texts.Say(t.Lang, "balance.no_programme", nil)))
		}, nil
	}
	return nil, nil
}
