package loyalty

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Programme is the loyalty programme in force: the rules of the operator's file over the books. A changed file makes a
// new one.
type Programme struct {
	Points    Config
	Tiers     Tiers
	Rewards   config.Map[Reward]
	Currency  config.Currency // the brand's
	Zone      *time.Location  // the brand's
	Languages []language.Code // the brand's, its default first
	Terms     string          // the version of the terms that joining accepts
	TermsLink func(language.Code) string
	// Match tells whether a person is among those that an expression or an audience's name selects. Rewards with a
	// to: need it.
	Match func(ctx context.Context, who conversation.CustomerID, to string) (bool, error)
	Texts *texts.Catalogue
	Store Store
}

// New is the programme of an operator's sections; nil when none of them is there.
func New(s Sections) *Programme {
	if s.Points == nil && s.Tiers == nil && s.Rewards.Len() == 0 {
		return nil
	}
	p := &Programme{Rewards: *s.Rewards, Zone: time.UTC, Languages: language.All}
	if s.Points != nil {
		p.Points = *s.Points
	}
	if s.Tiers != nil {
		p.Tiers = *s.Tiers
	}
	return p
}

// NamePoints has the catalogue use the operator's word for points.
func (c *Config) NamePoints(catalogue *texts.Catalogue) error {
	for lang, by := range c.Name {
		forms := texts.Forms{}
		for form, word := range by {
			forms[language.Plural(form)] = word
		}
		if err := catalogue.SetNoun(lang, "points", forms); err != nil {
			return fmt.Errorf("points.name.%s: %w", lang, err)
		}
	}
	return nil
}

// Grant is points for something other than a purchase.
type Grant struct {
	Customer conversation.CustomerID
	Source   string // SourceSurvey, ...
	SourceID string // unique per person and source
	Points   int64
	Reason   Reason
	At       time.Time
}

// SurveyReward is what completing a survey brings.
func SurveyReward(who conversation.CustomerID, invitation, points int64, at time.Time) Grant {
	return Grant{
		Customer: who, Source: SourceSurvey, SourceID: strconv.FormatInt(invitation, 10), Points: points,
		Reason: Reason{Code: "survey"}, At: at,
	}
}

// Give posts a grant in the person's transaction. Giving the same again changes nothing and is not fresh.
func (p *Programme) Give(ctx context.Context, tx conversation.Tx, g Grant) (Posted, error) {
	if g.Points <= 0 {
		return Posted{}, nil
	}
	return p.post(ctx, tx, Entry{
		Source: g.Source, SourceID: g.SourceID, Kind: Earn, Customer: g.Customer, Points: g.Points, Reason: g.Reason, At: g.At,
		Lot: p.Points.Terms(g.At, g.At, false, p.Zone),
	}, g.At)
}

// Correct adds or takes points by hand. key is the act's in the audit.
func (p *Programme) Correct(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, points int64, key, note string, at time.Time) (Posted, error) {
	return p.post(ctx, tx, Entry{
		Source: SourceStaff, SourceID: key, Kind: Adjust, Customer: who, Points: points,
		Reason: Reason{Code: "adjust", Data: ReasonData{Note: note}}, At: at, Lot: p.Points.Terms(at, at, false, p.Zone),
	}, at)
}

// post writes an entry and looks at the tier at a time when it counts for it.
func (p *Programme) post(ctx context.Context, tx conversation.Tx, e Entry, now time.Time) (Posted, error) {
	posted, err := p.Store.In(tx).Post(ctx, e)
	if err != nil || !posted.Fresh || e.Kind != Earn {
		return posted, err
	}
	return posted, p.Review(ctx, tx, e.Customer, now)
}

// Review writes where a member stands, and tells of a change. It does nothing for others.
func (p *Programme) Review(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, now time.Time) error {
	b := p.Store.In(tx)
	since := p.Tiers.Since(now, p.Zone)
	a, err := b.Account(ctx, now, since)
	if err != nil || !a.Joined() {
		return err
	}
	earned, err := b.Earned(ctx, since)
	if err != nil {
		return err
	}
	is := p.Tiers.Review(a.Member.Standing, earned, now, p.Zone)
	if is.same(a.Member.Standing) {
		return nil
	}
	if err := b.SetTier(ctx, is); err != nil {
		return err
	}
	if is.Tier == a.Member.Tier || a.Member.Tier == "" || is.Tier == "" {
		return nil
	}
	_, err = b.Emit(ctx, engagement.Event{
		Kind: engagement.EventTierChanged, Key: fmt.Sprintf("%d:%s:%d", who, is.Tier, now.UnixMilli()), Customer: who, At: now,
	})
	return err
}

// Join makes a person a member, gives the welcome gift, and reviews the tier. fresh is false for a member.
func (p *Programme) Join(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, way string, at time.Time) (m Member, fresh bool, err error) {
	b := p.Store.In(tx)
	m, fresh, err = b.Join(ctx, Member{Customer: who, Terms: p.Terms, Way: way, JoinedAt: at})
	if err != nil || !fresh {
		return m, false, err
	}
	if id, rule := p.Points.eventRule("join"); rule != nil {
		_, err := p.Give(ctx, tx, Grant{
			Customer: who, Source: SourceJoin, SourceID: "once", Points: rule.Points, Reason: p.eventReason("join", id, rule), At: at,
		})
		if err != nil {
			return m, true, err
		}
	}
	return m, true, p.Review(ctx, tx, who, at)
}

// eventReason names the rule when it has a title of its own.
func (p *Programme) eventReason(code, id string, rule *EarnRule) Reason {
	if rule.Title.IsZero() {
		return Reason{Code: code}
	}
	return Reason{Code: "plain", Data: ReasonData{Rule: id}}
}

// ReadAccount is a person's account at a time.
func (p *Programme) ReadAccount(ctx context.Context, who conversation.CustomerID, now time.Time) (Account, error) {
	return p.Store.ReadAccount(ctx, who, now, p.Tiers.Since(now, p.Zone))
}

// local is an operator's text in a language.
func (p *Programme) local(lang language.Code, t config.LocalText) string {
	if ref := t.Ref(); ref != "" {
		return p.Texts.Label(lang, ref, nil)
	}
	text, _ := t.In(lang, p.Languages...)
	return text
}

func (p *Programme) rewardTitle(lang language.Code, id string) string {
	if w, ok := p.Rewards.Get(id); ok {
		return p.local(lang, w.Title)
	}
	return id
}

// Title is a reward's title in the brand's default language, for staff and tills.
func (p *Programme) Title(reward string) string { return p.rewardTitle(p.Languages[0], reward) }

func (p *Programme) ruleTitle(lang language.Code, id string) string {
	if rule, ok := p.Points.Earn.Get(id); ok && !rule.Title.IsZero() {
		return p.local(lang, rule.Title)
	}
	return id
}

// Priority reports whether a member's tickets come first.
func (p *Programme) Priority(a Account) bool {
	level, ok := p.Tiers.Levels.Get(a.Member.Tier)
	return ok && level.Priority
}

func (p *Programme) tierTitle(lang language.Code, id string) string {
	if level, ok := p.Tiers.Levels.Get(id); ok {
		return p.local(lang, level.Title)
	}
	return ""
}

// date is a day as people are told it.
func (p *Programme) date(t, now time.Time) texts.Date {
	return texts.DateOf(t.In(p.Zone), now.In(p.Zone))
}

// errRefused carries why a reward is not given.
var errRefused = errors.New("the reward is not given")
