package discord_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/adapters/adaptertest"
	"github.com/rapport-chat/rapport/adapters/discord"
	"github.com/rapport-chat/rapport/config"
	platform "github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Setup{Bubble: true, Open: func(t *testing.T, log *slog.Logger) adaptertest.Rig {
		t.Helper()
		l, opts, shut := inMemory(t, platform.Config{})
		r := rig(t, l, log, "http://discord.test/", opts...)
		r.Close = func() error { return errors.Join(l.Close(), shut()) }
		return r
	}})
}

// TestConformanceOverSockets is the same over loopback; without the platform's pace, which would take real time.
func TestConformanceOverSockets(t *testing.T) {
	adaptertest.Run(t, adaptertest.Setup{Open: func(t *testing.T, log *slog.Logger) adaptertest.Rig {
		t.Helper()
		l, err := platform.New(platform.Config{Limits: platform.Limits{PerSecond: -1, PerChannel: -1, Respond: time.Minute}})
		if err != nil {
			t.Fatal(err)
		}
		s, err := lookalike.Listen(t.Context(), "127.0.0.1:0", l.Handler())
		if err != nil {
			t.Fatal(err)
		}
		r := rig(t, l, log, s.URL())
		r.Close = func() error { return errors.Join(l.Close(), s.Close()) }
		return r
	}})
}

// inMemory opens a look-alike that is reached without sockets.
func inMemory(t *testing.T, cfg platform.Config) (*platform.Lookalike, []discord.Option, func() error) {
	t.Helper()
	l, err := platform.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	memory := lookalike.Transport(l.Handler())
	pipes := lookalike.ServePipes(l.Handler())
	shut := func() error {
		memory.Wait()
		return pipes.Close()
	}
	return l, []discord.Option{discord.WithTransport(memory), discord.WithDial(pipes.DialContext)}, shut
}

func rig(t *testing.T, l *platform.Lookalike, log *slog.Logger, url string, opts ...discord.Option) adaptertest.Rig {
	t.Helper()
	a, err := discord.New(discord.Config{Token: config.NewSecret(l.Token()), APIURL: url}, log, opts...)
	if err != nil {
		t.Fatal(err)
	}
	side := adaptertest.Side{Platform: l, Online: l.Online}
	r := side.Rig(a)
	r.Listens = true
	r.Secrets = []string{l.Token(), "interaction-"}
	r.TellsDelete = true
	r.Attachments = append(r.Attachments, lookalike.Sticker)
	r.Group = side.Place(platform.Channel, "@rapport")
	r.Forms = side
	return r
}
