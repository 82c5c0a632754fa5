package persistence

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement"
	"github.com/rapport-chat/rapport/engagement/survey"
)

// StartSchedule implements survey.Agendas.
func (s Surveys) StartSchedule(ctx context.Context, surveyID, digest string, now time.Time) (time.Time, error) {
	name := "survey/" + surveyID
	var row struct {
		Digest string
		Cursor int64 `db:"cursor_at"`
	}
	err := s.statements.get(ctx, &row, `SELECT digest, cursor_at FROM schedules WHERE name = ?`, name)
	if err == nil && row.Digest == digest {
		return instant(row.Cursor), nil
	}
	if err != nil && !errors.Is(err, conversation.ErrNotFound) {
		return time.Time{}, fmt.Errorf("read schedule %s: %w", name, err)
	}
	err = s.Do(ctx, func(ctx context.Context, tx *Tx) error {
		return tx.get(ctx, &row.Cursor, `INSERT INTO schedules (name, digest, loaded_at, cursor_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET
				loaded_at = CASE WHEN schedules.digest = excluded.digest THEN schedules.loaded_at ELSE excluded.loaded_at END,
				cursor_at = CASE WHEN schedules.digest = excluded.digest THEN schedules.cursor_at ELSE excluded.cursor_at END,
				digest = excluded.digest
			RETURNING cursor_at`, name, digest, ms(now), ms(now))
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("start schedule %s: %w", name, err)
	}
	return instant(row.Cursor), nil
}

// OpenRound implements survey.Agendas.
func (s Surveys) OpenRound(ctx context.Context, surveyID string, due time.Time) error {
	return s.Do(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `INSERT INTO survey_rounds (survey, due_at) VALUES (?, ?) ON CONFLICT (survey, due_at) DO NOTHING`, surveyID, ms(due))
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, `UPDATE schedules SET cursor_at = ? WHERE name = ? AND cursor_at < ?`, ms(due), "survey/"+surveyID, ms(due))
		return err
	})
}

// Rounds implements survey.Agendas.
func (s Surveys) Rounds(ctx context.Context, limit int) ([]survey.Round, error) {
	var rows []struct {
		ID     int64
		Survey string
		Due    int64 `db:"due_at"`
		Cursor int64
	}
	err := s.statements.list(ctx, &rows, `SELECT id, survey, due_at, cursor FROM survey_rounds WHERE finished_at = 0
		ORDER BY due_at, id LIMIT CAST(? AS bigint)`, limit)
	if err != nil {
		return nil, fmt.Errorf("list the rounds of surveys: %w", err)
	}
	out := make([]survey.Round, len(rows))
	for i, r := range rows {
		out[i] = survey.Round{ID: r.ID, Survey: r.Survey, Due: instant(r.Due), Cursor: conversation.CustomerID(r.Cursor)}
	}
	return out, nil
}

// PlanPage implements survey.Agendas.
func (s Surveys) PlanPage(ctx context.Context, r survey.Round, page []survey.Invitation, done bool) error {
	return s.Do(ctx, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.planAll(ctx, page, nil); err != nil {
			return err
		}
		finished := int64(0)
		if done {
			finished = ms(tx.Now())
		}
		_, err := tx.exec(ctx, `UPDATE survey_rounds SET cursor = ?, finished_at = ? WHERE id = ?`, int64(r.Cursor), finished, r.ID)
		return err
	})
}

// Everyone implements survey.Agendas.
func (s Surveys) Everyone(ctx context.Context, after conversation.CustomerID, limit int) ([]conversation.CustomerID, error) {
	var roots []conversation.CustomerID
	err := s.statements.list(ctx, &roots, `SELECT root.id FROM customers root
		WHERE root.id = root.root_id AND root.id > ? AND root.stopped = 0 AND root.forgotten_at = 0 AND EXISTS (
			SELECT 1 FROM customers own JOIN identities i ON i.customer_id = own.id WHERE own.root_id = root.id AND i.reach = 'ok')
		ORDER BY root.id LIMIT CAST(? AS bigint)`, int64(after), limit)
	if err != nil {
		return nil, fmt.Errorf("list people after %d: %w", after, err)
	}
	return roots, nil
}

// eventsAgain is how many events are looked at again with each page: one may be committed after a later one, and what
// follows from an event is planned once.
const eventsAgain = 100

// surveyEvents names the setting that holds the last event that was looked at.
const surveyEvents = "surveys.events"

// eventCursor is the last event that was looked at.
const eventCursorSQL = `COALESCE((SELECT CAST(value AS bigint) FROM settings WHERE name = 'surveys.events'), 0)`

