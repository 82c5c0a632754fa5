package desk_test

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// weeks are figures of consecutive weeks that end on a Monday; a missing one is none.
func weeks(end time.Time, scores ...int) []desk.Week {
	begins := desk.TrendPeriods(end)
	begins = begins[len(begins)-len(scores):]
	out := make([]desk.Week, len(scores))
	for i, s := range scores {
		out[i].Begins = begins[i]
		if s == missing {
			out[i].Figure = desk.Figure{Answers: 4, Needed: 30}
			continue
		}
		from, to := s-9, min(s+8, 100)
		out[i].Figure = desk.Figure{Answers: 50, Needed: 30, Score: &s, From: &from, To: &to}
	}
	return out
}

// missing stands for a week without a figure.
const missing = -1000

func TestATrendNeedsThreeWeeks(t *testing.T) {
	t.Parallel()
	catalogue, err := texts.Load()
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2026, 12, 7, 9, 0, 0, 0, time.UTC)
	tests := []struct {
		name  string
		trend desk.Trend
		lines int
		says  string
	}{
		{"nothing", desk.Trend{}, 0, ""},
		{"two weeks", desk.Trend{NPS: weeks(end, 40, 50), CSAT: weeks(end, missing, 80, missing, 90)}, 0, ""},
		{"one line", desk.Trend{NPS: weeks(end, missing, 41, missing, 45, 52), CSAT: weeks(end, 80, 90)}, 1, "NPS, week by week since 9 November: 41, –, 45, 52"},
		{"both", desk.Trend{NPS: weeks(end, -20, -5, 10), CSAT: weeks(end, 80, 90, 100)}, 2, "NPS, week by week since 16 November: -20, -5, 10\nCSAT %, week by week since 16 November: 80, 90, 100"},
		{"the same all the time", desk.Trend{NPS: weeks(end, 100, 100, 100)}, 1, "NPS, week by week since 16 November: 100, 100, 100"},
		{"the worst all the time", desk.Trend{CSAT: weeks(end, 0, 0, 0)}, 1, "CSAT %, week by week since 16 November: 0, 0, 0"},
		{"the whole scale", desk.Trend{NPS: weeks(end, -91, 92, 0, 30)}, 1, "NPS, week by week since 9 November: -91, 92, 0, 30"},
	}
	d := &desk.Desk{Staff: desk.Staff{Language: language.English}, Texts: catalogue, Zone: time.UTC}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			picture, err := tt.trend.Picture()
			if err != nil {
				t.Fatal(err)
			}
			if got := d.TrendText(tt.trend).Plain(); got != tt.says {
				t.Errorf("it says\n%s\nwant\n%s", got, tt.says)
			}
			if (picture == nil) != (tt.lines == 0) {
				t.Fatalf("the picture is %v", picture)
			}
			if picture == nil {
				return
			}
			img, err := png.Decode(bytes.NewReader(picture.Data))
			if err != nil || img.Bounds().Dy() != 360*tt.lines || len(picture.Data) > 100_000 {
				t.Errorf("%v of %d bytes, %v", img.Bounds(), len(picture.Data), err)
			}
			if file := os.Getenv("TREND_PNG"); file != "" && tt.lines == 2 {
				if err := os.WriteFile(file, picture.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestTheWeeksPictureGoesWithTheReport: once, after it, with words; a report whose picture fails goes without.
func TestTheWeeksPictureGoesWithTheReport(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		var fails error
		digest := &desk.Digest{
			Desk: b.agenda.Desk, Weeks: b.db.SupportReport(), Between: b.agenda.Clocks.Hours.Between,
			Gather: func(ctx context.Context, since, until time.Time) (desk.Support, error) {
				return b.db.SupportReport().Read(ctx, since, until, b.clock.Now())
			},
			Trend: func(_ context.Context, end time.Time) (desk.Trend, error) {
				return desk.Trend{NPS: weeks(end, 40, 50, 60)}, fails
			},
		}
		run := func() int {
			t.Helper()
			before := len(b.sent["#support"])
			for range 2 {
				if _, err := digest.RunDue(t.Context(), b.clock.Now()); err != nil {
					t.Fatal(err)
				}
			}
			b.deliver()
			return len(b.sent["#support"]) - before
		}
		if n := run(); n != 0 {
			t.Fatalf("%d messages before the first Monday", n)
		}
		b.to("2026-12-07 09:00")
		if n := run(); n != 2 {
			t.Fatalf("%d messages", n)
		}
		got := b.last("#support")
		if got.Body.Image == nil || !strings.HasSuffix(got.Body.Image.Name, ".png") || got.Lane != conversation.LaneNotice {
			t.Errorf("the last message is %+v", got.Body)
		}
		want(t, got.Body.Text.Plain(), "NPS, week by week since 16 November: 40, 50, 60")
		fails = errors.New("no figures")
		b.to("2026-12-14 09:00")
		if n := run(); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}
