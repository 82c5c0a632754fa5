package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	telegramlike "github.com/rapport-chat/rapport/sandbox/telegram"
)

// TestDoctor has the doctor look at a set-up with one thing amiss each.
func TestDoctor(t *testing.T) {
	t.Parallel()
	platform, err := telegramlike.New(telegramlike.Config{Token: sandboxToken})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(platform.Handler())
	t.Cleanup(func() {
		server.Close()
		_ = platform.Close()
	})
	other := strings.Replace(sandboxToken, "sandbox", "another", 1)
	for name, c := range map[string]struct {
		telegram string // the section
		database string
		want     symptom // About and State, and a part of Found or Cure
		exit     int
	}{
		"all is well":         {telegram: `{token: "` + sandboxToken + `", api_url: "` + server.URL + `"}`, want: symptom{About: "telegram", State: "fine", Found: "the token is that of @"}},
		"a wrong token":       {telegram: `{token: "` + other + `", api_url: "` + server.URL + `"}`, want: symptom{About: "telegram", State: "trouble", Cure: "@BotFather"}, exit: exitFailed},
		"nobody answers":      {telegram: `{token: "` + sandboxToken + `", api_url: "http://127.0.0.1:9"}`, want: symptom{About: "telegram", State: "trouble", Cure: "network"}, exit: exitFailed},
		"no webhook yet":      {telegram: `{token: "` + sandboxToken + `", mode: webhook, public_url: "https://bot.example.com", api_url: "` + server.URL + `"}`, want: symptom{About: "telegram", State: "fine", Found: "no webhook is set yet"}},
		"a database too far":  {telegram: `{token: "` + sandboxToken + `", api_url: "` + server.URL + `"}`, database: "postgres://nobody@127.0.0.1:9/none?sslmode=disable", want: symptom{About: "database", State: "trouble", Cure: "whether the server runs"}, exit: exitFailed},
		"a setting not there": {telegram: `{tokn: x}`, want: symptom{About: "config", State: "trouble", Cure: "bot check"}, exit: exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "rapport.yaml")
			if c.database == "" {
				c.database = "sqlite://rapport.db"
			}
			file := "brand: {name: Nar Coffee, languages: [en], timezone: Asia/Baku}\nchannels:\n  telegram: " + c.telegram + "\ndatabase: {url: \"" + c.database + "\"}\n"
			if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
				t.Fatal(err)
			}
			var out, errs strings.Builder
			code := run(t.Context(), []string{"doctor", "--json", "-c", path}, terminal{in: strings.NewReader(""), out: &out, err: &errs})
			if code != c.exit {
				t.Errorf("exit code %d, want %d", code, c.exit)
			}
			var got []symptom
			if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
				t.Fatalf("%v in %s", err, out.String())
			}
			if !slices.ContainsFunc(got, func(s symptom) bool {
				return s.About == c.want.About && s.State == c.want.State && strings.Contains(s.Found, c.want.Found) && strings.Contains(s.Cure, c.want.Cure)
			}) {
				t.Errorf("got %+v, want one like %+v", got, c.want)
			}
			if strings.Contains(out.String()+errs.String(), "look-alike-of-telegram") {
				t.Error("a token is shown")
			}
		})
	}
}
