package persistence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
)

// DeskTimes implements desk.TimeStores and desk.Burst.
type DeskTimes struct{ db *DB }

var (
	_ desk.TimeStores = DeskTimes{}
	_ desk.Burst      = DeskTimes{}
)

// DeskTimes answers the store of the desk's clocks.
func (db *DB) DeskTimes() DeskTimes { return DeskTimes{db} }

// Timed implements desk.TimeStores.
func (DeskTimes) Timed(tx conversation.Tx) desk.TimeBooks { return timeBooks{From(tx)} }

// Earliest implements desk.TimeStores.
func (s DeskTimes) Earliest(ctx context.Context) (time.Time, bool, error) {
	var at int64
	err := s.db.statements.get(ctx, &at, `SELECT COALESCE(min(at), -1) FROM (
		SELECT min(wake_at) AS at FROM tickets WHERE wake_at > 0
		UNION ALL SELECT min(changed_at) FROM tickets WHERE wake_version <> version
		UNION ALL SELECT min(group_due_at) FROM tickets WHERE group_due_at > 0
		UNION ALL SELECT min(seen_at) FROM tickets WHERE down_told_at > 0 AND up_told_at = 0 AND seen_at > 0 AND state <> 'resolved'
		UNION ALL SELECT min(t.changed_at) FROM ticket_groups g JOIN tickets t ON t.id = g.ticket_id WHERE g.live = 1 AND t.state <> 'open') d`)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("read when tickets are due: %w", err)
	}
	return time.UnixMilli(at).UTC(), at >= 0, nil
}

// Unreckoned implements desk.TimeStores.
func (s DeskTimes) Unreckoned(ctx context.Context, limit int) ([]desk.Ticket, error) {
	return listTickets(ctx, &s.db.statements, `WHERE t.wake_version <> t.version ORDER BY t.id LIMIT CAST(? AS bigint)`, limit)
}

// Reckon implements desk.TimeStores.
func (s DeskTimes) Reckon(ctx context.Context, list []desk.Reckoned) error {
	return s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		for _, r := range list { // in the order of their ids
			_, err := tx.exec(ctx, `UPDATE tickets SET wake_at = ?, wake_version = ? WHERE id = ? AND version = ?`, ms(r.At), r.Version, int64(r.ID), r.Version)
			if err != nil {
				return fmt.Errorf("set the clock of ticket %d: %w", r.ID, err)
			}
		}
		return nil
	})
}

// Due implements desk.TimeStores.
func (s DeskTimes) Due(ctx context.Context, now time.Time, limit int) ([]desk.Ticket, error) {
	return listTickets(ctx, &s.db.statements, `WHERE t.wake_at > 0 AND t.wake_at <= ? ORDER BY t.wake_at, t.id LIMIT CAST(? AS bigint)`, ms(now), limit)
}

// Unseen implements desk.TimeStores.
func (s DeskTimes) Unseen(ctx context.Context, before time.Time, limit int) ([]desk.Ticket, error) {
	return listTickets(ctx, &s.db.statements, `WHERE t.seen_at = 0 AND t.state = 'open' AND t.down_told_at = 0 AND t.silent = 0 AND t.opened_at <= ?
		ORDER BY t.opened_at, t.id LIMIT CAST(? AS bigint)`, ms(before), limit)
}

// Reached implements desk.TimeStores.
func (s DeskTimes) Reached(ctx context.Context, limit int) ([]desk.Ticket, error) {
	return listTickets(ctx, &s.db.statements, `WHERE t.down_told_at > 0 AND t.up_told_at = 0 AND t.seen_at > 0 AND t.state <> 'resolved'
		ORDER BY t.id LIMIT CAST(? AS bigint)`, limit)
}

// Unheard implements desk.TimeStores.
func (s DeskTimes) Unheard(ctx context.Context, id desk.TicketID) (bool, error) {
	var unheard bool
	err := s.db.statements.get(ctx, &unheard, `SELECT CASE WHEN down_told_at > 0 AND up_told_at = 0 THEN 1 ELSE 0 END FROM tickets WHERE id = ?`, int64(id))
	if err != nil {
		return false, fmt.Errorf("read what the customer of ticket %d was told: %w", id, err)
	}
	return unheard, nil
}

// openings names the setting that holds the last opening.
const openings = "desk.opening"

// OpeningCursor implements desk.TimeStores.
func (s DeskTimes) OpeningCursor(ctx context.Context, now time.Time) (time.Time, error) {
	var value string
	err := s.db.statements.get(ctx, &value, `SELECT value FROM settings WHERE name = ?`, openings)
	if errors.Is(err, conversation.ErrNotFound) {
		err = s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
			_, err := tx.exec(ctx, `INSERT INTO settings (name, value, updated_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING`,
				openings, strconv.FormatInt(ms(now), 10), ms(now))
			if err != nil {
				return err
			}
			return tx.get(ctx, &value, `SELECT value FROM settings WHERE name = ?`, openings)
		})
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read the last opening of the desk: %w", err)
	}
	at, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the last opening of the desk: %w", err)
	}
	return instant(at), nil
}

