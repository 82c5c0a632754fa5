package loyalty

import (
	"fmt"

	"github.com/rapport-chat/rapport/config"
)

// Tiers is the section tiers: of an operator's file.
type Tiers struct {
	config.At
	Window config.Period     `yaml:"window" doc:"Points earned in this time count."`
	Grace  config.Duration   `yaml:"grace" doc:"How long a tier is kept when too little was earned."`
	Levels config.Map[Level] `yaml:"levels" doc:"From the lowest to the highest."`
}

// Level is one tier.
type Level struct {
	config.At
	From       int64            `yaml:"from" check:"min=0" doc:"So many points earned in the window."`
	Title      config.LocalText `yaml:"title" check:"required"`
	Privileges config.LocalText `yaml:"privileges" doc:"What it brings, in a sentence."`
	Priority   bool             `yaml:"priority" doc:"Its members' tickets come first."`
}

// SetDefaults implements config.Defaulter.
func (t *Tiers) SetDefaults() {
	t.Window = config.Period{Years: 1}
	t.Grace = config.Duration(30 * day)
}

// Check implements config.Checker.
func (t *Tiers) Check(r *config.Report) {
	if t.Window.IsZero() {
		r.Errorf(t.Field("window"), "write how far back counts, such as 1y", "the window is empty")
	}
	last := int64(-1)
	for i, e := range t.Levels.Entries {
		switch {
		case i == 0 && e.Value.From != 0:
			r.Errorf(e.Value.Field("from"), "let the first tier begin at 0", "nobody would have a tier below %d", e.Value.From)
		case e.Value.From <= last:
			r.Errorf(e.Value.Field("from"), "write the tiers from the lowest to the highest", "%s does not begin above the tier before it", e.ID)
		}
		last = max(last, e.Value.From)
	}
}

// Reward is one entry of the section rewards: of an operator's file.
type Reward struct {
	config.At
	Title     config.LocalText       `yaml:"title" check:"required" doc:"What customers read."`
	About     config.LocalText       `yaml:"about" doc:"A sentence more, shown before they confirm."`
	Points    int64                  `yaml:"points" check:"min=0,max=10000000" doc:"What it costs."`
	Kind      string                 `yaml:"kind" check:"enum=product|coupon|gift_card|event|physical"`
	Valid     config.Period          `yaml:"valid" doc:"How long the code can be used."`
	Value     config.Money           `yaml:"value" doc:"Of a gift card, or of a coupon that takes off an amount."`
	Percent   int64                  `yaml:"percent" check:"min=1,max=100" doc:"Of a coupon that takes off a part."`
	Stock     int64                  `yaml:"stock" check:"min=1" doc:"How many there are in all."`
	PerPerson int64                  `yaml:"per_person" check:"min=1" doc:"How many one person may have."`
	Tier      string                 `yaml:"tier" doc:"From this tier on."`
	To        config.Located[string] `yaml:"to" doc:"Who may have it: an audience or an expression."`
	Topic     string                 `yaml:"topic" doc:"Physical: the desk's topic that gets the order."`
	Starts    config.DateTime        `yaml:"at" doc:"Event: when it begins."`
	Seats     int64                  `yaml:"seats" check:"min=1" doc:"Event: how many places."`
}

// The kinds of rewards in the file.
const (
	rewardProduct  = "product"
	rewardCoupon   = "coupon"
	rewardGiftCard = "gift_card"
	rewardEvent    = "event"
	rewardPhysical = "physical"
)

// SetDefaults implements config.Defaulter.
func (w *Reward) SetDefaults() {
	w.Kind = rewardProduct
	w.Valid = config.Period{Days: 30}
}

// Check implements config.Checker.
func (w *Reward) Check(r *config.Report) {
	switch w.Kind {
	case rewardCoupon:
		if w.Value.IsZero() == (w.Percent == 0) {
			r.Errorf(w.At, "write either percent: 10 or value: 5", "a coupon takes off a part or an amount")
		}
	case rewardGiftCard:
		if w.Value.IsZero() {
			r.Errorf(w.At, "add value: 20", "a gift card needs its amount")
		}
	case rewardEvent:
		if w.Starts.IsZero() {
			r.Errorf(w.At, "add at: 2027-01-16T18:00", "an event needs its time")
		}
	default:
		if w.Percent != 0 {
			r.Errorf(w.Field("percent"), "write kind: coupon", "a %s has no percentage", w.Kind)
		}
	}
	if w.Points == 0 && !w.Has("points") && w.Kind != rewardEvent {
		r.Errorf(w.At, "add points: 120", "the reward has no price")
	}
	if w.Valid.IsZero() {
		r.Errorf(w.Field("valid"), "write 30d", "the code would never be valid")
	}
}

// Source is one entry of the section sources: of an operator's file: who may write facts over HTTP.
type Source struct {
	config.At
	Secret config.Secret `yaml:"secret" check:"required" doc:"With which its requests are signed."`
	Facts  []string      `yaml:"facts" check:"enum=orders|phone|vouchers" doc:"What it may write."`
}

// SetDefaults implements config.Defaulter.
func (s *Source) SetDefaults() { s.Facts = []string{"orders", "vouchers"} }

// Sections are the parts of an operator's file that are about loyalty.
type Sections struct {
	Points  *Config
	Tiers   *Tiers
	Rewards *config.Map[Reward]
}

// CheckTogether reports what only shows when the sections are seen together. currency is the brand's.
func (s Sections) CheckTogether(currency config.Currency, r *config.Report) {
	var tiers []string
	if s.Tiers != nil {
		tiers = s.Tiers.Levels.IDs()
	}
	for id, w := range s.Rewards.All() {
		if w.Tier != "" && !contains(tiers, w.Tier) {
			r.UnknownID(w.Field("tier"), "tier", w.Tier, tiers)
		}
		if _, exact := w.Value.Minor(currency); currency != "" && !exact {
			r.Errorf(w.Field("value"), "write fewer decimals", "%s is no amount of %s", w.Value, currency)
		}
		if w.Points > 0 && (s.Points == nil || s.Points.Earn.Len() == 0) {
			r.Warnf(w.At, "add points: with earn: below it", "nobody can earn the points for %s", id)
		}
	}
	if s.Points != nil && currency != "" {
		s.Points.checkCurrency(currency, r)
	}
}

// checkCurrency warns when purchases in the brand's own currency bring nothing.
func (c *Config) checkCurrency(currency config.Currency, r *config.Report) {
	purchases := false
	for _, rule := range c.Earn.All() {
		if _, ok := rule.Per[currency]; ok {
			return
		}
		purchases = purchases || len(rule.Per) > 0
	}
	if purchases {
		r.Warnf(c.Field("earn"), fmt.Sprintf("add per: {%s: 1}", currency), "purchases in the brand's own currency bring no points")
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
