package loyalty

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement"
)

const (
	// newsFor is how old an order may be for anything to follow from it but its points.
	newsFor = 7 * day
	// phoneWait is how long an order waits for its phone number to become known.
	phoneWait = 90 * day
)

// Errors of who bought.
var (
	// ErrNobody: an order names neither a customer nor a card nor a phone.
	ErrNobody = errors.New("the order does not say who bought")
	// ErrUnknownCode: nobody has that card.
	ErrUnknownCode = errors.New("nobody has a card of that code")
	// ErrBadPhone: the phone cannot be a number in international form.
	ErrBadPhone = errors.New("the phone is not a number in international form")
	// ErrBadOrder is wrapped by what else is wrong with an order.
	ErrBadOrder = errors.New("the order cannot be meant")
)

// Receipt is what an order brought.
type Receipt struct {
	Customer conversation.CustomerID // 0: the order waits for its phone number
	Fresh    bool                    // false: it was known
	Points   int64                   // earned, also when it was known; what was taken now when it is returned
	Balance  int64                   // spendable and pending afterwards
	Owed     int64
}

// Purchase takes an order, or its return, from outside any conversation. The same order again changes nothing.
func (p *Programme) Purchase(ctx context.Context, o Order, now time.Time) (Receipt, error) {
	if o.At.IsZero() {
		o.At = now
	}
	if err := o.check(now); err != nil {
		return Receipt{}, err
	}
	for {
		rec, err := p.purchase(ctx, o, now)
		if !errors.Is(err, errMoved) {
			return rec, err
		}
	}
}

// errMoved: somebody else took the order, or its phone became known, while we looked whose it is; look again.
var errMoved = errors.New("the order has found its buyer meanwhile")

// purchase takes an order once it is known whose it is.
func (p *Programme) purchase(ctx context.Context, o Order, now time.Time) (Receipt, error) {
	who, err := p.buyer(ctx, &o)
	if err != nil {
		return Receipt{}, err
	}
	if who == 0 {
		return p.keep(ctx, o)
	}
	o.Customer = who
	var rec Receipt
	err = p.Store.ForCustomer(ctx, who, func(ctx context.Context, tx conversation.Tx, person conversation.Person) error {
		if rec, err = p.record(ctx, tx, person, o, now); err != nil || !o.TellsPhone || o.Code == "" {
			return err
		}
		return p.tillPhone(ctx, tx, person, o.Phone, now)
	})
	return rec, err
}

// keep keeps an order of nobody known.
func (p *Programme) keep(ctx context.Context, o Order) (Receipt, error) {
	fresh, err := p.Store.KeepOrder(ctx, o)
	if err != nil {
		return Receipt{}, err
	}
	if _, err := p.Store.FindByPhone(ctx, o.Phone); err == nil {
		return Receipt{}, errMoved // it became known while we kept the order
	} else if !errors.Is(err, conversation.ErrNotFound) {
		return Receipt{}, err
	}
	return Receipt{Fresh: fresh}, nil
}

// check refuses what no till means.
func (o Order) check(now time.Time) error {
	switch {
	case o.Source == "" || o.ID == "":
		return fmt.Errorf("%w: it needs a source and an id", ErrBadOrder)
	case len(o.ID) > 200:
		return fmt.Errorf("%w: its id is longer than 200 bytes", ErrBadOrder)
	case o.Total < 0:
		return fmt.Errorf("%w: its total is below 0", ErrBadOrder)
	case o.Currency == "":
		return fmt.Errorf("%w: it has no currency", ErrBadOrder)
	case o.At.After(now.Add(day)):
		return fmt.Errorf("%w: it lies in the future", ErrBadOrder)
	case len(o.Lines) > 1000:
		return fmt.Errorf("%w: it has more than 1000 lines", ErrBadOrder)
	}
	for i, l := range o.Lines {
		if l.Total < 0 || l.Quantity < 0 {
			return fmt.Errorf("%w: line %d is below 0", ErrBadOrder, i+1)
		}
	}
	return nil
}

