package persistence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/engagement/offer"
)

// Alerts implements desk.AlertStores, and finds the trouble that the database knows of.
type Alerts struct{ db *DB }

var _ desk.AlertStores = Alerts{}

// Alerts answers the store of operators' alerts.
func (db *DB) Alerts() Alerts { return Alerts{db} }

// alertSetting is followed by a kind.
const alertSetting = "alert:"

// Told implements desk.AlertStores.
func (a Alerts) Told(ctx context.Context, kind string) (desk.Told, error) {
	var value string
	err := a.db.statements.get(ctx, &value, `SELECT value FROM settings WHERE name = ?`, alertSetting+kind)
	if errors.Is(err, conversation.ErrNotFound) {
		return desk.Told{}, nil
	}
	return readTold(value, err)
}

func readTold(value string, err error) (t desk.Told, _ error) {
	if err == nil && value != "" {
		err = json.Unmarshal([]byte(value), &t)
	}
	if err != nil {
		return t, fmt.Errorf("read what was told of a trouble: %w", err)
	}
	return t, nil
}

// LockTold implements desk.AlertStores.
func (Alerts) LockTold(ctx context.Context, in conversation.Tx, kind string) (desk.Told, error) {
	tx := From(in)
	var value string
	err := tx.get(ctx, &value, `INSERT INTO settings (name, value, updated_at) VALUES (?, '', ?)
		ON CONFLICT (name) DO UPDATE SET updated_at = excluded.updated_at RETURNING value`, alertSetting+kind, ms(tx.Now()))
	return readTold(value, err)
}

// SaveTold implements desk.AlertStores.
func (Alerts) SaveTold(ctx context.Context, in conversation.Tx, kind string, t desk.Told) error {
	value, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("encode what was told of %s: %w", kind, err)
	}
	tx := From(in)
	if _, err := tx.exec(ctx, `UPDATE settings SET value = ?, updated_at = ? WHERE name = ?`, clean(string(value)), ms(tx.Now()), alertSetting+kind); err != nil {
		return fmt.Errorf("note what was told of %s: %w", kind, err)
	}
	return nil
}

// Troubles answers how the kinds of trouble stand that the database knows of.
func (a Alerts) Troubles(ctx context.Context) ([]desk.Trouble, error) {
	parked, err := a.count(ctx, desk.EventsParked, `SELECT count(*) AS n, COALESCE(max(settled_at), 0) AS mark FROM inbox WHERE state = 2 AND settled_at > ?`)
	if err != nil {
		return nil, err
	}
	lost, err := a.count(ctx, desk.AnswersLost, `SELECT count(*) AS n, COALESCE(max(created_at), 0) AS mark FROM outbox
		WHERE report_kind = '`+UnansweredReport+`' AND created_at > ?`)
	if err != nil {
		return nil, err
	}
	unknown, err := a.count(ctx, desk.SentUnknown, `SELECT count(*) AS n, COALESCE(max(settled_at), 0) AS mark FROM outbox WHERE state = 3 AND settled_at > ?`)
	if err != nil {
		return nil, err
	}
	stopped := desk.Trouble{Kind: desk.OfferStopped}
	err = a.db.statements.list(ctx, &stopped.Subjects, `SELECT substr(name, 7) AS name FROM schedules
		WHERE name LIKE 'offer/%' AND paused = 1 AND paused_why = ? ORDER BY name`, offer.PausedByFailures)
	if err != nil {
		return nil, fmt.Errorf("list the offers that paused themselves: %w", err)
	}
	return []desk.Trouble{parked, lost, unknown, stopped}, nil
}

// count counts what is newer than what was told.
func (a Alerts) count(ctx context.Context, kind, query string) (desk.Trouble, error) {
	known, err := a.Told(ctx, kind)
	if err != nil {
		return desk.Trouble{}, err
	}
	var row struct {
		N    int
		Mark int64
	}
	if err := a.db.statements.get(ctx, &row, query, known.Mark); err != nil {
		return desk.Trouble{}, fmt.Errorf("count %s: %w", kind, err)
	}
	return desk.Trouble{Kind: kind, Count: row.N, Mark: row.Mark}, nil
}
