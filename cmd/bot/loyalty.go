package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/sandbox"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/texts"
	"github.com/rapport-chat/rapport/web"
)

// loyaltySections are the parts of the file that make a programme.
func (s *settings) loyaltySections() loyalty.Sections {
	return loyalty.Sections{Points: s.Points, Tiers: s.Tiers, Rewards: &s.Rewards}
}

// openLoyalty makes the programme of the operator's file; nil when it has none.
func openLoyalty(w wiring, db *persistence.DB, catalogue *texts.Catalogue) (*loyalty.Programme, error) {
	p := loyalty.New(w.set.loyaltySections())
	if p == nil {
		return nil, nil
	}
	if err := p.Points.NamePoints(catalogue); err != nil {
		return nil, err
	}
	p.Currency, p.Zone, p.Languages = w.set.Brand.Currency, w.set.Brand.Timezone.Location(), w.set.Brand.Languages
	p.Terms = strconv.Itoa(w.set.Privacy.TermsVersion)
	p.TermsLink = func(lang language.Code) string {
		text, _ := w.set.Privacy.Notice.In(lang, w.set.Brand.Languages...)
		return text
	}
	p.Texts, p.Store = catalogue, db.Loyalty()
	return p, nil
}

// loyaltySkills answer about points, or say that there are none.
func loyaltySkills(p *loyalty.Programme, catalogue *texts.Catalogue) []conversation.Skill {
	if p == nil {
		return []conversation.Skill{loyalty.Off{Texts: catalogue}}
	}
	return p.Skills()
}

// tillRoutes are the addresses of tills and shops; none without a programme or without sources.
func (s *service) tillRoutes() map[string]http.Handler {
	if s.parts.loyalty == nil || s.set.Sources.Len() == 0 {
		return nil
	}
	till := web.Till{Programme: s.parts.loyalty, Sources: map[string]loyalty.Source{}, Business: s.business, Real: clock.Real{}, Log: s.log}
	for id, source := range s.set.Sources.All() {
		till.Sources[id] = *source
	}
	return till.Routes()
}

// Order implements sandbox.Service.
func (s *seam) Order(ctx context.Context, o sandbox.Order) error {
	if s.parts.loyalty == nil {
		return fmt.Errorf("%w: the config has no points, tiers or rewards", lookalike.ErrUnsupported)
	}
	who, err := s.makeKnown(ctx, o.Platform, o.UserID)
	if err != nil {
		return err
	}
	order := loyalty.Order{Source: "sandbox", ID: o.ID, Customer: who, Currency: o.Currency, At: o.At}
	if order.Currency == "" {
		order.Currency = string(s.set.Brand.Currency)
	}
	if order.Total, err = minor(o.Total, order.Currency); err != nil {
		return err
	}
	for _, item := range o.Items {
		total, err := minor(item.Total, order.Currency)
		if err != nil {
			return err
		}
		order.Lines = append(order.Lines, loyalty.Line{Category: item.Category, Total: total})
	}
	_, err = s.parts.loyalty.Purchase(ctx, order, s.business.Now())
	switch {
	case errors.Is(err, loyalty.ErrOrderChanged):
		return fmt.Errorf("%w: %w", lookalike.ErrRefused, err)
	case errors.Is(err, loyalty.ErrBadOrder):
		return fmt.Errorf("%w: %w", lookalike.ErrUnsupported, err)
	}
	return err
}

// minor reads an amount as people write it.
func minor(text, currency string) (int64, error) {
	c, err := config.ParseCurrency(currency)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", lookalike.ErrUnsupported, err)
	}
	m, err := config.ParseMoney(text)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", lookalike.ErrUnsupported, err)
	}
	units, exact := m.Minor(c)
	if !exact {
		return 0, fmt.Errorf("%w: %s has more decimals than %s", lookalike.ErrUnsupported, text, currency)
	}
	return units, nil
}

// makeKnown finds the customer behind a platform's user. Whoever has not written yet becomes known without a word.
func (s *service) makeKnown(ctx context.Context, platform, userID string) (conversation.CustomerID, error) {
	who, err := s.db.FindCustomer(ctx, platform, userID)
	if !errors.Is(err, conversation.ErrNotFound) {
		return who, err
	}
	account, err := s.accountOf(ctx, platform)
	if err != nil {
		return 0, err
	}
	_, err = s.db.Conversations().Accept(ctx, conversation.Inbound{
		Address: conversation.Address{Channel: platform, Account: account, Chat: userID}, EventID: "known:" + userID,
		Kind: conversation.KindBack, Private: true, At: s.business.Now(), From: conversation.Sender{UserID: userID},
	})
	if err != nil {
		return 0, err
	}
	return s.db.FindCustomer(ctx, platform, userID)
}

// past are an invented customer's purchases: how many days ago, and for how much in minor units.
var past = []struct {
	days     int
	total    int64
	category string
}{{62, 4850, "beans"}, {33, 7200, "drinks"}, {12, 9600, "beans"}}

// seedLoyalty gives an invented customer a membership and the purchases of the past.
func seedLoyalty(ctx context.Context, s *service, platform, userID string) error {
	p := s.parts.loyalty
	if p == nil {
		return nil
	}
	who, err := s.db.FindCustomer(ctx, platform, userID)
	if err != nil {
		return err
	}
	now := s.business.Now()
	first := now.AddDate(0, 0, -past[0].days)
	err = p.Store.ForCustomer(ctx, who, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
		_, _, err := p.Join(ctx, tx, who, "button", first)
		return err
	})
	if err != nil {
		return err
	}
	for i, o := range past {
		_, err := p.Purchase(ctx, loyalty.Order{
			Source: "sandbox", ID: fmt.Sprintf("past-%s-%d", userID, i+1), Customer: who, Total: o.total, Currency: string(s.set.Brand.Currency),
			Lines: []loyalty.Line{{Category: o.category, Total: o.total}}, At: now.Add(-time.Duration(o.days) * 24 * time.Hour),
		}, now)
		if err != nil {
			return err
		}
	}
	return nil
}

// pointsState is what a person has, for the sandbox.
func (s *service) pointsState(ctx context.Context, who conversation.CustomerID, state map[string]any) error {
	state["points"], state["tier"] = map[string]int64{"spendable": 0, "pending": 0}, ""
	if s.parts.loyalty == nil {
		return nil
	}
	a, err := s.parts.loyalty.ReadAccount(ctx, who, s.business.Now())
	if err != nil {
		return err
	}
	state["points"], state["tier"] = map[string]int64{"spendable": a.Spendable, "pending": a.Pending}, a.Member.Tier
	return nil
}
