package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/desk"
)

func TestRoundUp(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]time.Duration{
		time.Minute: 5 * time.Minute, 5 * time.Minute: 5 * time.Minute, 11 * time.Minute: 15 * time.Minute, 31 * time.Minute: 45 * time.Minute,
		46 * time.Minute: time.Hour, 61 * time.Minute: 2 * time.Hour, 5 * time.Hour: 6 * time.Hour, 9*time.Hour + time.Minute: 10 * time.Hour,
	} {
		if got := desk.RoundUp(d); got != want {
			t.Errorf("RoundUp(%v) = %v, want %v", d, got, want)
		}
	}
}

func TestPromise(t *testing.T) {
	t.Parallel()
	c := clocks(t)
	tests := []struct {
		name, now string
		wait      time.Duration
		within    time.Duration
		until     string
	}{
		{"in one go", "2026-11-20 12:00", 12 * time.Minute, 15 * time.Minute, "2026-11-20 12:15"},
		{"until closing", "2026-11-20 18:45", 12 * time.Minute, 15 * time.Minute, "2026-11-20 19:00"},
		{"over the night", "2026-11-20 18:50", 12 * time.Minute, 0, "2026-11-21 10:05"},
		{"over a feast", "2027-03-19 18:59", 2 * time.Hour, 0, "2027-03-25 11:59"},
		{"nothing to promise", "2026-11-20 12:00", 0, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := c.Promise(when(t, tt.now), tt.wait)
			if p.Within != tt.within || !p.Until.Equal(when(t, tt.until)) {
				t.Errorf("Promise = %v until %s, want %v until %s", p.Within, c.Hours.Local(p.Until), tt.within, tt.until)
			}
		})
	}
}

func TestUsualIsTheEightiethOfAHundredAtThisHour(t *testing.T) {
	t.Parallel()
	c := clocks(t)
	now := when(t, "2026-11-20 12:30")
	var earlier []desk.Answered
	for n := range 10 { // answered after 1 to 10 minutes around noon
		asked := when(t, "2026-11-19 11:40").Add(time.Duration(n) * 10 * time.Minute)
		earlier = append(earlier, desk.Answered{Asked: asked, Replied: asked.Add(time.Duration(n+1) * time.Minute)})
	}
	if got, ok := c.Usual(now, earlier); !ok || got != 8*time.Minute {
		t.Errorf("Usual = %v, %v; want 8 minutes", got, ok)
	}
	for range 40 { // slow in the evening, which is not now
		asked := when(t, "2026-11-19 18:00")
		earlier = append(earlier, desk.Answered{Asked: asked, Replied: asked.Add(50 * time.Minute)})
	}
	if got, ok := c.Usual(now, earlier); !ok || got != 8*time.Minute {
		t.Errorf("with slow evenings Usual = %v, %v; want 8 minutes", got, ok)
	}
	night := desk.Answered{Asked: when(t, "2026-11-18 18:55"), Replied: when(t, "2026-11-19 10:05")}
	if got, ok := c.Usual(when(t, "2026-11-20 18:10"), []desk.Answered{night, night, night, night, night}); !ok || got != 10*time.Minute {
		t.Errorf("over the night Usual = %v, %v; want ten minutes of business", got, ok)
	}
	if _, ok := c.Usual(now, earlier[:4]); ok {
		t.Error("four answers say what is usual")
	}
}

func TestAdvance(t *testing.T) {
	t.Parallel()
	c := clocks(t)
	ana := desk.Member{ID: "U1"}
	asked := when2("12:00")
	open := desk.Ticket{State: desk.Open, AskedAt: asked, DueAt: when2("12:15"), ToldUntil: when2("12:20")}
	claimed := open
	claimed.State, claimed.Owner, claimed.ClaimedAt = desk.Claimed, ana, when2("12:01")
	tests := []struct {
		name   string
		ticket desk.Ticket
		change func(*desk.Ticket)
		at     string // minutes of the day, one after the other
		want   string // what happened at each
		check  func(desk.Ticket) bool
	}{
		{"the queue is reminded, escalates once and tells the customer once", open, nil, "12:09 12:10 12:14 12:15 12:20 12:35 18:00", "-|remind|-|miss|late|-|-", func(t desk.Ticket) bool {
			return t.State == desk.Open && t.ToldUntil.Equal(when2("12:35"))
		}},
		{"all at once after a pause of the service", open, nil, "13:00 13:00", "remind miss late|-", nil},
		{"an owner who misses two targets loses it", claimed, nil, "12:15 12:31 13:01 13:30 13:31", "remind|late miss|miss!|-|miss", func(t desk.Ticket) bool {
			return t.State == desk.Open && t.Owner.ID == "" && t.DueAt.Equal(when2("13:31")) && !t.AskedAt.IsZero()
		}},
		{"one miss in each of two waits", claimed, func(t *desk.Ticket) { t.Missed, t.ToldUntil, t.RemindedAt = 1, time.Time{}, asked }, "12:30 12:31", "-|miss!", nil},
		{"the shift ends", claimed, func(t *desk.Ticket) {
			t.AskedAt, t.DueAt, t.ToldUntil, t.FirstResponseAt = when2("18:25"), when2("18:55"), time.Time{}, when2("12:10")
		}, "18:45 18:55 18:59 19:00", "remind|miss|-|shift!", func(t desk.Ticket) bool {
			return t.State == desk.Open && c.Hours.Local(t.DueAt).Format(minute) == "2026-11-21 10:30"
		}},
		{"a snooze ends, and what was due meanwhile is done", open, func(t *desk.Ticket) { t.SnoozedUntil, t.LateToldAt = when2("14:00"), asked }, "13:00 14:00", "-|wake remind miss", nil},
		{"a ticket that waits for the customer", claimed, func(t *desk.Ticket) {
			t.State, t.AskedAt, t.DueAt, t.ToldUntil, t.ChangedAt = desk.Waiting, time.Time{}, time.Time{}, time.Time{}, asked.Add(-72*time.Hour)
		}, "11:59 12:00", "-|resolve", func(t desk.Ticket) bool {
			return t.State == desk.Resolved && t.ResolvedBy == "time" && t.ReopenUntil.Equal(when2("12:00").Add(7*24*time.Hour))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := c
			c.Reopen = 7 * 24 * time.Hour
			ticket := tt.ticket
			if tt.change != nil {
				tt.change(&ticket)
			}
			var got []string
			for _, at := range strings.Fields(tt.at) {
				var events []desk.Event
				ticket, events = c.Advance(ticket, when2(at))
				got = append(got, eventsText(events))
			}
			if list := strings.Join(got, "|"); list != tt.want {
				t.Errorf("happened %q, want %q", list, tt.want)
			}
			if tt.check != nil && !tt.check(ticket) {
				t.Errorf("it ends as %+v", ticket)
			}
		})
	}
}

// eventsText is a list of events in words; what took the ticket from its owner has a mark.
func eventsText(events []desk.Event) string {
	if len(events) == 0 {
		return "-"
	}
	var out []string
	for _, e := range events {
		mark := ""
		if e.Lapsed {
			mark = "!"
		}
		out = append(out, fmt.Sprint(e.Step, mark))
	}
	return strings.Join(out, " ")
}
