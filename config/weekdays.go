package config

import (
	"strings"
	"time"
)

// Weekdays is a set of weekdays, bit 0 for Sunday as in package time. It is
// written "every day", "mon-fri", "sat-sun", "Friday" or "mon, wed, fri".
type Weekdays uint8

// EveryDay is all seven days.
const EveryDay Weekdays = 1<<7 - 1

// Has reports whether a day is in the set.
func (w Weekdays) Has(d time.Weekday) bool { return w&(1<<d) != 0 }

// fromMonday lists the days in the order of people's weeks.
var fromMonday = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}

// Days returns the days from Monday on.
func (w Weekdays) Days() []time.Weekday {
	var out []time.Weekday
	for _, d := range fromMonday {
		if w.Has(d) {
			out = append(out, d)
		}
	}
	return out
}

// String writes the set: mon-fri, sat-sun, every day, or a list.
func (w Weekdays) String() string {
	switch w {
	case EveryDay:
		return "every day"
	case 0b0111110:
		return "mon-fri"
	case 0b1000001:
		return "sat-sun"
	}
	var names []string
	for _, d := range w.Days() {
		names = append(names, strings.ToLower(d.String()[:3]))
	}
	return strings.Join(names, ", ")
}

// MarshalText writes the set.
func (w Weekdays) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

const weekdayHint = `write "every day", mon-fri, sat-sun, Friday or "mon, wed, fri"`

var dayNames = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

func parseDay(name string) (time.Weekday, bool) {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	for i, long := range dayNames {
		plural := strings.TrimSuffix(name, "s")
		if name == long || plural == long || len(name) >= 3 && len(name) < len(long) && strings.HasPrefix(long, name) {
			return fromMonday[i], true
		}
	}
	return 0, false
}

// ParseWeekdays reads a set of weekdays.
func ParseWeekdays(text string) (Weekdays, error) {
	text = strings.TrimSpace(text)
	switch strings.ToLower(text) {
	case "every day", "everyday", "daily", "day", "all days", "mon-sun":
		return EveryDay, nil
	case "weekdays", "weekday", "working days":
		return 0b0111110, nil
	case "weekend", "weekends":
		return 0b1000001, nil
	}
	var set Weekdays
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '+' }) {
		if strings.EqualFold(part, "and") {
			continue
		}
		days, err := parseDayRange(text, part)
		if err != nil {
			return 0, err
		}
		set |= days
	}
	if set == 0 {
		return 0, invalid(text, weekdayHint, "is not a weekday")
	}
	return set, nil
}

func parseDayRange(text, part string) (Weekdays, error) {
	first, last, isRange := strings.Cut(strings.NewReplacer("–", "-", "—", "-").Replace(part), "-")
	if !isRange {
		last = first
	}
	from, ok := parseDay(first)
	if !ok {
		return 0, unknownDay(text, first)
	}
	to, ok := parseDay(last)
	if !ok {
		return 0, unknownDay(text, last)
	}
	var set Weekdays
	for d := from; ; d = (d + 1) % 7 {
		set |= 1 << d
		if d == to {
			return set, nil
		}
	}
}

func unknownDay(text, name string) error {
	hint := weekdayHint
	if best := nearest(name, dayNames); best != "" {
		hint = "did you mean " + strings.ToUpper(best[:1]) + best[1:] + "?"
	}
	return within(text, name, invalid(name, hint, "is not a weekday"))
}

// UnmarshalText reads a set of weekdays.
func (w *Weekdays) UnmarshalText(text []byte) error {
	parsed, err := ParseWeekdays(string(text))
	if err == nil {
		*w = parsed
	}
	return err
}

func (Weekdays) describe() string { return "weekdays" }
