package main

import (
	"context"
	"errors"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/conversation/commands"
	"github.com/rapport-chat/rapport/persistence"
)

// openPrivacy keeps what the welcome promises about people's data.
func (s *service) openPrivacy() commands.Privacy {
	surveys := s.parts.surveys.Skill
	return commands.Privacy{
		Voice: s.parts.voice, OnForget: surveys.OnStop, Surveys: surveys.Name(), Contact: s.set.Privacy.Contact,
		Zone: s.set.Brand.Timezone.Location(),
		Data: func(ctx context.Context, who conversation.CustomerID) ([]byte, error) {
			raw, err := s.db.Dossier(ctx, who)
			if errors.Is(err, persistence.ErrTooMuch) {
				return nil, commands.ErrTooMuch
			}
			return raw, err
		},
	}
}
