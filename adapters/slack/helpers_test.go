package slack_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/adapters/slack"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
)

// The made-up secrets of these tests, in parts, so that no scanner takes them for real ones.
const (
	botToken = "xoxb-" + "1-2-adapterTests"
	appToken = "xapp-" + "1-A1-2-adapterTests"
	signing  = "0123456789abcdef" + "adapterTests"
	hookURL  = "https://hooks.slack.com/actions/T1/2/adapterTestsHook"
)

// inbox keeps events in memory, each once.
type inbox struct {
	mu      sync.Mutex
	events  []conversation.Inbound
	times   map[string]int
	failing int
	delay   time.Duration
}

var errFull = io.ErrShortWrite

func (b *inbox) Receive(ctx context.Context, in ...conversation.Inbound) error {
	b.mu.Lock()
	delay := b.delay
	b.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failing > 0 {
		b.failing--
		return errFull
	}
	for _, e := range in {
		if b.times == nil {
			b.times = map[string]int{}
		}
		if b.times[e.EventID]++; b.times[e.EventID] == 1 {
			b.events = append(b.events, e)
		}
	}
	return nil
}

// slow makes the inbox need so long for everything.
func (b *inbox) slow(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.delay = d
}

func (b *inbox) refuse(times int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failing = times
}

func (b *inbox) all() []conversation.Inbound {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.events)
}

func (b *inbox) texts() []string {
	var out []string
	for _, e := range b.all() {
		out = append(out, e.Text)
	}
	return out
}

// called is one call that the adapter made.
type called struct {
	Method string
	Auth   string
	Form   url.Values
	JSON   map[string]any
	URL    string
}

// raw is the call's body as text, with nothing escaped.
func (c called) raw() string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(c.JSON)
	return b.String()
}

// api answers calls by method. It is a platform in a few lines, for what a look-alike would not do.
type api struct {
	mu      sync.Mutex
	calls   []called
	answers map[string][]string // by method; the last one is used again
	status  map[string]int
	header  http.Header
	fail    map[string]error
}

func newAPI() *api {
	return &api{answers: map[string][]string{
		"auth.test":          {`{"ok":true,"user_id":"UBOT","team_id":"T1","bot_id":"BBOT"}`},
		"users.info":         {`{"ok":true,"user":{"id":"U1","locale":"ru-RU","profile":{"display_name":"Ayla"}}}`},
		"conversations.open": {`{"ok":true,"channel":{"id":"D1"}}`},
		"conversations.list": {`{"ok":true,"channels":[{"id":"CSUPPORT","name":"support"}]}`},
		"chat.postMessage":   {`{"ok":true,"channel":"D1","ts":"1732241234.000100","message":{"thread_ts":"1732241000.000100"}}`},
	}, status: map[string]int{}, header: http.Header{}, fail: map[string]error{}}
}

func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	body := []byte{}
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	method := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	c := called{Method: method, Auth: r.Header.Get("Authorization"), URL: r.URL.String()}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		_ = json.Unmarshal(body, &c.JSON)
	} else {
		c.Form, _ = url.ParseQuery(string(body))
	}
	a.calls = append(a.calls, c)
	if err := a.fail[method]; err != nil {
		return nil, err
	}
	answer := `{"ok":true}`
	if all := a.answers[method]; len(all) > 0 {
		answer = all[0]
		if len(all) > 1 {
			a.answers[method] = all[1:]
		}
	}
	w := httptest.NewRecorder()
	for k, v := range a.header {
		w.Header()[k] = v
	}
	if status := a.status[method]; status != 0 {
		w.WriteHeader(status)
	}
	_, _ = w.WriteString(answer)
	return w.Result(), nil
}

func (a *api) of(method string) []called {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []called
	for _, c := range a.calls {
		if c.Method == method {
			out = append(out, c)
		}
	}
	return out
}

func (a *api) answer(method string, answers ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers[method] = answers
}

// httpMode is an adapter that is called over HTTP.
type httpMode struct {
	testing.TB
	a      *slack.Adapter
	api    *api
	inbox  *inbox
	routes map[string]http.Handler
	logged *bytes.Buffer
}

func newHTTPMode(t testing.TB, staff ...string) *httpMode {
	t.Helper()
	h := &httpMode{TB: t, api: newAPI(), inbox: &inbox{}, logged: &bytes.Buffer{}}
	a, err := slack.New(slack.Config{
		BotToken: config.NewSecret(botToken), SigningSecret: config.NewSecret(signing), Mode: slack.ModeHTTP, StaffChannels: staff,
	}, slog.New(slog.NewTextHandler(h.logged, nil)), slack.WithTransport(h.api))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		for _, secret := range []string{botToken, signing, hookURL} {
			if strings.Contains(h.logged.String(), secret) {
				t.Error("a secret is in the log")
			}
		}
	})
	if _, err := a.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.a, h.routes = a, a.Routes(h.inbox)
	return h
}

// request makes a signed request.
func request(path, body string, at time.Time) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(signing))
	_, _ = mac.Write([]byte("v0:" + stamp + ":" + body))
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return r
}

func (h *httpMode) serve(r *http.Request) *httptest.ResponseRecorder {
	h.Helper()
	w := httptest.NewRecorder()
	handler := h.routes[http.MethodPost+" "+r.URL.Path]
	if handler == nil {
		h.Fatalf("no route for %s", r.URL.Path)
	}
	handler.ServeHTTP(w, r)
	return w
}

// event delivers an event of the Events API, and answers what came of it.
func (h *httpMode) event(event string) []conversation.Inbound {
	h.Helper()
	return h.deliver(slack.EventsPath, `{"type":"event_callback","event_id":"Ev1","team_id":"T1","event":`+event+`}`)
}

func (h *httpMode) interaction(payload string) []conversation.Inbound {
	h.Helper()
	return h.deliver(slack.InteractivePath, url.Values{"payload": {payload}}.Encode())
}

func (h *httpMode) deliver(path, body string) []conversation.Inbound {
	h.Helper()
	before := len(h.inbox.all())
	if w := h.serve(request(path, body, time.Now())); w.Code != http.StatusOK {
		h.Fatalf("answered %d", w.Code)
	}
	return h.inbox.all()[before:]
}
