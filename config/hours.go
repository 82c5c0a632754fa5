package config

import (
	"errors"
	"strings"
	"time"
)

// Hours are times of the week: opening hours, quiet hours. They are written as
// a map of weekdays to ranges, or as one range for every day:
//
//	hours: {mon-fri: 08:00-23:00, sat: "10:00-14:00, 15:00-18:00", sun: closed}
//	quiet: 22:00-10:00
//
// A range belongs to the day on which it begins. Ranges must not overlap.
type Hours struct {
	At
	days [7][]TimeRange
}

// NewHours returns the same ranges for a set of days, for defaults.
func NewHours(days Weekdays, ranges ...TimeRange) Hours {
	var h Hours
	for _, d := range days.Days() {
		h.days[d] = ranges
	}
	return h
}

// Empty reports whether no time of the week is meant.
func (h Hours) Empty() bool {
	for _, ranges := range h.days {
		if len(ranges) > 0 {
			return false
		}
	}
	return true
}

// On returns the ranges that begin on a weekday.
func (h Hours) On(d time.Weekday) []TimeRange { return h.days[d] }

// Contains reports whether an instant lies within the hours.
func (h Hours) Contains(t time.Time, zone *time.Location) bool {
	_, inside := h.around(t, zone)
	return inside
}

// around returns the end of the range that contains t.
func (h Hours) around(t time.Time, zone *time.Location) (end time.Time, inside bool) {
	local := t.In(zone)
	for back := range 2 {
		for _, r := range h.days[time.Weekday(mod(int(local.Weekday())-back, 7))] {
			from, to := r.instants(local.Year(), local.Month(), local.Day()-back, zone)
			if !t.Before(from) && t.Before(to) {
				return to, true
			}
		}
	}
	return time.Time{}, false
}

// instants returns the range's bounds on a day.
func (r TimeRange) instants(year int, month time.Month, dayOf int, zone *time.Location) (from, to time.Time) {
	return localMinute(zone, year, month, dayOf, int(r.From)),
		localMinute(zone, year, month, dayOf, int(r.From)+r.Length())
}

// NextStart returns the first instant not before t that lies within the hours:
// t itself when it does. The zero time when the hours are empty.
func (h Hours) NextStart(t time.Time, zone *time.Location) time.Time {
	if h.Contains(t, zone) {
		return t
	}
	local := t.In(zone)
	for ahead := range 9 {
		var first time.Time
		for _, r := range h.days[time.Weekday((int(local.Weekday())+ahead)%7)] {
			from, to := r.instants(local.Year(), local.Month(), local.Day()+ahead, zone)
			if !from.Before(t) && to.After(from) && (first.IsZero() || from.Before(first)) {
				first = from
			}
		}
		if !first.IsZero() {
			return first
		}
	}
	return time.Time{}
}

// NextEnd returns the first instant not before t that lies outside the hours: t
// itself when it does. The zero time when the hours never end.
func (h Hours) NextEnd(t time.Time, zone *time.Location) time.Time {
	// Ranges that touch (…-00:00 and 00:00-…) are one stretch.
	for range 15 * 7 {
		end, inside := h.around(t, zone)
		if !inside {
			return t
		}
		t = end
	}
	return time.Time{}
}

// Add returns the instant at which the given time within the hours has passed
// since t: a target of 30 minutes that counts only opening hours. The zero time
// when the hours are empty.
func (h Hours) Add(t time.Time, d time.Duration, zone *time.Location) time.Time {
	for {
		start := h.NextStart(t, zone)
		if start.IsZero() {
			return time.Time{}
		}
		end, _ := h.around(start, zone)
		left := end.Sub(start)
		if d <= left {
			return start.Add(d)
		}
		d -= left
		t = end
	}
}

// String writes the hours day by day, equal days together.
func (h Hours) String() string {
	var parts []string
	var done Weekdays
	for _, d := range fromMonday {
		if done.Has(d) || len(h.days[d]) == 0 {
			continue
		}
		var same Weekdays
		for _, other := range fromMonday {
			if rangesText(h.days[other]) == rangesText(h.days[d]) {
				same |= 1 << other
			}
		}
		done |= same
		parts = append(parts, same.String()+" "+rangesText(h.days[d]))
	}
	if len(parts) == 0 {
		return "never"
	}
	return strings.Join(parts, "; ")
}

