package desk

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Giver corrects what people have in points.
type Giver interface {
	// Given says whether points were given to a person under that key.
	Given(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, key string) (bool, error)
	// Give adds or takes points in a transaction of somebody else's turn; note is what the person reads in the history. ErrTooFewPoints when they do not have so many.
	Give(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, points int64, key, note string, at time.Time) (balance int64, err error)
}

// ErrTooFewPoints is the answer when a person does not have as many points as are to be taken.
var ErrTooFewPoints = errors.New("the person does not have so many points")

// Fields of the form.
const (
	fieldPoints = "points"
	fieldNote   = "note"
)

// givesPoints says whether there are points, and anybody who may give them.
func (d *Desk) givesPoints() bool {
	if d.Points == nil {
		return false
	}
	for _, role := range d.Config.Roles.All() {
		if role.Points > 0 || slices.Contains(role.May, string(MayPoints)) {
			return true
		}
	}
	return false
}

// pointsButton opens the form on a card.
func (d *Desk) pointsButton(r ref) conversation.Button { return d.pointsForm(slip{Ticket: r.Ticket}) }

// pointsForm is the button whose form asks how many and why.
func (d *Desk) pointsForm(s slip) conversation.Button {
	b := conversation.Act(d.label("staff.points.button", nil), skillName, verbPoints, s)
	b.Form = &conversation.Form{
		Title: d.label("staff.points.title", nil),
		Fields: []conversation.FormField{
			{Name: fieldPoints, Label: d.label("staff.points.amount", nil), Hint: d.label("staff.points.amount_hint", nil), MaxRunes: 9},
			{Name: fieldNote, Label: d.label("staff.points.note", nil), Hint: d.label("staff.points.note_hint", nil), MaxRunes: noteRunes},
		},
	}
	return b
}

// form takes what was filled in.
func (c *Clerk) form(ctx context.Context, t conversation.Turn, s slip, rights Rights) (conversation.Commit, error) {
	if t.In.Kind != conversation.KindForm {
		return c.whisper(t, c.usage("points")), nil
	}
	if s.Who == 0 {
		k, err := c.Stores.Ticket(ctx, s.Ticket)
		if err != nil || k.Customer == 0 {
			return c.whisper(t, c.say("desk.gone", nil)), ignoreMissing(err)
		}
		s.Who = k.Customer
	}
	n, ok := pointsIn(t.In.Values[fieldPoints])
	if s.Note = tidy(t.In.Values[fieldNote]); !ok || s.Note == "" {
		return c.whisper(t, c.say("staff.points.unclear", nil)), nil
	}
	s.Points, s.Key = n, keyOfEvent(t.In.ID)
	return c.give(ctx, t, s, rights)
}

// pointsIn reads a number of points with its sign.
func pointsIn(typed string) (int64, bool) {
	typed = strings.NewReplacer(" ", "", "\u00a0", "", "−", "-", "–", "-").Replace(strings.TrimSpace(typed))
	n, err := strconv.ParseInt(strings.TrimPrefix(typed, "+"), 10, 64)
	return n, err == nil && n != 0 && n >= -maxPoints && n <= maxPoints
}

// points shows what a person has or, with a number behind the name, asks whether to give or take that.
func (c *Clerk) points(ctx context.Context, t conversation.Turn, args string) (conversation.Commit, error) {
	asked, n, note, numbered := splitPoints(args)
	if c.Points == nil {
		return c.whisper(t, c.say("staff.points.none", nil)), nil
	}
	if asked == "" {
		return c.whisper(t, c.usage("points")), nil
	}
	if !numbered {
		return c.customer(ctx, t, asked)
	}
	if note == "" {
		return c.whisper(t, c.say("staff.points.no_reason", nil)), nil
	}
	found, err := c.Stock.FindCustomers(ctx, shortened(asked, foundRunes), foundMost+1)
	if err != nil {
		return nil, err
	}
	switch len(found) {
	case 0:
		return c.whisper(t, c.say("staff.nobody", texts.Vars{"word": shortened(asked, foundRunes)})), nil
	case 1:
	default:
		return c.choose(ctx, t, found)
	}
	who, err := c.look(ctx, found[0])
	if err != nil {
		return nil, err
	}
	note = shortened(note, noteRunes)
	give := c.slipButton(c.label("staff.points.confirm", texts.Vars{"n": texts.Signed(n)}), verbGive,
		slip{Who: who.ID, Points: n, Note: note, Key: keyOfEvent(t.In.ID)})
	give.Style = "primary"
	return c.whisper(t, c.say("staff.points.ask", texts.Vars{
		"name": c.masked(who), "n": texts.Signed(n), "balance": who.Points, "reason": note,
	}), []conversation.Button{give}), nil
}

