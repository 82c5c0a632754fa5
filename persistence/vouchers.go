package persistence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
)

// voucherRow is a voucher as it is stored.
type voucherRow struct {
	ID        int64
	Code      string
	Key       string
	Customer  int64 `db:"customer_id"`
	Reward    string
	Kind      string
	Value     int64
	Remaining int64
	Currency  string
	State     string
	Issued    int64 `db:"issued_at"`
	Expires   int64 `db:"expires_at"`
	Used      int64 `db:"used_at"`
}

const voucherColumns = `id, code, key, customer_id, reward, kind, value, remaining, currency, state, issued_at, expires_at, used_at`

func (r voucherRow) voucher() loyalty.Voucher {
	return loyalty.Voucher{
		ID: r.ID, Code: r.Code, Key: r.Key, Customer: conversation.CustomerID(r.Customer), Reward: r.Reward, Kind: r.Kind,
		Value: r.Value, Remaining: r.Remaining, Currency: r.Currency, State: r.State,
		IssuedAt: instant(r.Issued), ExpiresAt: instant(r.Expires), UsedAt: instant(r.Used),
	}
}

func findVoucher(ctx context.Context, on *statements, where, value string) (loyalty.Voucher, error) {
	var r voucherRow
	err := on.get(ctx, &r, `SELECT `+voucherColumns+` FROM vouchers WHERE `+where, clean(value))
	return r.voucher(), err
}

// FindVoucher implements loyalty.VoucherBook.
func (b loyaltyBooks) FindVoucher(ctx context.Context, key string) (loyalty.Voucher, error) {
	return findVoucher(ctx, &b.statements, `key = ?`, key)
}

// VoucherByCode implements loyalty.Reader.
func (l Loyalty) VoucherByCode(ctx context.Context, code string) (loyalty.Voucher, error) {
	return findVoucher(ctx, &l.statements, `code = ?`, code)
}

// Issue implements loyalty.VoucherBook.
func (b loyaltyBooks) Issue(ctx context.Context, v loyalty.Voucher) (loyalty.Voucher, bool, error) {
	if err := b.own(ctx, v.Customer); err != nil {
		return v, false, err
	}
	for range maxCodes {
		n, err := b.exec(ctx, `INSERT INTO vouchers (code, key, customer_id, reward, kind, value, remaining, currency, issued_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, loyalty.NewVoucherCode(), clean(v.Key), int64(v.Customer),
			v.Reward, v.Kind, v.Value, v.Remaining, v.Currency, ms(v.IssuedAt), ms(v.ExpiresAt))
		if err != nil {
			return v, false, fmt.Errorf("issue a voucher of %s: %w", v.Reward, err)
		}
		now, err := b.FindVoucher(ctx, v.Key)
		if err == nil {
			return now, n == 1, nil
		}
		if !errors.Is(err, conversation.ErrNotFound) {
			return v, false, fmt.Errorf("find the voucher of %s: %w", v.Key, err)
		}
	}
	return v, false, fmt.Errorf("issue a voucher of %s: %w", v.Reward, errNoCode)
}

// Use implements loyalty.VoucherBook. The voucher's row decides between two tills.
func (b loyaltyBooks) Use(ctx context.Context, u loyalty.Use) (loyalty.Voucher, bool, error) {
	v, err := findVoucher(ctx, &b.statements, `code = ?`+b.d.lockRow, u.Code)
	if err != nil {
		return v, false, err
	}
	if err := b.own(ctx, v.Customer); err != nil {
		return v, false, err
	}
	n, err := b.exec(ctx, `INSERT INTO voucher_uses (voucher_id, source, source_id, amount, used_by, used_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (source, source_id, voucher_id) DO NOTHING`, v.ID, clean(u.Source), clean(u.SourceID), u.Amount, clean(u.By), ms(u.At))
	if err != nil {
		return v, false, fmt.Errorf("record the use of voucher %d: %w", v.ID, err)
	}
	if n == 0 {
		return v, false, nil
	}
	if err := v.Usable(u); err != nil {
		return v, false, err
	}
	v.Remaining -= u.Amount
	if v.Kind != loyalty.KindGiftCard || v.Remaining == 0 {
		v.State, v.UsedAt = loyalty.VoucherUsed, u.At
	}
	_, err = b.exec(ctx, `UPDATE vouchers SET state = ?, remaining = ?, used_at = ? WHERE id = ?`, v.State, v.Remaining, ms(v.UsedAt), v.ID)
	if err != nil {
		return v, false, fmt.Errorf("use voucher %d: %w", v.ID, err)
	}
	return v, true, nil
}

// TakeStock implements loyalty.VoucherBook.
func (b loyaltyBooks) TakeStock(ctx context.Context, reward string, stock int64) (bool, error) {
	if _, err := b.exec(ctx, `INSERT INTO reward_stock (reward) VALUES (?) ON CONFLICT (reward) DO NOTHING`, reward); err != nil {
		return false, fmt.Errorf("count the stock of %s: %w", reward, err)
	}
	n, err := b.exec(ctx, `UPDATE reward_stock SET taken = taken + 1 WHERE reward = ? AND taken < ?`, reward, stock)
	if err != nil {
		return false, fmt.Errorf("take one of %s: %w", reward, err)
	}
	return n == 1, nil
}

// GiveStock implements loyalty.VoucherBook.
func (b loyaltyBooks) GiveStock(ctx context.Context, reward string) error {
	if _, err := b.exec(ctx, `UPDATE reward_stock SET taken = taken - 1 WHERE reward = ? AND taken > 0`, reward); err != nil {
		return fmt.Errorf("give one of %s back: %w", reward, err)
	}
	return nil
}

// CancelVoucher implements loyalty.VoucherBook. A gift card of which something was spent stays.
func (b loyaltyBooks) CancelVoucher(ctx context.Context, id int64) (bool, error) {
	n, err := b.exec(ctx, `UPDATE vouchers SET state = 'cancelled' WHERE id = ? AND state = 'valid' AND (kind <> 'gift_card' OR remaining = value)
		AND customer_id IN `+ofRoot, id, int64(b.turn.root))
	if err != nil {
		return false, fmt.Errorf("cancel voucher %d: %w", id, err)
	}
	return n == 1, nil
}

// Held implements loyalty.VoucherBook.
func (b loyaltyBooks) Held(ctx context.Context, reward string) (int64, error) {
	var n int64
	err := b.get(ctx, &n, `SELECT count(*) FROM vouchers WHERE reward = ? AND state <> 'cancelled' AND customer_id IN `+ofRoot, reward, int64(b.turn.root))
	if err != nil {
		return 0, fmt.Errorf("count the vouchers of %s: %w", reward, err)
	}
	return n, nil
}

// Vouchers implements loyalty.Reader.
func (l Loyalty) Vouchers(ctx context.Context, who conversation.CustomerID, now time.Time, limit int) ([]loyalty.Voucher, error) {
	var rows []voucherRow
	err := l.statements.list(ctx, &rows, `SELECT `+voucherColumns+` FROM vouchers
		WHERE state = 'valid' AND (expires_at = 0 OR expires_at > ?) AND customer_id IN `+sameRoot+`
		ORDER BY CASE WHEN expires_at = 0 THEN 1 ELSE 0 END, expires_at, id LIMIT ?`, ms(now), int64(who), limit)
	if err != nil {
		return nil, fmt.Errorf("list the vouchers of customer %d: %w", who, err)
	}
	out := make([]loyalty.Voucher, len(rows))
	for i, r := range rows {
		out[i] = r.voucher()
	}
	return out, nil
}
