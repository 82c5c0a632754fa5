package persistence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
)

// Conversations is the inbox and the memory of conversations.
type Conversations struct{ db *DB }

var _ conversation.Store = (*Conversations)(nil)

// Conversations answers the store of the conversation engine.
func (db *DB) Conversations() *Conversations { return &Conversations{db} }

// eventRow is an event on its way into the inbox.
type eventRow struct {
	N       int    `json:"n"`
	Account string `json:"account"`
	Channel string `json:"channel"`
	Chat    string `json:"chat"`
	Private int64  `json:"private"`
	User    string `json:"usr"`
	Event   string `json:"event"`
	Kind    string `json:"kind"`
	Payload string `json:"payload"`
	Gone    string `json:"gone"` // how the event is known if its person was erased; empty: by its own id
	At      int64  `json:"at"`
}

// senderRow is what a batch of events tells about one sender.
type senderRow struct {
	Channel string `json:"channel"`
	User    string `json:"usr"`
	Name    string `json:"name"`
	Locale  string `json:"locale"`
	Reach   string `json:"reach"` // empty: nothing new
	Reason  string `json:"reason"`
	At      int64  `json:"at"`
}

// acceptSQL are the statements of Accept.
type acceptSQL struct {
	insert, update, missing, customers, identities, conversations, orphans string
}

func makeAcceptSQL(d *dialect) acceptSQL {
	events := `WITH i AS MATERIALIZED (
	SELECT e.n, e.account, e.channel, e.chat, e.private, e.usr, e.event, e.kind, e.payload, e.at, e.gone,
		p.customer_id AS customer_id, c.id AS conversation_id,
		CASE WHEN e.usr <> '' AND p.customer_id IS NULL THEN 1 ELSE 0 END AS no_sender,
		CASE WHEN e.chat <> '' AND (c.id IS NULL OR (e.private = 1 AND e.usr <> '' AND c.customer_id IS NULL)) THEN 1 ELSE 0 END AS no_chat
	FROM ` + d.rows("e", "n bigint", "account text", "channel text", "chat text", "private bigint", "usr text",
		"event text", "kind text", "payload text", "at bigint", "gone text") + `
	LEFT JOIN identities p ON p.channel = e.channel AND p.user_id = e.usr
	LEFT JOIN conversations c ON c.account = e.account AND c.chat = e.chat)
`
	senders := d.rows("s", "channel text", "usr text", "name text", "locale text", "reach text", "reason text", "at bigint")
	return acceptSQL{
		// All or none: with a stranger among them nothing is kept until the stranger is made known.
		insert: events + `INSERT INTO inbox (account, event_id, conversation_id, customer_id, kind, payload, received_at)
	SELECT i.account, i.event, i.conversation_id, i.customer_id, i.kind, i.payload, i.at FROM i
	WHERE NOT EXISTS (SELECT 1 FROM i AS stranger WHERE stranger.no_sender + stranger.no_chat > 0)
		AND CASE WHEN i.gone = '' THEN NULL ELSE (SELECT g.id FROM inbox g WHERE g.account = i.account AND g.event_id = i.gone) END IS NULL
	ORDER BY i.n ON CONFLICT (account, event_id) DO NOTHING`,
		update: `UPDATE identities SET
		display_name = CASE WHEN s.name = '' THEN identities.display_name ELSE s.name END,
		locale = CASE WHEN s.locale = '' THEN identities.locale ELSE s.locale END,
		reach = CASE WHEN s.reach = '' THEN identities.reach ELSE s.reach END,
		reach_reason = CASE WHEN s.reach = '' THEN identities.reach_reason ELSE s.reason END,
		reach_at = CASE WHEN s.reach = '' OR s.reach = identities.reach THEN identities.reach_at ELSE s.at END,
		needs_consent = CASE WHEN s.reach = 'gone' THEN 1 ELSE identities.needs_consent END
	FROM ` + senders + ` WHERE identities.channel = s.channel AND identities.user_id = s.usr AND (
		(s.name <> '' AND s.name <> identities.display_name) OR (s.locale <> '' AND s.locale <> identities.locale)
		OR (s.reach <> '' AND s.reach <> identities.reach))`,
		missing: events + `SELECT n, no_sender, no_chat, CASE
		WHEN EXISTS (SELECT 1 FROM inbox k WHERE k.account = i.account AND k.event_id = i.event) THEN 1
		WHEN EXISTS (SELECT 1 FROM inbox k WHERE k.account = i.account AND k.event_id = i.gone) THEN 1 ELSE 0 END AS known
	FROM i WHERE no_sender + no_chat > 0 ORDER BY n`,
		customers: `INSERT INTO customers (root_id, created_at) SELECT 0, s.at FROM ` + senders + ` RETURNING id`,
		identities: `INSERT INTO identities (customer_id, channel, user_id, display_name, locale, created_at)
	SELECT s.customer, s.channel, s.usr, s.name, s.locale, s.at
	FROM ` + d.rows("s", "customer bigint", "channel text", "usr text", "name text", "locale text", "at bigint") + `
	WHERE true ON CONFLICT (channel, user_id) DO NOTHING`,
		orphans: `DELETE FROM customers WHERE ` + d.in("id") + ` AND NOT EXISTS
	(SELECT 1 FROM identities WHERE identities.customer_id = customers.id)`,
		conversations: `INSERT INTO conversations (account, chat, channel, private, customer_id, identity_id, created_at)
	SELECT s.account, s.chat, s.channel, s.private, CASE WHEN s.private = 1 THEN p.customer_id END, CASE WHEN s.private = 1 THEN p.id END, s.at
	FROM ` + d.rows("s", "account text", "chat text", "channel text", "private bigint", "usr text", "at bigint") + `
	LEFT JOIN identities p ON p.channel = s.channel AND p.user_id = s.usr
	WHERE true ON CONFLICT (account, chat) DO UPDATE SET
		customer_id = COALESCE(conversations.customer_id, excluded.customer_id),
		identity_id = COALESCE(conversations.identity_id, excluded.identity_id)`,
	}
}

