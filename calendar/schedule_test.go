package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rapport-chat/rapport/calendar"
	"github.com/rapport-chat/rapport/config"
)

const minute = "2006-01-02 15:04"

func at(t *testing.T, zone *time.Location, text string) time.Time {
	t.Helper()
	when, err := time.ParseInLocation(minute, text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

// files are businesses of different habits.
var files = map[string]string{
	"baku": `
zone: Asia/Baku
calendar: {use: [AZ], days: {ramazan: [2027-03-09..2027-03-10]}}
hours: {mon-fri: 10:00-19:00, sat: "10:00-14:00, 15:00-17:00", sun: closed}
closed: [1 Jan..2 Jan, novruz, ramazan, 5 Apr]
`,
	"night": `
zone: Europe/Istanbul
hours: {fri-sat: 20:00-04:00}
closed: [2026-12-05]
`,
	"berlin":   "zone: Europe/Berlin\nhours: {every day: 00:00-06:00}\n",
	"new york": "zone: America/New_York\nhours: {every day: 01:00-04:00}\n",
	"always":   "zone: Asia/Baku\nclosed: [1 Jan]\n",
	"never":    "zone: Asia/Baku\nhours: 10:00-19:00\nclosed: [1 Jan..31 Dec]\n",
}

func TestScheduleOverWeekendsFeastsNightsAndChangesOfTheClocks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, at       string
		open                 bool
		next, end            string // empty: never
		add                  time.Duration
		due                  string
		closedDay, isHoliday bool
		holiday              string
	}{
		{"a working day", "baku", "2026-11-20 12:00", true, "2026-11-20 12:00", "2026-11-20 19:00", 30 * time.Minute, "2026-11-20 12:30", false, false, ""},
		{"just before closing", "baku", "2026-11-20 18:45", true, "2026-11-20 18:45", "2026-11-20 19:00", 30 * time.Minute, "2026-11-21 10:15", false, false, ""},
		{"until closing exactly", "baku", "2026-11-20 18:45", true, "2026-11-20 18:45", "2026-11-20 19:00", 15 * time.Minute, "2026-11-20 19:00", false, false, ""},
		{"lunch on Saturday", "baku", "2026-11-21 14:30", false, "2026-11-21 15:00", "2026-11-21 14:30", 3 * time.Hour, "2026-11-23 11:00", false, false, ""},
		{"over the weekend", "baku", "2026-11-21 16:50", true, "2026-11-21 16:50", "2026-11-21 17:00", time.Hour, "2026-11-23 10:50", false, false, ""},
		{"on Sunday", "baku", "2026-11-22 12:00", false, "2026-11-23 10:00", "2026-11-22 12:00", time.Minute, "2026-11-23 10:01", false, false, ""},
		{"a holiday", "baku", "2027-01-01 12:00", false, "2027-01-04 10:00", "2027-01-01 12:00", time.Hour, "2027-01-04 11:00", true, true, "new_year"},
		{"the evening before it", "baku", "2026-12-31 20:00", false, "2027-01-04 10:00", "2026-12-31 20:00", time.Hour, "2027-01-04 11:00", false, false, ""},
		{"a feast of five days after a weekend", "baku", "2027-03-19 18:30", true, "2027-03-19 18:30", "2027-03-19 19:00", time.Hour, "2027-03-25 10:30", false, false, ""},
		{"within that feast", "baku", "2027-03-22 12:00", false, "2027-03-25 10:00", "2027-03-22 12:00", time.Hour, "2027-03-25 11:00", true, true, "novruz"},
		{"a feast that moves", "baku", "2027-03-09 09:00", false, "2027-03-11 10:00", "2027-03-09 09:00", time.Hour, "2027-03-11 11:00", true, true, "ramazan"},
		{"a closed day without a name", "baku", "2027-04-05 11:00", false, "2027-04-06 10:00", "2027-04-05 11:00", time.Hour, "2027-04-06 11:00", true, false, ""},
		{"over midnight", "night", "2026-11-20 23:00", true, "2026-11-20 23:00", "2026-11-21 04:00", 4 * time.Hour, "2026-11-21 03:00", false, false, ""},
		{"after midnight", "night", "2026-11-21 02:00", true, "2026-11-21 02:00", "2026-11-21 04:00", 3 * time.Hour, "2026-11-21 21:00", false, false, ""},
		{"the night before a closed day ends as usual", "night", "2026-12-05 01:00", true, "2026-12-05 01:00", "2026-12-05 04:00", 4 * time.Hour, "2026-12-11 21:00", false, false, ""},
		{"the night of a closed day does not begin", "night", "2026-12-05 21:00", false, "2026-12-11 20:00", "2026-12-05 21:00", time.Hour, "2026-12-11 21:00", true, false, ""},
		{"clocks go forward, Berlin", "berlin", "2027-03-28 00:00", true, "2027-03-28 00:00", "2027-03-28 06:00", 4 * time.Hour, "2027-03-28 05:00", false, false, ""},
		{"clocks go back, Berlin", "berlin", "2026-10-25 00:00", true, "2026-10-25 00:00", "2026-10-25 06:00", 4 * time.Hour, "2026-10-25 03:00", false, false, ""},
		{"clocks go forward, New York", "new york", "2027-03-14 01:30", true, "2027-03-14 01:30", "2027-03-14 04:00", 90 * time.Minute, "2027-03-14 04:00", false, false, ""},
		{"clocks go back, New York", "new york", "2026-11-01 00:30", false, "2026-11-01 01:00", "2026-11-01 00:30", 3 * time.Hour, "2026-11-01 03:00", false, false, ""},
		{"around the clock", "always", "2026-11-20 03:00", true, "2026-11-20 03:00", "", 48 * time.Hour, "2026-11-22 03:00", false, false, ""},
		{"around the clock but for a day", "always", "2026-12-31 12:00", true, "2026-12-31 12:00", "2027-01-01 00:00", 13 * time.Hour, "2027-01-02 01:00", false, false, ""},
		{"never", "never", "2026-11-20 12:00", false, "", "2026-11-20 12:00", time.Hour, "", true, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := read(t, files[tt.file]).schedule(t)
			when := at(t, s.Zone, tt.at)
			show := func(at time.Time) string {
				if at.IsZero() {
					return ""
				}
				return s.Local(at).Format(minute)
			}
			if got := s.Open(when); got != tt.open {
				t.Errorf("Open = %v", got)
			}
			if got := show(s.NextOpen(when)); got != tt.next {
				t.Errorf("NextOpen = %s, want %s", got, tt.next)
			}
			if got := show(s.EndOfShift(when)); got != tt.end {
				t.Errorf("EndOfShift = %s, want %s", got, tt.end)
			}
			if got := show(s.Add(when, tt.add)); got != tt.due {
				t.Errorf("Add(%v) = %s, want %s", tt.add, got, tt.due)
			}
			want := calendar.Reason{Open: tt.open, ClosedDay: tt.closedDay, Holiday: tt.holiday}
			if got := s.Reason(when); got != want {
				t.Errorf("Reason = %+v, want %+v", got, want)
			}
		})
	}
}

