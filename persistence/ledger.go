package persistence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
)

// Loyalty implements loyalty.Store.
type Loyalty struct{ *DB }

var _ loyalty.Store = Loyalty{}

// Loyalty is the ledger, the members, the orders and the vouchers.
func (db *DB) Loyalty() Loyalty { return Loyalty{db} }

// In implements loyalty.Store.
func (Loyalty) In(tx conversation.Tx) loyalty.Books { return loyaltyBooks{From(tx)} }

// loyaltyBooks writes in a transaction that has locked the root of the person it is about: all that is read here about
// that person stays as it is.
type loyaltyBooks struct{ *Tx }

// ofRoot are all records of the person whose root is a parameter.
const ofRoot = `(SELECT id FROM customers WHERE root_id = ?)`

// own refuses what is about a person that this transaction has not locked.
func (b loyaltyBooks) own(ctx context.Context, who conversation.CustomerID) error {
	if who == b.turn.person && b.turn.root != 0 {
		return nil
	}
	var root int64
	if err := b.get(ctx, &root, `SELECT root_id FROM customers WHERE id = ?`, int64(who)); err != nil {
		return fmt.Errorf("find customer %d: %w", who, err)
	}
	if conversation.CustomerID(root) != b.turn.root {
		return fmt.Errorf("customer %d is not whom this transaction is about", who)
	}
	return nil
}

// entryRow is an entry as it is stored.
type entryRow struct {
	ID       int64
	Source   string
	SourceID string `db:"source_id"`
	Kind     string
	Customer int64 `db:"customer_id"`
	Points   int64
	Short    int64
	Reason   string
	Detail   string
	Reverses int64 `db:"reverses_id"`
	At       int64 `db:"happened_at"`
}

const entryColumns = `id, source, source_id, kind, customer_id, points, short, reason, detail, COALESCE(reverses_id, 0) AS reverses_id, happened_at`

func (r entryRow) entry() (loyalty.Entry, error) {
	e := loyalty.Entry{
		ID: r.ID, Source: r.Source, SourceID: r.SourceID, Kind: loyalty.Kind(r.Kind), Customer: conversation.CustomerID(r.Customer),
		Points: r.Points, Short: r.Short, Reason: loyalty.Reason{Code: r.Reason}, Reverses: r.Reverses, At: instant(r.At),
	}
	if r.Detail == "" {
		return e, nil
	}
	if err := json.Unmarshal([]byte(r.Detail), &e.Reason.Data); err != nil {
		return e, fmt.Errorf("decode ledger entry %d: %w", r.ID, err)
	}
	return e, nil
}

// FindEntry implements loyalty.Ledger.
func (b loyaltyBooks) FindEntry(ctx context.Context, source, sourceID string, kind loyalty.Kind) (loyalty.Entry, error) {
	var row entryRow
	err := b.get(ctx, &row, `SELECT `+entryColumns+` FROM ledger_entries
		WHERE source = ? AND source_id = ? AND kind = ? AND customer_id IN `+ofRoot+` ORDER BY id LIMIT 1`,
		source, clean(sourceID), string(kind), int64(b.turn.root))
	if err != nil {
		return loyalty.Entry{}, err
	}
	return row.entry()
}

// repeat answers what was posted before under the same key.
func (b loyaltyBooks) repeat(ctx context.Context, e loyalty.Entry) (p loyalty.Posted, again bool, err error) {
	if err := b.own(ctx, e.Customer); err != nil {
		return p, false, err
	}
	old, err := b.FindEntry(ctx, e.Source, e.SourceID, e.Kind)
	if errors.Is(err, conversation.ErrNotFound) {
		return p, false, nil
	}
	if err != nil {
		return p, false, fmt.Errorf("look for a ledger entry: %w", err)
	}
	return loyalty.Posted{ID: old.ID, Points: old.Points}, true, nil
}

// Post implements loyalty.Ledger.
func (b loyaltyBooks) Post(ctx context.Context, e loyalty.Entry) (loyalty.Posted, error) {
	p, again, err := b.repeat(ctx, e)
	if err != nil || again {
		return p, err
	}
	var taken []loyalty.Allocation
	if e.Points < 0 {
		lots, err := b.openLots(ctx)
		if err != nil {
			return p, err
		}
		var missing int64
		if taken, missing = loyalty.Draw(spendable(lots, e.At), -e.Points); missing > 0 {
			return p, &loyalty.ShortError{Missing: missing}
		}
	}
	return b.write(ctx, e, taken)
}

