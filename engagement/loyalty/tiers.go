package loyalty

import (
	"strings"
	"time"
)

// reviewAgain is the shortest time between two looks at a tier, so that a rounding of the calendar cannot keep it due.
const reviewAgain = time.Hour

// Since begins the window at a time.
func (t *Tiers) Since(now time.Time, zone *time.Location) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Window.Before(now, zone)
}

// rank is a tier's place from the lowest, -1 for one that the file does not have.
func (t *Tiers) rank(id string) int {
	for i, e := range t.Levels.Entries {
		if e.ID == id {
			return i
		}
	}
	return -1
}

// reached is the rank of the highest tier for points earned in the window, -1 without tiers.
func (t *Tiers) reached(earned int64) int {
	rank := -1
	for i, e := range t.Levels.Entries {
		if earned >= e.Value.From {
			rank = i
		}
	}
	return rank
}

// Review is where a member stands at a time, from what was earned, oldest first. A tier rises at once. It falls when
// the grace has passed, which begins when too little is left in the window.
func (t *Tiers) Review(was Standing, earned []Earning, now time.Time, zone *time.Location) Standing {
	since := t.Since(now, zone)
	var sum int64
	var counted []Earning
	for _, e := range earned {
		if e.At.After(since) {
			sum += e.Points
			counted = append(counted, e)
		}
	}
	reached := t.reached(sum)
	if reached < 0 {
		return Standing{}
	}
	if t.rank(was.Tier) > reached {
		until := was.Until
		if until.IsZero() {
			until = now.Add(t.Grace.Std())
		}
		if now.Before(until) {
			return Standing{Tier: was.Tier, Until: until, ReviewAt: until}
		}
	}
	s := Standing{Tier: t.Levels.Entries[reached].ID}
	from := t.Levels.Entries[reached].Value.From
	for _, e := range counted {
		if sum -= e.Points; sum < from {
			s.ReviewAt = t.Window.After(e.At, zone)
			break
		}
	}
	if earliest := now.Add(reviewAgain); !s.ReviewAt.IsZero() && s.ReviewAt.Before(earliest) {
		s.ReviewAt = earliest
	}
	return s
}

// Next is the tier after one, and how many points are missing; false at the top.
func (t *Tiers) Next(id string, earned int64) (next string, missing, from int64, ok bool) {
	i := t.rank(id) + 1
	if i >= len(t.Levels.Entries) {
		return "", 0, 0, false
	}
	e := t.Levels.Entries[i]
	return e.ID, max(e.Value.From-earned, 0), e.Value.From, true
}

// barCells is the length of a progress bar in characters.
const barCells = 10

// Bar is a progress bar such as ▓▓▓▓░░░░░░. It is full only when done is not below total.
func Bar(done, total int64) string {
	cells := int64(barCells)
	if total > 0 && done < total {
		cells = min(max(done, 0)*barCells/total, barCells-1)
	}
	return strings.Repeat("▓", int(cells)) + strings.Repeat("░", barCells-int(cells))
}
