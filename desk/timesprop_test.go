package desk_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rapport-chat/rapport/calendar"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/desk"
)

func TestNewClocks(t *testing.T) {
	t.Parallel()
	var file struct {
		Calendar calendar.Calendar `yaml:"calendar"`
		Staff    desk.Staff        `yaml:"staff"`
		Desk     desk.Config       `yaml:"desk"`
	}
	file.Desk = desk.Defaults()
	doc, r := config.Parse("rapport.yaml", []byte(`
calendar: {use: [AZ]}
staff: {channel: "#support", hours: {every day: 10:00-21:00}, closed: [1 Jan, novruz]}
desk: {first_response: 20m, topics: {delivery: {first_response: 10m}, complaint: {escalate_to: "#managers"}}}
`), config.Options{})
	config.Decode(doc.Root, &file, r)
	if p := r.Problems(); len(p) > 0 {
		t.Fatal(p)
	}
	c := desk.NewClocks(file.Staff, &file.Desk, &file.Calendar, zoned(t, "Asia/Baku"))
	if got, want := c.FirstDue("complaint", when(t, "2026-12-31 20:50")), when(t, "2027-01-02 10:10"); !got.Equal(want) {
		t.Errorf("a complaint of New Year's Eve is due at %s, want %s", got, want)
	}
	if got, want := c.FirstDue("delivery", when(t, "2027-03-22 12:00")), when(t, "2027-03-25 10:10"); !got.Equal(want) {
		t.Errorf("a delivery of the feast is due at %s, want %s", got, want)
	}
	if c.Reopen != 7*24*time.Hour || c.Resolve != 3*24*time.Hour {
		t.Errorf("windows are %v and %v", c.Reopen, c.Resolve)
	}
}

func TestDueTimesOverChangesOfTheClocks(t *testing.T) {
	t.Parallel()
	night := config.NewHours(config.EveryDay, config.TimeRange{From: 0, To: 6 * 60})
	tests := []struct{ name, zone, from, want string }{
		{"an hour is skipped, Berlin", "Europe/Berlin", "2027-03-28 01:30", "2027-03-28 04:30"},
		{"an hour comes twice, Berlin", "Europe/Berlin", "2026-10-25 01:30", "2026-10-25 02:30"},
		{"an hour is skipped, New York", "America/New_York", "2027-03-14 01:30", "2027-03-14 04:30"},
		{"an hour comes twice, New York", "America/New_York", "2026-11-01 00:30", "2026-11-01 01:30"},
		{"no change, Istanbul", "Europe/Istanbul", "2027-03-28 01:30", "2027-03-28 03:30"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			zone := zoned(t, tt.zone)
			from, err := time.ParseInLocation(minute, tt.from, zone)
			if err != nil {
				t.Fatal(err)
			}
			c := desk.Clocks{Hours: calendar.Schedule{Hours: night, Zone: zone}, Target: desk.Target{First: 2 * time.Hour}}
			due := c.FirstDue("", from)
			if due.Sub(from) != 2*time.Hour || due.In(zone).Format(minute) != tt.want {
				t.Errorf("due at %s, %v later; want %s", due.In(zone), due.Sub(from), tt.want)
			}
		})
	}
}

// Whatever happens to a ticket, time takes a bounded number of steps, tells the customer of a late answer at most once
// for each promise, and never leaves something undone behind.
func TestTimeNeitherSkipsNorRepeats(t *testing.T) {
	t.Parallel()
	c := clocks(t)
	c.Reopen = 7 * 24 * time.Hour
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2027, 3, 15, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 14*1440).Draw(t, "opened")) * time.Minute)
		k := desk.Ticket{State: desk.Open, OpenedAt: now, ChangedAt: now, AskedAt: now, DueAt: c.FirstDue("", now), ToldUntil: c.Promise(now, 15*time.Minute).Until}
		late := 0
		for range rapid.IntRange(1, 40).Draw(t, "acts") {
			next := c.Next(k)
			if rapid.Bool().Draw(t, "exactly") && next.After(now) && next.Sub(now) < 20*24*time.Hour {
				now = next
			} else {
				now = now.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "passes")) * time.Minute)
			}
			var events []desk.Event
			k, events = c.Advance(k, now)
			for _, e := range events {
				if e.Step == desk.StepLate {
					late++
				}
				if e.Lapsed && (k.Owned() || e.From.ID == "") {
					t.Fatalf("a lapsed ticket is %+v after %+v", k, e)
				}
			}
			if next := c.Next(k); !next.IsZero() && !next.After(now) {
				t.Fatalf("at %s something has been due since %s: %+v", now, next, c.Alarms(k))
			}
			k = drawnAct(t, c, k, now)
		}
		if late > 1+k.Reopened {
			t.Fatalf("the customer was told %d times that it takes longer", late)
		}
	})
}

// drawnAct is what somebody does with the ticket; what cannot be done changes nothing.
func drawnAct(t *rapid.T, c desk.Clocks, k desk.Ticket, now time.Time) desk.Ticket {
	by := desk.Member{ID: rapid.SampledFrom([]string{"U1", "U2"}).Draw(t, "by")}
	switch rapid.SampledFrom([]string{"nothing", "claim", "take over", "reply", "write", "snooze", "resolve", "reopen"}).Draw(t, "act") {
	case "claim":
		k, _ = k.Claim(by, now)
	case "take over":
		k, _ = k.TakeOver(by, now)
	case "reply":
		k, _ = k.Replied(by, now)
	case "write":
		k, _ = k.CustomerWrote(now, c.NextDue("", now))
	case "snooze":
		k, _ = k.Snooze(now, now.Add(time.Hour))
	case "resolve":
		k, _ = k.Resolve("U1", now, c.Reopen)
	case "reopen":
		k, _ = k.Reopen(now, c.NextDue("", now))
	}
	return k
}
