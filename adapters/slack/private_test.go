package slack_test

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/adapters/slack"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	platform "github.com/rapport-chat/rapport/sandbox/slack"
)

// TestAPrivateStaffChannel: a private channel is found once the bot was invited, cards go there, and what staff write
// there is theirs.
func TestAPrivateStaffChannel(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, func(s *stage) {
		s.l.AddPrivate("vip")
		a, err := slack.New(slack.Config{
			BotToken: config.NewSecret(s.l.BotToken()), AppToken: config.NewSecret(s.l.AppToken()), APIURL: "http://slack.test/api",
			StaffChannels: []string{"#vip"},
		}, slog.New(slog.DiscardHandler), s.opts...)
		s.must(err)
		s.a = a
	}, func(s *stage) {
		s.online()
		_, err := s.a.Send(s.Context(), conversation.Sending{Nonce: "1", Outgoing: say("#vip", "", "a card")})
		if conversation.KindOf(err) != conversation.PersonUnreachable || calling.CodeOf(err) != "channel_not_found" {
			s.Errorf("not invited: %v", err)
		}
		s.must(s.l.Command(s.Context(), "nigar", "/invite @rapport", "#vip"))
		s.after(time.Minute)
		s.send(say("#vip", "", "a card"), "")
		if got := s.last("nigar", "#vip").Text; got != "a card" {
			s.Errorf("staff read %q", got)
		}
		s.say("nigar", "we are on it", "#vip")
		s.after(time.Second)
		if all := s.inbox.all(); len(all) != 1 || !all[0].Staff || all[0].Text != "we are on it" {
			s.Errorf("kept %+v", all)
		}
	})
}

// TestChannelsWithoutAScope: an app that may not read private channels still finds the public ones by their names.
func TestChannelsWithoutAScope(t *testing.T) {
	t.Parallel()
	for lacking, reads := range map[string]string{"groups:read": "support", "channels:read": "vip"} {
		t.Run(lacking, func(t *testing.T) {
			t.Parallel()
			scopes := slices.DeleteFunc(slices.Clone(slack.Scopes), func(s string) bool { return s == lacking })
			onStage(t, platform.Config{Scopes: scopes}, func(s *stage) {
				s.l.AddPrivate("vip")
				s.l.Invite("vip")
			}, func(s *stage) {
				s.online()
				s.send(say("#"+reads, "", "a card"), "")
				if got := s.last("nigar", "#"+reads).Text; got != "a card" {
					s.Errorf("staff read %q", got)
				}
			})
		})
	}
}
