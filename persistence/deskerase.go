package persistence

import (
	"context"
	"errors"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// StaffEraser implements desk.Eraser.
type StaffEraser struct{ DB *DB }

var _ desk.Eraser = StaffEraser{}

// Prepare implements desk.Eraser.
func (e StaffEraser) Prepare(ctx context.Context, who conversation.CustomerID) (desk.Erase, error) {
	look, err := e.DB.LookForErasure(ctx, who)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx conversation.Tx, ticket desk.TicketID, by desk.Member, farewell func(language.Code) texts.Rich) error {
		_, err := From(tx).Erase(ctx, Erasure{Look: look, By: by.ID, Ticket: int64(ticket), Farewell: farewell})
		if errors.Is(err, ErrNothingToErase) {
			return desk.ErrResolved
		}
		return err
	}, nil
}
