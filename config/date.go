package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Date is a day of the calendar. Year 0 means every year: "28 May".
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Yearly reports whether the date comes every year.
func (d Date) Yearly() bool { return d.Year == 0 && d.Month != 0 }

// On reports whether an instant falls on the date in the zone. A yearly 29
// February falls on 28 February in other years.
func (d Date) On(t time.Time, zone *time.Location) bool {
	year, month, dayOf := t.In(zone).Date()
	if d.Year != 0 {
		return year == d.Year && month == d.Month && dayOf == d.Day
	}
	return month == d.Month && dayOf == min(d.Day, daysIn(year, d.Month))
}

// In returns the date in a year: itself, or the day of that year.
func (d Date) In(year int) Date {
	if d.Year != 0 {
		return d
	}
	return Date{year, d.Month, min(d.Day, daysIn(year, d.Month))}
}

// At returns the instant of a time of day on the date, which must have a year.
func (d Date) At(t TimeOfDay, zone *time.Location) time.Time {
	return localMinute(zone, d.Year, d.Month, d.Day, int(t))
}

// Before compares two dates that both have a year, or both have none.
func (d Date) Before(other Date) bool { return d.ordinal() < other.ordinal() }

func (d Date) ordinal() int { return (d.Year*12+int(d.Month))*31 + d.Day }

// String writes the date: 2027-03-20 or 28 May.
func (d Date) String() string {
	switch {
	case d.IsZero():
		return ""
	case d.Year == 0:
		return fmt.Sprintf("%d %s", d.Day, d.Month.String()[:3])
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// MarshalText writes the date.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

const dateHint = `write it as 2027-03-20, or as "28 May" for every year`

var monthNames = []string{
	"january", "february", "march", "april", "may", "june",
	"july", "august", "september", "october", "november", "december",
}

func parseMonth(name string) time.Month {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	for i, long := range monthNames {
		if name == long || len(name) >= 3 && strings.HasPrefix(long, name) {
			return time.Month(i + 1)
		}
	}
	return 0
}

// ParseDate reads a date.
func ParseDate(text string) (Date, error) {
	text = strings.TrimSpace(text)
	if fields := strings.Fields(text); len(fields) == 2 || len(fields) == 3 {
		return parseDayMonth(text, fields)
	}
	parts := strings.Split(text, "-")
	if len(parts) != 3 || len(parts[0]) != 4 || len(parts[1]) != 2 || len(parts[2]) != 2 {
		return Date{}, dateFormHint(text)
	}
	var numbers [3]int
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return Date{}, invalid(text, dateHint, "is not a date")
		}
		numbers[i] = int(n)
	}
	d := Date{numbers[0], time.Month(numbers[1]), numbers[2]}
	return d, checkDate(text, d)
}

// dateFormHint recognises 20.03.2027, 20/03/2027 and 2027-3-2.
func dateFormHint(text string) error {
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '.' || r == '/' || r == '-' })
	if len(parts) == 3 {
		for _, p := range parts {
			if _, err := strconv.Atoi(p); err != nil {
				return invalid(text, dateHint, "is not a date")
			}
		}
		year, dayOf := parts[2], parts[0]
		if len(parts[0]) == 4 {
			year, dayOf = parts[0], parts[2]
		}
		if len(year) == 4 {
			return invalid(text, fmt.Sprintf("write year-month-day with two digits each: %s-%02s-%02s", year, parts[1], dayOf), "is not written as a date here")
		}
	}
	return invalid(text, dateHint, "is not a date")
}

func parseDayMonth(text string, fields []string) (Date, error) {
	dayText, monthText := fields[0], fields[1]
	if parseMonth(dayText) != 0 {
		dayText, monthText = monthText, dayText
	}
	month := parseMonth(monthText)
	n, err := strconv.ParseUint(strings.TrimSuffix(dayText, "."), 10, 8)
	if err != nil || month == 0 {
		hint := dateHint
		if best := nearest(monthText, monthNames); err == nil && best != "" {
			hint = fmt.Sprintf("did you mean %s %s?", dayText, strings.ToUpper(best[:1])+best[1:])
		}
		return Date{}, invalid(text, hint, "is not a date")
	}
	d := Date{0, month, int(n)}
	if len(fields) == 3 {
		year, err := strconv.ParseUint(fields[2], 10, 16)
		if err != nil || len(fields[2]) != 4 {
			return Date{}, invalid(text, dateHint, "is not a date")
		}
		d.Year = int(year)
	}
	return d, checkDate(text, d)
}

// checkDate reports a day that the calendar does not have.
func checkDate(text string, d Date) error {
	if d.Month < 1 || d.Month > 12 {
		return invalid(text, dateHint, "does not exist: there are 12 months")
	}
	year := d.Year
	if year == 0 {
		year = 2024 // a leap year: 29 February may come
	}
	if last := daysIn(year, d.Month); d.Day < 1 || d.Day > last {
		name := d.Month.String()
		if d.Year != 0 {
			name = fmt.Sprintf("%s %d", name, d.Year)
		}
		return invalid(text, fmt.Sprintf("the last day is %d", last), "does not exist: %s has %d days", name, last)
	}
	if d.Year != 0 && (d.Year < 1900 || d.Year > 2200) {
		return invalid(text, dateHint, "is too far away: check the year")
	}
	return nil
}

