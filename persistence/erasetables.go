package persistence

import (
	"context"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
)

// erasable is a person as an erasure sees them.
type erasable struct {
	root      conversation.CustomerID
	records   []int64 // all linked ones
	tickets   []int64
	forgotten int64 // when they were erased before, ms; 0: never
	words     []string
}

// erasable gathers it; words are the names, numbers and addresses by which the person may be named elsewhere.
func (s *statements) erasable(ctx context.Context, root conversation.CustomerID) (*erasable, error) {
	p := &erasable{root: root}
	if err := s.list(ctx, &p.records, `SELECT id FROM customers WHERE root_id = ? ORDER BY id`, int64(root)); err != nil {
		return nil, err
	}
	if len(p.records) == 0 {
		return nil, conversation.ErrNotFound
	}
	if err := s.get(ctx, &p.forgotten, `SELECT forgotten_at FROM customers WHERE id = ?`, int64(root)); err != nil {
		return nil, err
	}
	who := ids(s.d, p.records)
	if err := s.list(ctx, &p.tickets, `SELECT id FROM tickets WHERE `+s.d.in("customer_id"), who); err != nil {
		return nil, err
	}
	for _, query := range []string{
		`SELECT name FROM customers WHERE ` + s.d.in("id"),
		`SELECT user_id FROM identities WHERE ` + s.d.in("customer_id"),
		`SELECT display_name FROM identities WHERE ` + s.d.in("customer_id"),
		`SELECT chat FROM conversations WHERE ` + s.d.in("customer_id"),
		`SELECT value FROM facts WHERE ` + s.d.in("customer_id"),
		`SELECT phone FROM orders WHERE ` + s.d.in("customer_id"),
		`SELECT card FROM members WHERE ` + s.d.in("customer_id"),
		`SELECT code FROM vouchers WHERE ` + s.d.in("customer_id"),
		`SELECT text FROM unanswered WHERE ` + s.d.in("customer_id"),
	} {
		var words []string
		if err := s.list(ctx, &words, query, who); err != nil {
			return nil, err
		}
		p.words = append(p.words, words...)
	}
	return p, nil
}

// wiped is how one table is erased: a statement up to its condition, whose own parameters are times of the erasure.
type wiped struct {
	name   string // in the list that operators read; empty: with what stands above
	table  string
	change string
	column string // that names the person's records
	times  int    // how many parameters change has
}

