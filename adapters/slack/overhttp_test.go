package slack_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"github.com/rapport-chat/rapport/adapters/adaptertest"
	"github.com/rapport-chat/rapport/adapters/slack"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	platform "github.com/rapport-chat/rapport/sandbox/slack"
)

// TestConformanceOverHTTP is the suite with the platform calling us.
func TestConformanceOverHTTP(t *testing.T) {
	adaptertest.Run(t, adaptertest.Setup{Bubble: true, Open: func(t *testing.T, log *slog.Logger) adaptertest.Rig {
		t.Helper()
		mux := http.NewServeMux()
		own := lookalike.Transport(mux)
		l, opts, shut := inMemory(t, platform.Config{Channels: []string{"support", "general"}, Client: &http.Client{Transport: own}})
		a, err := slack.New(slack.Config{
			BotToken: config.NewSecret(l.BotToken()), SigningSecret: config.NewSecret(l.SigningSecret()), Mode: slack.ModeHTTP,
			APIURL: "http://slack.test/api", StaffChannels: []string{"support"},
		}, log, opts...)
		if err != nil {
			t.Fatal(err)
		}
		open := &opened{Adapter: a}
		for pattern, handler := range a.Routes(open) {
			mux.Handle(pattern, handler)
		}
		if err := l.Verify(t.Context(), "http://rapport.test"); err != nil {
			t.Fatal(err)
		}
		r := rig(t, l, log, "http://slack.test/api", opts...)
		r.Channel, r.Listens = open, false
		r.Secrets = append(r.Secrets, l.SigningSecret())
		r.Close = func() error {
			err := l.Close()
			own.Wait()
			return errors.Join(err, shut())
		}
		return r
	}})
}

// opened hands what comes over HTTP to the receiver that Run was given.
type opened struct {
	*slack.Adapter
	mu sync.Mutex
	in conversation.Receiver
}

func (o *opened) Run(ctx context.Context, in conversation.Receiver) error {
	o.set(in)
	defer o.set(nil)
	return o.Adapter.Run(ctx, in)
}

func (o *opened) set(in conversation.Receiver) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.in = in
}

var errAway = errors.New("nobody listens")

func (o *opened) Receive(ctx context.Context, in ...conversation.Inbound) error {
	o.mu.Lock()
	to := o.in
	o.mu.Unlock()
	if to == nil {
		return errAway
	}
	return to.Receive(ctx, in...)
}
