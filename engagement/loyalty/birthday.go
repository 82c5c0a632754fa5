package loyalty

import (
	"context"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

const (
	// birthdayHour is when a day's birthdays get their points, in the brand's zone.
	birthdayHour = 9
	// birthdayPast is how many days are made up for after the service was down.
	birthdayPast = 7
)

// BirthdayGifts gives members the points of their birthday.
type BirthdayGifts struct{ p *Programme }

// Name implements clock.Agenda.
func (BirthdayGifts) Name() string { return "points/birthdays" }

// Next implements clock.Agenda.
func (a BirthdayGifts) Next(ctx context.Context) (time.Time, bool, error) {
	if _, rule := a.p.Points.eventRule("birthday"); rule == nil {
		return time.Time{}, false, nil
	}
	cursor, err := a.p.Store.BirthdayCursor(ctx)
	if err != nil {
		return time.Time{}, false, err
	}
	if cursor.IsZero() {
		return time.UnixMilli(1), true, nil // at once: the first day begins the count
	}
	return a.morning(cursor), true, nil
}

// morning is when the birthdays of the day that begins at a midnight are dealt with.
func (a BirthdayGifts) morning(midnight time.Time) time.Time {
	y, m, d := midnight.In(a.p.Zone).Date()
	return time.Date(y, m, d, birthdayHour, 0, 0, 0, a.p.Zone)
}

// RunDue implements clock.Agenda. One go is one day; the keys of the entries make a repeat of a day harmless.
func (a BirthdayGifts) RunDue(ctx context.Context, now time.Time) (bool, error) {
	cursor, err := a.p.Store.BirthdayCursor(ctx)
	if err != nil {
		return false, err
	}
	y, m, d := now.In(a.p.Zone).Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, a.p.Zone)
	switch earliest := today.AddDate(0, 0, -birthdayPast); {
	case cursor.IsZero(): // the first time: the days before it are not made up for
		return true, a.p.Store.MoveBirthdays(ctx, today)
	case cursor.Before(earliest):
		cursor = earliest
	}
	if a.morning(cursor).After(now) {
		return false, nil
	}
	for _, monthDay := range birthdaysOf(cursor.In(a.p.Zone)) {
		if err := a.give(ctx, monthDay, cursor.In(a.p.Zone).Year(), now); err != nil {
			return false, err
		}
	}
	return true, a.p.Store.MoveBirthdays(ctx, endOfDay(cursor, a.p.Zone))
}

// birthdaysOf are the birthdays that are kept on a day: those of 29 February on the 28th in years that have none.
func birthdaysOf(t time.Time) []string {
	out := []string{t.Format("01-02")}
	if out[0] == "02-28" && t.AddDate(0, 0, 1).Month() == time.March {
		out = append(out, "02-29")
	}
	return out
}

// give gives everybody of one birthday the points.
func (a BirthdayGifts) give(ctx context.Context, monthDay string, year int, now time.Time) error {
	id, rule := a.p.Points.eventRule("birthday")
	if rule == nil {
		return nil
	}
	var after conversation.CustomerID
	for {
		page, err := a.p.Store.Birthdays(ctx, monthDay, after, agendaPage)
		if err != nil {
			return err
		}
		for _, who := range page {
			err := a.p.Store.ForCustomer(ctx, who, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
				_, err := a.p.Give(ctx, tx, Grant{
					Customer: who, Source: SourceBirthday, SourceID: fmt.Sprint(year), Points: rule.Points, Reason: a.p.eventReason("birthday", id, rule), At: now,
				})
				return err
			})
			if err != nil {
				return fmt.Errorf("give customer %d the birthday's points: %w", who, err)
			}
			after = who
		}
		if len(page) < agendaPage {
			return nil
		}
	}
}
