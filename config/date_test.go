package config_test

import (
	"testing"
	"time"

	"github.com/rapport-chat/rapport/config"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.Date{
		"2027-03-20": {Year: 2027, Month: time.March, Day: 20}, "28 May": {Month: time.May, Day: 28}, "May 28": {Month: time.May, Day: 28},
		"1 Jan": {Month: time.January, Day: 1}, "1. january": {Month: time.January, Day: 1}, "29 Feb": {Month: time.February, Day: 29},
		"29 Feb 2028": {Year: 2028, Month: time.February, Day: 29}, "31 Dec.": {Month: time.December, Day: 31},
	} {
		if got, err := config.ParseDate(text); err != nil || got != want {
			t.Errorf("ParseDate(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
	for text, message := range map[string]string{
		"2027-02-29": "does not exist: February 2027 has 28 days", "30 Feb": "does not exist: February has 29 days",
		"31 Apr": "does not exist: April has 30 days", "2027-13-01": "does not exist: there are 12 months", "2027-01-00": "does not exist: January 2027 has 31 days",
		"20.03.2027": "is not written as a date here", "2027-3-2": "is not written as a date here", "03/20/2027": "is not written as a date here",
		"0001-01-01": "is too far away: check the year", "tomorrow": "is not a date", "28 Maz 2027x": "is not a date", "": "is not a date",
		"2027-0a-01": "is not a date", "5 Foo": "is not a date",
	} {
		_, err := config.ParseDate(text)
		checkValueError(t, text, err, message, 0)
	}
}

func TestDateFalls(t *testing.T) {
	t.Parallel()
	baku := zone(t, "Asia/Baku")
	leap := config.Date{Month: time.February, Day: 29}
	for at, want := range map[string]bool{"2027-02-28 12:00": true, "2028-02-28 12:00": false, "2028-02-29 00:00": true, "2027-03-01 00:00": false} {
		if got := leap.On(local(t, baku, at), baku); got != want {
			t.Errorf("29 February falls on %s: %v, want %v", at, got, want)
		}
	}
	if got := leap.In(2027).String(); got != "2027-02-28" {
		t.Errorf("29 February in 2027 is %s", got)
	}
	// 20:30 UTC is past midnight in Baku.
	day := config.Date{Year: 2027, Month: time.March, Day: 20}
	if at := time.Date(2027, 3, 19, 20, 30, 0, 0, time.UTC); !day.On(at, baku) || day.On(at, time.UTC) {
		t.Errorf("the zone does not matter to the date")
	}
}

func TestDateRange(t *testing.T) {
	t.Parallel()
	baku := zone(t, "Asia/Baku")
	tests := []struct {
		text    string
		in, out []string
	}{
		{"2027-03-20..2027-03-24", []string{"2027-03-20 00:00", "2027-03-24 23:59"}, []string{"2027-03-19 23:59", "2027-03-25 00:00", "2028-03-21 12:00"}},
		{"28 May", []string{"2026-05-28 12:00", "2031-05-28 12:00"}, []string{"2026-05-29 00:00"}},
		{"30 Dec..2 Jan", []string{"2026-12-31 12:00", "2027-01-02 23:59"}, []string{"2027-01-03 00:00", "2026-12-29 12:00"}},
		{"1 Jun…31 Aug", []string{"2026-07-01 12:00"}, []string{"2026-09-01 00:00"}},
	}
	for _, tt := range tests {
		r, err := config.ParseDateRange(tt.text)
		if err != nil {
			t.Errorf("ParseDateRange(%q): %v", tt.text, err)
		}
		for _, at := range tt.in {
			if !r.Contains(local(t, baku, at), baku) {
				t.Errorf("%s does not contain %s", tt.text, at)
			}
		}
		for _, at := range tt.out {
			if r.Contains(local(t, baku, at), baku) {
				t.Errorf("%s contains %s", tt.text, at)
			}
		}
	}
	for _, tt := range []struct {
		text, message string
		offset        int
	}{
		{"2027-03-24..2027-03-20", "ends before it begins", 0},
		{"2027-03-24..28 May", "has a year on one side only", 0},
		{"1 Jan..31 Apr", `cannot be read: "31 Apr" does not exist: April has 30 days`, 7},
		{"31 Apr", "does not exist: April has 30 days", 0},
	} {
		_, err := config.ParseDateRange(tt.text)
		checkValueError(t, tt.text, err, tt.message, tt.offset)
	}
}

func TestDateTime(t *testing.T) {
	t.Parallel()
	newYork := zone(t, "America/New_York")
	for text, want := range map[string]string{
		"2026-12-18T10:00": "2026-12-18 10:00 -0500", "2026-12-18 10:00": "2026-12-18 10:00 -0500", "2026-12-18": "2026-12-18 00:00 -0500",
		"2026-12-18T10:00:00": "2026-12-18 10:00 -0500", "18 Dec 2026 10:00": "2026-12-18 10:00 -0500",
		"2026-03-08T02:30": "2026-03-08 03:00 -0400", "2026-11-01T01:30": "2026-11-01 01:30 -0400", "2026-11-01T00:59": "2026-11-01 00:59 -0400",
		"2026-11-01T02:00": "2026-11-01 02:00 -0500", "2026-12-18T24:00": "2026-12-19 00:00 -0500",
	} {
		got, err := config.ParseDateTime(text)
		if err != nil || got.In(newYork).Format(minuteForm+" -0700") != want {
			t.Errorf("ParseDateTime(%q) = %s, %v; want %s", text, got.In(newYork), err, want)
		}
	}
	for _, tt := range []struct {
		text, message string
		offset        int
	}{
		{"2026-12-18T10:00Z", "has a time zone", 0},
		{"2026-12-18T10:00+04:00", "has a time zone", 0},
		{"18 Dec 10:00", "has no year", 0},
		{"2026-02-30T10:00", `cannot be read: "2026-02-30" does not exist: February 2026 has 28 days`, 0},
		{"2026-02-28T26:00", `cannot be read: "26:00" does not exist on the clock`, 11},
	} {
		_, err := config.ParseDateTime(tt.text)
		checkValueError(t, tt.text, err, tt.message, tt.offset)
	}
	once, err := config.ParseDateTime("2026-12-18T10:00")
	if err != nil {
		t.Fatal(err)
	}
	schedule := once.Schedule(newYork)
	due := schedule.Next(local(t, newYork, "2026-12-18 09:59"))
	if due.Format(minuteForm) != "2026-12-18 10:00" || !schedule.Next(due).IsZero() {
		t.Errorf("the schedule is due at %s and then at %s", due, schedule.Next(due))
	}
}
