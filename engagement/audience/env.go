package audience

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/language"
)

// env is what an expression sees. Its exported fields are the documented names.
type env struct {
	Language      string                       `expr:"language"`
	Channel       string                       `expr:"channel"`
	Reachable     bool                         `expr:"reachable"`
	Created       time.Time                    `expr:"created"`
	LastSeen      time.Time                    `expr:"last_seen"`
	Tags          []string                     `expr:"tags"`
	BirthdayToday bool                         `expr:"birthday_today"`
	Member        bool                         `expr:"member"`
	Joined        time.Time                    `expr:"joined"`
	Tier          string                       `expr:"tier"`
	Points        int                          `expr:"points"`
	LastOrder     time.Time                    `expr:"last_order"`
	Orders        orders                       `expr:"orders"`
	NPS           float64                      `expr:"nps"`
	AtRisk        bool                         `expr:"at_risk"`
	Bought        func(string) bool            `expr:"bought"`
	Likes         func(string) bool            `expr:"likes"`
	Consent       func(string) bool            `expr:"consent"`
	DaysSince     func(time.Time) float64      `expr:"days_since"`
	InLast        func(time.Time, string) bool `expr:"in_last"`
}

// orders are the purchases of a stretch of time.
type orders struct {
	Count func(string) int     `expr:"count"`
	Total func(string) float64 `expr:"total"`
}

// needsOf says which group of facts a name reads.
var needsOf = map[string]Needs{
	"orders": NeedsOrders, "last_order": NeedsOrders, "at_risk": NeedsOrders, "bought": NeedsBought,
	"tier": NeedsLoyalty, "points": NeedsLoyalty, "member": NeedsLoyalty, "joined": NeedsLoyalty,
	"nps": NeedsNPS, "tags": NeedsFacts, "likes": NeedsFacts, "birthday_today": NeedsFacts,
}

// names are the words that an expression may use, for suggestions.
var names = []string{
	"language", "channel", "reachable", "created", "last_seen", "tags", "birthday_today", "member", "joined", "tier", "points",
	"last_order", "orders", "nps", "at_risk", "bought", "likes", "consent", "days_since", "in_last",
}

// Place is where and when people are looked at.
type Place struct {
	Zone      *time.Location  // the brand's
	Languages []language.Code // the brand's, its default first
}

// envOf is the person at now. What never happened is neither more nor less than any number of days ago: days_since is
// not a number then, and so is nps before the first score.
func envOf(c *Customer, now time.Time, p Place) env {
	e := env{
		Language: string(c.Language(p.Languages)), Created: c.Created, LastSeen: c.LastSeen(), Tags: c.Tags,
		Member: c.Member, Joined: c.Joined, Tier: c.Tier, Points: c.Points, LastOrder: c.LastOrder(), NPS: math.NaN(),
		BirthdayToday: c.Birthday.On(now.In(c.Zone(p.Zone))), AtRisk: atRisk(c.Orders, now),
		Bought: func(what string) bool { return has(c.Bought, what) },
		Likes:  func(what string) bool { return has(c.Likes, what) },
		Consent: func(topic string) bool {
			_, _, agreed, _ := c.Preferred(topic)
			return agreed
		},
		DaysSince: func(t time.Time) float64 { return daysSince(t, now) },
		InLast: func(t time.Time, period string) bool {
			return !t.IsZero() && t.After(since(period, now, p.Zone)) && !t.After(now)
		},
	}
	if c.NPS != nil {
		e.NPS = float64(*c.NPS)
	}
	if chat, _, _, ok := c.Preferred(""); ok {
		e.Channel, e.Reachable = chat.To.Channel, true
	}
	e.Orders.Count = func(period string) int { n, _ := sum(c.Orders, since(period, now, p.Zone), now); return n }
	e.Orders.Total = func(period string) float64 {
		_, total := sum(c.Orders, since(period, now, p.Zone), now)
		return float64(total) / 100
	}
	return e
}

func daysSince(t, now time.Time) float64 {
	if t.IsZero() {
		return math.NaN()
	}
	return math.Floor(now.Sub(t).Hours() / 24)
}

// since is the beginning of a period that ends at now. The compiler has checked the text.
func since(period string, now time.Time, zone *time.Location) time.Time {
	p, err := config.ParsePeriod(period)
	if err != nil {
		return now // nothing lies within
	}
	return p.Before(now, zone)
}

func sum(all []Order, from, now time.Time) (n int, total int64) {
	for _, o := range all {
		if o.At.After(from) && !o.At.After(now) {
			n++
			total += o.Total
		}
	}
	return n, total
}

func has(list []string, what string) bool {
	return slices.ContainsFunc(list, func(one string) bool { return strings.EqualFold(one, what) })
}

// atRisk says that somebody who came regularly has stayed away for more than twice the usual time between visits.
// Fewer than three purchases tell nothing.
func atRisk(all []Order, now time.Time) bool {
	n := len(all)
	if n < 3 {
		return false
	}
	usual := all[n-1].At.Sub(all[0].At) / time.Duration(n-1)
	return now.Sub(all[n-1].At) > 2*max(usual, 24*time.Hour)
}

// On tells whether the day of t in its own zone is the birthday. Who was born on 29 February has it on the 28th in
// years without one.
func (b Birthday) On(t time.Time) bool {
	return b.Month != 0 && config.Date{Month: b.Month, Day: b.Day}.On(t, t.Location())
}
