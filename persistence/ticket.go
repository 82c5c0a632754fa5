package persistence

import (
	"context"
	"errors"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
)

// maxWords is how much of what a customer said a ticket keeps, in bytes.
const maxWords = 16_000

// ReasonMore is the reason of what is added to whichever ticket a person has. Of other reasons, what has no topic goes
// to the ticket that somebody works on already.
const ReasonMore = "more"

// OpenTicket implements conversation.Tx.
func (tx *Tx) OpenTicket(ctx context.Context, h conversation.Handoff) error {
	now := ms(tx.Now())
	if h.Topic == "" {
		err := tx.get(ctx, &h.Topic, `SELECT topic FROM tickets WHERE root_id = ? AND state <> 'resolved'
			AND (state IN ('claimed', 'waiting') OR CAST(? AS text) = '`+ReasonMore+`') ORDER BY id DESC LIMIT 1`,
			int64(tx.turn.root), h.Reason)
		if err != nil && !errors.Is(err, conversation.ErrNotFound) {
			return fmt.Errorf("find the open ticket of %d: %w", tx.turn.root, err)
		}
	}
	asked := now
	if h.Silent {
		asked = 0
	}
	var row struct {
		ID     int64
		Opened int64
	}
	err := tx.get(ctx, &row, `INSERT INTO tickets (customer_id, root_id, conversation_id, topic, reason, lang, words, urgent, silent, opened_at, changed_at, asked_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (root_id, topic) WHERE state <> 'resolved' DO UPDATE SET
			words = CASE WHEN excluded.words = '' THEN tickets.words WHEN tickets.words = '' THEN excluded.words
				ELSE substr(tickets.words || CAST(? AS text) || excluded.words, 1, 16000) END,
			version = tickets.version + CASE WHEN excluded.urgent > tickets.urgent THEN 1 ELSE 0 END,
			urgent = CASE WHEN excluded.urgent > tickets.urgent THEN excluded.urgent ELSE tickets.urgent END,
			silent = CASE WHEN excluded.silent < tickets.silent THEN excluded.silent ELSE tickets.silent END,
			added = tickets.added + 1, changed_at = excluded.changed_at
		RETURNING id, CASE WHEN added = 0 THEN 1 ELSE 0 END AS opened`,
		nullID(tx.turn.person), nullID(tx.turn.root), nullID(tx.turn.conversation), clean(h.Topic), h.Reason, string(h.Lang),
		shorten(clean(h.Words), maxWords), flag(h.Urgent), flag(h.Silent), now, now, asked, "\n")
	if err != nil {
		return fmt.Errorf("open a ticket for %d: %w", tx.turn.root, err)
	}
	t := Ticket{
		ID: row.ID, Fresh: row.Opened == 1, Customer: tx.turn.person, Root: tx.turn.root, Conversation: tx.turn.conversation,
		Handoff: h, At: tx.Now(),
	}
	tx.db.hooks.mu.RLock()
	follow := tx.db.hooks.tickets
	tx.db.hooks.mu.RUnlock()
	for _, f := range follow {
		if err := f(ctx, tx, t); err != nil {
			return fmt.Errorf("follow ticket %d: %w", row.ID, err)
		}
	}
	return nil
}

// Attended implements conversation.Tx. A ticket that nobody has taken up and of which the customer knows nothing does not
// count.
func (tx *Tx) Attended(ctx context.Context) (bool, error) {
	var attended bool
	err := tx.get(ctx, &attended, `SELECT CASE WHEN EXISTS (SELECT 1 FROM tickets WHERE root_id = ? AND state <> 'resolved'
		AND (state IN ('claimed', 'waiting') OR silent = 0)) THEN 1 ELSE 0 END`, int64(tx.turn.root))
	if err != nil {
		return false, fmt.Errorf("look for the tickets of %d: %w", tx.turn.root, err)
	}
	return attended, nil
}

// nullID is an id as it is stored, with NULL for nobody.
func nullID[T ~int64](id T) any {
	if id == 0 {
		return nil
	}
	return int64(id)
}
