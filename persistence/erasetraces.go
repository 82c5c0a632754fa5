package persistence

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/conversation"
)

// traces are the places on staff's side in which a person's words stand: cards, threads, looks at a profile, and what
// staff wrote. They belong to no customer, so they are found by what they hang on and by the person's names and numbers.
type traces struct {
	inbox    []int64          // events whose content is erased
	outbox   []int64          // messages whose content is erased
	redacted map[int64]string // messages with other content in which the person is named: their bodies without it
	upTo     traceMarks
}

// traceMarks are the last rows that were looked at.
type traceMarks struct{ inbox, outbox int64 }

// join adds what was found before.
func (t *traces) join(earlier traces) {
	t.inbox, t.outbox = append(t.inbox, earlier.inbox...), append(t.outbox, earlier.outbox...)
	for id, body := range earlier.redacted {
		t.redacted[id] = body
	}
}

const (
	tracesPage = 500
	// minTrace is the shortest name or number that is looked for elsewhere, in runes: shorter ones are parts of words.
	minTrace = 5
	// inPlaceOf stands where the person was named.
	inPlaceOf = "…"
)

// tracker looks for traces of one person.
type tracker struct {
	on       *statements
	p        *erasable
	messages []int64         // outbox ids of the person's cards, notes and copies
	items    []int64         // rows of ticket_messages
	threads  []string        // the platform's ids of cards
	looked   []int64         // staff's events that are kept as acts about the person
	escaped  map[string]bool // the person's words as JSON writes them
	found    traces
}

// findTraces looks at staff's events and messages behind those that were looked at before.
func findTraces(ctx context.Context, on *statements, p *erasable, after traceMarks) (traces, error) {
	t := tracker{on: on, p: p, escaped: map[string]bool{}, found: traces{redacted: map[int64]string{}, upTo: after}}
	for _, w := range p.words {
		if w = strings.TrimSpace(w); utf8.RuneCountInString(w) < minTrace || strings.HasPrefix(w, CodeForgotten) {
			continue
		}
		raw, err := json.Marshal(w)
		if err != nil {
			return t.found, fmt.Errorf("encode what is looked for: %w", err)
		}
		t.escaped[string(raw[1:len(raw)-1])] = true
	}
	for _, step := range []func(context.Context) error{t.gather, t.events, t.sent} {
		if err := step(ctx); err != nil {
			return t.found, fmt.Errorf("look for traces of %d: %w", p.root, err)
		}
	}
	return t.found, nil
}

// gather reads what staff's side hangs on.
func (t *tracker) gather(ctx context.Context) error {
	tickets := ids(t.on.d, t.p.tickets)
	var cards []struct {
		ID     int64 `db:"outbox_id"`
		Thread string
	}
	if err := t.on.list(ctx, &cards, `SELECT outbox_id, thread FROM ticket_cards WHERE `+t.on.d.in("ticket_id"), tickets); err != nil {
		return err
	}
	for _, c := range cards {
		t.messages = append(t.messages, c.ID)
		if c.Thread != "" {
			t.threads = append(t.threads, c.Thread)
		}
	}
	var items []struct {
		ID     int64
		Inbox  int64 `db:"inbox_id"`
		Outbox int64 `db:"outbox_id"`
		Note   int64 `db:"note_id"`
		Echo   int64 `db:"echo_id"`
		Files  string
	}
	if err := t.on.list(ctx, &items, `SELECT id, inbox_id, outbox_id, note_id, echo_id, files FROM ticket_messages WHERE `+t.on.d.in("ticket_id"), tickets); err != nil {
		return err
	}
	for _, m := range items {
		t.items, t.looked = append(t.items, m.ID), append(t.looked, m.Inbox)
		t.messages = append(t.messages, m.Outbox, m.Note, m.Echo)
		var files []int64
		if m.Files != "" && json.Unmarshal([]byte(m.Files), &files) == nil {
			t.messages = append(t.messages, files...)
		}
	}
	var keys []string
	for kind, subjects := range map[string]string{"customer": ids(t.on.d, t.p.records), "ticket": tickets} {
		var some []string
		err := t.on.list(ctx, &some, `SELECT key FROM audit WHERE subject_kind = ? AND key LIKE 'inbox:%' AND `+t.on.d.in("subject_id"), kind, subjects)
		if err != nil {
			return err
		}
		keys = append(keys, some...)
	}
	for _, key := range keys {
		if id, err := strconv.ParseInt(strings.Split(key, ":")[1], 10, 64); err == nil {
			t.looked = append(t.looked, id)
		}
	}
	for _, list := range []*[]int64{&t.messages, &t.items, &t.looked} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return nil
}

func has(list []int64, id int64) bool {
	_, ok := slices.BinarySearch(list, id)
	return ok && id != 0
}

