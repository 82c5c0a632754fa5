package outbox

import (
	"slices"
	"time"
)

// The platform counts a call somewhere between its start and its answer, and nobody tells where. A place in the window
// is therefore given back a window after the answer: then no more than the limit can have counted in any window, however
// long a call took to arrive. That would waste as much of the rate as all calls take. But what every call takes is
// the way there and back, and moves each of them by the same: it is taken off.

// travelled is what the calls so far tell about how long each of them takes at least.
type travelled struct {
	took  []time.Duration // the last calls, at most lastCalls
	next  int             // the oldest of them, once there are so many
	floor time.Duration   // what is taken off; 0 until there are so many
}

const (
	// lastCalls is of how many calls it is known what they have in common.
	lastCalls = 128
	// spreadPart is the part of the spread, from the shortest to the usual call, that is not taken off: the shortest way
	// there and the shortest way back need not have been in one call, so that all calls may have less in common than the
	// shortest took. Of as many calls, the shortest exceeds that by an eighth of the spread when either way varies evenly.
	spreadPart = 8
)

// add takes in how long a call took.
func (t *travelled) add(d time.Duration) {
	if len(t.took) < lastCalls {
		t.took = append(t.took, d)
		if len(t.took) < lastCalls {
			return
		}
	} else {
		t.took[t.next] = d
		t.next = (t.next + 1) % lastCalls
	}
	sorted := slices.Sorted(slices.Values(t.took))
	least, usual := sorted[0], sorted[lastCalls/2]
	t.floor = max(0, least-(usual-least)/spreadPart)
}

// until is when the call counts no more in the window; not known before it has ended.
func (s *Slot) until() (at time.Time, known bool) {
	if s.ended.IsZero() {
		return time.Time{}, false
	}
	_, w := s.pace.window()
	return later(s.begun, s.ended.Add(-s.pace.travelled.floor)).Add(w + edge), true
}

// ends are the times at which places come free whose calls have ended, earliest first.
func (p *Pace) ends() []time.Time {
	out := make([]time.Time, 0, len(p.slots))
	for _, s := range p.slots {
		if at, known := s.until(); known {
			out = append(out, at)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// expire forgets the calls that no longer count: none that was decided on less than a window ago, and they are in that
// order.
func (p *Pace) expire(now time.Time) {
	if now.Equal(p.expired) {
		return // a batch is picked at one moment
	}
	p.expired = now
	_, w := p.window()
	old := slices.IndexFunc(p.slots, func(s *Slot) bool { return now.Before(s.taken.Add(w)) })
	if old < 0 {
		old = len(p.slots)
	}
	counts := slices.DeleteFunc(p.slots[:old], func(s *Slot) bool {
		at, known := s.until()
		return known && !now.Before(at)
	})
	p.slots = slices.Delete(p.slots, len(counts), old)
}

// full says whether the window has no place, and until when; zero while that depends on a call that has not ended.
func (p *Pace) full(now time.Time) (bool, time.Time) {
	p.expire(now)
	n, _ := p.window()
	over := len(p.slots) - n
	if over < 0 {
		return false, now
	}
	if ends := p.ends(); over < len(ends) {
		return true, ends[over]
	}
	return true, time.Time{}
}

// roomy says that there is a place for bulk and for whoever else comes.
func (p *Pace) roomy(now time.Time) bool {
	p.expire(now)
	n, _ := p.window()
	return len(p.slots) < n-2
}

// lastPlace is when bulk must take what may be the last place before its longest gap: now, or the time at which that
// is to be asked again.
func (p *Pace) lastPlace(now time.Time) time.Time {
	n, w := p.window()
	gap := p.lastBulk.Add(time.Duration(longestGap * float64(w) / float64(n)))
	if !now.Before(gap) || p.roomy(now) {
		return gap
	}
	if ends := p.ends(); len(ends) > 0 && ends[0].Before(gap) {
		return ends[0]
	}
	return now
}
