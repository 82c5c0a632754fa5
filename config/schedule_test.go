package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/config"
)

// dues lists the next due times after an instant.
func dues(s config.Schedule, after time.Time, zone *time.Location, n int) []string {
	var out []string
	for range n {
		after = s.Next(after)
		if after.IsZero() {
			return append(out, "never")
		}
		out = append(out, after.In(zone).Format(minuteForm))
	}
	return out
}

func TestEvery(t *testing.T) {
	t.Parallel()
	baku := zone(t, "Asia/Baku")
	after := local(t, baku, "2026-11-20 10:00") // a Friday
	tests := []struct{ text, describe, next string }{
		{"Friday 10:00", "Fridays at 10:00", "2026-11-27 10:00, 2026-12-04 10:00"},
		{"fri 18:00", "Fridays at 18:00", "2026-11-20 18:00, 2026-11-27 18:00"},
		{"every Friday 10:00", "Fridays at 10:00", "2026-11-27 10:00, 2026-12-04 10:00"},
		{"day 09:00", "every day at 09:00", "2026-11-21 09:00, 2026-11-22 09:00"},
		{"every day 09:00", "every day at 09:00", "2026-11-21 09:00, 2026-11-22 09:00"},
		{"mon-fri 09:00", "Monday to Friday at 09:00", "2026-11-23 09:00, 2026-11-24 09:00"},
		{"mon, thu 18:30", "Mondays and Thursdays at 18:30", "2026-11-23 18:30, 2026-11-26 18:30"},
		{"weekend 11:00", "Saturdays and Sundays at 11:00", "2026-11-21 11:00, 2026-11-22 11:00"},
		{"month 1 10:00", "on day 1 of every month at 10:00", "2026-12-01 10:00, 2027-01-01 10:00"},
		{"month 31 10:00", "on day 31 of every month at 10:00", "2026-11-30 10:00, 2026-12-31 10:00"},
		{"month last 10:00", "on the last day of every month at 10:00", "2026-11-30 10:00, 2026-12-31 10:00"},
		{"year 28 May 10:00", "every year on 28 May at 10:00", "2027-05-28 10:00, 2028-05-28 10:00"},
		{"year 29 Feb 10:00", "every year on 29 Feb at 10:00", "2027-02-28 10:00, 2028-02-29 10:00"},
		{"3 months", "every 3 months at 10:00", "2027-01-01 10:00, 2027-04-01 10:00"},
		{"1y", "every 12 months at 10:00", "2027-01-01 10:00, 2028-01-01 10:00"},
		{"2 weeks 09:00", "every 2 weeks at 09:00", "2026-11-23 09:00, 2026-12-07 09:00"},
		{"10 days", "every 10 days at 10:00", "2026-11-23 10:00, 2026-12-03 10:00"},
		{"6 hours", "every 6 hours", "2026-11-20 12:00, 2026-11-20 18:00"},
		{"30 minutes", "every 30 minutes", "2026-11-20 10:30, 2026-11-20 11:00"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			e, err := config.ParseEvery(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := e.Describe(); got != tt.describe {
				t.Errorf("Describe() = %q, want %q", got, tt.describe)
			}
			if got := strings.Join(dues(e.In(baku), after, baku, 2), ", "); got != tt.next {
				t.Errorf("due at %s, want %s", got, tt.next)
			}
		})
	}
}

func TestEveryPeriod(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.Period{
		"3 months": {Months: 3}, "1y": {Years: 1}, "2 weeks": {Days: 14}, "90 days": {Days: 90}, "6 hours": {Rest: 6 * time.Hour},
	} {
		e, err := config.ParseEvery(text)
		if got, ok := e.Period(); err != nil || !ok || got != want {
			t.Errorf("ParseEvery(%q).Period() = %v, %v, %v; want %v", text, got, ok, err, want)
		}
	}
	e, err := config.ParseEvery("Friday 10:00")
	if _, ok := e.Period(); ok || err != nil {
		t.Errorf("Friday 10:00 has a period, %v", err)
	}
	var none config.Every
	if !none.IsZero() || !none.In(time.UTC).Next(time.Now()).IsZero() || none.Describe() != "never" {
		t.Error("no schedule is due")
	}
}

