package loyalty

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Coupons lists the rewards of the kind coupon by id, in the order of the file: what staff may give away.
func (p *Programme) Coupons() []string {
	var out []string
	for _, e := range p.Rewards.Entries {
		if e.Value.Kind == rewardCoupon {
			out = append(out, e.ID)
		}
	}
	return out
}

// RewardTitle is a reward's title in a language; its id when the file has none of that name any more.
func (p *Programme) RewardTitle(lang language.Code, reward string) string {
	return p.rewardTitle(lang, reward)
}

// ValidUntil is the last day on which a coupon could be used that is given at a time.
func (p *Programme) ValidUntil(reward string, now time.Time) time.Time {
	w, ok := p.Rewards.Get(reward)
	if !ok {
		return time.Time{}
	}
	return lastDay(p.voucher(0, reward, w, "", now).ExpiresAt, p.Zone)
}

// Meant says whether a person is among those for whom the operator has made a reward. It may be slow and is never
// called in a transaction.
func (p *Programme) Meant(ctx context.Context, who conversation.CustomerID, reward string) (bool, error) {
	w, ok := p.Rewards.Get(reward)
	if !ok {
		return false, nil
	}
	return Rewards{p}.includes(ctx, who, w)
}

// staffKey is the key of a voucher that staff gave.
func staffKey(key string) string { return "staff:" + key }

// CouponGiven says whether a coupon was given to the person of the transaction under that key.
func (p *Programme) CouponGiven(ctx context.Context, tx conversation.Tx, key string) (bool, error) {
	_, err := p.Store.In(tx).FindVoucher(ctx, staffKey(key))
	if errors.Is(err, conversation.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// GiveCoupon issues a coupon that costs the person nothing, once per key. Its own conditions hold all the same: stock,
// how many one person may have, and the tier; a *RefusedError says which is in the way. A reward that is no coupon, or
// none at all, is conversation.ErrNotFound.
func (p *Programme) GiveCoupon(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, reward, key string, now time.Time) (v Voucher, fresh bool, err error) {
	b := p.Store.In(tx)
	if v, err = b.FindVoucher(ctx, staffKey(key)); !errors.Is(err, conversation.ErrNotFound) {
		return v, false, err
	}
	w, ok := p.Rewards.Get(reward)
	if !ok || w.Kind != rewardCoupon {
		return v, false, fmt.Errorf("coupon %s: %w", reward, conversation.ErrNotFound)
	}
	a, err := b.Account(ctx, now, p.Tiers.Since(now, p.Zone))
	if err != nil {
		return v, false, err
	}
	if err := p.mayHave(ctx, b, a, reward, w, now); err != nil {
		return v, false, err
	}
	v = p.voucher(who, reward, w, key, now)
	v.Key = staffKey(key)
	return b.Issue(ctx, v)
}

// CouponText is a coupon as its person reads it: what it is, what it takes off, its code and until when; and the
// picture that a till scans.
func (p *Programme) CouponText(lang language.Code, v Voucher, now time.Time) (texts.Rich, *conversation.Image) {
	about := ""
	if w, ok := p.Rewards.Get(v.Reward); ok {
		about = p.local(lang, w.About)
	}
	terms := p.Texts.Say(lang, "coupon.percent", texts.Vars{"percent": texts.Percent(v.Value)})
	if v.Kind == KindAmount {
		terms = p.Texts.Say(lang, "coupon.amount", texts.Vars{"money": texts.Money{Minor: v.Value, Currency: v.Currency}})
	}
	return texts.Lines(
		p.Texts.Say(lang, "desk_coupon.head", texts.Vars{"reward": p.rewardTitle(lang, v.Reward)}), texts.Literal(about),
		texts.List(terms, p.Texts.Say(lang, "coupon.once", nil)),
		p.Texts.Say(lang, "desk_coupon.code", texts.Vars{"code": shown(v.Code), "date": p.date(lastDay(v.ExpiresAt, p.Zone), now)}),
	), picture(v.Code)
}
