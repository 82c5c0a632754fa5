package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// GroupReport is the kind of the report of a message that shows several tickets.
const GroupReport = "desk_group"

// Figures of a burst. Slack takes about one message a second in a channel; a reader takes fewer.
const (
	// single is how many cards of their own new tickets get in a minute: more show together.
	single = 10
	// crowded is how many cards of a channel wait to leave when less than a full message waits with them.
	crowded = 3
	// burstWindow is how far back cards count as the same burst.
	burstWindow = time.Minute
	// gather is how long a ticket waits for others to be shown with.
	gather = 10 * time.Second
	// gatherAgain is for how much longer while cards cannot leave anyway.
	gatherAgain = 30 * time.Second
	heldPage    = 100
	groupsPage  = 20
)

// Burst is what the grouping of new tickets needs of the database.
type Burst interface {
	// Recent counts the tickets with a card of their own in a channel that were opened since then, and the cards of
	// the channel that wait to leave.
	Recent(ctx context.Context, to conversation.Address, since time.Time) (cards, waiting int, err error)
	// Hold puts tickets aside that are to be shown with others by due. One that was shown with others before, or has
	// moved on, is not held: the tickets that were are answered.
	Hold(ctx context.Context, list []Ticket, due time.Time) (held []TicketID, err error)
	// Held lists tickets that are held, the most urgent first.
	Held(ctx context.Context, limit int) ([]HeldTicket, error)
	// Postpone moves the time by which held tickets are shown.
	Postpone(ctx context.Context, list []TicketID, due time.Time) error
	// Group notes, inside a transaction, that a message shows these held tickets. It answers those that were still
	// held and open.
	Group(ctx context.Context, tx conversation.Tx, list []TicketID) ([]Ticket, error)
	// Grouped notes which message that is.
	Grouped(ctx context.Context, tx conversation.Tx, message conversation.OutgoingID, list []Ticket) error
	// GroupsBehind lists messages with several tickets of which one has moved on since.
	GroupsBehind(ctx context.Context, limit int) ([]conversation.OutgoingID, error)
	// OfGroup lists, locked, the tickets of such a message in their order.
	OfGroup(ctx context.Context, tx conversation.Tx, message conversation.OutgoingID) (to conversation.Address, list []Ticket, err error)
	// GroupShown notes which versions the message shows now.
	GroupShown(ctx context.Context, tx conversation.Tx, message conversation.OutgoingID, list []Ticket) error
}

// HeldTicket is a ticket that waits to be shown with others, by Due at the latest.
type HeldTicket struct {
	Ticket Ticket
	Due    time.Time
}

// Group answers which of the tickets without a card should get one of their own now; see Cards.Group. The first tickets
// of a quiet time do, later ones of a burst are held and shown together. A ticket that is not open any more, or was
// shown with others, gets a card of its own.
func (a *Agenda) Group(ctx context.Context, now time.Time, waiting []Ticket) ([]Ticket, error) {
	var own []Ticket
	by := map[conversation.Address][]Ticket{}
	var order []conversation.Address
	for _, t := range waiting {
		to, known := a.address(t)
		if t.State != Open || !known {
			own = append(own, t)
			continue
		}
		if by[to] == nil {
			order = append(order, to)
		}
		by[to] = append(by[to], t)
	}
	for _, to := range order {
		alone, err := a.alone(ctx, to, by[to], now)
		if err != nil {
			return nil, fmt.Errorf("gather the new tickets of %s: %w", to.Chat, err)
		}
		own = append(own, alone...)
	}
	return own, nil
}

// alone answers the new tickets of one channel that get cards of their own, and holds the others.
func (a *Agenda) alone(ctx context.Context, to conversation.Address, fresh []Ticket, now time.Time) ([]Ticket, error) {
	cards, waiting, err := a.Burst.Recent(ctx, to, now.Add(-burstWindow))
	if err != nil {
		return nil, err
	}
	free := min(max(single-max(cards, waiting), 0), len(fresh))
	rest := fresh[free:]
	if len(rest) == 0 {
		return fresh, nil
	}
	held, err := a.Burst.Hold(ctx, rest, now.Add(gather))
	if err != nil {
		return nil, err
	}
	own := fresh[:free:free]
	isHeld := map[TicketID]bool{}
	for _, id := range held {
		isHeld[id] = true
	}
	for _, t := range rest {
		if !isHeld[t.ID] {
			own = append(own, t)
		}
	}
	return own, nil
}

