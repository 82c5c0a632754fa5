package main

import (
	"context"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/audience"
	"github.com/rapport-chat/rapport/engagement/offer"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

// offers is what sends offers and answers about them.
type offers struct {
	audiences *audience.Set
	agenda    *offer.Agenda
	board     *offer.Board
	skill     *offer.Skill
}

// checkOffers checks what offers, surveys and rewards name of other sections.
func (s *settings) checkOffers(r *config.Report) {
	s.Proactive.CheckDays(r, &s.Calendar)
	s.Offers.CheckReferences(r, &s.Audiences, &s.Proactive, hasBuiltIn)
	for _, one := range s.Surveys.All() {
		s.Audiences.CheckReference(r, one.To)
	}
	for _, one := range s.Rewards.All() {
		s.Audiences.CheckReference(r, one.To)
	}
}

// hasBuiltIn tells whether the built-in catalogue has a text.
func hasBuiltIn(key string) bool {
	catalogue, err := texts.Load()
	return err != nil || catalogue.Has(language.English, key)
}

// openOffers makes the agenda and the skill, and sets the gate through which everything that we start passes.
func openOffers(ctx context.Context, w wiring, db *persistence.DB, catalogue *texts.Catalogue, drained func()) (*offers, error) {
	zone, langs := w.set.Brand.Timezone.Location(), w.set.Brand.Languages
	set, err := audience.NewSet(w.set.Audiences, audience.Place{Zone: zone, Languages: langs}, db.Audiences(), w.business.Now)
	if err != nil {
		return nil, err
	}
	policy := w.set.Proactive.Policy(&w.set.Calendar, zone)
	db.SetGate(persistence.OfferGate(persistence.AttentionGate(policy)))
	db.OnReport(offer.ReportDelivery, persistence.SettleDeliveries(drained))
	db.OnReport(offer.ReportPost, persistence.SettlePosts())
	o := &offers{audiences: set}
	o.agenda = offer.NewAgenda(w.set.Offers, offer.Deps{
		Audiences: set, Store: db.Offers(), Policy: policy, Texts: catalogue, Languages: langs, Zone: zone, Now: w.business.Now,
		Log: w.log, Rate: w.rateOf, Posters: w.posters(),
	})
	o.board = &offer.Board{Agenda: o.agenda, Posts: db.Offers()}
	o.skill = &offer.Skill{
		Texts: catalogue, Reader: db.Offers(), Topics: w.set.topics(), PerWeek: w.set.Proactive.PerWeek, Zone: zone, Brand: langs,
		Tier: w.set.tierTitle,
	}
	if w.set.Offers.Len() > 0 {
		o.skill.AskAfter = []string{"knowledge"}
	}
	return o, o.agenda.Load(ctx, w.business.Now())
}

// posters are the channels that may show offers for everybody.
func (w *wiring) posters() map[string]offer.Poster {
	out := map[string]offer.Poster{}
	for _, c := range w.channels {
		if p, ok := c.(offer.Poster); ok {
			out[c.Name()] = p
		}
	}
	return out
}

// topics are what people can mute: what the operator named, and whatever else an offer names.
func (s *settings) topics() []offer.Topic {
	var out []offer.Topic
	known := map[string]bool{}
	for id, title := range s.Proactive.Topics.All() {
		known[id] = true
		out = append(out, offer.Topic{ID: id, Title: func(lang language.Code) string {
			text, _ := title.In(lang, s.Brand.Languages...)
			return text
		}})
	}
	for _, o := range s.Offers.All() {
		if id := o.Topic.Value; id != "" && !known[id] {
			known[id] = true
			out = append(out, offer.Topic{ID: id})
		}
	}
	return out
}

// tierTitle is a tier's name as people read it.
func (s *settings) tierTitle(lang language.Code, id string) string {
	if s.Tiers == nil {
		return id
	}
	if level, ok := s.Tiers.Levels.Get(id); ok {
		if title, _ := level.Title.In(lang, s.Brand.Languages...); title != "" {
			return title
		}
	}
	return id
}

// commands are the slash commands that there is something behind.
func (o *offers) commands() []string {
	if len(o.skill.AskAfter) == 0 {
		return nil
	}
	return []string{"offers"}
}

// wakeAgenda has due times looked at again. It is called from transactions, so it only leaves a note.
func (s *service) wakeAgenda() {
	if s.driver != nil {
		s.driver.Nudge()
	}
}

// stateDeliveries is how many deliveries the sandbox shows.
const stateDeliveries = 100

// offersState is what a person agreed to and what was planned for them, for the sandbox.
func (s *service) offersState(ctx context.Context, who conversation.CustomerID, state map[string]any) error {
	reader := s.db.Offers()
	list, err := reader.Deliveries(ctx, who, stateDeliveries)
	if err != nil {
		return err
	}
	deliveries := make([]map[string]any, len(list))
	for i, d := range list {
		deliveries[i] = map[string]any{"offer": d.Offer, "due": d.Due.Format(time.RFC3339), "state": d.State, "reason": d.Reason}
	}
	agreements, err := reader.Agreements(ctx, who)
	if err != nil {
		return err
	}
	consents := make([]map[string]any, len(agreements))
	for i, a := range agreements {
		consents[i] = map[string]any{"topic": a.Topic, "channel": a.Channel, "granted": a.Granted, "since": a.At.Format(time.RFC3339)}
	}
	state["deliveries"], state["consents"] = deliveries, consents
	return nil
}
