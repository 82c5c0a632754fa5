package desk

import "time"

// Opening is the first begin of a shift after t: an opening before which the business was closed for hours, not for
// lunch. The zero time when there is none within a year.
func (c Clocks) Opening(t time.Time) time.Time {
	for range 800 {
		if c.Hours.Open(t) {
			if t = c.Hours.EndOfShift(t); t.IsZero() {
				return time.Time{}
			}
		}
		open := c.Hours.NextOpen(t)
		if open.IsZero() || open.Sub(t) >= lunch || c.Hours.Between(open.Add(-lunch), open) == 0 {
			return open
		}
		t = open
	}
	return time.Time{}
}

// lunch is the longest pause within a shift.
const lunch = 4 * time.Hour

// InHours is a time that somebody chose at from, moved out of hours that are closed: who says three hours at the end of
// the day means tomorrow. Who chooses outside the hours works there and then, and means what they say.
func (c Clocks) InHours(from, at time.Time) time.Time {
	if !c.Hours.Open(from) || c.Hours.Open(at) {
		return at
	}
	if open := c.Hours.NextOpen(at); !open.IsZero() {
		return open
	}
	return at
}

// againAt is when somebody hears once more of a ticket that nobody has and whose target has passed: after c.Again of
// opening time at the earliest, at hours of the day that are whole multiples of half of it, so that one list tells of
// many; inside the hours, and not at an opening, which has a list of its own.
func (c Clocks) againAt(last time.Time) time.Time {
	if c.Again <= 0 {
		return time.Time{}
	}
	at := c.Hours.Add(last, c.Again)
	if at.IsZero() {
		return at
	}
	for range 2 {
		at = c.wholePart(at)
		if c.Hours.Open(at) && c.Hours.Open(at.Add(-time.Millisecond)) {
			return at
		}
		if !c.Hours.Open(at) {
			if at = c.Hours.NextOpen(at); at.IsZero() {
				return at
			}
		}
		at = at.Add(time.Minute)
	}
	return c.Hours.Add(last, c.Again+shiftGrace) // the shift is shorter than the period
}

// wholePart is the first time from at on whose hour of the day is a whole multiple of half of c.Again, midnight included.
func (c Clocks) wholePart(at time.Time) time.Time {
	hours := min(max(int(c.Again/(2*time.Hour)), 1), 24)
	local := c.Hours.Local(at)
	for hour := 0; ; hour += hours {
		part := time.Date(local.Year(), local.Month(), local.Day(), min(hour, 24), 0, 0, 0, local.Location())
		if !part.Before(local) || hour >= 24 {
			return part
		}
	}
}
