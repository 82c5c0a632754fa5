package persistence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement"
	"github.com/rapport-chat/rapport/engagement/attention"
	"github.com/rapport-chat/rapport/engagement/offer"
)

// Offers implements the stores of offers.
type Offers struct {
	Audiences
}

var (
	_ offer.Store   = Offers{}
	_ offer.Reader  = Offers{}
	_ offer.Control = Offers{}
)

// Offers keeps schedules, occurrences and deliveries.
func (db *DB) Offers() Offers { return Offers{db.Audiences()} }

// LoadSchedule implements offer.Store.
func (s Offers) LoadSchedule(ctx context.Context, name, digest string, now time.Time) (offer.Schedule, error) {
	err := s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `INSERT INTO schedules (name, digest, loaded_at, cursor_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, loaded_at = excluded.loaded_at, cursor_at = excluded.cursor_at
			WHERE schedules.digest <> excluded.digest`, name, digest, ms(now), ms(now))
		return err
	})
	if err != nil {
		return offer.Schedule{}, fmt.Errorf("load schedule %s: %w", name, err)
	}
	all, err := s.Schedules(ctx, []string{name})
	return all[name], err
}

// Schedules implements offer.Store.
func (s Offers) Schedules(ctx context.Context, names []string) (map[string]offer.Schedule, error) {
	list, err := objects(names)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Name   string
		Digest string
		Loaded int64 `db:"loaded_at"`
		Cursor int64 `db:"cursor_at"`
		Paused bool
		Why    string `db:"paused_why"`
	}
	err = s.db.statements.list(ctx, &rows, `SELECT name, digest, loaded_at, cursor_at, paused, paused_why FROM schedules WHERE name IN `+s.db.dialect.texts(), list)
	if err != nil {
		return nil, fmt.Errorf("read %d schedules: %w", len(names), err)
	}
	out := make(map[string]offer.Schedule, len(rows))
	for _, r := range rows {
		out[r.Name] = offer.Schedule{
			Name: r.Name, Digest: r.Digest, Loaded: instant(r.Loaded), Cursor: instant(r.Cursor), Paused: r.Paused, Why: r.Why,
		}
	}
	return out, nil
}

// Claim implements offer.Store.
func (s Offers) Claim(ctx context.Context, sched offer.Schedule, cursor time.Time, all []offer.Occurrence) error {
	err := s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := tx.exec(ctx, `UPDATE schedules SET cursor_at = ? WHERE name = ? AND digest = ? AND cursor_at = ?`,
			ms(cursor), sched.Name, sched.Digest, ms(sched.Cursor))
		if err != nil || n == 0 {
			return err // somebody else was faster
		}
		return tx.insertOccurrences(ctx, all)
	})
	if err != nil {
		return fmt.Errorf("claim %d due times of %s: %w", len(all), sched.Name, err)
	}
	return nil
}

// ClaimEvents implements offer.Store.
func (s Offers) ClaimEvents(ctx context.Context, all []offer.Occurrence) error {
	err := s.db.Do(ctx, func(ctx context.Context, tx *Tx) error { return tx.insertOccurrences(ctx, all) })
	if err != nil {
		return fmt.Errorf("claim the occurrences of %d events: %w", len(all), err)
	}
	return nil
}

