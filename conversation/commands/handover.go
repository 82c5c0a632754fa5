package commands

import (
	"context"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Handover is the plain conversation.Desk: it opens tickets and promises the target time.
type Handover struct {
	Texts *texts.Catalogue
	// FirstResponse is the time within which people answer.
	FirstResponse time.Duration
}

// HandOver implements conversation.Desk.
func (h Handover) HandOver(t conversation.Turn, off conversation.Handoff) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if err := tx.OpenTicket(ctx, off); err != nil {
			return t.Dialogue, err
		}
		_, err := tx.Send(ctx, conversation.Say(h.Texts.Say(t.Lang, "handoff.passed", h.minutes())))
		return t.Dialogue, err
	}
}

// Waiting implements conversation.Desk.
func (h Handover) Waiting(_ context.Context, t conversation.Turn) (texts.Rich, error) {
	return h.Texts.Say(t.Lang, "talk.alo_waiting", h.minutes()), nil
}

func (h Handover) minutes() texts.Vars {
	return texts.Vars{"n": int((h.FirstResponse + time.Minute - 1) / time.Minute)}
}
