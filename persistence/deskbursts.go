package persistence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
)

// Recent implements desk.Burst.
func (s DeskTimes) Recent(ctx context.Context, to conversation.Address, since time.Time) (cards, waiting int, err error) {
	var row struct{ Cards, Waiting int }
	err = s.db.statements.get(ctx, &row, `SELECT
		(SELECT count(*) FROM tickets WHERE opened_at > ? AND card_outbox_id > 0 AND card_account = ? AND card_chat = ?) AS cards,
		(SELECT count(*) FROM tickets t JOIN outbox o ON o.id = CASE WHEN t.card_outbox_id > 0 THEN t.card_outbox_id ELSE t.group_outbox_id END
			WHERE t.seen_at = 0 AND t.state = 'open' AND o.state IN (0, 1) AND o.account = ? AND o.chat = ?) AS waiting`,
		ms(since), to.Account, to.Chat, to.Account, to.Chat)
	if err != nil {
		return 0, 0, fmt.Errorf("count the cards of %s: %w", to.Chat, err)
	}
	return row.Cards, row.Waiting, nil
}

// Hold implements desk.Burst. A held ticket counts as shown, so that it gets no card until it moves on.
func (s DeskTimes) Hold(ctx context.Context, list []desk.Ticket, due time.Time) (held []desk.TicketID, err error) {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b desk.Ticket) int { return int(a.ID - b.ID) })
	err = s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		held = nil
		for _, t := range list {
			n, err := tx.exec(ctx, `UPDATE tickets SET card_shows = version, group_due_at = CASE WHEN group_due_at > 0 THEN group_due_at ELSE ? END
				WHERE id = ? AND version = ? AND state = 'open' AND card_outbox_id = 0 AND group_outbox_id = 0`, ms(due), int64(t.ID), t.Version)
			if err != nil {
				return fmt.Errorf("hold ticket %d: %w", t.ID, err)
			}
			if n == 1 {
				held = append(held, t.ID)
			}
		}
		return nil
	})
	return held, err
}

// Held implements desk.Burst.
func (s DeskTimes) Held(ctx context.Context, limit int) ([]desk.HeldTicket, error) {
	var rows []struct {
		ID  int64
		Due int64 `db:"group_due_at"`
	}
	err := s.db.statements.list(ctx, &rows, `SELECT id, group_due_at FROM tickets WHERE group_due_at > 0
		ORDER BY urgent DESC, priority DESC, id LIMIT CAST(? AS bigint)`, limit)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	list := make([]int64, len(rows))
	for i, r := range rows {
		list[i] = r.ID
	}
	tickets, err := listTickets(ctx, &s.db.statements, `WHERE `+s.db.dialect.in("t.id"), ids(s.db.dialect, list))
	if err != nil {
		return nil, err
	}
	byID := map[int64]desk.Ticket{}
	for _, t := range tickets {
		byID[int64(t.ID)] = t
	}
	out := make([]desk.HeldTicket, len(rows))
	for i, r := range rows {
		out[i] = desk.HeldTicket{Ticket: byID[r.ID], Due: instant(r.Due)}
	}
	return out, nil
}

// Postpone implements desk.Burst.
func (s DeskTimes) Postpone(ctx context.Context, list []desk.TicketID, due time.Time) error {
	if len(list) == 0 {
		return nil
	}
	return s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `UPDATE tickets SET group_due_at = ? WHERE group_due_at > 0 AND `+tx.d.in("id"), ms(due), ids(tx.d, list))
		if err != nil {
			return fmt.Errorf("hold %d tickets for longer: %w", len(list), err)
		}
		return nil
	})
}

// Group implements desk.Burst.
func (s DeskTimes) Group(ctx context.Context, in conversation.Tx, list []desk.TicketID) ([]desk.Ticket, error) {
	tx := From(in)
	locked, err := listTickets(ctx, &tx.statements, `WHERE t.group_due_at > 0 AND `+tx.d.in("t.id")+` ORDER BY t.id`+tx.d.lockOf("t"), ids(tx.d, list))
	if err != nil {
		return nil, err
	}
	if _, err := tx.exec(ctx, `UPDATE tickets SET group_due_at = 0 WHERE `+tx.d.in("id"), ids(tx.d, list)); err != nil {
		return nil, fmt.Errorf("hold %d tickets no longer: %w", len(list), err)
	}
	var out []desk.Ticket
	for _, id := range list {
		for _, t := range locked {
			if t.ID == id && t.State == desk.Open && t.Card.Of == 0 {
				out = append(out, t)
			}
		}
	}
	return out, nil
}

