package slack_test

import (
	"context"
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
		l, err := platform.New(platform.Config{Limits: platform.Unlimited, Channels: []string{"support", "general"}})
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
	fault := func(f lookalike.Fault) func(context.Context) error {
		return func(ctx context.Context) error { return l.Fault(ctx, f) }
	}
	return adaptertest.Rig{
		Channel: a,
		Human:   human{l},
		Secrets: []string{l.BotToken(), l.AppToken(), "ticket=", "/actions/"},
		Fail: map[conversation.ErrorKind]func(context.Context) error{
			conversation.Temporary:         fault(lookalike.Fault{Times: 1, Status: http.StatusInternalServerError}),
			conversation.PersonUnreachable: fault(lookalike.Fault{Times: 1, Status: http.StatusForbidden}),
			conversation.OurCredentials:    fault(lookalike.Fault{Times: 1, Status: http.StatusUnauthorized}),
			conversation.OurPayload:        fault(lookalike.Fault{Times: 2, Status: http.StatusBadRequest}),
			conversation.RateLimited:       fault(lookalike.Fault{Times: 1, Status: http.StatusTooManyRequests, RetryAfter: 7}),
			conversation.OutcomeUnknown:    fault(lookalike.Fault{Times: 1, Late: true}),
		},
		RetryAfter:  7 * time.Second,
		Down:        func(ctx context.Context, down bool) error { return l.Fault(ctx, lookalike.Fault{Down: &down}) },
		Redeliver:   fault(lookalike.Fault{Redeliver: true}),
		Blocked:     conversation.PersonGone,
		TellsEdit:   true,
		TellsDelete: true,
		Attachments: []string{lookalike.Voice, lookalike.Photo, lookalike.File},
		Group: &adaptertest.Group{
			Mention: "@rapport",
			Say: func(ctx context.Context, as, text string) error {
				if err := l.Online(ctx); err != nil {
					return err
				}
				_, err := l.Say(ctx, lookalike.Say{As: as, Text: text, In: "#general"})
				return err
			},
		},
		Forms: forms{l},
	}
}

// human is the look-alike's human side in the words of the suite.
type human struct{ p *platform.Lookalike }

func (h human) Say(ctx context.Context, as, text string) (string, error) {
	return h.p.Say(ctx, lookalike.Say{As: as, Text: text})
}

func (h human) Attach(ctx context.Context, as, kind string) error {
	_, err := h.p.Say(ctx, lookalike.Say{As: as, Attach: kind})
	return err
}

func (h human) Command(ctx context.Context, as, text string) error {
	if err := h.p.Online(ctx); err != nil {
		return err
	}
	return h.p.Command(ctx, as, text, "")
}

func (h human) Press(ctx context.Context, as, label string) error {
	return h.p.Press(ctx, lookalike.Press{As: as, Label: label})
}

func (h human) Edit(ctx context.Context, as, message, text string) error {
	return h.p.Edit(ctx, as, message, text)
}

func (h human) Delete(ctx context.Context, as, message string) error {
	return h.p.Delete(ctx, as, message)
}
func (h human) Block(ctx context.Context, as string) error   { return h.p.Block(ctx, as) }
func (h human) Unblock(ctx context.Context, as string) error { return h.p.Unblock(ctx, as) }

func (h human) Chat(as string) []adaptertest.Message {
	var out []adaptertest.Message
	for _, m := range h.p.Chat(as, "") {
		out = append(out, adaptertest.Message{
			ID: m.ID, Bot: m.From == "bot", Text: m.Text, Buttons: m.Buttons, Edited: m.Edited,
			Picture: m.Image != "" && m.Attachment != lookalike.File,
		})
	}
	return out
}

// forms is the person's side of modals.
type forms struct{ p lookalike.Platform }

func (f forms) OpenForm(as string) ([]string, bool) {
	form, open := f.p.OpenForm(as)
	var labels []string
	for _, field := range form.Fields {
		labels = append(labels, field.Label)
	}
	return labels, open
}

func (f forms) Submit(ctx context.Context, as string, values map[string]string) error {
	return f.p.Submit(ctx, as, values)
}