func TestTheZeroScheduleIsAlwaysOpen(t *testing.T) {
	t.Parallel()
	var s calendar.Schedule
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	if !s.Open(now) || !s.NextOpen(now).Equal(now) || !s.Add(now, 90*time.Minute).Equal(now.Add(90*time.Minute)) || !s.EndOfShift(now).IsZero() {
		t.Error("the zero schedule is closed at some time")
	}
}

// drawn is a schedule as an operator might write one, changes of the clocks included.
func drawn(t *rapid.T) calendar.Schedule {
	zone, err := time.LoadLocation(rapid.SampledFrom([]string{"Asia/Baku", "Europe/Istanbul", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe"}).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	cut := rapid.IntRange(1, 1438).Draw(t, "cut")
	first := config.TimeRange{From: config.TimeOfDay(rapid.IntRange(0, cut-1).Draw(t, "from")), To: config.TimeOfDay(cut)}
	second := config.TimeRange{From: config.TimeOfDay(rapid.IntRange(cut, 1438).Draw(t, "again"))}
	second.To = config.TimeOfDay(rapid.IntRange(int(second.From)+1, 1439).Draw(t, "to"))
	if rapid.Bool().Draw(t, "overnight") {
		second.To = config.TimeOfDay(rapid.IntRange(0, int(first.From)).Draw(t, "until"))
	}
	s := calendar.Schedule{Zone: zone, Hours: config.NewHours(config.Weekdays(rapid.IntRange(1, 127).Draw(t, "days")), first, second)}
	for range rapid.IntRange(0, 3).Draw(t, "feasts") {
		from := time.Date(2026, 1, rapid.IntRange(1, 730).Draw(t, "feast"), 12, 0, 0, 0, time.UTC)
		to := from.AddDate(0, 0, rapid.IntRange(0, 10).Draw(t, "length"))
		s.Closed = append(s.Closed, calendar.Day{Range: config.DateRange{
			From: config.Date{Year: from.Year(), Month: from.Month(), Day: from.Day()}, To: config.Date{Year: to.Year(), Month: to.Month(), Day: to.Day()},
		}})
	}
	return s
}

func TestAddAndBetweenAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawn(t)
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 700*1440).Draw(t, "at")) * time.Minute)
		d := time.Duration(rapid.IntRange(0, 10*24*60).Draw(t, "for")) * time.Minute
		due := s.Add(start, d)
		if due.IsZero() { // a desk that opens for a few minutes a week
			if got := s.Between(start, start.AddDate(5, 0, 0)); got >= d {
				t.Fatalf("Add(%s, %v) never comes, but there are %v in five years", start, d, got)
			}
			return
		}
		if got := s.Between(start, due); got != d {
			t.Fatalf("Between(%s, Add(%v)) = %v", start, d, got)
		}
		end := start.Add(time.Duration(rapid.IntRange(0, 40*1440).Draw(t, "span")) * time.Minute)
		b := s.Between(start, end)
		if b < 0 || b > end.Sub(start) {
			t.Fatalf("%v of business in %v", b, end.Sub(start))
		}
		if again := s.Add(start, b); again.After(end) {
			t.Fatalf("Add(%s, %v) = %s, after %s", start, b, again, end)
		}
		mid := start.Add(end.Sub(start) / 3)
		if sum := s.Between(start, mid) + s.Between(mid, end); sum != b {
			t.Fatalf("%v in two parts, %v in one", sum, b)
		}
		open := s.NextOpen(start)
		if !s.Open(open) || open.Before(start) || s.Between(start, open) != 0 || s.Open(start) != open.Equal(start) {
			t.Fatalf("NextOpen(%s) = %s", start, open)
		}
		if end := s.EndOfShift(open); !end.IsZero() && (s.Open(end) || s.Between(open, end) != end.Sub(open)) {
			t.Fatalf("EndOfShift(%s) = %s", open, end)
		}
	})
}
