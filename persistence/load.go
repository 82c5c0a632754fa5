package persistence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
)

// stateRow is what a turn starts from.
type stateRow struct {
	ID        int64
	Root      int64
	Chosen    string
	Spoken    string
	Name      string
	Honorific string
	Zone      string
	Stopped   bool
	Welcomed  bool
	Asked     bool
	Staff     bool
	Dialogue  string
	Version   int64
	Owned     bool
	Waits     bool
}

// stateSQL reads a stateRow. What was told once holds for all records of a person; own values count where the root
// has none. No word of it needs a customer or a conversation to exist.
const stateSQL = `SELECT COALESCE(own.id, 0) AS id, COALESCE(own.root_id, 0) AS root,
	COALESCE(NULLIF(root.chosen, ''), own.chosen, '') AS chosen, COALESCE(NULLIF(root.spoken, ''), own.spoken, '') AS spoken,
	COALESCE(NULLIF(root.name, ''), own.name, '') AS name, COALESCE(NULLIF(root.honorific, ''), own.honorific, '') AS honorific,
	COALESCE(NULLIF(root.zone, ''), own.zone, '') AS zone,
	CASE WHEN own.stopped + root.stopped > 0 THEN 1 ELSE 0 END AS stopped,
	CASE WHEN own.welcomed_at + root.welcomed_at > 0 THEN 1 ELSE 0 END AS welcomed,
	CASE WHEN own.offers_asked_at + root.offers_asked_at > 0 THEN 1 ELSE 0 END AS asked,
	CASE WHEN own.staff + root.staff > 0 THEN 1 ELSE 0 END AS staff,
	COALESCE(c.dialogue, '') AS dialogue, COALESCE(c.version, 0) AS version,
	CASE WHEN EXISTS (SELECT 1 FROM tickets t WHERE t.root_id = own.root_id AND t.state <> 'resolved' AND t.state IN ('claimed', 'waiting'))
		THEN 1 ELSE 0 END AS owned,
	CASE WHEN EXISTS (SELECT 1 FROM tickets t WHERE t.root_id = own.root_id AND t.state <> 'resolved')
		THEN 1 ELSE 0 END AS waits
	FROM (SELECT CAST(? AS bigint) AS customer, CAST(? AS bigint) AS conversation) k
	LEFT JOIN customers own ON own.id = k.customer
	LEFT JOIN customers root ON root.id = own.root_id
	LEFT JOIN conversations c ON c.id = k.conversation`

// Load implements conversation.Store.
func (s *Conversations) Load(ctx context.Context, in conversation.Inbound) (conversation.State, error) {
	st, err := loadState(ctx, &s.db.statements, in.Customer, in.Conversation)
	if err != nil {
		return conversation.State{}, fmt.Errorf("load conversation %d: %w", in.Conversation, err)
	}
	return st, nil
}

func loadState(ctx context.Context, on *statements, who conversation.CustomerID, where conversation.ConversationID) (conversation.State, error) {
	var row stateRow
	if err := on.get(ctx, &row, stateSQL, int64(who), int64(where)); err != nil {
		return conversation.State{}, err
	}
	stack, err := decodeStack(row.Dialogue)
	if err != nil {
		return conversation.State{}, err
	}
	return conversation.State{
		Person: conversation.Person{
			ID: conversation.CustomerID(row.ID), Root: conversation.CustomerID(row.Root),
			Chosen: language.Code(row.Chosen), Spoken: language.Code(row.Spoken), Name: row.Name, Honorific: row.Honorific,
			Zone: row.Zone, Stopped: row.Stopped, Welcomed: row.Welcomed, OffersAsked: row.Asked, Staff: row.Staff,
		},
		Dialogue:  conversation.Dialogue{Version: row.Version, Stack: stack},
		HumanOwns: row.Owned, HumanWaits: row.Waits,
	}, nil
}

func decodeStack(text string) ([]conversation.Frame, error) {
	if text == "" {
		return nil, nil
	}
	var stack []conversation.Frame
	if err := json.Unmarshal([]byte(text), &stack); err != nil {
		return nil, fmt.Errorf("decode the dialogue: %w", err)
	}
	return stack, nil
}

func encodeStack(d conversation.Dialogue) (string, error) {
	if len(d.Stack) == 0 {
		return "", nil
	}
	raw, err := json.Marshal(d.Stack)
	if err != nil {
		return "", fmt.Errorf("encode the dialogue: %w", err)
	}
	return string(raw), nil
}

