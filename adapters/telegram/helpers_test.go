package telegram_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/rapport-chat/rapport/adapters/telegram"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	platform "github.com/rapport-chat/rapport/sandbox/telegram"
	"github.com/rapport-chat/rapport/texts"
)

// request is one call as the server receives it.
type request struct {
	method string            // such as sendMessage
	path   string            // of the URL
	fields map[string]string // form fields, or JSON values as JSON
	files  map[string]string // uploads: content by field
}

// server answers calls as a test wants, for what no look-alike does. answer gets them in order; what it answers with
// status 0 is a connection that broke after the request was read.
type server struct {
	mu     sync.Mutex
	calls  []request
	answer func(request) (status int, body string)
}

func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	r, err := read(req)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.calls = append(s.calls, r)
	s.mu.Unlock()
	status, body := s.answer(r)
	if status == 0 {
		return nil, errors.New("connection reset by peer")
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

func read(req *http.Request) (request, error) {
	r := request{path: req.URL.Path, fields: map[string]string{}, files: map[string]string{}}
	r.method = r.path[strings.LastIndexByte(r.path, '/')+1:]
	kind, params, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	body := []byte{}
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return r, err
		}
	}
	if kind == "application/json" {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(body, &fields); err != nil {
			return r, err
		}
		for name, raw := range fields {
			r.fields[name] = string(raw)
		}
		return r, nil
	}
	form := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			return r, nil //nolint:nilerr // the end
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return r, err
		}
		if part.FileName() != "" {
			r.files[part.FormName()] = string(content)
		} else {
			r.fields[part.FormName()] = string(content)
		}
	}
}

// named are the calls of one method so far.
func (s *server) named(method string) []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []request
	for _, r := range s.calls {
		if r.method == method {
			out = append(out, r)
		}
	}
	return out
}

const (
	meAnswer  = `{"ok":true,"result":{"id":123456789,"is_bot":true,"first_name":"Rapport","username":"rapport_bot"}}`
	yesAnswer = `{"ok":true,"result":true}`
)

// refusal is an answer of the Bot API with ok false.
func refusal(code int, description, parameters string) (int, string) {
	d, err := json.Marshal(description)
	if err != nil {
		panic(err)
	}
	if parameters != "" {
		parameters = `,"parameters":` + parameters
	}
	return code, fmt.Sprintf(`{"ok":false,"error_code":%d,"description":%s%s}`, code, d, parameters)
}

// numbered answers sends with messages of rising ids and everything else with yes.
func numbered() func(request) (int, string) {
	id := 100
	return func(r request) (int, string) {
		switch {
		case r.method == "getMe":
			return 200, meAnswer
		case strings.HasPrefix(r.method, "send") && r.method != "sendChatAction":
			id++
			return 200, fmt.Sprintf(`{"ok":true,"result":{"message_id":%d,"date":1,"chat":{"id":%s,"type":"private"},`+
				`"photo":[{"file_id":"small"},{"file_id":"large-%d"}]}}`, id, r.fields["chat_id"], id)
		}
		return 200, yesAnswer
	}
}

// logs keeps what was logged.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// adapterWith makes an adapter over a transport. Whatever it logs must not hold the token.
func adapterWith(t *testing.T, rt http.RoundTripper, change ...func(*telegram.Config)) (*telegram.Adapter, *logs) {
	t.Helper()
	cfg := telegram.Config{Token: config.NewSecret(token), APIURL: "http://telegram.test"}
	for _, f := range change {
		f(&cfg)
	}
	out := &logs{}
	a, err := telegram.New(cfg, slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug})), telegram.WithTransport(rt))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if strings.Contains(out.String(), "AAErandom") {
			t.Error("the token is in the log")
		}
	})
	return a, out
}

// onPlatform makes an adapter on a look-alike in memory. It is closed at the end of the test.
func onPlatform(t *testing.T) (*telegram.Adapter, *platform.Lookalike, *logs) {
	t.Helper()
	l, err := platform.New(platform.Config{Token: token})
	if err != nil {
		t.Fatal(err)
	}
	memory := lookalike.Transport(l.Handler())
	t.Cleanup(func() {
		memory.Wait()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	a, out := adapterWith(t, memory)
	return a, l, out
}

// inbox is a Receiver in memory. fail answers the error of the nth call, from 1.
type inbox struct {
	mu     sync.Mutex
	calls  int
	events []conversation.Inbound
	fail   func(call int) error
	came   chan struct{} // gets a value for each call
}

func newInbox() *inbox { return &inbox{came: make(chan struct{}, 1000)} }

func (b *inbox) Receive(_ context.Context, in ...conversation.Inbound) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() { b.came <- struct{}{} }()
	b.calls++
	if b.fail != nil {
		if err := b.fail(b.calls); err != nil {
			return err
		}
	}
	b.events = append(b.events, in...)
	return nil
}

func (b *inbox) all() []conversation.Inbound {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]conversation.Inbound(nil), b.events...)
}

// running lets the adapter run until the test, or stop, ends it. stop answers what Run returned.
func running(t *testing.T, a *telegram.Adapter, in conversation.Receiver) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, in) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() { cancel(); err = <-ended })
		return err
	}
	t.Cleanup(func() {
		if err := stop(); err != nil && conversation.KindOf(err) != conversation.OurCredentials {
			t.Errorf("Run: %v", err)
		}
	})
	return stop
}

func say(t *testing.T, l *platform.Lookalike, as, text string) {
	t.Helper()
	if _, err := l.Say(t.Context(), lookalike.Say{As: as, Text: text}); err != nil {
		t.Fatal(err)
	}
}

func plain(text string) texts.Rich { return texts.Literal(text) }