// write writes an entry with its lot and allocations, and what is owed is taken from what it brought.
func (b loyaltyBooks) write(ctx context.Context, e loyalty.Entry, moved []loyalty.Allocation) (loyalty.Posted, error) {
	detail := ""
	if e.Reason.Data != (loyalty.ReasonData{}) {
		raw, err := json.Marshal(e.Reason.Data)
		if err != nil {
			return loyalty.Posted{}, fmt.Errorf("encode the reason of a ledger entry: %w", err)
		}
		detail = clean(string(raw))
	}
	p := loyalty.Posted{Points: e.Points, Fresh: true}
	err := b.get(ctx, &p.ID, `INSERT INTO ledger_entries
		(source, source_id, kind, root_id, customer_id, points, short, reason, detail, reverses_id, happened_at, posted_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		e.Source, clean(e.SourceID), string(e.Kind), int64(b.turn.root), int64(e.Customer), e.Points, e.Short,
		e.Reason.Code, detail, nullID(e.Reverses), ms(e.At), ms(b.Now()))
	if err != nil {
		return p, fmt.Errorf("write a ledger entry of customer %d: %w", e.Customer, err)
	}
	if err := b.move(ctx, p.ID, e, moved); err != nil {
		return p, fmt.Errorf("move the points of ledger entry %d: %w", p.ID, err)
	}
	if e.Points > 0 {
		if err := b.settleOwed(ctx, p.ID, e.At); err != nil {
			return p, fmt.Errorf("take what is owed from ledger entry %d: %w", p.ID, err)
		}
	}
	return p, nil
}

// move writes the lot that an entry makes and its allocations, and changes the balances of whose lots they are.
func (b loyaltyBooks) move(ctx context.Context, entry int64, e loyalty.Entry, moved []loyalty.Allocation) error {
	made := e.Points
	for _, a := range moved {
		made -= a.Points
		if err := b.allocate(ctx, entry, a); err != nil {
			return err
		}
	}
	if made > 0 {
		_, err := b.exec(ctx, `INSERT INTO ledger_lots (entry_id, customer_id, points, remaining, available_at, expires_at, warn_at)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, entry, int64(e.Customer), made, made, ms(e.Lot.AvailableAt), ms(e.Lot.ExpiresAt), ms(e.Lot.WarnAt))
		if err != nil {
			return fmt.Errorf("make a lot: %w", err)
		}
	}
	return b.changeBalance(ctx, e.Customer, made, e.Short)
}

// allocate moves points of one lot, and the balance of the record that the lot belongs to.
func (b loyaltyBooks) allocate(ctx context.Context, entry int64, a loyalty.Allocation) error {
	var owner int64
	err := b.get(ctx, &owner, `UPDATE ledger_lots SET remaining = remaining + ? WHERE id = ? AND remaining + ? BETWEEN 0 AND points
		RETURNING customer_id`, a.Points, a.Lot, a.Points)
	if err != nil {
		return fmt.Errorf("move %d points of lot %d: %w", a.Points, a.Lot, err)
	}
	if _, err := b.exec(ctx, `INSERT INTO ledger_allocations (entry_id, lot_id, points) VALUES (?, ?, ?)`, entry, a.Lot, a.Points); err != nil {
		return fmt.Errorf("allocate %d points of lot %d: %w", a.Points, a.Lot, err)
	}
	return b.changeBalance(ctx, conversation.CustomerID(owner), a.Points, 0)
}

// changeBalance adds to a record's cached sums.
func (b loyaltyBooks) changeBalance(ctx context.Context, who conversation.CustomerID, points, owed int64) error {
	if points == 0 && owed == 0 {
		return nil
	}
	n, err := b.exec(ctx, `UPDATE balances SET points = points + ?, owed = owed + ?, changed_at = ? WHERE customer_id = ?`,
		points, owed, ms(b.Now()), int64(who))
	if err == nil && n == 0 {
		_, err = b.exec(ctx, `INSERT INTO balances (customer_id, points, owed, changed_at) VALUES (?, ?, ?, ?)`,
			int64(who), points, owed, ms(b.Now()))
	}
	if err != nil {
		return fmt.Errorf("change the balance of customer %d: %w", who, err)
	}
	return nil
}

// settleOwed takes from the person's lots what is owed since points had to be given back that were spent.
func (b loyaltyBooks) settleOwed(ctx context.Context, entry int64, at time.Time) error {
	var debts []struct {
		Customer int64 `db:"customer_id"`
		Owed     int64
	}
	err := b.list(ctx, &debts, `SELECT customer_id, owed FROM balances WHERE owed > 0 AND customer_id IN `+ofRoot+` ORDER BY customer_id`, int64(b.turn.root))
	if err != nil || len(debts) == 0 {
		return err
	}
	for _, d := range debts {
		lots, err := b.openLots(ctx)
		if err != nil {
			return err
		}
		taken, missing := loyalty.Draw(anyLots(lots, at), d.Owed)
		if missing == d.Owed {
			return nil // nothing is left to take
		}
		e := loyalty.Entry{
			Source: loyalty.SourceOwed, SourceID: fmt.Sprintf("entry:%d:%d", entry, d.Customer), Kind: loyalty.Adjust,
			Customer: conversation.CustomerID(d.Customer), Points: missing - d.Owed, Reason: loyalty.Reason{Code: "owed"}, At: at,
		}
		if _, err := b.write(ctx, e, taken); err != nil {
			return err
		}
		if err := b.changeBalance(ctx, e.Customer, 0, e.Points); err != nil {
			return err
		}
	}
	return nil
}
