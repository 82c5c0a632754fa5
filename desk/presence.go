package desk

import (
	"context"

	"github.com/rapport-chat/rapport/conversation"
)

// Presence knows who of the staff is away, and keeps what members give.
type Presence interface {
	// IsAway says whether a member has said to be away.
	IsAway(ctx context.Context, memberID string) (bool, error)
	// Clerk binds the store to a transaction.
	Clerk(tx conversation.Tx) ClerkBooks
}

// verbBack is the button that ends an absence and then does what was asked for.
const verbBack = "back"

// taking makes the presser the owner of a ticket: claim, take over, reopen. Who is away is asked first whether that
// means to be back: nothing is expected of who is away, so nobody should own something by a slip.
func (s StaffSkill) taking(ctx context.Context, t conversation.Turn, verb string, r ref) (conversation.Commit, error) {
	if s.Presence == nil {
		return s.takes(t, verb, r), nil
	}
	away, err := s.Presence.IsAway(ctx, t.In.From.UserID)
	if err != nil || !away {
		return s.takes(t, verb, r), err
	}
	r.Name = verb
	yes := s.button("desk_away.back", verbBack, r)
	yes.Style = "primary"
	return s.whisper(t, s.say("desk_away.ask", nil), []conversation.Button{yes}), nil
}

// takes is what makes the presser the owner.
func (s StaffSkill) takes(t conversation.Turn, verb string, r ref) conversation.Commit {
	switch verb {
	case verbTakeOver:
		return s.takeOver(t, r)
	case verbReopen:
		return s.reopen(t, r)
	}
	return s.claim(t, r)
}

// backAnd ends the presser's absence and does what they had pressed before.
func (s StaffSkill) backAnd(t conversation.Turn, r ref) conversation.Commit {
	takes := s.takes(t, r.Name, r)
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if _, err := s.comeBack(ctx, tx, t); err != nil {
			return t.Dialogue, err
		}
		if err := s.takeAway(ctx, tx, t); err != nil {
			return t.Dialogue, err
		}
		return takes(ctx, tx)
	}
}

// comeBack notes that the member who acts is here; was says that they were away.
func (s StaffSkill) comeBack(ctx context.Context, tx conversation.Tx, t conversation.Turn) (was bool, err error) {
	if s.Presence == nil {
		return false, nil
	}
	by, books := member(t.In), s.Presence.Clerk(tx)
	if was, err = books.SetAway(ctx, by.ID, false); err != nil || !was {
		return false, err
	}
	return true, books.Record(ctx, Deed{Key: keyOfEvent(t.In.ID) + ":back", By: by, What: "back"})
}

// answered ends the absence of who has just sent a customer a reply: the reply is never held up, and its author is told.
func (s StaffSkill) answered(ctx context.Context, tx conversation.Tx, t conversation.Turn) error {
	was, err := s.comeBack(ctx, tx, t)
	if err != nil || !was {
		return err
	}
	return s.whisperIn(ctx, tx, t, s.say("desk_away.answered", nil))
}
