package config_test

import (
	"testing"
	"time"

	"github.com/rapport-chat/rapport/config"
)

// hours reads hours as they stand in a file.
func hours(t *testing.T, text string) config.Hours {
	t.Helper()
	doc, r := config.Parse("hours.yaml", []byte("hours: "+text+"\n"), config.Options{})
	var into struct {
		Hours config.Hours `yaml:"hours"`
	}
	config.Decode(doc.Root, &into, r)
	if problems := r.Problems(); len(problems) > 0 {
		t.Fatalf("%s: %v", text, problems)
	}
	return into.Hours
}

func TestHours(t *testing.T) {
	t.Parallel()
	baku := zone(t, "Asia/Baku")
	open := hours(t, `{mon-fri: 08:00-23:00, sat: "10:00-14:00, 15:00-00:00", sun: closed}`)
	quiet := hours(t, `{mon-fri: 22:00-10:00, sat-sun: 22:00-11:00}`)
	tests := []struct {
		name       string
		hours      config.Hours
		at         string // 2026-11-20 is a Friday
		inside     bool
		start, end string
	}{
		{"open", open, "2026-11-20 12:00", true, "2026-11-20 12:00", "2026-11-20 23:00"},
		{"opening minute", open, "2026-11-20 08:00", true, "2026-11-20 08:00", "2026-11-20 23:00"},
		{"closing minute", open, "2026-11-20 23:00", false, "2026-11-21 10:00", "2026-11-20 23:00"},
		{"lunch", open, "2026-11-21 14:30", false, "2026-11-21 15:00", "2026-11-21 14:30"},
		{"until midnight", open, "2026-11-21 23:59", true, "2026-11-21 23:59", "2026-11-22 00:00"},
		{"closed day", open, "2026-11-22 12:00", false, "2026-11-23 08:00", "2026-11-22 12:00"},
		{"quiet evening", quiet, "2026-11-20 22:30", true, "2026-11-20 22:30", "2026-11-21 10:00"},
		{"quiet Saturday morning belongs to Friday", quiet, "2026-11-21 10:30", false, "2026-11-21 22:00", "2026-11-21 10:30"},
		{"quiet Sunday morning belongs to Saturday", quiet, "2026-11-22 10:30", true, "2026-11-22 10:30", "2026-11-22 11:00"},
		{"quiet Monday morning belongs to Sunday", quiet, "2026-11-23 10:30", true, "2026-11-23 10:30", "2026-11-23 11:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at := local(t, baku, tt.at)
			if got := tt.hours.Contains(at, baku); got != tt.inside {
				t.Errorf("Contains(%s) = %v", tt.at, got)
			}
			if got := tt.hours.NextStart(at, baku).In(baku).Format(minuteForm); got != tt.start {
				t.Errorf("NextStart(%s) = %s, want %s", tt.at, got, tt.start)
			}
			if got := tt.hours.NextEnd(at, baku).In(baku).Format(minuteForm); got != tt.end {
				t.Errorf("NextEnd(%s) = %s, want %s", tt.at, got, tt.end)
			}
		})
	}
	if got, want := open.String(), "mon-fri 08:00-23:00; sat 10:00-14:00, 15:00-00:00"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

func TestHoursAtTheEdges(t *testing.T) {
	t.Parallel()
	baku := zone(t, "Asia/Baku")
	at := local(t, baku, "2026-11-20 12:00")
	never := hours(t, "closed")
	if !never.Empty() || never.Contains(at, baku) || !never.NextStart(at, baku).IsZero() || !never.Add(at, time.Hour, baku).IsZero() {
		t.Errorf("closed hours are open somewhere")
	}
	if got := never.NextEnd(at, baku); !got.Equal(at) {
		t.Errorf("NextEnd of closed hours = %s, want now", got)
	}
	always := hours(t, "00:00-00:00")
	if !always.Contains(at, baku) || !always.NextEnd(at, baku).IsZero() {
		t.Errorf("hours of the whole day end at %s", always.NextEnd(at, baku))
	}
	once := hours(t, "{Wednesday: 10:00-11:00}")
	if got := once.NextStart(local(t, baku, "2026-11-18 11:00"), baku).In(baku).Format(minuteForm); got != "2026-11-25 10:00" {
		t.Errorf("the next Wednesday is %s", got)
	}
}

func TestHoursAddCountsOpenTimeOnly(t *testing.T) {
	t.Parallel()
	baku := zone(t, "Asia/Baku")
	open := hours(t, "{mon-fri: 10:00-18:00}")
	for _, tt := range []struct {
		from  string
		add   time.Duration
		until string
	}{
		{"2026-11-20 12:00", 30 * time.Minute, "2026-11-20 12:30"},
		{"2026-11-20 17:45", 30 * time.Minute, "2026-11-23 10:15"},
		{"2026-11-20 20:00", 15 * time.Minute, "2026-11-23 10:15"},
		{"2026-11-20 10:00", 8 * time.Hour, "2026-11-20 18:00"},
		{"2026-11-19 10:00", 80 * time.Hour, "2026-12-02 18:00"},
		{"2026-11-21 10:00", 0, "2026-11-23 10:00"},
	} {
		got := open.Add(local(t, baku, tt.from), tt.add, baku).In(baku).Format(minuteForm)
		if got != tt.until {
			t.Errorf("%s of open time after %s = %s, want %s", tt.add, tt.from, got, tt.until)
		}
	}
}

func TestHoursOnTheDayOfTheClockChange(t *testing.T) {
	t.Parallel()
	newYork := zone(t, "America/New_York")
	night := hours(t, "{sat: 22:00-02:30, sun: 03:30-04:00}")
	// 2026-03-08 02:30 does not exist: the range ends at 03:00.
	before := local(t, newYork, "2026-03-08 01:59")
	if got := night.NextEnd(before, newYork).Format(minuteForm); got != "2026-03-08 03:00" {
		t.Errorf("the night ends at %s, want 03:00", got)
	}
	// On 2026-11-01 the first 01:30 comes an hour before the second.
	early := hours(t, "{sun: 01:30-02:00}")
	first := local(t, newYork, "2026-11-01 00:00").Add(90 * time.Minute)
	if got := early.NextStart(first.Add(-time.Minute), newYork); !got.Equal(first) {
		t.Errorf("the range starts at %s, want the first 01:30, %s", got, first)
	}
}
