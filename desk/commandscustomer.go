package desk

import (
	"context"
	"errors"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// customer finds a person and shows them with the name masked.
func (c *Clerk) customer(ctx context.Context, t conversation.Turn, asked string) (conversation.Commit, error) {
	if asked == "" {
		return c.whisper(t, c.usage("customer")), nil
	}
	found, err := c.Stock.FindCustomers(ctx, shortened(asked, foundRunes), foundMost+1)
	if _, number := pointsIn(asked); err == nil && len(found) == 0 && number {
		found, err = c.Stock.FindCustomers(ctx, "#"+strings.TrimSpace(asked), 1) // a ticket's number without its sign
	}
	if err != nil {
		return nil, err
	}
	switch len(found) {
	case 0:
		return c.whisper(t, c.say("staff.nobody", texts.Vars{"word": shortened(asked, foundRunes)})), nil
	case 1:
		return c.person(ctx, t, found[0])
	}
	return c.choose(ctx, t, found)
}

// choose shows several people to choose from.
func (c *Clerk) choose(ctx context.Context, t conversation.Turn, found []conversation.CustomerID) (conversation.Commit, error) {
	var lines []texts.Rich
	var row []conversation.Button
	for n, id := range found[:min(len(found), foundMost)] {
		who, err := c.look(ctx, id)
		if err != nil {
			return nil, err
		}
		name := c.masked(who)
		since := texts.DateOf(who.Since.In(c.zone()), c.Business.Now())
		lines = append(lines, c.say("staff.found_line", texts.Vars{
			"n": n + 1, "name": name, "channel": who.Channel, "date": since, "code": c.ending(who),
		}))
		row = append(row, c.slipButton(c.label("staff.show", texts.Vars{"n": n + 1, "name": name}), verbPerson, slip{Who: id}))
	}
	head := c.say("staff.found", texts.Vars{"n": len(lines)})
	if len(found) > foundMost {
		head = c.say("staff.found_more", texts.Vars{"n": foundMost})
	}
	return c.whisper(t, texts.Paragraphs(head, texts.Lines(lines...)), row), nil
}

// ending is how two people of the same initials are told apart without their names: the end of the phone number.
func (c *Clerk) ending(who Customer) string {
	for _, f := range who.Facts {
		if f.Field == "phone" && len(f.Value) > 4 {
			return "…" + f.Value[len(f.Value)-2:]
		}
	}
	return "—"
}

// look reads a person as cards do.
func (c *Clerk) look(ctx context.Context, id conversation.CustomerID) (Customer, error) {
	who, err := c.Stores.Customer(ctx, id)
	if err == nil && c.Tier != nil && who.Tier != "" {
		who.Tier, who.Priority = c.Tier(who.Tier)
	}
	return who, err
}

// person shows one person with the name masked, and what can be done.
func (c *Clerk) person(ctx context.Context, t conversation.Turn, id conversation.CustomerID) (conversation.Commit, error) {
	who, err := c.look(ctx, id)
	if errors.Is(err, conversation.ErrNotFound) {
		return c.whisper(t, c.say("desk.gone", nil)), nil
	}
	if err != nil {
		return nil, err
	}
	tickets, err := c.Stores.OfPerson(ctx, id, t.Now)
	if err != nil {
		return nil, err
	}
	head := texts.Literal(strings.TrimRight(c.masked(who)+" · "+who.Tier, " ·")).In(texts.Bold)
	lines := make([]texts.Rich, 0, len(tickets))
	for _, k := range tickets {
		lines = append(lines, c.line(k, t.Now))
	}
	row := []conversation.Button{c.slipButton(c.label("staff.full", nil), verbFull, slip{Who: id})}
	if who.Member && c.givesPoints() {
		row = append(row, c.pointsForm(slip{Who: id}))
	}
	return c.whisper(t, texts.Paragraphs(head, c.who(who), texts.List(lines...)), row), nil
}

// full shows everything that is known of a person. That is an act that is kept.
func (c *Clerk) full(ctx context.Context, t conversation.Turn, id conversation.CustomerID) (conversation.Commit, error) {
	who, err := c.look(ctx, id)
	if errors.Is(err, conversation.ErrNotFound) {
		return c.whisper(t, c.say("desk.gone", nil)), nil
	}
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if err := c.record(ctx, tx, t, "customer", "customer", int64(id), nil); err != nil {
			return t.Dialogue, err
		}
		return t.Dialogue, c.whisperIn(ctx, tx, t, c.profile(who))
	}, nil
}
