package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/sandbox"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/telegram"
)

// service is a service under trial that remembers what the sandbox asked of it.
type service struct {
	mu     sync.Mutex
	now    time.Time
	busy   []string
	orders []sandbox.Order
}

var start = time.Date(2026, 12, 2, 11, 0, 0, 0, time.FixedZone("Baku", 4*3600))

func (s *service) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *service) Advance(_ context.Context, to time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if to.Year() > 2100 {
		return errors.New("the schedule ends in 2100")
	}
	s.now = to
	return nil
}

func (s *service) Busy() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busy
}

func (s *service) setBusy(b ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = b
}

func (s *service) State(_ context.Context, platform, userID string) (any, error) {
	if userID == "404" {
		return nil, fmt.Errorf("user %s has never written: %w", userID, lookalike.ErrNotFound)
	}
	return map[string]string{"customer": platform + ":" + userID}, nil
}

func (s *service) Order(_ context.Context, o sandbox.Order) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.ID == "taken" {
		return fmt.Errorf("order %s was another's: %w", o.ID, lookalike.ErrRefused)
	}
	s.orders = append(s.orders, o)
	return nil
}

// rig is a sandbox with one platform, called without sockets.
type rig struct {
	t        *testing.T
	telegram *telegram.Lookalike
	service  *service
	client   *http.Client
}

func newRig(t *testing.T) rig {
	t.Helper()
	l, err := telegram.New(telegram.Config{Limits: telegram.Limits{PerChat: -1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &service{now: start}
	sb := sandbox.New(sandbox.Config{Platforms: []lookalike.Platform{l}, Service: s})
	sb.Handle("/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the page") }))
	return rig{t: t, telegram: l, service: s, client: &http.Client{Transport: lookalike.Transport(sb.Handler())}}
}

func (r rig) do(method, path, body string, header ...string) (int, string, http.Header) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://sandbox.test"+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	data, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, strings.TrimSpace(string(data)), res.Header
}

// bot makes a call of the platform's API, as the service under trial would.
func (r rig) bot(method, body string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, "http://telegram.test/bot"+r.telegram.Token()+"/"+method, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := (&http.Client{Transport: lookalike.Transport(r.telegram.Handler())}).Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %d, %v", method, res.StatusCode, err)
	}
}

func (r rig) must(method, path, body string) string {
	r.t.Helper()
	status, answer, header := r.do(method, path, body)
	if status != http.StatusOK || header.Get("Content-Type") != "application/json; charset=utf-8" {
		r.t.Fatalf("%s %s %s: %d %s", method, path, body, status, answer)
	}
	return answer
}

// TestTalk walks through what a person does.
func TestTalk(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if got := r.must("GET", "/api/telegram/chat?as=ayla", ""); got != "[]" {
		t.Errorf("a name never seen: %s", got)
	}
	var said struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(r.must("POST", "/api/telegram/say", `{"as":"ayla","text":"<salam> & hi","locale":"az"}`)), &said); err != nil || said.ID == "" {
		t.Fatalf("say: %+v, %v", said, err)
	}
	chat := r.telegram.Person("ayla").ID
	r.bot("sendMessage", `{"chat_id":`+chat+`,"text":"<b>Ok?</b>","parse_mode":"HTML","reply_markup":{"inline_keyboard":[[{"text":"Bəli","callback_data":"y"}]]}}`)
	r.must("POST", "/api/telegram/press", `{"as":"ayla","label":"Bəli"}`)
	r.must("POST", "/api/telegram/command", `{"as":"ayla","text":"/balance"}`)
	r.must("POST", "/api/telegram/edit", `{"as":"ayla","message":"`+said.ID+`","text":"salam"}`)
	r.must("POST", "/api/telegram/say", `{"as":"ayla","attach":"photo"}`)
	last := r.must("POST", "/api/telegram/say", `{"as":"ayla","text":"oops"}`)
	if err := json.Unmarshal([]byte(last), &said); err != nil {
		t.Fatal(err)
	}
	r.must("POST", "/api/telegram/delete", `{"as":"ayla","message":"`+said.ID+`"}`)

	var log []struct {
		ID, From, Text string
		Buttons        []string
		Image          string
		Edited         bool
		At             time.Time
	}
	raw := r.must("GET", "/api/telegram/chat?as=Ayla", "")
	if err := json.Unmarshal([]byte(raw), &log); err != nil {
		t.Fatal(err)
	}
	if len(log) != 4 || log[0].Text != "salam" || !log[0].Edited || log[0].From != "ayla" || log[1].From != "bot" || log[1].Text != "Ok?" ||
		log[1].Buttons[0] != "Bəli" || log[2].Text != "/balance" || log[3].Image == "" || log[0].At.IsZero() {
		t.Errorf("transcript: %s", raw)
	}
	if !strings.Contains(raw, `"buttons":[]`) || strings.Contains(raw, `\u003c`) || strings.Contains(raw, `"HTML"`) {
		t.Errorf("transcript: %s", raw)
	}

	var calls []struct {
		ID     int64
		Method string
		Body   map[string]any
		Status int
	}
	if err := json.Unmarshal([]byte(r.must("GET", "/api/telegram/calls", "")), &calls); err != nil {
		t.Fatal(err)
	}
	if len(calls) != 1 || calls[0].Method != "sendMessage" || calls[0].Body["text"] != "<b>Ok?</b>" || calls[0].Status != 200 {
		t.Errorf("calls: %+v", calls)
	}
	if got := r.must("GET", fmt.Sprintf("/api/telegram/calls?since=%d", calls[0].ID), ""); got != "[]" {
		t.Errorf("calls since the last: %s", got)
	}
	r.must("POST", "/api/telegram/block", `{"as":"ayla"}`)
	if status, body, _ := r.do("POST", "/api/telegram/say", `{"as":"ayla","text":"x"}`); status != http.StatusConflict {
		t.Errorf("say to a blocked bot: %d %s", status, body)
	}
	r.must("POST", "/api/telegram/unblock", `{"as":"ayla"}`)
	if got := r.must("GET", "/api/state?as=ayla", ""); got != `{"customer":"telegram:`+chat+`"}` {
		t.Errorf("state: %s", got)
	}
}

