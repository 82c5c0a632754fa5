package survey

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement"
)

// Figures of the agenda.
const (
	pageSize     = 200                // people or events planned in one transaction
	dueSize      = 50                 // invitations handled in one go
	eventLate    = 3 * 24 * time.Hour // an event's survey is not asked later than this after its due time
	roundLate    = 7 * 24 * time.Hour // nor a round's
	ticketWait   = time.Hour          // an open ticket is looked at again after this
	ticketWindow = time.Hour          // a CSAT so soon after the person's own ticket does not count against the budget
)

// The purposes under which the gate knows our messages.
const (
	PurposeSurvey = "survey"
	// PurposeTicket is a CSAT within an hour of the person's own ticket: it has its own limit, the recontact clock.
	PurposeTicket = "csat_ticket"
)

// Agenda plans, asks, reminds, closes and follows up. It has no memory of its own.
type Agenda struct {
	Skill    *Skill
	Audience Audience // whom to: selects; without one a round with to: asks nobody and says so
	Zone     *time.Location
	Clock    clock.Clock
	Log      *slog.Logger
}

var _ clock.Agenda = (*Agenda)(nil)

// Name implements clock.Agenda.
func (*Agenda) Name() string { return "surveys" }

// Next implements clock.Agenda.
func (a *Agenda) Next(ctx context.Context) (time.Time, bool, error) {
	at, _, ok, err := a.next(ctx)
	return at, ok, err
}

// Describe implements clock.Describer.
func (a *Agenda) Describe(ctx context.Context) (string, error) {
	_, id, ok, err := a.next(ctx)
	switch {
	case err != nil || !ok:
		return "", err
	case id == "":
		return "Surveys under way", nil
	}
	return "Survey " + strings.ReplaceAll(id, "_", " "), nil
}

// next is the earliest due time, and the survey whose round it begins; empty when it is a step of a round.
func (a *Agenda) next(ctx context.Context) (at time.Time, id string, ok bool, err error) {
	if at, ok, err = a.Skill.Stores.NextDue(ctx); err != nil {
		return at, "", ok, err
	}
	for one, set := range a.Skill.Surveys.All() {
		next, err := a.nextRound(ctx, one, set)
		if err != nil {
			return at, id, ok, err
		}
		if !next.IsZero() && (!ok || next.Before(at)) {
			at, id, ok = next, one, true
		}
	}
	return at, id, ok, nil
}

// nextRound is when a survey's next round begins; zero without a schedule.
func (a *Agenda) nextRound(ctx context.Context, id string, set *Settings) (time.Time, error) {
	schedule := set.schedule(a.Zone)
	if schedule == nil {
		return time.Time{}, nil
	}
	sum := sha256.Sum256([]byte(set.Every.String() + "|" + set.Cron.String() + "|" + a.Zone.String()))
	cursor, err := a.Skill.Stores.StartSchedule(ctx, id, hex.EncodeToString(sum[:8]), a.Clock.Now())
	if err != nil {
		return time.Time{}, fmt.Errorf("read the schedule of survey %s: %w", id, err)
	}
	return schedule.Next(cursor), nil
}

// RunDue implements clock.Agenda.
func (a *Agenda) RunDue(ctx context.Context, now time.Time) (more bool, err error) {
	if err := a.openRounds(ctx, now); err != nil {
		return false, err
	}
	var errs []error
	for _, step := range []func(context.Context, time.Time) (bool, error){a.planRounds, a.planEvents, a.expire, a.askDue, a.remindDue, a.alertDue, a.againDue} {
		again, err := step(ctx, now)
		more = more || again
		errs = append(errs, err)
	}
	return more, errors.Join(errs...)
}

// openRounds begins the rounds that are due. Of several that were missed only the last one is held.
func (a *Agenda) openRounds(ctx context.Context, now time.Time) error {
	for id, set := range a.Skill.Surveys.All() {
		due, err := a.nextRound(ctx, id, set)
		if err != nil {
			return err
		}
		if due.IsZero() || due.After(now) {
			continue
		}
		for next := set.schedule(a.Zone).Next(due); !next.IsZero() && !next.After(now); next = set.schedule(a.Zone).Next(due) {
			due = next
		}
		if err := a.Skill.Stores.OpenRound(ctx, id, due); err != nil {
			return fmt.Errorf("begin a round of survey %s: %w", id, err)
		}
	}
	return nil
}

// planRounds plans a page of each round that is under way. One that fails does not hold up the others.
func (a *Agenda) planRounds(ctx context.Context, now time.Time) (more bool, err error) {
	rounds, err := a.Skill.Stores.Rounds(ctx, dueSize)
	if err != nil {
		return false, err
	}
	var errs []error
	for _, r := range rounds {
		again, err := a.planRound(ctx, r, now)
		more = more || again
		errs = append(errs, err)
	}
	return more, errors.Join(errs...)
}

