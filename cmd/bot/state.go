package main

import (
	"context"

	"github.com/rapport-chat/rapport/conversation"
)

// personState is what the service knows of a person, for the sandbox.
func (s *service) personState(ctx context.Context, platform, userID string) (any, error) {
	account, err := s.accountOf(ctx, platform)
	if err != nil {
		return nil, err
	}
	st, err := s.db.Conversations().Load(ctx, conversation.Inbound{
		Address: conversation.Address{Channel: platform, Account: account, Chat: userID},
		From:    conversation.Sender{UserID: userID},
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{"customer": st.Person.ID, "language": st.Person.Spoken, "dialogue": st.Dialogue.Stack}, nil
}