// TestErrors: every refusal is JSON with an error and the fitting status.
func TestErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, err := r.telegram.Introduce(lookalike.Person{Name: "ghost", ID: "404"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/api/telegram/say", `{"as":"ayla"}`, 400},
		{"POST", "/api/telegram/say", `{"text":"x"}`, 400},
		{"POST", "/api/telegram/say", `{"as":"bot","text":"x"}`, 400},
		{"POST", "/api/telegram/say", `{"as":"ayla","text":`, 400},
		{"POST", "/api/telegram/say", `["ayla"]`, 400},
		{"POST", "/api/telegram/say", `{"as":"ayla","text":"x","in":"staff"}`, 400},
		{"POST", "/api/telegram/say", `{"as":"ayla","attach":"smell"}`, 400},
		{"POST", "/api/telegram/say", `{"as":"ayla","text":"` + strings.Repeat("x", 2<<20) + `"}`, 413},
		{"GET", "/api/telegram/say", ``, 405},
		{"DELETE", "/api/telegram/chat?as=ayla", ``, 405},
		{"GET", "/api/clock", ``, 405},
		{"POST", "/api/icq/say", `{"as":"ayla","text":"x"}`, 404},
		{"POST", "/api/telegram/sing", `{}`, 404},
		{"GET", "/api/", ``, 404},
		{"POST", "/api/telegram/press", `{"as":"ayla","label":"x"}`, 404},
		{"POST", "/api/telegram/press", `{"as":"ayla"}`, 400},
		{"POST", "/api/telegram/command", `{"as":"ayla"}`, 400},
		{"POST", "/api/telegram/submit", `{"as":"ayla","values":{}}`, 400},
		{"POST", "/api/telegram/edit", `{"as":"ayla","message":"1"}`, 400},
		{"POST", "/api/telegram/edit", `{"as":"ayla","message":"1","text":"x"}`, 404},
		{"POST", "/api/telegram/delete", `{"as":"ayla"}`, 400},
		{"POST", "/api/telegram/fault", `{}`, 400},
		{"POST", "/api/telegram/fault", `{"drop":"soon"}`, 400},
		{"POST", "/api/telegram/fault", `{"status":1}`, 400},
		{"POST", "/api/telegram/fault", `{"status":500,"times":-1}`, 400},
		{"GET", "/api/telegram/chat", ``, 400},
		{"GET", "/api/telegram/calls?since=x", ``, 400},
		{"POST", "/api/idle", `{"within":"-1s"}`, 400},
		{"POST", "/api/clock", `{}`, 400},
		{"POST", "/api/clock", `{"advance":"48h","to":"2026-12-04T10:00:00+04:00"}`, 400},
		{"POST", "/api/clock", `{"to":"2026-12-02T10:59:59+04:00"}`, 400},
		{"POST", "/api/clock", `{"to":"yesterday"}`, 400},
		{"POST", "/api/clock", `{"advance":"-1h"}`, 400},
		{"POST", "/api/clock", `{"to":"2101-01-01T00:00:00Z"}`, 500},
		{"POST", "/api/orders", `{"as":"ayla","platform":"telegram","id":"1"}`, 400},
		{"POST", "/api/orders", `{"as":"ayla","platform":"telegram","total":5}`, 400},
		{"POST", "/api/orders", `{"as":"ayla","platform":"telegram","id":"1","total":"a lot"}`, 400},
		{"POST", "/api/orders", `{"as":"ayla","platform":"telegram","id":"1","total":-5}`, 400},
		{"POST", "/api/orders", `{"as":"ayla","platform":"icq","id":"1","total":5}`, 404},
		{"POST", "/api/orders", `{"as":"nobody","id":"1","total":5}`, 400},
		{"POST", "/api/orders", `{"as":"ghost","id":"taken","total":5}`, 409},
		{"GET", "/api/state", ``, 400},
		{"GET", "/api/state?as=nobody", ``, 404},
		{"GET", "/api/state?as=ghost", ``, 404},
		{"GET", "/api/state?as=ghost&platform=icq", ``, 404},
	} {
		status, body, header := r.do(c.method, c.path, c.body)
		var answer struct {
			Error string `json:"error"`
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil || status != c.want || answer.Error == "" {
			t.Errorf("%s %s %.60s: %d %s, want %d", c.method, c.path, c.body, status, body, c.want)
		}
		if status == 405 && header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", c.method, c.path)
		}
	}
	if n := len(r.service.orders); n != 0 {
		t.Errorf("%d orders came through", n)
	}
	if _, body, _ := r.do("GET", "/anything", ""); body != "the page" {
		t.Errorf("beside the API: %s", body)
	}
}