// planRound plans a page of a round.
func (a *Agenda) planRound(ctx context.Context, r Round, now time.Time) (more bool, err error) {
	set, ok := a.Skill.Surveys.Get(r.Survey)
	if !ok {
		return true, a.Skill.Stores.PlanPage(ctx, r, nil, true)
	}
	people, done, err := a.page(ctx, set, &r)
	if err != nil {
		return false, fmt.Errorf("find whom survey %s asks: %w", r.Survey, err)
	}
	page := make([]Invitation, 0, len(people))
	for _, who := range people {
		if !sampled(r.Survey, r.Trigger(), who, set.Sample) {
			continue
		}
		due := r.Due.Add(spreadBy(r.Survey, r.Trigger(), who, set.Spread.Std()))
		if due.Before(now) {
			due = now
		}
		inv := plan(r.Survey, set, who, r.Trigger())
		inv.EventAt, inv.Due, inv.LateAfter = r.Due, due, due.Add(roundLate)
		page = append(page, inv)
	}
	if err := a.Skill.Stores.PlanPage(ctx, r, page, done); err != nil {
		return false, fmt.Errorf("plan a page of survey %s: %w", r.Survey, err)
	}
	return true, nil
}

// page is the next people of a round.
func (a *Agenda) page(ctx context.Context, set *Settings, r *Round) (people []conversation.CustomerID, done bool, err error) {
	if set.To.Value != "" && a.Audience == nil {
		return nil, false, errors.New("nobody says who belongs to an audience") // never everybody instead
	}
	if set.To.Value == "" {
		people, err = a.Skill.Stores.Everyone(ctx, r.Cursor, pageSize)
		if len(people) > 0 {
			r.Cursor = people[len(people)-1]
		}
		return people, len(people) < pageSize, err
	}
	people, last, more, err := a.Audience.Page(ctx, set.To.Value, r.Cursor, pageSize)
	if last > r.Cursor {
		r.Cursor = last
	}
	return people, !more, err
}

// plan is an invitation that follows the survey's settings.
func plan(id string, set *Settings, who conversation.CustomerID, trigger string) Invitation {
	return Invitation{
		Survey: id, Kind: set.Kind, Trigger: trigger, Customer: who, Touchpoint: set.Touchpoint, State: Planned,
		Window: set.Window.Std(), Reminder: set.ReminderAfter.Std(),
	}
}

// planEvents plans what follows from events.
func (a *Agenda) planEvents(ctx context.Context, now time.Time) (more bool, err error) {
	events, err := a.Skill.Stores.NewEvents(ctx, pageSize)
	if err != nil || len(events) == 0 {
		return false, err
	}
	var page []Invitation
	for _, e := range events {
		for id, set := range a.Skill.Surveys.All() {
			inv, ok := follow(id, set, e)
			if ok && !inv.LateAfter.Before(now) {
				page = append(page, inv)
			}
		}
	}
	if err := a.Skill.Stores.PlanEvents(ctx, events[len(events)-1].ID, page); err != nil {
		return false, fmt.Errorf("plan what follows from %d events: %w", len(events), err)
	}
	return true, nil
}

// follow is the invitation that follows from an event.
func follow(id string, set *Settings, e engagement.Event) (Invitation, bool) {
	trigger := e.Kind + ":" + e.Key
	if set.On != e.Kind || !sampled(id, trigger, e.Customer, set.Sample) {
		return Invitation{}, false
	}
	inv := plan(id, set, e.Customer, trigger)
	inv.Subject, inv.EventAt, inv.Due = subject(e.Kind, e.Key), e.At, e.At.Add(set.After.Std())
	inv.LateAfter = inv.Due.Add(eventLate)
	return inv, true
}

// expire closes what was not answered in time.
func (a *Agenda) expire(ctx context.Context, now time.Time) (more bool, err error) {
	n, err := a.Skill.Stores.Expire(ctx, now, pageSize)
	if err != nil {
		return false, fmt.Errorf("close surveys: %w", err)
	}
	return n == pageSize, nil
}

// each handles due invitations one by one. One that fails is told and does not hold up the others.
func (a *Agenda) each(ctx context.Context, list []Invitation, err error, do func(ctx context.Context, inv Invitation) error) (more bool, _ error) {
	if err != nil {
		return false, err
	}
	var errs []error
	for _, inv := range list {
		if err := do(ctx, inv); err != nil {
			errs = append(errs, fmt.Errorf("invitation %d of survey %s: %w", inv.ID, inv.Survey, err))
		}
	}
	return len(list) == dueSize && len(errs) < len(list), errors.Join(errs...)
}

// Invite has a person asked now, whatever the recontact clock says. key makes it unique: the same one asks once. fresh
// is false when that was done before; conversation.ErrNotFound when there is no such survey or person.
func (a *Agenda) Invite(ctx context.Context, who conversation.CustomerID, surveyID, key string) (fresh bool, err error) {
	set, ok := a.Skill.Surveys.Get(surveyID)
	if !ok {
		return false, fmt.Errorf("survey %s: %w", surveyID, conversation.ErrNotFound)
	}
	now := a.Clock.Now()
	err = a.Skill.Stores.ForCustomer(ctx, who, func(ctx context.Context, tx conversation.Tx, p conversation.Person) error {
		inv := plan(surveyID, set, who, byHand+key)
		inv.Root, inv.EventAt, inv.Due, inv.LateAfter = p.Root, now, now, now.Add(eventLate)
		_, fresh, err = a.Skill.Stores.In(tx).Plan(ctx, inv)
		return err
	})
	return fresh, err
}

// byHand begins the trigger of what staff asked for.
const byHand = "hand:"