// showHeld shows held tickets together, ten in a message: as soon as there are ten, or when their time has come. While
// cards of the channel wait to leave, less than ten wait with them.
func (a *Agenda) showHeld(ctx context.Context, now time.Time) (bool, error) {
	if a.Burst == nil {
		return false, nil
	}
	held, err := a.Burst.Held(ctx, heldPage)
	if err != nil {
		return false, err
	}
	by := map[conversation.Address][]HeldTicket{}
	var order []conversation.Address
	var lost []TicketID // our account is not known at the moment
	for _, h := range held {
		to, known := a.address(h.Ticket)
		if !known {
			lost = append(lost, h.Ticket.ID)
			continue
		}
		if by[to] == nil {
			order = append(order, to)
		}
		by[to] = append(by[to], h)
	}
	if err := a.Burst.Postpone(ctx, lost, now.Add(gatherAgain)); err != nil {
		return false, err
	}
	for _, to := range order {
		if err := a.showTogether(ctx, to, by[to], now); err != nil {
			return false, fmt.Errorf("show %d tickets together in %s: %w", len(by[to]), to.Chat, err)
		}
	}
	if err := a.refreshGroups(ctx, now); err != nil {
		return false, err
	}
	return len(held) == heldPage && len(order) > 0, nil
}

// showTogether shows the held tickets of one channel.
func (a *Agenda) showTogether(ctx context.Context, to conversation.Address, held []HeldTicket, now time.Time) error {
	due := false
	for _, h := range held {
		due = due || !h.Due.After(now)
	}
	full := len(held) - len(held)%listed
	if due && full < len(held) {
		_, waiting, err := a.Burst.Recent(ctx, to, now.Add(-burstWindow))
		if err != nil {
			return err
		}
		if waiting < crowded {
			full = len(held)
		} else if err := a.Burst.Postpone(ctx, idsOf(held[full:]), now.Add(gatherAgain)); err != nil {
			return err
		}
	}
	for from := 0; from < full; from += listed {
		if err := a.sendGroup(ctx, to, idsOf(held[from:min(from+listed, full)]), now); err != nil {
			return err
		}
	}
	return nil
}

func idsOf(held []HeldTicket) []TicketID {
	out := make([]TicketID, len(held))
	for i, h := range held {
		out[i] = h.Ticket.ID
	}
	return out
}

// sendGroup sends one message that shows several tickets.
func (a *Agenda) sendGroup(ctx context.Context, to conversation.Address, list []TicketID, now time.Time) error {
	return a.Stores.Do(ctx, func(ctx context.Context, tx conversation.Tx) error {
		tickets, err := a.Burst.Group(ctx, tx, list)
		if err != nil || len(tickets) == 0 {
			return err
		}
		id, err := tx.Send(ctx, conversation.Outgoing{
			Key: timeKey("group", tickets[0].ID, now), To: to, Customer: nobody, Lane: conversation.LaneNotice,
			Body: a.groupBody(tickets, now), Report: conversation.Ref{Kind: GroupReport, ID: int64(tickets[0].ID)},
		})
		if err != nil {
			return err
		}
		return a.Burst.Grouped(ctx, tx, id, tickets)
	})
}

// groupBody is such a message: tickets that are not open any more say so and have no button.
func (a *Agenda) groupBody(tickets []Ticket, now time.Time) conversation.Body {
	return a.list(a.say("desk_times.group", texts.Vars{"n": len(tickets)}).In(texts.Bold), tickets, 0, now)
}

// refreshGroups edits messages with several tickets of which one was claimed or resolved.
func (a *Agenda) refreshGroups(ctx context.Context, now time.Time) error {
	behind, err := a.Burst.GroupsBehind(ctx, groupsPage)
	if err != nil {
		return err
	}
	for _, message := range behind {
		err := a.Stores.Do(ctx, func(ctx context.Context, tx conversation.Tx) error {
			to, tickets, err := a.Burst.OfGroup(ctx, tx, message)
			if err != nil || len(tickets) == 0 {
				return err
			}
			body := a.groupBody(tickets, now)
			body.Kind, body.Of = conversation.BodyEdit, message
			versions := int64(0)
			for _, t := range tickets {
				versions += t.Version
			}
			_, err = tx.Send(ctx, conversation.Outgoing{
				Key: fmt.Sprintf("desk:group:%d:%d", message, versions), To: to, Customer: nobody, Lane: conversation.LaneNotice, Body: body,
			})
			if err != nil {
				return err
			}
			return a.Burst.GroupShown(ctx, tx, message, tickets)
		})
		if err != nil {
			return fmt.Errorf("bring message %d about several tickets up to date: %w", message, err)
		}
	}
	return nil
}
