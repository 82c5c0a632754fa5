package telegram_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/adapters/telegram"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
)

// A token with something around it is nearly always a real one, so no error repeats it.
func TestBadTokensAreNotPrinted(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{
		"a line break inside": "123456789:AAEsecret\nrest",
		"a blank":             "123456789:AAEsecret rest",
		"the whole line":      "Use this token: 123456789:AAEsecret",
		"in quotes":           `"123456789:AAEsecret"`,
		"an address":          "https://api.telegram.org/bot123456789:AAEsecret/getMe",
		"no number":           "abc:AAEsecret",
		"control characters":  "123456789:AAEsecret\x00",
		"no colon":            "AAEsecret",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := telegram.New(telegram.Config{Token: config.NewSecret(bad)}, slog.New(slog.DiscardHandler))
			if err == nil {
				t.Fatal("accepted")
			}
			if printed := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(printed, "AAEsecret") {
				t.Errorf("printed: %s", printed)
			}
		})
	}
	if _, err := telegram.New(telegram.Config{}, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("no token is accepted")
	}
}

// White space around the token is forgiven: files end with a line break.
func TestTokenIsTrimmed(t *testing.T) {
	t.Parallel()
	s := &server{answer: numbered()}
	a, _ := adapterWith(t, s, func(c *telegram.Config) { c.Token = config.NewSecret(" " + token + "\r\n") })
	account, err := a.Connect(t.Context())
	if err != nil || account != "telegram:123456789" || a.Account() != account || s.calls[0].path != "/bot"+token+"/getMe" {
		t.Errorf("got %q, %v, %d calls", account, err, len(s.calls))
	}
}

func TestAPIURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"http://127.0.0.1:8081":       "/bot" + token + "/getMe",
		"http://127.0.0.1:8081/":      "/bot" + token + "/getMe",
		"https://proxy.example/tg//":  "/tg/bot" + token + "/getMe",
		" https://proxy.example/tg\n": "/tg/bot" + token + "/getMe",
		"":                            "/bot" + token + "/getMe",
	} {
		s := &server{answer: numbered()}
		a, _ := adapterWith(t, s, func(c *telegram.Config) { c.APIURL = url })
		if _, err := a.Connect(t.Context()); err != nil || s.calls[0].path != want {
			t.Errorf("%q leads to %q, %v", url, s.calls[0].path, err)
		}
		if _, err := a.Send(t.Context(), sending("7", conversation.Body{Text: plain("x")})); err != nil || s.calls[1].path != strings.Replace(want, "getMe", "sendMessage", 1) {
			t.Errorf("%q leads to %q, %v", url, s.calls[1].path, err)
		}
	}
}

// decoded reads the section from text, as `bot check` does.
func decoded(t *testing.T, yaml string) (telegram.Config, string) {
	t.Helper()
	doc, report := config.Parse("rapport.yaml", []byte(yaml), config.Options{})
	var c telegram.Config
	c.SetDefaults()
	config.Decode(doc.Root, &c, report)
	var out strings.Builder
	if err := report.Problems().Render(&out, false); err != nil {
		t.Fatal(err)
	}
	return c, out.String()
}

func TestConfigFile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		yaml string
		want string // part of the problems; "" for none
	}{
		"the least":               {"token: " + token, ""},
		"webhook":                 {"token: " + token + "\nmode: webhook\npublic_url: https://bot.example.com\nsecret: abc", ""},
		"webhook without secret":  {"token: " + token + "\nmode: webhook\npublic_url: https://bot.example.com/x/", ""},
		"webhook on this machine": {"token: " + token + "\nmode: webhook\npublic_url: http://127.0.0.1:9000", ""},
		"no token":                {"mode: poll", "token"},
		"a bad token":             {"token: 12345-AAEsecret", "not of the form"},
		"a bad mode":              {"token: " + token + "\nmode: pull", "poll"},
		"webhook, no address":     {"token: " + token + "\nmode: webhook", "public_url"},
		"webhook in the clear":    {"token: " + token + "\nmode: webhook\npublic_url: http://bot.example.com", "https"},
		"an address for nothing":  {"token: " + token + "\npublic_url: https://bot.example.com", "only used in webhook mode"},
		"a bad secret":            {"token: " + token + "\nmode: webhook\npublic_url: https://b.example\nsecret: 'AAEsecret!'", "1 to 256"},
		"a bad server":            {"token: " + token + "\napi_url: localhost:8081", "api_url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, problems := decoded(t, test.yaml)
			if test.want == "" && problems != "" || !strings.Contains(problems, test.want) {
				t.Errorf("problems: %s", problems)
			}
			if strings.Contains(problems, "AAE") || strings.Contains(fmt.Sprintf("%v %+v %#v", c, c, c), "AAE") {
				t.Error("a secret is shown")
			}
			_, err := telegram.New(c, slog.New(slog.DiscardHandler))
			if broken := test.want != "" && !strings.Contains(test.want, "only used"); broken != (err != nil) && name != "a bad mode" {
				t.Errorf("New: %v", err)
			}
		})
	}
}

// Every process of a service has to know the same webhook secret without being told one.
func TestDerivedSecret(t *testing.T) {
	t.Parallel()
	var secrets []string
	for range 2 {
		s := &server{answer: numbered()}
		a, _ := adapterWith(t, s, webhookMode, func(c *telegram.Config) { c.Secret = config.Secret{} })
		stop := running(t, a, newInbox())
		for len(s.named("setWebhook")) == 0 {
			if err := stop(); err != nil {
				t.Fatal(err)
			}
		}
		secrets = append(secrets, s.named("setWebhook")[0].fields["secret_token"])
	}
	if secrets[0] != secrets[1] || len(secrets[0]) < 32 || strings.Contains(secrets[0], token) {
		t.Errorf("got %q", secrets)
	}
}
