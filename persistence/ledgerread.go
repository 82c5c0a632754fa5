package persistence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
)

// nextExpiries is how many dates an account lists on which points lapse.
const nextExpiries = 3

// Account implements loyalty.Ledger.
func (b loyaltyBooks) Account(ctx context.Context, now, since time.Time) (loyalty.Account, error) {
	return readAccount(ctx, &b.statements, b.turn.root, now, since)
}

// ReadAccount implements loyalty.Reader.
func (l Loyalty) ReadAccount(ctx context.Context, who conversation.CustomerID, now, since time.Time) (loyalty.Account, error) {
	var a loyalty.Account
	err := l.Read(ctx, func(ctx context.Context, r *Reader) error {
		root, err := rootOf(ctx, &r.statements, who)
		if err == nil {
			a, err = readAccount(ctx, &r.statements, root, now, since)
		}
		return err
	})
	return a, err
}

func rootOf(ctx context.Context, on *statements, who conversation.CustomerID) (conversation.CustomerID, error) {
	var root int64
	if err := on.get(ctx, &root, `SELECT root_id FROM customers WHERE id = ?`, int64(who)); err != nil {
		return 0, fmt.Errorf("find customer %d: %w", who, err)
	}
	return conversation.CustomerID(root), nil
}

func readAccount(ctx context.Context, on *statements, root conversation.CustomerID, now, since time.Time) (loyalty.Account, error) {
	var sums struct {
		Spendable int64
		Pending   int64
		Until     int64 `db:"pending_until"`
		Owed      int64
		Earned    int64
		Entries   bool
	}
	at := ms(now)
	err := on.get(ctx, &sums, `SELECT
		COALESCE(SUM(CASE WHEN l.available_at <= ? THEN l.remaining END), 0) AS spendable,
		COALESCE(SUM(CASE WHEN l.available_at > ? THEN l.remaining END), 0) AS pending,
		COALESCE(MIN(CASE WHEN l.available_at > ? THEN l.available_at END), 0) AS pending_until,
		(SELECT COALESCE(SUM(owed), 0) FROM balances WHERE customer_id IN `+ofRoot+`) AS owed,
		(SELECT COALESCE(SUM(e.points), 0) FROM ledger_entries e WHERE `+countsForTier+`) AS earned,
		CASE WHEN EXISTS (SELECT 1 FROM ledger_entries e WHERE e.customer_id IN `+ofRoot+`) THEN 1 ELSE 0 END AS entries
		FROM ledger_lots l WHERE l.remaining > 0 AND (l.expires_at = 0 OR l.expires_at > ?) AND l.customer_id IN `+ofRoot,
		at, at, at, int64(root), int64(root), ms(since), int64(root), at, int64(root))
	if err != nil {
		return loyalty.Account{}, fmt.Errorf("sum up the account of %d: %w", root, err)
	}
	a := loyalty.Account{
		Spendable: sums.Spendable, Pending: sums.Pending, PendingUntil: instant(sums.Until), Owed: sums.Owed,
		Earned: sums.Earned, Entries: sums.Entries,
	}
	if a.Expiring, err = readExpiring(ctx, on, root, at); err != nil {
		return a, err
	}
	a.Member, err = readMember(ctx, on, root)
	if errors.Is(err, conversation.ErrNotFound) {
		err = nil
	}
	return a, err
}

// countsForTier: what was earned after a time by a root and was not taken back.
const countsForTier = `e.kind = 'earn' AND e.customer_id IN ` + ofRoot + ` AND e.happened_at > ?
	AND NOT EXISTS (SELECT 1 FROM ledger_entries r WHERE r.reverses_id = e.id)`

func readExpiring(ctx context.Context, on *statements, root conversation.CustomerID, at int64) ([]loyalty.Expiring, error) {
	var rows []struct {
		At     int64
		Points int64
	}
	err := on.list(ctx, &rows, `SELECT expires_at AS at, SUM(remaining) AS points FROM ledger_lots
		WHERE remaining > 0 AND expires_at > ? AND customer_id IN `+ofRoot+` GROUP BY expires_at ORDER BY expires_at LIMIT ?`,
		at, int64(root), nextExpiries)
	if err != nil {
		return nil, fmt.Errorf("list what lapses of %d: %w", root, err)
	}
	out := make([]loyalty.Expiring, len(rows))
	for i, r := range rows {
		out[i] = loyalty.Expiring{At: instant(r.At), Points: r.Points}
	}
	return out, nil
}

