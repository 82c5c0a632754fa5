package offer_test

import (
	"testing"
	"time"

	"github.com/rapport-chat/rapport/engagement/offer"
)

func TestHowLongABroadcastTakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		people int
		rate   float64
		want   string
	}{
		{0, 30, "0 s"},
		{1, 30, "1 s"},
		{1000, 30, "35 s"},
		{10_000, 30, "6 min"},
		{100_000, 30, "58 min"},
		{1_000_000, 30, "9 h 31 min"},
		{5000, 0, "0 s"}, // no limit
	} {
		if got := offer.About(offer.Estimate(c.people, c.rate)); got != c.want {
			t.Errorf("%d people at %v a second: %q, want %q", c.people, c.rate, got, c.want)
		}
	}
	got := offer.Paces(map[string]float64{"telegram": 30, "console": 0, "discord": 50})
	want := "discord: 1,000 people in 21 s, 100,000 in 35 min; telegram: 1,000 people in 35 s, 100,000 in 58 min"
	if got != want {
		t.Errorf("paces: %q, want %q", got, want)
	}
	if got := offer.About(2 * time.Hour); got != "2 h" {
		t.Errorf("two hours are %q", got)
	}
}

func TestWhenFailuresAreTooMany(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		failed, tried, percent int64
		want                   bool
	}{
		{49, 49, 20, false}, // too few to judge
		{10, 50, 20, true},
		{9, 50, 20, false},
		{100, 100, 100, false}, // never
		{0, 1000, 20, false},
	} {
		if got := offer.TooMany(c.failed, c.tried, c.percent); got != c.want {
			t.Errorf("%d of %d at %d percent: %v", c.failed, c.tried, c.percent, got)
		}
	}
}

func TestStopAtIsAPercentage(t *testing.T) {
	t.Parallel()
	for value, wrong := range map[string]int{"1": 0, "100": 0, "0": 1, "101": 1} {
		_, problems := read("offers:\n  sale:\n    every: Friday 10:00\n    text: hi\n    stop_at: " + value + "\n")
		if len(problems) != wrong {
			t.Errorf("stop_at: %s has the problems %v", value, problems)
		}
	}
}
