package discord_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/adapters/discord"
	"github.com/rapport-chat/rapport/config"
	platform "github.com/rapport-chat/rapport/sandbox/discord"
)

// without is a server that does not have some of the paths, while lacking says so.
type without struct {
	http.RoundTripper
	paths   []string
	lacking func() bool
}

func (w without) RoundTrip(r *http.Request) (*http.Response, error) {
	if !w.lacking() || !slices.Contains(w.paths, strings.TrimPrefix(r.URL.Path, "/api/v9/")) {
		return w.RoundTripper.RoundTrip(r)
	}
	rec := httptest.NewRecorder()
	http.NotFound(rec, r)
	return rec.Result(), nil
}

// TestAGatewayWithoutExtras: a server that has no gateway/bot is asked for its gateway.
func TestAGatewayWithoutExtras(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, func(s *stage) {
		s.opts = append(s.opts, discord.WithTransport(without{s.transport(), []string{"gateway/bot"}, func() bool { return true }}))
		s.a = s.adapter()
	}, func(s *stage) {
		s.online()
		s.say("ayla", "salam")
		if got := s.inbox.texts(); !slices.Equal(got, []string{"salam"}) {
			s.Errorf("got %q", got)
		}
	})
}

// TestAGatewayThatNeverAnswers: the log warns, and the adapter says that it receives nothing, until it does.
func TestAGatewayThatNeverAnswers(t *testing.T) {
	t.Parallel()
	var gone atomic.Bool
	gone.Store(true)
	logged := &bytes.Buffer{}
	onStage(t, platform.Config{}, func(s *stage) {
		s.opts = append(s.opts, discord.WithTransport(without{s.transport(), []string{"gateway", "gateway/bot"}, gone.Load}))
		a, err := discord.New(discord.Config{Token: config.NewSecret(s.l.Token()), APIURL: "http://discord.test"},
			slog.New(slog.NewTextHandler(logged, nil)), s.opts...)
		s.must(err)
		s.a = a
	}, func(s *stage) {
		if err := s.a.Deaf(); err != nil {
			s.Errorf("deaf before the first try: %v", err)
		}
		s.after(time.Minute)
		if err := s.a.Deaf(); err == nil {
			s.Error("it does not say that it receives nothing")
		}
		if !strings.Contains(logged.String(), "level=WARN") {
			s.Errorf("nothing warns:\n%s", logged)
		}
		gone.Store(false)
		synctest.Wait()
		s.online()
		s.after(time.Second)
		if err := s.a.Deaf(); err != nil {
			s.Errorf("still deaf: %v", err)
		}
	})
}
