package persistence

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

// What an outbox row can be.
const (
	outPending = iota
	outSending
	outSent
	outUnknown
	outFailed
	outDropped
)

// Codes of what we do not send at all.
const (
	// CodeTooLate: its NotAfter had passed.
	CodeTooLate = "too_late"
	// CodeNothingToChange: the message that an edit or deletion names was never sent.
	CodeNothingToChange = "nothing_to_change"
)

// Waiting implements outbox.Store.
func (s *Outbox) Waiting(ctx context.Context, account string, lane conversation.Lane, after conversation.OutgoingID, limit int) ([]outbox.Waiting, error) {
	var rows []struct {
		ID        int64
		Chat      string
		NotBefore int64 `db:"not_before"`
		RetryAt   int64 `db:"retry_at"`
	}
	err := s.db.statements.list(ctx, &rows, waitingSQL, account, int(lane), int64(after), limit)
	if err != nil {
		return nil, fmt.Errorf("list what %s has to send: %w", account, err)
	}
	out := make([]outbox.Waiting, len(rows))
	for i, r := range rows {
		out[i] = outbox.Waiting{
			ID: conversation.OutgoingID(r.ID), Chat: r.Chat, Lane: lane, NotBefore: instant(r.NotBefore), RetryAt: instant(r.RetryAt),
		}
	}
	return out, nil
}

const waitingSQL = `SELECT id, chat, not_before, retry_at FROM outbox
	WHERE state = 0 AND account = ? AND lane = ? AND id > ? ORDER BY id LIMIT CAST(? AS bigint)`

// itemRow is an outbox row as a claim needs it, with the message that it changes, if any.
type itemRow struct {
	ID         int64
	Key        string
	Account    string
	Channel    string
	Chat       string
	Thread     string
	Lane       int
	Customer   sql.NullInt64 `db:"customer_id"`
	Body       string
	Handle     string
	Of         sql.NullInt64 `db:"of_id"`
	NotBefore  int64         `db:"not_before"`
	NotAfter   int64         `db:"not_after"`
	CrashRule  int           `db:"crash_rule"`
	Purpose    string
	Topic      string
	ReportKind string `db:"report_kind"`
	ReportID   int64  `db:"report_id"`
	Attempts   int
	Created    int64 `db:"created_at"`

	OfState   sql.NullInt64 `db:"of_state"`
	OfMessage string        `db:"of_message"`
	OfChat    string        `db:"of_chat"`
}

const itemColumns = `o.id, o.key, o.account, o.channel, o.chat, o.thread, o.lane, o.customer_id, o.body, o.handle, o.of_id,
	o.not_before, o.not_after, o.crash_rule, o.purpose, o.topic, o.report_kind, o.report_id, o.attempts, o.created_at,
	t.state AS of_state, COALESCE(t.message_id, '') AS of_message, COALESCE(t.sent_chat, '') AS of_chat`

// Claim implements outbox.Store.
func (s *Outbox) Claim(ctx context.Context, l outbox.Lease, ids []conversation.OutgoingID, now time.Time) ([]outbox.Item, error) {
	rows, err := s.claimRows(ctx, l, ids, now)
	if err != nil {
		return nil, fmt.Errorf("claim %d messages of %s: %w", len(ids), l.Account, err)
	}
	place := make(map[int64]int, len(ids))
	for i, id := range ids {
		place[int64(id)] = i
	}
	slices.SortFunc(rows, func(a, b itemRow) int { return place[a.ID] - place[b.ID] })
	items := make([]outbox.Item, len(rows))
	for i := range rows {
		if items[i], err = rows[i].item(); err != nil {
			return nil, fmt.Errorf("claim %d messages of %s: %w", len(ids), l.Account, err)
		}
	}
	return items, nil
}

// claimRows claims what asks for no judgement in one statement, and the rest with care.
func (s *Outbox) claimRows(ctx context.Context, l outbox.Lease, wanted []conversation.OutgoingID, now time.Time) ([]itemRow, error) {
	var rows []itemRow
	if s.db.dialect.joins { // a statement alone is a transaction
		run, cancel, err := alone(ctx)
		if err != nil {
			return nil, err
		}
		rows, err = s.db.statements.plain(run, l, wanted, now)
		cancel()
		if err != nil && !errors.Is(err, errAgain) || len(rows) == len(wanted) {
			return rows, err
		}
	}
	how, judged, err := s.manner(ctx, wanted)
	if err != nil {
		return nil, err
	}
	var more []itemRow
	err = s.db.do(ctx, how, func(ctx context.Context, tx *Tx) (err error) {
		tx.turn.now = now
		more = nil
		if !s.db.dialect.joins && judged < len(wanted) {
			more, err = tx.plain(ctx, l, wanted, now)
			if err != nil || len(more) == len(wanted) {
				return err
			}
		}
		rest, err := tx.claim(ctx, l, wanted, now)
		for _, r := range rest {
			more = append(more, *r)
		}
		return err
	})
	return append(rows, more...), err
}

