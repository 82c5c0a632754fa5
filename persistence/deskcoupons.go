package persistence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// StaffCoupons implements desk.Coupons over a programme.
type StaffCoupons struct{ Programme *loyalty.Programme }

var _ desk.Coupons = StaffCoupons{}

// Offered implements desk.Coupons.
func (g StaffCoupons) Offered(lang language.Code, now time.Time) []desk.Coupon {
	var out []desk.Coupon
	for _, id := range g.Programme.Coupons() {
		out = append(out, desk.Coupon{ID: id, Title: g.Programme.RewardTitle(lang, id), Until: g.Programme.ValidUntil(id, now)})
	}
	return out
}

// Meant implements desk.Coupons.
func (g StaffCoupons) Meant(ctx context.Context, who conversation.CustomerID, coupon string) (bool, error) {
	return g.Programme.Meant(ctx, who, coupon)
}

// Given implements desk.Coupons.
func (g StaffCoupons) Given(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, key string) (before bool, err error) {
	err = StaffPoints(g).about(ctx, tx, who, func(loyalty.Books) error {
		before, err = g.Programme.CouponGiven(ctx, tx, key)
		return err
	})
	return before, err
}

// Give implements desk.Coupons.
func (g StaffCoupons) Give(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, coupon, key string, lang language.Code, at time.Time) (texts.Rich, *conversation.Image, error) {
	var v loyalty.Voucher
	err := StaffPoints(g).about(ctx, tx, who, func(loyalty.Books) (err error) {
		v, _, err = g.Programme.GiveCoupon(ctx, tx, who, coupon, key, at)
		return err
	})
	if err != nil {
		return nil, nil, whyNoCoupon(err)
	}
	text, picture := g.Programme.CouponText(lang, v, at)
	return text, picture, nil
}

// whyNoCoupon is a refusal of the programme as the desk knows it.
func whyNoCoupon(err error) error {
	var refused *loyalty.RefusedError
	switch {
	case errors.Is(err, conversation.ErrNotFound):
		return fmt.Errorf("%w: %w", desk.ErrCouponGone, err)
	case !errors.As(err, &refused):
		return err
	case refused.Text == loyalty.RefusedHad:
		return fmt.Errorf("%w: %w", desk.ErrCouponHad, err)
	case refused.Text == loyalty.RefusedOut:
		return fmt.Errorf("%w: %w", desk.ErrCouponOut, err)
	case refused.Text == loyalty.RefusedTier:
		return fmt.Errorf("%w: %w", desk.ErrCouponOthers, err)
	}
	return err
}
