package attention

import (
	"slices"
	"time"

	"github.com/rapport-chat/rapport/config"
)

// The purposes that have rules of their own. Others are treated as surveys are: they need no yes, and cost a place.
const (
	PurposeOffer    = "offer"
	PurposeBirthday = "birthday"
	PurposeSurvey   = "survey"
	PurposeExpiring = "points_expiring"
	// PurposeTicketSurvey is the question after a resolved ticket: it belongs to the conversation and costs no place.
	PurposeTicketSurvey = "csat_ticket"
)

// consented are the purposes that need a yes to TopicOffers first. Greetings are commercial messages too.
var consented = []string{PurposeOffer, PurposeBirthday}

// free are the purposes that cost no place in the budget.
var free = []string{PurposeTicketSurvey}

// TopicOffers is the consent that offers and greetings need. A muted topic is a no to TopicOffers/<topic>.
const TopicOffers = "offers"

// Why something may not go now: stable words of delivery records.
const (
	ReasonStopped     = "stopped"                // the person said stop
	ReasonNoConsent   = "no_consent"             // never said yes to offers
	ReasonMuted       = "topic_muted"            // does not want this topic
	ReasonUnreachable = "unreachable"            // blocked us, or left
	ReasonTicket      = "open_ticket"            // a human conversation suspends all of it
	ReasonSilence     = "silence"                // nothing is started by order
	ReasonDay         = "day_of_rest"            // mourning, or a day on which nothing is started
	ReasonQuiet       = "quiet_hours"            // the person's night
	ReasonBudget      = "budget"                 // has had enough for now
	ReasonWorthier    = "something_better_comes" // a place is kept for something worthier
)

// recheck is how soon a person whose ticket is open is looked at again.
const recheck = 30 * time.Minute

// weekDays is how many days, today included, the weekly budget looks at.
const weekDays = 7

// Policy is the operator's rules over everything that we start.
type Policy struct {
	PerDay, PerWeek int
	Quiet           config.Hours
	Zone            *time.Location     // of people whose own is not known
	First           []string           // purposes, the worthiest first
	Rest            []config.DateRange // days on which nothing is started
}

// Message is what would be sent.
type Message struct {
	Purpose  string
	NotAfter time.Time // zero for never too late
}

// Facts are what is known of the person at the moment of sending.
type Facts struct {
	Stopped     bool
	Unreachable bool
	Agreed      bool // a yes to offers is in force for this chat
	Muted       bool // the message's topic
	TicketOpen  bool
	Zone        *time.Location // nil for the brand's
	Taken       []time.Time    // places of the last eight days, this message's own left out
	Waiting     []string       // purposes of what else waits to be sent to the person today
	SilentUntil time.Time      // end of an ordered silence that covers now
}

// Verdict is the decision: send, when it is zero.
type Verdict struct {
	Suppress string
	Defer    time.Time
	Reason   string // of a deferral
}

// Send tells whether the message may go now.
func (v Verdict) Send() bool { return v.Suppress == "" && v.Defer.IsZero() }

// Counts tells whether a message of that purpose takes a place.
func Counts(purpose string) bool { return !slices.Contains(free, purpose) }

// NeedsConsent tells whether a message of that purpose needs a yes to offers.
func NeedsConsent(purpose string) bool { return slices.Contains(consented, purpose) }

// Worth is a purpose's place in the order of worth, 0 first.
func (p Policy) Worth(purpose string) int {
	if i := slices.Index(p.First, purpose); i >= 0 {
		return i
	}
	return len(p.First)
}

// Decide says what becomes of a message at now, business clock.
func Decide(p Policy, f Facts, m Message, now time.Time) Verdict {
	switch {
	case f.Stopped:
		return Verdict{Suppress: ReasonStopped}
	case f.Unreachable:
		return Verdict{Suppress: ReasonUnreachable}
	case NeedsConsent(m.Purpose) && !f.Agreed:
		return Verdict{Suppress: ReasonNoConsent}
	case f.Muted:
		return Verdict{Suppress: ReasonMuted}
	case f.TicketOpen && m.Purpose != PurposeTicketSurvey:
		return later(m, now.Add(recheck), ReasonTicket)
	}
	zone := p.Zone
	if f.Zone != nil {
		zone = f.Zone
	}
	at, why := p.open(now, zone, f.SilentUntil)
	if Counts(m.Purpose) {
		if at.After(now) {
			f.Waiting = nil // what waits now is looked at again then, the worthiest first
		}
		if free, full := p.place(f, m, at, zone); free.After(at) {
			at, _ = p.open(free, zone, f.SilentUntil)
			if why == "" {
				why = full
			}
		}
	}
	if at.After(now) {
		return later(m, at, why)
	}
	return Verdict{}
}

