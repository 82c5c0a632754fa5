package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Verbs of coupons.
const (
	verbCoupon     = "coupon"      // the card: which one?
	verbCouponPick = "coupon.pick" // this one
	verbCouponGive = "coupon.give" // yes, send it
	verbCouponNot  = "coupon.not"  // not now
)

// pressCoupon takes the presses on the way to a coupon: which one, sure, done. Only who presses sees the questions.
func (s StaffSkill) pressCoupon(ctx context.Context, t conversation.Turn, verb string, r ref) (conversation.Commit, error) {
	if verb == verbCouponNot {
		return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			return t.Dialogue, s.takeAway(ctx, tx, t)
		}, nil
	}
	rights := s.RightsOf(ctx, t.In, MayCoupon)
	if !rights.May[MayCoupon] {
		return s.deny(t, rights, MayCoupon), nil
	}
	k, err := s.Stores.Ticket(ctx, r.Ticket)
	switch {
	case err != nil:
		return nil, err
	case s.Coupons == nil || k.Customer == 0:
		return s.whisper(t, s.say("desk.gone", nil)), nil
	case !k.Live():
		return s.whisper(t, s.say("desk.is_resolved", nil)), nil
	}
	list := s.Coupons.Offered(s.lang(), t.Now)
	if verb == verbCoupon && len(list) > 1 {
		return s.chooseCoupon(ctx, t, k, list)
	}
	if verb == verbCoupon && len(list) == 1 {
		r.Name = list[0].ID
	}
	c, ok := s.coupon(r.Name, t.Now)
	if !ok {
		return s.whisper(t, s.say("desk_coupon.gone", nil)), nil
	}
	meant, err := s.Coupons.Meant(ctx, k.Customer, c.ID)
	if err != nil {
		return nil, fmt.Errorf("see whom coupon %s is for: %w", c.ID, err)
	}
	if !meant {
		return s.whisper(t, s.whyNoCoupon(ErrCouponOthers, c)), nil
	}
	if verb == verbCouponGive {
		return s.giveCoupon(t, k, c, rights), nil
	}
	return s.confirmCoupon(ctx, t, k, c)
}

// couponsMost is how many coupons are offered to choose from; five stand in a row.
const couponsMost = 20

// chooseCoupon asks which one.
func (s StaffSkill) chooseCoupon(ctx context.Context, t conversation.Turn, k Ticket, list []Coupon) (conversation.Commit, error) {
	who, err := s.Stores.Customer(ctx, k.Customer)
	if err != nil {
		return nil, err
	}
	var rows [][]conversation.Button
	for i, c := range list[:min(len(list), couponsMost)] {
		if i%buttonsInRow == 0 {
			rows = append(rows, nil)
		}
		b := conversation.Act(shortened(c.Title, maxLabel), skillName, verbCouponPick, ref{Ticket: k.ID, Name: c.ID})
		rows[len(rows)-1] = append(rows[len(rows)-1], b)
	}
	return s.whisper(t, s.say("desk_coupon.choose", texts.Vars{"name": s.masked(who)}), rows...), nil
}

// confirmCoupon asks before it is sent: what, to whom, until when.
func (s StaffSkill) confirmCoupon(ctx context.Context, t conversation.Turn, k Ticket, c Coupon) (conversation.Commit, error) {
	who, err := s.Stores.Customer(ctx, k.Customer)
	if err != nil {
		return nil, err
	}
	yes := s.button("desk_coupon.yes", verbCouponGive, ref{Ticket: k.ID, Name: c.ID, Attempt: k.Reopened})
	yes.Style = "primary"
	row := []conversation.Button{yes, s.button("desk_coupon.no", verbCouponNot, ref{Ticket: k.ID})}
	ask := s.say("desk_coupon.ask", texts.Vars{"title": c.Title, "name": s.masked(who), "date": texts.DateOf(c.Until, t.Now.In(s.zone()))})
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if t.Pressed != nil && t.Pressed.Action.Verb == verbCouponPick {
			if err := s.takeAway(ctx, tx, t); err != nil {
				return t.Dialogue, err
			}
		}
		return t.Dialogue, s.whisperIn(ctx, tx, t, ask, row)
	}, nil
}