// buyer finds who bought; 0 when the phone is nobody's yet. An order that is known has its buyer already, however it is
// told this time.
func (p *Programme) buyer(ctx context.Context, o *Order) (conversation.CustomerID, error) {
	known, err := p.Store.FindOrder(ctx, o.Source, o.ID)
	if err != nil && !errors.Is(err, conversation.ErrNotFound) {
		return 0, err
	}
	switch {
	case known.Customer != 0:
		return known.Customer, nil
	case o.Customer != 0:
		return o.Customer, nil
	case o.Code != "":
		who, err := p.Store.FindByCard(ctx, NormalCode(o.Code))
		if errors.Is(err, conversation.ErrNotFound) {
			return 0, ErrUnknownCode
		}
		return who, err
	case o.Phone != "":
		phone, ok := NormalPhone(o.Phone)
		if !ok {
			return 0, ErrBadPhone
		}
		o.Phone = phone
		who, err := p.Store.FindByPhone(ctx, phone)
		if errors.Is(err, conversation.ErrNotFound) {
			return 0, nil
		}
		return who, err
	}
	return 0, ErrNobody
}

// record keeps an order of a person and what follows from it.
func (p *Programme) record(ctx context.Context, tx conversation.Tx, person conversation.Person, o Order, now time.Time) (Receipt, error) {
	b := p.Store.In(tx)
	kept, err := b.RecordOrder(ctx, o)
	if err != nil {
		return Receipt{}, err
	}
	if kept.Others {
		return Receipt{}, errMoved
	}
	o.Customer = kept.Customer // one of the person's records
	rec := Receipt{Customer: o.Customer, Fresh: kept.Fresh}
	switch {
	case o.Returned:
		rec.Points, err = p.takeBack(ctx, tx, o, now)
	case kept.Fresh && !kept.Returned:
		rec.Points, err = p.credit(ctx, tx, person, o, kept.First, now)
	case !kept.Returned:
		rec.Points, err = p.brought(ctx, b, o)
	}
	if err != nil {
		return rec, err
	}
	a, err := b.Account(ctx, now, p.Tiers.Since(now, p.Zone))
	rec.Balance, rec.Owed = a.Spendable+a.Pending, a.Owed
	return rec, err
}

// brought is what a known order has brought.
func (p *Programme) brought(ctx context.Context, b Books, o Order) (int64, error) {
	e, err := b.FindEntry(ctx, SourceOrder, o.Key(), Earn)
	if errors.Is(err, conversation.ErrNotFound) {
		return 0, nil
	}
	return e.Points, err
}

// credit posts what a purchase brings, tells the events, and the person.
func (p *Programme) credit(ctx context.Context, tx conversation.Tx, person conversation.Person, o Order, first bool, now time.Time) (int64, error) {
	points, multiplier := p.Points.OrderPoints(o, p.Zone)
	points, err := p.withinDay(ctx, tx, o, points)
	if err != nil {
		return 0, err
	}
	before, err := p.Store.In(tx).Account(ctx, now, p.Tiers.Since(now, p.Zone))
	if err != nil {
		return 0, err
	}
	lot := p.Points.Terms(o.At, now, true, p.Zone)
	if lot.Lapsed(now) {
		points = 0 // a purchase of long ago
	}
	reason := Reason{Code: "order", Data: ReasonData{Minor: o.Total, Currency: o.Currency}}
	if multiplier != "" {
		if rule, ok := p.Points.Earn.Get(multiplier); ok && !rule.Title.IsZero() {
			reason = Reason{Code: "multiplier", Data: ReasonData{Rule: multiplier}}
		}
	}
	if points > 0 {
		posted, err := p.post(ctx, tx, Entry{
			Source: SourceOrder, SourceID: o.Key(), Kind: Earn, Customer: o.Customer, Points: points, Reason: reason, At: o.At, Lot: lot,
		}, now)
		if err != nil || !posted.Fresh {
			return 0, err
		}
	}
	if first && p.Points.Referral != nil && o.Total > 0 {
		if err := p.Store.In(tx).ReferralDue(ctx, o.Key(), o.At.Add(p.Points.Hold.Std())); err != nil {
			return 0, err
		}
	}
	if now.Sub(o.At) > newsFor {
		return points, nil
	}
	if err := p.tellEvents(ctx, tx, o, first); err != nil {
		return 0, err
	}
	if points > 0 {
		err = p.creditNotice(ctx, tx, person, points, reason, before.Member.Tier, now)
	}
	return points, err
}