// NewEvents implements survey.Agendas.
func (s Surveys) NewEvents(ctx context.Context, limit int) ([]engagement.Event, error) {
	var at struct{ Cursor, Newest int64 }
	err := s.statements.get(ctx, &at, `SELECT `+eventCursorSQL+` AS cursor, COALESCE((SELECT max(id) FROM events), 0) AS newest`)
	if err != nil {
		return nil, fmt.Errorf("read which events surveys have seen: %w", err)
	}
	if at.Newest <= at.Cursor {
		return nil, nil
	}
	return s.Events(ctx, at.Cursor-eventsAgain, limit+eventsAgain)
}

// PlanEvents implements survey.Agendas.
func (s Surveys) PlanEvents(ctx context.Context, upTo int64, page []survey.Invitation) error {
	return s.Do(ctx, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.planAll(ctx, page, nil); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `INSERT INTO settings (name, value, updated_at) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
			surveyEvents, strconv.FormatInt(upTo, 10), ms(tx.Now()))
		return err
	})
}

// NextDue implements survey.Agendas.
func (s Surveys) NextDue(ctx context.Context) (time.Time, bool, error) {
	var at int64
	err := s.statements.get(ctx, &at, `SELECT COALESCE(min(at), -1) FROM (
		SELECT min(due_at) AS at FROM survey_invitations WHERE state = 'planned'
		UNION ALL SELECT min(closes_at) FROM survey_invitations WHERE state = 'open'
		UNION ALL SELECT min(remind_at) FROM survey_invitations WHERE remind_at > 0
		UNION ALL SELECT min(alert_at) FROM survey_invitations WHERE alert_at > 0
		UNION ALL SELECT min(again_at) FROM survey_invitations WHERE again_at > 0
		UNION ALL SELECT min(due_at) FROM survey_rounds WHERE finished_at = 0
		UNION ALL SELECT min(happened_at) FROM events WHERE id > `+eventCursorSQL+`) d`)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("read when surveys are due: %w", err)
	}
	return time.UnixMilli(at).UTC(), at >= 0, nil
}

// DueToAsk implements survey.Agendas.
func (s Surveys) DueToAsk(ctx context.Context, now time.Time, limit int) ([]survey.Invitation, error) {
	return invitations(ctx, &s.statements, `WHERE i.state = 'planned' AND i.due_at <= ? ORDER BY i.due_at, i.id LIMIT CAST(? AS bigint)`, ms(now), limit)
}

// DueToRemind implements survey.Agendas.
func (s Surveys) DueToRemind(ctx context.Context, now time.Time, limit int) ([]survey.Invitation, error) {
	return invitations(ctx, &s.statements, `WHERE i.remind_at > 0 AND i.remind_at <= ? ORDER BY i.remind_at, i.id LIMIT CAST(? AS bigint)`, ms(now), limit)
}

// DueToAlert implements survey.Agendas.
func (s Surveys) DueToAlert(ctx context.Context, now time.Time, limit int) ([]survey.Invitation, error) {
	return invitations(ctx, &s.statements, `WHERE i.alert_at > 0 AND i.alert_at <= ? ORDER BY i.alert_at, i.id LIMIT CAST(? AS bigint)`, ms(now), limit)
}

// DueAgain implements survey.Agendas.
func (s Surveys) DueAgain(ctx context.Context, now time.Time, limit int) ([]survey.Invitation, error) {
	return invitations(ctx, &s.statements, `WHERE i.again_at > 0 AND i.again_at <= ? ORDER BY i.again_at, i.id LIMIT CAST(? AS bigint)`, ms(now), limit)
}

// Suppress implements survey.Agendas.
func (s Surveys) Suppress(ctx context.Context, id int64, reason string) error {
	return s.Do(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `UPDATE survey_invitations SET state = CASE WHEN asks > 0 THEN 'declined' ELSE 'suppressed' END, reason = ?
			WHERE id = ? AND state = 'planned'`, reason, id)
		return err
	})
}

// Expire implements survey.Agendas.
func (s Surveys) Expire(ctx context.Context, now time.Time, limit int) (n int, err error) {
	err = s.Do(ctx, func(ctx context.Context, tx *Tx) error {
		rows, err := tx.exec(ctx, `UPDATE survey_invitations SET state = 'expired', step = '', remind_at = 0 WHERE state = 'open' AND id IN (
			SELECT id FROM survey_invitations WHERE state = 'open' AND closes_at <= ? ORDER BY closes_at, id LIMIT CAST(? AS bigint))`, ms(now), limit)
		n = int(rows)
		return err
	})
	return n, err
}
