package loyalty

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Figures of the agendas.
const (
	// agendaPage is how many rows one go looks at.
	agendaPage = 200
)

// Agendas are what becomes due by itself. A nil programme has none. Each finds its work in rows that the work changes,
// so that a repeat after a crash finds it done.
func (p *Programme) Agendas() []clock.Agenda {
	if p == nil {
		return nil
	}
	return []clock.Agenda{
		Lapse{p}, Warnings{p}, TierReview{p}, VoucherEnd{p}, PhoneEnd{p}, ReferralPay{p}, BirthdayGifts{p},
	}
}

// Lapse writes off the points whose time is over.
type Lapse struct{ p *Programme }

// Name implements clock.Agenda.
func (Lapse) Name() string { return "points/lapse" }

// Next implements clock.Agenda.
func (a Lapse) Next(ctx context.Context) (time.Time, bool, error) { return a.p.Store.NextExpiry(ctx) }

// RunDue implements clock.Agenda.
func (a Lapse) RunDue(ctx context.Context, now time.Time) (bool, error) {
	lots, err := a.p.Store.LapsedLots(ctx, now, agendaPage)
	if err != nil {
		return false, err
	}
	for _, l := range lots {
		err := a.p.Store.ForCustomer(ctx, l.Customer, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
			return a.p.Store.In(tx).ExpireLot(ctx, l.ID, now)
		})
		if err != nil {
			return false, fmt.Errorf("write off lot %d: %w", l.ID, err)
		}
	}
	return len(lots) == agendaPage, nil
}

// Warnings tells members of points that are about to lapse.
type Warnings struct{ p *Programme }

// Name implements clock.Agenda.
func (Warnings) Name() string { return "points/warnings" }

// Next implements clock.Agenda.
func (a Warnings) Next(ctx context.Context) (time.Time, bool, error) {
	return a.p.Store.NextWarning(ctx)
}

// RunDue implements clock.Agenda.
func (a Warnings) RunDue(ctx context.Context, now time.Time) (bool, error) {
	lots, err := a.p.Store.LotsDueWarning(ctx, now, agendaPage)
	if err != nil {
		return false, err
	}
	done := map[conversation.CustomerID]bool{}
	for _, l := range lots {
		if done[l.Customer] {
			continue
		}
		done[l.Customer] = true
		err := a.p.Store.ForCustomer(ctx, l.Customer, func(ctx context.Context, tx conversation.Tx, person conversation.Person) error {
			return a.p.warn(ctx, tx, person, now)
		})
		if err != nil {
			return false, fmt.Errorf("warn customer %d: %w", l.Customer, err)
		}
	}
	return len(lots) == agendaPage, nil
}

const (
	// warnTogether is how much later points may lapse to be told in the same warning, so that someone who buys daily is
	// not warned daily.
	warnTogether = 14 * day
	// maxWarned is how many dates a warning names.
	maxWarned = 3
)

// warn tells a person of what lapses soon and moves the warnings of those lots on.
func (p *Programme) warn(ctx context.Context, tx conversation.Tx, person conversation.Person, now time.Time) error {
	b := p.Store.In(tx)
	lots, err := b.LotsToWarn(ctx, now, now.Add(p.longestWarning()+warnTogether))
	if err != nil {
		return err
	}
	var told []Expiring
	due := false
	for i, l := range lots {
		if l.WarnAt.After(now.Add(warnTogether)) {
			continue // of this lot the next warning is still far
		}
		due = due || !l.WarnAt.After(now)
		lots[i].WarnAt = p.Points.NextWarning(l.ExpiresAt, maxTime(now, l.WarnAt), p.Zone)
		if l.Lapsed(now) {
			continue
		}
		if n := len(told); n > 0 && told[n-1].At.Equal(l.ExpiresAt) {
			told[n-1].Points += l.Remaining
		} else {
			told = append(told, Expiring{At: l.ExpiresAt, Points: l.Remaining})
		}
	}
	if err := b.SetWarnings(ctx, lots); err != nil {
		return err
	}
	if !due || len(told) == 0 {
		return nil
	}
	return p.sendWarning(ctx, tx, person, told, now)
}