// names says whether a JSON text names the person.
func (t *tracker) names(text string) bool {
	for w := range t.escaped {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// events looks at what staff did. What is not settled yet is left to the next look.
func (t *tracker) events(ctx context.Context) error {
	for {
		var rows []struct {
			ID      int64
			State   int
			Payload string
		}
		err := t.on.list(ctx, &rows, `SELECT id, state, payload FROM inbox WHERE customer_id IS NULL AND id > ? ORDER BY id LIMIT CAST(? AS bigint)`,
			t.found.upTo.inbox, tracesPage)
		if err != nil {
			return err
		}
		for _, r := range rows {
			t.found.upTo.inbox = r.ID
			var at struct {
				Thread  string
				Message string
			}
			if r.State == inboxOpen || r.Payload == "{}" || json.Unmarshal([]byte(r.Payload), &at) != nil {
				continue
			}
			inThread := at.Thread != "" && slices.Contains(t.threads, at.Thread) || at.Message != "" && slices.Contains(t.threads, at.Message)
			if inThread {
				t.looked = append(t.looked, r.ID)
			}
			if inThread || has(t.looked, r.ID) || t.names(r.Payload) {
				t.found.inbox = append(t.found.inbox, r.ID)
			}
		}
		if len(rows) < tracesPage {
			slices.Sort(t.looked)
			t.looked = slices.Compact(t.looked)
			return nil
		}
	}
}

// traceRow is a message to staff.
type traceRow struct {
	ID         int64
	Key        string
	Thread     string
	Of         sql.NullInt64 `db:"of_id"`
	ReportKind string        `db:"report_kind"`
	ReportID   int64         `db:"report_id"`
	Body       string
	Created    int64 `db:"created_at"`
}

// sent looks at what was said to staff.
func (t *tracker) sent(ctx context.Context) error {
	for {
		var rows []traceRow
		err := t.on.list(ctx, &rows, `SELECT id, key, thread, of_id, report_kind, report_id, body, created_at FROM outbox
			WHERE customer_id IS NULL AND id > ? ORDER BY id LIMIT CAST(? AS bigint)`, t.found.upTo.outbox, tracesPage)
		if err != nil {
			return err
		}
		for _, r := range rows {
			t.found.upTo.outbox = r.ID
			// What staff were told since the person was erased says so, and has buttons that work.
			since := t.p.forgotten > 0 && r.Created >= t.p.forgotten
			switch {
			case r.Body == "{}" || r.ReportKind == ForgottenReport:
			case !since && t.about(r):
				t.found.outbox = append(t.found.outbox, r.ID)
			case t.names(r.Body):
				if t.found.redacted[r.ID], err = t.without(r.Body); err != nil {
					return fmt.Errorf("decode outbox item %d: %w", r.ID, err)
				}
			}
		}
		if len(rows) < tracesPage {
			return nil
		}
	}
}

// about says whether a message is about the person's tickets, or answers a look at the person.
func (t *tracker) about(r traceRow) bool {
	if has(t.messages, r.ID) || has(t.messages, r.Of.Int64) || r.Thread != "" && slices.Contains(t.threads, r.Thread) {
		return true
	}
	switch r.ReportKind {
	case "ticket_card", "ticket_card_edit":
		return slices.Contains(t.p.tickets, r.ReportID)
	case "ticket_relay", "ticket_file", "ticket_reply", "ticket_change":
		return has(t.items, r.ReportID)
	}
	if rest, ok := strings.CutPrefix(r.Key, replyKey); ok {
		event, _, _ := strings.Cut(rest, ":")
		id, err := strconv.ParseInt(event, 10, 64)
		return err == nil && has(t.looked, id)
	}
	return false
}

// without is a message's body with the person's words taken out of what is read. Its buttons go on working.
func (t *tracker) without(raw string) (string, error) {
	var body conversation.Body
	if err := json.Unmarshal([]byte(raw), &body); err != nil {
		return "", err
	}
	cleared := func(s string) string {
		for _, w := range t.p.words {
			if utf8.RuneCountInString(strings.TrimSpace(w)) >= minTrace {
				s = strings.ReplaceAll(s, strings.TrimSpace(w), inPlaceOf)
			}
		}
		return s
	}
	for i := range body.Text {
		body.Text[i].Text = cleared(body.Text[i].Text)
		body.Text[i].URL = cleared(body.Text[i].URL)
	}
	for _, row := range body.Rows {
		for i := range row {
			row[i].Label, row[i].URL, row[i].Action.Data = cleared(row[i].Label), cleared(row[i].URL), json.RawMessage(cleared(string(row[i].Action.Data)))
		}
	}
	out, err := json.Marshal(body)
	return string(out), err
}

// wipeTraces erases what was found on staff's side.
func (tx *Tx) wipeTraces(ctx context.Context, p *erasable, t traces) error {
	if _, err := tx.exec(ctx, `UPDATE inbox SET payload = '{}', cause = '' WHERE state + 0 <> 0 AND `+tx.d.in("id"), ids(tx.d, t.inbox)); err != nil {
		return fmt.Errorf("erase what staff did about %d: %w", p.root, err)
	}
	_, err := tx.exec(ctx, `UPDATE outbox SET body = '{}', handle = '', token = NULL, state = CASE WHEN state = 0 THEN 5 ELSE state END,
		settled_at = CASE WHEN state = 0 THEN CAST(? AS bigint) ELSE settled_at END WHERE `+tx.d.in("id"), ms(tx.Now()), ids(tx.d, t.outbox))
	if err != nil {
		return fmt.Errorf("erase what staff were told about %d: %w", p.root, err)
	}
	type redacted struct {
		ID   int64  `json:"id"`
		Body string `json:"body"`
	}
	rows := make([]redacted, 0, len(t.redacted))
	for id, body := range t.redacted {
		rows = append(rows, redacted{id, body})
	}
	list, err := objects(rows)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `UPDATE outbox SET body = r.body FROM `+tx.d.rows("r", "id bigint", "body text")+` WHERE outbox.id = r.id`, list)
	if err != nil {
		return fmt.Errorf("take %d out of what staff were told: %w", p.root, err)
	}
	return nil
}
