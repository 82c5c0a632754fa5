package desk_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// TestTheWeekIsReportedOnMonday: once, about what really happened in the store, and what to do first.
func TestTheWeekIsReportedOnMonday(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		score, from, to := 52, 41, 63
		digest := &desk.Digest{
			Desk: b.agenda.Desk, Weeks: b.db.SupportReport(), Between: b.agenda.Clocks.Hours.Between,
			Gather: func(ctx context.Context, since, until time.Time) (desk.Support, error) {
				s, err := b.db.SupportReport().Read(ctx, since, until, b.clock.Now())
				s.NPS = desk.Figure{Answers: 118, Delivered: 300, Needed: 30, Score: &score, From: &from, To: &to}
				s.Savers = []desk.Saver{{Name: "Nigar", Answers: 9, Replies: 143}}
				s.Gaps = []desk.GapLine{{Question: "Do you grind beans?", Lang: language.English, Asked: 7}}
				s.Stale = []desk.Worn{{ID: "delivery", Title: "Delivery", Uses: 40, Failed: 5}}
				return s, err
			},
		}
		if at, ok, err := digest.Next(t.Context()); err != nil || !ok || !at.Equal(when(t, "2026-12-07 09:00")) {
			t.Fatalf("next at %v, %v, %v", at, ok, err)
		}
		for _, who := range []string{"c1", "c2", "c3"} {
			b.say(who, "/agent")
		}
		b.to("2026-12-02 11:07")
		b.press("nigar", "Claim")
		b.reply("nigar", "c3", "An answer.")
		run := func() string {
			t.Helper()
			before := len(b.sent["#support"])
			for {
				more, err := digest.RunDue(t.Context(), b.clock.Now())
				if err != nil {
					t.Fatal(err)
				}
				if !more {
					break
				}
			}
			b.deliver()
			return b.heard("#support", before)
		}
		silent(t, run())
		b.to("2026-12-07 09:00")
		got := run()
		want(t, got, "To do first", "Answer what is overdue: 2", "Write an answer to “Do you grind beans?”: asked 7×", "Look over “Delivery”",
			"NPS: 52, likely 41 to 63, 118 answers of 300", "Handed over: 3. Came back: 0",
			"Everything else: 3; usually answered within 0:07 h", "Nigar: 9 answers saved 143 replies", "7× · EN", "used 40×, did not help 5×")
		silent(t, run())
		if at, _, err := digest.Next(t.Context()); err != nil || !at.Equal(when(t, "2026-12-14 09:00")) {
			t.Errorf("then at %v, %v", at, err)
		}
		b.to("2026-12-30 12:00") // three Mondays were missed: only the last week is told
		if got := run(); strings.Count(got, "To do first") != 1 || !strings.Contains(got, "Handed over: 0") {
			t.Errorf("told after a pause:\n%s", got)
		}
	})
}

// TestHowLongCustomersWaited: half of them and nine of ten, by topic, the slow hour named only when enough is known.
func TestHowLongCustomersWaited(t *testing.T) {
	t.Parallel()
	nine := time.Date(2026, 12, 2, 9, 0, 0, 0, time.UTC)
	var s desk.Support
	for n := range 10 {
		s.Tickets = append(s.Tickets, desk.Handled{Opened: nine, First: nine.Add(time.Duration(n+1) * time.Minute)})
	}
	late := nine.Add(8 * time.Hour)
	s.Tickets = append(s.Tickets, desk.Handled{Topic: "delivery", Opened: late, First: late.Add(5 * time.Hour)}, desk.Handled{Topic: "delivery", Opened: late})
	by, hour := s.Responses(func(a, b time.Time) time.Duration { return b.Sub(a) }, time.UTC)
	if len(by) != 2 || by[0] != (desk.Response{Tickets: 10, Answered: 10, Usual: 5 * time.Minute, Slow: 9 * time.Minute}) ||
		by[1] != (desk.Response{Topic: "delivery", Tickets: 2, Answered: 1, Usual: 5 * time.Hour, Slow: 5 * time.Hour}) || hour != 9 {
		t.Errorf("got %+v, %d", by, hour)
	}
}

// TestAQuietWeekHasNothingPressing in any language.
func TestAQuietWeekHasNothingPressing(t *testing.T) {
	t.Parallel()
	catalogue, err := texts.Load()
	if err != nil {
		t.Fatal(err)
	}
	catalogue.OnMissing(func(err error) { t.Errorf("a text is missing: %v", err) })
	for _, lang := range language.All {
		d := &desk.Desk{Staff: desk.Staff{Language: lang}, Texts: catalogue, Zone: time.UTC}
		now := time.Date(2026, 12, 7, 9, 0, 0, 0, time.UTC)
		text := d.SupportText(desk.Support{From: now.AddDate(0, 0, -7), To: now}, func(a, b time.Time) time.Duration { return b.Sub(a) }).Plain()
		want(t, text, catalogue.Label(lang, "staff_report.do.nothing", nil))
	}
}
