package persistence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/language"
)

// Desk implements desk.Stores.
type Desk struct{ db *DB }

var _ desk.Stores = Desk{}

// Desk answers the store of tickets.
func (db *DB) Desk() Desk { return Desk{db} }

// In implements desk.Stores.
func (Desk) In(tx conversation.Tx) desk.Books { return deskBooks{From(tx)} }

// Do implements desk.Stores.
func (d Desk) Do(ctx context.Context, fn func(ctx context.Context, tx conversation.Tx) error) error {
	return d.db.Do(ctx, func(ctx context.Context, tx *Tx) error { return fn(ctx, tx) })
}

// ticketRow is a ticket as it is stored, with its chat and its card.
type ticketRow struct {
	ID           int64
	Version      int64
	Customer     int64
	Root         int64
	Conversation int64
	Account      string
	Chat         string
	Channel      string
	Topic        string
	Reason       string
	Lang         string
	Words        string
	Urgent       bool
	Silent       bool
	Priority     int
	State        string
	Owner        string
	OwnerName    string `db:"owner_name"`
	Opened       int64  `db:"opened_at"`
	Changed      int64  `db:"changed_at"`
	Claimed      int64  `db:"claimed_at"`
	First        int64  `db:"first_response_at"`
	Asked        int64  `db:"asked_at"`
	Due          int64  `db:"due_at"`
	Told         int64  `db:"told_until"`
	Snoozed      int64  `db:"snoozed_until"`
	Resolved     int64  `db:"resolved_at"`
	Reopen       int64  `db:"reopen_until"`
	Reminded     int64  `db:"reminded_at"`
	Escalated    int64  `db:"escalated_at"`
	LateTold     int64  `db:"late_told_at"`
	Missed       int
	Replies      int
	Added        int
	Reopened     int
	ResolvedBy   string `db:"resolved_by"`
	CardAccount  string `db:"card_account"`
	CardChannel  string `db:"card_channel"`
	CardChat     string `db:"card_chat"`
	CardOf       int64  `db:"card_outbox_id"`
	CardShows    int64  `db:"card_shows"`
	CardFace     string `db:"card_face"`
	RealChat     string `db:"real_chat"`
	Thread       string
}

// ticketSQL reads ticketRows.
const ticketSQL = `SELECT t.id, t.version, COALESCE(t.customer_id, 0) AS customer, COALESCE(t.root_id, 0) AS root,
	COALESCE(t.conversation_id, 0) AS conversation, COALESCE(c.account, '') AS account, COALESCE(c.chat, '') AS chat,
	COALESCE(c.channel, '') AS channel, t.topic, t.reason, t.lang, t.words, t.urgent, t.silent, t.priority, t.state, t.owner,
	t.owner_name, t.opened_at, t.changed_at, t.claimed_at, t.first_response_at, t.asked_at, t.due_at, t.told_until,
	t.snoozed_until, t.resolved_at, t.reopen_until, t.reminded_at, t.escalated_at, t.late_told_at, t.missed, t.replies, t.added,
	t.reopened, t.resolved_by, t.card_account, t.card_channel, t.card_chat, t.card_outbox_id, t.card_shows, t.card_face,
	COALESCE(k.real_chat, '') AS real_chat, COALESCE(k.thread, '') AS thread
	FROM tickets t LEFT JOIN conversations c ON c.id = t.conversation_id LEFT JOIN ticket_cards k ON k.outbox_id = t.card_outbox_id `

func (r *ticketRow) ticket() desk.Ticket {
	return desk.Ticket{
		ID: desk.TicketID(r.ID), Version: r.Version, Customer: conversation.CustomerID(r.Customer), Root: conversation.CustomerID(r.Root),
		Conversation: conversation.ConversationID(r.Conversation),
		To:           conversation.Address{Channel: r.Channel, Account: r.Account, Chat: r.Chat},
		Topic:        r.Topic, Reason: r.Reason, Lang: language.Code(r.Lang), Words: r.Words, Urgent: r.Urgent, Silent: r.Silent,
		Priority: r.Priority, State: desk.State(r.State), Owner: desk.Member{ID: r.Owner, Name: r.OwnerName},
		OpenedAt: instant(r.Opened), ChangedAt: instant(r.Changed), ClaimedAt: instant(r.Claimed), FirstResponseAt: instant(r.First),
		AskedAt: instant(r.Asked), DueAt: instant(r.Due), ToldUntil: instant(r.Told), SnoozedUntil: instant(r.Snoozed),
		ResolvedAt: instant(r.Resolved), ReopenUntil: instant(r.Reopen), RemindedAt: instant(r.Reminded), EscalatedAt: instant(r.Escalated),
		LateToldAt: instant(r.LateTold), Missed: r.Missed, Replies: r.Replies, Added: r.Added, Reopened: r.Reopened, ResolvedBy: r.ResolvedBy,
		Card: desk.Card{
			To: conversation.Address{Channel: r.CardChannel, Account: r.CardAccount, Chat: r.CardChat},
			Of: conversation.OutgoingID(r.CardOf), RealChat: r.RealChat, Thread: r.Thread, Shows: r.CardShows, Face: r.CardFace,
		},
	}
}