// Grouped implements desk.Burst.
func (s DeskTimes) Grouped(ctx context.Context, in conversation.Tx, message conversation.OutgoingID, list []desk.Ticket) error {
	tx := From(in)
	for place, t := range list {
		_, err := tx.exec(ctx, `INSERT INTO ticket_groups (outbox_id, place, ticket_id, shows) VALUES (?, ?, ?, ?)`, int64(message), place, int64(t.ID), t.Version)
		if err == nil {
			_, err = tx.exec(ctx, `UPDATE tickets SET group_outbox_id = ?, card_shows = version WHERE id = ?`, int64(message), int64(t.ID))
		}
		if err != nil {
			return fmt.Errorf("note that message %d shows ticket %d: %w", message, t.ID, err)
		}
	}
	return nil
}

// GroupsBehind implements desk.Burst.
func (s DeskTimes) GroupsBehind(ctx context.Context, limit int) ([]conversation.OutgoingID, error) {
	var out []conversation.OutgoingID
	err := s.db.statements.list(ctx, &out, `SELECT DISTINCT g.outbox_id FROM ticket_groups g JOIN tickets t ON t.id = g.ticket_id
		WHERE g.live = 1 AND t.state <> 'open' ORDER BY g.outbox_id LIMIT CAST(? AS bigint)`, limit)
	if err != nil {
		return nil, fmt.Errorf("list messages about several tickets: %w", err)
	}
	return out, nil
}

// OfGroup implements desk.Burst.
func (s DeskTimes) OfGroup(ctx context.Context, in conversation.Tx, message conversation.OutgoingID) (to conversation.Address, list []desk.Ticket, err error) {
	tx := From(in)
	err = tx.get(ctx, &to, `SELECT channel, account, chat FROM outbox WHERE id = ?`, int64(message))
	if errors.Is(err, conversation.ErrNotFound) { // long gone
		_, err = tx.exec(ctx, `UPDATE ticket_groups SET live = 0 WHERE outbox_id = ?`, int64(message))
		return to, nil, err
	}
	if err != nil {
		return to, nil, fmt.Errorf("read where message %d stands: %w", message, err)
	}
	locked, err := listTickets(ctx, &tx.statements, `WHERE t.id IN (SELECT ticket_id FROM ticket_groups WHERE outbox_id = ?) ORDER BY t.id`+
		tx.d.lockOf("t"), int64(message))
	if err != nil {
		return to, nil, err
	}
	var order []int64
	if err := tx.list(ctx, &order, `SELECT ticket_id FROM ticket_groups WHERE outbox_id = ? ORDER BY place`, int64(message)); err != nil {
		return to, nil, fmt.Errorf("read the order of message %d: %w", message, err)
	}
	for _, id := range order {
		for _, t := range locked {
			if int64(t.ID) == id {
				list = append(list, t)
			}
		}
	}
	return to, list, nil
}

// GroupShown implements desk.Burst.
func (s DeskTimes) GroupShown(ctx context.Context, in conversation.Tx, message conversation.OutgoingID, list []desk.Ticket) error {
	tx := From(in)
	for _, t := range list {
		_, err := tx.exec(ctx, `UPDATE ticket_groups SET shows = ?, live = ? WHERE outbox_id = ? AND ticket_id = ?`,
			t.Version, flag(t.State == desk.Open), int64(message), int64(t.ID))
		if err != nil {
			return fmt.Errorf("note what message %d shows of ticket %d: %w", message, t.ID, err)
		}
	}
	return nil
}

// GroupSent is the ReportHook of messages that show several tickets: staff can see them now.
func GroupSent(ctx context.Context, tx *Tx, reports []Report) error {
	for _, r := range reports {
		if r.MessageID == "" {
			continue
		}
		if err := tx.ticketsSeen(ctx, `id IN (SELECT ticket_id FROM ticket_groups WHERE outbox_id = ?)`, int64(r.Item), r.At); err != nil {
			return err
		}
	}
	return nil
}
