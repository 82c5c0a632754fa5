package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
)

// next answers the earliest instant that a query finds.
func (l Loyalty) next(ctx context.Context, query string) (time.Time, bool, error) {
	var at int64
	if err := l.statements.get(ctx, &at, query); err != nil {
		return time.Time{}, false, err
	}
	return instant(at), at > 0, nil
}

// NextExpiry implements loyalty.Pages.
func (l Loyalty) NextExpiry(ctx context.Context) (time.Time, bool, error) {
	return l.next(ctx, `SELECT COALESCE(MIN(expires_at), 0) FROM ledger_lots WHERE remaining > 0 AND expires_at > 0`)
}

// NextWarning implements loyalty.Pages.
func (l Loyalty) NextWarning(ctx context.Context) (time.Time, bool, error) {
	return l.next(ctx, `SELECT COALESCE(MIN(warn_at), 0) FROM ledger_lots WHERE remaining > 0 AND warn_at > 0`)
}

// NextReview implements loyalty.Pages.
func (l Loyalty) NextReview(ctx context.Context) (time.Time, bool, error) {
	return l.next(ctx, `SELECT COALESCE(MIN(review_at), 0) FROM members WHERE review_at > 0 AND left_at = 0`)
}

// NextVoucherEnd implements loyalty.Pages.
func (l Loyalty) NextVoucherEnd(ctx context.Context) (time.Time, bool, error) {
	return l.next(ctx, `SELECT COALESCE(MIN(expires_at), 0) FROM vouchers WHERE state = 'valid' AND expires_at > 0`)
}

// NextOrderEnd implements loyalty.Pages.
func (l Loyalty) NextOrderEnd(ctx context.Context, wait time.Duration) (time.Time, bool, error) {
	at, ok, err := l.next(ctx, `SELECT COALESCE(MIN(received_at), 0) FROM orders WHERE customer_id IS NULL AND phone <> ''`)
	return at.Add(wait), ok, err
}

// LapsedLots implements loyalty.Pages.
func (l Loyalty) LapsedLots(ctx context.Context, now time.Time, limit int) ([]loyalty.Lot, error) {
	return l.dueLots(ctx, `SELECT `+lotColumns+` FROM ledger_lots WHERE remaining > 0 AND expires_at > 0 AND expires_at <= ?
		ORDER BY expires_at, id LIMIT ?`, now, limit)
}

// LotsDueWarning implements loyalty.Pages.
func (l Loyalty) LotsDueWarning(ctx context.Context, now time.Time, limit int) ([]loyalty.Lot, error) {
	return l.dueLots(ctx, `SELECT `+lotColumns+` FROM ledger_lots WHERE remaining > 0 AND warn_at > 0 AND warn_at <= ?
		ORDER BY warn_at, id LIMIT ?`, now, limit)
}

func (l Loyalty) dueLots(ctx context.Context, query string, now time.Time, limit int) ([]loyalty.Lot, error) {
	var rows []lotRow
	if err := l.statements.list(ctx, &rows, query, ms(now), limit); err != nil {
		return nil, fmt.Errorf("list the lots that are due: %w", err)
	}
	return lots(rows), nil
}

// MembersToReview implements loyalty.Pages.
func (l Loyalty) MembersToReview(ctx context.Context, now time.Time, limit int) ([]conversation.CustomerID, error) {
	var rows []conversation.CustomerID
	err := l.statements.list(ctx, &rows, `SELECT customer_id FROM members WHERE review_at > 0 AND left_at = 0 AND review_at <= ? ORDER BY review_at, customer_id LIMIT ?`,
		ms(now), limit)
	if err != nil {
		return nil, fmt.Errorf("list the members to review: %w", err)
	}
	return rows, nil
}

// EndVouchers implements loyalty.Pages.
func (l Loyalty) EndVouchers(ctx context.Context, now time.Time, limit int) (n int64, err error) {
	err = l.Do(ctx, func(ctx context.Context, tx *Tx) error {
		n, err = tx.exec(ctx, `UPDATE vouchers SET state = 'expired' WHERE state = 'valid' AND id IN
			(SELECT id FROM vouchers WHERE state = 'valid' AND expires_at > 0 AND expires_at <= ? ORDER BY expires_at, id LIMIT ?)`, ms(now), limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("end vouchers: %w", err)
	}
	return n, nil
}

// ForgetPhones implements loyalty.Pages.
func (l Loyalty) ForgetPhones(ctx context.Context, before time.Time, limit int) (n int64, err error) {
	err = l.Do(ctx, func(ctx context.Context, tx *Tx) error {
		n, err = tx.exec(ctx, `UPDATE orders SET phone = '' WHERE customer_id IS NULL AND id IN
			(SELECT id FROM orders WHERE customer_id IS NULL AND phone <> '' AND received_at <= ? ORDER BY received_at, id LIMIT ?)`, ms(before), limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget the phones of orders: %w", err)
	}
	return n, nil
}
