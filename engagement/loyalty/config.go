package loyalty

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/language"
)

// Config is the section points: of an operator's file.
type Config struct {
	config.At
	Name        map[language.Code]map[string]string `yaml:"name" doc:"Your word for points, with its plural forms: {en: {one: point, other: points}}."`
	ExpireAfter config.Period                       `yaml:"expire_after" doc:"How long points live, such as 1y; they never lapse when left out."`
	WarnBefore  []config.Period                     `yaml:"warn_before" doc:"How long before they lapse people are told, such as 30d; several are allowed."`
	Hold        config.Duration                     `yaml:"hold" check:"max=90d" doc:"How long points of a purchase wait before they can be spent: the time for returns."`
	Reprieve    config.Duration                     `yaml:"reprieve" check:"max=365d" doc:"How long points live that come back with a cancelled reward after their own time."`
	Notices     bool                                `yaml:"notices" doc:"Tell members when a purchase brings points; at most once a day, and each can turn it off."`
	Earn        config.Map[EarnRule]                `yaml:"earn" doc:"What brings points."`
	Referral    *Referral                           `yaml:"referral" doc:"What an invitation brings both sides."`
}

// EarnRule is one way to earn. It is one of three: a purchase (per), an event (on), or a time in which purchases bring
// more (multiply).
type EarnRule struct {
	config.At
	Title      config.LocalText                 `yaml:"title" doc:"What customers read in their history and under how to earn."`
	Per        map[config.Currency]config.Money `yaml:"per" doc:"The amount that brings the points, by currency: {AZN: 1, TRY: 25}."`
	Points     int64                            `yaml:"points" check:"min=1,max=1000000" doc:"How many points."`
	Round      string                           `yaml:"round" check:"enum=down|nearest|up" doc:"What becomes of part of a point."`
	Categories map[string]Category              `yaml:"categories" doc:"Categories that bring more or less: {beans: 2}, or {beans: {times: 2, title: Coffee beans}}."`
	PerOrder   int64                            `yaml:"per_order" check:"min=1" doc:"The most that one purchase brings."`
	PerDay     int64                            `yaml:"per_day" check:"min=1" doc:"The most that all purchases of a day bring."`
	On         string                           `yaml:"on" check:"enum=birthday|join" doc:"The event that brings the points."`
	Multiply   Factor                           `yaml:"multiply" doc:"Purchases bring so many times more, from and until the given days."`
	From       config.Date                      `yaml:"from" doc:"The first day."`
	Until      config.Date                      `yaml:"until" doc:"The last day."`
}

// Referral is the section points.referral.
type Referral struct {
	config.At
	Inviter  int64  `yaml:"inviter" check:"min=0,max=1000000"`
	Friend   int64  `yaml:"friend" check:"min=0,max=1000000"`
	After    string `yaml:"after" check:"enum=order.first" doc:"What the friend must have done."`
	PerMonth int    `yaml:"per_month" check:"min=1" doc:"How many invitations a month are paid."`
}

// SetDefaults implements config.Defaulter.
func (r *Referral) SetDefaults() { r.After, r.PerMonth = "order.first", 5 }

const day = 24 * time.Hour

// SetDefaults implements config.Defaulter.
func (c *Config) SetDefaults() {
	c.Reprieve = config.Duration(30 * day)
	c.Notices = true
}

// SetDefaults implements config.Defaulter.
func (e *EarnRule) SetDefaults() { e.Round = "down" }

// Factor is a multiplier in thousandths, written 2 or 1.5.
type Factor int64

// one is the factor that changes nothing.
const one Factor = 1000

// UnmarshalText reads a factor with at most three decimals, up to 100.
func (f *Factor) UnmarshalText(text []byte) error {
	v, err := strconv.ParseFloat(string(text), 64)
	thousandths := math.Round(v * float64(one))
	if err != nil || v < 0 || v > 100 || math.Abs(thousandths-v*float64(one)) > 1e-6 {
		return &config.ValueError{Value: string(text), Message: "is not a factor", Hint: "write how many times more, such as 2 or 1.5"}
	}
	*f = Factor(thousandths)
	return nil
}

// MarshalText writes the factor.
func (f Factor) MarshalText() ([]byte, error) {
	return []byte(strconv.FormatFloat(f.Float(), 'f', -1, 64)), nil
}

