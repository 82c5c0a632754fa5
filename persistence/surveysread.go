package persistence

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/survey"
	"github.com/rapport-chat/rapport/outbox"
)

// Reach implements survey.Stores.
func (s Surveys) Reach(ctx context.Context, who conversation.CustomerID) ([]survey.Chat, error) {
	chats, err := s.Chats(ctx, who)
	out := make([]survey.Chat, len(chats))
	for i, c := range chats {
		out[i] = survey.Chat{Conversation: c.Conversation, Customer: c.Customer, To: c.To, Locale: c.Locale}
	}
	return out, err
}

// Latest implements survey.Stores.
func (s Surveys) Latest(ctx context.Context, who conversation.CustomerID, now time.Time) (survey.Invitation, error) {
	list, err := invitations(ctx, &s.statements, `WHERE i.asked_at > 0 AND i.closes_at > ? AND i.state IN ('open', 'partial', 'answered')
		AND i.customer_id IN `+sameRoot+` ORDER BY i.asked_at DESC, i.id DESC LIMIT 1`, ms(now), int64(who))
	if err != nil {
		return survey.Invitation{}, fmt.Errorf("find the last survey of customer %d: %w", who, err)
	}
	if len(list) == 0 {
		return survey.Invitation{}, conversation.ErrNotFound
	}
	return list[0], nil
}

// Invitations implements survey.Counts.
func (s Surveys) Invitations(ctx context.Context, who conversation.CustomerID, limit int) ([]survey.Invitation, error) {
	list, err := invitations(ctx, &s.statements, `WHERE i.customer_id IN `+sameRoot+` ORDER BY i.id DESC LIMIT CAST(? AS bigint)`, int64(who), limit)
	if err != nil {
		return nil, fmt.Errorf("list the surveys of customer %d: %w", who, err)
	}
	return list, nil
}

// CountScores implements survey.Counts.
func (s Surveys) CountScores(ctx context.Context, kind survey.Kind, from, to time.Time) (map[string]survey.Count, error) {
	end := int64(math.MaxInt64)
	if !to.IsZero() {
		end = ms(to)
	}
	var rows []struct {
		Survey string
		Score  *int
		Count  int `db:"n"`
	}
	err := s.statements.list(ctx, &rows, `SELECT i.survey, r.score, count(*) AS n FROM survey_invitations i
		JOIN customers own ON own.id = i.customer_id JOIN customers root ON root.id = own.root_id
		LEFT JOIN survey_responses r ON r.invitation_id = i.id
		WHERE i.kind = ? AND i.asked_at > 0 AND i.asked_at >= ? AND i.asked_at < ? AND own.staff = 0 AND root.staff = 0
		GROUP BY i.survey, r.score`, string(kind), ms(from), end)
	if err != nil {
		return nil, fmt.Errorf("count the answers of kind %s: %w", kind, err)
	}
	out := map[string]survey.Count{}
	for _, r := range rows {
		c, ok := out[r.Survey]
		if !ok {
			c.Scores = map[int]int{}
		}
		c.Delivered += r.Count
		if r.Score != nil {
			c.Scores[*r.Score] += r.Count
		}
		out[r.Survey] = c
	}
	return out, nil
}

// SettleInvitations is the ReportHook of survey.ReportKind: what was delivered opens, with a dialogue step that waits for
// the typed answer; what will never arrive is ended.
func SettleInvitations(ctx context.Context, tx *Tx, reports []Report) error {
	reports = slices.Clone(reports)
	slices.SortFunc(reports, func(a, b Report) int { return int(a.ID - b.ID) })
	for _, r := range reports {
		if r.Outcome == outbox.Retry {
			continue // put off
		}
		if err := tx.settleInvitation(ctx, r); err != nil {
			return fmt.Errorf("settle invitation %d: %w", r.ID, err)
		}
	}
	return nil
}

func (tx *Tx) settleInvitation(ctx context.Context, r Report) error {
	arrived := r.Outcome == outbox.Sent || r.Outcome == outbox.Lost // what may have arrived may be answered
	var c struct {
		ID       int64
		Dialogue string
	}
	if arrived { // conversations are locked before what belongs to them
		err := tx.get(ctx, &c, `SELECT id, dialogue FROM conversations WHERE id = (SELECT conversation_id FROM survey_invitations WHERE id = ?)`+tx.d.lockRow, r.ID)
		if err != nil {
			return ignoreMissing(err)
		}
	}
	i, err := tx.lockInvitation(ctx, r.ID)
	if err != nil {
		return ignoreMissing(err)
	}
	if !arrived {
		reason := r.Code
		if reason == "" {
			reason = r.Kind.String()
		}
		if !i.Undelivered(reason) {
			return nil
		}
		return tx.keepInvitation(ctx, i)
	}
	if i.Delivered(r.At) {
		if err := tx.keepInvitation(ctx, i); err != nil {
			return err
		}
	}
	return tx.openStep(ctx, i, c.ID, c.Dialogue, r.At)
}

// openStep opens the dialogue step of the question that waits.
func (tx *Tx) openStep(ctx context.Context, i survey.Invitation, where int64, dialogue string, at time.Time) error {
	stack, err := decodeStack(dialogue)
	if err != nil {
		return err
	}
	after, err := encodeStack(i.OpenStep(conversation.Dialogue{Stack: stack}, at))
	if err != nil || after == dialogue {
		return err
	}
	_, err = tx.exec(ctx, `UPDATE conversations SET dialogue = ?, version = version + 1 WHERE id = ?`, after, where)
	return err
}

// ignoreMissing makes nothing of a record that is gone.
func ignoreMissing(err error) error {
	if errors.Is(err, conversation.ErrNotFound) {
		return nil
	}
	return err
}