// giveCoupon issues it and sends it, once for the question. What is in the way is told to who pressed.
func (s StaffSkill) giveCoupon(t conversation.Turn, seen Ticket, c Coupon, rights Rights) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if err := s.takeAway(ctx, tx, t); err != nil {
			return t.Dialogue, err
		}
		before, err := s.Coupons.Given(ctx, tx, seen.Customer, couponKey(seen)) // locks the person, before the ticket
		if err != nil {
			return t.Dialogue, err
		}
		books := s.Stores.In(tx)
		k, err := books.Lock(ctx, seen.ID)
		switch {
		case err != nil:
			return t.Dialogue, err
		case before:
			return t.Dialogue, s.whisperIn(ctx, tx, t, s.say("desk_coupon.before", nil))
		case !k.Live() || k.Reopened != seen.Reopened:
			return t.Dialogue, s.whisperIn(ctx, tx, t, s.say("desk.is_resolved", nil))
		case k.To.Chat == "":
			return t.Dialogue, s.whisperIn(ctx, tx, t, s.say("desk.not_sent_nobody", nil))
		}
		spent, ok, err := s.spendCoupon(ctx, tx, t, rights)
		if err != nil || !ok {
			return t.Dialogue, err
		}
		text, picture, err := s.Coupons.Give(ctx, tx, k.Customer, c.ID, couponKey(k), langOr(k.Lang), t.Now)
		if why := s.whyNoCoupon(err, c); why != nil {
			if err := spent(ctx); err != nil { // nothing was given, so nothing was spent
				return t.Dialogue, err
			}
			return t.Dialogue, s.whisperIn(ctx, tx, t, why)
		}
		if err != nil {
			return t.Dialogue, err
		}
		defer s.wake()
		return t.Dialogue, s.sendCoupon(ctx, tx, books, t, k, c, text, picture)
	}
}

// spendCoupon takes one from what the member may give in the day and in the week. back gives it back. When there is none
// left the member is told, and that it was tried is kept.
func (s StaffSkill) spendCoupon(ctx context.Context, tx conversation.Tx, t conversation.Turn, rights Rights) (back func(context.Context) error, ok bool, err error) {
	by, local, purse := member(t.In), t.Now.In(s.zone()), s.Presence.Clerk(tx)
	year, week := local.ISOWeek()
	type count struct {
		purse  Purse
		period string
		limit  int64
		text   string
	}
	var taken []count
	back = func(ctx context.Context) error {
		for _, c := range taken {
			if _, _, err := purse.Spend(ctx, c.purse, by.ID, c.period, -1, NoLimit); err != nil {
				return err
			}
		}
		return nil
	}
	for _, c := range []count{
		{PurseCoupons, local.Format(time.DateOnly), rights.Coupons, "desk_coupon.limit_day"},
		{PurseCouponsWeek, fmt.Sprintf("%d-W%02d", year, week), rights.CouponsWeek, "desk_coupon.limit_week"},
	} {
		_, ok, err := purse.Spend(ctx, c.purse, by.ID, c.period, 1, c.limit)
		if err != nil {
			return nil, false, err
		}
		if ok {
			taken = append(taken, c)
			continue
		}
		if err := back(ctx); err != nil {
			return nil, false, err
		}
		err = purse.Record(ctx, Deed{Key: keyOfEvent(t.In.ID) + ":coupon_refused", By: by, What: "coupon_refused"})
		if err != nil {
			return nil, false, err
		}
		return nil, false, s.whisperIn(ctx, tx, t, s.say(c.text, texts.Vars{"n": c.limit}))
	}
	return back, true, nil
}

// sendCoupon sends it like a reply, so that the thread tells whether it arrived; the ticket stays whose it is. It is
// never sent twice by itself.
func (s StaffSkill) sendCoupon(ctx context.Context, tx conversation.Tx, books Books, t conversation.Turn, k Ticket, c Coupon, text texts.Rich, picture *conversation.Image) error {
	by := member(t.In)
	m, fresh, err := books.Add(ctx, Message{
		Ticket: k.ID, Key: couponKey(k), Direction: Out, Author: by, Text: text.Plain(), Way: ByCoupon, State: ReplyPending, WrittenAt: t.Now,
	})
	if err != nil || !fresh {
		return err
	}
	m.Outgoing, err = tx.Send(ctx, conversation.Outgoing{
		Key: fmt.Sprintf("desk:reply:%d:%d", m.ID, m.Attempt), To: k.To, Customer: k.Customer, Lane: conversation.LaneAnswer,
		Body: conversation.Body{Text: toCustomer(m, text), Image: picture}, AfterCrash: conversation.Unknown,
		Report: conversation.Ref{Kind: ReplyReport, ID: m.ID},
	})
	if err != nil {
		return err
	}
	if err := books.SaveMessage(ctx, m); err != nil {
		return err
	}
	if err := s.Presence.Clerk(tx).Record(ctx, Deed{
		Key: keyOfEvent(t.In.ID) + ":coupon", By: by, What: "coupon", Kind: "customer", Subject: int64(k.Customer),
		Detail: map[string]any{"coupon": c.ID, "ticket": k.ID},
	}); err != nil {
		return err
	}
	_, err = s.post(ctx, tx, k, couponKey(k), s.say("desk_coupon.given_by", texts.Vars{"staff": callOf(by), "title": c.Title}))
	return err
}

// whyNoCoupon is a refusal in words; nil when err is none.
func (s StaffSkill) whyNoCoupon(err error, c Coupon) texts.Rich {
	vars := texts.Vars{"title": c.Title}
	switch {
	case errors.Is(err, ErrCouponGone):
		return s.say("desk_coupon.gone", nil)
	case errors.Is(err, ErrCouponHad):
		return s.say("desk_coupon.had", vars)
	case errors.Is(err, ErrCouponOut):
		return s.say("desk_coupon.out", vars)
	case errors.Is(err, ErrCouponOthers):
		return s.say("desk_coupon.others", vars)
	}
	return nil
}
