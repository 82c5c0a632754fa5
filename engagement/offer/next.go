package offer

import "time"

// Next is when an offer with a schedule is due next after a time; zero when it is in the past, or sent because of what
// people do.
func (d *Definition) Next(zone *time.Location, after time.Time) time.Time {
	schedule := d.schedule(zone)
	if schedule == nil || d.On != "" || len(d.Steps) > 0 {
		return time.Time{}
	}
	return schedule.Next(after)
}