func TestCron(t *testing.T) {
	t.Parallel()
	baku := zone(t, "Asia/Baku")
	after := local(t, baku, "2026-11-20 10:00")
	for text, want := range map[string]string{
		"0 10 * * FRI":     "2026-11-27 10:00, 2026-12-04 10:00",
		"*/30 9-10 * *  *": "2026-11-20 10:30, 2026-11-21 09:00",
		"0 9 1 * 1":        "2026-11-23 09:00, 2026-11-30 09:00",
		"0 0 29 2 *":       "2028-02-29 00:00, 2032-02-29 00:00",
		"@monthly":         "2026-12-01 00:00, 2027-01-01 00:00",
		"*/20 * * * *":     "2026-11-20 10:20, 2026-11-20 10:40",
	} {
		c, err := config.ParseCron(text)
		if err != nil {
			t.Errorf("ParseCron(%q): %v", text, err)
			continue
		}
		if got := strings.Join(dues(c.In(baku), after, baku, 2), ", "); got != want {
			t.Errorf("%q is due at %s, want %s", text, got, want)
		}
	}
	for _, tt := range []struct {
		text, message string
		offset        int
	}{
		{"TZ=0", "names a time zone", 0},
		{"CRON_TZ=Asia/Baku 0 9 * * *", "names a time zone", 0},
		{"", "has 0 fields, not 5", 0},
		{"0 0 9 * * *", "has 6 fields, not 5", 0},
		{"0 0 31 2 *", "never comes", 0},
		{"0 0 31 4,6 *", "never comes", 0},
		{"0 25 * * *", `is not a cron expression: field 2, "25", is wrong`, 2},
		{"0 10 * * FRX", `is not a cron expression: field 5, "FRX", is wrong`, 9},
		{"5-1 * * * *", `is not a cron expression: field 1, "5-1", is wrong`, 0},
		{"* * * * */0", `is not a cron expression: field 5, "*/0", is wrong`, 8},
		{"@every 1h", "has no place in the calendar", 0},
		{"@reboot", "is not a cron expression", 0},
	} {
		_, err := config.ParseCron(tt.text)
		checkValueError(t, tt.text, err, tt.message, tt.offset)
	}
}

func TestCronDescribe(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0 10 * * FRI": "Fridays at 10:00", "30 9 * * 1-5": "Monday to Friday at 09:30", "0 8 * * *": "every day at 08:00",
		"0 9 1 * *": "on day 1 of every month at 09:00", "*/5 * * * *": `by cron "*/5 * * * *"`, "0 9 1 * 1": `by cron "0 9 1 * 1"`,
		"@daily": `by cron "@daily"`, "0 9 1 5 *": `by cron "0 9 1 5 *"`, "0 18 * * SUN,SAT": "Saturdays and Sundays at 18:00",
	} {
		c, err := config.ParseCron(text)
		if err != nil || c.Describe() != want {
			t.Errorf("%q is described as %q, %v; want %q", text, c.Describe(), err, want)
		}
	}
}

