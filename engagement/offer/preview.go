package offer

import (
	"fmt"
	"strings"
	"time"
)

// previewDues is how many coming due times are told.
const previewDues = 2

// Preview says in plain words when an offer goes to how many people: "Fridays at 10:00, 412 people today, next 27 Nov,
// 4 Dec". people below 0 is not told.
func (d *Definition) Preview(zone *time.Location, now time.Time, people int) string {
	parts := []string{d.describe(zone)}
	switch {
	case people == 1:
		parts = append(parts, "1 person today")
	case people >= 0:
		parts = append(parts, fmt.Sprintf("%d people today", people))
	}
	if schedule := d.schedule(zone); schedule != nil && d.On != OnBirthday && len(d.Steps) == 0 {
		var next []string
		for due := schedule.Next(now); !due.IsZero() && len(next) < previewDues; due = schedule.Next(due) {
			next = append(next, due.In(zone).Format("2 Jan"))
		}
		if len(next) > 0 {
			parts = append(parts, "next "+strings.Join(next, ", "))
		} else {
			parts = append(parts, "in the past: not sent any more")
		}
	}
	if d.Paused {
		parts = append(parts, "paused")
	}
	return strings.Join(parts, ", ")
}

// describe says when it is due.
func (d *Definition) describe(zone *time.Location) string {
	switch {
	case !d.Every.IsZero():
		return capital(strings.TrimPrefix(d.Every.Describe(), "on "))
	case !d.Cron.IsZero():
		return "By cron " + d.Cron.String()
	case !d.Once.IsZero():
		return "Once at " + d.Once.In(zone).Format("2 Jan 2006 15:04")
	case d.On == OnBirthday:
		return "On birthdays at " + d.Time.String()
	case len(d.Steps) > 0:
		return fmt.Sprintf("A series of %d, looked for every day at %s", len(d.Steps), d.Time)
	case d.After > 0:
		return fmt.Sprintf("%s after %s", d.After, d.On)
	}
	return "On " + d.On
}

func capital(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
