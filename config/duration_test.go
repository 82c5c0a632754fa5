package config_test

import (
	"errors"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/config"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want time.Duration
		out  string // as it is written again
	}{
		{"90s", 90 * time.Second, "1m30s"},
		{"15m", 15 * time.Minute, "15m"},
		{"15 min", 15 * time.Minute, "15m"},
		{"1h30m", 90 * time.Minute, "1h30m"},
		{"1 hour 30 minutes", 90 * time.Minute, "1h30m"},
		{"1.5h", 90 * time.Minute, "1h30m"},
		{"48h", 48 * time.Hour, "2d"},
		{"14d", 14 * 24 * time.Hour, "14d"},
		{"2w", 14 * 24 * time.Hour, "14d"},
		{"0d", 0, "0s"},
		{"0", 0, "0s"},
		{" 5D ", 5 * 24 * time.Hour, "5d"},
		{"1.5s", 1500 * time.Millisecond, "1.5s"},
	}
	for _, tt := range tests {
		got, err := config.ParseDuration(tt.text)
		if err != nil || got.Std() != tt.want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", tt.text, got.Std(), err, tt.want)
		}
		if got.String() != tt.out {
			t.Errorf("ParseDuration(%q) is written %q; want %q", tt.text, got, tt.out)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, message string
		offset        int
	}{
		{"", "is not a duration", 0},
		{"soon", "is not a duration", 0},
		{"15", "has no unit", 0},
		{"1h30", "has no unit", 2},
		{"3 months", "has no exact length here", 0},
		{"1y", "has no exact length here", 0},
		{"-5m", "is negative", 0},
		{"5x", `has the unknown unit "x"`, 0},
		{"1..5h", "is not a duration", 0},
		{"40000d", "is longer than a hundred years", 0},
		{"9999999999999999999h", "is not a duration", 0},
	}
	for _, tt := range tests {
		_, err := config.ParseDuration(tt.text)
		checkValueError(t, tt.text, err, tt.message, tt.offset)
	}
}

// checkValueError checks what is wrong, where, and that there is a cure.
func checkValueError(t *testing.T, text string, err error, message string, offset int) {
	t.Helper()
	var bad *config.ValueError
	if !errors.As(err, &bad) {
		t.Errorf("%q: error %v, want a ValueError %q", text, err, message)
		return
	}
	if bad.Message != message || bad.Offset != offset {
		t.Errorf("%q: %q at %d, want %q at %d", text, bad.Message, bad.Offset, message, offset)
	}
	if bad.Hint == "" {
		t.Errorf("%q: the error %q has no hint", text, bad.Message)
	}
}

func TestParsePeriod(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want config.Period
		out  string
	}{
		{"1y", config.Period{Years: 1}, "1 year"},
		{"3 months", config.Period{Months: 3}, "3 months"},
		{"3mo", config.Period{Months: 3}, "3 months"},
		{"14d", config.Period{Days: 14}, "14 days"},
		{"2w", config.Period{Days: 14}, "14 days"},
		{"36h", config.Period{Rest: 36 * time.Hour}, "36 hours"},
		{"90 minutes", config.Period{Rest: 90 * time.Minute}, "1 hour 30 minutes"},
		{"1y 6 months", config.Period{Years: 1, Months: 6}, "1 year 6 months"},
		{"0", config.Period{}, "0"},
	}
	for _, tt := range tests {
		got, err := config.ParsePeriod(tt.text)
		if err != nil || got != tt.want {
			t.Errorf("ParsePeriod(%q) = %+v, %v; want %+v", tt.text, got, err, tt.want)
		}
		if got.String() != tt.out {
			t.Errorf("ParsePeriod(%q) is written %q; want %q", tt.text, got, tt.out)
		}
	}
	for text, message := range map[string]string{
		"3m": "is minutes to some and months to others", "14": "has no unit", "1.5y": "is not a whole number of units",
		"soon": "is not a period", "5x": `has the unknown unit "x"`, "200y": "is longer than a hundred years", "99y 99y": "is longer than a hundred years",
	} {
		_, err := config.ParsePeriod(text)
		checkValueError(t, text, err, message, 0)
	}
}

func TestPeriodFollowsTheCalendar(t *testing.T) {
	t.Parallel()
	newYork := zone(t, "America/New_York")
	tests := []struct {
		name, period, from, want string
		back                     bool
	}{
		{"end of a shorter month", "1 month", "2026-01-31 10:00", "2026-02-28 10:00", false},
		{"end of a leap February", "1 month", "2028-01-31 10:00", "2028-02-29 10:00", false},
		{"29 February a year on", "1y", "2028-02-29 10:00", "2029-02-28 10:00", false},
		{"over the year's end", "3 months", "2026-11-30 10:00", "2027-02-28 10:00", false},
		{"a day over the spring change keeps the hour", "1d", "2026-03-07 10:00", "2026-03-08 10:00", false},
		{"a day into the skipped hour", "1d", "2026-03-07 02:30", "2026-03-08 03:00", false},
		{"a day over the autumn change keeps the hour", "1d", "2026-10-31 10:00", "2026-11-01 10:00", false},
		{"hours are exact", "24h", "2026-03-07 10:00", "2026-03-08 11:00", false},
		{"back over the year's end", "2 months", "2027-01-31 10:00", "2026-11-30 10:00", true},
		{"back by days", "14d", "2026-03-10 10:00", "2026-02-24 10:00", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := config.ParsePeriod(tt.period)
			if err != nil {
				t.Fatal(err)
			}
			from := local(t, newYork, tt.from)
			got := p.After(from, newYork)
			if tt.back {
				got = p.Before(from, newYork)
			}
			if text := got.In(newYork).Format(minuteForm); text != tt.want {
				t.Errorf("%s from %s = %s, want %s", tt.period, tt.from, text, tt.want)
			}
		})
	}
	// Seconds survive, and the second pass of a doubled hour does not add one.
	p := config.Period{Days: 1}
	from := local(t, newYork, "2026-06-01 10:00").Add(17 * time.Second)
	if got := p.After(from, newYork); got.Sub(from) != 24*time.Hour {
		t.Errorf("a day after %s is %s", from, got)
	}
	second := local(t, newYork, "2026-11-01 01:30").Add(time.Hour)
	if got := p.After(second, newYork).In(newYork).Format(minuteForm); got != "2026-11-02 01:30" {
		t.Errorf("a day after the second 01:30 is %s, want 2026-11-02 01:30", got)
	}
}

const minuteForm = "2006-01-02 15:04"

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

// local reads a minute that exists in the zone.
func local(t testing.TB, zone *time.Location, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation(minuteForm, text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