// Held is the decision about everybody in the brand's zone: whether anything may be started now, and if not, until
// when and why not.
func (p Policy) Held(now, silentUntil time.Time) (until time.Time, reason string) {
	at, why := p.open(now, p.Zone, silentUntil)
	if at.After(now) {
		return at, why
	}
	return time.Time{}, ""
}

// later defers, as long as the message is still true then. What cannot be told is not deferred for ever.
func later(m Message, until time.Time, reason string) Verdict {
	if !m.NotAfter.IsZero() && until.After(m.NotAfter) {
		return Verdict{Suppress: reason}
	}
	return Verdict{Defer: until, Reason: reason}
}

// maxHops bounds the search for an open moment: silence, days of rest and nights may follow one another.
const maxHops = 800

// open is the first moment from t on at which anything may be started, and what stands in the way at t.
func (p Policy) open(t time.Time, zone *time.Location, silentUntil time.Time) (at time.Time, why string) {
	note := func(reason string) {
		if why == "" {
			why = reason
		}
	}
	for range maxHops {
		switch {
		case silentUntil.After(t):
			note(ReasonSilence)
			t = silentUntil
		case p.resting(t, zone):
			note(ReasonDay)
			t = startOfDay(t, zone, 1)
		case !p.Quiet.Empty() && p.Quiet.Contains(t, zone):
			note(ReasonQuiet)
			end := p.Quiet.NextEnd(t, zone)
			if end.IsZero() { // quiet all week
				return t.AddDate(1, 0, 0), why
			}
			t = end
		default:
			return t, why
		}
	}
	return t, why
}

func (p Policy) resting(t time.Time, zone *time.Location) bool {
	return slices.ContainsFunc(p.Rest, func(r config.DateRange) bool { return r.Contains(t, zone) })
}

// place is the first day from now on with room in the budget: now, or the beginning of a later day.
func (p Policy) place(f Facts, m Message, now time.Time, zone *time.Location) (at time.Time, why string) {
	kept := 0
	if slices.ContainsFunc(f.Waiting, func(other string) bool { return Counts(other) && p.Worth(other) < p.Worth(m.Purpose) }) {
		kept = 1
	}
	for ahead := range weekDays + 1 {
		from, to := startOfDay(now, zone, ahead), startOfDay(now, zone, ahead+1)
		today := taken(f.Taken, from, to)
		week := taken(f.Taken, startOfDay(now, zone, ahead-weekDays+1), to)
		if (p.PerDay <= 0 || today+kept < p.PerDay) && (p.PerWeek <= 0 || week+kept < p.PerWeek) {
			if ahead == 0 {
				return now, ""
			}
			return from, why
		}
		if why == "" {
			why = ReasonBudget
			if kept > 0 && (p.PerDay <= 0 || today < p.PerDay) && (p.PerWeek <= 0 || week < p.PerWeek) {
				why = ReasonWorthier
			}
		}
		if ahead == 0 {
			kept = 0 // what waits today has had its place by tomorrow, and is counted anew then
		}
	}
	return startOfDay(now, zone, weekDays), why
}

func taken(all []time.Time, from, to time.Time) (n int) {
	for _, t := range all {
		if !t.Before(from) && t.Before(to) {
			n++
		}
	}
	return n
}

// startOfDay is the beginning of a day in the zone, ahead days after t's.
func startOfDay(t time.Time, zone *time.Location, ahead int) time.Time {
	local := t.In(zone)
	day := config.Date{Year: local.Year(), Month: local.Month(), Day: local.Day()}
	noon := time.Date(day.Year, day.Month, day.Day+ahead, 12, 0, 0, 0, time.UTC)
	return config.Date{Year: noon.Year(), Month: noon.Month(), Day: noon.Day()}.At(0, zone)
}

// Since is the time from which places must be known for a decision at now.
func Since(now time.Time) time.Time { return now.AddDate(0, 0, -weekDays-1) }
