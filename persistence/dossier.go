package persistence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// ErrTooMuch is what Dossier answers when more is kept than fits a file that people can read.
var ErrTooMuch = errors.New("more is kept about the person than one file holds")

// dossierLimit is how many rows of one kind a file holds.
const dossierLimit = 20_000

// section is one kind of data about a person. What is of nobody's concern but ours, such as keys and counters, is left out.
type section struct {
	name    string
	from    string // the table, with its alias
	where   string // with one parameter: any record of the person
	order   string
	columns []string
}

var dossier = []section{
	{"person", "customers", "id IN " + sameRoot, "id", []string{"id", "name", "honorific", "zone", "chosen", "spoken", "stopped", "created_at", "welcomed_at"}},
	{"identities", "identities", ofPerson, "id", []string{"channel", "user_id", "display_name", "locale", "reach", "reach_reason", "reach_at", "created_at"}},
	{"links", "links", ofPerson, "id", []string{"way", "linked_at", "undone_at"}},
	{"facts", "facts", ofPerson, "id", []string{"field", "value", "source", "set_at"}},
	{"consents", "consents", ofPerson, "id", []string{"channel", "topic", "granted", "wording", "way", "given_at"}},
	{"membership", "members", ofPerson, "customer_id", []string{"card", "terms", "way", "tier", "tier_until", "invite", "joined_at", "left_at"}},
	{"balance", "balances", ofPerson, "customer_id", []string{"points", "owed", "changed_at"}},
	{"points", "ledger_entries", ofPerson, "id", []string{"kind", "points", "reason", "source", "happened_at", "posted_at"}},
	{"codes", "vouchers", ofPerson, "id", []string{"code", "reward", "kind", "value", "remaining", "currency", "state", "issued_at", "expires_at", "used_at"}},
	{"invited_by_somebody", "referrals", "friend_id IN " + sameRoot, "id", []string{"state", "joined_at", "paid_at"}},
	{"invited", "referrals", "inviter_id IN " + sameRoot, "id", []string{"state", "joined_at", "paid_at"}},
	{"orders", "orders", ofPerson, "id", []string{"source", "order_id", "phone", "shop", "currency", "total", "state", "placed_at", "received_at", "returned_at"}},
	{
		"order_lines", "order_lines l JOIN orders o ON o.id = l.order_row", "o.customer_id IN " + sameRoot, "o.id, l.line",
		[]string{"source", "order_id", "line", "sku", "name", "category", "quantity", "amount"},
	},
	{"surveys_asked", "survey_invitations", ofPerson, "id", []string{"survey", "kind", "touchpoint", "state", "reason", "asked_at", "created_at"}},
	{"survey_answers", "survey_responses", ofPerson, "id", []string{"survey", "kind", "score", "comment", "answers", "lang", "answered_at", "changed_at"}},
	{
		"survey_answers_replaced", "survey_response_history h JOIN survey_responses r ON r.id = h.response_id", "r.customer_id IN " + sameRoot, "h.id",
		[]string{"survey", "question", "answer", "replaced_at"},
	},
	{"feedback", "feedback_items", ofPerson, "id", []string{"touchpoint", "lang", "text", "themes", "score", "state", "given_at"}},
	{"requests_to_staff", "tickets", ofPerson, "id", []string{"id", "topic", "reason", "lang", "words", "state", "opened_at", "first_response_at", "resolved_at"}},
	{
		"messages_with_staff", "ticket_messages m JOIN tickets t ON t.id = m.ticket_id", "t.customer_id IN " + sameRoot, "m.id",
		[]string{"ticket_id", "direction", "text", "written_at"},
	},
	{"questions_without_an_answer", "unanswered", ofPerson, "id", []string{"lang", "text", "outcome", "asked_at"}},
	{"answers_judged", "article_feedback", ofPerson, "id", []string{"article", "lang", "helped", "given_at"}},
	{"offers", "deliveries", ofPerson, "id", []string{"offer", "step", "state", "reason", "variant", "why", "due_at", "settled_at", "tapped_at"}},
	{"events", "events", ofPerson, "id", []string{"kind", "happened_at"}},
}

// ofPerson are the rows of all records of a person.
const ofPerson = "customer_id IN " + sameRoot