// longestWarning is the earliest that a warning may come before a lapse.
func (p *Programme) longestWarning() time.Duration {
	var longest time.Duration
	for _, w := range p.Points.WarnBefore {
		longest = max(longest, w.Approx()+2*day)
	}
	return longest
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// sendWarning puts the warning into the outbox, where it passes the gate like everything that we start.
func (p *Programme) sendWarning(ctx context.Context, tx conversation.Tx, person conversation.Person, told []Expiring, now time.Time) error {
	b := p.Store.In(tx)
	a, err := b.Account(ctx, now, p.Tiers.Since(now, p.Zone))
	if err != nil || !a.Joined() {
		return err
	}
	chat, ok, err := b.Chat(ctx)
	if err != nil || !ok {
		return err
	}
	lang := conversation.ReplyLanguage(person, string(chat.Locale), p.Languages)
	var lines []texts.Rich
	for i, e := range told {
		key := "balance.expiring"
		if i == min(len(told), maxWarned)-1 {
			key = "balance.expiry_warning"
		}
		if i < maxWarned {
			lines = append(lines, p.Texts.Say(lang, key, texts.Vars{"n": e.Points, "date": p.date(lastDay(e.At, p.Zone), now)}))
		}
	}
	var row []conversation.Button
	if p.Rewards.Len() > 0 {
		row = append(row, conversation.Act(p.commandLabel(lang, rewardsName), rewardsName, verbShow, nil))
	}
	row = append(row, conversation.Act(p.commandLabel(lang, balanceName), balanceName, verbShow, nil))
	_, err = tx.Send(ctx, conversation.Outgoing{
		Key: fmt.Sprintf("expiring:%d:%s", person.Root, now.In(p.Zone).Format(time.DateOnly)),
		To:  chat.To, Customer: person.ID, Lane: conversation.LaneBulk, NotAfter: told[0].At, AfterCrash: conversation.Unknown,
		Proactive: conversation.Proactive{Purpose: "points_expiring"},
		Body:      conversation.Body{Text: texts.Lines(lines...), Rows: [][]conversation.Button{row}},
	})
	return err
}

// TierReview lets tiers fall when their time has come.
type TierReview struct{ p *Programme }

// Name implements clock.Agenda.
func (TierReview) Name() string { return "tiers/review" }

// Next implements clock.Agenda.
func (a TierReview) Next(ctx context.Context) (time.Time, bool, error) {
	return a.p.Store.NextReview(ctx)
}

// RunDue implements clock.Agenda.
func (a TierReview) RunDue(ctx context.Context, now time.Time) (bool, error) {
	due, err := a.p.Store.MembersToReview(ctx, now, agendaPage)
	if err != nil {
		return false, err
	}
	for _, who := range due {
		err := a.p.Store.ForCustomer(ctx, who, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
			return a.p.Review(ctx, tx, who, now)
		})
		if err != nil && !errors.Is(err, conversation.ErrNotFound) {
			return false, fmt.Errorf("review the tier of %d: %w", who, err)
		}
	}
	return len(due) == agendaPage, nil
}

// VoucherEnd ends codes that were not used in time.
type VoucherEnd struct{ p *Programme }

// Name implements clock.Agenda.
func (VoucherEnd) Name() string { return "rewards/end" }

// Next implements clock.Agenda.
func (a VoucherEnd) Next(ctx context.Context) (time.Time, bool, error) {
	return a.p.Store.NextVoucherEnd(ctx)
}

// RunDue implements clock.Agenda.
func (a VoucherEnd) RunDue(ctx context.Context, now time.Time) (bool, error) {
	n, err := a.p.Store.EndVouchers(ctx, now, agendaPage)
	return n == agendaPage, err
}

// PhoneEnd takes the phone numbers from orders that nobody has claimed.
type PhoneEnd struct{ p *Programme }

// Name implements clock.Agenda.
func (PhoneEnd) Name() string { return "orders/phones" }

// Next implements clock.Agenda.
func (a PhoneEnd) Next(ctx context.Context) (time.Time, bool, error) {
	return a.p.Store.NextOrderEnd(ctx, phoneWait)
}

// RunDue implements clock.Agenda.
func (a PhoneEnd) RunDue(ctx context.Context, now time.Time) (bool, error) {
	n, err := a.p.Store.ForgetPhones(ctx, now.Add(-phoneWait), agendaPage)
	return n == agendaPage, err
}
