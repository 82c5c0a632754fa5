package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// opening sends every channel one list of all that nobody has answered yet, once at each opening. Of openings that
// were missed only the last one counts.
func (a *Agenda) opening(ctx context.Context, now time.Time) (bool, error) {
	cursor, at, err := a.opens(ctx, now)
	if err != nil || at.IsZero() {
		return false, err
	}
	waiting, err := a.Timed.Unanswered(ctx, at, openingList)
	if err != nil {
		return false, err
	}
	err = a.Stores.Do(ctx, func(ctx context.Context, tx conversation.Tx) error {
		first, err := a.Timed.Timed(tx).MoveOpening(ctx, cursor, at)
		if err != nil || !first {
			return err
		}
		return a.listOpening(ctx, tx, waiting, at, now)
	})
	if err != nil {
		return false, fmt.Errorf("list what is unanswered at the opening %s: %w", at, err)
	}
	return false, nil
}

// opens is the opening whose list is still to be sent at now, zero for none, and the one before it that was dealt with.
func (a *Agenda) opens(ctx context.Context, now time.Time) (cursor, at time.Time, err error) {
	if cursor, err = a.Timed.OpeningCursor(ctx, now); err != nil {
		return cursor, at, err
	}
	for next := a.Clocks.Opening(cursor); !next.IsZero() && !next.After(now); next = a.Clocks.Opening(at) {
		at = next
	}
	return cursor, at, nil
}

// listOpening sends the lists.
func (a *Agenda) listOpening(ctx context.Context, tx conversation.Tx, waiting []Ticket, at, now time.Time) error {
	var order []conversation.Address
	by := map[conversation.Address][]Ticket{}
	for _, t := range waiting {
		to, known := a.channel(t)
		if !known {
			continue
		}
		if by[to] == nil {
			order = append(order, to)
		}
		by[to] = append(by[to], t)
	}
	for _, to := range order {
		tickets := by[to]
		heading := a.say("desk_times.opening", texts.Vars{"n": len(tickets)}).In(texts.Bold)
		urgentFirst(tickets)
		shown := tickets[:min(len(tickets), listed)]
		_, err := tx.Send(ctx, conversation.Outgoing{
			Key: fmt.Sprintf("desk:opening:%d:%s:%s", at.UnixMilli(), to.Account, to.Chat), To: to, Customer: nobody,
			Lane: conversation.LaneNotice, Body: a.list(heading, shown, len(tickets)-len(shown), now),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
