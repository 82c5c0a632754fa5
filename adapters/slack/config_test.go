package slack_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/adapters/slack"
	"github.com/rapport-chat/rapport/config"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	secret := config.NewSecret
	for name, c := range map[string]struct {
		cfg  slack.Config
		want string // a part of the error, empty for none
	}{
		"socket":                   {slack.Config{BotToken: secret(botToken), AppToken: secret(appToken)}, ""},
		"http":                     {slack.Config{BotToken: secret(botToken), SigningSecret: secret(signing), Mode: slack.ModeHTTP}, ""},
		"a line end behind it":     {slack.Config{BotToken: secret(botToken + "\n"), AppToken: secret(" " + appToken)}, ""},
		"another server":           {slack.Config{BotToken: secret("any"), AppToken: secret("other"), APIURL: "http://chat.example/api/"}, ""},
		"no bot token":             {slack.Config{AppToken: secret(appToken)}, "bot_token is missing"},
		"no app token":             {slack.Config{BotToken: secret(botToken)}, "app_token is missing"},
		"no signing secret":        {slack.Config{BotToken: secret(botToken), Mode: slack.ModeHTTP}, "signing_secret is missing"},
		"mixed up":                 {slack.Config{BotToken: secret(appToken), AppToken: secret(botToken)}, "bot_token is an app-level token (xapp-), not a bot token"},
		"the bot's for the app's":  {slack.Config{BotToken: secret(botToken), AppToken: secret(botToken)}, "app_token is a bot token (xoxb-)"},
		"a user's":                 {slack.Config{BotToken: secret("xoxp-" + "1"), AppToken: secret(appToken)}, "is a user token"},
		"a rotating one":           {slack.Config{BotToken: secret("xoxe." + "xoxb-1"), AppToken: secret(appToken)}, "token rotation"},
		"mixed up, another server": {slack.Config{BotToken: secret(appToken), AppToken: secret(appToken), APIURL: "http://chat.example"}, "bot_token is an app-level token"},
		"something else":           {slack.Config{BotToken: secret("sesame"), AppToken: secret(appToken)}, "is not a bot token"},
		"blanks inside":            {slack.Config{BotToken: secret("xoxb-" + "1 2"), AppToken: secret(appToken)}, "blanks"},
		"a token for the secret":   {slack.Config{BotToken: secret(botToken), SigningSecret: secret(botToken), Mode: slack.ModeHTTP}, "not the signing secret"},
		"no address":               {slack.Config{BotToken: secret(botToken), AppToken: secret(appToken), APIURL: "chat.example"}, "api_url is not an address"},
		"an unknown mode":          {slack.Config{BotToken: secret(botToken), AppToken: secret(appToken), Mode: "carrier pigeon"}, "not socket or http"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := slack.New(c.cfg, slog.New(slog.DiscardHandler))
			switch {
			case c.want == "" && err != nil:
				t.Errorf("got %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q in it", err, c.want)
			}
			for _, secret := range []string{botToken, appToken, signing, "sesame"} {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Error("the error holds what was given")
				}
			}
		})
	}
}

// TestAPIURL: a slash more or less is harmless.
func TestAPIURL(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://chat.example/api", "http://chat.example/api/", " http://chat.example/api// "} {
		platform := newAPI()
		a, err := slack.New(slack.Config{
			BotToken: config.NewSecret(botToken), AppToken: config.NewSecret(appToken), APIURL: address,
		}, slog.New(slog.DiscardHandler), slack.WithTransport(platform))
		if err != nil {
			t.Fatal(err)
		}
		account, err := a.Connect(t.Context())
		if err != nil || account != "slack:T1-UBOT" {
			t.Errorf("%q: account %q, %v", address, account, err)
		}
		if got := platform.of("auth.test")[0].URL; got != "http://chat.example/api/auth.test" {
			t.Errorf("%q: called %s", address, got)
		}
	}
}
