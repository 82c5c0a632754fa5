package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// What a message to a channel of staff lists.
const (
	listRemind  = "remind"
	listOverdue = "overdue"
	listStill   = "still"
	listBack    = "back"
	listWoken   = "woken"
)

// headings are the keys of their headings.
var headings = map[string]string{
	listRemind: "desk_times.remind", listOverdue: "desk_times.overdue", listStill: "desk_times.still",
	listBack: "desk_times.back", listWoken: "desk_times.woken",
}

// lists says in which order they are sent.
var lists = []string{listWoken, listBack, listOverdue, listStill, listRemind}

// ring does what is due. What concerns several tickets of one channel is told in one message; all that is done about
// them is one transaction.
func (a *Agenda) ring(ctx context.Context, now time.Time) (bool, error) {
	due, err := a.Timed.Due(ctx, now, duePage)
	if err != nil {
		return false, err
	}
	if len(due) == 0 {
		return false, nil
	}
	ids := make([]TicketID, len(due))
	for i, t := range due {
		ids[i] = t.ID
	}
	slices.Sort(ids) // locks are taken by id, as everywhere
	gone, err := a.gone(ctx, due)
	if err != nil {
		return false, err
	}
	_, opens, err := a.opens(ctx, now)
	if err != nil {
		return false, err
	}
	unheard, err := a.unheard(ctx, due)
	if err != nil {
		return false, err
	}
	err = a.Stores.Do(ctx, func(ctx context.Context, tx conversation.Tx) error {
		return a.attend(ctx, tx, ids, gone, now, &told{opens: opens, unheard: unheard})
	})
	if err != nil {
		return false, fmt.Errorf("do what is due about %d tickets from %d on: %w", len(ids), ids[0], err)
	}
	a.wake()
	return len(due) == duePage, nil
}

// stubborn is when a ticket is looked at again to which something is still due after it was done.
const stubborn = time.Minute

// told collects what channels are told in one transaction. A channel hears of a ticket once, by what comes first among
// lists, and not at all when the list of an opening is about to tell of it.
type told struct {
	opens   time.Time         // the opening whose list is still to come; zero for none
	unheard map[TicketID]bool // whose customers know that no member of staff sees their question
	order   []conversation.Address
	by      map[conversation.Address]map[string][]Ticket
}

// listedSoon says that the list of the opening has the ticket.
func (c *told) listedSoon(t Ticket) bool {
	return (t.State == Open || t.State == Claimed) && t.SnoozedUntil.IsZero() && t.WaitsSince().Before(c.opens)
}

func (c *told) add(to conversation.Address, what string, t Ticket) {
	if c.by == nil {
		c.by = map[conversation.Address]map[string][]Ticket{}
	}
	same := func(other Ticket) bool { return other.ID == t.ID }
	for _, list := range lists {
		if slices.ContainsFunc(c.by[to][list], same) {
			if slices.Index(lists, list) <= slices.Index(lists, what) {
				return
			}
			c.by[to][list] = slices.DeleteFunc(c.by[to][list], same)
		}
	}
	if c.by[to] == nil {
		c.by[to] = map[string][]Ticket{}
		c.order = append(c.order, to)
	}
	c.by[to][what] = append(c.by[to][what], t)
}

// attend does what is due about a few tickets.
func (a *Agenda) attend(ctx context.Context, tx conversation.Tx, ids []TicketID, gone map[string]bool, now time.Time, c *told) error {
	books, timed := a.Stores.In(tx), a.Timed.Timed(tx)
	for _, id := range ids {
		was, err := books.Lock(ctx, id)
		if err != nil {
			return err
		}
		is, events := a.Clocks.Advance(was, now)
		if left(is, gone) {
			events = append(events, Event{Step: StepAway, Lapsed: true, From: is.Owner})
			if is, err = a.Clocks.release(is, now); err != nil {
				return err
			}
		}
		moved := false
		for _, e := range events {
			moved = moved || e.Lapsed || e.Step == StepWake || e.Step == StepResolve
		}
		if moved {
			is, err = books.Save(ctx, is)
		}
		if err == nil {
			next := a.Clocks.Next(is)
			if !next.IsZero() && !next.After(now) {
				next = now.Add(stubborn)
			}
			err = timed.Note(ctx, is, next)
		}
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := a.happened(ctx, tx, books, was, is, e, now, c); err != nil {
				return fmt.Errorf("tell of %s about ticket %d: %w", e.Step, id, err)
			}
		}
	}
	return a.tellChannels(ctx, tx, c, now)
}

