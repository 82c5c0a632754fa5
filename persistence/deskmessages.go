package persistence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/engagement"
)

// deskMessageRow is a message of a ticket as it is stored.
type deskMessageRow struct {
	ID          int64
	Ticket      int64 `db:"ticket_id"`
	Key         string
	Direction   string
	Author      string
	AuthorName  string `db:"author_name"`
	Text        string
	Attachments string
	ReceivedBy  string `db:"received_by"`
	Inbox       int64  `db:"inbox_id"`
	MessageID   string `db:"message_id"`
	Way         string
	State       string
	Code        string
	Attempt     int
	Outbox      int64 `db:"outbox_id"`
	Files       string
	Note        int64 `db:"note_id"`
	Echo        int64 `db:"echo_id"`
	Learn       string
	Deleted     bool
	Written     int64 `db:"written_at"`
	Changed     int64 `db:"changed_at"`
}

const deskMessageSQL = `SELECT id, ticket_id, key, direction, author, author_name, text, attachments, received_by, inbox_id, message_id, way,
	state, code, attempt, outbox_id, files, note_id, echo_id, learn, deleted, written_at, changed_at FROM ticket_messages `

func (r *deskMessageRow) message() (desk.Message, error) {
	m := desk.Message{
		ID: r.ID, Ticket: desk.TicketID(r.Ticket), Key: r.Key, Direction: desk.Direction(r.Direction),
		Author: desk.Member{ID: r.Author, Name: r.AuthorName}, Text: r.Text, From: r.ReceivedBy, Inbox: r.Inbox, MessageID: r.MessageID,
		Way: r.Way, State: r.State, Code: r.Code, Attempt: r.Attempt, Outgoing: conversation.OutgoingID(r.Outbox),
		Note: conversation.OutgoingID(r.Note), Echo: conversation.OutgoingID(r.Echo), Deleted: r.Deleted,
		WrittenAt: instant(r.Written), ChangedAt: instant(r.Changed),
	}
	if r.Learn != "" {
		m.Learn = json.RawMessage(r.Learn)
	}
	for text, into := range map[string]any{r.Attachments: &m.Attachments, r.Files: &m.Files} {
		if text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(text), into); err != nil {
			return m, fmt.Errorf("decode message %d of ticket %d: %w", r.ID, r.Ticket, err)
		}
	}
	return m, nil
}

func readDeskMessage(ctx context.Context, on *statements, where string, args ...any) (desk.Message, error) {
	var row deskMessageRow
	if err := on.get(ctx, &row, deskMessageSQL+where, args...); err != nil {
		if errors.Is(err, conversation.ErrNotFound) {
			return desk.Message{}, err
		}
		return desk.Message{}, fmt.Errorf("read a message of a ticket: %w", err)
	}
	return row.message()
}

func listDeskMessages(ctx context.Context, on *statements, where string, args ...any) ([]desk.Message, error) {
	var rows []deskMessageRow
	if err := on.list(ctx, &rows, deskMessageSQL+where, args...); err != nil {
		return nil, fmt.Errorf("list messages of a ticket: %w", err)
	}
	out := make([]desk.Message, len(rows))
	for i := range rows {
		m, err := rows[i].message()
		if err != nil {
			return nil, err
		}
		out[i] = m
	}
	return out, nil
}

// Messages implements desk.Stores.
func (d Desk) Messages(ctx context.Context, id desk.TicketID, limit int) ([]desk.Message, error) {
	list, err := listDeskMessages(ctx, &d.db.statements, `WHERE ticket_id = ? ORDER BY id DESC LIMIT CAST(? AS bigint)`, int64(id), limit)
	slices.Reverse(list)
	return list, err
}

// Message implements desk.Stores.
func (d Desk) Message(ctx context.Context, key string) (desk.Message, error) {
	return readDeskMessage(ctx, &d.db.statements, `WHERE key = ?`, clean(key))
}

// MessageByID implements desk.Stores.
func (d Desk) MessageByID(ctx context.Context, id int64) (desk.Message, error) {
	return readDeskMessage(ctx, &d.db.statements, `WHERE id = ?`, id)
}

