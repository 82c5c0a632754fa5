// Package calendar knows the operator's days by name, and counts business time: opening hours less closed days, in the
// zone of the business, over weekends, feasts of several days and changes of the clocks.
package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/config"
)

// Calendar is the section calendar: days with names, and days on which nothing is started.
type Calendar struct {
	config.At
	Use      []string                       `yaml:"use" doc:"Countries whose fixed holidays are known by name: AZ, TR, RU."`
	Days     config.Map[[]config.DateRange] `yaml:"days" doc:"Days by name, such as novruz: [2027-03-20..2027-03-24]."`
	Mourning []config.DateRange             `yaml:"mourning" doc:"Days on which nothing is started."`
}

// fixed are the public holidays that fall on the same days each year. Moving ones are written as decreed, under days.
// Sources: labour codes of Azerbaijan (article 105) and Russia (article 112), Turkish law 2429.
var fixed = map[string]map[string]config.DateRange{
	"AZ": {
		"new_year": days(1, time.January, 2), "womens_day": days(8, time.March, 8), "novruz": days(20, time.March, 24),
		"victory_over_fascism": days(9, time.May, 9), "independence_day": days(28, time.May, 28), "salvation_day": days(15, time.June, 15),
		"army_day": days(26, time.June, 26), "victory_day": days(8, time.November, 8), "flag_day": days(9, time.November, 9),
		"solidarity_day": days(31, time.December, 31),
	},
	"TR": {
		"new_year": days(1, time.January, 1), "childrens_day": days(23, time.April, 23), "labour_day": days(1, time.May, 1),
		"youth_day": days(19, time.May, 19), "democracy_day": days(15, time.July, 15), "victory_day": days(30, time.August, 30),
		"republic_day": days(29, time.October, 29),
	},
	"RU": {
		"new_year": days(1, time.January, 8), "defender_day": days(23, time.February, 23), "womens_day": days(8, time.March, 8),
		"labour_day": days(1, time.May, 1), "victory_day": days(9, time.May, 9), "russia_day": days(12, time.June, 12),
		"unity_day": days(4, time.November, 4),
	},
}

func days(from int, month time.Month, to int) config.DateRange {
	return config.DateRange{From: config.Date{Month: month, Day: from}, To: config.Date{Month: month, Day: to}}
}

// Check reports countries that are not known.
func (c *Calendar) Check(r *config.Report) {
	for i, country := range c.Use {
		if fixed[country] == nil {
			r.Errorf(c.Field("use").Item(i), config.Suggest(strings.ToUpper(country), []string{"AZ", "TR", "RU"}),
				"the holidays of %q are not known", country)
		}
	}
}

// Named are the days of a name: the operator's own, else those of the countries in use. A date or a range of dates
// names itself.
func (c *Calendar) Named(name string) ([]config.DateRange, bool) {
	if own, ok := c.Days.Get(name); ok {
		return *own, true
	}
	var found []config.DateRange
	for _, country := range c.Use {
		if d, ok := fixed[country][name]; ok {
			found = append(found, d)
		}
	}
	if len(found) > 0 {
		return found, true
	}
	if d, err := config.ParseDateRange(name); err == nil {
		return []config.DateRange{d}, true
	}
	return nil, false
}

// Names lists the names that can be used, sorted.
func (c *Calendar) Names() []string {
	names := c.Days.IDs()
	for _, country := range c.Use {
		for name := range fixed[country] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Day is a stretch of days in which something is different, such as a feast.
type Day struct {
	// Name is the calendar's word for it, such as "novruz"; empty when only a date was written and no name is known.
	Name  string
	Range config.DateRange
}

// Resolve makes days of a list of names and dates, and reports at the list's place those that are neither. r may be nil
// for a list that was checked before.
func (c *Calendar) Resolve(r *config.Report, at config.At, list []string) []Day {
	var out []Day
	for i, name := range list {
		ranges, ok := c.Named(name)
		if !ok {
			if r != nil {
				r.Errorf(at.Item(i), fmt.Sprintf("write a date, or a name: %s", strings.Join(c.Names(), ", ")), "there is no day %q in the calendar", name)
			}
			continue
		}
		for _, d := range ranges {
			out = append(out, Day{Name: c.nameOf(name, d), Range: d})
		}
	}
	return out
}

// nameOf is the name under which the calendar knows a day that was written as written: itself, or of a mere date the
// first name, by the alphabet, that has exactly this date or begins with it.
func (c *Calendar) nameOf(written string, d config.DateRange) string {
	if _, err := config.ParseDateRange(written); err != nil {
		return written
	}
	for _, name := range c.Names() {
		ranges, _ := c.Named(name)
		if slices.ContainsFunc(ranges, func(known config.DateRange) bool { return known == d || d.From == d.To && known.From == d.From }) {
			return name
		}
	}
	return ""
}
