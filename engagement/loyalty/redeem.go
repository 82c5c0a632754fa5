package loyalty

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement"
)

// Kinds of vouchers.
const (
	KindFreeItem = "free_item"
	KindPercent  = "percent"
	KindAmount   = "amount"
	KindGiftCard = "gift_card"
	KindPlace    = "place"
	KindGift     = "gift"
)

// Why a reward is not given, as RefusedError.Text has it; each is the key of a text.
const (
	RefusedTier = "reward.not_for_tier" // it is for a higher tier
	RefusedHad  = "reward.limit"        // the person has had as many as one may
	RefusedOut  = "reward.sold_out"     // there are none left
)

// RefusedError says why a reward is not given: the key of a text that needs no more than {reward} and {tier}.
type RefusedError struct {
	Text string
	Tier string
}

// Error implements error.
func (e *RefusedError) Error() string { return "the reward is refused: " + e.Text }

// Unwrap makes it recognisable.
func (e *RefusedError) Unwrap() error { return errRefused }

// Redeemed is a reward that was given.
type Redeemed struct {
	Voucher Voucher
	Fresh   bool  // false: it had been given before under the same key
	Rest    int64 // spendable afterwards
}

// Redeem pays for a reward and issues its voucher, once per key. A *ShortError says how many points are missing, a
// *RefusedError what else is in the way, ErrNotMember that the person has to join first, and conversation.ErrNotFound
// that there is no such reward.
func (p *Programme) Redeem(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, reward, key string, now time.Time) (Redeemed, error) {
	b := p.Store.In(tx)
	since := p.Tiers.Since(now, p.Zone)
	if v, err := b.FindVoucher(ctx, voucherKey(key)); err == nil {
		a, err := b.Account(ctx, now, since)
		return Redeemed{Voucher: v, Rest: a.Spendable}, err
	} else if !errors.Is(err, conversation.ErrNotFound) {
		return Redeemed{}, fmt.Errorf("look for the voucher of %s: %w", key, err)
	}
	w, ok := p.Rewards.Get(reward)
	if !ok {
		return Redeemed{}, fmt.Errorf("reward %s: %w", reward, conversation.ErrNotFound)
	}
	a, err := b.Account(ctx, now, since)
	if err != nil {
		return Redeemed{}, err
	}
	if !a.Joined() {
		return Redeemed{}, ErrNotMember
	}
	if err := p.mayHave(ctx, b, a, reward, w, now); err != nil {
		return Redeemed{}, err
	}
	_, err = b.Post(ctx, Entry{
		Source: SourceReward, SourceID: key, Kind: Redeem, Customer: who, Points: -w.Points,
		Reason: Reason{Code: "redeem", Data: ReasonData{Reward: reward}}, At: now,
	})
	if err != nil {
		return Redeemed{}, err
	}
	v, fresh, err := b.Issue(ctx, p.voucher(who, reward, w, key, now))
	if err != nil {
		return Redeemed{}, err
	}
	_, err = b.Emit(ctx, engagement.Event{Kind: engagement.EventRedeemed, Key: key, Customer: who, At: now})
	return Redeemed{Voucher: v, Fresh: fresh, Rest: a.Spendable - w.Points}, err
}

// voucherKey is the key of a reward's voucher; the ledger's entry has the key alone.
func voucherKey(key string) string { return "reward:" + key }

// mayHave looks at everything but the points, and takes one of the stock.
func (p *Programme) mayHave(ctx context.Context, b Books, a Account, id string, w *Reward, now time.Time) error {
	if w.Tier != "" && p.Tiers.rank(a.Member.Tier) < p.Tiers.rank(w.Tier) {
		return &RefusedError{Text: RefusedTier, Tier: w.Tier}
	}
	if w.Kind == rewardEvent && !now.Before(w.Starts.In(p.Zone)) {
		return &RefusedError{Text: "reward.gone"}
	}
	most := w.PerPerson
	if w.Kind == rewardEvent {
		most = 1
	}
	if most > 0 {
		had, err := b.Held(ctx, id)
		if err != nil {
			return err
		}
		if had >= most {
			return &RefusedError{Text: RefusedHad}
		}
	}
	if stock := max(w.Stock, w.Seats); stock > 0 {
		left, err := b.TakeStock(ctx, id, stock)
		if err != nil {
			return err
		}
		if !left {
			return &RefusedError{Text: RefusedOut}
		}
	}
	return nil
}