// readTicket reads one ticket; where follows ticketSQL.
func readTicket(ctx context.Context, on *statements, where string, args ...any) (desk.Ticket, error) {
	var row ticketRow
	if err := on.get(ctx, &row, ticketSQL+where, args...); err != nil {
		if errors.Is(err, conversation.ErrNotFound) {
			return desk.Ticket{}, err
		}
		return desk.Ticket{}, fmt.Errorf("read a ticket: %w", err)
	}
	return row.ticket(), nil
}

// listTickets reads several.
func listTickets(ctx context.Context, on *statements, where string, args ...any) ([]desk.Ticket, error) {
	var rows []ticketRow
	if err := on.list(ctx, &rows, ticketSQL+where, args...); err != nil {
		return nil, fmt.Errorf("list tickets: %w", err)
	}
	tickets := make([]desk.Ticket, len(rows))
	for i := range rows {
		tickets[i] = rows[i].ticket()
	}
	return tickets, nil
}

// Ticket implements desk.Stores.
func (d Desk) Ticket(ctx context.Context, id desk.TicketID) (desk.Ticket, error) {
	return readTicket(ctx, &d.db.statements, `WHERE t.id = ?`, int64(id))
}

// OfThread implements desk.Stores.
func (d Desk) OfThread(ctx context.Context, account, chat, thread string) (desk.Ticket, error) {
	if thread == "" {
		return desk.Ticket{}, conversation.ErrNotFound
	}
	return readTicket(ctx, &d.db.statements, `WHERE t.id = (SELECT ticket_id FROM ticket_cards
		WHERE thread = ? AND account = ? AND (real_chat = ? OR chat = ?) ORDER BY outbox_id DESC LIMIT 1)`,
		clean(thread), clean(account), clean(chat), clean(chat))
}

// OfPerson implements desk.Stores.
func (d Desk) OfPerson(ctx context.Context, who conversation.CustomerID, now time.Time) ([]desk.Ticket, error) {
	return listTickets(ctx, &d.db.statements, `WHERE t.root_id = (SELECT root_id FROM customers WHERE id = ?)
		AND (t.state <> 'resolved' OR t.reopen_until >= ?) ORDER BY t.id DESC`, int64(who), ms(now))
}

// Behind implements desk.Stores.
func (d Desk) Behind(ctx context.Context, limit int) ([]desk.Ticket, error) {
	return listTickets(ctx, &d.db.statements, `WHERE t.card_shows < t.version
		ORDER BY CASE WHEN t.card_outbox_id = 0 THEN 0 ELSE 1 END, t.urgent DESC, t.priority DESC, t.id LIMIT CAST(? AS bigint)`, limit)
}

// deskBooks implements desk.Books.
type deskBooks struct{ tx *Tx }

// Lock implements desk.Books.
func (b deskBooks) Lock(ctx context.Context, id desk.TicketID) (desk.Ticket, error) {
	return readTicket(ctx, &b.tx.statements, `WHERE t.id = ?`+b.tx.d.lockOf("t"), int64(id))
}

// LockOfPerson implements desk.Books. Locks are taken by id, as everywhere.
func (b deskBooks) LockOfPerson(ctx context.Context, root conversation.CustomerID) ([]desk.Ticket, error) {
	list, err := listTickets(ctx, &b.tx.statements, `WHERE t.root_id = ? AND t.state <> 'resolved' ORDER BY t.id`+b.tx.d.lockOf("t"), int64(root))
	slices.Reverse(list)
	return list, err
}

// Save implements desk.Books. What the customer said is written by OpenTicket alone.
func (b deskBooks) Save(ctx context.Context, t desk.Ticket) (desk.Ticket, error) {
	n, err := b.tx.exec(ctx, `UPDATE tickets SET version = version + 1, conversation_id = ?, urgent = ?, silent = ?, priority = ?, state = ?,
		owner = ?, owner_name = ?, changed_at = ?, claimed_at = ?, first_response_at = ?, asked_at = ?, due_at = ?, told_until = ?,
		snoozed_until = ?, resolved_at = ?, reopen_until = ?, reminded_at = ?, escalated_at = ?, late_told_at = ?, missed = ?,
		replies = ?, reopened = ?, resolved_by = ?, card_account = ?, card_channel = ?, card_chat = ?, card_outbox_id = ?
		WHERE id = ? AND version = ?`,
		nullID(t.Conversation), flag(t.Urgent), flag(t.Silent), t.Priority, string(t.State), clean(t.Owner.ID), clean(t.Owner.Name), ms(t.ChangedAt),
		ms(t.ClaimedAt), ms(t.FirstResponseAt), ms(t.AskedAt), ms(t.DueAt), ms(t.ToldUntil), ms(t.SnoozedUntil), ms(t.ResolvedAt),
		ms(t.ReopenUntil), ms(t.RemindedAt), ms(t.EscalatedAt), ms(t.LateToldAt), t.Missed, t.Replies, t.Reopened, t.ResolvedBy,
		t.Card.To.Account, t.Card.To.Channel, t.Card.To.Chat, int64(t.Card.Of), int64(t.ID), t.Version)
	if err != nil {
		return t, fmt.Errorf("save ticket %d: %w", t.ID, err)
	}
	if n == 0 {
		return t, conversation.ErrConflict
	}
	b.tx.tickets = true
	t.Version++
	return t, nil
}