// plain claims those of the messages that need no look at anything else: not what we start, what changes another
// message, or what is too late.
func (s *statements) plain(ctx context.Context, l outbox.Lease, wanted []conversation.OutgoingID, now time.Time) ([]itemRow, error) {
	query := plainPostgres
	if s.d.sqlite {
		query = plainSQLite
	}
	var rows []itemRow
	err := s.list(ctx, &rows, query, l.Account, l.Owner, l.Epoch, ids(s.d, wanted), l.Account, now.UnixMilli())
	return rows, err
}

func makePlainSQL(d *dialect) string {
	return `WITH held AS (SELECT epoch FROM leases WHERE account = ? AND owner = ? AND epoch = ? AND expires_at > ` + d.clock + d.shareRow + `)
	UPDATE outbox SET state = 1, epoch = held.epoch FROM held WHERE ` + d.in("outbox.id") + ` AND outbox.state + 0 = 0
		AND outbox.account || '' = ? AND outbox.purpose = '' AND outbox.of_id IS NULL
		AND (outbox.not_after = 0 OR outbox.not_after >= ?)
	RETURNING id, key, account, channel, chat, thread, lane, customer_id, body, handle, of_id, not_before, not_after, crash_rule,
		purpose, topic, report_kind, report_id, attempts, created_at`
}

var plainSQLite, plainPostgres = makePlainSQL(&sqliteDialect), makePlainSQL(&postgresDialect)

// manner is how a claim with care is done: lazily when its loss would do no harm, because each of the messages would be
// sent again after a crash and none of them costs anything; yielding when nobody waits for any of them. judged is how
// many of them have to be, because of what they are for.
func (s *Outbox) manner(ctx context.Context, wanted []conversation.OutgoingID) (how manner, judged int, err error) {
	var of struct{ Careful, Urgent, Judged int }
	err = s.db.statements.get(ctx, &of, `SELECT COALESCE(sum(CASE WHEN crash_rule <> 0 OR purpose <> '' OR not_after <> 0 THEN 1 ELSE 0 END), 0) AS careful,
		COALESCE(sum(CASE WHEN lane < 2 THEN 1 ELSE 0 END), 0) AS urgent,
		COALESCE(sum(CASE WHEN purpose <> '' THEN 1 ELSE 0 END), 0) AS judged FROM outbox WHERE `+s.db.dialect.in("id"), ids(s.db.dialect, wanted))
	how.lazy = of.Careful == 0
	if of.Urgent == 0 {
		how = how.ofBulk(len(wanted))
	}
	return how, of.Judged, err
}

// claim claims with care: it looks at what each message hangs on, and asks the gate.
func (tx *Tx) claim(ctx context.Context, l outbox.Lease, wanted []conversation.OutgoingID, now time.Time) ([]*itemRow, error) {
	if err := tx.fence(ctx, l, true); err != nil {
		return nil, err
	}
	var rows []itemRow
	err := tx.list(ctx, &rows, `SELECT `+itemColumns+` FROM outbox o LEFT JOIN outbox t ON t.id = o.of_id
		WHERE o.state + 0 = 0 AND `+tx.d.in("o.id")+` ORDER BY o.id`+tx.d.lockOf("o"), // + 0: by the ids, not by the index of all that is pending
		ids(tx.d, wanted))
	if err != nil {
		return nil, err
	}
	found := make(map[conversation.OutgoingID]*itemRow, len(rows))
	for i := range rows {
		found[conversation.OutgoingID(rows[i].ID)] = &rows[i]
	}
	order := make([]*itemRow, 0, len(rows))
	for _, id := range wanted {
		if r := found[id]; r != nil && r.Account == l.Account {
			delete(found, id) // named twice is claimed once
			order = append(order, r)
		}
	}
	out, ends, puts, err := tx.judge(ctx, order, now)
	if err != nil {
		return nil, err
	}
	return out, tx.writeClaim(ctx, l, out, ends, puts)
}