// TestSchedulesOverClockChanges compares every schedule with a slow and plain
// reading of the rule: each local minute that matches is due at the first
// instant that shows it, or, when it is skipped, at the first that comes after.
func TestSchedulesOverClockChanges(t *testing.T) {
	t.Parallel()
	changes := []struct{ zone, from string }{
		{"America/New_York", "2026-03-07"},
		{"America/New_York", "2026-10-31"},
		{"America/Asuncion", "2023-09-30"}, // midnight is skipped
		{"America/Asuncion", "2024-03-23"},
		{"Africa/Cairo", "2024-04-25"},
		{"Atlantic/Azores", "2025-10-25"},
		{"Australia/Lord_Howe", "2026-04-04"}, // by half an hour
		{"Australia/Lord_Howe", "2026-10-03"},
		{"Asia/Baku", "2015-10-24"},
		{"Europe/Istanbul", "2016-03-26"},
	}
	matches := map[string]func(w time.Time) bool{
		"30 2 * * *":      func(w time.Time) bool { return w.Hour() == 2 && w.Minute() == 30 },
		"30 1 * * *":      func(w time.Time) bool { return w.Hour() == 1 && w.Minute() == 30 },
		"0 0 * * *":       func(w time.Time) bool { return w.Hour() == 0 && w.Minute() == 0 },
		"15,45 0-3 * * *": func(w time.Time) bool { return w.Hour() <= 3 && w.Minute()%30 == 15 },
		"0 9 * * *":       func(w time.Time) bool { return w.Hour() == 9 && w.Minute() == 0 },
		"day 00:00":       func(w time.Time) bool { return w.Hour() == 0 && w.Minute() == 0 },
		"sun 02:00":       func(w time.Time) bool { return w.Weekday() == time.Sunday && w.Hour() == 2 && w.Minute() == 0 },
		"1 hour":          func(w time.Time) bool { return w.Minute() == 0 },
		"1 days 01:59":    func(w time.Time) bool { return w.Hour() == 1 && w.Minute() == 59 },
	}
	for _, change := range changes {
		location := zone(t, change.zone)
		from, err := time.ParseInLocation("2006-01-02", change.from, location)
		if err != nil {
			t.Fatal(err)
		}
		from = from.Add(6 * time.Hour)
		for text, match := range matches {
			t.Run(change.zone+" "+change.from+" "+text, func(t *testing.T) {
				t.Parallel()
				want := plainDues(location, from, from.Add(48*time.Hour), match)
				got := dues(schedule(t, text, location), from, location, len(want))
				if strings.Join(got, ", ") != strings.Join(want, ", ") {
					t.Errorf("due at\n%s, want\n%s", strings.Join(got, ", "), strings.Join(want, ", "))
				}
			})
		}
	}
}

func schedule(t *testing.T, text string, zone *time.Location) config.Schedule {
	t.Helper()
	if strings.Contains(text, "*") {
		c, err := config.ParseCron(text)
		if err != nil {
			t.Fatal(err)
		}
		return c.In(zone)
	}
	e, err := config.ParseEvery(text)
	if err != nil {
		t.Fatal(err)
	}
	return e.In(zone)
}

// plainDues walks the instants minute by minute.
func plainDues(zone *time.Location, after, until time.Time, match func(time.Time) bool) []string {
	var out []string
	wall := func(at time.Time) time.Time {
		l := at.In(zone)
		return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), 0, 0, time.UTC)
	}
	// latest is the furthest local minute shown so far.
	latest := wall(after)
	for at := after.Add(time.Minute); !at.After(until); at = at.Add(time.Minute) {
		due := false
		for w := latest.Add(time.Minute); !w.After(wall(at)); w = w.Add(time.Minute) {
			due = due || match(w)
			latest = w
		}
		if due {
			out = append(out, at.In(zone).Format(minuteForm))
		}
	}
	return out
}

func TestCronEveryFewMinutesGoesOnWhileTheHourRepeats(t *testing.T) {
	t.Parallel()
	newYork := zone(t, "America/New_York")
	c, err := config.ParseCron("*/30 * * * *")
	if err != nil {
		t.Fatal(err)
	}
	at := local(t, newYork, "2026-11-01 00:30")
	for range 8 {
		next := c.In(newYork).Next(at)
		if next.Sub(at) != 30*time.Minute {
			t.Fatalf("after %s comes %s, want half an hour later", at, next)
		}
		at = next
	}
}
