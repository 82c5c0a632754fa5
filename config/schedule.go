package config

import "time"

// Schedule says when something is due next.
type Schedule interface {
	// Next returns the first due instant after the given one, and the zero time
	// when there is none any more.
	Next(after time.Time) time.Time
}

// once is due at a single instant.
type once struct{ at time.Time }

func (o once) Next(after time.Time) time.Time {
	if o.at.After(after) {
		return o.at
	}
	return time.Time{}
}

// walls produces local minutes in order, as if they were UTC.
type walls interface {
	// nextWall returns the first minute after the given one that matches, and
	// the zero time for none.
	nextWall(after time.Time) time.Time
}

// localSchedule maps local minutes to instants of a zone: a skipped minute
// becomes the next that exists, a doubled one is due once, the first time.
type localSchedule struct {
	walls walls
	zone  *time.Location
}

// maxSteps bounds the search: a change of the clocks spans at most a day of
// minutes.
const maxSteps = 2 * minutesPerDay

func (s localSchedule) Next(after time.Time) time.Time {
	// A skipped minute becomes due later than the clocks say, so the search
	// begins a little before.
	wall := wallOf(after.In(s.zone)).Add(-3 * time.Hour)
	for range maxSteps {
		wall = s.walls.nextWall(wall)
		if wall.IsZero() {
			return time.Time{}
		}
		at := localMinute(s.zone, wall.Year(), wall.Month(), wall.Day(), wall.Hour()*60+wall.Minute())
		if at.After(after) {
			return at
		}
	}
	return time.Time{}
}