var acceptSQLite, acceptPostgres = makeAcceptSQL(&sqliteDialect), makeAcceptSQL(&postgresDialect)

func (s *Conversations) acceptSQL() *acceptSQL {
	if s.db.dialect.sqlite {
		return &acceptSQLite
	}
	return &acceptPostgres
}

// Accept implements conversation.Store.
func (s *Conversations) Accept(ctx context.Context, in ...conversation.Inbound) (fresh int, err error) {
	if len(in) == 0 {
		return 0, nil
	}
	s.db.courtesy.talks()
	b, err := s.batch(in)
	if err != nil {
		return 0, err
	}
	if s.db.dialect.joins { // one statement is a transaction of its own
		if fresh, err = s.keepAtOnce(ctx, b); err == nil && fresh == len(in) {
			s.announce(in)
			return fresh, nil
		} else if err != nil && !errors.Is(err, errAgain) {
			return 0, fmt.Errorf("keep %d events: %w", len(in), err)
		}
	}
	err = s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		more, err := b.keepAll(ctx, tx)
		if s.db.dialect.joins {
			fresh += more
		} else {
			fresh = more
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("keep %d events: %w", len(in), err)
	}
	if fresh > 0 {
		s.announce(in)
	}
	return fresh, nil
}

func (s *Conversations) keepAtOnce(ctx context.Context, b *batch) (fresh int, err error) {
	run, cancel, err := alone(ctx)
	if err != nil {
		return 0, err
	}
	defer cancel()
	return b.keep(run, &s.db.statements)
}

// announce tells whoever runs the accounts.
func (s *Conversations) announce(in []conversation.Inbound) {
	told := ""
	for _, e := range in {
		if e.Account != told {
			told = e.Account
			s.db.nudges.tell(note{BoxInbox, clean(told)})
		}
	}
}

// batch is what Accept writes, as parameters.
type batch struct {
	sql     *acceptSQL
	d       *dialect
	rows    []eventRow
	people  []senderRow
	in      []conversation.Inbound
	events  string
	senders string
}

func (s *Conversations) batch(in []conversation.Inbound) (*batch, error) {
	b := &batch{sql: s.acceptSQL(), d: s.db.dialect, in: in, rows: make([]eventRow, len(in))}
	now := ms(s.db.clock.Now())
	place := map[[2]string]int{}
	for n, e := range in {
		if e.Account == "" || e.EventID == "" {
			return nil, errors.New("an event without account or event id cannot be kept")
		}
		if e.Kind != conversation.KindBroken {
			e.Raw = nil
		}
		payload, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("encode event %d: %w", n, err)
		}
		b.rows[n] = eventRow{
			N: n, Account: clean(e.Account), Channel: clean(e.Channel), Chat: clean(e.Chat), Private: flag(e.Private),
			User: clean(e.From.UserID), Event: clean(e.EventID), Kind: string(e.Kind), Payload: string(payload), At: now,
		}
		if e.Staff { // staff are no customers
			b.rows[n].User, b.rows[n].Private = "", 0
		} else {
			b.rows[n].Gone = forgottenEvent(b.rows[n].Event, b.rows[n].Chat, b.rows[n].User)
		}
		if b.rows[n].User == "" {
			continue
		}
		key := [2]string{b.rows[n].Channel, b.rows[n].User}
		at, known := place[key]
		if !known {
			at = len(b.people)
			place[key] = at
			b.people = append(b.people, senderRow{Channel: key[0], User: key[1], At: now})
		}
		b.people[at].learn(e)
	}
	return b, nil
}

