package slack_test

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/rapport-chat/rapport/adapters/slack"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	slacklike "github.com/rapport-chat/rapport/sandbox/slack"
)

// TestDiagnose examines apps with one thing amiss each.
func TestDiagnose(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		like  slacklike.Config
		kick  bool
		vip   func(l *slacklike.Lookalike) // done with the private channel #vip
		place string
		app   string // the app token, the right one when empty
		want  string // a part of the trouble; empty for none
		cure  string // a part of its cure
	}{
		"all is well":                    {place: "#support"},
		"a channel by its id":            {like: slacklike.Config{Channels: []string{"c0123abcd9"}}, place: "C0123ABCD9"},
		"no such channel":                {place: "#elsewhere", want: "#elsewhere"},
		"not invited":                    {kick: true, place: "#support", want: "#support", cure: "/invite @rapport"},
		"a private channel":              {place: "#vip", vip: func(l *slacklike.Lookalike) { l.Invite("vip") }},
		"a private channel, not invited": {place: "#vip", vip: func(*slacklike.Lookalike) {}, want: "#vip", cure: "/invite @rapport"},
		"a public one without groups:read": {
			like:  slacklike.Config{Scopes: slices.DeleteFunc(slices.Clone(slack.Scopes), func(s string) bool { return s == "groups:read" })},
			place: "#support", want: "groups:read (finding private channels by name)", cure: "Reinstall",
		},
		"no files": {
			like:  slacklike.Config{Scopes: slices.DeleteFunc(slices.Clone(slack.Scopes), func(s string) bool { return s == "files:write" })},
			place: "#support", want: "files:write (pictures and files)", cure: "Reinstall",
		},
		"a scope is missing": {like: slacklike.Config{Scopes: []string{"chat:write", "channels:read"}}, place: "#support", want: "im:history"},
		"a wrong app token":  {place: "#support", app: "xapp-1-A0WRONG-1-wrong", want: "apps.connections.open"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			like, err := slacklike.New(c.like)
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(like.Handler())
			t.Cleanup(func() {
				server.Close()
				_ = like.Close()
			})
			if c.kick {
				like.Kick("support")
			}
			if c.vip != nil {
				like.AddPrivate("vip")
				c.vip(like)
			}
			if c.app == "" {
				c.app = like.AppToken()
			}
			a, err := slack.New(slack.Config{
				BotToken: config.NewSecret(like.BotToken()), AppToken: config.NewSecret(c.app), Mode: slack.ModeSocket,
				APIURL: server.URL + "/api/", StaffChannels: []string{c.place},
			}, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = a.Close() })
			found := a.Diagnose(t.Context())
			trouble := slices.IndexFunc(found, func(f conversation.Finding) bool { return f.Severity == conversation.Trouble })
			switch {
			case c.want == "" && trouble >= 0:
				t.Errorf("found %+v", found[trouble])
			case c.want != "" && (trouble < 0 || !strings.Contains(found[trouble].What, c.want) ||
				found[trouble].Cure == "" || !strings.Contains(found[trouble].Cure, c.cure)):
				t.Errorf("found %+v, want trouble with %s", found, c.want)
			}
			for _, f := range found {
				if strings.Contains(f.What+f.Cure, like.BotToken()) || strings.Contains(f.What+f.Cure, like.AppToken()) {
					t.Error("a token is shown")
				}
			}
		})
	}
}

// TestManifest compares the manifest that operators paste with what the adapter needs.
func TestManifest(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "slack-manifest.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		OAuth struct {
			Scopes struct {
				Bot []string `yaml:"bot"`
			} `yaml:"scopes"`
		} `yaml:"oauth_config"`
		Settings struct {
			Events struct {
				Bot []string `yaml:"bot_events"`
			} `yaml:"event_subscriptions"`
			Interactivity struct {
				On bool `yaml:"is_enabled"`
			} `yaml:"interactivity"`
			Socket bool `yaml:"socket_mode_enabled"`
		} `yaml:"settings"`
	}
	if err := yaml.Unmarshal(raw, &manifest); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(manifest.OAuth.Scopes.Bot, slack.Scopes) {
		t.Errorf("the manifest asks for %v, the adapter needs %v", manifest.OAuth.Scopes.Bot, slack.Scopes)
	}
	for _, event := range []string{"message.im", "message.channels", "message.groups", "app_mention", "app_home_opened"} {
		if !slices.Contains(manifest.Settings.Events.Bot, event) {
			t.Errorf("the manifest does not ask for the event %s", event)
		}
	}
	if !manifest.Settings.Interactivity.On || !manifest.Settings.Socket {
		t.Error("the manifest leaves interactivity or Socket Mode off")
	}
}
