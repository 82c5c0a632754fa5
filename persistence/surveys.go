package persistence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/survey"
	"github.com/rapport-chat/rapport/language"
)

// Surveys implements survey.Stores.
type Surveys struct{ *DB }

var _ survey.Stores = Surveys{}

// Surveys is the invitations and what was answered to them.
func (db *DB) Surveys() Surveys { return Surveys{db} }

// In implements survey.Stores.
func (Surveys) In(tx conversation.Tx) survey.Books { return surveyBooks{From(tx)} }

// surveyBooks writes in a transaction that has locked the root of the person it is about.
type surveyBooks struct{ *Tx }

// invitationRow is an invitation with its response, as they are stored.
type invitationRow struct {
	ID           int64
	Survey       string
	Kind         string
	Trigger      string `db:"trigger_key"`
	Subject      string
	Root         int64 `db:"root_id"`
	Customer     int64 `db:"customer_id"`
	Conversation int64 `db:"conversation_id"`
	Touchpoint   string
	State        string
	Reason       string
	Step         string
	Asks         int
	Promised     int64
	Rewarded     int64
	LowReply     string `db:"low_reply"`
	Again        string
	Window       int64 `db:"window_ms"`
	Reminder     int64 `db:"reminder_ms"`
	EventAt      int64 `db:"event_at"`
	Due          int64 `db:"due_at"`
	Late         int64 `db:"late_at"`
	Asked        int64 `db:"asked_at"`
	RemindAt     int64 `db:"remind_at"`
	Closes       int64 `db:"closes_at"`
	AlertAt      int64 `db:"alert_at"`
	Alerted      int64 `db:"alerted_at"`
	AgainAt      int64 `db:"again_at"`
	Reviewed     int64 `db:"reviewed_at"`

	Response  int64  `db:"response_id"`
	RKind     string `db:"response_kind"`
	Lang      string
	Answers   string
	Score     *int
	Comment   string
	At        int64 `db:"answered_at"`
	Changed   int64 `db:"changed_at"`
	Completed int64 `db:"completed_at"`
}

const invitationSQL = `SELECT i.id, i.survey, i.kind, i.trigger_key, i.subject, i.root_id, i.customer_id, i.conversation_id, i.touchpoint,
	i.state, i.reason, i.step, i.asks, i.promised, i.rewarded, i.low_reply, i.again, i.window_ms, i.reminder_ms, i.event_at,
	i.due_at, i.late_at, i.asked_at, i.remind_at, i.closes_at, i.alert_at, i.alerted_at, i.again_at, i.reviewed_at,
	COALESCE(r.id, 0) AS response_id, COALESCE(r.kind, '') AS response_kind, COALESCE(r.lang, '') AS lang,
	COALESCE(r.answers, '') AS answers, r.score, COALESCE(r.comment, '') AS comment, COALESCE(r.answered_at, 0) AS answered_at,
	COALESCE(r.changed_at, 0) AS changed_at, COALESCE(r.completed_at, 0) AS completed_at
	FROM survey_invitations i LEFT JOIN survey_responses r ON r.invitation_id = i.id `

func (r *invitationRow) invitation() (survey.Invitation, error) {
	i := survey.Invitation{
		ID: r.ID, Survey: r.Survey, Kind: survey.Kind(r.Kind), Trigger: r.Trigger, Subject: r.Subject,
		Root: conversation.CustomerID(r.Root), Customer: conversation.CustomerID(r.Customer),
		Conversation: conversation.ConversationID(r.Conversation), Touchpoint: r.Touchpoint,
		State: survey.State(r.State), Reason: r.Reason, Step: r.Step, Asks: r.Asks, Promised: r.Promised, Rewarded: r.Rewarded,
		LowReply: r.LowReply, Again: r.Again,
		Window: time.Duration(r.Window) * time.Millisecond, Reminder: time.Duration(r.Reminder) * time.Millisecond,
		EventAt: instant(r.EventAt), Due: instant(r.Due), LateAfter: instant(r.Late), Asked: instant(r.Asked),
		RemindAt: instant(r.RemindAt), Closes: instant(r.Closes), AlertAt: instant(r.AlertAt), Alerted: instant(r.Alerted),
		AgainAt: instant(r.AgainAt), Reviewed: instant(r.Reviewed),
		Response: survey.Response{
			ID: r.Response, Kind: survey.Kind(r.RKind), Lang: language.Code(r.Lang), Score: r.Score, Comment: r.Comment,
			At: instant(r.At), Changed: instant(r.Changed), Completed: instant(r.Completed),
		},
	}
	if r.Answers == "" {
		return i, nil
	}
	if err := json.Unmarshal([]byte(r.Answers), &i.Response.Answers); err != nil {
		return i, fmt.Errorf("decode the answers to invitation %d: %w", r.ID, err)
	}
	return i, nil
}

