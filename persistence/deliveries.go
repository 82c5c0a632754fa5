package persistence

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/attention"
	"github.com/rapport-chat/rapport/engagement/offer"
	"github.com/rapport-chat/rapport/outbox"
)

// deliveryRow is a delivery on its way into the table.
type deliveryRow struct {
	Root     int64  `json:"root"`
	Customer int64  `json:"customer"`
	State    string `json:"state"`
	Reason   string `json:"reason"`
	Step     int    `json:"step"`
	Why      string `json:"why"`
}

// fill moves the cursor, which also says that nobody else has, and writes deliveries and messages with it.
func (tx *Tx) fill(ctx context.Context, p offer.Page) error {
	o := p.Occurrence
	state := "open"
	if p.Last {
		state = "planned"
	}
	n, err := tx.exec(ctx, `UPDATE occurrences SET cursor = ?, state = ? WHERE id = ? AND cursor = ? AND state = 'open'`,
		int64(p.Cursor), state, o.ID, int64(o.Cursor))
	if err != nil {
		return err
	}
	if n == 0 {
		return errMovedOn
	}
	if err := tx.insertDeliveries(ctx, p); err != nil || !p.Last {
		return err
	}
	return tx.endOccurrences(ctx, []int64{o.ID})
}

func (tx *Tx) insertDeliveries(ctx context.Context, p offer.Page) error {
	if len(p.Deliveries) == 0 {
		return nil
	}
	rows := make([]deliveryRow, len(p.Deliveries))
	byRoot := make(map[int64]*offer.Delivery, len(rows))
	for i := range p.Deliveries {
		d := &p.Deliveries[i]
		why, err := json.Marshal(d.Why)
		if err != nil {
			return fmt.Errorf("encode the reasons of a delivery: %w", err)
		}
		rows[i] = deliveryRow{Root: int64(d.Root), Customer: int64(d.Customer), State: d.State, Reason: d.Reason, Step: d.Step, Why: string(why)}
		byRoot[rows[i].Root] = d
	}
	list, err := objects(rows)
	if err != nil {
		return err
	}
	var made []struct {
		ID   int64
		Root int64 `db:"root_id"`
	}
	err = tx.list(ctx, &made, `INSERT INTO deliveries (occurrence_id, root_id, customer_id, offer, step, state, reason, why, due_at, decided_at)
		SELECT CAST(? AS bigint), d.root, d.customer, CAST(? AS text), d.step, d.state, d.reason, d.why, CAST(? AS bigint), CAST(? AS bigint)
		FROM `+tx.d.rows("d", "root bigint", "customer bigint", "state text", "reason text", "step bigint", "why text")+`
		WHERE true ON CONFLICT (occurrence_id, root_id) DO NOTHING RETURNING id, root_id`,
		p.Occurrence.ID, p.Occurrence.Offer, ms(p.Occurrence.Due), ms(tx.Now()), list)
	if err != nil {
		return fmt.Errorf("write %d deliveries: %w", len(rows), err)
	}
	var out []conversation.Outgoing
	for _, m := range made {
		if d := byRoot[m.Root]; d.Message != nil {
			out = append(out, d.Message(m.ID))
		}
	}
	_, err = tx.SendAll(ctx, out)
	return err
}

// outcomeRow is what became of a delivery.
type outcomeRow struct {
	ID      int64  `json:"id"`
	State   string `json:"state"`
	Reason  string `json:"reason"`
	Item    int64  `json:"item"`
	Settled int64  `json:"settled"`
}

// SettleDeliveries is the report hook of deliveries. drained, when set, is told that messages have left: there may be
// room for the next page. It is called before the commit, so it is a hint.
func SettleDeliveries(drained func()) ReportHook {
	return func(ctx context.Context, tx *Tx, reports []Report) error {
		rows := make([]outcomeRow, len(reports))
		for i, r := range reports {
			rows[i] = outcomeOf(r)
		}
		list, err := objects(rows)
		if err != nil {
			return err
		}
		var of []settledDelivery
		err = tx.list(ctx, &of, `UPDATE deliveries SET state = r.state, reason = r.reason, outbox_id = r.item, settled_at = r.settled FROM `+
			tx.d.rows("r", "id bigint", "state text", "reason text", "item bigint", "settled bigint")+`
			WHERE deliveries.id = r.id RETURNING deliveries.occurrence_id, deliveries.state, deliveries.outbox_id`, list)
		if err != nil {
			return fmt.Errorf("settle %d deliveries: %w", len(rows), err)
		}
		if drained != nil {
			drained()
		}
		called := make(map[int64]bool, len(reports))
		for _, r := range reports {
			called[int64(r.Item)] = r.Outcome == outbox.Sent || r.Outcome == outbox.Failed || r.Outcome == outbox.Lost
		}
		return tx.countDeliveries(ctx, of, called)
	}
}

// outcomeOf translates what the outbox says.
func outcomeOf(r Report) outcomeRow {
	row := outcomeRow{ID: r.ID, Reason: r.Code, Item: int64(r.Item), Settled: ms(r.At)}
	switch r.Outcome {
	case outbox.Sent:
		row.State, row.Reason = offer.StateSent, ""
	case outbox.Retry:
		row.State, row.Settled = offer.StateDeferred, 0
	case outbox.Lost:
		row.State = offer.StateUnknown
	case outbox.Dropped:
		switch r.Code {
		case CodeTooLate:
			row.State = offer.StateLate
		case attention.ReasonUnreachable:
			row.State = offer.StateUnreachable
		default:
			row.State = offer.StateSuppressed
		}
	default:
		row.State = offer.StateFailed
		if r.Kind == conversation.PersonGone || r.Kind == conversation.PersonUnreachable {
			row.State = offer.StateUnreachable
		}
	}
	return row
}

