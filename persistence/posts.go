package persistence

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/offer"
	"github.com/rapport-chat/rapport/outbox"
)

var _ offer.BoardStore = Offers{}

// insertPosts notes on which channels an occurrence is shown once for everybody. It is called with the occurrence's own
// claim, and does nothing for one that was claimed before.
func (tx *Tx) insertPosts(ctx context.Context, o offer.Occurrence) error {
	for _, channel := range o.Content.Posted {
		_, err := tx.exec(ctx, `INSERT INTO posts (occurrence_id, channel) SELECT id, CAST(? AS text) FROM occurrences
			WHERE offer = ? AND due_at = ? AND subject_id = ? AND state = 'open'
			ON CONFLICT (occurrence_id, channel) DO NOTHING`, channel, o.Offer, ms(o.Due), int64(o.Subject))
		if err != nil {
			return fmt.Errorf("note the post of offer %s on %s: %w", o.Offer, channel, err)
		}
	}
	return nil
}

// Unposted implements offer.BoardStore.
func (s Offers) Unposted(ctx context.Context, limit int) ([]offer.Post, error) {
	var rows []struct {
		ID      int64
		Channel string
		Next    int64 `db:"next_at"`
		Of      int64 `db:"occurrence_id"`
		Offer   string
		Due     int64 `db:"due_at"`
		Content string
	}
	err := s.db.statements.list(ctx, &rows, `SELECT p.id, p.channel, p.next_at, p.occurrence_id, o.offer, o.due_at, o.content
		FROM posts p JOIN occurrences o ON o.id = p.occurrence_id
		WHERE p.state = 'open' AND p.state IN ('open', 'pending', 'deferred') AND o.state IN ('open', 'planned')
		AND NOT EXISTS (SELECT 1 FROM schedules s WHERE s.name = 'offer/' || o.offer AND s.paused = 1)
		ORDER BY CASE WHEN p.next_at > o.due_at THEN p.next_at ELSE o.due_at END, p.id LIMIT CAST(? AS bigint)`, limit)
	if err != nil {
		return nil, fmt.Errorf("list what is to be posted: %w", err)
	}
	out := make([]offer.Post, len(rows))
	for i, r := range rows {
		out[i] = offer.Post{ID: r.ID, Channel: r.Channel, Next: instant(r.Next), Occurrence: offer.Occurrence{ID: r.Of, Offer: r.Offer, Due: instant(r.Due)}}
		if err := json.Unmarshal([]byte(r.Content), &out[i].Occurrence.Content); err != nil {
			return nil, fmt.Errorf("decode occurrence %d: %w", r.Of, err)
		}
	}
	return out, nil
}

// Publish implements offer.BoardStore: who changes the state of the post writes its message, in one transaction.
func (s Offers) Publish(ctx context.Context, post int64, message conversation.Outgoing) error {
	err := s.db.Do(ctx, func(ctx context.Context, tx *Tx) error { return tx.publish(ctx, post, message) })
	if err != nil {
		return fmt.Errorf("write post %d: %w", post, err)
	}
	return nil
}

func (tx *Tx) publish(ctx context.Context, post int64, message conversation.Outgoing) error {
	n, err := tx.exec(ctx, `UPDATE posts SET state = ? WHERE id = ? AND state = 'open'`, offer.StatePending, post)
	if err != nil || n == 0 {
		return err
	}
	_, err = tx.Send(ctx, message)
	return err
}

// Withhold implements offer.BoardStore.
func (s Offers) Withhold(ctx context.Context, post int64, state, reason string) error {
	err := s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		var of []int64
		err := tx.list(ctx, &of, `UPDATE posts SET state = ?, reason = ?, settled_at = ? WHERE id = ? AND state = 'open' RETURNING occurrence_id`,
			state, reason, ms(tx.Now()), post)
		if err != nil || len(of) == 0 {
			return err
		}
		return tx.endOccurrences(ctx, of)
	})
	if err != nil {
		return fmt.Errorf("withhold post %d: %w", post, err)
	}
	return nil
}

// PostponePost implements offer.BoardStore.
func (s Offers) PostponePost(ctx context.Context, post int64, until time.Time) error {
	return s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `UPDATE posts SET next_at = ? WHERE id = ? AND state = 'open'`, ms(until), post)
		return err
	})
}

// SettlePosts is the report hook of posts.
func SettlePosts() ReportHook {
	return func(ctx context.Context, tx *Tx, reports []Report) error {
		var of []settledDelivery
		called := make(map[int64]bool, len(reports))
		for _, r := range reports {
			row := outcomeOf(r)
			var one []settledDelivery
			err := tx.list(ctx, &one, `UPDATE posts SET state = ?, reason = ?, outbox_id = ?, settled_at = ? WHERE id = ?
				RETURNING occurrence_id, state, outbox_id`, row.State, row.Reason, row.Item, row.Settled, row.ID)
			if err != nil {
				return fmt.Errorf("settle post %d: %w", r.ID, err)
			}
			of = append(of, one...)
			called[row.Item] = r.Outcome == outbox.Sent || r.Outcome == outbox.Failed || r.Outcome == outbox.Lost
		}
		return tx.countDeliveries(ctx, of, called)
	}
}