// invitations reads invitations by the end of a query.
func invitations(ctx context.Context, on *statements, end string, args ...any) ([]survey.Invitation, error) {
	var rows []invitationRow
	if err := on.list(ctx, &rows, invitationSQL+end, args...); err != nil {
		return nil, err
	}
	out := make([]survey.Invitation, len(rows))
	for n := range rows {
		var err error
		if out[n], err = rows[n].invitation(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// lockInvitation locks and reads an invitation, whosever it is.
func (tx *Tx) lockInvitation(ctx context.Context, id int64) (survey.Invitation, error) {
	var locked int64
	if err := tx.get(ctx, &locked, `SELECT id FROM survey_invitations WHERE id = ?`+tx.d.lockRow, id); err != nil {
		return survey.Invitation{}, err
	}
	list, err := invitations(ctx, &tx.statements, `WHERE i.id = ?`, id)
	if err != nil || len(list) == 0 {
		return survey.Invitation{}, errors.Join(err, conversation.ErrNotFound)
	}
	return list[0], nil
}

// Plan implements survey.Books.
func (b surveyBooks) Plan(ctx context.Context, i survey.Invitation) (id int64, fresh bool, err error) {
	if _, err := b.planAll(ctx, []survey.Invitation{i}, &fresh); err != nil {
		return 0, false, err
	}
	err = b.get(ctx, &id, `SELECT i.id FROM survey_invitations i JOIN customers c ON c.root_id = i.root_id
		WHERE i.survey = ? AND i.trigger_key = ? AND c.id = ?`, i.Survey, clean(i.Trigger), int64(i.Customer))
	if err != nil {
		return 0, false, fmt.Errorf("find the invitation that was planned: %w", err)
	}
	return id, fresh, nil
}

// plannedRow is a planned invitation on its way into the table.
type plannedRow struct {
	Survey     string `json:"survey"`
	Kind       string `json:"kind"`
	Trigger    string `json:"trigger_key"`
	Subject    string `json:"subject"`
	Customer   int64  `json:"customer_id"`
	Touchpoint string `json:"touchpoint"`
	Window     int64  `json:"window_ms"`
	Reminder   int64  `json:"reminder_ms"`
	EventAt    int64  `json:"event_at"`
	Due        int64  `json:"due_at"`
	Late       int64  `json:"late_at"`
}

// planAll writes planned invitations, without those that are there already and those of nobody. fresh, if not nil, is
// set when any was new.
func (tx *Tx) planAll(ctx context.Context, list []survey.Invitation, fresh *bool) (n int64, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	rows := make([]plannedRow, len(list))
	for n, i := range list {
		rows[n] = plannedRow{
			Survey: i.Survey, Kind: string(i.Kind), Trigger: clean(i.Trigger), Subject: clean(i.Subject), Customer: int64(i.Customer),
			Touchpoint: i.Touchpoint, Window: i.Window.Milliseconds(), Reminder: i.Reminder.Milliseconds(),
			EventAt: ms(i.EventAt), Due: ms(i.Due), Late: ms(i.LateAfter),
		}
	}
	param, err := objects(rows)
	if err != nil {
		return 0, err
	}
	n, err = tx.exec(ctx, `INSERT INTO survey_invitations (survey, kind, trigger_key, subject, root_id, customer_id, touchpoint,
		window_ms, reminder_ms, event_at, due_at, late_at, created_at)
		SELECT p.survey, p.kind, p.trigger_key, p.subject, c.root_id, c.id, p.touchpoint, p.window_ms, p.reminder_ms, p.event_at,
			p.due_at, p.late_at, CAST(? AS bigint)
		FROM `+tx.d.rows("p", "survey text", "kind text", "trigger_key text", "subject text", "customer_id bigint", "touchpoint text",
		"window_ms bigint", "reminder_ms bigint", "event_at bigint", "due_at bigint", "late_at bigint")+`
		JOIN customers c ON c.id = p.customer_id WHERE c.forgotten_at = 0
		ON CONFLICT (survey, trigger_key, root_id) DO NOTHING`, ms(tx.Now()), param)
	if err != nil {
		return 0, fmt.Errorf("plan %d invitations: %w", len(list), err)
	}
	if fresh != nil {
		*fresh = n > 0
	}
	return n, nil
}

// Find implements survey.Books.
func (b surveyBooks) Find(ctx context.Context, id int64) (survey.Invitation, error) {
	i, err := b.lockInvitation(ctx, id)
	if err != nil {
		return i, err
	}
	var root int64
	if err := b.get(ctx, &root, `SELECT root_id FROM customers WHERE id = ?`, int64(i.Customer)); err != nil {
		return i, err
	}
	if conversation.CustomerID(root) != b.turn.root {
		return survey.Invitation{}, conversation.ErrNotFound
	}
	return i, nil
}

// Keep implements survey.Books.
func (b surveyBooks) Keep(ctx context.Context, i survey.Invitation, replaced ...survey.Replaced) error {
	if err := b.keepInvitation(ctx, i); err != nil {
		return err
	}
	r := i.Response
	if r.At.IsZero() {
		return nil
	}
	answers, err := json.Marshal(r.Answers)
	if err != nil {
		return fmt.Errorf("encode the answers to invitation %d: %w", i.ID, err)
	}
	var id int64
	err = b.get(ctx, &id, `INSERT INTO survey_responses (invitation_id, customer_id, survey, kind, touchpoint, score, comment, answers,
		lang, answered_at, changed_at, completed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (invitation_id) DO UPDATE SET score = excluded.score, comment = excluded.comment, answers = excluded.answers,
			changed_at = excluded.changed_at, completed_at = excluded.completed_at RETURNING id`,
		i.ID, int64(i.Customer), i.Survey, string(r.Kind), i.Touchpoint, r.Score, clean(r.Comment), clean(string(answers)),
		string(r.Lang), ms(r.At), ms(r.Changed), ms(r.Completed))
	if err != nil {
		return fmt.Errorf("keep the response to invitation %d: %w", i.ID, err)
	}
	for _, old := range replaced {
		_, err := b.exec(ctx, `INSERT INTO survey_response_history (response_id, question, answer, replaced_at) VALUES (?, ?, ?, ?)`,
			id, old.Question, clean(string(old.Answer)), ms(old.At))
		if err != nil {
			return fmt.Errorf("keep what was answered before to invitation %d: %w", i.ID, err)
		}
	}
	return b.keepItem(ctx, id, i)
}

func (tx *Tx) keepInvitation(ctx context.Context, i survey.Invitation) error {
	n, err := tx.exec(ctx, `UPDATE survey_invitations SET conversation_id = ?, state = ?, reason = ?, step = ?, asks = ?, promised = ?,
		rewarded = ?, low_reply = ?, again = ?, window_ms = ?, reminder_ms = ?, due_at = ?, late_at = ?, asked_at = ?, remind_at = ?,
		closes_at = ?, alert_at = ?, alerted_at = ?, again_at = ?, reviewed_at = ? WHERE id = ?`,
		int64(i.Conversation), string(i.State), i.Reason, i.Step, i.Asks, i.Promised, i.Rewarded, i.LowReply, i.Again,
		i.Window.Milliseconds(), i.Reminder.Milliseconds(), ms(i.Due), ms(i.LateAfter), ms(i.Asked), ms(i.RemindAt), ms(i.Closes),
		ms(i.AlertAt), ms(i.Alerted), ms(i.AgainAt), ms(i.Reviewed), i.ID)
	if err == nil && n != 1 {
		err = conversation.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("keep invitation %d: %w", i.ID, err)
	}
	return nil
}

// keepItem makes the comment an item that somebody works through.
func (b surveyBooks) keepItem(ctx context.Context, response int64, i survey.Invitation) error {
	if i.Response.Comment == "" {
		return nil
	}
	_, err := b.exec(ctx, `INSERT INTO feedback_items (key, customer_id, touchpoint, lang, text, score, given_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET text = excluded.text, score = excluded.score, changed_at = excluded.given_at
		WHERE feedback_items.text <> excluded.text OR COALESCE(feedback_items.score, -1) <> COALESCE(excluded.score, -1)`,
		fmt.Sprintf("response:%d:comment", response), int64(i.Customer), i.Touchpoint, string(i.Response.Lang), clean(i.Response.Comment),
		i.Response.Score, ms(b.Now()))
	if err != nil {
		return fmt.Errorf("keep the comment on invitation %d: %w", i.ID, err)
	}
	return nil
}

// Underway implements survey.Books.
func (b surveyBooks) Underway(ctx context.Context) ([]survey.Invitation, error) {
	return invitations(ctx, &b.statements, `WHERE i.state IN ('planned', 'sending', 'open', 'partial') AND i.customer_id IN `+ofRoot+
		` ORDER BY i.id`, int64(b.turn.root))
}

// LastAsked implements survey.Books.
func (b surveyBooks) LastAsked(ctx context.Context, surveyID string, except int64) (time.Time, error) {
	var at int64
	err := b.get(ctx, &at, `SELECT COALESCE(max(asked_at), 0) FROM survey_invitations
		WHERE survey = ? AND id <> ? AND customer_id IN `+ofRoot, surveyID, except, int64(b.turn.root))
	return instant(at), err
}

// SubjectTaken implements survey.Books.
func (b surveyBooks) SubjectTaken(ctx context.Context, subject string, before int64) (bool, error) {
	var n int
	err := b.get(ctx, &n, `SELECT count(*) FROM survey_invitations
		WHERE subject = ? AND subject <> '' AND id < ? AND state <> 'suppressed' AND customer_id IN `+ofRoot,
		clean(subject), before, int64(b.turn.root))
	return n > 0, err
}

// LastReviewed implements survey.Books.
func (b surveyBooks) LastReviewed(ctx context.Context) (time.Time, error) {
	var at int64
	err := b.get(ctx, &at, `SELECT COALESCE(max(reviewed_at), 0) FROM survey_invitations WHERE customer_id IN `+ofRoot, int64(b.turn.root))
	return instant(at), err
}
