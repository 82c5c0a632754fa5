package offer

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/attention"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

const skillName = "offer"

// What the buttons do.
const (
	verbWhy    = "why"
	verbMute   = "mute"
	verbUnmute = "unmute"
	verbYes    = "yes"
	verbNo     = "no"
	verbTopic  = "topic"
	verbNone   = "none"
)

// The texts that a person has seen when saying yes or no, with their versions. A changed text gets a new version.
const (
	wordingQuestion = "consent.question/1"
	wordingTopics   = "offers.header/1"
	wordingMute     = "offer.mute_button/1"
)

// pressData is what a button carries.
type pressData struct {
	Delivery int64  `json:"d,omitempty"`
	Topic    string `json:"t,omitempty"`
	On       bool   `json:"on,omitempty"`
	// Under says that the question stood right under an answer, which may have asked something too.
	Under bool `json:"u,omitempty"`
}

// Topic is something that people can mute.
type Topic struct {
	ID    string
	Title func(language.Code) string
}

// Skill answers what people ask and press about offers: whether we may write first, about which topics, and why.
type Skill struct {
	Texts   *texts.Catalogue
	Reader  Reader
	Topics  []Topic
	PerWeek int                                        // what the question promises
	Zone    *time.Location                             // the brand's
	Tier    func(lang language.Code, id string) string // a tier's title; nil: its id
	Brand   []language.Code
	// AskAfter names the skills whose answers are followed by the question whether we may write first.
	AskAfter []string
}

var (
	_ conversation.Presser  = (*Skill)(nil)
	_ conversation.PlainYes = (*Skill)(nil)
)

// Name implements conversation.Skill.
func (*Skill) Name() string { return skillName }

// Decide implements conversation.Skill: the command /offers, and its plain words.
func (s *Skill) Decide(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if !asksForOffers(t) || !t.In.Private {
		return nil, nil
	}
	out, err := s.topics(ctx, t)
	if err != nil {
		return nil, err
	}
	return send(t, out), nil
}

func asksForOffers(t conversation.Turn) bool {
	return t.Intent == texts.IntentOffers
}

// Press implements conversation.Presser.
func (s *Skill) Press(ctx context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	var d pressData
	if len(a.Data) > 0 {
		if err := json.Unmarshal(a.Data, &d); err != nil {
			return nil, fmt.Errorf("read a button of an offer: %w", err)
		}
	}
	switch a.Verb {
	case verbWhy:
		return s.why(ctx, t, d.Delivery)
	case verbMute:
		return s.mute(t, d.Topic), nil
	case verbUnmute:
		return s.unmute(t, d.Topic), nil
	case verbYes, verbNo:
		return s.answer(t, a.Verb == verbYes, d.Under), nil
	case verbTopic:
		return s.toggle(ctx, t, d)
	case verbNone:
		return s.none(t), nil
	}
	return nil, fmt.Errorf("an offer's button has the unknown verb %q", a.Verb)
}

// send is a commit that sends messages and leaves the dialogue as it is. After a press the open step asks again.
func send(t conversation.Turn, all ...conversation.Outgoing) conversation.Commit {
	return commit(t, nil, all...)
}

// commit records consents and sends messages.
func commit(t conversation.Turn, consents []conversation.Consent, all ...conversation.Outgoing) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		for _, c := range consents {
			if err := tx.RecordConsent(ctx, c); err != nil {
				return t.Dialogue, err
			}
		}
		for _, o := range all {
			if _, err := tx.Send(ctx, o); err != nil {
				return t.Dialogue, err
			}
		}
		return t.Dialogue, nil
	}
}

// mute ends one topic, with a way back.
func (s *Skill) mute(t conversation.Turn, topic string) conversation.Commit {
	no := conversation.Consent{Topic: TopicConsent(topic), Granted: false, Wording: wordingMute, Way: "button"}
	undo := conversation.Act(s.Texts.Label(t.Lang, "offer.unmute", nil), skillName, verbUnmute, pressData{Topic: topic})
	text := s.Texts.Say(t.Lang, "offer.muted", texts.Vars{"topic": s.title(t.Lang, topic)})
	return commit(t, []conversation.Consent{no}, conversation.Say(text, []conversation.Button{undo}))
}

func (s *Skill) unmute(t conversation.Turn, topic string) conversation.Commit {
	yes := conversation.Consent{Topic: TopicConsent(topic), Granted: true, Wording: wordingMute, Way: "button"}
	text := s.Texts.Say(t.Lang, "offer.unmuted", texts.Vars{"topic": s.title(t.Lang, topic)})
	return commit(t, []conversation.Consent{yes}, conversation.Say(text))
}

// title is a topic's name as people read it.
func (s *Skill) title(lang language.Code, topic string) string {
	for _, one := range s.Topics {
		if one.ID == topic && one.Title != nil {
			if title := one.Title(lang); title != "" {
				return title
			}
		}
	}
	return topic
}

// agreed tells whether a yes to offers is in force for the chat of the turn.
func agreed(all []Agreement, t conversation.Turn) bool {
	for _, a := range all {
		if a.Customer == t.Person.ID && a.Channel == t.In.Channel && a.Topic == attention.TopicOffers {
			return a.Granted
		}
	}
	return false
}

// muted tells whether a topic is switched off.
func muted(all []Agreement, topic string) bool {
	for _, a := range all {
		if a.Topic == TopicConsent(topic) && !a.Granted {
			return true
		}
	}
	return false
}
