package offer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/engagement/attention"
	"github.com/rapport-chat/rapport/engagement/audience"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Figures of the fan-out.
const (
	pageSize = 25  // people looked at in one transaction: some milliseconds, in which no answer is written on SQLite
	lowWater = 300 // due bulk messages of an account, above which no further page is written
	// mostHeld is how many bulk messages of an account may lie in the outbox in all, with those that their people's
	// nights put off. Whoever comes after them waits until there is room.
	mostHeld = 10_000
	maxDues  = 64 // due times of one schedule claimed in one go
	maxOpen  = 20 // open occurrences looked at
)

// Deps is what offers need.
type Deps struct {
	Audiences *audience.Set
	Store     Store
	Policy    attention.Policy
	Texts     *texts.Catalogue
	Languages []language.Code  // the brand's, its default first
	Zone      *time.Location   // the brand's
	Now       func() time.Time // business clock
	// Log is told when a broadcast begins, how long it takes, and when one is paused; nil for nobody.
	Log *slog.Logger
	// Rate is how many messages a second a channel takes; 0 for no limit. nil: not known.
	Rate func(channel string) float64
	// Posters are the channels with a place where offers are shown for everybody, by name.
	Posters map[string]Poster
}

// Agenda makes offers due and writes their deliveries, page by page. It implements clock.Agenda.
type Agenda struct {
	Deps
	offers []*offer
	start  sync.Mutex
	loaded bool
	told   map[string]bool // offers whose pause by failures was told
}

var (
	_ clock.Agenda    = (*Agenda)(nil)
	_ clock.Describer = (*Agenda)(nil)
)

// NewAgenda prepares the offers of a section that was checked.
func NewAgenda(c Config, d Deps) *Agenda {
	out := &Agenda{Deps: d, told: map[string]bool{}}
	if out.Log == nil {
		out.Log = slog.New(slog.DiscardHandler)
	}
	for id, one := range c.All() {
		out.offers = append(out.offers, newOffer(id, *one, d.Zone))
	}
	return out
}

// Name implements clock.Agenda.
func (*Agenda) Name() string { return "offers" }

// Load tells the store which schedules there are: one that is new or was changed begins at now. It is called once,
// before anything is due; Next does it when nobody has.
func (a *Agenda) Load(ctx context.Context, now time.Time) error {
	a.start.Lock()
	defer a.start.Unlock()
	if a.loaded {
		return nil
	}
	for _, o := range a.offers {
		if _, err := a.Store.LoadSchedule(ctx, o.name(), o.digest, now); err != nil {
			return fmt.Errorf("load the schedule of offer %s: %w", o.id, err)
		}
	}
	a.loaded = true
	return nil
}

// Next implements clock.Agenda.
func (a *Agenda) Next(ctx context.Context) (first time.Time, ok bool, err error) {
	first, of, err := a.next(ctx)
	return first, of != "", err
}

// Describe implements clock.Describer.
func (a *Agenda) Describe(ctx context.Context) (string, error) {
	_, of, err := a.next(ctx)
	return capital(strings.ReplaceAll(of, "_", " ")), err
}

// next is the earliest due time, and the offer that it is of; empty for none.
func (a *Agenda) next(ctx context.Context) (first time.Time, of string, err error) {
	if err := a.Load(ctx, a.Now()); err != nil {
		return first, "", err
	}
	earlier := func(t time.Time, id string) {
		if of == "" || t.Before(first) {
			first, of = t, id
		}
	}
	schedules, err := a.schedules(ctx)
	if err != nil {
		return first, "", err
	}
	a.tell(schedules)
	for _, o := range a.offers {
		s := schedules[o.name()]
		if o.Paused || s.Paused || s.Digest != o.digest {
			continue // paused, or another process runs a newer config
		}
		if o.schedule != nil {
			if due := o.schedule.Next(s.Cursor); !due.IsZero() {
				earlier(due, o.id)
			}
			continue
		}
		waiting, err := a.Store.Unplanned(ctx, o.id, o.On, o.After.Std(), s.Loaded, 1)
		if err != nil {
			return first, "", err
		}
		if len(waiting) > 0 {
			earlier(waiting[0].At, o.id)
		}
	}
	open, room, err := a.open(ctx)
	if err != nil {
		return first, "", err
	}
	for _, o := range open {
		if at := o.when(a.Now()); at.After(a.Now()) || room {
			earlier(at, o.Offer)
		}
	}
	return first, of, nil
}