// TierOf implements desk.Books.
func (b deskBooks) TierOf(ctx context.Context, root conversation.CustomerID) (string, error) {
	var tier string
	err := b.tx.get(ctx, &tier, `SELECT m.tier FROM members m JOIN customers l ON l.id = m.customer_id
		WHERE l.root_id = ? AND m.left_at = 0 ORDER BY m.joined_at, m.customer_id LIMIT 1`, int64(root))
	if err != nil && !errors.Is(err, conversation.ErrNotFound) {
		return "", fmt.Errorf("read the tier of %d: %w", root, err)
	}
	return tier, nil
}

// ShowCard implements desk.Books.
func (b deskBooks) ShowCard(ctx context.Context, t desk.Ticket) error {
	_, err := b.tx.exec(ctx, `UPDATE tickets SET card_account = ?, card_channel = ?, card_chat = ?, card_outbox_id = ?, card_shows = ?,
		card_face = ?, priority = ? WHERE id = ?`, t.Card.To.Account, t.Card.To.Channel, t.Card.To.Chat, int64(t.Card.Of), t.Card.Shows, t.Card.Face, t.Priority, int64(t.ID))
	b.tx.tickets = b.tx.tickets || t.Card.Shows < t.Version
	if err == nil && t.Card.Of != 0 {
		_, err = b.tx.exec(ctx, `INSERT INTO ticket_cards (outbox_id, ticket_id, account, chat) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			int64(t.Card.Of), int64(t.ID), t.Card.To.Account, t.Card.To.Chat)
	}
	if err != nil {
		return fmt.Errorf("note the card of ticket %d: %w", t.ID, err)
	}
	return nil
}

// CardSent is the ReportHook of cards: it learns where a card stands.
func CardSent(ctx context.Context, tx *Tx, reports []Report) error {
	for _, r := range reports {
		if r.MessageID == "" {
			continue
		}
		_, err := tx.exec(ctx, `UPDATE ticket_cards SET thread = ?, real_chat = CASE WHEN CAST(? AS text) = '' THEN chat ELSE CAST(? AS text) END
			WHERE outbox_id = ?`, clean(r.MessageID), clean(r.Chat), clean(r.Chat), int64(r.Item))
		if err != nil {
			return fmt.Errorf("note where the card of ticket %d stands: %w", r.ID, err)
		}
		if err := tx.ticketsSeen(ctx, `id = ?`, r.ID, r.At); err != nil {
			return err
		}
	}
	return nil
}

// Audit implements desk.Books.
func (b deskBooks) Audit(ctx context.Context, a desk.Act) error {
	detail := ""
	if a.Detail != nil {
		var err error
		if detail, err = objects([]any{a.Detail}); err != nil {
			return err
		}
		detail = detail[1 : len(detail)-1]
	}
	_, err := b.tx.exec(ctx, `INSERT INTO audit (key, actor, act, subject_kind, subject_id, detail, done_at) VALUES (?, ?, ?, 'ticket', ?, ?, ?)
		ON CONFLICT (key) DO NOTHING`, clean(a.Key), clean(a.By.ID), a.What, int64(a.Ticket), clean(detail), ms(b.tx.Now()))
	if err != nil {
		return fmt.Errorf("keep who did %s: %w", a.What, err)
	}
	return nil
}

// Acts lists what staff did about a ticket, oldest first.
func (d Desk) Acts(ctx context.Context, id desk.TicketID, limit int) ([]desk.Act, error) {
	var rows []struct {
		Key    string
		Actor  string
		Act    string
		Detail string
	}
	err := d.db.statements.list(ctx, &rows, `SELECT key, actor, act, detail FROM audit
		WHERE subject_kind = 'ticket' AND subject_id = ? ORDER BY id LIMIT CAST(? AS bigint)`, int64(id), limit)
	if err != nil {
		return nil, fmt.Errorf("list what was done about ticket %d: %w", id, err)
	}
	acts := make([]desk.Act, len(rows))
	for i, r := range rows {
		acts[i] = desk.Act{Key: r.Key, By: desk.Member{ID: r.Actor}, What: r.Act, Ticket: id}
		if r.Detail != "" {
			acts[i].Detail = json.RawMessage(r.Detail)
		}
	}
	return acts, nil
}
