package discord_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/adapters/discord"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	platform "github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/texts"
)

// decoded reads the section from text, as `bot check` does.
func decoded(t *testing.T, yaml string) (discord.Config, string) {
	t.Helper()
	doc, report := config.Parse("rapport.yaml", []byte(yaml), config.Options{})
	var c discord.Config
	c.SetDefaults()
	config.Decode(doc.Root, &c, report)
	var out strings.Builder
	if err := report.Problems().Render(&out, false); err != nil {
		t.Fatal(err)
	}
	return c, out.String()
}

// TestConfigFile: what the section may say, and where it is told what is wrong.
func TestConfigFile(t *testing.T) {
	t.Parallel()
	token := "token: " + platform.DefaultToken + "\n"
	for name, test := range map[string]struct {
		yaml string
		want string // part of the problems; "" for none
	}{
		"the least":             {token, ""},
		"a channel by name":     {token + "offers: in_server_channel\noffers_channel: '#offers'", ""},
		"a channel by id":       {token + "offers: in_server_channel\noffers_channel: \"1132839143630428994\"", ""},
		"a channel alone":       {token + "offers_channel: təkliflər", ""},
		"opened chats":          {token + "offers: opened_dms", ""},
		"a place of no kind":    {token + "offers: everybody", "in_server_channel"},
		"a channel of no kind":  {token + "offers_channel: 'https://discord.com/channels/1/2'", "rapport.yaml:2:17"},
		"a channel for nothing": {token + "offers: opened_dms\noffers_channel: '#offers'", "only used with"},
		"no channel":            {token + "offers: in_server_channel", "its own notices"},
		"no token":              {"offers: opened_dms", "token"},
		"a bad token":           {"token: 12345-AAEsecret", "not of the form"},
		"a bad server":          {token + "api_url: localhost:1", "api_url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := decoded(t, test.yaml)
			if test.want == "" && problems != "" || !strings.Contains(problems, test.want) {
				t.Errorf("problems: %s", problems)
			}
			if strings.Contains(problems, "AAE") {
				t.Error("a secret is shown")
			}
		})
	}
}

// TestOffersAddress: the channel for offers is found by id, by name or as the server's own, and is a public one.
func TestOffersAddress(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		_, err := s.l.Say(s.Context(), lookalike.Say{As: "ayla", Text: "@rapport hi", In: platform.Channel})
		s.must(err)
		s.after(1)
		place := s.inbox.all()[0].Address
		for _, c := range []struct {
			where   discord.OffersPlace
			channel string
			ok      bool
			kind    conversation.ErrorKind // of the error, Temporary for none
		}{
			{"", "", false, 0},
			{discord.OffersInOpenedDMs, "#general", false, 0},
			{discord.OffersInChannel, "", true, 0},
			{discord.OffersInChannel, "#general", true, 0},
			{"", "General", true, 0},
			{discord.OffersInChannel, place.Chat, true, 0},
			{discord.OffersInChannel, "#nowhere", true, conversation.OurPayload},
			{discord.OffersInChannel, "5", true, conversation.OurPayload},
			{discord.OffersInChannel, s.l.Direct("ayla"), true, conversation.OurPayload},
		} {
			a, err := discord.New(discord.Config{
				Token: config.NewSecret(s.l.Token()), APIURL: "http://discord.test", Offers: c.where, OffersChannel: c.channel,
			}, slog.New(slog.DiscardHandler), s.opts...)
			s.must(err)
			to, ok, err := a.OffersAddress(s.Context())
			switch {
			case ok != c.ok, c.kind == 0 && err != nil, c.kind != 0 && conversation.KindOf(err) != c.kind:
				s.Errorf("%s %s: got %v, %v, %v", c.where, c.channel, to, ok, err)
			case ok && err == nil && to != place:
				s.Errorf("%s %s: got %+v, want %+v", c.where, c.channel, to, place)
			}
			if ok && err == nil {
				_, err := a.Send(s.Context(), conversation.Sending{Nonce: "offer " + c.channel, Outgoing: conversation.Outgoing{
					To: to, Lane: conversation.LaneBulk, Body: conversation.Body{Text: texts.Literal("Beans for all @everyone")},
				}})
				s.must(err)
			}
			s.must(a.Close())
		}
		if n := s.l.Pings(); n != 0 {
			s.Errorf("%d offers rang", n)
		}
		if n := len(s.calls("POST", "/users/@me/channels")); n != 0 {
			s.Errorf("%d private chats were opened by us", n)
		}
	})
}
