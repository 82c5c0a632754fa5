package persistence

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
)

// lotRow is a lot as it is stored.
type lotRow struct {
	ID        int64
	Customer  int64 `db:"customer_id"`
	Points    int64
	Remaining int64
	Available int64 `db:"available_at"`
	Expires   int64 `db:"expires_at"`
	Warn      int64 `db:"warn_at"`
}

const lotColumns = `id, customer_id, points, remaining, available_at, expires_at, warn_at`

func (r lotRow) lot() loyalty.Lot {
	return loyalty.Lot{
		ID: r.ID, Customer: conversation.CustomerID(r.Customer), Points: r.Points, Remaining: r.Remaining,
		AvailableAt: instant(r.Available), ExpiresAt: instant(r.Expires), WarnAt: instant(r.Warn),
	}
}

func lots(rows []lotRow) []loyalty.Lot {
	out := make([]loyalty.Lot, len(rows))
	for i, r := range rows {
		out[i] = r.lot()
	}
	return out
}

// openLots lists the person's lots that have something left, the first to lapse first.
func (b loyaltyBooks) openLots(ctx context.Context) ([]loyalty.Lot, error) {
	var rows []lotRow
	err := b.list(ctx, &rows, `SELECT `+lotColumns+` FROM ledger_lots WHERE remaining > 0 AND customer_id IN `+ofRoot+`
		ORDER BY CASE WHEN expires_at = 0 THEN 1 ELSE 0 END, expires_at, id`, int64(b.turn.root))
	if err != nil {
		return nil, fmt.Errorf("list the lots of %d: %w", b.turn.root, err)
	}
	return lots(rows), nil
}

// spendable leaves out the lots that are pending or have lapsed.
func spendable(all []loyalty.Lot, now time.Time) []loyalty.Lot {
	var out []loyalty.Lot
	for _, l := range all {
		if !l.Pending(now) && !l.Lapsed(now) {
			out = append(out, l)
		}
	}
	return out
}

// anyLots puts what can be spent first and what is pending last; what has lapsed is nobody's any more.
func anyLots(all []loyalty.Lot, now time.Time) []loyalty.Lot {
	out := spendable(all, now)
	for _, l := range all {
		if l.Pending(now) && !l.Lapsed(now) {
			out = append(out, l)
		}
	}
	return out
}

// ReverseEntry implements loyalty.Ledger.
func (b loyaltyBooks) ReverseEntry(ctx context.Context, id int64, e loyalty.Entry) (loyalty.Posted, error) {
	e.Kind, e.Reverses = loyalty.Reverse, id
	p, again, err := b.repeat(ctx, e)
	if err != nil || again {
		return p, err
	}
	var row entryRow
	if err := b.get(ctx, &row, `SELECT `+entryColumns+` FROM ledger_entries WHERE id = ?`, id); err != nil {
		return p, fmt.Errorf("find ledger entry %d: %w", id, err)
	}
	if err := b.own(ctx, conversation.CustomerID(row.Customer)); err != nil {
		return p, err
	}
	var other int64
	err = b.get(ctx, &other, `SELECT id FROM ledger_entries WHERE reverses_id = ?`, id)
	if err == nil {
		return p, loyalty.ErrReversed
	}
	if !errors.Is(err, conversation.ErrNotFound) {
		return p, fmt.Errorf("look for the opposite of ledger entry %d: %w", id, err)
	}
	e.Customer = conversation.CustomerID(row.Customer)
	if row.Points > 0 {
		return b.takeBack(ctx, row, e)
	}
	return b.giveBack(ctx, row, e)
}

// takeBack takes what an entry brought: from its own lot, then from the others; what is missing is owed.
func (b loyaltyBooks) takeBack(ctx context.Context, row entryRow, e loyalty.Entry) (loyalty.Posted, error) {
	all, err := b.openLots(ctx)
	if err != nil {
		return loyalty.Posted{}, err
	}
	var own int64
	err = b.get(ctx, &own, `SELECT id FROM ledger_lots WHERE entry_id = ?`, row.ID)
	if err != nil && !errors.Is(err, conversation.ErrNotFound) {
		return loyalty.Posted{}, fmt.Errorf("find the lot of ledger entry %d: %w", row.ID, err)
	}
	var order []loyalty.Lot
	for _, l := range all {
		if l.ID == own {
			order = append(order, l)
		}
	}
	for _, l := range anyLots(all, e.At) {
		if l.ID != own {
			order = append(order, l)
		}
	}
	lapsed, err := b.lapsedOf(ctx, own)
	if err != nil {
		return loyalty.Posted{}, err
	}
	want := row.Points - lapsed // what has lapsed unspent is gone already
	taken, missing := loyalty.Draw(order, want)
	e.Points, e.Short = missing-want, missing
	return b.write(ctx, e, taken)
}

