package persistence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

// UnansweredReport is what the sentence names in Outgoing.Report that takes the place of an answer which could not be
// delivered. Nobody is told what becomes of it, and it is not answered for in turn.
const UnansweredReport = "unanswered"

// Unanswered is a turn whose answer could not be delivered, for good.
type Unanswered struct {
	// Turn is about the event that was to be answered; of an answer to no event it has only the person and the chat.
	Turn conversation.Turn
	// Key is the only one under which something may be sent instead. It is the same for all answers of one turn, which
	// is told of once.
	Key string
}

// UnansweredHook follows the loss of an answer in the transaction that settles it.
type UnansweredHook func(ctx context.Context, tx *Tx, u Unanswered) error

// OnUnanswered has follow called once for each turn of which an answer failed although the person can be reached.
func (db *DB) OnUnanswered(follow UnansweredHook) {
	db.hooks.mu.Lock()
	defer db.hooks.mu.Unlock()
	db.hooks.unanswered = follow
}

// lostFor says that whoever waits for the message must hear something else.
func (s settledRow) lostFor(r *outbox.Result) bool {
	of := conversation.Outgoing{
		Lane: conversation.Lane(s.Lane), Customer: customerOf(s.Customer), AfterCrash: conversation.CrashRule(s.CrashRule),
		Report: conversation.Ref{Kind: s.ReportKind, ID: s.ReportID}, Proactive: conversation.Proactive{Purpose: s.Purpose},
	}
	return of.IsAnswer() && r.Outcome == outbox.Failed && r.Kind != conversation.PersonGone && r.Kind != conversation.PersonUnreachable
}

// plainly has messages go as words alone from now on.
func (tx *Tx) plainly(ctx context.Context, list []conversation.OutgoingID) error {
	if len(list) == 0 {
		return nil
	}
	var rows []struct {
		ID   int64
		Body string
	}
	if err := tx.list(ctx, &rows, `SELECT id, body FROM outbox WHERE `+tx.d.in("id"), ids(tx.d, list)); err != nil {
		return fmt.Errorf("read %d refused messages: %w", len(list), err)
	}
	for _, r := range rows {
		var body conversation.Body
		if err := json.Unmarshal([]byte(r.Body), &body); err != nil {
			return fmt.Errorf("decode outbox item %d: %w", r.ID, err)
		}
		body.Plain = true // the rest stays: its buttons say what may be typed
		raw, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode outbox item %d: %w", r.ID, err)
		}
		if _, err := tx.exec(ctx, `UPDATE outbox SET body = ? WHERE id = ?`, string(raw), r.ID); err != nil {
			return fmt.Errorf("have outbox item %d go as words: %w", r.ID, err)
		}
	}
	return nil
}

// lostAnswer is an answer that could not be delivered.
type lostAnswer struct {
	ID       int64
	Key      string
	Body     string
	Customer int64 `db:"customer_id"`
	Account  string
	Channel  string
	Chat     string
	Thread   string
}

// unanswered tells of turns whose answers were lost. The transaction is about one of them after the other.
func (tx *Tx) unanswered(ctx context.Context, list []int64) error {
	tx.db.hooks.mu.RLock()
	follow := tx.db.hooks.unanswered
	tx.db.hooks.mu.RUnlock()
	if follow == nil || len(list) == 0 {
		return nil
	}
	var rows []lostAnswer
	err := tx.list(ctx, &rows, `SELECT id, key, body, customer_id, account, channel, chat, thread FROM outbox
		WHERE `+tx.d.in("id")+` ORDER BY id`, ids(tx.d, list))
	if err != nil {
		return fmt.Errorf("read %d answers that failed: %w", len(list), err)
	}
	before := tx.turn
	defer func() { tx.turn = before }()
	told := map[string]bool{}
	for _, r := range rows {
		tx.turn = scope{now: tx.Now()}
		if err := tx.lost(ctx, r, told, follow); err != nil {
			return fmt.Errorf("answer for outbox item %d: %w", r.ID, err)
		}
	}
	return nil
}

// lost tells of one answer, unless its turn was told of before or the person was forgotten.
func (tx *Tx) lost(ctx context.Context, r lostAnswer, told map[string]bool, follow UnansweredHook) error {
	var body conversation.Body
	if err := json.Unmarshal([]byte(r.Body), &body); err != nil {
		return err
	}
	if body.Kind != conversation.BodyNew {
		return nil // what stands there stays readable
	}
	in, err := tx.asked(ctx, r)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("unanswered:%d", in.ID)
	if in.ID == 0 {
		key = fmt.Sprintf("unanswered:of:%d", r.ID)
	}
	taken, err := tx.takenKeys(ctx, []string{key})
	if _, is := taken[key]; err != nil || is || told[key] {
		return err
	}
	told[key] = true
	if err := tx.lockRoot(ctx, in.Customer); err != nil {
		if errors.Is(err, conversation.ErrNotFound) {
			return nil
		}
		return err
	}
	st, err := loadState(ctx, &tx.statements, in.Customer, in.Conversation)
	if err != nil {
		return err
	}
	tx.turn.to, tx.turn.conversation = in.Address, in.Conversation
	return follow(ctx, tx, Unanswered{
		Turn: conversation.Turn{
			In: in, Parts: []conversation.Inbound{in}, Person: st.Person, Dialogue: st.Dialogue,
			HumanOwns: st.HumanOwns, HumanWaits: st.HumanWaits, Now: tx.Now(),
		},
		Key: key,
	})
}

// asked is the event that the answer was for, as far as it is known.
func (tx *Tx) asked(ctx context.Context, r lostAnswer) (conversation.Inbound, error) {
	in := conversation.Inbound{
		Customer: conversation.CustomerID(r.Customer),
		Address:  conversation.Address{Channel: r.Channel, Account: r.Account, Chat: r.Chat, Thread: r.Thread},
	}
	if of, ok := strings.CutPrefix(r.Key, replyKey); ok {
		of, _, _ = strings.Cut(of, ":")
		if id, err := strconv.ParseInt(of, 10, 64); err == nil {
			var row inboxRow
			err := tx.get(ctx, &row, `SELECT id, payload, customer_id, conversation_id, attempts FROM inbox WHERE id = ?`, id)
			if err == nil && row.Customer.Int64 == r.Customer {
				return row.inbound()
			}
			if err != nil && !errors.Is(err, conversation.ErrNotFound) {
				return in, err
			}
		}
	}
	var where int64
	err := tx.get(ctx, &where, `SELECT id FROM conversations WHERE account = ? AND chat = ? ORDER BY id LIMIT 1`, r.Account, r.Chat)
	if err != nil && !errors.Is(err, conversation.ErrNotFound) {
		return in, err
	}
	in.Conversation = conversation.ConversationID(where)
	return in, nil
}
