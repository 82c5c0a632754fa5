package config

import "time"

// localMinute returns the instant at which the clocks of a zone show a minute
// of a day (0 to 1439; more or less spills into other days, as days and months
// do). A minute that the clocks skip becomes the first one that exists after
// it; of a minute that they show twice it is the first.
//
// time.Date promises neither: it picks either side.
func localMinute(zone *time.Location, year int, month time.Month, dayOf, minute int) time.Time {
	wall := time.Date(year, month, dayOf, 0, minute, 0, 0, time.UTC)
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, zone)
	start, end := t.ZoneBounds()
	if wallOf(t).Equal(wall) {
		if start.IsZero() {
			return t
		}
		// The offset before this zone period may show the same minute earlier.
		_, offset := start.Add(-time.Second).Zone()
		earlier := wall.Add(-time.Duration(offset) * time.Second)
		if earlier.Before(start) {
			return earlier.In(zone)
		}
		return t
	}
	// The minute is skipped: the change is the bound nearest to t.
	switch {
	case start.IsZero():
		return end
	case end.IsZero():
		return start
	case t.Sub(start) < end.Sub(t):
		return start
	}
	return end
}

// wallOf returns what the clocks of t's zone show, as if it were UTC.
func wallOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}
