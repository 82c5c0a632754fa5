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