// withinDay cuts what a purchase brings to what the day still allows.
func (p *Programme) withinDay(ctx context.Context, tx conversation.Tx, o Order, points int64) (int64, error) {
	rule := p.Points.purchaseRule(config.Currency(o.Currency))
	if rule == nil || rule.PerDay == 0 || points == 0 {
		return points, nil
	}
	y, m, d := o.At.In(p.Zone).Date()
	from := time.Date(y, m, d, 0, 0, 0, 0, p.Zone)
	had, err := p.Store.In(tx).EarnedFrom(ctx, SourceOrder, from, endOfDay(o.At, p.Zone))
	if err != nil {
		return 0, err
	}
	return max(min(points, rule.PerDay-had), 0), nil
}

// tellEvents records what surveys and offers may follow.
func (p *Programme) tellEvents(ctx context.Context, tx conversation.Tx, o Order, first bool) error {
	b := p.Store.In(tx)
	kinds := []string{engagement.EventOrder}
	if first {
		kinds = append(kinds, engagement.EventOrderFirst)
	}
	for _, kind := range kinds {
		if _, err := b.Emit(ctx, engagement.Event{Kind: kind, Key: o.Key(), Customer: o.Customer, At: o.At}); err != nil {
			return err
		}
	}
	return nil
}

// takeBack marks an order as returned and takes its points back.
func (p *Programme) takeBack(ctx context.Context, tx conversation.Tx, o Order, now time.Time) (int64, error) {
	b := p.Store.In(tx)
	if _, err := b.ReturnOrder(ctx, o.Source, o.ID, now); err != nil {
		return 0, err
	}
	earned, err := b.FindEntry(ctx, SourceOrder, o.Key(), Earn)
	if errors.Is(err, conversation.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	posted, err := b.ReverseEntry(ctx, earned.ID, Entry{
		Source: SourceOrder, SourceID: o.Key(), Customer: earned.Customer,
		Reason: Reason{Code: "return"}, At: now,
	})
	if errors.Is(err, ErrReversed) {
		return 0, nil
	}
	if err != nil || !posted.Fresh {
		return 0, err
	}
	return posted.Points, p.Review(ctx, tx, earned.Customer, now)
}

// tillPhone keeps a number that was told at the till together with the card. A number that is no number, or another
// person's, does not keep the order from counting.
func (p *Programme) tillPhone(ctx context.Context, tx conversation.Tx, person conversation.Person, typed string, now time.Time) error {
	phone, ok := NormalPhone(typed)
	if !ok {
		return nil
	}
	_, err := p.PhoneKnown(ctx, tx, person, phone, "till", now)
	if errors.Is(err, ErrPhoneTaken) {
		return nil
	}
	return err
}

// PhoneKnown keeps a proven phone number of the person of a turn, and credits the orders that waited for it. It answers
// how many those were. source is who told the number: "customer" or "till".
func (p *Programme) PhoneKnown(ctx context.Context, tx conversation.Tx, person conversation.Person, phone, source string, now time.Time) (int, error) {
	b := p.Store.In(tx)
	if err := b.SetPhone(ctx, phone, source, now); err != nil {
		return 0, err
	}
	waiting, err := b.ClaimOrders(ctx, phone, now.Add(-phoneWait))
	if err != nil {
		return 0, err
	}
	for _, o := range waiting {
		o.Customer = person.ID
		if o.Returned {
			continue
		}
		if _, err := p.record(ctx, tx, person, o, now); err != nil {
			return 0, fmt.Errorf("credit order %s: %w", o.Key(), err)
		}
	}
	return len(waiting), nil
}
