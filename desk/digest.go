package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// DigestStores keeps which week was reported last.
type DigestStores interface {
	// DigestCursor is the digest that was sent last; now, when there was none: a new service reports no past.
	DigestCursor(ctx context.Context, now time.Time) (time.Time, error)
	// MoveDigest moves the cursor from one digest to the next; first is false when somebody else has.
	MoveDigest(ctx context.Context, tx conversation.Tx, from, to time.Time) (first bool, err error)
}

// Digest is the agenda that reports every week to the staff channel, on Monday morning about the seven days before.
type Digest struct {
	*Desk
	Weeks DigestStores
	// Between is the opening time between two instants.
	Between func(a, b time.Time) time.Duration
	// Gather reads what happened from one time to another.
	Gather func(ctx context.Context, from, to time.Time) (Support, error)
	// Trend, when set, reads how the scores moved in the weeks that end at a time.
	Trend func(ctx context.Context, end time.Time) (Trend, error)
}

var _ clockAgenda = (*Digest)(nil)

// When the digest is sent, in the brand's zone, and about how many days.
const (
	digestHour = 9
	digestDays = 7
)

// Name implements clock.Agenda.
func (*Digest) Name() string { return "digest" }

// nextMonday is the first Monday at nine after a time.
func nextMonday(after time.Time, zone *time.Location) time.Time {
	local := after.In(zone)
	for ahead := range 9 {
		at := time.Date(local.Year(), local.Month(), local.Day()+ahead, digestHour, 0, 0, 0, zone)
		if at.Weekday() == time.Monday && at.After(after) {
			return at
		}
	}
	return time.Time{} // there is one in every eight days
}

// Next implements clock.Agenda.
func (g *Digest) Next(ctx context.Context) (time.Time, bool, error) {
	if _, ok := g.address(Ticket{}); !ok || g.Staff.Channel == "" {
		return time.Time{}, false, nil
	}
	cursor, err := g.Weeks.DigestCursor(ctx, g.Business.Now())
	if err != nil {
		return time.Time{}, false, err
	}
	at := nextMonday(cursor, g.zone())
	return at, !at.IsZero(), nil
}

// RunDue implements clock.Agenda. Of weeks that were missed only the last one is told.
func (g *Digest) RunDue(ctx context.Context, now time.Time) (more bool, err error) {
	to, ok := g.address(Ticket{})
	cursor, err := g.Weeks.DigestCursor(ctx, now)
	if err != nil || !ok {
		return false, err
	}
	at := nextMonday(cursor, g.zone())
	if at.IsZero() || at.After(now) {
		return false, nil
	}
	for next := nextMonday(at, g.zone()); !next.After(now); next = nextMonday(at, g.zone()) {
		at = next
	}
	report, err := g.Gather(ctx, at.AddDate(0, 0, -digestDays), at)
	if err != nil {
		return false, fmt.Errorf("gather the digest of %s: %w", at.Format(time.DateOnly), err)
	}
	trend, picture := g.trend(ctx, at)
	to.Chat = g.Staff.Channel
	err = g.Stores.Do(ctx, func(ctx context.Context, tx conversation.Tx) error {
		first, err := g.Weeks.MoveDigest(ctx, tx, cursor, at)
		if err != nil || !first {
			return err
		}
		_, err = tx.Send(ctx, conversation.Outgoing{
			Key: fmt.Sprintf("desk:digest:%d", at.UnixMilli()), To: to, Customer: nobody, Lane: conversation.LaneNotice,
			Body: conversation.Body{Text: g.SupportText(report, g.Between)},
		})
		if err != nil || picture == nil {
			return err
		}
		_, err = tx.Send(ctx, conversation.Outgoing{
			Key: fmt.Sprintf("desk:trend:%d", at.UnixMilli()), To: to, Customer: nobody, Lane: conversation.LaneNotice,
			Body: conversation.Body{Text: trend, Image: picture},
		})
		return err
	})
	if err != nil {
		return false, fmt.Errorf("send the digest of %s: %w", at.Format(time.DateOnly), err)
	}
	return false, nil
}

// trend is the picture of the weeks that end at a time, and what it shows in words; nil while there is too little to show.
// The report goes without it rather than not at all.
func (g *Digest) trend(ctx context.Context, end time.Time) (texts.Rich, *conversation.Image) {
	if g.Trend == nil {
		return nil, nil
	}
	t, err := g.Trend(ctx, end)
	if err != nil {
		g.log().Error("the weekly report goes without its picture", "error", err.Error())
		return nil, nil
	}
	picture, err := t.Picture()
	if err != nil {
		g.log().Error("the weekly report goes without its picture", "error", err.Error())
	}
	return g.TrendText(t), picture
}
