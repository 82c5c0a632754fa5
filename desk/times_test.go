package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/calendar"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/desk"
)

const minute = "2006-01-02 15:04"

// zoned is a zone of the system's database.
func zoned(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// clocks are those of a shop in Baku that opens at ten and closes at seven, shorter on Saturdays and not on Sundays.
func clocks(t testing.TB) desk.Clocks {
	t.Helper()
	var file struct {
		Hours config.Hours `yaml:"hours"`
	}
	doc, r := config.Parse("rapport.yaml", []byte(`hours: {mon-fri: 10:00-19:00, sat: "10:00-14:00, 15:00-17:00", sun: closed}`), config.Options{})
	config.Decode(doc.Root, &file, r)
	if p := r.Problems(); len(p) > 0 {
		t.Fatal(p)
	}
	novruz, err := config.ParseDateRange("2027-03-20..2027-03-24")
	if err != nil {
		t.Fatal(err)
	}
	return desk.Clocks{
		Hours:   calendar.Schedule{Hours: file.Hours, Zone: zoned(t, "Asia/Baku"), Closed: []calendar.Day{{Name: "novruz", Range: novruz}}},
		Target:  desk.Target{First: 15 * time.Minute, Next: 30 * time.Minute},
		Topics:  map[string]desk.Target{"delivery": {First: 10 * time.Minute}},
		Resolve: 72 * time.Hour,
	}
}

// when reads a minute on the shop's clocks; empty is never.
func when(t testing.TB, text string) time.Time {
	t.Helper()
	if text == "" {
		return time.Time{}
	}
	at, err := time.ParseInLocation(minute, text, zoned(t, "Asia/Baku"))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestDueTimesCountBusinessHours(t *testing.T) {
	t.Parallel()
	c := clocks(t)
	tests := []struct{ name, topic, from, first, next string }{
		{"a working day", "", "2026-11-20 12:00", "2026-11-20 12:15", "2026-11-20 12:30"},
		{"a topic's own target, the next from the desk", "delivery", "2026-11-20 12:00", "2026-11-20 12:10", "2026-11-20 12:30"},
		{"over the weekend", "", "2026-11-21 16:55", "2026-11-23 10:10", "2026-11-23 10:25"},
		{"in the night", "", "2026-11-20 23:00", "2026-11-21 10:15", "2026-11-21 10:30"},
		{"over a feast", "", "2027-03-19 18:50", "2027-03-25 10:05", "2027-03-25 10:20"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := c.FirstDue(tt.topic, when(t, tt.from)); !got.Equal(when(t, tt.first)) {
				t.Errorf("FirstDue = %s, want %s", got, tt.first)
			}
			if got := c.NextDue(tt.topic, when(t, tt.from)); !got.Equal(when(t, tt.next)) {
				t.Errorf("NextDue = %s, want %s", got, tt.next)
			}
		})
	}
	if got := (desk.Clocks{}).FirstDue("", time.Now()); !got.IsZero() {
		t.Errorf("without a target it is due at %s", got)
	}
}

func TestAlarms(t *testing.T) {
	t.Parallel()
	c := clocks(t)
	ana := desk.Member{ID: "U1"}
	asked := when(t, "2026-11-20 12:00")
	open := desk.Ticket{State: desk.Open, OpenedAt: asked, ChangedAt: asked, AskedAt: asked, DueAt: c.FirstDue("", asked), ToldUntil: when(t, "2026-11-20 12:20")}
	claimed := open
	claimed.State, claimed.Owner, claimed.ClaimedAt = desk.Claimed, ana, when(t, "2026-11-20 12:05")
	tests := []struct {
		name   string
		ticket desk.Ticket
		change func(*desk.Ticket)
		want   string
	}{
		{"a new one", open, nil, "12:10 remind, 12:15 miss, 12:20 late"},
		{"reminded", open, func(t *desk.Ticket) { t.RemindedAt = asked }, "12:15 miss, 12:20 late"},
		{"escalated", open, func(t *desk.Ticket) { t.RemindedAt, t.EscalatedAt = asked, asked }, "12:20 late"},
		{"told twice", open, func(t *desk.Ticket) { t.RemindedAt, t.EscalatedAt, t.LateToldAt = asked, asked, asked }, ""},
		{"resolved", open, func(t *desk.Ticket) { t.State = desk.Resolved }, ""},
		{"claimed in time", claimed, nil, "12:10 remind, 12:20 late, 12:35 miss, 19:00 shift"},
		{"claimed when overdue: the owner has a target too", claimed, func(t *desk.Ticket) {
			t.RemindedAt, t.EscalatedAt, t.ClaimedAt = when2("12:10"), when2("12:15"), when2("13:00")
		}, "12:20 late, 13:30 miss, 19:00 shift"},
		{"missed once", claimed, func(t *desk.Ticket) {
			t.RemindedAt, t.EscalatedAt, t.LateToldAt, t.Missed = asked, when2("12:35"), asked, 1
		}, "13:05 miss, 19:00 shift"},
		{"answered, the customer asks again", claimed, func(t *desk.Ticket) {
			t.ToldUntil, t.AskedAt, t.DueAt, t.FirstResponseAt = time.Time{}, when2("14:00"), when2("14:30"), when2("12:30")
		}, "14:20 remind, 14:30 miss, 19:00 shift"},
		{"asks just before closing", claimed, func(t *desk.Ticket) {
			t.ToldUntil, t.AskedAt, t.DueAt = time.Time{}, when2("18:50"), c.NextDue("", when2("18:50"))
		}, "19:20 shift, +10:10 remind, +10:20 miss"},
		{"asks in the night", claimed, func(t *desk.Ticket) {
			t.ToldUntil, t.AskedAt, t.DueAt = time.Time{}, when2("22:00"), c.NextDue("", when2("22:00"))
		}, "22:30 shift, +10:20 remind, +10:30 miss"},
		{"claimed just before opening", claimed, func(t *desk.Ticket) {
			t.ToldUntil, t.AskedAt, t.DueAt, t.ClaimedAt = time.Time{}, when2("03:00"), when2("10:15"), when2("09:50")
		}, "10:10 remind, 10:30 miss, 19:00 shift"},
		{"snoozed: only the promise still counts", claimed, func(t *desk.Ticket) { t.SnoozedUntil = when2("16:00") }, "12:20 late, 16:00 wake"},
		{"waiting for the customer", claimed, func(t *desk.Ticket) {
			t.State, t.AskedAt, t.DueAt, t.ChangedAt = desk.Waiting, time.Time{}, time.Time{}, when2("12:30")
		}, "+++12:30 resolve"},
		{"without a target", open, func(t *desk.Ticket) { t.DueAt, t.ToldUntil = time.Time{}, time.Time{} }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ticket := tt.ticket
			if tt.change != nil {
				tt.change(&ticket)
			}
			var got []string
			for _, a := range c.Alarms(ticket) {
				local := c.Hours.Local(a.At)
				got = append(got, strings.Repeat("+", local.YearDay()-asked.YearDay())+local.Format("15:04")+" "+string(a.Step))
			}
			if list := strings.Join(got, ", "); list != tt.want {
				t.Errorf("alarms %q, want %q", list, tt.want)
			}
			if next := c.Next(ticket); (len(got) == 0) != next.IsZero() || len(got) > 0 && !next.Equal(c.Alarms(ticket)[0].At) {
				t.Errorf("Next = %s", next)
			}
		})
	}
}