// voucher is what the till gets to see.
func (p *Programme) voucher(who conversation.CustomerID, id string, w *Reward, key string, now time.Time) Voucher {
	v := Voucher{
		Key: voucherKey(key), Customer: who, Reward: id, Kind: KindFreeItem, IssuedAt: now, Currency: string(p.Currency),
		ExpiresAt: endOfDay(w.Valid.After(now, p.Zone), p.Zone),
	}
	v.Value, _ = w.Value.Minor(p.Currency)
	switch w.Kind {
	case rewardCoupon:
		v.Kind = KindAmount
		if w.Percent > 0 {
			v.Kind, v.Value = KindPercent, w.Percent
		}
	case rewardGiftCard:
		v.Kind, v.Remaining = KindGiftCard, v.Value
	case rewardEvent:
		v.Kind, v.ExpiresAt = KindPlace, endOfDay(w.Starts.In(p.Zone), p.Zone)
	case rewardPhysical:
		v.Kind = KindGift
	}
	return v
}

// Open reports whether a reward can be had at all at a time, to list it.
func (w *Reward) Open(now time.Time, zone *time.Location) bool {
	return w.Kind != rewardEvent || now.Before(w.Starts.In(zone))
}

// Cancel takes an unused reward back: its points return to the lots that paid for them, its place or piece to the stock.
// Cancelling again changes nothing and is not fresh.
func (p *Programme) Cancel(ctx context.Context, tx conversation.Tx, v Voucher, now time.Time) (fresh bool, err error) {
	b := p.Store.In(tx)
	fresh, err = b.CancelVoucher(ctx, v.ID)
	if err != nil || !fresh {
		return false, err
	}
	if w, ok := p.Rewards.Get(v.Reward); ok && max(w.Stock, w.Seats) > 0 {
		if err := b.GiveStock(ctx, v.Reward); err != nil {
			return false, err
		}
	}
	paid, err := b.FindEntry(ctx, SourceReward, strings.TrimPrefix(v.Key, voucherKey("")), Redeem)
	if errors.Is(err, conversation.ErrNotFound) {
		return true, nil // a gift
	}
	if err != nil {
		return false, err
	}
	_, err = b.ReverseEntry(ctx, paid.ID, Entry{
		Source: SourceReward, SourceID: paid.SourceID, Customer: paid.Customer, At: now,
		Reason: Reason{Code: "redeem_undo", Data: ReasonData{Reward: v.Reward}},
		Lot:    Lot{ExpiresAt: endOfDay(now.Add(p.Points.Reprieve.Std()), p.Zone)},
	})
	return true, err
}

// Use marks a voucher as used at a till, or takes an amount from a gift card; the code may be typed in any way. A
// repeat of the same use answers fresh false. Errors are conversation.ErrNotFound and the ErrVoucher ones.
func (p *Programme) Use(ctx context.Context, u Use) (v Voucher, fresh bool, err error) {
	u.Code = NormalCode(u.Code)
	v, err = p.Store.VoucherByCode(ctx, u.Code)
	if err != nil {
		return v, false, err
	}
	err = p.Store.ForCustomer(ctx, v.Customer, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
		v, fresh, err = p.Store.In(tx).Use(ctx, u)
		return err
	})
	return v, fresh, err
}

// Usable says why a voucher cannot be used so; nil when it can.
func (v Voucher) Usable(u Use) error {
	switch {
	case v.State == VoucherUsed:
		return ErrVoucherUsed
	case v.State == VoucherCancelled:
		return ErrVoucherCancelled
	case v.State == VoucherExpired, !v.ExpiresAt.IsZero() && !v.ExpiresAt.After(u.At):
		return ErrVoucherExpired
	case v.Kind == KindGiftCard && (u.Amount <= 0 || u.Amount > v.Remaining):
		return ErrVoucherTooSmall
	}
	return nil
}

// choices lists the rewards that are open, in the order of the file.
func (p *Programme) choices(now time.Time) []config.MapEntry[Reward] {
	var out []config.MapEntry[Reward]
	for _, e := range p.Rewards.Entries {
		if e.Value.Open(now, p.Zone) {
			out = append(out, e)
		}
	}
	return out
}
