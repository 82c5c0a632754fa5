package persistence

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Line is one message of a talk.
type Line struct {
	At          time.Time // business clock: when it was kept or written
	Ours        bool      // false: the person's
	Kind        conversation.Kind
	Text        texts.Rich // of a press: the button's label
	Attachments []conversation.Attachment
	Inbox       int64                   // of theirs
	Outgoing    conversation.OutgoingID // of ours
	Report      conversation.Ref        // of ours: staff replies, deliveries
	State       string                  // of ours: pending, sending, sent, unknown, failed, dropped
	Channel     string
	Account     string                  // of theirs: which of our accounts received it
	MessageID   string                  // theirs: the platform's id of what was written, changed or deleted
	Rows        [][]conversation.Button // of ours
}

// lost says that the line is an answer of the bot's that could not be delivered.
func (l Line) lost() bool {
	return l.Ours && l.State == outStates[outFailed] && l.Report.Kind == "" && !l.Text.Empty()
}

// outStates names the outbox's states for people.
var outStates = [...]string{"pending", "sending", "sent", "unknown", "failed", "dropped"}

// Transcript is the latest lines of what a person, given by any linked record, and we have written to each other, the
// oldest first. where narrows it to one conversation; 0 takes all. Edits and deletions of ours are left out, as is
// what was never meant to be sent any more.
func (db *DB) Transcript(ctx context.Context, who conversation.CustomerID, where conversation.ConversationID, limit int) ([]Line, error) {
	var lines []Line
	err := db.Read(ctx, func(ctx context.Context, r *Reader) error {
		theirs, tokens, err := r.theirLines(ctx, who, where, limit)
		if err != nil {
			return err
		}
		if err := r.labels(ctx, theirs, tokens); err != nil {
			return err
		}
		ours, err := r.ourLines(ctx, who, where, limit)
		lines = append(theirs, ours...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the talk with customer %d: %w", who, err)
	}
	slices.SortStableFunc(lines, func(a, b Line) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return cmp.Compare(flag(a.Ours), flag(b.Ours)) // the question before its answer
	})
	if len(lines) > limit {
		lines = lines[len(lines)-limit:]
	}
	return lines, nil
}

// theirLines reads what the person wrote, and the tokens of what was pressed.
func (r *Reader) theirLines(ctx context.Context, who conversation.CustomerID, where conversation.ConversationID, limit int) ([]Line, map[int]string, error) {
	var rows []struct {
		inboxRow
		Received int64 `db:"received_at"`
	}
	err := r.list(ctx, &rows, `SELECT id, payload, customer_id, conversation_id, attempts, received_at FROM inbox
		WHERE customer_id IN `+sameRoot+` AND (? = 0 OR conversation_id = ?) AND kind NOT IN ('blocked', 'back', 'broken')
		ORDER BY id DESC LIMIT CAST(? AS bigint)`, int64(who), int64(where), int64(where), limit)
	if err != nil {
		return nil, nil, err
	}
	slices.Reverse(rows)
	lines, tokens := make([]Line, len(rows)), map[int]string{}
	for i, row := range rows {
		in, err := row.inbound()
		if err != nil {
			return nil, nil, err
		}
		lines[i] = Line{
			At: instant(row.Received), Kind: in.Kind, Text: texts.Literal(said(in)), Attachments: in.Attachments, Inbox: in.ID, Channel: in.Channel, Account: in.Account,
			MessageID: in.MessageID,
		}
		if in.Kind == conversation.KindPress {
			tokens[i] = in.Token
		}
	}
	return lines, tokens, nil
}

// said is what an event says in words.
func said(in conversation.Inbound) string {
	switch {
	case in.Command != "":
		return strings.TrimSpace("/" + in.Command + " " + in.Args)
	case in.Kind == conversation.KindForm:
		names := make([]string, 0, len(in.Values))
		for name := range in.Values {
			names = append(names, name)
		}
		slices.Sort(names)
		for i, name := range names {
			names[i] = name + ": " + in.Values[name]
		}
		return strings.Join(names, "\n")
	}
	return in.Text
}

// labels puts the labels of pressed buttons into their lines.
func (r *Reader) labels(ctx context.Context, lines []Line, tokens map[int]string) error {
	prefixes := make([]string, 0, len(tokens))
	for _, token := range tokens {
		prefix, _, _ := strings.Cut(token, tokenMark)
		prefixes = append(prefixes, prefix)
	}
	if len(prefixes) == 0 {
		return nil
	}
	list, err := objects(prefixes)
	if err != nil {
		return err
	}
	var bodies []string
	if err := r.list(ctx, &bodies, `SELECT body FROM outbox WHERE token IN `+r.d.texts(), list); err != nil {
		return err
	}
	labels := map[string]string{}
	for _, text := range bodies {
		var body conversation.Body
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			return fmt.Errorf("decode a message: %w", err)
		}
		for _, row := range body.Rows {
			for _, b := range row {
				labels[b.Token] = b.Label
			}
		}
	}
	for i, token := range tokens {
		lines[i].Text = texts.Literal(labels[token])
	}
	return nil
}

// ourLines reads what we wrote.
func (r *Reader) ourLines(ctx context.Context, who conversation.CustomerID, where conversation.ConversationID, limit int) ([]Line, error) {
	var rows []struct {
		ID         int64
		Body       string
		State      int
		Channel    string
		ReportKind string `db:"report_kind"`
		ReportID   int64  `db:"report_id"`
		Created    int64  `db:"created_at"`
	}
	err := r.list(ctx, &rows, `SELECT id, body, state, channel, report_kind, report_id, created_at FROM outbox
		WHERE customer_id IN `+sameRoot+` AND of_id IS NULL AND state <> 5
		AND (? = 0 OR EXISTS (SELECT 1 FROM conversations c WHERE c.id = ? AND c.account = outbox.account AND c.chat = outbox.chat))
		ORDER BY id DESC LIMIT CAST(? AS bigint)`, int64(who), int64(where), int64(where), limit)
	if err != nil {
		return nil, err
	}
	slices.Reverse(rows)
	lines := make([]Line, len(rows))
	for i, row := range rows {
		var body conversation.Body
		if err := json.Unmarshal([]byte(row.Body), &body); err != nil {
			return nil, fmt.Errorf("decode outbox item %d: %w", row.ID, err)
		}
		lines[i] = Line{
			At: instant(row.Created), Ours: true, Kind: conversation.KindMessage, Text: body.Text, Outgoing: conversation.OutgoingID(row.ID),
			Report: conversation.Ref{Kind: row.ReportKind, ID: row.ReportID}, State: outStates[row.State], Channel: row.Channel,
			Rows: body.Rows,
		}
	}
	return lines, nil
}
