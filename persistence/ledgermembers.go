package persistence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/language"
)

// memberRow is a membership as it is stored.
type memberRow struct {
	Customer int64 `db:"customer_id"`
	Card     string
	Invite   string
	Terms    string
	Way      string
	Tier     string
	Until    int64 `db:"tier_until"`
	Review   int64 `db:"review_at"`
	Notices  bool
	Joined   int64 `db:"joined_at"`
}

// readMember is the oldest membership among a person's records.
func readMember(ctx context.Context, on *statements, root conversation.CustomerID) (loyalty.Member, error) {
	var r memberRow
	err := on.get(ctx, &r, `SELECT customer_id, card, invite, terms, way, tier, tier_until, review_at, notices, joined_at FROM members
		WHERE left_at = 0 AND customer_id IN `+ofRoot+` ORDER BY joined_at, customer_id LIMIT 1`, int64(root))
	if errors.Is(err, conversation.ErrNotFound) {
		return loyalty.Member{}, err
	}
	if err != nil {
		return loyalty.Member{}, fmt.Errorf("find the membership of %d: %w", root, err)
	}
	return loyalty.Member{
		Customer: conversation.CustomerID(r.Customer), Card: r.Card, Invite: r.Invite, Terms: r.Terms, Way: r.Way, JoinedAt: instant(r.Joined), Notices: r.Notices,
		Standing: loyalty.Standing{Tier: r.Tier, Until: instant(r.Until), ReviewAt: instant(r.Review)},
	}, nil
}

// maxCodes is how many codes are tried before there are too few left to find a free one.
const maxCodes = 20

var errNoCode = errors.New("no free code was found")

// Join implements loyalty.Membership.
func (b loyaltyBooks) Join(ctx context.Context, m loyalty.Member) (loyalty.Member, bool, error) {
	if err := b.own(ctx, m.Customer); err != nil {
		return m, false, err
	}
	now, err := readMember(ctx, &b.statements, b.turn.root)
	if err == nil || !errors.Is(err, conversation.ErrNotFound) {
		return now, false, err
	}
	for range maxCodes {
		n, err := b.exec(ctx, `INSERT INTO members (customer_id, card, invite, terms, way, joined_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			int64(m.Customer), loyalty.NewCard(), loyalty.NewVoucherCode(), m.Terms, m.Way, ms(m.JoinedAt))
		if err != nil {
			return m, false, fmt.Errorf("make %d a member: %w", m.Customer, err)
		}
		if n == 1 {
			now, err = readMember(ctx, &b.statements, b.turn.root)
			return now, true, err
		}
	}
	return m, false, fmt.Errorf("make %d a member: %w", m.Customer, errNoCode)
}

// AcceptTerms implements loyalty.Membership.
func (b loyaltyBooks) AcceptTerms(ctx context.Context, terms string) error {
	_, err := b.exec(ctx, `UPDATE members SET terms = ? WHERE left_at = 0 AND customer_id IN `+ofRoot, terms, int64(b.turn.root))
	if err != nil {
		return fmt.Errorf("note the terms that %d accepts: %w", b.turn.root, err)
	}
	return nil
}

// SetTier implements loyalty.Membership.
func (b loyaltyBooks) SetTier(ctx context.Context, s loyalty.Standing) error {
	_, err := b.exec(ctx, `UPDATE members SET tier = ?, tier_until = ?, review_at = ? WHERE left_at = 0 AND customer_id IN `+ofRoot,
		s.Tier, ms(s.Until), ms(s.ReviewAt), int64(b.turn.root))
	if err != nil {
		return fmt.Errorf("set the tier of %d: %w", b.turn.root, err)
	}
	return nil
}

// SetNotices implements loyalty.Membership.
func (b loyaltyBooks) SetNotices(ctx context.Context, on bool) error {
	_, err := b.exec(ctx, `UPDATE members SET notices = ? WHERE customer_id IN `+ofRoot, flag(on), int64(b.turn.root))
	if err != nil {
		return fmt.Errorf("set the notices of %d: %w", b.turn.root, err)
	}
	return nil
}

// SetPhone implements loyalty.Membership.
func (b loyaltyBooks) SetPhone(ctx context.Context, phone, source string, at time.Time) error {
	var others int
	err := b.get(ctx, &others, `SELECT count(*) FROM facts WHERE field = 'phone' AND value = ? AND customer_id NOT IN `+ofRoot,
		clean(phone), int64(b.turn.root))
	if err != nil {
		return fmt.Errorf("look for the owner of a phone: %w", err)
	}
	if others > 0 {
		return loyalty.ErrPhoneTaken
	}
	_, err = b.exec(ctx, `INSERT INTO facts (customer_id, field, value, source, set_at) VALUES (?, 'phone', ?, ?, ?)
		ON CONFLICT (customer_id, field) DO UPDATE SET value = excluded.value, source = excluded.source, set_at = excluded.set_at`,
		int64(b.turn.person), clean(phone), source, ms(at))
	if err != nil {
		return fmt.Errorf("keep the phone of %d: %w", b.turn.person, err)
	}
	return nil
}

// Chat implements loyalty.Books.
func (b loyaltyBooks) Chat(ctx context.Context) (loyalty.Chat, bool, error) {
	var r struct {
		Channel string
		Account string
		Chat    string
		Locale  string
	}
	err := b.get(ctx, &r, `SELECT c.channel, c.account, c.chat, i.locale FROM conversations c JOIN identities i ON i.id = c.identity_id
		WHERE c.private = 1 AND i.reach = 'ok' AND c.customer_id IN `+ofRoot+` ORDER BY c.last_in_at DESC, c.id DESC LIMIT 1`, int64(b.turn.root))
	if errors.Is(err, conversation.ErrNotFound) {
		return loyalty.Chat{}, false, nil
	}
	if err != nil {
		return loyalty.Chat{}, false, fmt.Errorf("find the chat of %d: %w", b.turn.root, err)
	}
	locale, _ := language.Parse(r.Locale)
	return loyalty.Chat{To: conversation.Address{Channel: r.Channel, Account: r.Account, Chat: r.Chat}, Locale: locale}, true, nil
}

// FindByCard implements loyalty.Reader.
func (l Loyalty) FindByCard(ctx context.Context, code string) (conversation.CustomerID, error) {
	var id int64
	err := l.statements.get(ctx, &id, `SELECT customer_id FROM members WHERE card = ? AND left_at = 0`, clean(code))
	return conversation.CustomerID(id), err
}

// FindByPhone implements loyalty.Reader. Members come first, should several have the number.
func (l Loyalty) FindByPhone(ctx context.Context, phone string) (conversation.CustomerID, error) {
	var id int64
	err := l.statements.get(ctx, &id, `SELECT f.customer_id FROM facts f LEFT JOIN members m ON m.customer_id = f.customer_id AND m.left_at = 0
		WHERE f.field = 'phone' AND f.value = ? ORDER BY CASE WHEN m.customer_id IS NULL THEN 1 ELSE 0 END, f.customer_id LIMIT 1`, clean(phone))
	return conversation.CustomerID(id), err
}