// FindButton implements conversation.Store.
func (s *Conversations) FindButton(ctx context.Context, to conversation.Address, token string) (conversation.Pressed, error) {
	prefix, _, ok := strings.Cut(token, tokenMark)
	if !ok || len(prefix) != tokenLength {
		return conversation.Pressed{}, conversation.ErrNotFound
	}
	var row struct {
		ID      int64
		Of      int64
		Body    string
		Created int64 `db:"created_at"`
	}
	err := s.db.statements.get(ctx, &row, `SELECT id, COALESCE(of_id, 0) AS of, body, created_at FROM outbox
		WHERE token = ? AND account = ? AND (chat = ? OR sent_chat = ?
			OR EXISTS (SELECT 1 FROM outbox t WHERE t.id = outbox.of_id AND t.sent_chat = ?))`, // an edit stands where its target does
		prefix, clean(to.Account), clean(to.Chat), clean(to.Chat), clean(to.Chat))
	if errors.Is(err, conversation.ErrNotFound) {
		return conversation.Pressed{}, err
	}
	if err != nil {
		return conversation.Pressed{}, fmt.Errorf("find a pressed button: %w", err)
	}
	var body conversation.Body
	if err := json.Unmarshal([]byte(row.Body), &body); err != nil {
		return conversation.Pressed{}, fmt.Errorf("decode outbox item %d: %w", row.ID, err)
	}
	of := conversation.OutgoingID(row.ID)
	if body.Kind == conversation.BodyEdit {
		of = body.Of // the buttons came with an edit, and stand under the message that it changed
	}
	for _, line := range body.Rows {
		for _, b := range line {
			if b.Token == token {
				return conversation.Pressed{Action: b.Action, Of: of, SentAt: instant(row.Created), Text: body.Text}, nil
			}
		}
	}
	return conversation.Pressed{}, conversation.ErrNotFound
}

// LastAsked implements conversation.Store.
func (s *Conversations) LastAsked(ctx context.Context, to conversation.Address, person conversation.CustomerID) (conversation.Asked, error) {
	var row struct {
		ID      int64
		Of      int64
		Asks    bool
		Body    string
		Created int64 `db:"created_at"`
	}
	err := s.db.statements.get(ctx, &row, `SELECT id, COALESCE(of_id, 0) AS of, token IS NOT NULL AS asks, body, created_at FROM outbox
		WHERE customer_id = ? AND account = ? AND (chat = ? OR sent_chat = ?) AND state IN (2, 3)
		ORDER BY id DESC LIMIT 1`, int64(person), clean(to.Account), clean(to.Chat), clean(to.Chat))
	if errors.Is(err, conversation.ErrNotFound) || err == nil && !row.Asks {
		return conversation.Asked{}, conversation.ErrNotFound
	}
	if err != nil {
		return conversation.Asked{}, fmt.Errorf("read the newest message to %d: %w", person, err)
	}
	asked := conversation.Asked{ID: conversation.OutgoingID(row.ID), SentAt: instant(row.Created)}
	if err := json.Unmarshal([]byte(row.Body), &asked.Body); err != nil {
		return conversation.Asked{}, fmt.Errorf("decode outbox item %d: %w", row.ID, err)
	}
	if asked.Body.Kind == conversation.BodyEdit {
		asked.ID = asked.Body.Of
	}
	return asked, nil
}

// Tokens are tokenLength random characters, tokenMark and the button's number: at most 20 bytes of the 64 that
// Telegram, the tightest platform, allows (core.telegram.org/bots/api#inlinekeyboardbutton).
const (
	tokenMark   = "."
	tokenLength = 16
)

// label gives every button with an action its token. It answers what they begin with, empty without such buttons,
// and copies what it changes: the rows are the caller's.
func label(body *conversation.Body, random func() string) string {
	prefix, n := "", 0
	for i, line := range body.Rows {
		for j, b := range line {
			if b.Action.Skill == "" {
				continue
			}
			if prefix == "" {
				prefix = random()
				rows := make([][]conversation.Button, len(body.Rows))
				for k := range body.Rows {
					rows[k] = append([]conversation.Button(nil), body.Rows[k]...)
				}
				body.Rows = rows
			}
			body.Rows[i][j].Token = prefix + tokenMark + strconv.Itoa(n)
			n++
		}
	}
	return prefix
}
