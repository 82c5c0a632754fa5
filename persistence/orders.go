package persistence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
)

// orderRow is an order as it is stored.
type orderRow struct {
	ID       int64
	Source   string
	OrderID  string `db:"order_id"`
	Customer int64  `db:"customer_id"`
	Phone    string
	Shop     string
	Currency string
	Total    int64
	State    string
	Digest   string
	Placed   int64 `db:"placed_at"`
}

const orderColumns = `id, source, order_id, COALESCE(customer_id, 0) AS customer_id, phone, shop, currency, total, state, digest, placed_at`

const orderReturned = "returned"

// insertOrder writes an order, or answers the one of its key.
func insertOrder(ctx context.Context, tx *Tx, o loyalty.Order) (row orderRow, fresh bool, err error) {
	err = tx.get(ctx, &row.ID, `INSERT INTO orders (source, order_id, customer_id, phone, shop, currency, total, digest, placed_at, received_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, order_id) DO NOTHING RETURNING id`,
		clean(o.Source), clean(o.ID), nullID(o.Customer), clean(o.Phone), clean(o.Shop), o.Currency, o.Total, o.Digest(), ms(o.At), ms(tx.Now()))
	if err == nil {
		return row, true, insertLines(ctx, tx, row.ID, o.Lines)
	}
	if !errors.Is(err, conversation.ErrNotFound) {
		return row, false, fmt.Errorf("keep order %s: %w", o.Key(), err)
	}
	err = tx.get(ctx, &row, `SELECT `+orderColumns+` FROM orders WHERE source = ? AND order_id = ?`, clean(o.Source), clean(o.ID))
	if err != nil {
		return row, false, fmt.Errorf("find order %s: %w", o.Key(), err)
	}
	if row.Digest != o.Digest() {
		return row, false, loyalty.ErrOrderChanged
	}
	return row, false, nil
}

func insertLines(ctx context.Context, tx *Tx, order int64, lines []loyalty.Line) error {
	for i, l := range lines {
		_, err := tx.exec(ctx, `INSERT INTO order_lines (order_row, line, sku, name, category, quantity, amount) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			order, i, clean(l.SKU), clean(l.Name), clean(l.Category), max(l.Quantity, 1), l.Total)
		if err != nil {
			return fmt.Errorf("keep line %d of an order: %w", i+1, err)
		}
	}
	return nil
}

// KeepOrder implements loyalty.Store.
func (l Loyalty) KeepOrder(ctx context.Context, o loyalty.Order) (fresh bool, err error) {
	err = l.Do(ctx, func(ctx context.Context, tx *Tx) error {
		row, isNew, err := insertOrder(ctx, tx, o)
		fresh = isNew
		if err != nil || !o.Returned || row.State == orderReturned {
			return err
		}
		_, err = tx.exec(ctx, `UPDATE orders SET state = 'returned', returned_at = ? WHERE id = ?`, ms(o.At), row.ID)
		return err
	})
	return fresh, err
}

// RecordOrder implements loyalty.OrderBook. An order that waited for somebody becomes the person's.
func (b loyaltyBooks) RecordOrder(ctx context.Context, o loyalty.Order) (loyalty.OrderRecord, error) {
	rec := loyalty.OrderRecord{Customer: o.Customer}
	if err := b.own(ctx, o.Customer); err != nil {
		return rec, err
	}
	row, fresh, err := insertOrder(ctx, b.Tx, o)
	if err != nil {
		return rec, err
	}
	rec.Row, rec.Fresh, rec.Returned = row.ID, fresh, row.State == orderReturned
	if !fresh && row.Customer == 0 {
		n, err := b.exec(ctx, `UPDATE orders SET customer_id = ?, phone = '' WHERE id = ? AND customer_id IS NULL`, int64(o.Customer), row.ID)
		if err != nil {
			return rec, fmt.Errorf("give order %s to its customer: %w", o.Key(), err)
		}
		fresh, rec.Fresh = n == 1, n == 1
	}
	if !fresh {
		rec.Customer = conversation.CustomerID(row.Customer)
		rec.Others = b.own(ctx, rec.Customer) != nil
		return rec, nil
	}
	var others int
	err = b.get(ctx, &others, `SELECT count(*) FROM orders WHERE id <> ? AND customer_id IN `+ofRoot, row.ID, int64(b.turn.root))
	if err != nil {
		return rec, fmt.Errorf("count the orders of %d: %w", b.turn.root, err)
	}
	rec.First = others == 0
	return rec, nil
}

// ReturnOrder implements loyalty.OrderBook.
func (b loyaltyBooks) ReturnOrder(ctx context.Context, source, id string, at time.Time) (bool, error) {
	n, err := b.exec(ctx, `UPDATE orders SET state = 'returned', returned_at = ? WHERE source = ? AND order_id = ? AND state <> 'returned'`,
		ms(at), clean(source), clean(id))
	if err != nil {
		return false, fmt.Errorf("return order %s/%s: %w", source, id, err)
	}
	return n == 1, nil
}

// maxClaimed bounds how many waiting orders one transaction gives to a person.
const maxClaimed = 100

// ClaimOrders implements loyalty.OrderBook.
func (b loyaltyBooks) ClaimOrders(ctx context.Context, phone string, after time.Time) ([]loyalty.Order, error) {
	var rows []orderRow
	err := b.list(ctx, &rows, `SELECT `+orderColumns+` FROM orders
		WHERE customer_id IS NULL AND phone = ? AND received_at > ? ORDER BY placed_at, id LIMIT ?`, clean(phone), ms(after), maxClaimed)
	if err != nil {
		return nil, fmt.Errorf("list the orders that wait for a phone: %w", err)
	}
	out := make([]loyalty.Order, len(rows))
	for i, r := range rows {
		out[i] = r.order()
		out[i].Customer = b.turn.person
		if out[i].Lines, err = readLines(ctx, &b.statements, r.ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r orderRow) order() loyalty.Order {
	return loyalty.Order{
		Source: r.Source, ID: r.OrderID, Customer: conversation.CustomerID(r.Customer), Phone: r.Phone, Shop: r.Shop,
		Total: r.Total, Currency: r.Currency, At: instant(r.Placed), Returned: r.State == orderReturned,
	}
}

func readLines(ctx context.Context, on *statements, order int64) ([]loyalty.Line, error) {
	var lines []loyalty.Line
	err := on.list(ctx, &lines, `SELECT sku, name, category, quantity, amount AS total FROM order_lines WHERE order_row = ? ORDER BY line`, order)
	if err != nil {
		return nil, fmt.Errorf("list the lines of order %d: %w", order, err)
	}
	return lines, nil
}

// FindOrder implements loyalty.Reader.
func (l Loyalty) FindOrder(ctx context.Context, source, id string) (loyalty.Order, error) {
	var r orderRow
	err := l.statements.get(ctx, &r, `SELECT `+orderColumns+` FROM orders WHERE source = ? AND order_id = ?`, clean(source), clean(id))
	if err != nil {
		return loyalty.Order{}, err
	}
	o := r.order()
	o.Lines, err = readLines(ctx, &l.statements, r.ID)
	return o, err
}
