package desk

import (
	"context"

	"github.com/rapport-chat/rapport/conversation"
)

// Codes with which a platform says that a card does not stand there any more.
const (
	codeThreadGone = "thread_gone"
	codeGone       = "message_gone"
)

// CardEditSettled gives a ticket a new card when somebody has deleted the one that was to be changed.
func (d *Desk) CardEditSettled(ctx context.Context, tx conversation.Tx, r Report) error {
	if r.Code != codeGone || r.Outcome == ReplyDelivered {
		return nil
	}
	books := d.Stores.In(tx)
	k, err := books.Lock(ctx, TicketID(r.ID))
	if err != nil {
		return ignoreGone(err)
	}
	return d.replace(ctx, books, k)
}

// RelaySettled gives a ticket a new card when the thread to which a customer's message should have gone is not there
// any more. The message goes there.
func (d *Desk) RelaySettled(ctx context.Context, tx conversation.Tx, r Report) error {
	if r.Code != codeThreadGone || r.Outcome == ReplyDelivered {
		return nil
	}
	books := d.Stores.In(tx)
	m, err := books.MessageByID(ctx, r.ID)
	if err != nil || m.Outgoing != r.Item {
		return ignoreGone(err)
	}
	k, err := books.Lock(ctx, m.Ticket)
	if err != nil {
		return err
	}
	if k.Card.Of > r.Item { // it was for an earlier card: this one has replaced it
		return d.postMessage(ctx, tx, books, k, m)
	}
	m.Outgoing = 0
	if err := books.SaveMessage(ctx, m); err != nil {
		return err
	}
	return d.replace(ctx, books, k)
}

// replace has a locked ticket's card written anew, with all that was not seen. A resolved ticket needs none.
func (d *Desk) replace(ctx context.Context, books Books, k Ticket) error {
	if !k.Live() || k.Card.Of == 0 {
		return nil
	}
	k.Card.Of, k.Card.Thread, k.Card.RealChat, k.Card.Face = 0, "", "", ""
	k, err := books.Save(ctx, k)
	if err != nil {
		return err
	}
	d.log().Warn("a ticket's card was deleted; it gets a new one", "ticket", int64(k.ID))
	d.wake()
	return books.ShowCard(ctx, k)
}