// Unanswered implements desk.TimeStores. Tickets whose customers were not told of them wait since they were opened; each
// of the two kinds is read from an index of its own.
func (s DeskTimes) Unanswered(ctx context.Context, before time.Time, limit int) ([]desk.Ticket, error) {
	list, err := listTickets(ctx, &s.db.statements, `WHERE t.state IN ('open', 'claimed') AND t.asked_at > 0 AND t.asked_at < ? AND t.snoozed_until = 0
		ORDER BY t.asked_at, t.id LIMIT CAST(? AS bigint)`, ms(before), limit)
	if err != nil {
		return nil, err
	}
	silent, err := listTickets(ctx, &s.db.statements, `WHERE t.state IN ('open', 'claimed') AND t.state <> 'resolved' AND t.due_at > 0 AND t.asked_at = 0
		AND t.opened_at < ? AND t.snoozed_until = 0 ORDER BY t.opened_at, t.id LIMIT CAST(? AS bigint)`, ms(before), limit)
	if err != nil {
		return nil, err
	}
	list = append(list, silent...)
	slices.SortStableFunc(list, func(a, b desk.Ticket) int { return a.WaitsSince().Compare(b.WaitsSince()) })
	return list[:min(len(list), limit)], nil
}

// OwnedBy implements desk.TimeStores.
func (s DeskTimes) OwnedBy(ctx context.Context, memberID string, limit int) ([]desk.Ticket, error) {
	return listTickets(ctx, &s.db.statements, `WHERE t.owner = ? AND t.state = 'claimed' ORDER BY t.id LIMIT CAST(? AS bigint)`, clean(memberID), limit)
}

// timeBooks implements desk.TimeBooks.
type timeBooks struct{ tx *Tx }

// Note implements desk.TimeBooks.
func (b timeBooks) Note(ctx context.Context, t desk.Ticket, wake time.Time) error {
	_, err := b.tx.exec(ctx, `UPDATE tickets SET reminded_at = ?, escalated_at = ?, late_told_at = ?, told_until = ?, missed = ?,
		wake_at = ?, wake_version = version WHERE id = ?`,
		ms(t.RemindedAt), ms(t.EscalatedAt), ms(t.LateToldAt), ms(t.ToldUntil), t.Missed, ms(wake), int64(t.ID))
	if err != nil {
		return fmt.Errorf("note the clock of ticket %d: %w", t.ID, err)
	}
	return nil
}

// Answered implements desk.TimeBooks.
func (b timeBooks) Answered(ctx context.Context, topic string, since time.Time, limit int) ([]desk.Answered, error) {
	var rows []struct {
		Opened int64 `db:"opened_at"`
		First  int64 `db:"first_response_at"`
	}
	err := b.tx.list(ctx, &rows, `SELECT opened_at, first_response_at FROM tickets
		WHERE topic = ? AND opened_at >= ? AND first_response_at > 0 AND silent = 0 ORDER BY opened_at DESC LIMIT CAST(? AS bigint)`,
		clean(topic), ms(since), limit)
	if err != nil {
		return nil, fmt.Errorf("read how long customers waited for an answer: %w", err)
	}
	out := make([]desk.Answered, len(rows))
	for i, r := range rows {
		out[i] = desk.Answered{Asked: instant(r.Opened), Replied: instant(r.First)}
	}
	return out, nil
}

// Stuck implements desk.TimeBooks: a ticket that came after the last one that arrived has not arrived by then.
func (b timeBooks) Stuck(ctx context.Context, before time.Time) (bool, error) {
	var stuck bool
	err := b.tx.get(ctx, &stuck, `SELECT CASE WHEN EXISTS (SELECT 1 FROM tickets t WHERE t.seen_at = 0 AND t.state = 'open' AND t.opened_at <= ?
		AND t.opened_at > COALESCE((SELECT max(s.opened_at) FROM tickets s WHERE s.seen_at > 0), 0)) THEN 1 ELSE 0 END`, ms(before))
	if err != nil {
		return false, fmt.Errorf("look whether tickets reach the desk: %w", err)
	}
	return stuck, nil
}

// TellDown implements desk.TimeBooks.
func (b timeBooks) TellDown(ctx context.Context, id desk.TicketID, at time.Time) (bool, error) {
	return b.noteOnce(ctx, `UPDATE tickets SET down_told_at = ? WHERE id = ? AND down_told_at = 0 AND state = 'open' AND seen_at = 0`, id, at)
}

// TellUp implements desk.TimeBooks.
func (b timeBooks) TellUp(ctx context.Context, id desk.TicketID, at time.Time) (bool, error) {
	return b.noteOnce(ctx, `UPDATE tickets SET up_told_at = ? WHERE id = ? AND down_told_at > 0 AND up_told_at = 0`, id, at)
}

func (b timeBooks) noteOnce(ctx context.Context, query string, id desk.TicketID, at time.Time) (bool, error) {
	n, err := b.tx.exec(ctx, query, ms(at), int64(id))
	if err != nil {
		return false, fmt.Errorf("note what the customer of ticket %d was told: %w", id, err)
	}
	return n == 1, nil
}

// MoveOpening implements desk.TimeBooks.
func (b timeBooks) MoveOpening(ctx context.Context, from, to time.Time) (bool, error) {
	n, err := b.tx.exec(ctx, `UPDATE settings SET value = ?, updated_at = ? WHERE name = ? AND value = ?`,
		strconv.FormatInt(ms(to), 10), ms(b.tx.Now()), openings, strconv.FormatInt(ms(from), 10))
	if err != nil {
		return false, fmt.Errorf("note the opening of the desk: %w", err)
	}
	return n == 1, nil
}

// ticketsSeen notes that tickets stand in a staff channel.
func (tx *Tx) ticketsSeen(ctx context.Context, which string, id int64, at time.Time) error {
	if _, err := tx.exec(ctx, `UPDATE tickets SET seen_at = ? WHERE seen_at = 0 AND `+which, ms(at), id); err != nil {
		return fmt.Errorf("note that staff can see a ticket: %w", err)
	}
	return nil
}