// splitPoints parts "Aynur M +50 late parcel" at the number. A number without a sign adds too, when it stands alone
// between a name and a reason: beside other numbers it may be a part of a phone, and at the end a ticket or a card.
func splitPoints(args string) (asked string, n int64, note string, numbered bool) {
	words := strings.Fields(args)
	at := func(i int) (string, int64, string, bool) {
		n, _ := pointsIn(words[i])
		return strings.Join(words[:i], " "), n, strings.Join(words[i+1:], " "), true
	}
	isNumber := func(i int) bool {
		_, ok := pointsIn(words[i])
		return ok
	}
	for i := 1; i < len(words); i++ {
		if strings.ContainsAny(words[i][:1], "+-") || strings.HasPrefix(words[i], "−") || strings.HasPrefix(words[i], "–") {
			if isNumber(i) {
				return at(i)
			}
		}
	}
	for i := 1; i < len(words)-1; i++ {
		if isNumber(i) && !isNumber(i-1) && !isNumber(i+1) {
			return at(i)
		}
	}
	return strings.Join(words, " "), 0, "", false
}

// give writes the points, within what the member may give in a day.
func (c *Clerk) give(ctx context.Context, t conversation.Turn, s slip, rights Rights) (conversation.Commit, error) {
	who, err := c.look(ctx, s.Who)
	if err != nil || c.Points == nil || s.Points == 0 || s.Key == "" {
		return c.whisper(t, c.say("desk.gone", nil)), ignoreMissing(err)
	}
	if !who.Member {
		return c.whisper(t, c.say("staff.points.not_member", texts.Vars{"name": c.masked(who)})), nil
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		text, err := c.giveIn(ctx, tx, t, s, rights.Points, who)
		if err != nil {
			return t.Dialogue, err
		}
		return t.Dialogue, c.whisperIn(ctx, tx, t, text)
	}, nil
}

// giveIn is give inside a commit. It answers what the member is told.
func (c *Clerk) giveIn(ctx context.Context, tx conversation.Tx, t conversation.Turn, s slip, limit int64, who Customer) (texts.Rich, error) {
	by, day, books := member(t.In), t.Now.In(c.zone()).Format(time.DateOnly), c.Stock.Clerk(tx)
	size, key := max(s.Points, -s.Points), "desk:"+s.Key
	if before, err := c.Points.Given(ctx, tx, s.Who, key); err != nil || before {
		return c.say("staff.points.before", nil), err
	}
	left, ok, err := books.Spend(ctx, PursePoints, by.ID, day, size, limit)
	if err != nil {
		return nil, err
	}
	if !ok {
		return c.say("staff.points.limit", texts.Vars{"n": left}), c.record(ctx, tx, t, "points_refused", "customer", int64(s.Who), map[string]any{"points": s.Points})
	}
	balance, err := c.Points.Give(ctx, tx, s.Who, s.Points, key, s.Note, t.Now)
	if errors.Is(err, ErrTooFewPoints) {
		_, _, err := books.Spend(ctx, PursePoints, by.ID, day, -size, NoLimit) // nothing was given, so nothing was spent
		return c.say("staff.points.too_few", texts.Vars{"name": c.masked(who), "balance": who.Points}), err
	}
	if err != nil {
		return nil, err
	}
	if err := c.record(ctx, tx, t, "points", "customer", int64(s.Who), map[string]any{"points": s.Points}); err != nil {
		return nil, err
	}
	vars := texts.Vars{"name": c.masked(who), "n": texts.Signed(s.Points), "balance": balance, "staff": callOf(by)}
	if s.Ticket != 0 {
		k, err := c.Stores.In(tx).Lock(ctx, s.Ticket)
		if err != nil {
			return nil, err
		}
		if _, err := c.post(ctx, tx, k, keyOfEvent(t.In.ID)+":points", c.say("staff.points.given_by", vars)); err != nil {
			return nil, err
		}
	}
	return c.say("staff.points.given", vars), nil
}

// ignoreMissing forgives that something is not there.
func ignoreMissing(err error) error {
	if errors.Is(err, conversation.ErrNotFound) {
		return nil
	}
	return err
}