// unheard are the tickets that have not reached the desk, as their customers were told.
func (a *Agenda) unheard(ctx context.Context, list []Ticket) (map[TicketID]bool, error) {
	out := map[TicketID]bool{}
	for _, t := range list {
		if t.State != Open || t.ToldUntil.IsZero() {
			continue
		}
		unheard, err := a.Timed.Unheard(ctx, t.ID)
		if err != nil {
			return nil, err
		}
		out[t.ID] = unheard
	}
	return out, nil
}

// gone are the owners of tickets who are away.
func (a *Agenda) gone(ctx context.Context, list []Ticket) (map[string]bool, error) {
	if a.Gone == nil {
		return nil, nil
	}
	out := map[string]bool{}
	for _, t := range list {
		if _, known := out[t.Owner.ID]; known || t.State != Claimed {
			continue
		}
		away, err := a.Gone(ctx, t.Owner.ID)
		if err != nil {
			return nil, fmt.Errorf("look whether %s is away: %w", t.Owner.ID, err)
		}
		out[t.Owner.ID] = away
	}
	return out, nil
}

// left says that a customer waits for an owner who is away.
func left(t Ticket, gone map[string]bool) bool { return t.State == Claimed && gone[t.Owner.ID] }

// happened tells whom one event concerns.
func (a *Agenda) happened(ctx context.Context, tx conversation.Tx, books Books, was, is Ticket, e Event, now time.Time, c *told) error {
	channel, known := a.channel(is)
	inform := func(to conversation.Address, what string) {
		if known && (to != channel || !c.listedSoon(is)) {
			c.add(to, what, is)
		}
	}
	switch {
	case e.Lapsed:
		if a.Clocks.Hours.Open(now) { // in the night nobody looks; the list of the opening has it
			inform(channel, listBack)
		}
		return a.lapsed(ctx, tx, is, e, now)
	case e.Step == StepWake:
		if !is.Owned() {
			inform(channel, listWoken)
			return nil
		}
		return a.note(ctx, tx, is, e.Step, now, "desk_times.owner_woken")
	case e.Step == StepRemind:
		if !is.Owned() {
			inform(channel, listRemind)
			return nil
		}
		return a.note(ctx, tx, is, e.Step, now, "desk_times.owner_due")
	case e.Step == StepMiss:
		up, what := channel, listOverdue
		up.Chat = Escalation(a.Staff, a.Config, is)
		if e.Again {
			up.Chat, what = FurtherEscalation(a.Staff, a.Config, is), listStill
		}
		if !is.Owned() || up.Chat != channel.Chat {
			inform(up, what)
		}
		if !is.Owned() {
			return nil
		}
		return a.note(ctx, tx, is, e.Step, now, "desk_times.owner_missed")
	case e.Step == StepLate:
		var p Promise // none while nobody can see the question
		if !c.unheard[is.ID] {
			p = a.Clocks.Promise(now, a.Clocks.target(a.Clocks.topic(is)).First)
		}
		return a.tellCustomer(ctx, tx, is, timeKey("late", is.ID, now), a.promise(a.Clocks, langOr(is.Lang), now, p, sayLate))
	case e.Step == StepResolve:
		if _, err := a.post(ctx, tx, is, timeKey("resolved", is.ID, now), a.say("desk_times.resolved", nil)); err != nil {
			return err
		}
		return a.Resolved(ctx, tx, books, was, is)
	}
	return nil
}

// channel is where a ticket's card stands or would stand; known is false while our account is not.
func (a *Agenda) channel(t Ticket) (to conversation.Address, known bool) {
	if t.Card.Of != 0 {
		return t.Card.To, true
	}
	return a.address(t)
}

// note writes into the ticket's thread, for its owner.
func (a *Agenda) note(ctx context.Context, tx conversation.Tx, t Ticket, step Step, now time.Time, key string) error {
	vars := a.Clocks.moment(now, t.DueAt)
	vars["staff"] = callOf(t.Owner)
	_, err := a.post(ctx, tx, t, timeKey(string(step), t.ID, now), a.say(key, vars))
	return err
}