// object is a row as a JSON object. Its columns are named apart from their tables'.
func (d *dialect) object(columns []string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = "'" + c + "', " + c
	}
	name := "json_build_object"
	if d.sqlite {
		name = "json_object"
	}
	return "CAST(" + name + "(" + strings.Join(parts, ", ") + ") AS text)"
}

// Dossier is everything that is kept about a person, given by any linked record, as a JSON document that people can read:
// times as RFC 3339, in the order in which it came about. It is ErrTooMuch for more than one file holds.
func (db *DB) Dossier(ctx context.Context, who conversation.CustomerID) ([]byte, error) {
	doc := bytes.NewBufferString("{\n")
	err := db.Read(ctx, func(ctx context.Context, r *Reader) error {
		for _, s := range dossier {
			rows, err := r.section(ctx, s, who)
			if err != nil {
				return err
			}
			if err := put(doc, s.name, rows); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what is kept about customer %d: %w", who, err)
	}
	lines, err := db.Transcript(ctx, who, 0, dossierLimit)
	if err != nil {
		return nil, err
	}
	if len(lines) >= dossierLimit {
		return nil, ErrTooMuch
	}
	if err := put(doc, "messages", spoken(lines)); err != nil {
		return nil, err
	}
	doc.Truncate(doc.Len() - len(",\n"))
	doc.WriteString("\n}\n")
	return doc.Bytes(), nil
}

// put writes one part of the document.
func put(doc *bytes.Buffer, name string, rows any) error {
	raw, err := json.MarshalIndent(rows, "  ", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	fmt.Fprintf(doc, "  %q: %s,\n", name, raw)
	return nil
}

// section reads one kind of data.
func (r *Reader) section(ctx context.Context, s section, who conversation.CustomerID) ([]map[string]any, error) {
	var raw []string
	err := r.list(ctx, &raw, `SELECT `+r.d.object(s.columns)+` FROM `+s.from+` WHERE `+s.where+` ORDER BY `+s.order+` LIMIT CAST(? AS bigint)`,
		int64(who), dossierLimit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	if len(raw) >= dossierLimit {
		return nil, ErrTooMuch
	}
	rows := make([]map[string]any, len(raw))
	for i, text := range raw {
		in := json.NewDecoder(strings.NewReader(text))
		in.UseNumber()
		if err := in.Decode(&rows[i]); err != nil {
			return nil, fmt.Errorf("decode %s: %w", s.name, err)
		}
		for name, value := range rows[i] {
			if v := readable(name, value); v != nil {
				rows[i][name] = v
			} else {
				delete(rows[i], name)
			}
		}
	}
	return rows, nil
}

// yesOrNo are the columns that are kept as 0 and 1.
var yesOrNo = []string{"granted", "stopped", "helped"}

// readable is a column's value for people; nil for one that says nothing.
func readable(name string, value any) any {
	switch v := value.(type) {
	case json.Number:
		n, err := v.Int64()
		switch {
		case err == nil && slices.Contains(yesOrNo, name):
			return n != 0
		case err == nil && (strings.HasSuffix(name, "_at") || name == "tier_until"):
			if n == 0 {
				return nil
			}
			return instant(n).Format(time.RFC3339)
		}
	case string:
		switch {
		case v == "":
			return nil
		case (v[0] == '{' || v[0] == '[') && slices.Contains([]string{"answers", "why", "themes", "answer"}, name) && json.Valid([]byte(v)):
			return json.RawMessage(v)
		}
	}
	return value
}

// message is a line of the talk in the document.
type message struct {
	At      string `json:"at"`
	From    string `json:"from"`
	Channel string `json:"channel"`
	Kind    string `json:"kind,omitempty"`
	Text    string `json:"text"`
	Files   int    `json:"files,omitempty"`
}

// spoken are the lines of the talk as people read them.
func spoken(lines []Line) []message {
	out := make([]message, len(lines))
	for i, l := range lines {
		out[i] = message{At: l.At.Format(time.RFC3339), From: "person", Channel: l.Channel, Text: l.Text.Plain(), Files: len(l.Attachments)}
		if l.Ours {
			out[i].From = "business"
		}
		if l.Kind != conversation.KindMessage {
			out[i].Kind = string(l.Kind)
		}
	}
	return out
}
