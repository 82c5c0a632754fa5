package slack_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/slack"
)

type obj = map[string]any

// open makes a look-alike that is closed at the end of the test.
func open(t *testing.T, cfg slack.Config) *slack.Lookalike {
	t.Helper()
	l, err := slack.New(cfg)
	if err != nil {
		t.Fatalf("open the look-alike: %v", err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close the look-alike: %v", err)
		}
	})
	return l
}

// until waits for something that the look-alike tells watchers of.
func until(t *testing.T, l *slack.Lookalike, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	events := l.Subscribe(ctx)
	for !ok() {
		if _, more := <-events; !more {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

// app is the least client that can be.
type app struct {
	t     *testing.T
	l     *slack.Lookalike
	http  *http.Client
	token string
}

func inMemory(t *testing.T, l *slack.Lookalike) app {
	t.Helper()
	return app{t: t, l: l, http: &http.Client{Transport: lookalike.Transport(l.Handler())}, token: l.BotToken()}
}

// reply is an answer of the Web API.
type reply struct {
	Status   int
	Header   http.Header
	Raw      string
	OK       bool            `json:"ok"`
	Error    string          `json:"error"`
	Channel  json.RawMessage `json:"channel"`
	TS       string          `json:"ts"`
	URL      string          `json:"url"`
	Messages []struct {
		TS, Text string
		ThreadTS string `json:"thread_ts"`
	} `json:"messages"`
	Message struct {
		TS       string
		ThreadTS string `json:"thread_ts"`
	} `json:"message"`
	User     json.RawMessage `json:"user"`
	Metadata struct {
		Cursor string `json:"next_cursor"`
	} `json:"response_metadata"`
}

// call posts a form.
func (a app) call(method string, params obj) reply {
	a.t.Helper()
	form := url.Values{}
	for k, v := range params {
		s, ok := v.(string)
		if !ok {
			data, err := json.Marshal(v)
			if err != nil {
				a.t.Fatal(err)
			}
			s = string(data)
		}
		form.Set(k, s)
	}
	return a.post("/api/"+method, "application/x-www-form-urlencoded", form.Encode())
}

// json posts an object.
func (a app) json(path string, params any) reply {
	a.t.Helper()
	data, err := json.Marshal(params)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.post(path, "application/json; charset=utf-8", string(data))
}

func (a app) post(path, kind, body string) reply {
	a.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = "http://slack.test" + path
	}
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	res, err := a.http.Do(req)
	if err != nil {
		a.t.Fatalf("%s: %v", path, err)
	}
	data, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		a.t.Fatal(err)
	}
	r := reply{Status: res.StatusCode, Header: res.Header, Raw: string(data)}
	if strings.HasPrefix(r.Raw, "{") {
		if err := json.Unmarshal(data, &r); err != nil {
			a.t.Fatalf("%s answered %s: %v", path, data, err)
		}
	}
	return r
}

// as is the app with another token.
func (a app) as(token string) app {
	a.token = token
	return a
}

// envelope is what comes over a socket.
type envelope struct {
	Type    string          `json:"type"`
	ID      string          `json:"envelope_id"`
	Payload json.RawMessage `json:"payload"`
	Attempt int             `json:"retry_attempt"`
	Retry   string          `json:"retry_reason"`
	Reason  string          `json:"reason"`
}

// event is the inner event of an envelope.
func (e envelope) event(t *testing.T) (id string, inner obj) {
	t.Helper()
	var p struct {
		ID    string `json:"event_id"`
		Event obj    `json:"event"`
	}
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		t.Fatalf("payload %s: %v", e.Payload, err)
	}
	return p.ID, p.Event
}

// conn is one socket whose envelopes go into a channel, which closes with it.
type conn struct {
	ws *websocket.Conn
	in chan envelope
}

// connect opens a socket and reads its hello.
func (a app) connect(pipes *lookalike.PipeServer) *conn {
	a.t.Helper()
	c, first := a.dial(pipes)
	if first.Type != "hello" {
		a.t.Fatalf("the first frame is %+v", first)
	}
	return c
}

// dial opens a socket and answers its first frame.
func (a app) dial(pipes *lookalike.PipeServer) (*conn, envelope) {
	a.t.Helper()
	r := a.as(a.l.AppToken()).call("apps.connections.open", nil)
	if !r.OK {
		a.t.Fatalf("apps.connections.open: %s", r.Raw)
	}
	d := websocket.Dialer{NetDialContext: pipes.DialContext}
	ws, res, err := d.DialContext(a.t.Context(), r.URL, http.Header{"Origin": {"https://api.slack.com"}})
	if err != nil {
		a.t.Fatalf("dial: %v", err)
	}
	_ = res.Body.Close()
	c := &conn{ws: ws, in: make(chan envelope, 64)}
	go func() {
		defer close(c.in)
		for {
			var e envelope
			if ws.ReadJSON(&e) != nil {
				return
			}
			c.in <- e
		}
	}()
	return c, <-c.in
}

// ack acknowledges an envelope.
func (c *conn) ack(t *testing.T, e envelope, payload any) {
	t.Helper()
	out := obj{"envelope_id": e.ID}
	if payload != nil {
		out["payload"] = payload
	}
	if err := c.ws.WriteJSON(out); err != nil {
		t.Errorf("ack: %v", err)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
