package offer

import (
	"context"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/attention"
	"github.com/rapport-chat/rapport/engagement/audience"
)

// advance goes on with an occurrence by one page, or has it rest while nothing may be started.
func (a *Agenda) advance(ctx context.Context, o Occurrence, now time.Time) error {
	silent, err := a.Store.SilentUntil(ctx, now)
	if err != nil {
		return err
	}
	deadline := o.Due.Add(o.Content.NotAfter)
	until, held := a.Policy.Held(now, silent)
	if held != "" && !until.After(deadline) {
		return a.Store.Postpone(ctx, o.ID, until)
	}
	to, err := a.Audiences.Find(o.Content.To)
	if err != nil {
		return err
	}
	q := audience.Query{After: o.Cursor, Limit: pageSize, Needs: to.Needs()}
	if o.Content.Birthday {
		q.Needs |= audience.NeedsFacts
	}
	if len(o.Content.Steps) > 0 {
		q.Needs |= audience.NeedsOrders
	}
	if o.Subject != 0 {
		q.Only = []conversation.CustomerID{o.Subject}
	}
	people, err := a.Store.People(ctx, q)
	if err != nil {
		return err
	}
	page, err := a.page(ctx, o, to, people, moment{now: now, deadline: deadline, held: held})
	if err != nil {
		return err
	}
	page.Last = o.Subject != 0 || len(people) < pageSize
	return a.Store.Fill(ctx, page)
}

// moment is when a page is decided.
type moment struct {
	now, deadline time.Time
	held          string // why nothing may be started until after the deadline; empty: it may
}

// page decides about people.
func (a *Agenda) page(ctx context.Context, o Occurrence, to *audience.Audience, people []audience.Customer, m moment) (Page, error) {
	page := Page{Occurrence: o, Cursor: o.Cursor}
	var records []conversation.CustomerID
	for i := range people {
		records = append(records, people[i].Records...)
		page.Cursor = max(page.Cursor, people[i].Root())
	}
	past, err := a.Store.Had(ctx, o.Offer, records)
	if err != nil {
		return page, err
	}
	by := map[conversation.CustomerID][]Past{}
	for _, p := range past {
		by[p.Customer] = append(by[p.Customer], p)
	}
	for i := range people {
		c := &people[i]
		var had []Past
		for _, record := range c.Records {
			had = append(had, by[record]...)
		}
		slices.SortStableFunc(had, func(x, y Past) int { return x.Decided.Compare(y.Decided) })
		step, due := a.due(&o, c, had, m.now)
		if !due {
			continue
		}
		in, err := to.Match(c, m.now, a.Audiences.Place())
		if err != nil {
			return page, err
		}
		if in {
			page.Deliveries = append(page.Deliveries, a.deliver(&o, to, c, step, m))
		}
	}
	return page, nil
}

// due tells whether the occurrence is for the person at all, apart from the audience, and which step of a series.
func (a *Agenda) due(o *Occurrence, c *audience.Customer, had []Past, now time.Time) (step int, ok bool) {
	for _, p := range had {
		if p.Occurrence == o.ID || !o.Content.Base.IsZero() && !p.Due.Before(o.Content.Base) {
			return 0, false
		}
	}
	switch {
	case o.Content.Birthday:
		return 0, c.Birthday.On(o.Due.In(c.Zone(a.Zone))) && !hadSince(had, now.AddDate(0, -10, 0))
	case len(o.Content.Steps) > 0:
		return nextStep(&o.Content, had, lifeSign(c), now)
	}
	return 0, true
}

func hadSince(had []Past, since time.Time) bool {
	return slices.ContainsFunc(had, func(p Past) bool { return p.Decided.After(since) })
}

// lifeSign is when the person was last heard of: wrote, pressed, or bought something.
func lifeSign(c *audience.Customer) time.Time {
	if seen := c.LastSeen(); seen.After(c.LastOrder()) {
		return seen
	}
	return c.LastOrder()
}

// nextStep is the step of a series that is due at now. had is what the person got of it, oldest first.
func nextStep(c *Content, had []Past, life, now time.Time) (step int, ok bool) {
	first := -1 // of the last series
	for i, p := range had {
		if p.Step == 0 {
			first = i
		}
	}
	if first < 0 {
		return 0, true
	}
	began, last := had[first].Decided, had[len(had)-1]
	if life.After(began) || last.Step+1 >= len(c.Steps) {
		return 0, !now.Before(began.Add(c.RepeatAfter))
	}
	next := last.Step + 1
	return next, !now.Before(began.Add(c.Steps[next].After - c.Steps[0].After))
}

// deliver decides what becomes of one person's share.
func (a *Agenda) deliver(o *Occurrence, to *audience.Audience, c *audience.Customer, step int, m moment) Delivery {
	d := Delivery{Root: c.Root(), Customer: c.Root(), State: StateSuppressed, Step: step, Why: Why{Topic: o.Content.Topic}}
	d.Why.Reasons = a.reasons(o, to, c, m.now)
	chat, since, agreed, reachable, posted := preferred(c, o.Content.Posted)
	if chat.Customer != 0 {
		d.Customer = chat.Customer
	}
	switch {
	case m.now.After(m.deadline):
		d.State, d.Reason = StateLate, "late"
	case c.Person.Stopped:
		d.Reason = attention.ReasonStopped
	case !reachable:
		d.State, d.Reason = StateUnreachable, attention.ReasonUnreachable
	case posted:
		d.Reason = ReasonInChannel
	case !agreed:
		d.Reason = attention.ReasonNoConsent
	case o.Content.Topic != "" && c.Refused(TopicConsent(o.Content.Topic)):
		d.Reason = attention.ReasonMuted
	case m.held != "":
		d.Reason = m.held
	default:
		d.State, d.Why.Agreed = StatePending, since
		out := a.message(o, c, chat, step, m)
		d.Message = func(id int64) conversation.Outgoing { return a.withFooter(out, o, c, chat, id) }
	}
	return d
}

// preferred is the person's preferred chat where the offer is not shown for everybody. posted says that there is none,
// and that it would have been one of the others.
func preferred(c *audience.Customer, shown []string) (chat audience.Chat, since time.Time, agreed, reachable, posted bool) {
	chat, since, agreed, reachable = c.Preferred(attention.TopicOffers)
	if !reachable || !slices.Contains(shown, chat.To.Channel) {
		return chat, since, agreed, reachable, false
	}
	other := *c
	other.Chats = slices.DeleteFunc(slices.Clone(c.Chats), func(one audience.Chat) bool { return slices.Contains(shown, one.To.Channel) })
	if elsewhere, at, yes, ok := other.Preferred(attention.TopicOffers); ok && yes {
		return elsewhere, at, true, true, false
	}
	return chat, since, agreed, true, true
}

// reasons are why the person gets it, apart from the yes.
func (a *Agenda) reasons(o *Occurrence, to *audience.Audience, c *audience.Customer, now time.Time) []audience.Reason {
	switch {
	case o.Content.Birthday:
		return []audience.Reason{{Key: "birthday"}}
	case o.Subject != 0 && o.Content.To == "":
		return []audience.Reason{{Key: "purchase"}}
	}
	return to.Reasons(c, now, a.Audiences.Place())
}

// TopicConsent is the consent topic under which a topic of offers is muted.
func TopicConsent(topic string) string { return attention.TopicOffers + "/" + topic }