// Message implements desk.Books.
func (b deskBooks) Message(ctx context.Context, key string) (desk.Message, error) {
	return readDeskMessage(ctx, &b.tx.statements, `WHERE key = ?`+b.tx.d.lockRow, clean(key))
}

// MessageByID implements desk.Books.
func (b deskBooks) MessageByID(ctx context.Context, id int64) (desk.Message, error) {
	return readDeskMessage(ctx, &b.tx.statements, `WHERE id = ?`+b.tx.d.lockRow, id)
}

// Newest implements desk.Books.
func (b deskBooks) Newest(ctx context.Context, id desk.TicketID, author string) (row int64, err error) {
	err = b.tx.get(ctx, &row, `SELECT COALESCE(max(id), 0) FROM ticket_messages WHERE ticket_id = ? AND author = ? AND direction <> 'in'`, int64(id), clean(author))
	if err != nil {
		return 0, fmt.Errorf("read the last message of a member of staff about ticket %d: %w", id, err)
	}
	return row, nil
}

// Unposted implements desk.Books.
func (b deskBooks) Unposted(ctx context.Context, id desk.TicketID) ([]desk.Message, error) {
	return listDeskMessages(ctx, &b.tx.statements, `WHERE ticket_id = ? AND direction = 'in' AND outbox_id = 0 ORDER BY id`, int64(id))
}

// Add implements desk.Books.
func (b deskBooks) Add(ctx context.Context, m desk.Message) (desk.Message, bool, error) {
	files, err := lists(m.Attachments)
	if err != nil {
		return m, false, err
	}
	err = b.tx.get(ctx, &m.ID, `INSERT INTO ticket_messages (ticket_id, key, direction, author, author_name, text, attachments, received_by,
		inbox_id, message_id, way, state, attempt, learn, written_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (key) DO NOTHING RETURNING id`,
		int64(m.Ticket), clean(m.Key), string(m.Direction), clean(m.Author.ID), clean(m.Author.Name), shorten(clean(m.Text), maxWords), files, m.From,
		m.Inbox, clean(m.MessageID), m.Way, m.State, m.Attempt, string(m.Learn), ms(m.WrittenAt))
	if err == nil {
		return m, true, nil
	}
	if !errors.Is(err, conversation.ErrNotFound) {
		return m, false, fmt.Errorf("keep a message of ticket %d: %w", m.Ticket, err)
	}
	kept, err := b.Message(ctx, m.Key)
	return kept, false, err
}

// SaveMessage implements desk.Books.
func (b deskBooks) SaveMessage(ctx context.Context, m desk.Message) error {
	files, err := lists(m.Files)
	if err != nil {
		return err
	}
	_, err = b.tx.exec(ctx, `UPDATE ticket_messages SET direction = ?, author = ?, author_name = ?, text = ?, way = ?, state = ?, code = ?, attempt = ?, outbox_id = ?,
		files = ?, note_id = ?, echo_id = ?, learn = ?, deleted = ?, changed_at = ? WHERE id = ?`,
		string(m.Direction), clean(m.Author.ID), clean(m.Author.Name), shorten(clean(m.Text), maxWords), m.Way, m.State, clean(m.Code), m.Attempt, int64(m.Outgoing), files, int64(m.Note),
		int64(m.Echo), string(m.Learn), flag(m.Deleted), ms(m.ChangedAt), m.ID)
	if err != nil {
		return fmt.Errorf("save message %d of ticket %d: %w", m.ID, m.Ticket, err)
	}
	return nil
}

// lists is a list as JSON, empty for none.
func lists[T any](list []T) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	return objects(list)
}

// TellResolved implements desk.Books.
func (b deskBooks) TellResolved(ctx context.Context, t desk.Ticket) error {
	if t.Customer == 0 {
		return nil
	}
	key := fmt.Sprintf("ticket:%d", t.ID)
	if t.Reopened > 0 {
		key = fmt.Sprintf("%s:%d", key, t.Reopened)
	}
	_, err := b.tx.Emit(ctx, engagement.Event{Kind: engagement.EventTicketResolved, Key: key, Customer: t.Customer, At: b.tx.Now()})
	return err
}