// UnmarshalText reads a date.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

func (Date) describe() string { return "a date" }

// DateRange is a stretch of days, both included: 2027-03-20..2027-03-24, or one
// day. Both ends have a year or neither has: "30 Dec..2 Jan" comes every year.
type DateRange struct{ From, To Date }

// Contains reports whether an instant falls into the range in the zone.
func (r DateRange) Contains(t time.Time, zone *time.Location) bool {
	year, month, dayOf := t.In(zone).Date()
	today := Date{year, month, dayOf}
	if r.From.Year != 0 {
		return !today.Before(r.From) && !r.To.Before(today)
	}
	from, to := r.From.In(year), r.To.In(year)
	if to.Before(from) {
		return !today.Before(from) || !to.Before(today)
	}
	return !today.Before(from) && !to.Before(today)
}

// String writes the range.
func (r DateRange) String() string {
	if r.From == r.To {
		return r.From.String()
	}
	return r.From.String() + ".." + r.To.String()
}

// MarshalText writes the range.
func (r DateRange) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// ParseDateRange reads a range of days.
func ParseDateRange(text string) (DateRange, error) {
	text = strings.TrimSpace(text)
	first, last, isRange := strings.Cut(strings.ReplaceAll(text, "…", ".."), "..")
	if !isRange {
		last = first
	}
	var r DateRange
	var err error
	if r.From, err = ParseDate(first); err != nil {
		return DateRange{}, within(text, strings.TrimSpace(first), err)
	}
	if r.To, err = ParseDate(last); err != nil {
		return DateRange{}, within(text, strings.TrimSpace(last), err)
	}
	if (r.From.Year == 0) != (r.To.Year == 0) {
		return DateRange{}, invalid(text, "write a year on both sides or on none", "has a year on one side only")
	}
	if r.From.Year != 0 && r.To.Before(r.From) {
		return DateRange{}, invalid(text, fmt.Sprintf("write %s..%s", r.To, r.From), "ends before it begins")
	}
	return r, nil
}

// UnmarshalText reads a range of days.
func (r *DateRange) UnmarshalText(text []byte) error {
	parsed, err := ParseDateRange(string(text))
	if err == nil {
		*r = parsed
	}
	return err
}

func (DateRange) describe() string { return "a date or a range of dates" }

// DateTime is a local minute, 2026-12-18T10:00; the zone is the brand's or the
// person's.
type DateTime struct {
	Date Date
	Time TimeOfDay
}

// IsZero reports whether there is no date.
func (d DateTime) IsZero() bool { return d.Date.IsZero() }

// In returns the instant in a zone. A minute that the clocks skip becomes the
// next one that exists; of a doubled one it is the first.
func (d DateTime) In(zone *time.Location) time.Time { return d.Date.At(d.Time, zone) }

// Schedule returns the schedule that is due once, at the instant.
func (d DateTime) Schedule(zone *time.Location) Schedule { return once{d.In(zone)} }

// String writes the minute.
func (d DateTime) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Date.String() + "T" + d.Time.String()
}

// MarshalText writes the minute.
func (d DateTime) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// ParseDateTime reads a local minute; a date alone is its midnight.
func ParseDateTime(text string) (DateTime, error) {
	const hint = "write it as 2026-12-18T10:00"
	text = strings.TrimSpace(text)
	dateText, timeText, hasTime := strings.Cut(text, "T")
	if i := strings.LastIndex(text, " "); !hasTime && i > 0 && strings.Contains(text[i:], ":") {
		dateText, timeText, hasTime = text[:i], text[i+1:], true
	}
	var out DateTime
	var err error
	if out.Date, err = ParseDate(dateText); err != nil {
		return DateTime{}, within(text, dateText, err)
	}
	if out.Date.Year == 0 {
		return DateTime{}, invalid(text, hint, "has no year")
	}
	if !hasTime {
		return out, nil
	}
	timeText = strings.TrimSpace(timeText)
	if strings.HasSuffix(timeText, "Z") || strings.ContainsAny(timeText, "+-") {
		return DateTime{}, invalid(text, "leave the zone out: the time is local in brand.timezone", "has a time zone")
	}
	if strings.Count(timeText, ":") == 2 && strings.HasSuffix(timeText, ":00") {
		timeText = strings.TrimSuffix(timeText, ":00")
	}
	if out.Time, err = ParseTimeOfDay(timeText); err != nil {
		return DateTime{}, within(text, timeText, err)
	}
	return out, nil
}

// UnmarshalText reads a local minute.
func (d *DateTime) UnmarshalText(text []byte) error {
	parsed, err := ParseDateTime(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

func (DateTime) describe() string { return "a date and time" }
