package telegram_test

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/rapport-chat/rapport/adapters/adaptertest"
	"github.com/rapport-chat/rapport/adapters/telegram"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	platform "github.com/rapport-chat/rapport/sandbox/telegram"
)

const token = "123456789:AAErandom-Letters_0123456789abcdefghi"

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Setup{Bubble: true, Open: func(t *testing.T, log *slog.Logger) adaptertest.Rig {
		t.Helper()
		l, err := platform.New(platform.Config{Token: token})
		if err != nil {
			t.Fatal(err)
		}
		memory := lookalike.Transport(l.Handler())
		r := rig(t, l, log, "http://telegram.test/", telegram.WithTransport(memory))
		r.Close = func() error {
			memory.Wait()
			return l.Close()
		}
		return r
	}})
}

// TestConformanceOverSockets is the same over loopback; without the platform's pace, which would take real time.
func TestConformanceOverSockets(t *testing.T) {
	adaptertest.Run(t, adaptertest.Setup{Open: func(t *testing.T, log *slog.Logger) adaptertest.Rig {
		t.Helper()
		l, err := platform.New(platform.Config{Token: token, Limits: unlimited})
		if err != nil {
			t.Fatal(err)
		}
		s, err := lookalike.Listen(t.Context(), "127.0.0.1:0", l.Handler())
		if err != nil {
			t.Fatal(err)
		}
		r := rig(t, l, log, s.URL())
		r.Close = func() error { return errors.Join(s.Close(), l.Close()) }
		return r
	}})
}

var unlimited = platform.Limits{PerSecond: -1, PerChat: -1, PerGroupMinute: -1}

func rig(t *testing.T, l *platform.Lookalike, log *slog.Logger, url string, opts ...telegram.Option) adaptertest.Rig {
	t.Helper()
	a, err := telegram.New(telegram.Config{Token: config.NewSecret(token), APIURL: url}, log, opts...)
	if err != nil {
		t.Fatal(err)
	}
	side := adaptertest.Side{Platform: l}
	r := side.Rig(a)
	r.Listens = true
	r.Secrets = []string{token, "AAErandom-Letters"}
	r.TellsBlock = true
	r.Attachments = append(r.Attachments, lookalike.Sticker, lookalike.Contact, lookalike.Location)
	r.Group = side.Place(platform.Group, "@"+l.Username())
	return r
}
