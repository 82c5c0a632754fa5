package discord_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/adapters/discord"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	platform "github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/texts"
)

const allOfThem = platform.ViewChannel | platform.SendMessages | platform.EmbedLinks | platform.AttachFiles

// TestDiagnosePermissions: what the bot may do in the channel for offers follows from roles and the channel's own rules,
// as the platform computes it, and each lack comes with its cure.
func TestDiagnosePermissions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set   func(l *platform.Lookalike)
		grave conversation.Severity // of the worst finding
		want  string                // a part of it
	}{
		"as invited":    {func(*platform.Lookalike) {}, conversation.Fine, "pictures too"},
		"everybody may": {func(l *platform.Lookalike) { l.Grant(allOfThem, 0) }, conversation.Fine, "pictures too"},
		"an administrator": {func(l *platform.Lookalike) {
			l.Grant(0, platform.Administrator)
			l.Overwrite(platform.ForBot, 0, allOfThem)
		}, conversation.Fine, "pictures too"},
		"nothing":                 {func(l *platform.Lookalike) { l.Grant(0, 0) }, conversation.Trouble, "Send Messages"},
		"no pictures":             {func(l *platform.Lookalike) { l.Grant(platform.ViewChannel|platform.SendMessages, 0) }, conversation.Doubt, "Embed Links, Attach Files: offers go there without pictures"},
		"read only for everybody": {func(l *platform.Lookalike) { l.Overwrite(platform.ForEveryone, 0, platform.SendMessages) }, conversation.Trouble, "lacks Send Messages: offers are not shown"},
		"read only but for us": {func(l *platform.Lookalike) {
			l.Overwrite(platform.ForEveryone, 0, platform.SendMessages)
			l.Overwrite(platform.ForRole, platform.SendMessages, 0)
		}, conversation.Fine, "pictures too"},
		"denied to our role": {func(l *platform.Lookalike) { l.Overwrite(platform.ForRole, 0, platform.EmbedLinks) }, conversation.Doubt, "Embed Links"},
		"denied, allowed to us": {func(l *platform.Lookalike) {
			l.Overwrite(platform.ForRole, 0, platform.EmbedLinks)
			l.Overwrite(platform.ForBot, platform.EmbedLinks, 0)
		}, conversation.Fine, "pictures too"},
		"not to be seen": {func(l *platform.Lookalike) {
			l.Overwrite(platform.ForEveryone, 0, platform.ViewChannel)
			l.Overwrite(platform.ForRole, 0, platform.ViewChannel)
		}, conversation.Trouble, "View Channel"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := platform.New(platform.Config{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			c.set(l)
			a, logged := inOffers(t, l, l.Handler())
			worst := worstOf(a.Diagnose(t.Context()))
			if worst.Severity != c.grave || !strings.Contains(worst.What, c.want) && c.grave != conversation.Fine || worst.Cure == "" && c.grave != conversation.Fine {
				t.Errorf("found %+v, want severity %d with %q", worst, c.grave, c.want)
			}
			// The platform does as the doctor says.
			to, _, err := a.OffersAddress(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = a.Send(t.Context(), conversation.Sending{Nonce: "offer", Outgoing: conversation.Outgoing{To: to, Lane: conversation.LaneBulk, Body: conversation.Body{
				Text: texts.Literal("Beans"), Image: &conversation.Image{Name: "a.png", Data: []byte("png")},
			}}})
			if shown := err == nil; shown != (c.grave != conversation.Trouble) {
				t.Errorf("an offer: %v", err)
			}
			if err != nil {
				if !strings.Contains(logged.String(), "an offer is not shown") {
					t.Errorf("logged %s", logged)
				}
				return
			}
			got := l.Chat("ayla", platform.Channel)
			if m := got[len(got)-1]; m.Text != "Beans" || (m.Image != "") != (c.grave == conversation.Fine) {
				t.Errorf("people see %+v", m)
			}
		})
	}
}

// inOffers is a channel that posts offers in the server, reached through a handler, and its log.
func inOffers(t *testing.T, l *platform.Lookalike, h http.Handler) (*discord.Adapter, *strings.Builder) {
	t.Helper()
	logged := &strings.Builder{}
	a, err := discord.New(discord.Config{
		Token: config.NewSecret(l.Token()), APIURL: "http://discord.test", Offers: discord.OffersInChannel,
	}, slog.New(slog.NewTextHandler(logged, nil)), discord.WithTransport(lookalike.Transport(h)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a, logged
}

func worstOf(found []conversation.Finding) (worst conversation.Finding) {
	for _, f := range found {
		if f.Severity >= worst.Severity {
			worst = f
		}
	}
	return worst
}

// TestDiagnoseOfACompatibleServer: one that does not tell of members, or tells nonsense, makes a doubt and no trouble.
func TestDiagnoseOfACompatibleServer(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{"unknown": "", "null": "null", "nonsense": `{"roles":7}`, "a list": `[null]`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := platform.New(platform.Config{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			a, _ := inOffers(t, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.Contains(r.URL.Path, "/members/") {
					l.Handler().ServeHTTP(w, r)
					return
				}
				rec := httptest.NewRecorder()
				if answer == "" {
					rec.Code = http.StatusNotFound
				}
				w.WriteHeader(rec.Code)
				_, _ = w.Write([]byte(answer))
			}))
			if worst := worstOf(a.Diagnose(t.Context())); worst.Severity != conversation.Doubt || worst.Cure == "" {
				t.Errorf("found %+v", worst)
			}
		})
	}
}