// TestOtherSites: a page of another site cannot use the sandbox through somebody's browser.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	status, body, _ := r.do("POST", "/api/telegram/say", `{"as":"ayla","text":"x"}`, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	if status != http.StatusForbidden || !strings.Contains(body, `"error"`) || len(r.telegram.People()) != 0 {
		t.Errorf("another site: %d %s", status, body)
	}
	if status, body, _ := r.do("POST", "/api/telegram/say", `{"as":"ayla","text":"x"}`, "Origin", "http://sandbox.test", "Sec-Fetch-Site", "same-origin"); status != http.StatusOK {
		t.Errorf("the own page: %d %s", status, body)
	}
}

// TestOrders: an order reaches the service as it was written, for the person's id.
func TestOrders(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must("POST", "/api/orders", `{"as":"ayla","platform":"telegram","id":"o1","total":49.90,"currency":"AZN",
		"items":[{"category":"beans","total":"40"},{"category":"cups","total":9.9}],"at":"2026-12-01T09:00:00+04:00"}`)
	r.must("POST", "/api/orders", `{"as":"Ayla","id":"o2","total":"5"}`)
	if len(r.service.orders) != 2 {
		t.Fatalf("orders: %+v", r.service.orders)
	}
	o := r.service.orders[0]
	if o.Platform != "telegram" || o.UserID != r.telegram.Person("ayla").ID || o.ID != "o1" || o.Total != "49.90" || o.Currency != "AZN" ||
		len(o.Items) != 2 || o.Items[1] != (sandbox.Item{Category: "cups", Total: "9.9"}) || !o.At.Equal(time.Date(2026, 12, 1, 5, 0, 0, 0, time.UTC)) {
		t.Errorf("order: %+v", o)
	}
	if o := r.service.orders[1]; o.UserID != r.service.orders[0].UserID || !o.At.IsZero() {
		t.Errorf("order: %+v", o)
	}
}

// TestClock: it moves forward by a length or to a time, and says where it is.
func TestClock(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, c := range []struct{ body, want string }{
		{`{"advance":"48h"}`, `{"now":"2026-12-04T11:00:00+04:00"}`},
		{`{"to":"2026-12-05T10:00:00+04:00"}`, `{"now":"2026-12-05T10:00:00+04:00"}`},
		{`{"advance":"1d2h"}`, `{"now":"2026-12-06T12:00:00+04:00"}`},
		{`{"advance":"0s"}`, `{"now":"2026-12-06T12:00:00+04:00"}`},
	} {
		if got := r.must("POST", "/api/clock", c.body); got != c.want {
			t.Errorf("clock %s: %s, want %s", c.body, got, c.want)
		}
	}
}

// TestIdle: it returns after 200 ms on end without anything busy, and says what was busy when it never came to that.
func TestIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		at := time.Now()
		r.must("POST", "/api/idle", "")
		if took := time.Since(at); took < 200*time.Millisecond || took > 250*time.Millisecond {
			t.Errorf("at rest after %v", took)
		}

		at = time.Now()
		r.service.setBusy("service: a text waits for more")
		time.AfterFunc(time.Second, func() { r.service.setBusy() })
		time.AfterFunc(1150*time.Millisecond, func() { r.service.setBusy("service: sending") })
		time.AfterFunc(1160*time.Millisecond, func() { r.service.setBusy() })
		r.must("POST", "/api/idle", `{"within":"5s"}`)
		if took := time.Since(at); took < 1360*time.Millisecond || took > 1400*time.Millisecond {
			t.Errorf("interrupted rest after %v", took)
		}

		r.must("POST", "/api/telegram/say", `{"as":"ayla","text":"x"}`)
		at = time.Now()
		status, body, _ := r.do("POST", "/api/idle", `{"within":"3s"}`)
		if status != http.StatusGatewayTimeout || !strings.Contains(body, "updates not yet confirmed") || time.Since(at) != 3*time.Second {
			t.Errorf("never at rest: %d %s after %v", status, body, time.Since(at))
		}
		r.bot("getUpdates", `{"offset":1099511627776}`)
		r.must("POST", "/api/idle", "")
	})
}