// lapsedOf is how much of a lot was written off as lapsed.
func (b loyaltyBooks) lapsedOf(ctx context.Context, lot int64) (int64, error) {
	var n int64
	err := b.get(ctx, &n, `SELECT COALESCE(SUM(-a.points), 0) FROM ledger_allocations a JOIN ledger_entries e ON e.id = a.entry_id
		WHERE a.lot_id = ? AND e.kind = 'expire'`, lot)
	if err != nil {
		return 0, fmt.Errorf("sum up what lapsed of lot %d: %w", lot, err)
	}
	return n, nil
}

// giveBack restores the lots that paid for an entry.
func (b loyaltyBooks) giveBack(ctx context.Context, row entryRow, e loyalty.Entry) (loyalty.Posted, error) {
	var rows []struct {
		lotRow
		Moved int64
	}
	err := b.list(ctx, &rows, `SELECT l.id, l.customer_id, l.points, l.remaining, l.available_at, l.expires_at, l.warn_at, a.points AS moved
		FROM ledger_allocations a JOIN ledger_lots l ON l.id = a.lot_id WHERE a.entry_id = ? ORDER BY a.id`, row.ID)
	if err != nil {
		return loyalty.Posted{}, fmt.Errorf("list the allocations of ledger entry %d: %w", row.ID, err)
	}
	byID := make(map[int64]loyalty.Lot, len(rows))
	took := make([]loyalty.Allocation, len(rows))
	for i, r := range rows {
		byID[r.ID], took[i] = r.lot(), loyalty.Allocation{Lot: r.ID, Points: r.Moved}
	}
	back, lapsed := loyalty.Restore(took, byID, e.At)
	e.Points = lapsed
	for _, a := range back {
		e.Points += a.Points
	}
	return b.write(ctx, e, back)
}

// ExpireLot implements loyalty.Ledger.
func (b loyaltyBooks) ExpireLot(ctx context.Context, lot int64, now time.Time) error {
	var row lotRow
	err := b.get(ctx, &row, `SELECT `+lotColumns+` FROM ledger_lots WHERE id = ?`, lot)
	if err != nil {
		return fmt.Errorf("find lot %d: %w", lot, err)
	}
	l := row.lot()
	if l.Remaining == 0 || !l.Lapsed(now) {
		return nil
	}
	e := loyalty.Entry{
		Source: loyalty.SourceExpiry, SourceID: strconv.FormatInt(lot, 10), Kind: loyalty.Expire, Customer: l.Customer,
		Points: -l.Remaining, Reason: loyalty.Reason{Code: "expire"}, At: l.ExpiresAt,
	}
	_, again, err := b.repeat(ctx, e)
	if err != nil || again {
		return err
	}
	_, err = b.write(ctx, e, []loyalty.Allocation{{Lot: lot, Points: -l.Remaining}})
	return err
}

// LotsToWarn implements loyalty.Ledger.
func (b loyaltyBooks) LotsToWarn(ctx context.Context, now, before time.Time) ([]loyalty.Lot, error) {
	var rows []lotRow
	err := b.list(ctx, &rows, `SELECT `+lotColumns+` FROM ledger_lots
		WHERE remaining > 0 AND warn_at > 0 AND (warn_at <= ? OR expires_at <= ?) AND customer_id IN `+ofRoot+` ORDER BY expires_at, id`,
		ms(now), ms(before), int64(b.turn.root))
	if err != nil {
		return nil, fmt.Errorf("list the lots to warn %d of: %w", b.turn.root, err)
	}
	return lots(rows), nil
}

// SetWarnings implements loyalty.Ledger.
func (b loyaltyBooks) SetWarnings(ctx context.Context, all []loyalty.Lot) error {
	for _, l := range all {
		if _, err := b.exec(ctx, `UPDATE ledger_lots SET warn_at = ? WHERE id = ?`, ms(l.WarnAt), l.ID); err != nil {
			return fmt.Errorf("move the warning of lot %d: %w", l.ID, err)
		}
	}
	return nil
}
