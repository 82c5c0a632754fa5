package persistence

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
)

// outRow is a message on its way into the outbox.
type outRow struct {
	ID         int64   `json:"id"`
	Key        string  `json:"key"`
	Account    string  `json:"account"`
	Channel    string  `json:"channel"`
	Chat       string  `json:"chat"`
	Thread     string  `json:"thread"`
	Lane       int     `json:"lane"`
	Customer   *int64  `json:"customer_id"`
	Body       string  `json:"body"`
	Handle     string  `json:"handle"`
	Token      *string `json:"token"`
	Of         *int64  `json:"of_id"`
	NotBefore  int64   `json:"not_before"`
	NotAfter   int64   `json:"not_after"`
	CrashRule  int     `json:"crash_rule"`
	Purpose    string  `json:"purpose"`
	Topic      string  `json:"topic"`
	ReportKind string  `json:"report_kind"`
	ReportID   int64   `json:"report_id"`
	Created    int64   `json:"created_at"`
}

const outColumns = `id, key, account, channel, chat, thread, lane, customer_id, body, handle, token, of_id, not_before,
	not_after, crash_rule, purpose, topic, report_kind, report_id, created_at`

// outOneSQLite writes one row. SQLite does without a table of parameters: a statement costs it no round trip.
const outOneSQLite = `INSERT INTO outbox (` + outColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (key) DO NOTHING`

func (r *outRow) values() []any {
	return []any{
		r.ID, r.Key, r.Account, r.Channel, r.Chat, r.Thread, r.Lane, r.Customer, r.Body, r.Handle, r.Token, r.Of, r.NotBefore,
		r.NotAfter, r.CrashRule, r.Purpose, r.Topic, r.ReportKind, r.ReportID, r.Created,
	}
}

func makeOutSQL(d *dialect) string {
	return `INSERT INTO outbox (` + outColumns + `) SELECT ` + outColumns + ` FROM ` +
		d.rows("o", "id bigint", "key text", "account text", "channel text", "chat text", "thread text", "lane bigint",
			"customer_id bigint", "body text", "handle text", "token text", "of_id bigint", "not_before bigint", "not_after bigint",
			"crash_rule bigint", "purpose text", "topic text", "report_kind text", "report_id bigint", "created_at bigint") +
		` WHERE true ON CONFLICT (key) DO NOTHING`
}

var outPostgres = makeOutSQL(&postgresDialect)

// replyKey begins the keys of replies; the event and the reply's number follow.
const replyKey = "reply:"

// Send implements conversation.Tx. Outside a turn the message must name its key and its address.
func (tx *Tx) Send(ctx context.Context, o conversation.Outgoing) (conversation.OutgoingID, error) {
	sent, err := tx.SendAll(ctx, []conversation.Outgoing{o})
	if err != nil {
		return 0, err
	}
	return sent[0], nil
}

// SendAll is Send for a page of messages, with one look-up of their keys. It answers their ids in order.
func (tx *Tx) SendAll(ctx context.Context, all []conversation.Outgoing) ([]conversation.OutgoingID, error) {
	rows := make([]outRow, len(all))
	var asked []string
	for i, o := range all {
		own, err := tx.outRow(o, &rows[i])
		if err != nil {
			return nil, err
		}
		if own {
			asked = append(asked, rows[i].Key)
		}
	}
	taken, err := tx.takenKeys(ctx, asked)
	if err != nil {
		return nil, err
	}
	out := make([]conversation.OutgoingID, len(rows))
	for i := range rows {
		if have, ok := taken[rows[i].Key]; ok {
			out[i] = have
			continue
		}
		if out[i], err = tx.nextID(ctx, len(rows)-i); err != nil {
			return nil, err
		}
		rows[i].ID = int64(out[i])
		tx.keys[rows[i].Key], taken[rows[i].Key] = out[i], out[i]
		tx.sends = append(tx.sends, rows[i])
		if conversation.Lane(rows[i].Lane) == conversation.LaneBulk {
			tx.touch(BoxBulk, rows[i].Account)
		} else {
			tx.touch(BoxOutbox, rows[i].Account)
		}
	}
	return out, nil
}

// touch has who sends for the account told at the commit.
func (tx *Tx) touch(box Box, account string) {
	if tx.touched == nil {
		tx.touched = map[note]struct{}{}
	}
	tx.touched[note{box, account}] = struct{}{}
}

// outRow fills in what a turn knows. It answers whether the key is the caller's own and may be there already.
func (tx *Tx) outRow(o conversation.Outgoing, r *outRow) (ownKey bool, err error) {
	if o.To == (conversation.Address{}) {
		o.To = tx.turn.to
		if len(o.Handle) == 0 {
			o.Handle = tx.turn.handle
		}
	}
	if o.To.Account == "" || o.To.Chat == "" {
		return false, errors.New("a message without an address: outside a turn it must name one")
	}
	ownKey = o.Key != ""
	if !ownKey {
		if tx.turn.inbox == 0 {
			return false, errors.New("a message without a key: outside a turn it must name one")
		}
		o.Key = fmt.Sprintf("%s%d:%d", replyKey, tx.turn.inbox, tx.turn.replies)
		tx.turn.replies++
	}
	token := label(&o.Body, newToken)
	body, err := json.Marshal(o.Body)
	if err != nil {
		return false, fmt.Errorf("encode message %s: %w", o.Key, err)
	}
	*r = outRow{
		Key: clean(o.Key), Account: clean(o.To.Account), Channel: clean(o.To.Channel), Chat: clean(o.To.Chat),
		Thread: clean(o.To.Thread), Lane: int(o.Lane), Body: string(body), Handle: base64.StdEncoding.EncodeToString(o.Handle),
		NotBefore: ms(o.NotBefore), NotAfter: ms(o.NotAfter), CrashRule: int(o.AfterCrash),
		Purpose: o.Proactive.Purpose, Topic: o.Proactive.Topic,
		ReportKind: o.Report.Kind, ReportID: o.Report.ID, Created: ms(tx.Now()),
	}
	if o.Customer == 0 {
		o.Customer = tx.turn.person
	}
	if id := int64(o.Customer); id > 0 {
		r.Customer = &id
	}
	if token != "" {
		r.Token = &token
	}
	of := o.Body.Of
	if o.Body.Kind == conversation.BodyNew {
		of = o.Body.Under
	}
	if id := int64(of); id != 0 {
		r.Of = &id
	}
	return ownKey, nil
}

// takenKeys finds out which of the keys are there already, in this transaction's own messages or in the outbox.
func (tx *Tx) takenKeys(ctx context.Context, asked []string) (map[string]conversation.OutgoingID, error) {
	if tx.keys == nil {
		tx.keys = map[string]conversation.OutgoingID{}
	}
	taken := map[string]conversation.OutgoingID{}
	var unknown []string
	for _, key := range asked {
		if have, ok := tx.keys[key]; ok {
			taken[key] = have
		} else {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) == 0 {
		return taken, nil
	}
	list, err := objects(unknown)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		ID  conversation.OutgoingID
		Key string
	}
	if err := tx.list(ctx, &rows, `SELECT id, key FROM outbox WHERE key IN `+tx.d.texts(), list); err != nil {
		return nil, fmt.Errorf("look for %d messages: %w", len(unknown), err)
	}
	for _, r := range rows {
		taken[r.Key] = r.ID
	}
	return taken, nil
}

// nextID takes an id for a message before it is written, so that what is written with it can name it. want is how many
// the caller is about to take.
func (tx *Tx) nextID(ctx context.Context, want int) (conversation.OutgoingID, error) {
	if len(tx.free) == 0 {
		if err := tx.reserve(ctx, want); err != nil {
			return 0, fmt.Errorf("number a message: %w", err)
		}
	}
	id := tx.free[0]
	tx.free = tx.free[1:]
	return id, nil
}

func (tx *Tx) reserve(ctx context.Context, want int) (err error) {
	if !tx.d.sqlite {
		on := &tx.statements
		if tx.ahead != nil {
			on = tx.ahead()
		}
		tx.free, err = tx.db.numbers.take(tx.context(ctx), on, want)
		return err
	}
	// Nobody else writes while this transaction does, so its group counts on from what was there.
	if *tx.lastOut < 0 {
		err := tx.get(ctx, tx.lastOut, `SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0)`)
		if err != nil {
			return err
		}
	}
	tx.free = between(*tx.lastOut+1, want)
	*tx.lastOut += int64(want)
	return nil
}

// flush writes what was kept back together with other writes, and answers how many rows those others changed. A key
// that somebody else has taken meanwhile has the whole function run again.
func (tx *Tx) flush(ctx context.Context, others ...write) ([]int64, error) {
	n := int64(len(tx.sends))
	if tx.d.sqlite && n > 0 {
		var written int64
		for i := range tx.sends {
			one, err := tx.exec(ctx, outOneSQLite, tx.sends[i].values()...)
			if err != nil {
				return nil, fmt.Errorf("write %d messages: %w", n, err)
			}
			written += one
		}
		if written != n {
			return nil, fmt.Errorf("%w: %d of %d messages were new", errAgain, written, n)
		}
		tx.sends, n = nil, 0
	}
	all, err := tx.keptBack(others)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	changed, err := tx.writeAll(ctx, all...)
	if err != nil {
		return nil, fmt.Errorf("write what was kept back, %d messages among it: %w", n, err)
	}
	if n > 0 && changed[len(others)] != n {
		return nil, fmt.Errorf("%w: %d of %d messages were new", errAgain, changed[len(others)], n)
	}
	tx.sends, tx.kept, tx.person = nil, nil, nil
	return changed[:len(others)], nil
}

// keptBack are the others, then the messages, then what else was kept back.
func (tx *Tx) keptBack(others []write) ([]write, error) {
	all := others
	if len(tx.sends) > 0 {
		list, err := objects(tx.sends)
		if err != nil {
			return nil, err
		}
		all = append(all, write{outPostgres, []any{list}})
	}
	all = append(all, tx.kept...)
	if tx.person != nil {
		all = append(all, *tx.person)
	}
	return all, nil
}

// newToken is what the tokens of one message's buttons begin with: 80 random bits.
func newToken() string { return rand.Text()[:tokenLength] }
