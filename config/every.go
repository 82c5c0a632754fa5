package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Every is a schedule in words:
//
//	every: Friday 10:00            also mon-fri 09:00, "mon, thu 18:30"
//	every: day 09:00
//	every: month 1 10:00           also month last 10:00
//	every: year 28 May 10:00
//	every: 3 months                also 2 weeks 10:00, 10 days, 6 hours
//
// Counted schedules need no memory: n months begin with January, n weeks with
// the Monday 5 January 1970, n days with 1 January 1970, n hours with midnight.
type Every struct {
	text   string
	kind   everyKind
	days   Weekdays
	day    int // of the month; lastDay for the last
	date   Date
	count  int
	time   TimeOfDay
	spaced bool // counted: a Period makes sense
}

type everyKind uint8

const (
	noSchedule everyKind = iota
	onWeekdays
	onMonthDay
	onDate
	everyDays
	everyWeeks
	everyMonths
	everyMinutes
)

const lastDay = 32

// everyAt is the time of day of counted schedules that do not give one.
const everyAt = TimeOfDay(10 * 60)

// IsZero reports whether no schedule was given.
func (e Every) IsZero() bool { return e.kind == noSchedule }

// String returns the schedule as it was written.
func (e Every) String() string { return e.text }

// MarshalText writes the schedule.
func (e Every) MarshalText() ([]byte, error) { return []byte(e.text), nil }

// In returns the schedule in a zone.
func (e Every) In(zone *time.Location) Schedule {
	if e.kind == noSchedule {
		return once{}
	}
	return localSchedule{walls: e, zone: zone}
}

// Period returns the length between two due times of a counted schedule ("3
// months"); ok is false for the others.
func (e Every) Period() (p Period, ok bool) {
	switch {
	case !e.spaced:
		return Period{}, false
	case e.kind == everyMonths:
		p.Years, p.Months = e.count/12, e.count%12
	case e.kind == everyWeeks:
		p.Days = 7 * e.count
	case e.kind == everyDays:
		p.Days = e.count
	default:
		p.Rest = time.Duration(e.count) * time.Minute
	}
	return p, true
}

// nextWall returns the first local minute after the given one.
func (e Every) nextWall(after time.Time) time.Time {
	if e.kind == everyMinutes {
		minute := after.Hour()*60 + after.Minute()
		return time.Date(after.Year(), after.Month(), after.Day(), 0, (minute/e.count+1)*e.count, 0, 0, time.UTC)
	}
	date := time.Date(after.Year(), after.Month(), after.Day(), 0, 0, 0, 0, time.UTC)
	for {
		due := date.Add(time.Duration(e.time) * time.Minute)
		if due.After(after) && e.onDay(date) {
			return due
		}
		// Months and years step by months, so that the search stays short.
		if e.kind == everyMonths && date.Day() == 1 && !e.onDay(date) {
			date = date.AddDate(0, 1, 0)
			continue
		}
		date = date.AddDate(0, 0, 1)
	}
}

// onDay reports whether the schedule is due on a date.
func (e Every) onDay(date time.Time) bool {
	days := int(date.Unix() / int64(day/time.Second))
	switch e.kind {
	case onWeekdays:
		return e.days.Has(date.Weekday())
	case onMonthDay:
		last := daysIn(date.Year(), date.Month())
		return date.Day() == min(e.day, last)
	case onDate:
		return e.date.On(date, time.UTC)
	case everyDays:
		return mod(days, e.count) == 0
	case everyWeeks:
		return mod(days-4, 7*e.count) == 0 // 5 January 1970 was a Monday
	case everyMonths:
		return date.Day() == 1 && mod(date.Year()*12+int(date.Month())-1, e.count) == 0
	}
	return false
}

// Describe says the schedule in plain words.
func (e Every) Describe() string {
	switch e.kind {
	case onWeekdays:
		return describeDays(e.days) + " at " + e.time.String()
	case onMonthDay:
		if e.day == lastDay {
			return "on the last day of every month at " + e.time.String()
		}
		return fmt.Sprintf("on day %d of every month at %s", e.day, e.time)
	case onDate:
		return fmt.Sprintf("every year on %s at %s", e.date, e.time)
	case everyMinutes:
		p, _ := e.Period()
		return "every " + p.String()
	case everyDays, everyWeeks, everyMonths:
		return fmt.Sprintf("every %s at %s", plural(e.count, countedUnit[e.kind]), e.time)
	}
	return "never"
}

var countedUnit = map[everyKind]string{everyDays: "day", everyWeeks: "week", everyMonths: "month"}