// endOccurrences ends occurrences of which nobody is missing any more.
func (tx *Tx) endOccurrences(ctx context.Context, occurrences []int64) error {
	_, err := tx.exec(ctx, `UPDATE occurrences SET state = 'finished', finished_at = ? WHERE state = 'planned' AND `+tx.d.in("id")+`
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.occurrence_id = occurrences.id AND d.state IN ('pending', 'deferred'))
		AND NOT EXISTS (SELECT 1 FROM posts p WHERE p.occurrence_id = occurrences.id AND p.state IN ('open', 'pending', 'deferred'))`,
		ms(tx.Now()), ids(tx.d, occurrences))
	if err != nil {
		return fmt.Errorf("end occurrences: %w", err)
	}
	return nil
}

// Had implements offer.Store.
func (s Offers) Had(ctx context.Context, id string, who []conversation.CustomerID) ([]offer.Past, error) {
	var rows []struct {
		Occurrence int64 `db:"occurrence_id"`
		Customer   int64 `db:"customer_id"`
		Due        int64 `db:"due_at"`
		Decided    int64 `db:"decided_at"`
		Step       int
	}
	err := s.db.statements.list(ctx, &rows, `SELECT occurrence_id, customer_id, due_at, decided_at, step FROM deliveries
		WHERE offer = ? AND `+s.db.dialect.in("customer_id")+` ORDER BY id`, id, ids(s.db.dialect, who))
	if err != nil {
		return nil, fmt.Errorf("list earlier deliveries of offer %s: %w", id, err)
	}
	out := make([]offer.Past, len(rows))
	for i, r := range rows {
		out[i] = offer.Past{
			Occurrence: r.Occurrence, Customer: conversation.CustomerID(r.Customer), Due: instant(r.Due), Decided: instant(r.Decided), Step: r.Step,
		}
	}
	return out, nil
}

// recordRow is a delivery as it is read.
type recordRow struct {
	ID       int64
	Offer    string
	Due      int64 `db:"due_at"`
	State    string
	Reason   string
	Step     int
	Why      string
	Decided  int64 `db:"decided_at"`
	Settled  int64 `db:"settled_at"`
	Root     int64 `db:"root_id"`
	Customer int64 `db:"customer_id"`
}

const recordColumns = `id, offer, due_at, state, reason, step, why, decided_at, settled_at, root_id, customer_id`

func (r recordRow) record() (offer.Record, error) {
	out := offer.Record{
		ID: r.ID, Offer: r.Offer, Due: instant(r.Due), State: r.State, Reason: r.Reason, Step: r.Step, Decided: instant(r.Decided),
		Settled: instant(r.Settled), Root: conversation.CustomerID(r.Root), Customer: conversation.CustomerID(r.Customer),
	}
	if err := json.Unmarshal([]byte(r.Why), &out.Why); err != nil {
		return out, fmt.Errorf("decode the reasons of delivery %d: %w", r.ID, err)
	}
	return out, nil
}

// Delivery implements offer.Reader.
func (s Offers) Delivery(ctx context.Context, id int64) (offer.Record, error) {
	var r recordRow
	if err := s.db.statements.get(ctx, &r, `SELECT `+recordColumns+` FROM deliveries WHERE id = ?`, id); err != nil {
		return offer.Record{}, fmt.Errorf("read delivery %d: %w", id, err)
	}
	return r.record()
}

// Deliveries implements offer.Reader.
func (s Offers) Deliveries(ctx context.Context, who conversation.CustomerID, limit int) ([]offer.Record, error) {
	var rows []recordRow
	err := s.db.statements.list(ctx, &rows, `SELECT `+recordColumns+` FROM deliveries WHERE customer_id IN `+sameRoot+`
		ORDER BY id DESC LIMIT CAST(? AS bigint)`, int64(who), limit)
	if err != nil {
		return nil, fmt.Errorf("list the deliveries of %d: %w", who, err)
	}
	out := make([]offer.Record, len(rows))
	for i, r := range rows {
		if out[i], err = r.record(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Agreements implements offer.Reader.
func (s Offers) Agreements(ctx context.Context, who conversation.CustomerID) ([]offer.Agreement, error) {
	var rows []struct {
		Customer int64 `db:"customer_id"`
		Channel  string
		Topic    string
		Granted  bool
		Given    int64 `db:"given_at"`
	}
	err := s.db.statements.list(ctx, &rows, `SELECT customer_id, channel, topic, granted, given_at FROM consents_in_force
		WHERE customer_id IN `+sameRoot+` ORDER BY customer_id, channel, topic`, int64(who))
	if err != nil {
		return nil, fmt.Errorf("list what %d agreed to: %w", who, err)
	}
	out := make([]offer.Agreement, len(rows))
	for i, r := range rows {
		out[i] = offer.Agreement{
			Customer: conversation.CustomerID(r.Customer), Channel: r.Channel, Topic: r.Topic, Granted: r.Granted, At: instant(r.Given),
		}
	}
	return out, nil
}
