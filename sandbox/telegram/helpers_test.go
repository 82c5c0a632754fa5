package telegram_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/telegram"
)

const token = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// unlimited is for tests that are not about the pace.
var unlimited = telegram.Limits{PerSecond: -1, PerChat: -1, PerGroupMinute: -1}

// open makes a look-alike that is closed at the end of the test.
func open(t *testing.T, cfg telegram.Config) *telegram.Lookalike {
	t.Helper()
	if cfg.Token == "" {
		cfg.Token = token
	}
	l, err := telegram.New(cfg)
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

// bot is the least client that can be: it posts JSON.
type bot struct {
	t    *testing.T
	http *http.Client
	base string
}

// inMemory reaches the look-alike without sockets.
func inMemory(t *testing.T, l *telegram.Lookalike) bot {
	t.Helper()
	return bot{t: t, http: &http.Client{Transport: lookalike.Transport(l.Handler())}, base: "http://telegram.test"}
}

// overSockets reaches it over loopback.
func overSockets(t *testing.T, l *telegram.Lookalike) bot {
	t.Helper()
	s := httptest.NewServer(l.Handler())
	t.Cleanup(s.Close)
	return bot{t: t, http: s.Client(), base: s.URL}
}

// reply is the envelope of every answer.
type reply struct {
	Status      int
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter int `json:"retry_after"`
	} `json:"parameters"`
}

type obj = map[string]any

func (b bot) call(method string, params obj) reply {
	b.t.Helper()
	r, err := b.try(token, method, params)
	if err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	return r
}

func (b bot) try(token, method string, params obj) (reply, error) {
	body, err := json.Marshal(params)
	if err != nil {
		return reply{}, err
	}
	return b.postAs(b.t.Context(), token, method, "application/json", body)
}

// post is a call with a body of any kind.
func (b bot) post(ctx context.Context, method, kind string, body []byte) (reply, error) {
	return b.postAs(ctx, token, method, kind, body)
}

func (b bot) postAs(ctx context.Context, token, method, kind string, body []byte) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.base+"/bot"+token+"/"+method, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Content-Type", kind)
	return b.do(req)
}

func (b bot) do(req *http.Request) (reply, error) {
	res, err := b.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{}, err
	}
	if err := res.Body.Close(); err != nil {
		return reply{}, err
	}
	r := reply{Status: res.StatusCode}
	if strings.HasPrefix(string(data), "{") {
		err = json.Unmarshal(data, &r)
	}
	return r, err
}

// must is a call that has to succeed; its result is read into out unless that is nil.
func (b bot) must(method string, params obj, out any) {
	b.t.Helper()
	r := b.call(method, params)
	if !r.OK {
		b.t.Fatalf("%s: %d %s", method, r.Code, r.Description)
	}
	if out != nil {
		if err := json.Unmarshal(r.Result, out); err != nil {
			b.t.Fatalf("%s: decode %s: %v", method, r.Result, err)
		}
	}
}

// refused is a call that has to fail with exactly this.
func (b bot) refused(method string, params obj, code int, description string) {
	b.t.Helper()
	r := b.call(method, params)
	if r.OK || r.Status != code || r.Code != code || r.Description != description {
		b.t.Errorf("%s(%v):\n got %d %d %q\nwant %d %q", method, params, r.Status, r.Code, r.Description, code, description)
	}
}

type sent struct {
	ID        int    `json:"message_id"`
	Text      string `json:"text"`
	Caption   string `json:"caption"`
	Date      int64  `json:"date"`
	Chat      obj    `json:"chat"`
	From      obj    `json:"from"`
	Entities  []obj  `json:"entities"`
	Photo     []obj  `json:"photo"`
	Markup    obj    `json:"reply_markup"`
	Contact   obj    `json:"contact"`
	ReplyTo   *sent  `json:"reply_to_message"`
	Voice     obj    `json:"voice"`
	EditDate  int64  `json:"edit_date"`
	Document  obj    `json:"document"`
	CapEntity []obj  `json:"caption_entities"`
}

type update struct {
	ID      int64 `json:"update_id"`
	Message *sent `json:"message"`
	Edited  *sent `json:"edited_message"`
	Query   *struct {
		ID      string `json:"id"`
		Data    string `json:"data"`
		From    obj    `json:"from"`
		Message sent   `json:"message"`
	} `json:"callback_query"`
	Member obj `json:"my_chat_member"`
}

// poll fetches what waits, without waiting.
func (b bot) poll(offset int64) []update {
	b.t.Helper()
	var out []update
	b.must("getUpdates", obj{"offset": offset}, &out)
	return out
}

// person introduces somebody and answers the id of the private chat.
func person(t *testing.T, l *telegram.Lookalike, name, locale string) string {
	t.Helper()
	p, err := l.Introduce(lookalike.Person{Name: name, Locale: locale})
	if err != nil {
		t.Fatalf("introduce %s: %v", name, err)
	}
	return p.ID
}

func say(t *testing.T, l *telegram.Lookalike, as, text string) string {
	t.Helper()
	id, err := l.Say(t.Context(), lookalike.Say{As: as, Text: text})
	if err != nil {
		t.Fatalf("%s says %q: %v", as, text, err)
	}
	return id
}