func plural(n int, unit string) string {
	if n == 1 {
		return unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

func describeDays(w Weekdays) string {
	switch w {
	case EveryDay:
		return "every day"
	case 0b0111110:
		return "Monday to Friday"
	}
	var names []string
	for _, d := range w.Days() {
		names = append(names, d.String()+"s")
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

const everyHint = `write it as "Friday 10:00", "day 09:00", "month 1 10:00" or "3 months"`

// ParseEvery reads a schedule in words.
func ParseEvery(text string) (Every, error) {
	text = strings.TrimSpace(text)
	e := Every{text: text}
	words := strings.Fields(text)
	if len(words) > 0 && strings.EqualFold(words[0], "every") {
		words = words[1:]
	}
	hasTime := false
	if n := len(words); n > 0 && strings.Contains(words[n-1], ":") {
		t, err := ParseTimeOfDay(words[n-1])
		if err != nil {
			return Every{}, within(text, words[n-1], err)
		}
		if t == minutesPerDay {
			return Every{}, invalid(text, "write 00:00 of the next day", "is at the end of a day")
		}
		e.time, hasTime, words = t, true, words[:n-1]
	}
	if len(words) == 0 {
		return Every{}, invalid(text, everyHint, "is not a schedule")
	}
	if words[0][0] >= '0' && words[0][0] <= '9' {
		return e.counted(words, hasTime)
	}
	if err := e.named(words); err != nil {
		return Every{}, err
	}
	if !hasTime {
		return Every{}, invalid(text, fmt.Sprintf("add the time: %q", text+" 10:00"), "has no time of day")
	}
	return e, nil
}

// named reads "Friday", "day", "month 1", "year 28 May".
func (e *Every) named(words []string) error {
	switch first := strings.ToLower(words[0]); {
	case first == "month" || first == "monthly":
		return e.monthDay(words[1:])
	case first == "year" || first == "yearly":
		d, err := ParseDate(strings.Join(words[1:], " "))
		if err != nil || d.Year != 0 {
			return invalid(e.text, `write it as "year 28 May 10:00"`, "names no day of the year")
		}
		e.kind, e.date = onDate, d
		return nil
	case first == "week" || first == "weekly":
		return invalid(e.text, "write the weekday: Friday 10:00", "names no weekday")
	case first == "hour" || first == "hourly":
		return invalid(e.text, "write 1 hour", "is not a schedule")
	}
	name := strings.Join(words, " ")
	days, err := ParseWeekdays(name)
	if err != nil {
		var bad *ValueError
		if errors.As(err, &bad) && !strings.HasPrefix(bad.Hint, "did you mean") {
			return invalid(e.text, everyHint, "is not a schedule")
		}
		return within(e.text, name, err)
	}
	e.kind, e.days = onWeekdays, days
	return nil
}

func (e *Every) monthDay(words []string) error {
	hint := `write the day: "month 1 10:00" or "month last 10:00"`
	if len(words) != 1 {
		return invalid(e.text, hint, "names no day of the month")
	}
	e.kind = onMonthDay
	if strings.EqualFold(words[0], "last") {
		e.day = lastDay
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSuffix(words[0], "."))
	if err != nil || n < 1 || n > 31 {
		return invalid(e.text, hint, "names no day of the month: days are 1 to 31, or last")
	}
	e.day = n
	return nil
}

// counted reads "3 months", "2 weeks", "6 hours".
func (e Every) counted(words []string, hasTime bool) (Every, error) {
	p, err := ParsePeriod(strings.Join(words, " "))
	if err != nil {
		return Every{}, within(e.text, strings.Join(words, " "), err)
	}
	if !hasTime {
		e.time = everyAt
	}
	e.spaced = true
	months := p.Years*12 + p.Months
	minutes := int(p.Rest / time.Minute)
	switch {
	case months > 0 && p.Days == 0 && minutes == 0:
		e.kind, e.count = everyMonths, months
	case p.Days > 0 && months == 0 && minutes == 0 && p.Days%7 == 0 && strings.Contains(strings.ToLower(e.text), "w"):
		e.kind, e.count = everyWeeks, p.Days/7
	case p.Days > 0 && months == 0 && minutes == 0:
		e.kind, e.count = everyDays, p.Days
	case minutes > 0 && months == 0 && p.Days == 0 && minutesPerDay%minutes == 0 && !hasTime:
		e.kind, e.count = everyMinutes, minutes
	case minutes > 0 && hasTime:
		return Every{}, invalid(e.text, "leave the time of day out", "has both a time of day and a count of hours")
	case minutes > 0:
		return Every{}, invalid(e.text, "write a number of hours or minutes that divides a day: 1, 2, 3, 4, 6, 8 or 12 hours", "does not fit into a day")
	default:
		return Every{}, invalid(e.text, everyHint, "is not a schedule")
	}
	return e, nil
}

// UnmarshalText reads a schedule in words.
func (e *Every) UnmarshalText(text []byte) error {
	parsed, err := ParseEvery(string(text))
	if err == nil {
		*e = parsed
	}
	return err
}

func (Every) describe() string { return "a schedule" }
