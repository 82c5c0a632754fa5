package persistence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/offer"
	"github.com/rapport-chat/rapport/engagement/survey"
)

// forgottenEvent is the event id under which an erased person's event stays known, empty if its own id says nothing of
// the person: some platforms make ids of the chat's and the sender's.
func forgottenEvent(eventID, chat, user string) string {
	parts := strings.Split(eventID, ":")
	if len(parts) == 1 || !slices.ContainsFunc(parts, func(p string) bool { return p != "" && (p == chat || p == user) }) {
		return ""
	}
	sum := sha256.Sum256([]byte(eventID))
	return "forgotten:" + hex.EncodeToString(sum[:])
}

// wipeEvents erases what the person sent. The keys stay, so that a repeated event is known for one; what is open ends.
func (tx *Tx) wipeEvents(ctx context.Context, p *erasable) error {
	var rows []struct {
		ID      int64
		EventID string `db:"event_id"`
		Payload string
	}
	who := ids(tx.d, p.records)
	err := tx.list(ctx, &rows, `SELECT id, event_id, payload FROM inbox WHERE event_id LIKE '%:%' AND `+tx.d.in("customer_id")+` ORDER BY id`, who)
	if err != nil {
		return err
	}
	type renamed struct {
		ID    int64  `json:"id"`
		Event string `json:"event"`
	}
	var changes []renamed
	for _, r := range rows {
		var in conversation.Inbound
		if err := json.Unmarshal([]byte(r.Payload), &in); err != nil {
			return fmt.Errorf("decode inbox row %d: %w", r.ID, err)
		}
		if event := forgottenEvent(r.EventID, clean(in.Chat), clean(in.From.UserID)); event != "" {
			changes = append(changes, renamed{r.ID, event})
		}
	}
	list, err := objects(changes)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `UPDATE inbox SET event_id = r.event FROM `+tx.d.rows("r", "id bigint", "event text")+` WHERE inbox.id = r.id`, list)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `UPDATE inbox SET customer_id = NULL, conversation_id = NULL, payload = '{}', cause = '', state = 1,
		settled_at = CASE WHEN settled_at = 0 THEN CAST(? AS bigint) ELSE settled_at END WHERE `+tx.d.in("customer_id"), ms(tx.Now()), who)
	if err != nil {
		return fmt.Errorf("erase events: %w", err)
	}
	return nil
}

// emptied is an outbox row of which nothing but its fate is left. Without a chat it is not sent: see makeSettleSQL and
// Recover for one that is in flight.
const emptied = `body = '{}', chat = '', thread = '', handle = '', token = NULL, sent_chat = '', message_id = '', error_detail = ''`

// wipeMessages erases what was sent to the person, drops what waits, and ends the deliveries that waited for it.
func (tx *Tx) wipeMessages(ctx context.Context, p *erasable) error {
	who, now := ids(tx.d, p.records), ms(tx.Now())
	var flying []int64
	err := tx.list(ctx, &flying, `SELECT report_id FROM outbox WHERE state + 0 = 1 AND report_kind = '`+offer.ReportDelivery+`' AND `+
		tx.d.in("customer_id")+` ORDER BY id`+tx.d.lockRow, who)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `UPDATE outbox SET customer_id = NULL, `+emptied+`,
		settled_at = CASE WHEN state = 0 THEN CAST(? AS bigint) ELSE settled_at END,
		error_code = CASE WHEN state = 0 THEN 'forgotten' ELSE error_code END, state = CASE WHEN state = 0 THEN 5 ELSE state END
		WHERE `+tx.d.in("customer_id"), now, who)
	if err != nil {
		return fmt.Errorf("erase messages: %w", err)
	}
	var runs []int64
	err = tx.list(ctx, &runs, `UPDATE deliveries SET state = '`+offer.StateSuppressed+`', reason = 'forgotten', settled_at = ?
		WHERE state IN ('pending', 'deferred') AND `+tx.d.in("customer_id")+` AND NOT (`+tx.d.in("id")+`) RETURNING occurrence_id`,
		now, who, ids(tx.d, flying))
	if err != nil {
		return fmt.Errorf("end deliveries: %w", err)
	}
	if err := tx.endOccurrences(ctx, runs); err != nil {
		return err
	}
	_, err = tx.exec(ctx, `UPDATE ticket_messages SET text = '', attachments = '', files = '', learn = '', message_id = '',
		author = CASE WHEN direction = 'in' THEN '' ELSE author END, author_name = CASE WHEN direction = 'in' THEN '' ELSE author_name END,
		code = CASE WHEN state = 'pending' THEN 'forgotten' ELSE code END, state = CASE WHEN state = 'pending' THEN 'failed' ELSE state END,
		outbox_id = CASE WHEN direction = 'out' THEN 0 ELSE outbox_id END WHERE `+tx.d.in("ticket_id"), ids(tx.d, p.tickets))
	if err != nil {
		return fmt.Errorf("erase what was said in tickets: %w", err)
	}
	return nil
}

// wipeAnswers takes the words out of the person's answers to surveys, those that were replaced included.
func (tx *Tx) wipeAnswers(ctx context.Context, p *erasable) error {
	type answer struct {
		ID       int64  `json:"id"`
		Question string `json:"-"`
		Answer   string `json:"answer"`
	}
	var now, before []answer
	who := ids(tx.d, p.records)
	err := tx.list(ctx, &now, `SELECT id, '' AS question, answers AS answer FROM survey_responses WHERE answers <> '' AND `+tx.d.in("customer_id"), who)
	if err != nil {
		return err
	}
	for i, a := range now {
		var all map[string]json.RawMessage
		if err := json.Unmarshal([]byte(a.Answer), &all); err != nil {
			return fmt.Errorf("decode response %d: %w", a.ID, err)
		}
		for question, given := range all {
			all[question] = survey.WithoutWords(question, given)
		}
		raw, err := json.Marshal(all)
		if err != nil {
			return fmt.Errorf("encode response %d: %w", a.ID, err)
		}
		now[i].Answer = string(raw)
	}
	err = tx.list(ctx, &before, `SELECT h.id, h.question, h.answer FROM survey_response_history h JOIN survey_responses r ON r.id = h.response_id
		WHERE `+tx.d.in("r.customer_id"), who)
	if err != nil {
		return err
	}
	for i, a := range before {
		before[i].Answer = string(survey.WithoutWords(a.Question, json.RawMessage(a.Answer)))
	}
	for query, rows := range map[string][]answer{
		`UPDATE survey_responses SET comment = '', answers = a.answer FROM `: now,
		`UPDATE survey_response_history SET answer = a.answer FROM `:         before,
	} {
		table := strings.Fields(query)[1]
		list, err := objects(rows)
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, query+tx.d.rows("a", "id bigint", "answer text")+` WHERE `+table+`.id = a.id`, list); err != nil {
			return fmt.Errorf("erase in %s: %w", table, err)
		}
	}
	_, err = tx.exec(ctx, `UPDATE survey_responses SET comment = '' WHERE comment <> '' AND `+tx.d.in("customer_id"), who)
	return err
}
