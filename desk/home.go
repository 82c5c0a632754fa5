package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// desktop is what a member sees on the app's own page.
type desktop struct {
	mine, overdue, queue []Ticket
	away                 bool
}

// home shows the page to whoever has opened it. Who is none of the staff is told so, and nothing else.
func (c *Clerk) home(ctx context.Context, t conversation.Turn, rights Rights) (conversation.Commit, error) {
	if !rights.Staff() {
		return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			return t.Dialogue, c.publish(ctx, tx, t, c.say("staff.home.not_staff", nil))
		}, nil
	}
	v, err := c.desktop(ctx, t)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		text, rows := c.page(v, t.Now)
		return t.Dialogue, c.publish(ctx, tx, t, text, rows...)
	}, nil
}

// desktop reads what the page shows.
func (c *Clerk) desktop(ctx context.Context, t conversation.Turn) (v desktop, err error) {
	for kind, list := range map[string]*[]Ticket{ticketsMine: &v.mine, ticketsOverdue: &v.overdue, ticketsOpen: &v.queue} {
		if *list, err = c.listOf(ctx, t, kind); err != nil {
			return v, err
		}
	}
	v.away, err = c.Stock.IsAway(ctx, t.In.From.UserID)
	return v, err
}

// page is the page's text and buttons. Of the member's own tickets those come first that wait for the member.
func (c *Clerk) page(v desktop, now time.Time) (texts.Rich, [][]conversation.Button) {
	var waiting, others []Ticket
	for _, k := range v.mine {
		if k.State == Claimed {
			waiting = append(waiting, k)
		} else {
			others = append(others, k)
		}
	}
	state, label := "staff.home.here", c.label("staff.home.away_button", nil)
	if v.away {
		state, label = "staff.home.away", c.label("staff.home.back_button", nil)
	}
	parts := []texts.Rich{c.say(state, nil)}
	rows := [][]conversation.Button{{
		c.slipButton(label, verbAway, slip{Away: !v.away}), c.slipButton(c.label("staff.home.refresh", nil), verbRefresh, slip{}),
	}}
	queue := slices.DeleteFunc(slices.Clone(v.queue), func(k Ticket) bool {
		return slices.ContainsFunc(v.overdue, func(o Ticket) bool { return o.ID == k.ID })
	})
	for _, s := range []struct {
		kind string
		list []Ticket
	}{{"waiting", waiting}, {ticketsOverdue, v.overdue}, {ticketsOpen, queue}, {"others", others}} {
		body := c.sheet(s.kind, s.list, now)
		if parts = append(parts, body.Text); !v.away { // who is away is offered nothing
			rows = append(rows, body.Rows...)
		}
	}
	parts = append(parts, c.say("staff.home.as_of", texts.Vars{"time": texts.ClockOf(now.In(c.zone()))}).In(texts.Italic))
	return texts.Paragraphs(parts...), rows
}

// publish puts the page up for the turn's member.
func (c *Clerk) publish(ctx context.Context, tx conversation.Tx, t conversation.Turn, text texts.Rich, rows ...[]conversation.Button) error {
	to := t.In.Address
	to.Chat, to.Thread = t.In.From.UserID, ""
	_, err := tx.Send(ctx, conversation.Outgoing{
		Key: fmt.Sprintf("desk:home:%s:%s", t.In.From.UserID, keyOfEvent(t.In.ID)), To: to, Customer: nobody, Lane: conversation.LaneAnswer,
		Body: conversation.Body{Kind: conversation.BodyHome, Text: text, Rows: rows},
	})
	return err
}

// away notes that the member leaves or is back. Who leaves gives back the tickets whose customers wait; those who wait
// for nothing stay, so that an answer of the customer brings them back where they belong.
func (c *Clerk) away(ctx context.Context, t conversation.Turn, rights Rights, leaves bool) (conversation.Commit, error) {
	v, err := c.desktop(ctx, t)
	if err != nil {
		return nil, err
	}
	if !rights.Staff() {
		return c.home(ctx, t, rights)
	}
	by := member(t.In)
	var owned []Ticket
	if leaves {
		if owned, err = c.Timed.OwnedBy(ctx, by.ID, reckonPage); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if _, err := c.Stock.Clerk(tx).SetAway(ctx, by.ID, leaves); err != nil {
			return t.Dialogue, err
		}
		if err := c.leave(ctx, tx, owned, by, t.Now); err != nil {
			return t.Dialogue, err
		}
		defer c.wake()
		what := "back"
		if leaves {
			what = "away"
		}
		if err := c.record(ctx, tx, t, what, "", 0, map[string]any{"tickets": len(owned)}); err != nil {
			return t.Dialogue, err
		}
		text, rows := c.page(v.after(owned, leaves), t.Now)
		return t.Dialogue, c.publish(ctx, tx, t, text, rows...)
	}, nil
}

// after is the page once tickets were given back.
func (v desktop) after(given []Ticket, away bool) desktop {
	v.away = away
	for _, k := range given {
		v.mine = slices.DeleteFunc(slices.Clone(v.mine), func(m Ticket) bool { return m.ID == k.ID })
		k.State, k.Owner = Open, Member{}
		v.queue = append(v.queue, k)
	}
	return v
}