// wipedTables are the tables that are erased by statements alone. Rows that others refer to, and those on which a sum
// rests, stay without what they said; the rest is deleted.
var wipedTables = []wiped{
	{"name, language, zone", "customers", `UPDATE customers SET name = '', honorific = '', zone = '', chosen = '', spoken = '', stopped = 1,
		forgotten_at = CASE WHEN forgotten_at = 0 THEN CAST(? AS bigint) ELSE forgotten_at END`, "id", 1},
	{"accounts on channels", "identities", `UPDATE identities SET user_id = 'forgotten:' || CAST(id AS text), display_name = '', locale = '', reach = 'gone',
		reach_reason = 'forgotten', needs_consent = 1`, "customer_id", 0},
	{"chats", "conversations", `UPDATE conversations SET chat = 'forgotten:' || CAST(id AS text), customer_id = NULL, identity_id = NULL, dialogue = '',
		version = version + 1`, "customer_id", 0},
	{"facts of the profile", "facts", `DELETE FROM facts`, "customer_id", 0},
	{"", "link_codes", `DELETE FROM link_codes`, "customer_id", 0},
	{"", "links", `DELETE FROM links`, "customer_id", 0},
	{"", "texts_given", `DELETE FROM texts_given`, "root_id", 0},
	{"surveys", "survey_invitations", `UPDATE survey_invitations SET conversation_id = 0, step = '', remind_at = 0, alert_at = 0, again_at = 0,
		reason = CASE WHEN state IN ('planned', 'sending', 'open') THEN 'forgotten' ELSE reason END,
		state = CASE WHEN state IN ('planned', 'sending') THEN 'suppressed' WHEN state = 'open' THEN 'expired' ELSE state END`, "customer_id", 0},
	{"feedback", "feedback_items", `UPDATE feedback_items SET text = '', attachments = '', themes = ''`, "customer_id", 0},
	{"phone numbers of orders", "orders", `UPDATE orders SET phone = ''`, "customer_id", 0},
	{"membership", "members", `UPDATE members SET card = 'forgotten-' || CAST(customer_id AS text), invite = 'forgotten-' || CAST(customer_id AS text),
		review_at = 0, notices = 0, left_at = CASE WHEN left_at = 0 THEN CAST(? AS bigint) ELSE left_at END`, "customer_id", 1},
	{"remarks on points", "ledger_entries", `UPDATE ledger_entries SET detail = ''`, "customer_id", 0},
	{"codes", "vouchers", `UPDATE vouchers SET code = 'forgotten-' || CAST(id AS text), state = CASE WHEN state = 'valid' THEN 'cancelled' ELSE state END`, "customer_id", 0},
	{"reasons of offers", "deliveries", `UPDATE deliveries SET why = 'null'`, "customer_id", 0},
	{"unanswered questions", "unanswered", `UPDATE unanswered SET text = '', customer_id = NULL,
		closed_at = CASE WHEN closed_at = 0 THEN CAST(? AS bigint) ELSE closed_at END`, "customer_id", 1},
	{"tickets", "tickets", `UPDATE tickets SET words = '', card_face = '', conversation_id = NULL, version = version + 1,
		resolved_by = CASE WHEN state = 'resolved' THEN resolved_by ELSE 'forgotten' END, state = 'resolved',
		resolved_at = CASE WHEN resolved_at = 0 THEN CAST(? AS bigint) ELSE resolved_at END, changed_at = CAST(? AS bigint),
		asked_at = 0, due_at = 0, told_until = 0, snoozed_until = 0, reopen_until = 0, wake_at = 0, group_due_at = 0, up_told_at = down_told_at`, "customer_id", 2},
}

// only is what keeps a second time from changing anything.
func (w wiped) only() string {
	if w.table == "tickets" {
		return ` AND (state <> 'resolved' OR conversation_id IS NOT NULL OR words <> '')`
	}
	return ""
}

// wipeTables erases what wipedTables says, and what hangs on its rows.
func (tx *Tx) wipeTables(ctx context.Context, p *erasable) error {
	who, now := ids(tx.d, p.records), ms(tx.Now())
	for _, w := range []struct {
		sql  string
		args []any
	}{
		// A phrasing for which one person alone has voted is that person's words.
		{`DELETE FROM learned_phrasings WHERE state = 'vote' AND votes <= 1 AND text IN (SELECT text FROM unanswered WHERE ` + tx.d.in("customer_id") + `)`, []any{who}},
		{`UPDATE lessons SET words = '' WHERE words <> '' AND ` + tx.d.in("ticket_id"), []any{ids(tx.d, p.tickets)}},
		{`UPDATE audit SET detail = '' WHERE subject_kind = 'customer' AND ` + tx.d.in("subject_id"), []any{who}},
		{`UPDATE audit SET detail = '' WHERE subject_kind = 'ticket' AND ` + tx.d.in("subject_id"), []any{ids(tx.d, p.tickets)}},
	} {
		if _, err := tx.exec(ctx, w.sql, w.args...); err != nil {
			return err
		}
	}
	for _, w := range wipedTables {
		args := make([]any, 0, w.times+1)
		for range w.times {
			args = append(args, now)
		}
		if _, err := tx.exec(ctx, w.change+` WHERE `+tx.d.in(w.column)+w.only(), append(args, who)...); err != nil {
			return fmt.Errorf("erase in %s: %w", w.table, err)
		}
	}
	return nil
}
