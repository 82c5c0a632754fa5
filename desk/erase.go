package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Eraser takes people out of everything that is kept.
type Eraser interface {
	// Prepare looks for what there is to erase of a person. It may be slow and is never called in a transaction.
	Prepare(ctx context.Context, who conversation.CustomerID) (Erase, error)
}

// Erase erases a person in a transaction of somebody else's turn, and resolves all their tickets. farewell is the last
// sentence that they read. ErrResolved when the ticket that asks for it is resolved already.
type Erase func(ctx context.Context, tx conversation.Tx, ticket TicketID, by Member, farewell func(language.Code) texts.Rich) error

// fieldNumber is the field of the form that confirms an erasure.
const fieldNumber = "number"

// erases says whether a ticket's card offers to erase its customer: who asked for it, and where a role allows it to
// anybody.
func (d *Desk) erases(t Ticket) bool {
	if d.Eraser == nil || t.Customer == 0 || t.Reason != conversation.ReasonPrivacy {
		return false
	}
	for _, role := range d.Config.Roles.All() {
		if slices.Contains(role.May, string(MayForget)) {
			return true
		}
	}
	return false
}

// eraseButton opens the form that confirms it: the ticket's number has to be typed.
func (d *Desk) eraseButton(t Ticket) conversation.Button {
	b := d.button("desk_erase.button", verbErase, ref{Ticket: t.ID})
	b.Style = "danger"
	b.Form = &conversation.Form{
		Title: shortened(d.label("desk_erase.title", texts.Vars{"ticket": t.ID.String()}), 24), // Slack: 24
		Fields: []conversation.FormField{{
			Name: fieldNumber, Label: d.label("desk_erase.field", texts.Vars{"ticket": t.ID.String()}), Hint: d.label("desk_erase.hint", nil), MaxRunes: 20,
		}},
	}
	return b
}

// erase takes the form: with the ticket's number in it the customer is erased, told so, and the ticket is closed.
func (s StaffSkill) erase(ctx context.Context, t conversation.Turn, r ref) (conversation.Commit, error) {
	rights := s.RightsOf(ctx, t.In, MayForget)
	if !rights.May[MayForget] {
		return s.deny(t, rights, MayForget), nil
	}
	k, err := s.Stores.Ticket(ctx, r.Ticket)
	switch {
	case err != nil:
		return nil, err
	case t.In.Kind != conversation.KindForm:
		return s.whisper(t, s.say("desk_erase.no_form", nil)), nil
	case !k.Live():
		return s.whisper(t, s.say("desk.is_resolved", nil)), nil
	case !s.erases(k):
		return s.whisper(t, s.say("desk.gone", nil)), nil
	case strings.TrimPrefix(strings.TrimSpace(t.In.Values[fieldNumber]), "#") != fmt.Sprint(int64(k.ID)):
		return s.whisper(t, s.say("desk_erase.wrong", texts.Vars{"ticket": k.ID.String()})), nil
	}
	erase, err := s.Eraser.Prepare(ctx, k.Customer)
	if err != nil {
		return nil, fmt.Errorf("prepare to erase the customer of ticket %d: %w", k.ID, err)
	}
	by := member(t.In)
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		err := erase(ctx, tx, k.ID, by, func(lang language.Code) texts.Rich { return s.Texts.Say(lang, "forget.done", nil) })
		if errors.Is(err, ErrResolved) {
			return t.Dialogue, s.whisperIn(ctx, tx, t, s.say("desk.is_resolved", nil))
		}
		if err != nil {
			return t.Dialogue, err
		}
		is, err := s.Stores.In(tx).Lock(ctx, k.ID)
		if err != nil {
			return t.Dialogue, err
		}
		defer s.wake()
		_, err = s.post(ctx, tx, is, onceKey("erased", is), s.say("desk_erase.done", texts.Vars{"staff": callOf(by)}))
		return t.Dialogue, err
	}, nil
}
