package calendar

import (
	"cmp"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/config"
)

// searchDays bounds how far ahead an opening is looked for: more than a year and its feasts.
const searchDays = 400

// maxDays bounds how many days Add and Between walk over: five years.
const maxDays = 5 * 366

// shiftDays is after how many days of being open without a pause a schedule counts as one that never closes.
const shiftDays = 8

// aroundTheClock are the hours of who has named none.
var aroundTheClock = config.NewHours(config.EveryDay, config.TimeRange{})

// Schedule is when a business is open. The zero value is open always, by UTC.
//
// Opening hours belong to the day on which they begin: a night shift that begins before a closed day ends as usual, and
// the one that begins on the closed day does not take place.
type Schedule struct {
	Hours  config.Hours // none: around the clock
	Closed []Day
	Zone   *time.Location // nil: UTC
}

// stretch is a time without a pause: from is inside, to is not.
type stretch struct{ from, to time.Time }

// Open says whether the business is open at t.
func (s Schedule) Open(t time.Time) bool {
	_, open := s.around(t)
	return open
}

// NextOpen is the first instant not before t at which the business is open: t itself when it is. The zero time when it
// does not open within four hundred days.
func (s Schedule) NextOpen(t time.Time) time.Time {
	for st := range s.after(t, searchDays) {
		if st.from.Before(t) {
			return t
		}
		return st.from
	}
	return time.Time{}
}

// EndOfShift is the first instant not before t at which the business is closed: t itself when it is. The zero time when
// it stays open for more than a week.
func (s Schedule) EndOfShift(t time.Time) time.Time {
	end := t
	for st := range s.after(t, shiftDays) {
		if st.from.After(end) {
			return end
		}
		end = st.to
	}
	if end.Sub(t) > (shiftDays-1)*24*time.Hour {
		return time.Time{}
	}
	return end
}

// Add is the first instant at which d of business time has passed since t: t itself when d is not positive. The zero
// time when that does not come within five years.
func (s Schedule) Add(t time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return t
	}
	for st := range s.after(t, maxDays) {
		from := later(st.from, t)
		if left := st.to.Sub(from); d > left {
			d -= left
			continue
		}
		return from.Add(d)
	}
	return time.Time{}
}

// Between is the business time from a until b, of five years at most; 0 when b is not after a.
func (s Schedule) Between(a, b time.Time) time.Duration {
	var sum time.Duration
	for st := range s.after(a, maxDays) {
		if !st.from.Before(b) {
			break
		}
		to := st.to
		if b.Before(to) {
			to = b
		}
		if from := later(st.from, a); to.After(from) {
			sum += to.Sub(from)
		}
	}
	return sum
}

// Reason is why a business is open or closed at an instant.
type Reason struct {
	Open bool
	// ClosedDay is set when it is closed because the day is a closed one; otherwise it is merely outside the hours.
	ClosedDay bool
	// Holiday is the calendar's name of the closed day, empty when it has none.
	Holiday string
}

// Reason says why the business is open or closed at t.
func (s Schedule) Reason(t time.Time) Reason {
	if s.Open(t) {
		return Reason{Open: true}
	}
	r := Reason{}
	for _, day := range s.Closed {
		if day.Range.Contains(t, s.zone()) {
			r.ClosedDay = true
			r.Holiday = cmp.Or(r.Holiday, day.Name)
		}
	}
	return r
}

// Local is t as the clocks of the business show it.
func (s Schedule) Local(t time.Time) time.Time { return t.In(s.zone()) }

func (s Schedule) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// around is the stretch that contains t.
func (s Schedule) around(t time.Time) (stretch, bool) {
	for st := range s.after(t, 1) {
		return st, !t.Before(st.from)
	}
	return stretch{}, false
}

// after yields the stretches that end after t, in order, over a number of days ahead.
func (s Schedule) after(t time.Time, days int) func(yield func(stretch) bool) {
	return func(yield func(stretch) bool) {
		year, month, dayOf := t.In(s.zone()).Date()
		for ahead := -1; ahead <= days; ahead++ {
			// Noon of the day by UTC: a date without a zone, which no change of clocks touches.
			for _, st := range s.on(time.Date(year, month, dayOf+ahead, 12, 0, 0, 0, time.UTC)) {
				if st.to.After(t) && !yield(st) {
					return
				}
			}
		}
	}
}

// on is the stretches that begin on a date, in order.
func (s Schedule) on(date time.Time) []stretch {
	hours := s.Hours
	if hours.Empty() {
		hours = aroundTheClock
	}
	for _, day := range s.Closed {
		if day.Range.Contains(date, time.UTC) {
			return nil
		}
	}
	day := config.Date{Year: date.Year(), Month: date.Month(), Day: date.Day()}
	ranges := hours.On(date.Weekday())
	out := make([]stretch, 0, len(ranges))
	for _, r := range ranges {
		st := stretch{from: day.At(r.From, s.zone()), to: day.At(r.From+config.TimeOfDay(r.Length()), s.zone())}
		if st.to.After(st.from) { // the clocks may skip all of it
			out = append(out, st)
		}
	}
	slices.SortFunc(out, func(a, b stretch) int { return a.from.Compare(b.from) })
	return out
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
