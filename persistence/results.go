package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

// maxDetail is how much of an error's text is kept, in bytes.
const maxDetail = 500

// resultRow is what a call came to.
type resultRow struct {
	ID      int64  `json:"id"`
	State   int    `json:"state"`
	Called  int    `json:"called"`
	RetryAt int64  `json:"retry_at"`
	Message string `json:"message"`
	Chat    string `json:"chat"`
	Kind    string `json:"kind"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	Settled int64  `json:"settled"`
	Follow  int64  `json:"follow"` // 1: more follows from it than the message's own state
}

// stateOf is the row's state after an outcome.
func stateOf(o outbox.Outcome) int {
	switch o {
	case outbox.Sent:
		return outSent
	case outbox.Retry:
		return outPending
	case outbox.Failed:
		return outFailed
	case outbox.Dropped:
		return outDropped
	default:
		return outUnknown
	}
}

// maxSettled is how many results one statement takes on PostgreSQL, which compares each with each message.
const maxSettled = 64

// Settle implements outbox.Store.
func (s *Outbox) Settle(ctx context.Context, l outbox.Lease, results []outbox.Result) error {
	if len(results) == 0 {
		return nil
	}
	if err := s.settle(ctx, l, results); err != nil {
		return fmt.Errorf("settle %d messages of %s: %w", len(results), l.Account, err)
	}
	return nil
}

func (s *Outbox) settle(ctx context.Context, l outbox.Lease, results []outbox.Result) error {
	bulk := !slices.ContainsFunc(results, func(r outbox.Result) bool { return r.Lane != conversation.LaneBulk })
	if s.db.dialect.joins && !bulk && len(results) <= maxSettled { // a statement alone is a transaction; bulk mostly has records that follow
		rest, err := s.settlePlain(ctx, l, results)
		if results = rest; err != nil || len(results) == 0 {
			return err
		}
	}
	// A result that is lost with the machine's power leaves its message in flight, for the crash rule.
	how := manner{lazy: true}
	if bulk {
		how = how.ofBulk(len(results))
	}
	return s.db.do(ctx, how, func(ctx context.Context, tx *Tx) error { return tx.settleResults(ctx, l, results) })
}

// settledRow is an item whose result was taken.
type settledRow struct {
	ID         int64
	Customer   sql.NullInt64 `db:"customer_id"`
	Channel    string
	Chat       string
	ReportKind string `db:"report_kind"`
	ReportID   int64  `db:"report_id"`
	State      int
	Purpose    string
	Lane       int
	CrashRule  int `db:"crash_rule"`
}

// settlePlain settles in one statement what touches nothing but the messages, and answers the other results.
func (s *Outbox) settlePlain(ctx context.Context, l outbox.Lease, results []outbox.Result) (rest []outbox.Result, err error) {
	list, err := resultList(results, ms(s.db.clock.Now()))
	if err != nil {
		return nil, err
	}
	run, cancel, err := alone(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	var settled []settledRow
	err = s.db.statements.list(run, &settled, settlePostgres, l.Account, l.Owner, l.Epoch, list, 1, resultIDs(s.db.dialect, results))
	if errors.Is(err, errAgain) {
		return results, nil
	}
	if err != nil || len(settled) == len(results) {
		return nil, err
	}
	done := make(map[int64]bool, len(settled))
	for _, s := range settled {
		done[s.ID] = true
	}
	for _, r := range results {
		if !done[int64(r.ID)] {
			rest = append(rest, r)
		}
	}
	return rest, nil
}

func (tx *Tx) settleResults(ctx context.Context, l outbox.Lease, results []outbox.Result) error {
	most := maxSettled
	if tx.d.sqlite {
		most = len(results)
	}
	var settled []settledRow
	for part := range slices.Chunk(results, most) {
		rows, err := tx.writeResults(ctx, l, part)
		if err != nil {
			return err
		}
		settled = append(settled, rows...)
	}
	if len(settled) < len(results) { // settled before, or no longer ours to settle
		if err := tx.fence(ctx, l, false); err != nil {
			return err
		}
	}
	byID := make(map[int64]*outbox.Result, len(results))
	for i := range results {
		byID[int64(results[i].ID)] = &results[i]
	}
	return tx.followResults(ctx, l.Account, settled, byID)
}

// writeResults writes as many results as one statement takes, and answers whose were taken.
func (tx *Tx) writeResults(ctx context.Context, l outbox.Lease, results []outbox.Result) (settled []settledRow, err error) {
	list, err := resultList(results, ms(tx.Now()))
	if err != nil {
		return nil, err
	}
	query, args := settlePostgres, []any{l.Account, l.Owner, l.Epoch, list, 0, resultIDs(tx.d, results)}
	if tx.d.sqlite {
		query, args = settleSQLite, args[:5]
	}
	err = tx.list(ctx, &settled, query, args...)
	return settled, err
}

// resultIDs is whose results they are, as one parameter.
func resultIDs(d *dialect, results []outbox.Result) string {
	list := make([]conversation.OutgoingID, len(results))
	for i, r := range results {
		list[i] = r.ID
	}
	return ids(d, list)
}

// resultList is the results as one parameter.
func resultList(results []outbox.Result, now int64) (string, error) {
	rows := make([]resultRow, len(results))
	for i, r := range results {
		rows[i] = resultRow{
			ID: int64(r.ID), State: stateOf(r.Outcome), Called: 1, Message: clean(r.Receipt.MessageID), Chat: clean(r.Receipt.Chat),
			Code: clean(r.Code), Detail: shorten(clean(r.Detail), maxDetail), Settled: now, Follow: flag(r.Plain),
		}
		if r.Outcome == outbox.Retry {
			rows[i].RetryAt, rows[i].Settled = ms(r.RetryAt), 0
			rows[i].Called = int(1 - flag(r.Uncalled))
		}
		if r.Outcome != outbox.Sent {
			rows[i].Kind = r.Kind.String()
		}
	}
	return objects(rows)
}

// makeSettleSQL writes results while the lease is in force, whether or not its time is up: a result is a fact. Its
// last parameter but one is 1 to leave out whatever more follows from: what names a record, tells that a person is gone,
// or failed. The last, on PostgreSQL alone, is the ids once more: a statement that was planned while the outbox was
// small would else read all of it through for one result. A message without a chat was to a person who was
// erased meanwhile: it keeps nothing and is not tried again.
func makeSettleSQL(d *dialect) string {
	only := ""
	if d.joins {
		only = " AND " + d.in("outbox.id")
	}
	return `WITH held AS (SELECT account, epoch FROM leases WHERE account = ? AND owner = ? AND epoch = ?` + d.shareRow + `)
	UPDATE outbox SET state = CASE WHEN outbox.chat = '' AND r.state = 0 THEN 5 ELSE r.state END,
		attempts = outbox.attempts + r.called, retry_at = r.retry_at,
		message_id = CASE WHEN r.message = '' OR outbox.chat = '' THEN outbox.message_id ELSE r.message END,
		sent_chat = CASE WHEN r.chat = outbox.chat OR outbox.chat = '' THEN '' ELSE r.chat END,
		error_kind = r.kind, error_code = r.code, error_detail = CASE WHEN outbox.chat = '' THEN '' ELSE r.detail END,
		settled_at = r.settled
	FROM ` + d.rows("r", "id bigint", "state bigint", "called bigint", "retry_at bigint", "message text", "chat text",
		"kind text", "code text", "detail text", "settled bigint", "follow bigint") + `, held, (SELECT CAST(? AS bigint) AS plain) AS how
	WHERE outbox.id = r.id` + only + ` AND outbox.state + 0 = 1 AND outbox.epoch = held.epoch AND outbox.account || '' = held.account
		AND (how.plain = 0 OR (outbox.report_kind = '' AND r.kind <> 'person_gone' AND r.state < 4 AND r.follow = 0))
	RETURNING outbox.id, outbox.customer_id, outbox.channel, outbox.chat, outbox.report_kind, outbox.report_id, outbox.state,
		outbox.purpose, outbox.lane, outbox.crash_rule`
}

var settleSQLite, settlePostgres = makeSettleSQL(&sqliteDialect), makeSettleSQL(&postgresDialect)

// followResults tells the records that the items name, and keeps whom we can no longer reach.
func (tx *Tx) followResults(ctx context.Context, account string, settled []settledRow, byID map[int64]*outbox.Result) error {
	slices.SortFunc(settled, func(a, b settledRow) int { return int(a.ID - b.ID) })
	reports := map[string][]Report{}
	var gone []goneRow
	var free []string
	var plain []conversation.OutgoingID
	var lost []int64
	for _, s := range settled {
		r := byID[s.ID]
		switch {
		case r.Plain:
			plain = append(plain, r.ID)
		case s.lostFor(r):
			lost = append(lost, s.ID)
		}
		outcome, code := r.Outcome, r.Code
		if s.State == outDropped && outcome == outbox.Retry {
			outcome, code = outbox.Dropped, CodeForgotten
		}
		if s.Purpose != "" && (outcome == outbox.Failed || outcome == outbox.Dropped) {
			free = append(free, placeKey(conversation.OutgoingID(s.ID)))
		}
		if r.Outcome != outbox.Sent && r.Kind == conversation.PersonGone {
			gone = append(gone, goneRow{Account: account, Chat: s.Chat, Channel: s.Channel, Customer: s.Customer.Int64, Reason: clean(r.Code)})
		}
		if s.ReportKind == "" || outcome == outbox.Retry {
			continue
		}
		reports[s.ReportKind] = append(reports[s.ReportKind], Report{
			ID: s.ReportID, Item: conversation.OutgoingID(s.ID), Customer: conversation.CustomerID(s.Customer.Int64),
			Outcome: outcome, Kind: r.Kind, Code: code, MessageID: r.Receipt.MessageID,
			Chat: r.Receipt.Chat, At: tx.Now(),
		})
	}
	if err := tx.loseTouch(ctx, gone); err != nil {
		return err
	}
	if err := tx.giveBack(ctx, free); err != nil {
		return err
	}
	if err := tx.plainly(ctx, plain); err != nil {
		return err
	}
	if err := tx.report(ctx, reports); err != nil {
		return err
	}
	return tx.unanswered(ctx, lost)
}

type goneRow struct {
	Account  string `json:"account"`
	Chat     string `json:"chat"`
	Channel  string `json:"channel"`
	Customer int64  `json:"customer"`
	Reason   string `json:"reason"`
}

// loseTouch marks identities as gone: that of the private chat, or the customer's own on that channel.
func (tx *Tx) loseTouch(ctx context.Context, gone []goneRow) error {
	if len(gone) == 0 {
		return nil
	}
	list, err := objects(gone)
	if err != nil {
		return err
	}
	var known []lostRow
	err = tx.list(ctx, &known, `SELECT COALESCE(c.identity_id, own.id) AS id, r.reason
		FROM `+tx.d.rows("r", "account text", "chat text", "channel text", "customer bigint", "reason text")+`
		LEFT JOIN conversations c ON c.account = r.account AND c.chat = r.chat
		LEFT JOIN identities own ON own.customer_id = r.customer AND own.channel = r.channel
		WHERE COALESCE(c.identity_id, own.id) IS NOT NULL ORDER BY 1`, list)
	if err != nil {
		return fmt.Errorf("find %d people who are gone: %w", len(gone), err)
	}
	if list, err = objects(known); err != nil {
		return err
	}
	_, err = tx.exec(ctx, `UPDATE identities SET reach = 'gone', reach_reason = r.reason, reach_at = ?, needs_consent = 1
		FROM `+tx.d.rows("r", "id bigint", "reason text")+` WHERE identities.id = r.id AND identities.reach <> 'gone'`, ms(tx.Now()), list)
	if err != nil {
		return fmt.Errorf("mark %d people as gone: %w", len(gone), err)
	}
	return nil
}

// lostRow is an identity that can no longer be reached.
type lostRow struct {
	ID     int64  `json:"id"`
	Reason string `json:"reason"`
}

// report calls the hooks.
func (tx *Tx) report(ctx context.Context, reports map[string][]Report) error {
	for kind, list := range reports {
		tx.db.hooks.mu.RLock()
		settle := tx.db.hooks.reports[kind]
		tx.db.hooks.mu.RUnlock()
		if settle == nil {
			continue
		}
		if err := settle(ctx, tx, list); err != nil {
			return fmt.Errorf("settle %d records of kind %s: %w", len(list), kind, err)
		}
	}
	return nil
}

// Recover implements outbox.Store.
func (s *Outbox) Recover(ctx context.Context, l outbox.Lease) (outbox.Recovered, error) {
	var found outbox.Recovered
	err := s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		found = outbox.Recovered{}
		if err := tx.fence(ctx, l, true); err != nil {
			return err
		}
		now := ms(tx.Now())
		var rows []settledRow
		err := tx.list(ctx, &rows, `UPDATE outbox SET state = CASE WHEN crash_rule = 0 AND chat <> '' THEN 0 ELSE 3 END, attempts = attempts + 1,
			settled_at = CASE WHEN crash_rule = 0 AND chat <> '' THEN 0 ELSE CAST(? AS bigint) END,
			error_kind = CASE WHEN crash_rule = 0 AND chat <> '' THEN error_kind ELSE ? END
			WHERE state = 1 AND account = ? AND epoch < ?
			RETURNING id, customer_id, channel, chat, report_kind, report_id, state`,
			now, conversation.OutcomeUnknown.String(), l.Account, l.Epoch)
		if err != nil {
			return err
		}
		reports := map[string][]Report{}
		for _, r := range rows {
			if r.State == outPending {
				found.Resent++
				continue
			}
			found.Unknown++
			if r.ReportKind != "" {
				reports[r.ReportKind] = append(reports[r.ReportKind], Report{
					ID: r.ReportID, Item: conversation.OutgoingID(r.ID), Customer: conversation.CustomerID(r.Customer.Int64),
					Outcome: outbox.Lost, Kind: conversation.OutcomeUnknown, Code: "crash", At: tx.Now(),
				})
			}
		}
		return tx.report(ctx, reports)
	})
	if err != nil {
		return found, fmt.Errorf("recover what %s left in flight: %w", l.Account, err)
	}
	return found, nil
}

// Depth implements outbox.Store.
func (s *Outbox) Depth(ctx context.Context, account string, now time.Time) (map[conversation.Lane]int, error) {
	var rows []struct {
		Lane  int
		Count int `db:"n"`
	}
	err := s.db.statements.list(ctx, &rows, `SELECT lane, sum(n) AS n FROM (
		SELECT lane, count(*) AS n FROM outbox WHERE state = 0 AND account = ? AND not_before <= ? GROUP BY lane
		UNION ALL SELECT lane, count(*) AS n FROM outbox WHERE state = 1 AND account = ? GROUP BY lane) d GROUP BY lane`,
		account, now.UnixMilli(), account)
	if err != nil {
		return nil, fmt.Errorf("count what %s has to send: %w", account, err)
	}
	depth := map[conversation.Lane]int{}
	for _, r := range rows {
		depth[conversation.Lane(r.Lane)] = r.Count
	}
	return depth, nil
}
