package persistence

import (
	"context"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
)

// FindCustomer answers the record of a platform's user; conversation.ErrNotFound for somebody who was never there.
func (db *DB) FindCustomer(ctx context.Context, channel, userID string) (conversation.CustomerID, error) {
	var id int64
	err := db.statements.get(ctx, &id, `SELECT customer_id FROM identities WHERE channel = ? AND user_id = ?`, clean(channel), clean(userID))
	if err != nil {
		return 0, fmt.Errorf("find a user of %s: %w", channel, err)
	}
	return conversation.CustomerID(id), nil
}
