package loyalty_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/engagement/loyalty"
)

func TestOrderPoints(t *testing.T) {
	t.Parallel()
	const earn = "points:\n  earn:\n    purchase: "
	week := "\n    week: {multiply: 2, from: 2026-12-20, until: 2026-12-27}"
	tests := map[string]struct {
		rules string
		total int64
		lines []loyalty.Line
		at    string
		cur   string
		want  int64
	}{
		"one a manat":               {rules: "{per: {AZN: 1}, points: 1}", total: 4990, want: 49},
		"rounded to the nearest":    {rules: "{per: {AZN: 1}, points: 1, round: nearest}", total: 4950, want: 50},
		"rounded up":                {rules: "{per: {AZN: 1}, points: 1, round: up}", total: 4901, want: 50},
		"three for two and a half":  {rules: "{per: {AZN: 2.5}, points: 3}", total: 1000, want: 12},
		"another currency":          {rules: "{per: {AZN: 1, TRY: 25}, points: 1}", total: 10000, cur: "TRY", want: 4},
		"a currency without rule":   {rules: "{per: {AZN: 1}, points: 1}", total: 10000, cur: "USD", want: 0},
		"a currency without cents":  {rules: "{per: {JPY: 100}, points: 1}", total: 1050, cur: "JPY", want: 10},
		"a category counts twice":   {rules: "{per: {AZN: 1}, points: 1, categories: {beans: 2}}", total: 3000, lines: lines("beans", 1000, "", 2000), want: 40},
		"a category counts nothing": {rules: "{per: {AZN: 1}, points: 1, categories: {tobacco: 0}}", total: 3000, lines: lines("tobacco", 1000), want: 20},
		"one and a half times":      {rules: "{per: {AZN: 1}, points: 1, categories: {beans: 1.5}}", total: 500, lines: lines("beans", 500), want: 7},
		"a discount takes from all": {rules: "{per: {AZN: 1}, points: 1, categories: {beans: 2}}", total: 1500, lines: lines("beans", 1000, "cups", 1000), want: 22},
		"parts are rounded once":    {rules: "{per: {AZN: 1}, points: 1}", total: 300, lines: lines("a", 150, "b", 150), want: 3},
		"capped":                    {rules: "{per: {AZN: 1}, points: 1, per_order: 100}", total: 1_000_000, want: 100},
		"free":                      {rules: "{per: {AZN: 1}, points: 1}", total: 0, want: 0},
		"huge":                      {rules: "{per: {AZN: 0.01}, points: 1000000}", total: 1 << 62, want: 1_000_000_000},
		"before the week":           {rules: "{per: {AZN: 1}, points: 1}" + week, total: 1000, at: "2026-12-19T23:59:59", want: 10},
		"in the week, local time":   {rules: "{per: {AZN: 1}, points: 1}" + week, total: 1000, at: "2026-12-20T00:00:00", want: 20},
		"on its last evening":       {rules: "{per: {AZN: 1}, points: 1}" + week, total: 1000, at: "2026-12-27T23:59:59", want: 20},
		"after the week":            {rules: "{per: {AZN: 1}, points: 1}" + week, total: 1000, at: "2026-12-28T00:00:00", want: 10},
	}
	baku := mustLoad(t, "Asia/Baku")
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set, r := sections(t, earn+tt.rules)
			if r.HasErrors() {
				t.Fatal(r.Problems())
			}
			o := loyalty.Order{Total: tt.total, Lines: tt.lines, Currency: "AZN", At: start}
			if tt.cur != "" {
				o.Currency = tt.cur
			}
			if tt.at != "" {
				at, err := time.ParseInLocation("2006-01-02T15:04:05", tt.at, baku)
				if err != nil {
					t.Fatal(err)
				}
				o.At = at.UTC()
			}
			if got, _ := set.Points.OrderPoints(o, baku); got != tt.want {
				t.Errorf("OrderPoints() = %d, want %d", got, tt.want)
			}
		})
	}
}

func lines(pairs ...any) []loyalty.Line {
	var out []loyalty.Line
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, loyalty.Line{Category: pairs[i].(string), Total: int64(pairs[i+1].(int))})
	}
	return out
}

