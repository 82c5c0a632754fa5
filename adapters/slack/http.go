package slack

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	"github.com/slack-go/slack"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

// Where the service's own HTTP server takes what the platform sends.
const (
	EventsPath      = "/slack/events"
	InteractivePath = "/slack/interactive"
	CommandsPath    = "/slack/commands"
)

const (
	// maxRequestBytes bounds one request. A press carries its whole message.
	maxRequestBytes = 4 << 20
)

// Routes are the handlers that the service's HTTP server has to offer, by ServeMux pattern; none in socket mode. They
// hand what comes to in and answer 200 after it has been kept. They work without Run, so that every process of the
// service may take events.
func (a *Adapter) Routes(in conversation.Receiver) map[string]http.Handler {
	if a.mode != ModeHTTP {
		return nil
	}
	route := func(read func(body []byte) (kind string, payload fields)) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if body, ok := a.verified(w, r); ok {
				kind, payload := read(body)
				a.serve(w, r, in, kind, payload)
			}
		})
	}
	return map[string]http.Handler{
		"POST " + EventsPath: route(func(body []byte) (string, fields) { return kindEvent, object(body) }),
		"POST " + InteractivePath: route(func(body []byte) (string, fields) {
			form, _ := url.ParseQuery(string(body)) // what is none has no payload
			return kindInteractive, object(json.RawMessage(form.Get("payload")))
		}),
		"POST " + CommandsPath: route(func(body []byte) (string, fields) { return kindSlash, formFields(string(body)) }),
	}
}

// formFields makes a form look like a payload of Socket Mode.
func formFields(body string) fields {
	form, err := url.ParseQuery(body)
	if err != nil || len(form) == 0 {
		return nil
	}
	out := fields{}
	for name := range form {
		if raw, err := json.Marshal(form.Get(name)); err == nil {
			out[name] = raw
		}
	}
	return out
}

// verified reads a request and checks that the platform has signed it within the last five minutes.
func (a *Adapter) verified(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBytes))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return nil, false
	}
	check, err := slack.NewSecretsVerifier(r.Header, a.signing)
	if err == nil {
		_, _ = check.Write(body) // to memory
		err = check.Ensure()
	}
	if err != nil {
		a.log.Warn("a request with a wrong, an old or no signature was refused")
		w.WriteHeader(http.StatusUnauthorized)
		return nil, false
	}
	return body, true
}

// serve takes one payload. Of events, any answer but 200 makes the platform send them again; presses, forms and
// commands come once.
func (a *Adapter) serve(w http.ResponseWriter, r *http.Request, in conversation.Receiver, kind string, p fields) {
	if p == nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	switch text(p["type"]) {
	case "url_verification":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, text(p["challenge"])) // a failure is the platform's to notice
		return
	case "app_rate_limited":
		a.log.Error("the platform holds events back: the workspace has more than 30,000 an hour")
		w.WriteHeader(http.StatusOK)
		return
	}
	if a.me.Load() == nil {
		w.WriteHeader(http.StatusServiceUnavailable) // our own messages cannot be told yet; it comes again
		return
	}
	// Not the request's own context: one page is kept for several requests.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), httpTime)
	defer cancel()
	if kind == kindInteractive && opensForm(p) && a.opened(ctx, p) {
		w.WriteHeader(http.StatusOK)
		return
	}
	d := newDelivery(kind, p, func() {})
	err := a.pages.take(ctx, d, func(ctx context.Context, page []*delivery) error { return a.keepPage(ctx, in, page) })
	switch {
	case err == nil:
		w.WriteHeader(http.StatusOK)
		return
	case d.comesOnce():
		a.log.Error("a press, a form or a command could not be kept in time; the person reads that it failed", "type", kind, "error", err)
	default:
		a.log.Error("an event could not be kept; the platform will send it again", "error", err)
	}
	w.WriteHeader(http.StatusInternalServerError)
}

// keepPage makes a page durable within ctx.
func (a *Adapter) keepPage(ctx context.Context, in conversation.Receiver, page []*delivery) error {
	for _, d := range page {
		d.events = a.read(ctx, d.kind, d.payload)
	}
	wait := calling.Backoff{Longest: longWait}
	for {
		err := receive(ctx, in, page)
		if err == nil || ctx.Err() != nil || calling.Pause(ctx, wait.After(err)) != nil {
			return err
		}
	}
}