// when2 is a time of the day on which the tests' tickets begin.
func when2(clock string) time.Time {
	at, err := time.Parse(minute, "2026-11-20 "+clock)
	if err != nil {
		panic(err)
	}
	return at.Add(-4 * time.Hour) // Baku is four hours ahead of UTC
}

func TestOpening(t *testing.T) {
	t.Parallel()
	c := clocks(t)
	tests := []struct{ name, after, want string }{
		{"during a day", "2026-11-20 12:00", "2026-11-21 10:00"},
		{"lunch is no opening", "2026-11-21 13:00", "2026-11-23 10:00"},
		{"at lunch", "2026-11-21 14:30", "2026-11-23 10:00"},
		{"exactly at an opening", "2026-11-23 10:00", "2026-11-24 10:00"},
		{"in the night", "2026-11-23 03:00", "2026-11-23 10:00"},
		{"a moment before", "2026-11-23 09:59", "2026-11-23 10:00"},
		{"over a feast", "2027-03-19 19:00", "2027-03-25 10:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := c.Opening(when(t, tt.after)); !got.Equal(when(t, tt.want)) {
				t.Errorf("Opening = %s, want %s", c.Hours.Local(got), tt.want)
			}
		})
	}
	if got := (desk.Clocks{}).Opening(time.Now()); !got.IsZero() {
		t.Errorf("a desk that never closes opens at %s", got)
	}
}