func rangesText(ranges []TimeRange) string {
	var out []string
	for _, r := range ranges {
		out = append(out, r.String())
	}
	return strings.Join(out, ", ")
}

// MarshalText writes the hours.
func (h Hours) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

func (Hours) describe() string { return "hours" }

const hoursHint = "write days and times: mon-fri: 09:00-18:00"

func (h *Hours) decode(d *decoder, n *node, _ rules, s spot) {
	fresh := Hours{At: structAt(n, s)}
	switch n.kind {
	case Scalar, List:
		for _, r := range d.ranges(n) {
			for day := range fresh.days {
				fresh.days[day] = append(fresh.days[day], r)
			}
		}
	case Mapping:
		d.hoursByDay(n, &fresh)
	default:
		d.r.Errorf(n.at(), hoursHint, "expected hours, found %s", n.kind)
		return
	}
	*h = fresh
	h.overlaps(d.r, n)
}

func (d *decoder) hoursByDay(n *node, into *Hours) {
	var taken Weekdays
	for _, e := range n.entries {
		at := e.at
		at.n = nil
		days, err := ParseWeekdays(e.key)
		if err != nil {
			var bad *ValueError
			if errors.As(err, &bad) {
				d.r.Errorf(at, bad.Hint, "%s %s", quoted(e.key), bad.Message)
			}
			continue
		}
		d.onlyOnce(e)
		if twice := taken & days; twice != 0 {
			d.r.Errorf(at, "let each weekday stand in one line; two ranges are written as \"10:00-14:00, 15:00-19:00\"",
				"%s overlaps a line above: %s is there already", quoted(e.key), twice.Days()[0])
			continue
		}
		taken |= days
		for _, r := range d.ranges(e.value) {
			for _, day := range days.Days() {
				into.days[day] = append(into.days[day], r)
			}
		}
	}
}

// ranges reads "10:00-14:00, 15:00-19:00", a list of ranges, "closed" or "all
// day".
func (d *decoder) ranges(n *node) []TimeRange {
	if n.kind == List {
		var out []TimeRange
		for _, item := range n.items {
			out = append(out, d.ranges(item)...)
		}
		return out
	}
	if !d.scalar(n, "a range of times") {
		return nil
	}
	switch strings.ToLower(strings.TrimSpace(n.text)) {
	case "closed", "none", "never", "no":
		return nil
	case "all day", "24h", "24 hours", "always":
		return []TimeRange{{0, minutesPerDay}}
	}
	var out []TimeRange
	for _, part := range strings.Split(n.text, ",") {
		r, err := ParseTimeRange(part)
		if err != nil {
			d.invalid(n, within(n.text, strings.TrimSpace(part), err))
			return nil
		}
		out = append(out, r)
	}
	return out
}

// overlaps reports ranges that cover the same minute, also over midnight.
func (h *Hours) overlaps(r *Report, n *node) {
	type stretch struct {
		day  time.Weekday
		r    TimeRange
		from int
	}
	var all []stretch
	for i, d := range fromMonday {
		for _, rg := range h.days[d] {
			all = append(all, stretch{d, rg, i*minutesPerDay + int(rg.From)})
		}
	}
	const week = 7 * minutesPerDay
	for i, a := range all {
		for _, b := range all[i+1:] {
			gap := mod(b.from-a.from, week)
			back := mod(a.from-b.from, week)
			if gap < a.r.Length() || back < b.r.Length() {
				at := n.dayAt(b.day)
				r.Errorf(at, "let one end before the other begins",
					"%s %s overlaps %s %s", b.day, b.r, a.day, a.r)
				return
			}
		}
	}
}

// dayAt returns the place of the line for a weekday.
func (n *node) dayAt(day time.Weekday) At {
	for _, e := range n.entries {
		if days, err := ParseWeekdays(e.key); err == nil && days.Has(day) {
			at := e.at
			at.n = nil
			return at
		}
	}
	at := n.at()
	at.n = nil
	return at
}
