package persistence

import (
	"context"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// TicketView is a ticket as those who look at a person see it.
type TicketView struct {
	ID       int64     `json:"id"`
	Topic    string    `json:"topic"`
	Reason   string    `json:"reason"`
	State    string    `json:"state"`
	OpenedAt time.Time `json:"opened"`
}

// Tickets lists a person's tickets, given by any linked record, the newest first.
func (db *DB) Tickets(ctx context.Context, who conversation.CustomerID, limit int) ([]TicketView, error) {
	var rows []struct {
		ID       int64
		Topic    string
		Reason   string
		State    string
		OpenedAt int64 `db:"opened_at"`
	}
	err := db.Read(ctx, func(ctx context.Context, r *Reader) error {
		return r.list(ctx, &rows, `SELECT t.id, t.topic, t.reason, t.state, t.opened_at FROM tickets t
			JOIN customers c ON c.root_id = t.root_id WHERE c.id = ? ORDER BY t.id DESC LIMIT CAST(? AS bigint)`, int64(who), limit)
	})
	if err != nil {
		return nil, err
	}
	views := make([]TicketView, 0, len(rows))
	for _, row := range rows {
		views = append(views, TicketView{ID: row.ID, Topic: row.Topic, Reason: row.Reason, State: row.State, OpenedAt: instant(row.OpenedAt)})
	}
	return views, nil
}
