package loyalty

import (
	"context"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Joining makes a person a member with one tap on the terms.
type Joining struct{ *Programme }

var _ conversation.Presser = Joining{}

// joinData is what its buttons carry.
type joinData struct {
	Reward string `json:"r,omitempty"` // what the person was about to take
}

// Name implements conversation.Skill.
func (Joining) Name() string { return joinName }

// Decide implements conversation.Skill.
func (s Joining) Decide(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if !asked(t, texts.IntentJoin) {
		return nil, nil
	}
	if c := s.private(t); c != nil {
		return c, nil
	}
	a, err := s.ReadAccount(ctx, t.Person.ID, t.Now)
	if err != nil {
		return nil, err
	}
	if a.Joined() {
		return s.say(t, conversation.Say(s.Texts.Say(t.Lang, "join.already", nil))), nil
	}
	return s.say(t, s.question(t, "")), nil
}

// question asks whether the person wants to join, with the terms.
func (s Joining) question(t conversation.Turn, reward string) conversation.Outgoing {
	key, vars := "join.question_plain", texts.Vars{}
	if s.TermsLink != nil {
		if link := s.TermsLink(t.Lang); link != "" {
			key, vars["link"] = "join.question", texts.Link(link, link)
		}
	}
	return conversation.Say(s.Texts.Say(t.Lang, key, vars), []conversation.Button{
		conversation.Act(s.label(t.Lang, "join.yes"), joinName, verbYes, joinData{reward}),
		conversation.Act(s.label(t.Lang, "join.no"), joinName, verbNo, nil),
	})
}

// Press implements conversation.Presser.
func (s Joining) Press(ctx context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	switch a.Verb {
	case verbNo:
		return s.say(t, unpress(t), conversation.Say(s.Texts.Say(t.Lang, "join.declined", nil))), nil
	case verbTerms:
		return s.acceptTerms(t), nil
	case verbYes:
		d, err := data[joinData](a)
		if err != nil {
			return nil, err
		}
		return s.join(t, d), nil
	}
	return nil, unknownVerb(a)
}

// newTerms asks a member to accept terms that have changed; nothing when there is nothing to ask.
func (p *Programme) newTerms(t conversation.Turn, a Account) []conversation.Outgoing {
	if a.Member.Terms == p.Terms {
		return nil
	}
	key, vars := "join.terms_changed_plain", texts.Vars{}
	if p.TermsLink != nil {
		if link := p.TermsLink(t.Lang); link != "" {
			key, vars["link"] = "join.terms_changed", texts.Link(link, link)
		}
	}
	return []conversation.Outgoing{conversation.Say(p.Texts.Say(t.Lang, key, vars), []conversation.Button{
		conversation.Act(p.label(t.Lang, "join.terms_yes"), joinName, verbTerms, nil),
	})}
}

// acceptTerms notes the version in force.
func (s Joining) acceptTerms(t conversation.Turn) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if err := s.Store.In(tx).AcceptTerms(ctx, s.Terms); err != nil {
			return t.Dialogue, err
		}
		return t.Dialogue, send(ctx, tx, unpress(t), conversation.Say(s.Texts.Say(t.Lang, "join.terms_done", nil)))
	}
}

// join writes the membership and goes on to what the person wanted.
func (s Joining) join(t conversation.Turn, d joinData) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		_, fresh, err := s.Join(ctx, tx, t.Person.ID, "button", t.Now)
		if err != nil {
			return t.Dialogue, err
		}
		if !fresh {
			return t.Dialogue, send(ctx, tx, unpress(t), conversation.Say(s.Texts.Say(t.Lang, "join.already", nil)))
		}
		account, err := s.Store.In(tx).Account(ctx, t.Now, s.Tiers.Since(t.Now, s.Zone))
		if err != nil {
			return t.Dialogue, err
		}
		text := s.Texts.Say(t.Lang, "join.done", nil)
		if account.Entries {
			text = texts.Paragraphs(text, s.balanceText(t, account))
		}
		o := conversation.Say(text, []conversation.Button{conversation.Act(s.label(t.Lang, "menu.card"), cardName, verbShow, nil)})
		if d.Reward != "" {
			if w, ok := s.Rewards.Get(d.Reward); ok {
				return t.Dialogue, send(ctx, tx, unpress(t), o, Rewards(s).confirm(t, d.Reward, w, account))
			}
		}
		return t.Dialogue, send(ctx, tx, unpress(t), o)
	}
}
