package main

import (
	"context"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/conversation/commands"
	"github.com/rapport-chat/rapport/persistence"
)

// answerFor is what happens to a turn whose answer no platform takes: the person hears that a colleague will look at it,
// and a ticket shows staff what could not be said.
func (s *service) answerFor(agent commands.Agent) persistence.UnansweredHook {
	return func(ctx context.Context, tx *persistence.Tx, u persistence.Unanswered) error {
		t := u.Turn
		t.Lang = conversation.ReplyLanguage(t.Person, t.In.From.Locale, s.set.Brand.Languages)
		s.log.Error("an answer could not be delivered; a colleague is asked to look", "channel", t.In.Channel, "inbox", t.In.ID)
		return agent.InsteadOf(ctx, tx, t, conversation.Outgoing{
			Key: u.Key, Report: conversation.Ref{Kind: persistence.UnansweredReport, ID: t.In.ID},
		})
	}
}
