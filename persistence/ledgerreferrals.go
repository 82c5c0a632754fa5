package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
)

// FindByInvite implements loyalty.Reader.
func (l Loyalty) FindByInvite(ctx context.Context, code string) (conversation.CustomerID, error) {
	var id int64
	err := l.statements.get(ctx, &id, `SELECT customer_id FROM members WHERE invite = ? AND left_at = 0`, clean(code))
	return conversation.CustomerID(id), err
}

// Invite implements loyalty.ReferralBook.
func (b loyaltyBooks) Invite(ctx context.Context, inviter conversation.CustomerID, at time.Time) error {
	root, err := rootOf(ctx, &b.statements, inviter)
	if err != nil {
		return err
	}
	if root == b.turn.root {
		return loyalty.ErrOwnInvite
	}
	var had struct {
		Orders  int
		Invited int
	}
	err = b.get(ctx, &had, `SELECT (SELECT count(*) FROM orders WHERE customer_id IN `+ofRoot+`) AS orders,
		(SELECT count(*) FROM referrals WHERE friend_id IN `+ofRoot+`) AS invited`, int64(b.turn.root), int64(b.turn.root))
	switch {
	case err != nil:
		return fmt.Errorf("see whether %d may be invited: %w", b.turn.root, err)
	case had.Invited > 0:
		return loyalty.ErrInvited
	case had.Orders > 0:
		return loyalty.ErrHasOrders
	}
	_, err = b.exec(ctx, `INSERT INTO referrals (friend_id, inviter_id, joined_at) VALUES (?, ?, ?)`, int64(b.turn.root), int64(root), ms(at))
	if err != nil {
		return fmt.Errorf("record who invited %d: %w", b.turn.root, err)
	}
	return nil
}

// ReferralDue implements loyalty.ReferralBook.
func (b loyaltyBooks) ReferralDue(ctx context.Context, order string, due time.Time) error {
	_, err := b.exec(ctx, `UPDATE referrals SET state = 'due', order_key = ?, due_at = ? WHERE state = 'joined' AND friend_id IN `+ofRoot,
		clean(order), ms(due), int64(b.turn.root))
	if err != nil {
		return fmt.Errorf("note the first order of invited customer %d: %w", b.turn.root, err)
	}
	return nil
}

// PaidReferrals implements loyalty.ReferralBook.
func (b loyaltyBooks) PaidReferrals(ctx context.Context, since time.Time) (int, error) {
	var n int
	err := b.get(ctx, &n, `SELECT count(*) FROM referrals WHERE state = 'paid' AND paid_at >= ? AND inviter_id IN `+ofRoot, ms(since), int64(b.turn.root))
	if err != nil {
		return 0, fmt.Errorf("count the invitations of %d: %w", b.turn.root, err)
	}
	return n, nil
}

// EndReferral implements loyalty.ReferralBook.
func (b loyaltyBooks) EndReferral(ctx context.Context, id int64, paid bool, reason string, at time.Time) error {
	state := "refused"
	if paid {
		state = "paid"
	}
	_, err := b.exec(ctx, `UPDATE referrals SET state = ?, reason = ?, paid_at = ? WHERE id = ? AND state = 'due'`, state, reason, ms(at), id)
	if err != nil {
		return fmt.Errorf("end invitation %d: %w", id, err)
	}
	return nil
}

// NextReferral implements loyalty.Pages.
func (l Loyalty) NextReferral(ctx context.Context) (time.Time, bool, error) {
	return l.next(ctx, `SELECT COALESCE(MIN(due_at), 0) FROM referrals WHERE state = 'due'`)
}

// ReferralsDue implements loyalty.Pages.
func (l Loyalty) ReferralsDue(ctx context.Context, now time.Time, limit int) ([]loyalty.Invitation, error) {
	var rows []struct {
		ID      int64
		Friend  int64  `db:"friend_id"`
		Inviter int64  `db:"inviter_id"`
		Order   string `db:"order_key"`
	}
	err := l.statements.list(ctx, &rows, `SELECT id, friend_id, inviter_id, order_key FROM referrals WHERE state = 'due' AND due_at <= ?
		ORDER BY due_at, id LIMIT ?`, ms(now), limit)
	if err != nil {
		return nil, fmt.Errorf("list the invitations that are due: %w", err)
	}
	out := make([]loyalty.Invitation, len(rows))
	for i, r := range rows {
		out[i] = loyalty.Invitation{
			ID: r.ID, Friend: conversation.CustomerID(r.Friend), Inviter: conversation.CustomerID(r.Inviter), Order: r.Order,
		}
	}
	return out, nil
}
