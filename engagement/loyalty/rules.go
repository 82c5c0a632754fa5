package loyalty

import (
	"math/big"
	"time"

	"github.com/rapport-chat/rapport/config"
)

// OrderPoints is what a purchase brings by the rules, before the cap of a day, and the id of the multiplier that was in
// force, if any. Lines of a category with a factor count that much more; what the lines do not explain counts once, and
// a discount over the whole takes from all alike. Parts of a point are rounded once, at the end.
func (c *Config) OrderPoints(o Order, zone *time.Location) (points int64, multiplier string) {
	rule := c.purchaseRule(config.Currency(o.Currency))
	if rule == nil || o.Total <= 0 {
		return 0, ""
	}
	per, _ := rule.Per[config.Currency(o.Currency)].Minor(config.Currency(o.Currency))
	weighted, lines := new(big.Int), int64(0)
	for _, l := range o.Lines {
		f := one
		if c, ok := rule.Categories[l.Category]; ok {
			f = c.Times
		}
		lines += l.Total
		weighted.Add(weighted, product(l.Total, int64(f)))
	}
	below := big.NewInt(1)
	switch {
	case lines <= o.Total:
		weighted.Add(weighted, product(o.Total-lines, int64(one)))
	default:
		weighted.Mul(weighted, big.NewInt(o.Total))
		below.SetInt64(lines)
	}
	times := one
	if id, m := c.multiplier(o.At, zone); m != nil {
		multiplier, times = id, m.Multiply
	}
	weighted.Mul(weighted, product(rule.Points, int64(times)))
	below.Mul(below, product(per, int64(one)*int64(one)))
	points = divide(weighted, below, rule.Round)
	if rule.PerOrder > 0 {
		points = min(points, rule.PerOrder)
	}
	return points, multiplier
}

// product multiplies without overflow.
func product(a, b int64) *big.Int { return new(big.Int).Mul(big.NewInt(a), big.NewInt(b)) }

// maxPoints bounds what one order can bring, far above any real one.
const maxPoints = 1_000_000_000

// divide rounds a quotient of numbers that are not negative.
func divide(n, d *big.Int, round string) int64 {
	q, rest := new(big.Int).QuoRem(n, d, new(big.Int))
	up := false
	switch round {
	case "up":
		up = rest.Sign() > 0
	case "nearest":
		up = new(big.Int).Lsh(rest, 1).Cmp(d) >= 0
	}
	if up {
		q.Add(q, big.NewInt(1))
	}
	if !q.IsInt64() || q.Int64() > maxPoints {
		return maxPoints
	}
	return max(q.Int64(), 0)
}

// purchaseRule is the rule for purchases in a currency.
func (c *Config) purchaseRule(currency config.Currency) *EarnRule {
	for _, rule := range c.Earn.All() {
		if _, ok := rule.Per[currency]; ok {
			return rule
		}
	}
	return nil
}

// multiplier is the one in force at a time.
func (c *Config) multiplier(at time.Time, zone *time.Location) (string, *EarnRule) {
	for id, rule := range c.Earn.All() {
		if rule.Multiply != 0 && (config.DateRange{From: rule.From, To: rule.Until}).Contains(at, zone) {
			return id, rule
		}
	}
	return "", nil
}

// eventRule is the rule for an event.
func (c *Config) eventRule(on string) (string, *EarnRule) {
	for id, rule := range c.Earn.All() {
		if rule.On == on {
			return id, rule
		}
	}
	return "", nil
}

// Terms are the times of a lot that is earned at a time: when it can be spent if it is held, when it lapses, and when
// the first warning is due after now.
func (c *Config) Terms(at, now time.Time, held bool, zone *time.Location) Lot {
	var l Lot
	if held && c.Hold > 0 {
		l.AvailableAt = at.Add(c.Hold.Std())
	}
	if c.ExpireAfter.IsZero() {
		return l
	}
	l.ExpiresAt = endOfDay(c.ExpireAfter.After(at, zone), zone)
	l.WarnAt = c.NextWarning(l.ExpiresAt, now, zone)
	return l
}

// NextWarning is the first warning after a time for what lapses; zero when there is none any more.
func (c *Config) NextWarning(expires, after time.Time, zone *time.Location) time.Time {
	var next time.Time
	for _, w := range c.WarnBefore {
		at := w.Before(expires, zone)
		if at.After(after) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// endOfDay is the midnight that ends the day of t.
func endOfDay(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, zone)
}

// lastDay is the day of which expires is the end, as people are told it.
func lastDay(expires time.Time, zone *time.Location) time.Time {
	return expires.Add(-time.Millisecond).In(zone)
}