// ended is an item that will not be sent.
type ended struct {
	row     *itemRow
	state   int
	outcome outbox.Outcome
	code    string
}

// putOff is an item that the gate defers.
type putOff struct {
	row    *itemRow
	until  time.Time
	reason string
}

// judge sorts candidates into those that go out now, those that never will, and those that wait.
func (tx *Tx) judge(ctx context.Context, rows []*itemRow, now time.Time) (send []*itemRow, ends []ended, puts []putOff, err error) {
	asked := make([]*itemRow, 0, len(rows))
	verdicts := map[int64]Verdict{}
	for _, r := range rows {
		switch {
		case r.NotAfter != 0 && r.NotAfter < now.UnixMilli():
			ends = append(ends, ended{r, outDropped, outbox.Dropped, CodeTooLate})
			verdicts[r.ID] = Verdict{Suppress: CodeTooLate}
		case r.Of.Valid && r.targetGone() && !r.hangs():
			ends = append(ends, ended{r, outFailed, outbox.Failed, CodeNothingToChange})
			verdicts[r.ID] = Verdict{Suppress: CodeNothingToChange}
		case r.Purpose != "":
			asked = append(asked, r)
		}
	}
	if err := tx.askGate(ctx, asked, now, verdicts); err != nil {
		return nil, nil, nil, err
	}
	for _, r := range asked {
		switch v := verdicts[r.ID]; {
		case v.Suppress != "":
			ends = append(ends, ended{r, outDropped, outbox.Dropped, v.Suppress})
		case !v.Defer.IsZero():
			puts = append(puts, putOff{r, v.Defer, v.Reason})
		}
	}
	for _, r := range rows {
		if v := verdicts[r.ID]; v.Suppress == "" && v.Defer.IsZero() {
			send = append(send, r)
		}
	}
	return send, ends, puts, nil
}

// targetGone says that the message which is to be changed does not stand anywhere.
func (r *itemRow) targetGone() bool {
	if !r.OfState.Valid {
		return true // deleted by retention
	}
	switch r.OfState.Int64 {
	case outPending, outSending:
		return false
	case outSent:
		return r.OfMessage == ""
	}
	return true
}

// hangs says that the message is a new one in the thread under another: it goes out also when that one does not.
func (r *itemRow) hangs() bool {
	var body struct {
		Kind conversation.BodyKind `json:"kind"`
	}
	return json.Unmarshal([]byte(r.Body), &body) == nil && body.Kind == conversation.BodyNew
}

func (tx *Tx) askGate(ctx context.Context, rows []*itemRow, now time.Time, into map[int64]Verdict) error {
	tx.db.hooks.mu.RLock()
	gate := tx.db.hooks.gate
	tx.db.hooks.mu.RUnlock()
	if gate == nil || len(rows) == 0 {
		return nil
	}
	candidates := make([]Candidate, len(rows))
	for i, r := range rows {
		candidates[i] = Candidate{
			ID: conversation.OutgoingID(r.ID), Customer: conversation.CustomerID(r.Customer.Int64), To: r.address(),
			Lane: conversation.Lane(r.Lane), Proactive: conversation.Proactive{Purpose: r.Purpose, Topic: r.Topic},
			Report: conversation.Ref{Kind: r.ReportKind, ID: r.ReportID}, NotAfter: instant(r.NotAfter),
		}
	}
	verdicts, err := gate(ctx, tx, now, candidates)
	if err != nil {
		return fmt.Errorf("ask the gate about %d messages: %w", len(rows), err)
	}
	if len(verdicts) != len(rows) {
		return fmt.Errorf("the gate answered %d of %d messages", len(verdicts), len(rows))
	}
	for i, r := range rows {
		into[r.ID] = verdicts[i]
	}
	return nil
}

