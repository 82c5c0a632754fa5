package main

import (
	"context"

	"github.com/rapport-chat/rapport/conversation"
)

// maxStateTickets is how many of a person's tickets are shown.
const maxStateTickets = 20

// personState is what the service knows of a person, for the sandbox.
func (s *service) personState(ctx context.Context, platform, userID string) (any, error) {
	who, err := s.db.FindCustomer(ctx, platform, userID)
	if err != nil {
		return nil, err
	}
	in := conversation.Inbound{Customer: who}
	chats, err := s.db.Chats(ctx, who)
	if err != nil {
		return nil, err
	}
	locale := ""
	if len(chats) > 0 {
		in.Conversation, locale = chats[0].Conversation, chats[0].Locale
	}
	st, err := s.db.Conversations().Load(ctx, in)
	if err != nil {
		return nil, err
	}
	tickets, err := s.db.Tickets(ctx, who, maxStateTickets)
	if err != nil {
		return nil, err
	}
	dialogue := st.Dialogue.Stack
	if dialogue == nil {
		dialogue = []conversation.Frame{}
	}
	state := map[string]any{
		"customer": st.Person.ID, "dialogue": dialogue, "tickets": tickets,
		"language": conversation.ReplyLanguage(st.Person, locale, s.set.Brand.Languages),
	}
	if err := s.offersState(ctx, who, state); err != nil {
		return nil, err
	}
	if err := s.surveyState(ctx, who, state); err != nil {
		return nil, err
	}
	return state, s.pointsState(ctx, who, state)
}
