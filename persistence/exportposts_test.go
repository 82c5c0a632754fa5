package persistence

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/rapport-chat/rapport/conversation"
)

// PublishFailing writes a post and is broken off before its statement number at, counted from 0.
func PublishFailing(ctx context.Context, db *DB, post int64, message conversation.Outgoing, at int) error {
	return db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		ran, prepare := 0, tx.prepare
		tx.prepare = func(ctx context.Context, query string) (*sqlx.Stmt, error) {
			if ran == at {
				return nil, ErrKilled
			}
			ran++
			return prepare(ctx, query)
		}
		return tx.publish(ctx, post, message)
	})
}
