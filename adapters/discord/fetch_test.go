package discord_test

import (
	"errors"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	platform "github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

func TestFetch(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{Dir: t.TempDir()}, nil, func(s *stage) {
		s.online()
		if _, err := s.l.Say(s.Context(), lookalike.Say{As: "ayla", Text: "look", Attach: lookalike.File}); err != nil {
			s.Fatal(err)
		}
		s.after(0)
		var file string
		for _, in := range s.inbox.all() {
			for _, a := range in.Attachments {
				file = a.File
			}
		}
		data, err := s.a.Fetch(s.Context(), file, 1000)
		if err != nil || string(data) != "a file from the sandbox\n" {
			s.Errorf("Fetch(%q) = %q, %v", file, data, err)
		}
		if _, err := s.a.Fetch(s.Context(), file, 5); !errors.Is(err, conversation.ErrTooLarge) {
			s.Errorf("a file above the limit: %v", err)
		}
		for _, bad := range []string{"", "https://example.com/attachments/1/a.txt", "http://cdn.discordapp.com/attachments/1/a.txt", "https://cdn.discordapp.com@example.com/a", "https://cdn.discordapp.com/attachments/404/a.txt"} {
			if _, err := s.a.Fetch(s.Context(), bad, 1000); err == nil {
				s.Errorf("Fetch(%q) succeeded", bad)
			}
		}
	})
}