// Earned implements loyalty.Ledger.
func (b loyaltyBooks) Earned(ctx context.Context, since time.Time) ([]loyalty.Earning, error) {
	var rows []struct {
		At     int64 `db:"happened_at"`
		Points int64
	}
	err := b.list(ctx, &rows, `SELECT e.happened_at, e.points FROM ledger_entries e WHERE `+countsForTier+` ORDER BY e.happened_at, e.id`,
		int64(b.turn.root), ms(since))
	if err != nil {
		return nil, fmt.Errorf("list what %d earned: %w", b.turn.root, err)
	}
	out := make([]loyalty.Earning, len(rows))
	for i, r := range rows {
		out[i] = loyalty.Earning{At: instant(r.At), Points: r.Points}
	}
	return out, nil
}

// EarnedFrom implements loyalty.Ledger.
func (b loyaltyBooks) EarnedFrom(ctx context.Context, source string, from, before time.Time) (int64, error) {
	var n int64
	err := b.get(ctx, &n, `SELECT COALESCE(SUM(e.points), 0) FROM ledger_entries e WHERE `+countsForTier+` AND e.source = ? AND e.happened_at < ?`,
		int64(b.turn.root), ms(from)-1, source, ms(before))
	if err != nil {
		return 0, fmt.Errorf("sum up what %d earned: %w", b.turn.root, err)
	}
	return n, nil
}

// History implements loyalty.Reader.
func (l Loyalty) History(ctx context.Context, who conversation.CustomerID, before int64, limit int) ([]loyalty.Entry, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	var rows []entryRow
	err := l.statements.list(ctx, &rows, `SELECT `+entryColumns+` FROM ledger_entries
		WHERE id < ? AND customer_id IN `+sameRoot+` ORDER BY id DESC LIMIT ?`, before, int64(who), limit)
	if err != nil {
		return nil, fmt.Errorf("list the ledger of customer %d: %w", who, err)
	}
	out := make([]loyalty.Entry, len(rows))
	for i, r := range rows {
		if out[i], err = r.entry(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Verify implements loyalty.Reader.
func (l Loyalty) Verify(ctx context.Context, limit int) (loyalty.Proof, error) {
	p := loyalty.Proof{Findings: []loyalty.Finding{}}
	err := l.Read(ctx, func(ctx context.Context, r *Reader) error {
		err := r.get(ctx, &p, `SELECT (SELECT count(*) FROM ledger_entries) AS entries, count(*) AS accounts,
			COALESCE(SUM(points), 0) AS points FROM balances`)
		if err != nil {
			return err
		}
		for _, proof := range proofs {
			room := limit - len(p.Findings)
			if room <= 0 {
				return nil
			}
			var found []loyalty.Finding
			if err := r.list(ctx, &found, proof, room); err != nil {
				return err
			}
			p.Findings = append(p.Findings, found...)
		}
		return nil
	})
	if err != nil {
		return p, fmt.Errorf("verify the ledger: %w", err)
	}
	return p, nil
}

// proofs list what does not add up, each as what, id, customer, is, shouldbe.
var proofs = []string{
	`SELECT * FROM (SELECT 'lot' AS what, l.id, l.customer_id AS customer, l.remaining AS "is",
		l.points + COALESCE((SELECT SUM(a.points) FROM ledger_allocations a WHERE a.lot_id = l.id), 0) AS shouldbe
		FROM ledger_lots l) x WHERE "is" <> shouldbe ORDER BY id LIMIT ?`,
	`SELECT * FROM (SELECT 'entry' AS what, e.id, e.customer_id AS customer, e.points AS "is",
		COALESCE((SELECT SUM(l.points) FROM ledger_lots l WHERE l.entry_id = e.id), 0)
		+ COALESCE((SELECT SUM(a.points) FROM ledger_allocations a WHERE a.entry_id = e.id), 0) AS shouldbe
		FROM ledger_entries e) x WHERE "is" <> shouldbe ORDER BY id LIMIT ?`,
	`SELECT * FROM (SELECT 'balance' AS what, c.id, c.id AS customer, COALESCE(b.points, 0) AS "is",
		COALESCE((SELECT SUM(l.remaining) FROM ledger_lots l WHERE l.customer_id = c.id), 0) AS shouldbe
		FROM customers c LEFT JOIN balances b ON b.customer_id = c.id) x WHERE "is" <> shouldbe ORDER BY id LIMIT ?`,
	`SELECT * FROM (SELECT 'owed' AS what, c.id, c.id AS customer, COALESCE(b.owed, 0) AS "is",
		COALESCE((SELECT SUM(e.short + CASE WHEN e.source = 'owed' THEN e.points ELSE 0 END) FROM ledger_entries e WHERE e.customer_id = c.id), 0) AS shouldbe
		FROM customers c LEFT JOIN balances b ON b.customer_id = c.id) x WHERE "is" <> shouldbe ORDER BY id LIMIT ?`,
}
