package config_test

import (
	"testing"
	"time"

	"github.com/rapport-chat/rapport/config"
)

func TestParseTimeOfDay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.TimeOfDay{
		"10:00": 600, "9:05": 545, "00:00": 0, "23:59": 1439, "24:00": 1440, " 07:30 ": 450,
	} {
		if got, err := config.ParseTimeOfDay(text); err != nil || got != want {
			t.Errorf("ParseTimeOfDay(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for text, message := range map[string]string{
		"25:00": "does not exist on the clock", "24:01": "does not exist on the clock", "10:60": "does not exist on the clock",
		"10": "is not a time of day", "10:5": "is not a time of day", "+1:00": "is not a time of day", "": "is not a time of day",
		"100:00": "is not a time of day", "6pm": "is not a time of the 24-hour clock", "10:00 AM": "is not a time of the 24-hour clock",
	} {
		_, err := config.ParseTimeOfDay(text)
		checkValueError(t, text, err, message, 0)
	}
}

func TestTimeOfDayOnADayOfTheClockChange(t *testing.T) {
	t.Parallel()
	newYork := zone(t, "America/New_York")
	noon := local(t, newYork, "2026-03-08 12:00")
	if got := config.TimeOfDay(150).On(noon, newYork).Format(minuteForm); got != "2026-03-08 03:00" {
		t.Errorf("02:30 on the day it is skipped is %s, want 03:00", got)
	}
	if got := config.TimeOfDay(1440).On(noon, newYork).Format(minuteForm); got != "2026-03-09 00:00" {
		t.Errorf("the end of the day is %s", got)
	}
}

func TestParseTimeRange(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, out string
		length    int
		overnight bool
	}{
		{"08:00-23:00", "08:00-23:00", 15 * 60, false},
		{"22:00-10:00", "22:00-10:00", 12 * 60, true},
		{"09:00-00:00", "09:00-00:00", 15 * 60, false},
		{"09:00-24:00", "09:00-00:00", 15 * 60, false},
		{"00:00-00:00", "00:00-00:00", 24 * 60, false},
		{"09:00 – 18:00", "09:00-18:00", 9 * 60, false},
	}
	for _, tt := range tests {
		got, err := config.ParseTimeRange(tt.text)
		if err != nil || got.String() != tt.out || got.Length() != tt.length || got.Overnight() != tt.overnight {
			t.Errorf("ParseTimeRange(%q) = %s, %d minutes, overnight %v, %v; want %s, %d, %v",
				tt.text, got, got.Length(), got.Overnight(), err, tt.out, tt.length, tt.overnight)
		}
	}
	for _, tt := range []struct {
		text, message string
		offset        int
	}{
		{"10:00", "is not a range of times", 0},
		{"10:00-10:00", "begins and ends at the same time", 0},
		{"24:00-10:00", "begins at the end of the day", 0},
		{"10:00-25:00", `cannot be read: "25:00" does not exist on the clock`, 6},
		{"9-18", `cannot be read: "9" is not a time of day`, 0},
	} {
		_, err := config.ParseTimeRange(tt.text)
		checkValueError(t, tt.text, err, tt.message, tt.offset)
	}
}

func TestParseWeekdays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"every day": "every day", "daily": "every day", "mon-fri": "mon-fri", "Monday–Friday": "mon-fri", "weekdays": "mon-fri",
		"sat-sun": "sat-sun", "weekend": "sat-sun", "Friday": "fri", "fridays": "fri", "FRI.": "fri", "mon, wed, fri": "mon, wed, fri",
		"mon and thu": "mon, thu", "fri-mon": "mon, fri, sat, sun", "tues": "tue",
	} {
		if got, err := config.ParseWeekdays(text); err != nil || got.String() != want {
			t.Errorf("ParseWeekdays(%q) = %s, %v; want %s", text, got, err, want)
		}
	}
	for _, tt := range []struct {
		text, message string
		offset        int
	}{
		{"", "is not a weekday", 0},
		{"mondey", "is not a weekday", 0},
		{"mo", "is not a weekday", 0},
		{"mon-xyz", `cannot be read: "xyz" is not a weekday`, 4},
		{"10:00", "is not a weekday", 0},
	} {
		_, err := config.ParseWeekdays(tt.text)
		checkValueError(t, tt.text, err, tt.message, tt.offset)
	}
	set, err := config.ParseWeekdays("sat, mon")
	if days := set.Days(); err != nil || len(days) != 2 || days[0] != time.Monday || !set.Has(time.Saturday) || set.Has(time.Sunday) {
		t.Errorf("sat, mon = %v, %v", days, err)
	}
}
