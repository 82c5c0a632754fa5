package config

import (
	"fmt"
	"strings"
	"time"
)

// Period is a length of time by the calendar, written 1y, 3 months, 14d, 2w or
// 36h: three months after 30 November is 28 February. It cannot be negative.
type Period struct {
	Years, Months, Days int
	Rest                time.Duration // hours and less
}

// calendarUnit returns 'y', 'o' (month), 'w', 'd', 'h', 'm' (minute) or 0.
func calendarUnit(unit string) byte {
	switch unit {
	case "y", "yr", "year", "years":
		return 'y'
	case "mo", "mon", "month", "months":
		return 'o'
	case "w", "week", "weeks":
		return 'w'
	case "d", "day", "days":
		return 'd'
	case "h", "hour", "hours":
		return 'h'
	case "min", "minute", "minutes":
		return 'm'
	}
	return 0
}

// ParsePeriod reads a period. A bare "m" is refused: it is minutes to some and
// months to others.
func ParsePeriod(text string) (Period, error) {
	const hint = "write it as 14d, 2w, 3 months or 1y"
	text = strings.TrimSpace(text)
	var p Period
	if text == "0" {
		return p, nil
	}
	amounts, ok := splitAmounts(text)
	if !ok {
		return p, invalid(text, hint, "is not a period")
	}
	for _, a := range amounts {
		fail := func(hint, format string, args ...any) (Period, error) {
			return Period{}, &ValueError{Value: text, Offset: a.offset, Hint: hint, Message: fmt.Sprintf(format, args...)}
		}
		n := int(a.n)
		if float64(n) != a.n {
			return fail(hint, "is not a whole number of units")
		}
		if n > 36500 {
			return fail(hint, "is longer than a hundred years")
		}
		switch calendarUnit(a.unit) {
		case 'y':
			p.Years += n
		case 'o':
			p.Months += n
		case 'w':
			p.Days += 7 * n
		case 'd':
			p.Days += n
		case 'h':
			p.Rest += time.Duration(n) * time.Hour
		case 'm':
			p.Rest += time.Duration(n) * time.Minute
		default:
			switch a.unit {
			case "":
				return fail(fmt.Sprintf("write %sd for days or “%s months”", a.digits, a.digits), "has no unit")
			case "m":
				return fail(fmt.Sprintf("write “%s months” or “%s minutes”", a.digits, a.digits), "is minutes to some and months to others")
			}
			return fail(hint, "has the unknown unit %q", a.unit)
		}
	}
	if p.approx() > maxDuration {
		return Period{}, invalid(text, hint, "is longer than a hundred years")
	}
	return p, nil
}

// UnmarshalText reads a period.
func (p *Period) UnmarshalText(text []byte) error {
	parsed, err := ParsePeriod(string(text))
	if err == nil {
		*p = parsed
	}
	return err
}

// IsZero reports whether the period is empty.
func (p Period) IsZero() bool { return p == Period{} }

// After returns the instant one period after t, by the calendar of the zone:
// the same time of day, the last day of the month where the day does not exist.
func (p Period) After(t time.Time, zone *time.Location) time.Time { return p.shift(t, zone, 1) }

// Before returns the instant one period before t.
func (p Period) Before(t time.Time, zone *time.Location) time.Time { return p.shift(t, zone, -1) }

func (p Period) shift(t time.Time, zone *time.Location, sign int) time.Time {
	if p.Years == 0 && p.Months == 0 && p.Days == 0 {
		return t.Add(time.Duration(sign) * p.Rest)
	}
	local := t.In(zone)
	year, month, dayOf := local.Date()
	months := (year+sign*p.Years)*12 + int(month) - 1 + sign*p.Months
	year, month = floorDiv(months, 12), time.Month(mod(months, 12)+1)
	dayOf = min(dayOf, daysIn(year, month)) + sign*p.Days
	seconds := local.Sub(localMinute(zone, local.Year(), local.Month(), local.Day(), local.Hour()*60+local.Minute()))
	if seconds < 0 || seconds >= time.Minute {
		seconds = 0 // the second pass of a doubled hour
	}
	return localMinute(zone, year, month, dayOf, local.Hour()*60+local.Minute()).Add(seconds + time.Duration(sign)*p.Rest)
}

// approx is the length for comparisons: a month counts 30 days, a year 365.
func (p Period) approx() time.Duration {
	days := p.Years*365 + p.Months*30 + p.Days
	if days > 100*366 {
		return maxDuration + day
	}
	return time.Duration(days)*day + p.Rest
}

// Approx returns the period's usual length: a month counts 30 days, a year 365.
func (p Period) Approx() time.Duration { return p.approx() }

// String writes the period as it may stand in a file.
func (p Period) String() string {
	var parts []string
	for _, u := range []struct {
		n    int
		name string
	}{{p.Years, "year"}, {p.Months, "month"}, {p.Days, "day"}, {int(p.Rest / time.Hour), "hour"}, {int(p.Rest % time.Hour / time.Minute), "minute"}} {
		switch {
		case u.n == 1:
			parts = append(parts, "1 "+u.name)
		case u.n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", u.n, u.name))
		}
	}
	if len(parts) == 0 {
		return "0"
	}
	return strings.Join(parts, " ")
}

// MarshalText writes the period.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func (Period) describe() string { return "a period" }

func (p Period) measure() float64 { return float64(p.approx()) }

func (Period) measureText(bound string) float64 { return mustMeasure(bound, ParsePeriod) }

func mod(a, b int) int { return ((a % b) + b) % b }

func floorDiv(a, b int) int { return (a - mod(a, b)) / b }

// daysIn returns how many days a month has.
func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
