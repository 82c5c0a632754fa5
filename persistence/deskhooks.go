package persistence

import (
	"context"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/outbox"
)

// FollowDesk has the desk told of tickets that are opened and of what becomes of its messages, each in the transaction
// that it belongs to.
func (db *DB) FollowDesk(d *desk.Desk) {
	db.OnTicket(func(ctx context.Context, tx *Tx, t Ticket) error {
		tx.tickets = true
		return d.Opened(ctx, tx, desk.TicketID(t.ID), t.Fresh)
	})
	cards := eachReport(d.CardSettled)
	db.OnReport(desk.CardReport, func(ctx context.Context, tx *Tx, reports []Report) error {
		if err := CardSent(ctx, tx, reports); err != nil {
			return err
		}
		return cards(ctx, tx, reports)
	})
	db.OnReport(desk.ReplyReport, eachReport(d.ReplySettled))
	db.OnReport(desk.CardEditReport, eachReport(d.CardEditSettled))
	db.OnReport(desk.RelayReport, eachReport(d.RelaySettled))
	db.OnReport(desk.FileReport, eachReport(d.FileSettled))
	db.OnReport(desk.ChangeReport, eachReport(d.ChangeSettled))
}

// eachReport tells the desk of reports one by one.
func eachReport(tell func(context.Context, conversation.Tx, desk.Report) error) ReportHook {
	return func(ctx context.Context, tx *Tx, reports []Report) error {
		for _, r := range reports {
			outcome := desk.ReplyFailed
			switch r.Outcome {
			case outbox.Sent:
				outcome = desk.ReplyDelivered
			case outbox.Lost:
				outcome = desk.ReplyUnknown
			case outbox.Retry:
				continue
			}
			if err := tell(ctx, tx, desk.Report{ID: r.ID, Item: r.Item, Outcome: outcome, Code: r.Code}); err != nil {
				return err
			}
		}
		return nil
	}
}