// lapsed tells the thread and the customer that the ticket is in the queue again. A customer who does not wait for
// anything hears nothing.
func (a *Agenda) lapsed(ctx context.Context, tx conversation.Tx, t Ticket, e Event, now time.Time) error {
	why := "desk_times.lapsed_missed"
	switch e.Step {
	case StepShift:
		why = "desk_times.lapsed_shift"
	case StepAway:
		why = "desk_times.lapsed_away"
	}
	if _, err := a.post(ctx, tx, t, timeKey("lapsed", t.ID, now), a.say(why, texts.Vars{"staff": callOf(e.From)})); err != nil {
		return err
	}
	if t.AskedAt.IsZero() {
		return nil
	}
	lang := langOr(t.Lang)
	text := a.Texts.Say(lang, "handoff.returned", nil)
	if !a.Clocks.Hours.Open(now) {
		if next := a.Clocks.Hours.NextOpen(now); !next.IsZero() {
			text = texts.Paragraphs(text, a.Texts.Say(lang, "away.next_day", a.Clocks.moment(now, next)))
		}
	}
	return a.tellCustomer(ctx, tx, t, timeKey("returned", t.ID, now), text)
}

// tellChannels sends what was collected.
func (a *Agenda) tellChannels(ctx context.Context, tx conversation.Tx, c *told, now time.Time) error {
	for _, to := range c.order {
		for _, what := range lists {
			tickets := c.by[to][what]
			if len(tickets) == 0 {
				continue
			}
			urgentFirst(tickets)
			shown := tickets[:min(len(tickets), listed)]
			var until time.Time
			if what == listRemind { // "due soon" is stale once all are overdue, as after an outage
				until = slices.MaxFunc(tickets, func(a, b Ticket) int { return a.DueAt.Compare(b.DueAt) }).DueAt
			}
			_, err := tx.Send(ctx, conversation.Outgoing{
				Key: timeKey("list-"+what, tickets[0].ID, now), To: to, Customer: nobody, Lane: conversation.LaneNotice, NotAfter: until,
				Body: a.list(a.say(headings[what], nil).In(texts.Bold), shown, len(tickets)-len(shown), now),
			})
			if err != nil {
				return fmt.Errorf("tell %s which tickets are %s: %w", to.Chat, what, err)
			}
		}
	}
	return nil
}

// StepAway is that the owner has gone: no clock's doing, but it ends a claim like the end of a shift.
const StepAway Step = "away"

// Away puts every ticket of a member of staff in which the customer waits back into the queue.
func (a *Agenda) Away(ctx context.Context, owner Member, now time.Time) error {
	owned, err := a.Timed.OwnedBy(ctx, owner.ID, reckonPage)
	if err != nil {
		return fmt.Errorf("list the tickets of %s: %w", owner.ID, err)
	}
	for chunk := range slices.Chunk(owned, listed) {
		err := a.Stores.Do(ctx, func(ctx context.Context, tx conversation.Tx) error { return a.leave(ctx, tx, chunk, owner, now) })
		if err != nil {
			return fmt.Errorf("put the tickets of %s back: %w", owner.ID, err)
		}
	}
	a.wake()
	return nil
}

// leave puts a few tickets back.
func (a *Agenda) leave(ctx context.Context, tx conversation.Tx, owned []Ticket, owner Member, now time.Time) error {
	var c told
	for _, t := range owned {
		was, err := a.Stores.In(tx).Lock(ctx, t.ID)
		if err != nil {
			return err
		}
		if !was.OwnedBy(owner) || was.State != Claimed {
			continue
		}
		is, err := a.Clocks.release(was, now)
		if err != nil {
			return err
		}
		if is, err = a.Stores.In(tx).Save(ctx, is); err != nil {
			return err
		}
		e := Event{Step: StepAway, Lapsed: true, From: was.Owner}
		if err := a.happened(ctx, tx, a.Stores.In(tx), was, is, e, now, &c); err != nil {
			return err
		}
	}
	return a.tellChannels(ctx, tx, &c, now)
}
