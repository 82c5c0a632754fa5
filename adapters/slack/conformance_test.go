package slack_test

import (
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/adapters/adaptertest"
	"github.com/rapport-chat/rapport/adapters/slack"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	platform "github.com/rapport-chat/rapport/sandbox/slack"
)

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Setup{Bubble: true, Open: func(t *testing.T, log *slog.Logger) adaptertest.Rig {
		t.Helper()
		l, opts, shut := inMemory(t, platform.Config{Channels: []string{"support", "general"}})
		r := rig(t, l, log, "http://slack.test/api/", opts...)
		r.Close = func() error { return errors.Join(l.Close(), shut()) }
		return r
	}})
}

// TestConformanceOverSockets is the same over loopback; without the platform's pace, which would take real time.
func TestConformanceOverSockets(t *testing.T) {
	adaptertest.Run(t, adaptertest.Setup{Open: func(t *testing.T, log *slog.Logger) adaptertest.Rig {
		t.Helper()
		limits := platform.Unlimited
		limits.AckWithin, limits.Trigger = time.Minute, time.Minute // of a busy machine
		l, err := platform.New(platform.Config{Limits: limits, Channels: []string{"support", "general"}})
		if err != nil {
			t.Fatal(err)
		}
		s, err := lookalike.Listen(t.Context(), "127.0.0.1:0", l.Handler())
		if err != nil {
			t.Fatal(err)
		}
		r := rig(t, l, log, s.URL()+"/api")
		r.Close = func() error { return errors.Join(l.Close(), s.Close()) }
		return r
	}})
}

// inMemory opens a look-alike that is reached without sockets.
func inMemory(t *testing.T, cfg platform.Config) (*platform.Lookalike, []slack.Option, func() error) {
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
	return l, []slack.Option{slack.WithTransport(memory), slack.WithDial(pipes.DialContext)}, shut
}

func rig(t *testing.T, l *platform.Lookalike, log *slog.Logger, url string, opts ...slack.Option) adaptertest.Rig {
	t.Helper()
	a, err := slack.New(slack.Config{
		BotToken: config.NewSecret(l.BotToken()), AppToken: config.NewSecret(l.AppToken()), APIURL: url, StaffChannels: []string{"#support"},
	}, log, opts...)
	if err != nil {
		t.Fatal(err)
	}
	side := adaptertest.Side{Platform: l, Online: l.Online, Kept: true}
	r := side.Rig(a)
	r.Listens = true
	r.Secrets = []string{l.BotToken(), l.AppToken(), "ticket=", "/actions/"}
	r.Fail[conversation.PersonUnreachable] = r.Fail[conversation.PersonGone]
	delete(r.Fail, conversation.PersonGone)
	r.Fail[conversation.OurPayload] = side.Fault(lookalike.Fault{Times: 2, Status: http.StatusBadRequest})
	r.TellsDelete = true
	r.Group = side.Place("#general", "@rapport")
	r.Forms = side
	return r
}
