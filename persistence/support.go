package persistence

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
)

// SupportReport implements desk.DigestStores and reads the figures of the support report.
type SupportReport struct{ db *DB }

var _ desk.DigestStores = SupportReport{}

// SupportReport answers the store of the report.
func (db *DB) SupportReport() SupportReport { return SupportReport{db} }

// reportedTickets bounds how many tickets of a period are looked at: the newest.
const reportedTickets = 20_000

// Read reads the figures of a period. now is when what is overdue is counted.
func (s SupportReport) Read(ctx context.Context, from, to, now time.Time) (desk.Support, error) {
	out := desk.Support{From: from, To: to}
	err := s.db.Read(ctx, func(ctx context.Context, r *Reader) error {
		var row struct {
			Uses    int64
			Failed  int64
			Overdue int64
			Low     int64
			Better  int64
		}
		days := []any{from.UTC().Format(dayFormat), to.UTC().Format(dayFormat)}
		err := r.get(ctx, &row, `SELECT
			(SELECT CAST(COALESCE(sum(uses), 0) AS bigint) FROM article_uses WHERE day >= ? AND day < ?) AS uses,
			(SELECT count(*) FROM article_feedback WHERE given_at >= ? AND given_at < ? AND helped = 0) AS failed,
			(SELECT count(*) FROM tickets WHERE state IN ('open', 'claimed') AND asked_at > 0 AND due_at > 0 AND due_at <= ? AND snoozed_until = 0) AS overdue,
			(SELECT count(*) FROM survey_invitations WHERE alerted_at >= ? AND alerted_at < ?) AS low,
			(SELECT count(*) FROM survey_invitations WHERE alerted_at >= ? AND alerted_at < ? AND again = 'yes') AS better`,
			append(days, ms(from), ms(to), ms(now), ms(from), ms(to), ms(from), ms(to))...)
		if err != nil {
			return err
		}
		out.Answered, out.Overdue = int(max(row.Uses-row.Failed, 0)), int(row.Overdue)
		out.Low, out.Solved = int(row.Low), int(row.Better)
		return r.handled(ctx, from, to, &out)
	})
	if err != nil {
		return out, fmt.Errorf("read the support of %s to %s: %w", from.Format(time.DateOnly), to.Format(time.DateOnly), err)
	}
	saved, err := s.db.SavedBy(ctx, from)
	for _, one := range saved {
		out.Savers = append(out.Savers, desk.Saver{Name: one.Author, Answers: one.Lessons, Replies: one.Replies})
	}
	return out, err
}

// handled reads the tickets of a period.
func (r *Reader) handled(ctx context.Context, from, to time.Time, out *desk.Support) error {
	var rows []struct {
		Topic     string
		Opened    int64 `db:"opened_at"`
		First     int64 `db:"first_response_at"`
		Reopened  int
		Escalated int64 `db:"escalated_at"`
	}
	err := r.list(ctx, &rows, `SELECT topic, opened_at, first_response_at, reopened, escalated_at FROM tickets
		WHERE opened_at >= ? AND opened_at < ? AND silent = 0 ORDER BY opened_at DESC LIMIT CAST(? AS bigint)`, ms(from), ms(to), reportedTickets)
	for _, row := range rows {
		out.Tickets = append(out.Tickets, desk.Handled{
			Topic: row.Topic, Opened: instant(row.Opened), First: instant(row.First), Reopened: row.Reopened > 0, Missed: row.Escalated > 0,
		})
	}
	return err
}

// digests names the setting that holds the last digest.
const digests = "desk.digest"

// DigestCursor implements desk.DigestStores.
func (s SupportReport) DigestCursor(ctx context.Context, now time.Time) (time.Time, error) {
	var value string
	err := s.db.statements.get(ctx, &value, `SELECT value FROM settings WHERE name = ?`, digests)
	if errors.Is(err, conversation.ErrNotFound) {
		err = s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
			_, err := tx.exec(ctx, `INSERT INTO settings (name, value, updated_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING`,
				digests, strconv.FormatInt(ms(now), 10), ms(now))
			if err != nil {
				return err
			}
			return tx.get(ctx, &value, `SELECT value FROM settings WHERE name = ?`, digests)
		})
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read the last digest: %w", err)
	}
	at, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the last digest: %w", err)
	}
	return instant(at), nil
}

// MoveDigest implements desk.DigestStores.
func (s SupportReport) MoveDigest(ctx context.Context, in conversation.Tx, from, to time.Time) (bool, error) {
	tx := From(in)
	n, err := tx.exec(ctx, `UPDATE settings SET value = ?, updated_at = ? WHERE name = ? AND value = ?`,
		strconv.FormatInt(ms(to), 10), ms(tx.Now()), digests, strconv.FormatInt(ms(from), 10))
	if err != nil {
		return false, fmt.Errorf("note the digest: %w", err)
	}
	return n == 1, nil
}
