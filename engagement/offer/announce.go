package offer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// announce tells the log of broadcasts that begin, with how many people they can reach and how long that takes.
func (a *Agenda) announce(ctx context.Context, all []Occurrence) error {
	for _, o := range all {
		if o.Missed != "" {
			a.Log.Warn("an offer was due while nothing ran, and is not sent any more", "offer", o.Offer, "due", o.Due)
			continue
		}
		if o.Content.Birthday || len(o.Content.Steps) > 0 {
			continue // a few people every day
		}
		reach, err := a.Store.Reach(ctx)
		if err != nil {
			return err
		}
		people, takes := a.Takes(reach)
		a.Log.Info("a broadcast begins", "offer", o.Offer, "due", o.Due, "people_at_most", people, "takes_at_most", About(takes))
	}
	return nil
}

// Takes is how many people agreed to offers on any channel, and how long a broadcast to all of them takes: channels
// are sent to at the same time.
func (a *Agenda) Takes(reach map[string]int) (people int, takes time.Duration) {
	for channel, n := range reach {
		people += n
		if a.Rate != nil {
			takes = max(takes, Estimate(n, a.Rate(channel)))
		}
	}
	return people, takes
}

// tell warns once of each offer that was paused because too many of its messages failed.
func (a *Agenda) tell(schedules map[string]Schedule) {
	a.start.Lock()
	defer a.start.Unlock()
	for _, o := range a.offers {
		s := schedules[o.name()]
		stopped := s.Paused && s.Why == PausedByFailures
		if stopped && !a.told[o.id] {
			a.Log.Error("too many messages of an offer failed, so it is paused: look why, then resume or stop it",
				"offer", o.id, "resume", "bot offers resume "+o.id, "stop", "bot offers stop "+o.id)
		}
		a.told[o.id] = stopped
	}
}

// Paces tells how long a thousand and a hundred thousand people take on each channel: "telegram: 1,000 people in 35 s,
// 100,000 in 58 min". Channels without a limit are left out.
func Paces(perSecond map[string]float64) string {
	var out []string
	for _, channel := range slices.Sorted(maps.Keys(perSecond)) {
		if rate := perSecond[channel]; rate > 0 {
			out = append(out, fmt.Sprintf("%s: 1,000 people in %s, 100,000 in %s", channel, About(Estimate(1000, rate)), About(Estimate(100_000, rate))))
		}
	}
	return strings.Join(out, "; ")
}
