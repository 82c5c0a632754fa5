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

// decoded reads the section from text, as `bot check` does.
func decoded(t *testing.T, yaml string) string {
	t.Helper()
	doc, report := config.Parse("rapport.yaml", []byte(yaml), config.Options{})
	var c slack.Config
	c.SetDefaults()
	config.Decode(doc.Root, &c, report)
	var out strings.Builder
	if err := report.Problems().Render(&out, false); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestConfigFile: every problem has its place and a hint, and none shows a token.
func TestConfigFile(t *testing.T) {
	t.Parallel()
	bot, app, secret := "bot_token: "+botToken+"\n", "app_token: "+appToken+"\n", "signing_secret: "+signing+"\n"
	for name, c := range map[string]struct {
		yaml string
		want []string
	}{
		"socket":              {bot + app, nil},
		"http":                {bot + secret + "mode: http\n", nil},
		"another server":      {bot + app + "api_url: http://127.0.0.1:8080/api/\n", nil},
		"no bot token":        {app, []string{"bot_token"}},
		"no app token":        {bot, []string{"app_token is missing", "connections:write"}},
		"no signing secret":   {bot + "mode: http\n", []string{"signing_secret is missing", "Basic Information"}},
		"mixed up":            {"bot_token: " + appToken + "\napp_token: " + botToken + "\n", []string{"rapport.yaml:1", "rapport.yaml:2", "an app-level token (xapp-), not a bot token", "a bot token (xoxb-), not an app-level token"}},
		"a secret for socket": {bot + app + secret, []string{"only used in http mode", "rapport.yaml:3"}},
		"an app's for http":   {bot + app + secret + "mode: http\n", []string{"only used in socket mode"}},
		"a bad server":        {bot + app + "api_url: slack.com\n", []string{"api_url is not an address"}},
		"a bad mode":          {bot + app + "mode: rtm\n", []string{"socket"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := decoded(t, c.yaml)
			if len(c.want) == 0 && problems != "" {
				t.Errorf("problems: %s", problems)
			}
			for _, want := range c.want {
				if !strings.Contains(problems, want) {
					t.Errorf("%q is not in: %s", want, problems)
				}
			}
			for _, secret := range []string{"adapterTests", botToken, appToken} {
				if strings.Contains(problems, secret) {
					t.Error("a secret is shown")
				}
			}
		})
	}
}