func TestCapOfADay(t *testing.T) {
	t.Parallel()
	s := newShop(t, "sqlite://"+t.TempDir()+"/test.db", strings.ReplaceAll(file, "points: 1, categories", "points: 1, per_day: 60, categories"))
	who := s.member("ayla")
	for i, want := range []int64{50, 10, 0} {
		if rec := s.purchase(loyalty.Order{Source: "till", ID: string(rune('a' + i)), Customer: who, Total: 5000, Currency: "AZN"}); rec.Points != want {
			t.Errorf("purchase %d of the day brought %d, want %d", i+1, rec.Points, want)
		}
	}
	s.advance("ayla", 24*hours)
	if rec := s.purchase(loyalty.Order{Source: "till", ID: "x", Customer: who, Total: 5000, Currency: "AZN"}); rec.Points != 50 {
		t.Errorf("the first of the next day brought %d, want 50", rec.Points)
	}
}

func TestTerms(t *testing.T) {
	t.Parallel()
	baku := mustLoad(t, "Asia/Baku")
	set, _ := sections(t, "points: {expire_after: 1y, warn_before: [30d, 7d], hold: 2d, earn: {purchase: {per: {AZN: 1}, points: 1}}}")
	at := time.Date(2026, 12, 2, 11, 0, 0, 0, baku)
	l := set.Points.Terms(at, at, true, baku)
	if !l.AvailableAt.Equal(at.Add(48*hours)) || !l.ExpiresAt.Equal(time.Date(2027, 12, 3, 0, 0, 0, 0, baku)) ||
		!l.WarnAt.Equal(time.Date(2027, 11, 3, 0, 0, 0, 0, baku)) {
		t.Errorf("Terms() = %+v, want held two days, lapsing with 2 December 2027, warned a month before", l)
	}
	next := set.Points.NextWarning(l.ExpiresAt, l.WarnAt, baku)
	if !next.Equal(time.Date(2027, 11, 26, 0, 0, 0, 0, baku)) {
		t.Errorf("the second warning is at %v, want a week before", next)
	}
	if last := set.Points.NextWarning(l.ExpiresAt, next, baku); !last.IsZero() {
		t.Errorf("a third warning at %v", last)
	}
	if l := set.Points.Terms(at, at, false, baku); !l.AvailableAt.IsZero() {
		t.Errorf("a gift waits until %v", l.AvailableAt)
	}
	if l := (&loyalty.Config{}).Terms(at, at, true, baku); l != (loyalty.Lot{}) {
		t.Errorf("without rules: %+v", l)
	}
}

