package persistence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// BirthdayCursor implements loyalty.Pages. It is a row of the schedules, so that a restart goes on where it was.
func (l Loyalty) BirthdayCursor(ctx context.Context) (time.Time, error) {
	var at int64
	err := l.statements.get(ctx, &at, `SELECT cursor_at FROM schedules WHERE name = 'points/birthday'`)
	if errors.Is(err, conversation.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read how far birthdays are: %w", err)
	}
	return instant(at), nil
}

// MoveBirthdays implements loyalty.Pages.
func (l Loyalty) MoveBirthdays(ctx context.Context, to time.Time) error {
	err := l.Do(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `INSERT INTO schedules (name, digest, loaded_at, cursor_at) VALUES ('points/birthday', '', ?, ?)
			ON CONFLICT (name) DO UPDATE SET cursor_at = excluded.cursor_at WHERE schedules.cursor_at < excluded.cursor_at`, ms(to), ms(to))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep how far birthdays are: %w", err)
	}
	return nil
}

// Birthdays implements loyalty.Pages. A birthday is kept as 05-28 or 1990-05-28.
func (l Loyalty) Birthdays(ctx context.Context, monthDay string, after conversation.CustomerID, limit int) ([]conversation.CustomerID, error) {
	var list []conversation.CustomerID
	err := l.statements.list(ctx, &list, `SELECT f.customer_id FROM facts f
		WHERE f.field = 'birthday' AND (f.value = ? OR f.value LIKE ?) AND f.customer_id > ?
			AND EXISTS (SELECT 1 FROM members m JOIN customers c ON c.id = m.customer_id
				WHERE m.left_at = 0 AND c.root_id = (SELECT root_id FROM customers WHERE id = f.customer_id))
		ORDER BY f.customer_id LIMIT ?`, monthDay, "____-"+monthDay, int64(after), limit)
	if err != nil {
		return nil, fmt.Errorf("list the birthdays of %s: %w", monthDay, err)
	}
	return list, nil
}