// JSONSchema implements config.SchemaDescriber.
func (Factor) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "number"} }

// Float is the factor as a number.
func (f Factor) Float() float64 { return float64(f) / float64(one) }

// Check implements config.Checker.
func (c *Config) Check(r *config.Report) {
	currencies := map[config.Currency]string{}
	events := map[string]string{}
	for id, rule := range c.Earn.All() {
		for cur := range rule.Per {
			if other, taken := currencies[cur]; taken {
				r.Errorf(rule.Field("per", string(cur)), "keep one of them", "purchases in %s bring points by %s already", cur, other)
			}
			currencies[cur] = id
		}
		if rule.On != "" {
			if other, taken := events[rule.On]; taken {
				r.Errorf(rule.Field("on"), "keep one of them", "%s brings points by %s already", rule.On, other)
			}
			events[rule.On] = id
		}
	}
	c.checkMultipliers(r)
	if len(c.WarnBefore) > 0 && c.ExpireAfter.IsZero() {
		r.Warnf(c.Field("warn_before"), "add expire_after, or leave warn_before out", "nothing ever lapses, so nobody is warned")
	}
	for i, w := range c.WarnBefore {
		if w.IsZero() || !c.ExpireAfter.IsZero() && w.Approx() >= c.ExpireAfter.Approx() {
			r.Errorf(c.Field("warn_before").Item(i), fmt.Sprintf("write a time shorter than %s", c.ExpireAfter), "the warning would come before the points")
		}
	}
	if !c.ExpireAfter.IsZero() && c.Hold.Std() >= c.ExpireAfter.Approx() {
		r.Errorf(c.Field("hold"), fmt.Sprintf("write a time shorter than %s", c.ExpireAfter), "the points would lapse before they can be spent")
	}
	c.checkNames(r)
}

// checkMultipliers refuses two multipliers on one day.
func (c *Config) checkMultipliers(r *config.Report) {
	type span struct {
		id          string
		from, until config.Date
	}
	var seen []span
	for id, rule := range c.Earn.All() {
		if rule.Multiply == 0 || rule.From.IsZero() || rule.Until.IsZero() {
			continue
		}
		for _, s := range seen {
			if !rule.Until.Before(s.from) && !s.until.Before(rule.From) {
				r.Errorf(rule.Field("from"), "choose days that no other multiplier has", "%s and %s both multiply on the same days", s.id, id)
			}
		}
		seen = append(seen, span{id, rule.From, rule.Until})
	}
}

// checkNames wants every plural form of the languages that are given.
func (c *Config) checkNames(r *config.Report) {
	for lang, forms := range c.Name {
		for _, form := range language.PluralForms(lang) {
			if strings.TrimSpace(forms[string(form)]) == "" {
				r.Errorf(c.Field("name", string(lang)), fmt.Sprintf("add %s: ...", form), "the word for points has no form %q in %s", form, lang.Name())
			}
		}
	}
}

// Check implements config.Checker.
func (e *EarnRule) Check(r *config.Report) {
	kinds := 0
	for _, given := range []bool{len(e.Per) > 0, e.On != "", e.Multiply != 0} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		r.Errorf(e.At, "write one of per: {AZN: 1}, on: birthday, multiply: 2", "this rule never earns anything")
		return
	case kinds > 1:
		r.Errorf(e.At, "make a rule of its own of each", "per, on and multiply are different rules")
		return
	}
	if e.Multiply == 0 && e.Points == 0 {
		r.Errorf(e.At, "add points: 1", "this rule does not say how many points")
	}
	for cur, m := range e.Per {
		if units, exact := m.Minor(cur); !exact || units <= 0 {
			r.Errorf(e.Field("per", string(cur)), "write an amount above 0", "%s is not an amount of %s", m, cur)
		}
	}
	if e.Multiply == 0 {
		return
	}
	switch {
	case e.From.IsZero() || e.Until.IsZero() || e.From.Yearly() || e.Until.Yearly():
		r.Errorf(e.At, "add from: 2026-12-20 and until: 2026-12-27", "a multiplier needs its first and last day")
	case e.Until.Before(e.From):
		r.Errorf(e.Field("until"), fmt.Sprintf("write a day after %s", e.From), "it ends before it begins")
	}
}