func TestTierReview(t *testing.T) {
	t.Parallel()
	set, _ := sections(t, `
tiers:
  window: 90d
  grace: 30d
  levels:
    green: {from: 0, title: Green}
    silver: {from: 100, title: Silver}
    gold: {from: 200, title: Gold}
`)
	at := func(d int) time.Time { return start.Add(time.Duration(d) * 24 * hours) }
	earned := []loyalty.Earning{{At: at(0), Points: 60}, {At: at(10), Points: 50}, {At: at(20), Points: 100}}
	tests := map[string]struct {
		was  loyalty.Standing
		now  int
		want loyalty.Standing
	}{
		"at first":                 {now: 5, want: loyalty.Standing{Tier: "green"}},
		"one step up":              {was: loyalty.Standing{Tier: "green"}, now: 15, want: loyalty.Standing{Tier: "silver", ReviewAt: at(90)}},
		"two steps up":             {now: 25, want: loyalty.Standing{Tier: "gold", ReviewAt: at(90)}},
		"grace begins":             {was: loyalty.Standing{Tier: "gold", ReviewAt: at(90)}, now: 90, want: loyalty.Standing{Tier: "gold", Until: at(120), ReviewAt: at(120)}},
		"grace goes on":            {was: loyalty.Standing{Tier: "gold", Until: at(120)}, now: 100, want: loyalty.Standing{Tier: "gold", Until: at(120), ReviewAt: at(120)}},
		"grace ends where it is":   {was: loyalty.Standing{Tier: "gold", Until: at(100)}, now: 100, want: loyalty.Standing{Tier: "silver", ReviewAt: at(110)}},
		"a tier that is gone":      {was: loyalty.Standing{Tier: "platinum", Until: at(300)}, now: 15, want: loyalty.Standing{Tier: "silver", ReviewAt: at(90)}},
		"enough was earned again":  {was: loyalty.Standing{Tier: "silver", Until: at(120)}, now: 95, want: loyalty.Standing{Tier: "silver", ReviewAt: at(110)}},
		"nothing is left for ever": {was: loyalty.Standing{Tier: "gold", Until: at(200)}, now: 250, want: loyalty.Standing{Tier: "green"}},
	}
	for name, tt := range tests {
		known := earned
		for len(known) > 0 && known[len(known)-1].At.After(at(tt.now)) {
			known = known[:len(known)-1]
		}
		got := set.Tiers.Review(tt.was, known, at(tt.now), time.UTC)
		if got.Tier != tt.want.Tier || !got.Until.Equal(tt.want.Until) || !got.ReviewAt.Equal(tt.want.ReviewAt) {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

// TestTierReviewComesToRest leads a member through years of reviews: each moves its own due time forward.
func TestTierReviewComesToRest(t *testing.T) {
	t.Parallel()
	set, _ := sections(t, "tiers: {window: 1y, grace: 10d, levels: {a: {from: 0, title: A}, b: {from: 100, title: B}, c: {from: 300, title: C}}}")
	baku := mustLoad(t, "Asia/Baku")
	chance := rand.New(rand.NewPCG(1, 2))
	var earned []loyalty.Earning
	at := time.Date(2024, 2, 29, 12, 0, 0, 0, baku)
	for range 60 {
		earned = append(earned, loyalty.Earning{At: at, Points: chance.Int64N(60)})
		at = at.Add(time.Duration(chance.IntN(20)) * 24 * hours)
	}
	s, now, reviews := set.Tiers.Review(loyalty.Standing{}, earned, at, baku), at, 0
	for !s.ReviewAt.IsZero() {
		if !s.ReviewAt.After(now) {
			t.Fatalf("at %v the next review is at %v", now, s.ReviewAt)
		}
		now = s.ReviewAt
		s = set.Tiers.Review(s, earned, now, baku)
		if reviews++; reviews > 200 {
			t.Fatal("the reviews do not come to rest")
		}
	}
	if s.Tier != "a" || now.Sub(at) > 400*24*hours {
		t.Errorf("after %d reviews: %+v at %v", reviews, s, now)
	}
}

func TestBar(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		done, total int64
		want        string
	}{
		{0, 300, "░░░░░░░░░░"},
		{29, 300, "░░░░░░░░░░"},
		{120, 300, "▓▓▓▓░░░░░░"},
		{299, 300, "▓▓▓▓▓▓▓▓▓░"},
		{300, 300, "▓▓▓▓▓▓▓▓▓▓"},
		{900, 300, "▓▓▓▓▓▓▓▓▓▓"},
		{-5, 300, "░░░░░░░░░░"},
		{0, 0, "▓▓▓▓▓▓▓▓▓▓"},
	} {
		if got := loyalty.Bar(tt.done, tt.total); got != tt.want {
			t.Errorf("Bar(%d, %d) = %s, want %s", tt.done, tt.total, got, tt.want)
		}
	}
}

func TestDrawAndRestore(t *testing.T) {
	t.Parallel()
	all := []loyalty.Lot{{ID: 1, Remaining: 30}, {ID: 2}, {ID: 3, Remaining: 50, ExpiresAt: start}}
	taken, missing := loyalty.Draw(all, 60)
	if len(taken) != 2 || taken[0] != (loyalty.Allocation{Lot: 1, Points: -30}) || taken[1] != (loyalty.Allocation{Lot: 3, Points: -30}) || missing != 0 {
		t.Errorf("Draw(60) = %v, %d", taken, missing)
	}
	if _, missing := loyalty.Draw(all, 100); missing != 20 {
		t.Errorf("Draw(100) misses %d, want 20", missing)
	}
	if taken, missing := loyalty.Draw(all, 0); taken != nil || missing != 0 {
		t.Errorf("Draw(0) = %v, %d", taken, missing)
	}
	back, lapsed := loyalty.Restore(taken, map[int64]loyalty.Lot{1: all[0], 3: all[2]}, start)
	if len(back) != 1 || back[0] != (loyalty.Allocation{Lot: 1, Points: 30}) || lapsed != 30 {
		t.Errorf("Restore() = %v, %d; want lot 1 back and 30 lapsed", back, lapsed)
	}
}
