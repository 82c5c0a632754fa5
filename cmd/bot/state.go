package main

import (
	"context"

	"github.com/rapport-chat/rapport/conversation"
)

// personState is what the service knows of a person, for the sandbox.
func (s *service) personState(ctx context.Context, platform, userID string) (any, error) {
	who, err := s.db.FindCustomer(ctx, platform, userID)
	if err != nil {
		return nil, err
	}
	in := conversation.Inbound{Customer: who}
	if chats, err := s.db.Chats(ctx, who); err != nil {
		return nil, err
	} else if len(chats) > 0 {
		in.Conversation = chats[0].Conversation
	}
	st, err := s.db.Conversations().Load(ctx, in)
	if err != nil {
		return nil, err
	}
	state := map[string]any{"customer": st.Person.ID, "language": st.Person.Spoken, "dialogue": st.Dialogue.Stack}
	if err := s.surveyState(ctx, who, state); err != nil {
		return nil, err
	}
	return state, s.pointsState(ctx, who, state)
}
