package desk

import (
	"context"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
)

// Opened follows the opening of a ticket in its own transaction. fresh is false when a request was added to one that
// was open already.
func (d *Desk) Opened(ctx context.Context, tx conversation.Tx, id TicketID, fresh bool) error {
	books := d.Stores.In(tx)
	t, err := books.Lock(ctx, id)
	if err != nil {
		return fmt.Errorf("look at ticket %d: %w", id, err)
	}
	defer d.wake()
	if fresh {
		if t.Priority, err = d.priority(ctx, books, t); err != nil {
			return err
		}
		t.DueAt = d.firstDue(t, t.OpenedAt)
		_, err = books.Save(ctx, t)
		return err
	}
	now := t.ChangedAt // of the request just added
	moved, changed := t.CustomerWrote(now, d.dueAfter(t, now))
	if changed {
		_, err = books.Save(ctx, moved)
	}
	return err
}

// priority is the place that the customer's tier gives a ticket: higher is served first.
func (d *Desk) priority(ctx context.Context, books Books, t Ticket) (int, error) {
	if d.Tier == nil || t.Root == 0 {
		return 0, nil
	}
	tier, err := books.TierOf(ctx, t.Root)
	if err != nil || tier == "" {
		return 0, err
	}
	_, place := d.Tier(tier)
	return place, nil
}