func (tx *Tx) insertOccurrences(ctx context.Context, all []offer.Occurrence) error {
	for _, o := range all {
		content, err := json.Marshal(o.Content)
		if err != nil {
			return fmt.Errorf("encode offer %s: %w", o.Offer, err)
		}
		state := "open"
		if o.Missed != "" {
			state = "missed"
		}
		stopAt := o.Content.StopAt
		if stopAt == 0 {
			stopAt = 100
		}
		_, err = tx.exec(ctx, `INSERT INTO occurrences (offer, due_at, subject_id, state, reason, content, started_at, stop_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (offer, due_at, subject_id) DO NOTHING`, o.Offer, ms(o.Due), int64(o.Subject), state, o.Missed, string(content), ms(tx.Now()), stopAt)
		if err != nil {
			return err
		}
		if err := tx.insertPosts(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// Unplanned implements offer.Store. Events are few and recent: the newest eventWindow ids are looked at.
func (s Offers) Unplanned(ctx context.Context, id, kind string, after time.Duration, since time.Time, limit int) ([]engagement.Event, error) {
	var rows []struct {
		ID       int64
		Kind     string
		Key      string
		Customer int64 `db:"customer_id"`
		At       int64 `db:"happened_at"`
	}
	err := s.db.statements.list(ctx, &rows, `SELECT e.id, e.kind, e.key, e.customer_id, e.happened_at FROM events e
		WHERE e.id > (SELECT COALESCE(max(id), 0) FROM events) - `+eventWindow+` AND e.kind = ? AND e.happened_at > ?
		AND NOT EXISTS (SELECT 1 FROM occurrences o WHERE o.offer = ? AND o.due_at = e.happened_at + CAST(? AS bigint) AND o.subject_id = e.customer_id)
		ORDER BY e.id LIMIT CAST(? AS bigint)`, kind, ms(since), id, after.Milliseconds(), limit)
	if err != nil {
		return nil, fmt.Errorf("look for events of offer %s: %w", id, err)
	}
	out := make([]engagement.Event, len(rows))
	for i, r := range rows {
		out[i] = engagement.Event{ID: r.ID, Kind: r.Kind, Key: r.Key, Customer: conversation.CustomerID(r.Customer), At: instant(r.At)}
	}
	return out, nil
}

// eventWindow is how many of the newest events are looked at. It is far more than can arrive while nothing runs them
// and far more than can be committed out of order.
const eventWindow = "20000"

// occurrenceRow is an occurrence as it is stored.
type occurrenceRow struct {
	ID      int64
	Offer   string
	Due     int64 `db:"due_at"`
	Subject int64 `db:"subject_id"`
	Next    int64 `db:"next_at"`
	Cursor  int64
	Content string
}

// Open implements offer.Store.
func (s Offers) Open(ctx context.Context, limit int) ([]offer.Occurrence, error) {
	var rows []occurrenceRow
	err := s.db.statements.list(ctx, &rows, `SELECT id, offer, due_at, subject_id, next_at, cursor, content FROM occurrences
		WHERE state = 'open' AND NOT EXISTS (SELECT 1 FROM schedules s WHERE s.name = 'offer/' || occurrences.offer AND s.paused = 1)
		ORDER BY CASE WHEN next_at > due_at THEN next_at ELSE due_at END, id LIMIT CAST(? AS bigint)`, limit)
	if err != nil {
		return nil, fmt.Errorf("list open occurrences: %w", err)
	}
	out := make([]offer.Occurrence, len(rows))
	for i, r := range rows {
		out[i] = offer.Occurrence{
			ID: r.ID, Offer: r.Offer, Due: instant(r.Due), Subject: conversation.CustomerID(r.Subject), Next: instant(r.Next),
			Cursor: conversation.CustomerID(r.Cursor),
		}
		if err := json.Unmarshal([]byte(r.Content), &out[i].Content); err != nil {
			return nil, fmt.Errorf("decode occurrence %d: %w", r.ID, err)
		}
	}
	return out, nil
}

// Waiting implements offer.Store.
func (s Offers) Waiting(ctx context.Context, now time.Time) (due, all int, err error) {
	var n struct {
		Due int
		All int `db:"n"`
	}
	err = s.db.statements.get(ctx, &n, `SELECT COALESCE(max(due), 0) AS due, COALESCE(max(n), 0) AS n FROM (
		SELECT sum(CASE WHEN not_before <= ? THEN 1 ELSE 0 END) AS due, count(*) AS n FROM outbox WHERE state = 0 AND lane = 2 GROUP BY account) a`, ms(now))
	if err != nil {
		return 0, 0, fmt.Errorf("count waiting bulk messages: %w", err)
	}
	return n.Due, n.All, nil
}

// Reach implements offer.Store.
func (s Offers) Reach(ctx context.Context) (map[string]int, error) {
	var rows []struct {
		Channel string
		Count   int `db:"n"`
	}
	err := s.db.statements.list(ctx, &rows, `SELECT channel, count(*) AS n FROM consents_in_force WHERE topic = ? AND granted = 1 GROUP BY channel`,
		attention.TopicOffers)
	if err != nil {
		return nil, fmt.Errorf("count who agreed to offers: %w", err)
	}
	out := make(map[string]int, len(rows))
	for _, r := range rows {
		out[r.Channel] = r.Count
	}
	return out, nil
}

// Postpone implements offer.Store.
func (s Offers) Postpone(ctx context.Context, id int64, until time.Time) error {
	return s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `UPDATE occurrences SET next_at = ? WHERE id = ? AND state = 'open'`, ms(until), id)
		return err
	})
}

// SilentUntil implements offer.Store.
func (s Offers) SilentUntil(ctx context.Context, now time.Time) (time.Time, error) {
	var until int64
	err := s.db.statements.get(ctx, &until, `SELECT COALESCE(max(until_at), 0) FROM silences WHERE from_at <= ? AND until_at > ?`, ms(now), ms(now))
	return instant(until), err
}

// errMovedOn ends a page that somebody else has written.
var errMovedOn = errors.New("another process has written the page")

// Fill implements offer.Store. It does not wait for the disk on SQLite: nothing leaves before it is claimed, which does,
// and a page that is lost with the machine's power is lost with its cursor, and written again.
func (s Offers) Fill(ctx context.Context, p offer.Page) error {
	err := s.db.do(ctx, manner{lazy: true, yields: true, bulk: true}, func(ctx context.Context, tx *Tx) error { return tx.fill(ctx, p) })
	if errors.Is(err, errMovedOn) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write a page of offer %s: %w", p.Occurrence.Offer, err)
	}
	return nil
}
