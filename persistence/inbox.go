package persistence

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
)

// What an inbox row can be.
const (
	inboxOpen = iota
	inboxDone
	inboxParked
)

// maxCause is how much of a failure's cause is kept, in bytes.
const maxCause = 2000

// inboxRow is a kept event.
type inboxRow struct {
	ID           int64
	Payload      string
	Customer     sql.NullInt64 `db:"customer_id"`
	Conversation sql.NullInt64 `db:"conversation_id"`
	Attempts     int
}

func (r inboxRow) inbound() (conversation.Inbound, error) {
	var in conversation.Inbound
	if err := json.Unmarshal([]byte(r.Payload), &in); err != nil {
		return in, fmt.Errorf("decode inbox row %d: %w", r.ID, err)
	}
	in.ID, in.Attempts = r.ID, r.Attempts
	in.Customer = conversation.CustomerID(r.Customer.Int64)
	in.Conversation = conversation.ConversationID(r.Conversation.Int64)
	return in, nil
}

func inbounds(rows []inboxRow) ([]conversation.Inbound, error) {
	out := make([]conversation.Inbound, len(rows))
	for i, r := range rows {
		in, err := r.inbound()
		if err != nil {
			return nil, err
		}
		out[i] = in
	}
	return out, nil
}

// Unsettled implements conversation.Store. On PostgreSQL ids are given before they are committed: an event may appear
// behind one that was listed already, so a reader looks again from 0 now and then.
func (s *Conversations) Unsettled(ctx context.Context, after int64, limit int) ([]conversation.Inbound, error) {
	var rows []inboxRow
	err := s.db.statements.list(ctx, &rows, `SELECT id, payload, customer_id, conversation_id, attempts FROM inbox
		WHERE state = 0 AND id > ? ORDER BY id LIMIT CAST(? AS bigint)`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list the open inbox: %w", err)
	}
	return inbounds(rows)
}

// UnsettledOf is Unsettled for some accounts, for several processes that each run some.
func (s *Conversations) UnsettledOf(ctx context.Context, accounts []string, after int64, limit int) ([]conversation.Inbound, error) {
	if len(accounts) == 0 {
		return nil, nil
	}
	mine, err := objects(accounts)
	if err != nil {
		return nil, err
	}
	var rows []inboxRow
	// The expression keeps databases from going through all that an account ever received: few events are open.
	err = s.db.statements.list(ctx, &rows, `SELECT id, payload, customer_id, conversation_id, attempts FROM inbox
		WHERE state = 0 AND id > ? AND account || '' IN `+s.db.dialect.texts()+` ORDER BY id LIMIT CAST(? AS bigint)`, after, mine, limit)
	if err != nil {
		return nil, fmt.Errorf("list the open inbox of %d accounts: %w", len(accounts), err)
	}
	return inbounds(rows)
}

// Failed implements conversation.Store.
func (s *Conversations) Failed(ctx context.Context, in conversation.Inbound, cause string) (attempts int, err error) {
	err = s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		return tx.get(ctx, &attempts, `UPDATE inbox SET attempts = attempts + 1, cause = ? WHERE id = ? RETURNING attempts`,
			shorten(clean(cause), maxCause), in.ID)
	})
	if err != nil {
		return 0, fmt.Errorf("count the failure of inbox row %d: %w", in.ID, err)
	}
	return attempts, nil
}

// Parked are events that were given up, for operators.
type Parked struct {
	conversation.Inbound
	Cause string
}

// Parked lists given-up events with an id below before (0: the newest), newest first.
func (s *Conversations) Parked(ctx context.Context, before int64, limit int) ([]Parked, error) {
	var rows []struct {
		inboxRow
		Cause string
	}
	err := s.db.statements.list(ctx, &rows, `SELECT id, payload, customer_id, conversation_id, attempts, cause FROM inbox
		WHERE state = 2 AND (id < ? OR ? = 0) ORDER BY id DESC LIMIT CAST(? AS bigint)`, before, before, limit)
	if err != nil {
		return nil, fmt.Errorf("list parked events: %w", err)
	}
	out := make([]Parked, len(rows))
	for i, r := range rows {
		in, err := r.inbound()
		if err != nil {
			return nil, err
		}
		out[i] = Parked{in, r.Cause}
	}
	return out, nil
}

// shorten cuts s to at most limit bytes, not inside a character.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && s[limit]&0xC0 == 0x80 {
		limit--
	}
	return s[:limit]
}
