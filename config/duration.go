package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is an exact length of time, written 90s, 15m, 48h, 14d, 2w or
// several together (1h30m). A day is 24 hours; months and years have no exact
// length and are refused: see Period.
type Duration time.Duration

// Std returns the duration for the standard library.
func (d Duration) Std() time.Duration { return time.Duration(d) }

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// maxDuration bounds what can be written: beyond it a unit was confused.
const maxDuration = 100 * 365 * day

// amount is a number with its unit, as in 14d or 3 months.
type amount struct {
	n      float64
	unit   string // lower case
	offset int    // of the number in the text, in characters
	digits string
}

// splitAmounts reads "1h30m" or "3 months" into amounts; ok is false where the
// text is not numbers with units.
func splitAmounts(text string) (out []amount, ok bool) {
	runes := []rune(text)
	for i := 0; i < len(runes); {
		if runes[i] == ' ' {
			i++
			continue
		}
		start := i
		for i < len(runes) && (runes[i] >= '0' && runes[i] <= '9' || runes[i] == '.') {
			i++
		}
		digits := string(runes[start:i])
		for i < len(runes) && runes[i] == ' ' {
			i++
		}
		from := i
		for i < len(runes) && runes[i] != ' ' && (runes[i] < '0' || runes[i] > '9') {
			i++
		}
		n, err := strconv.ParseFloat(digits, 64)
		if err != nil || n > 1e9 {
			return nil, false
		}
		out = append(out, amount{n: n, unit: strings.ToLower(string(runes[from:i])), offset: start, digits: digits})
	}
	return out, len(out) > 0
}

var durationUnits = map[string]time.Duration{
	"s": time.Second, "sec": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": day, "day": day, "days": day,
	"w": week, "week": week, "weeks": week,
}

// ParseDuration reads a duration.
func ParseDuration(text string) (Duration, error) {
	const hint = "write it as 90s, 15m, 48h, 14d or 2w"
	text = strings.TrimSpace(text)
	if text == "0" {
		return 0, nil
	}
	if strings.HasPrefix(text, "-") {
		return 0, invalid(text, hint, "is negative")
	}
	amounts, ok := splitAmounts(text)
	if !ok {
		return 0, invalid(text, hint, "is not a duration")
	}
	var total float64
	for _, a := range amounts {
		unit, known := durationUnits[a.unit]
		switch {
		case a.unit == "":
			return 0, &ValueError{
				Value: text, Offset: a.offset, Message: "has no unit",
				Hint: fmt.Sprintf("write %sm for minutes, %sh for hours or %sd for days", a.digits, a.digits, a.digits),
			}
		case !known && calendarUnit(a.unit) != 0:
			return 0, &ValueError{Value: text, Offset: a.offset, Message: "has no exact length here", Hint: "write it in days, such as 90d"}
		case !known && isMonth(a.unit):
			return 0, &ValueError{Value: text, Offset: 0, Message: "is a date, and this says how long something lasts", Hint: hint}
		case !known:
			return 0, &ValueError{Value: text, Offset: a.offset, Message: fmt.Sprintf("has the unknown unit %q", a.unit), Hint: hint}
		}
		total += a.n * float64(unit)
	}
	if total > float64(maxDuration) {
		return 0, invalid(text, hint, "is longer than a hundred years")
	}
	return Duration(math.Round(total)), nil
}

// isMonth tells whether a word in small letters is a month's English name, in full or as its first three letters.
func isMonth(word string) bool {
	for m := time.January; m <= time.December; m++ {
		if name := strings.ToLower(m.String()); word == name || word == name[:3] {
			return true
		}
	}
	return false
}

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := ParseDuration(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

// String writes the duration as it may stand in a file: 48h is 2d.
func (d Duration) String() string {
	if d == 0 {
		return "0s"
	}
	var out strings.Builder
	rest := time.Duration(d)
	if rest < 0 {
		out.WriteByte('-')
		rest = -rest
	}
	for _, u := range []struct {
		name string
		unit time.Duration
	}{{"d", day}, {"h", time.Hour}, {"m", time.Minute}} {
		if n := rest / u.unit; n > 0 {
			fmt.Fprintf(&out, "%d%s", n, u.name)
			rest -= n * u.unit
		}
	}
	if rest > 0 {
		out.WriteString(strconv.FormatFloat(rest.Seconds(), 'f', -1, 64) + "s")
	}
	return out.String()
}

// MarshalText writes the duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (Duration) describe() string { return "a duration" }

func (d Duration) measure() float64 { return float64(d) }

func (Duration) measureText(bound string) float64 { return mustMeasure(bound, ParseDuration) }

// mustMeasure reads a bound of a check tag, which is part of the program.
func mustMeasure[T interface{ measure() float64 }](bound string, parse func(string) (T, error)) float64 {
	if bound == "" {
		return 0
	}
	v, err := parse(bound)
	if err != nil {
		panic(fmt.Sprintf("config: bound %s", err))
	}
	return v.measure()
}
