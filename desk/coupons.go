package desk

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Coupon is what staff may give a customer.
type Coupon struct {
	ID    string
	Title string    // in the language of staff
	Until time.Time // the last day on which it can be used, if it is given now
}

// Coupons gives customers coupons.
type Coupons interface {
	// Offered lists what can be given at a time, in the operator's order.
	Offered(lang language.Code, now time.Time) []Coupon
	// Meant says whether a coupon is for that customer. It may be slow and is never called in a transaction.
	Meant(ctx context.Context, who conversation.CustomerID, coupon string) (bool, error)
	// Given says whether a coupon was given to a person under that key. The person is locked from then on.
	Given(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, key string) (bool, error)
	// Give issues a coupon in a transaction of somebody else's turn, and answers what the customer reads, and the
	// picture that goes with it. Errors are the ErrCoupon ones.
	Give(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, coupon, key string, lang language.Code, at time.Time) (texts.Rich, *conversation.Image, error)
}

// Why a coupon is not given.
var (
	// ErrCouponGone: the operator has no such coupon any more.
	ErrCouponGone = errors.New("there is no such coupon")
	// ErrCouponHad: the customer has had as many as one person may.
	ErrCouponHad = errors.New("the person has had that coupon")
	// ErrCouponOut: there are none left.
	ErrCouponOut = errors.New("the coupons have run out")
	// ErrCouponOthers: it is for other customers, such as those of a tier.
	ErrCouponOthers = errors.New("the coupon is for other customers")
)

// Purse is something of which a member of staff may give away so much in a time.
type Purse string

// The purses. Points and coupons of a day are counted by the date, those of a week by the ISO week.
const (
	PursePoints      Purse = "points"
	PurseCoupons     Purse = "coupons"
	PurseCouponsWeek Purse = "coupons.week"
)

// givesCoupons says whether there are coupons to give, and anybody who may.
func (d *Desk) givesCoupons() bool {
	if d.Coupons == nil || len(d.Coupons.Offered(d.lang(), d.Business.Now())) == 0 {
		return false
	}
	for _, role := range d.Config.Roles.All() {
		if role.givesCoupons() {
			return true
		}
	}
	return false
}

// givesCoupons says whether the role may give any. Who may how many may give them.
func (r *Role) givesCoupons() bool {
	return r.Coupons > 0 || r.CouponsWeek > 0 || slices.Contains(r.May, string(MayCoupon))
}

// coupon finds what can be given by its id.
func (d *Desk) coupon(id string, now time.Time) (Coupon, bool) {
	for _, c := range d.Coupons.Offered(d.lang(), now) {
		if c.ID == id {
			return c, true
		}
	}
	return Coupon{}, false
}

// couponKey is what a coupon is given under: a question is worth one, whoever presses how often. One that was opened
// again is worth another.
func couponKey(t Ticket) string { return onceOpened("coupon", t) }
