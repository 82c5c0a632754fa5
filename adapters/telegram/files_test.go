package telegram_test

import (
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/adapters/telegram"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	telegramlike "github.com/rapport-chat/rapport/sandbox/telegram"
)

func TestFetch(t *testing.T) {
	t.Parallel()
	l, err := telegramlike.New(telegramlike.Config{Token: token, Dir: t.TempDir(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(l.Handler())
	t.Cleanup(func() {
		server.Close()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	a, err := telegram.New(telegram.Config{Token: config.NewSecret(token), APIURL: server.URL}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	in := sentFile(t, a, l)
	data, err := a.Fetch(t.Context(), in.Attachments[0].File, 1<<20)
	if err != nil || len(data) == 0 {
		t.Errorf("Fetch() = %d bytes, %v", len(data), err)
	}
	if _, err := a.Fetch(t.Context(), in.Attachments[0].File, 3); !errors.Is(err, conversation.ErrTooLarge) {
		t.Errorf("a file above the limit: %v", err)
	}
	_, err = a.Fetch(t.Context(), "nothing", 100)
	if err == nil || strings.Contains(err.Error(), token) {
		t.Errorf("an unknown file: %v", err)
	}
	server.Close()
	_, err = a.Fetch(t.Context(), in.Attachments[0].File, 100)
	if err == nil || strings.Contains(err.Error(), token) {
		t.Errorf("a platform that is down: %v", err)
	}
}

// sentFile has somebody send a file and answers the event.
func sentFile(t *testing.T, a *telegram.Adapter, l *telegramlike.Lookalike) conversation.Inbound {
	t.Helper()
	box := newInbox()
	stop := running(t, a, box)
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := l.Say(t.Context(), lookalike.Say{As: "ayla", Attach: lookalike.File}); err != nil {
		t.Fatal(err)
	}
	for {
		<-box.came
		for _, in := range box.all() {
			if len(in.Attachments) > 0 {
				return in
			}
		}
	}
}