// parameters makes the tables of parameters, once they are needed.
func (b *batch) parameters() (err error) {
	if b.events != "" {
		return nil
	}
	if b.events, err = objects(b.rows); err != nil {
		return err
	}
	b.senders, err = objects(b.people)
	return err
}

// learn takes up what an event tells about its sender; a later event wins.
func (r *senderRow) learn(e conversation.Inbound) {
	if e.From.Name != "" {
		r.Name = clean(e.From.Name)
	}
	if e.From.Locale != "" {
		r.Locale = clean(e.From.Locale)
	}
	switch {
	case e.Kind == conversation.KindBlocked:
		r.Reach, r.Reason = "gone", clean(e.Text)
	case e.Kind == conversation.KindBack, e.Private && e.Kind != conversation.KindBroken:
		r.Reach, r.Reason = "ok", ""
	}
}

// keep writes the events if all their senders and chats are known, and otherwise nothing into the inbox.
func (b *batch) keep(ctx context.Context, on *statements) (fresh int, err error) {
	if err := b.parameters(); err != nil {
		return 0, err
	}
	n, err := on.writeAll(ctx, write{b.sql.insert, []any{b.events}}, write{b.sql.update, []any{b.senders}})
	if err != nil {
		return 0, err
	}
	return int(n[0]), nil
}

// keepAll writes the events and makes known whom and what they come from.
func (b *batch) keepAll(ctx context.Context, tx *Tx) (fresh int, err error) {
	if tx.d.sqlite {
		var all bool
		if fresh, all, err = b.keepEach(ctx, tx); err != nil || all {
			return fresh, err
		}
		rest, err := b.keepStrange(ctx, tx)
		return fresh + rest, err
	}
	return b.keepStrange(ctx, tx)
}

// knownRow is what is known about an event's sender and chat.
type knownRow struct {
	Customer     int64  `db:"customer_id"`
	Name         string `db:"display_name"`
	Locale       string
	Reach        string
	Conversation int64
}

// keepEach writes events one by one, which for SQLite is cheaper than a table of parameters: a statement costs no
// round trip. It stops at the first stranger and then answers false; what it kept is kept.
func (b *batch) keepEach(ctx context.Context, tx *Tx) (fresh int, all bool, err error) {
	for n, row := range b.rows {
		var known knownRow
		err := tx.get(ctx, &known, `SELECT p.customer_id, p.display_name, p.locale, p.reach, c.id AS conversation
			FROM identities p JOIN conversations c ON c.account = ? AND c.chat = ?
			WHERE p.channel = ? AND p.user_id = ? AND (c.customer_id IS NOT NULL OR ? = 0)`,
			row.Account, row.Chat, row.Channel, row.User, row.Private)
		if errors.Is(err, conversation.ErrNotFound) {
			return fresh, false, nil
		}
		if err != nil {
			return 0, false, err
		}
		n1, err := tx.exec(ctx, `INSERT INTO inbox (account, event_id, conversation_id, customer_id, kind, payload, received_at)
			SELECT ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE account = ? AND event_id = ?)
			ON CONFLICT (account, event_id) DO NOTHING`,
			row.Account, row.Event, known.Conversation, known.Customer, row.Kind, row.Payload, row.At, row.Account, row.Gone)
		if err != nil {
			return 0, false, err
		}
		fresh += int(n1)
		if err := b.refresh(ctx, tx, n, known); err != nil {
			return 0, false, err
		}
	}
	return fresh, true, nil
}

// refresh writes what event n tells anew about its sender.
func (b *batch) refresh(ctx context.Context, tx *Tx, n int, known knownRow) error {
	var s senderRow
	s.learn(b.in[n])
	if (s.Name == "" || s.Name == known.Name) && (s.Locale == "" || s.Locale == known.Locale) && (s.Reach == "" || s.Reach == known.Reach) {
		return nil
	}
	s.Channel, s.User, s.At = b.rows[n].Channel, b.rows[n].User, b.rows[n].At
	list, err := objects([]senderRow{s})
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, b.sql.update, list)
	return err
}