// when is the time at which the occurrence is gone on with. One that has begun does not stop until its due time comes
// again when the clock was set back meanwhile.
func (o *Occurrence) when(now time.Time) time.Time {
	switch {
	case o.Next.After(o.Due):
		return o.Next
	case o.Cursor > 0 && o.Due.After(now):
		return now.Add(-time.Second) // due already, whichever of two moments it is asked for
	}
	return o.Due
}

func (a *Agenda) schedules(ctx context.Context) (map[string]Schedule, error) {
	names := make([]string, len(a.offers))
	for i, o := range a.offers {
		names[i] = o.name()
	}
	return a.Store.Schedules(ctx, names)
}

// open lists what is being sent, and whether there is room for another page of messages.
func (a *Agenda) open(ctx context.Context) (open []Occurrence, room bool, err error) {
	open, err = a.Store.Open(ctx, maxOpen)
	if err != nil || len(open) == 0 {
		return open, false, err
	}
	due, all, err := a.Store.Waiting(ctx, a.Now())
	return open, due < lowWater && all < mostHeld, err
}

// RunDue implements clock.Agenda: it claims what is due, and writes one page of what is open.
func (a *Agenda) RunDue(ctx context.Context, now time.Time) (more bool, err error) {
	if err := a.Load(ctx, now); err != nil {
		return false, err
	}
	schedules, err := a.schedules(ctx)
	if err != nil {
		return false, err
	}
	var errs []error
	for _, o := range a.offers {
		s := schedules[o.name()]
		if o.Paused || s.Paused || s.Digest != o.digest {
			continue
		}
		claimed, err := a.claim(ctx, o, s, now)
		if err != nil {
			errs = append(errs, fmt.Errorf("offer %s: %w", o.id, err))
		}
		more = more || claimed
	}
	open, room, err := a.open(ctx)
	if err != nil {
		return more, errors.Join(append(errs, err)...)
	}
	for _, o := range open {
		if !room || o.when(now).After(now) {
			continue
		}
		if err := a.advance(ctx, o, now); err != nil {
			errs = append(errs, fmt.Errorf("offer %s of %s: %w", o.Offer, o.Due.Format(time.RFC3339), err))
			continue // one offer that fails does not hold up the others
		}
		more = true
		break
	}
	return more && len(errs) == 0, errors.Join(errs...)
}

// claim makes occurrences of the due times up to now that nobody has claimed.
func (a *Agenda) claim(ctx context.Context, o *offer, s Schedule, now time.Time) (more bool, err error) {
	if o.schedule == nil {
		return a.claimEvents(ctx, o, s)
	}
	var all []Occurrence
	cursor := s.Cursor
	for range maxDues {
		due := o.schedule.Next(cursor)
		if due.IsZero() || due.After(now) {
			break
		}
		cursor = due
		for _, w := range o.waves() {
			one := Occurrence{Offer: o.id, Due: due.Add(w.after), Content: o.content(w, due)}
			one.Content.Posted = a.posted(&one.Content)
			if now.After(one.Due.Add(one.Content.NotAfter)) {
				one.Missed = "late"
			}
			all = append(all, one)
		}
	}
	if len(all) == 0 {
		return false, nil
	}
	if err := a.Store.Claim(ctx, s, cursor, all); err != nil {
		return false, err
	}
	return true, a.announce(ctx, all)
}

func (a *Agenda) claimEvents(ctx context.Context, o *offer, s Schedule) (more bool, err error) {
	events, err := a.Store.Unplanned(ctx, o.id, o.On, o.After.Std(), s.Loaded, maxDues)
	if err != nil || len(events) == 0 {
		return false, err
	}
	all := make([]Occurrence, len(events))
	for i, e := range events {
		all[i] = Occurrence{
			Offer: o.id, Due: e.At.Add(o.After.Std()), Subject: e.Customer, Content: o.content(wave{to: o.To.Value}, time.Time{}),
		}
	}
	return true, a.Store.ClaimEvents(ctx, all)
}