// writeClaim writes what was decided and tells the records that the ended and deferred items name.
func (tx *Tx) writeClaim(ctx context.Context, l outbox.Lease, send []*itemRow, ends []ended, puts []putOff) error {
	var writes []write
	if len(send) > 0 {
		list := make([]int64, len(send))
		for i, r := range send {
			list[i] = r.ID
		}
		writes = append(writes, write{`UPDATE outbox SET state = 1, epoch = ? WHERE ` + tx.d.in("id"), []any{l.Epoch, ids(tx.d, list)}})
	}
	reports := map[string][]Report{}
	var changes []changeRow
	var free []string // places that a first try had taken
	for _, e := range ends {
		if e.row.Purpose != "" {
			free = append(free, placeKey(conversation.OutgoingID(e.row.ID)))
		}
		changes = append(changes, changeRow{ID: e.row.ID, State: e.state, Settled: ms(tx.Now()), NotBefore: e.row.NotBefore, Code: e.code})
		if e.row.ReportKind != "" {
			reports[e.row.ReportKind] = append(reports[e.row.ReportKind], e.row.report(e.outcome, e.code, tx.Now()))
		}
	}
	for _, p := range puts {
		changes = append(changes, changeRow{ID: p.row.ID, NotBefore: ms(p.until), Code: p.reason})
		if p.row.ReportKind != "" {
			r := p.row.report(outbox.Retry, p.reason, tx.Now())
			r.Deferred = p.until
			reports[p.row.ReportKind] = append(reports[p.row.ReportKind], r)
		}
	}
	if len(changes) > 0 {
		list, err := objects(changes)
		if err != nil {
			return err
		}
		writes = append(writes, write{`UPDATE outbox SET state = c.state, settled_at = c.settled, not_before = c.not_before, error_code = c.code FROM ` +
			tx.d.rows("c", "id bigint", "state bigint", "settled bigint", "not_before bigint", "code text") +
			` WHERE outbox.id = c.id AND outbox.state + 0 = 0`, []any{list}})
	}
	if len(writes) == 0 {
		return nil
	}
	if _, err := tx.writeAll(ctx, writes...); err != nil {
		return err
	}
	if err := tx.giveBack(ctx, free); err != nil {
		return err
	}
	return tx.report(ctx, reports)
}

type changeRow struct {
	ID        int64  `json:"id"`
	State     int    `json:"state"`
	Settled   int64  `json:"settled"`
	NotBefore int64  `json:"not_before"`
	Code      string `json:"code"`
}

func (r *itemRow) address() conversation.Address {
	return conversation.Address{Channel: r.Channel, Account: r.Account, Chat: r.Chat, Thread: r.Thread}
}

func (r *itemRow) report(o outbox.Outcome, code string, at time.Time) Report {
	return Report{
		ID: r.ReportID, Item: conversation.OutgoingID(r.ID), Customer: conversation.CustomerID(r.Customer.Int64),
		Outcome: o, Code: code, At: at,
	}
}

// item is the claimed message, complete.
func (r *itemRow) item() (outbox.Item, error) {
	item := outbox.Item{ID: conversation.OutgoingID(r.ID), Attempts: r.Attempts}
	if err := json.Unmarshal([]byte(r.Body), &item.Body); err != nil {
		return item, fmt.Errorf("decode outbox item %d: %w", r.ID, err)
	}
	handle, err := base64.StdEncoding.DecodeString(r.Handle)
	if err != nil {
		return item, fmt.Errorf("decode the handle of outbox item %d: %w", r.ID, err)
	}
	if len(handle) > 0 {
		item.Handle = handle
	}
	item.Key, item.To, item.Lane = r.Key, r.address(), conversation.Lane(r.Lane)
	item.Customer = customerOf(r.Customer)
	item.NotBefore, item.NotAfter = instant(r.NotBefore), instant(r.NotAfter)
	item.AfterCrash = conversation.CrashRule(r.CrashRule)
	item.Report = conversation.Ref{Kind: r.ReportKind, ID: r.ReportID}
	item.Proactive = conversation.Proactive{Purpose: r.Purpose, Topic: r.Topic}
	if item.Body.Kind != conversation.BodyNew {
		item.MessageID = r.OfMessage
	} else if item.Body.Under != 0 && r.targetGone() {
		item.Body.Under = 0 // the chat itself, rather than nowhere
	} else {
		item.To.Thread = cmp.Or(item.To.Thread, r.OfMessage)
	}
	if r.OfChat != "" {
		item.To.Chat = r.OfChat // where the message stands that is to be changed
	}
	item.Nonce = "r" + strconv.FormatInt(r.ID, 36) + "-" + strconv.FormatInt(r.Created, 36) // at most 13 + 2 + 9
	if item.Body.Plain {
		item.Nonce += "p" // it is another message: nothing of the refused one counts as sent
	}
	return item, nil
}

// customerOf is whom a row is for, -1 for nobody.
func customerOf(id sql.NullInt64) conversation.CustomerID {
	if !id.Valid {
		return -1
	}
	return conversation.CustomerID(id.Int64)
}
