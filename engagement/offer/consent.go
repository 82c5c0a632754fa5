package offer

import (
	"context"
	"fmt"
	"slices"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/attention"
	"github.com/rapport-chat/rapport/texts"
)

// AfterAnswer is the engine's hook after a skill's commit. Once, after the first answered question, it asks whether we
// may write first: a question of its own, apart from the notice and from joining. Silence is no.
func (s *Skill) AfterAnswer(ctx context.Context, tx conversation.Tx, t conversation.Turn, by conversation.Skill) error {
	switch {
	case t.Person.OffersAsked, t.Person.Stopped, !t.In.Private, t.In.Kind != conversation.KindMessage,
		t.HumanOwns, t.HumanWaits, by == nil, !slices.Contains(s.AskAfter, by.Name()), !t.Dialogue.Answered, len(t.Dialogue.Stack) > 0:
		return nil
	}
	given, err := s.Reader.Agreements(ctx, t.Person.ID)
	if err != nil {
		return fmt.Errorf("read what %d agreed to: %w", t.Person.ID, err)
	}
	if answered(given) {
		return nil // under the command, at the till or by import
	}
	if _, err := tx.Send(ctx, s.question(t, true)); err != nil {
		return err
	}
	p := t.Person
	p.Welcomed, p.OffersAsked = true, true // the turn has welcomed the person by now
	return tx.SavePerson(ctx, p)
}

// answered says that the person has answered whether we may write first, with yes or no.
func answered(all []Agreement) bool {
	return slices.ContainsFunc(all, func(a Agreement) bool { return a.Topic == attention.TopicOffers })
}

// question asks whether we may write first. Both buttons look alike. under says that it follows an answer.
func (s *Skill) question(t conversation.Turn, under bool) conversation.Outgoing {
	d := pressData{Under: under}
	return conversation.Say(s.Texts.Say(t.Lang, "consent.question", texts.Vars{"n": s.PerWeek}), []conversation.Button{
		conversation.Act(s.Texts.Label(t.Lang, "consent.yes", nil), skillName, verbYes, d),
		conversation.Act(s.Texts.Label(t.Lang, "consent.no", nil), skillName, verbNo, d),
	})
}

// answer records the yes or no to the question. A typed word under a question that followed an answer may be meant for
// "Did this help?": a yes is asked for once more, since consent must be plain; a no counts, and says where help is.
func (s *Skill) answer(t conversation.Turn, yes, under bool) conversation.Commit {
	way, after := "button", "consent.after_no"
	if t.In.Kind == conversation.KindMessage {
		way = "word"
		if under && yes {
			return send(t, s.question(t, false))
		}
		if under {
			after = "consent.after_no_typed"
		}
	}
	consents := []conversation.Consent{{Topic: attention.TopicOffers, Granted: yes, Wording: wordingQuestion, Way: way}}
	key := after
	if yes {
		key = "consent.after_yes"
		if t.Person.Stopped { // who now agrees takes the stop back
			consents = append(consents, conversation.Consent{Topic: "all", Granted: true, Wording: wordingQuestion, Way: way})
		}
	}
	out := conversation.Say(s.Texts.Say(t.Lang, key, nil))
	return commit(t, consents, append(withoutButtons(t), out)...)
}

// WantsPlainYes implements conversation.PlainYes: an "ok" is no consent to be written to.
func (*Skill) WantsPlainYes() {}

// withoutButtons takes the buttons from the message that was pressed, which has its answer.
func withoutButtons(t conversation.Turn) []conversation.Outgoing {
	if t.Pressed == nil || t.Pressed.Text.Empty() {
		return nil
	}
	return []conversation.Outgoing{{
		Lane: conversation.LaneAnswer,
		Body: conversation.Body{Kind: conversation.BodyEdit, Of: t.Pressed.Of, Text: t.Pressed.Text},
	}}
}

// topics is the choice of topics, or the question when there was no yes yet.
func (s *Skill) topics(ctx context.Context, t conversation.Turn) (conversation.Outgoing, error) {
	all, err := s.Reader.Agreements(ctx, t.Person.ID)
	if err != nil {
		return conversation.Outgoing{}, fmt.Errorf("read what %d agreed to: %w", t.Person.ID, err)
	}
	if !agreed(all, t) || t.Person.Stopped {
		return s.question(t, false), nil
	}
	return conversation.Say(s.Texts.Say(t.Lang, "offers.header", nil), s.rows(t, all)...), nil
}

// rows has a button per topic, and one for none of them.
func (s *Skill) rows(t conversation.Turn, all []Agreement) [][]conversation.Button {
	rows := make([][]conversation.Button, 0, len(s.Topics)+1)
	for _, topic := range s.Topics {
		key, off := "offers.topic_on", muted(all, topic.ID)
		if off {
			key = "offers.topic_off"
		}
		label := s.Texts.Label(t.Lang, key, texts.Vars{"topic": s.title(t.Lang, topic.ID)})
		rows = append(rows, []conversation.Button{conversation.Act(label, skillName, verbTopic, pressData{Topic: topic.ID, On: off})})
	}
	return append(rows, []conversation.Button{conversation.Act(s.Texts.Label(t.Lang, "offers.all_off", nil), skillName, verbNone, nil)})
}

// toggle switches one topic and shows the choice as it is then.
func (s *Skill) toggle(ctx context.Context, t conversation.Turn, d pressData) (conversation.Commit, error) {
	all, err := s.Reader.Agreements(ctx, t.Person.ID)
	if err != nil {
		return nil, fmt.Errorf("read what %d agreed to: %w", t.Person.ID, err)
	}
	if !agreed(all, t) || t.Person.Stopped {
		return send(t, s.question(t, false)), nil // an old list: the yes was taken back meanwhile
	}
	all = slices.DeleteFunc(all, func(a Agreement) bool { return a.Topic == TopicConsent(d.Topic) })
	all = append(all, Agreement{Topic: TopicConsent(d.Topic), Granted: d.On})
	now := conversation.Consent{Topic: TopicConsent(d.Topic), Granted: d.On, Wording: wordingTopics, Way: "button"}
	edit := conversation.Outgoing{Lane: conversation.LaneAnswer, Body: conversation.Body{
		Kind: conversation.BodyEdit, Of: t.Pressed.Of, Text: s.Texts.Say(t.Lang, "offers.header", nil), Rows: s.rows(t, all),
	}}
	return commit(t, []conversation.Consent{now}, edit), nil
}

// none takes the yes to offers back.
func (s *Skill) none(t conversation.Turn) conversation.Commit {
	no := conversation.Consent{Topic: attention.TopicOffers, Granted: false, Wording: wordingTopics, Way: "button"}
	return commit(t, []conversation.Consent{no}, append(withoutButtons(t), conversation.Say(s.Texts.Say(t.Lang, "consent.after_no", nil)))...)
}
