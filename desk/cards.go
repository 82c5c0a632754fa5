package desk

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
)

// Figures of the cards.
const (
	cardsPage    = 20  // cards per run
	cardLines    = 6   // of the talk
	cardRunes    = 240 // of one line
	cardAnswers  = 3   // of the bot's suggestions
	questionRuns = 300 // runes of the customer's words that suggestions are sought for
)

// Cards is the agenda that shows tickets: one message per ticket, edited when the ticket has moved on.
type Cards struct {
	*Desk
	// Group, when set, is asked about tickets that have no card yet, and answers those that should get one now; it
	// may show the others in a way of its own.
	Group func(ctx context.Context, now time.Time, waiting []Ticket) ([]Ticket, error)
}

var _ clockAgenda = (*Cards)(nil)

// clockAgenda is clock.Agenda, named here so that the fit is proven where it is made.
type clockAgenda interface {
	Name() string
	Next(ctx context.Context) (at time.Time, ok bool, err error)
	RunDue(ctx context.Context, now time.Time) (more bool, err error)
}

// Name implements clock.Agenda.
func (*Cards) Name() string { return "desk cards" }

// Next implements clock.Agenda: a card that is behind has been due since its ticket changed.
func (c *Cards) Next(ctx context.Context) (time.Time, bool, error) {
	if _, ok := c.address(Ticket{}); !ok {
		return time.Time{}, false, nil
	}
	behind, err := c.Stores.Behind(ctx, 1)
	if err != nil || len(behind) == 0 {
		return time.Time{}, false, err
	}
	return behind[0].ChangedAt, true, nil
}

// RunDue implements clock.Agenda.
func (c *Cards) RunDue(ctx context.Context, now time.Time) (more bool, err error) {
	behind, err := c.Stores.Behind(ctx, cardsPage)
	if err != nil {
		return false, err
	}
	var fresh []Ticket
	for _, t := range behind {
		if t.Card.Of == 0 {
			fresh = append(fresh, t)
			continue
		}
		if err := c.Show(ctx, t.ID, now); err != nil {
			return false, err
		}
	}
	if c.Group != nil && len(fresh) > 0 {
		if fresh, err = c.Group(ctx, now, fresh); err != nil {
			return false, err
		}
	}
	for _, t := range fresh {
		if err := c.Show(ctx, t.ID, now); err != nil {
			return false, err
		}
	}
	return len(behind) == cardsPage, nil
}

// Show writes the ticket's card, or the edit that brings it up to date, unless it is.
func (d *Desk) Show(ctx context.Context, id TicketID, now time.Time) error {
	t, err := d.Stores.Ticket(ctx, id)
	if err != nil || t.Card.Shows >= t.Version {
		return err
	}
	to, ok := d.address(t)
	if !ok {
		return nil
	}
	v, err := d.view(ctx, t)
	if err != nil {
		return fmt.Errorf("gather what the card of ticket %d tells: %w", id, err)
	}
	err = d.Stores.Do(ctx, func(ctx context.Context, tx conversation.Tx) error {
		books := d.Stores.In(tx)
		held, err := books.Lock(ctx, id)
		if err != nil || held.Version != t.Version || held.Card.Shows >= t.Version {
			return err // moved on meanwhile: it is behind again
		}
		return d.write(ctx, tx, books, held, to, v)
	})
	if err != nil {
		return fmt.Errorf("show ticket %d: %w", id, err)
	}
	return nil
}

// write puts the card into the outbox. A card that is new takes along what the customer said since.
func (d *Desk) write(ctx context.Context, tx conversation.Tx, books Books, t Ticket, to conversation.Address, v view) error {
	text, rows := d.card(t, v)
	o := conversation.Outgoing{
		Key: fmt.Sprintf("desk:card:%d:%d:%s", t.ID, t.Version, to.Chat), To: to, Customer: nobody, Lane: conversation.LaneNotice,
		Body:   conversation.Body{Text: text, Rows: rows},
		Report: conversation.Ref{Kind: CardReport, ID: int64(t.ID)},
	}
	fresh, face := t.Card.Of == 0, d.face(t, v)
	if !fresh && face == t.Card.Face { // nothing that a card is looked at for has changed
		t.Card.Shows = t.Version
		return books.ShowCard(ctx, t)
	}
	t.Card.Face = face
	if !fresh {
		o.To, o.Body.Kind, o.Body.Of, o.Report = t.Card.To, conversation.BodyEdit, t.Card.Of, conversation.Ref{Kind: CardEditReport, ID: int64(t.ID)}
	}
	id, err := tx.Send(ctx, o)
	if err != nil {
		return err
	}
	if fresh {
		t.Card.To, t.Card.Of, t.Card.Thread, t.Card.RealChat = to, id, "", ""
	}
	t.Card.Shows, t.Priority = t.Version, v.customer.Priority
	if err := books.ShowCard(ctx, t); err != nil || !fresh {
		return err
	}
	if err := d.postFiles(ctx, tx, t, v); err != nil {
		return err
	}
	return d.postWaiting(ctx, tx, books, t)
}

// face is a digest of what a card shows but for the end of the talk, which stands in the thread as well.
func (d *Desk) face(t Ticket, v view) string {
	v.talk = nil
	text, rows := d.card(t, v)
	sum := fnv.New64a()
	fmt.Fprint(sum, text.Plain())
	for _, row := range rows {
		for _, b := range row {
			fmt.Fprint(sum, "\x00", b.Label, b.Action.Verb)
		}
	}
	return strconv.FormatUint(sum.Sum64(), 36)
}

// view is what a card tells besides the ticket.
type view struct {
	customer Customer
	talk     []Line
	answers  []Suggestion
}

// view gathers it, outside any transaction. What cannot be found is left out.
func (d *Desk) view(ctx context.Context, t Ticket) (v view, err error) {
	if t.Customer != 0 {
		v.customer, err = d.Stores.Customer(ctx, t.Customer)
		if err != nil && !errors.Is(err, conversation.ErrNotFound) {
			return v, err
		}
		if d.Tier != nil && v.customer.Tier != "" {
			v.customer.Tier, v.customer.Priority = d.Tier(v.customer.Tier)
		}
		talk, err := d.Stores.Talk(ctx, t.Customer, talkLooks)
		if err != nil {
			return v, err
		}
		v.talk = worth(talk, cardLines)
	}
	if t.Live() {
		v.answers, err = d.suggestions(ctx, t)
	}
	return v, err
}

// suggestions are the bot's best answers to what the customer said last.
func (d *Desk) suggestions(ctx context.Context, t Ticket) ([]Suggestion, error) {
	asked := Question(t.Words)
	if d.Suggester == nil || asked == "" || t.Reason == "low_score" {
		return nil, nil
	}
	return d.Suggester.Suggest(ctx, shortened(asked, questionRuns), langOr(t.Lang), cardAnswers)
}

func langOr(code language.Code) language.Code {
	if code == "" {
		return language.English
	}
	return code
}
