package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/texts"
	"github.com/rapport-chat/rapport/web"
)

const (
	tillSecret = "the till's secret"
	file       = `
points: {hold: 2d, earn: {purchase: {per: {AZN: 1}, points: 1, categories: {beans: 2}}}}
rewards:
  latte: {points: 10, title: {en: Free latte, az: Pulsuz latte}}
  card: {points: 10, kind: gift_card, value: 20, title: Gift card}
sources:
  till: {secret: "the till's secret", facts: [orders, phone]}
  kiosk: {secret: another secret, facts: [vouchers]}
`
)

// shop is a till's addresses over a real database, on a real clock that stands still for signatures.
type shop struct {
	t       *testing.T
	db      *persistence.DB
	p       *loyalty.Programme
	clock   *clock.Movable
	real    *clock.Movable
	handler http.Handler
}

func newShop(t *testing.T, url string) *shop {
	t.Helper()
	s := &shop{t: t, clock: clock.NewMovable(0), real: clock.NewMovable(0)}
	var err error
	if s.db, err = persistence.Open(t.Context(), url, persistence.Options{Clock: s.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var set struct {
		Points  *loyalty.Config            `yaml:"points"`
		Rewards config.Map[loyalty.Reward] `yaml:"rewards"`
		Sources config.Map[loyalty.Source] `yaml:"sources"`
	}
	doc, r := config.Parse("rapport.yaml", []byte(file), config.Options{})
	config.Decode(doc.Root, &set, r)
	if r.HasErrors() {
		t.Fatal(r.Problems())
	}
	s.p = loyalty.New(loyalty.Sections{Points: set.Points, Rewards: &set.Rewards})
	s.p.Currency, s.p.Languages, s.p.Store = "AZN", language.All, s.db.Loyalty()
	if s.p.Texts, err = texts.Load(); err != nil {
		t.Fatal(err)
	}
	till := web.Till{
		Programme: s.p, Sources: map[string]loyalty.Source{}, Business: s.clock, Real: s.real, Log: slog.New(slog.DiscardHandler),
	}
	for id, source := range set.Sources.All() {
		till.Sources[id] = *source
	}
	mux := http.NewServeMux()
	for pattern, h := range till.Routes() {
		mux.Handle(pattern, h)
	}
	s.handler = mux
	return s
}

// member makes somebody a member and answers the record and the card.
func (s *shop) member(name string) (conversation.CustomerID, string) {
	s.t.Helper()
	_, err := s.db.Conversations().Accept(s.t.Context(), conversation.Inbound{
		Address: conversation.Address{Channel: "telegram", Account: "telegram:1", Chat: name}, EventID: name, Kind: conversation.KindBack,
		From: conversation.Sender{UserID: name}, Private: true, At: s.clock.Now(),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	who, err := s.db.FindCustomer(s.t.Context(), "telegram", name)
	if err != nil {
		s.t.Fatal(err)
	}
	var m loyalty.Member
	err = s.p.Store.ForCustomer(s.t.Context(), who, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
		m, _, err = s.p.Join(ctx, tx, who, "till", s.clock.Now())
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return who, m.Card
}

// redeem gives somebody a reward and answers its code.
func (s *shop) redeem(who conversation.CustomerID, reward string) string {
	s.t.Helper()
	var got loyalty.Redeemed
	err := s.p.Store.ForCustomer(s.t.Context(), who, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) (err error) {
		got, err = s.p.Redeem(ctx, tx, who, reward, reward, s.clock.Now())
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return got.Voucher.Code
}

// answer is what a request came to.
type answer struct {
	status int
	text   string
	body   map[string]any
}

// request signs and makes a request; change may spoil it.
func (s *shop) request(method, path, body string, change ...func(*http.Request)) answer {
	s.t.Helper()
	stamp := strconv.FormatInt(s.real.Now().Unix(), 10)
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set(web.HeaderSource, "till")
	r.Header.Set(web.HeaderTimestamp, stamp)
	r.Header.Set(web.HeaderSignature, web.Signature(tillSecret, stamp, method, path, []byte(body)))
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	raw, err := io.ReadAll(w.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := answer{status: w.Code, text: string(raw)}
	if err := json.Unmarshal(raw, &a.body); err != nil {
		s.t.Fatalf("%s %s answers what is no JSON: %s", method, path, raw)
	}
	if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
		s.t.Errorf("the answer is %s", got)
	}
	return a
}

func (s *shop) want(a answer, status int, pairs ...any) {
	s.t.Helper()
	if a.status != status {
		s.t.Errorf("status %d, want %d: %s", a.status, status, a.text)
	}
	for i := 0; i < len(pairs); i += 2 {
		if got := fmt.Sprint(a.body[pairs[i].(string)]); got != fmt.Sprint(pairs[i+1]) {
			s.t.Errorf("%s is %s, want %v: %s", pairs[i], got, pairs[i+1], a.text)
		}
	}
}

func TestOrders(t *testing.T) {
	t.Parallel()
	migrated.OnBoth(t, func(t *testing.T, url string) {
		s := newShop(t, url)
		_, card := s.member("ayla")
		order := `{"id":"r1","code":"` + loyalty.ShownCode(card) + `","phone":"+994 50 123 45 67","total":12.50,"lines":[{"category":"beans","total":"10.00"}]}`
		s.want(s.request("POST", "/v1/orders", order), 201, "state", "recorded", "points", 22, "balance", 22)
		s.want(s.request("POST", "/v1/orders", order), 200, "state", "known", "points", 22, "balance", 22)
		s.want(s.request("POST", "/v1/orders", strings.Replace(order, "12.50", "13", 1)), 409, "error", "order_changed")
		s.want(s.request("GET", "/v1/customers?phone=%2B994501234567", ""), 200, "member", true)
		s.want(s.request("POST", "/v1/orders", `{"code":"`+card+`","total":1}`, func(r *http.Request) { r.Header.Set("Idempotency-Key", "r2") }),
			201, "id", "r2")
		s.want(s.request("POST", "/v1/orders", `{"id":"r3","phone":"+994551112233","total":5}`), 201, "state", "waiting", "points", 0)
		s.want(s.request("POST", "/v1/orders", `{"id":"r1","total":12.5,"returned":true,"lines":[{"category":"beans","total":"10.00"}]}`),
			200, "state", "returned", "points", -22, "balance", 1)
		for body, code := range map[string]string{
			`{"id":"x","total":5}`:                                          "nobody",
			`{"id":"x","code":"11111111","total":5}`:                        "unknown_code",
			`{"id":"x","phone":"0501234567","total":5}`:                     "bad_phone",
			`{"id":"x","code":"` + card + `","total":5.555}`:                "bad_order",
			`{"id":"x","code":"` + card + `","total":5,"currency":"manat"}`: "bad_order",
			`{"id":"x","code":"` + card + `","total":-5}`:                   "bad_order",
			`{"code":"` + card + `","total":5}`:                             "no_id",
			`{"id":"` + strings.Repeat("x", 201) + `","total":5}`:           "no_id",
			`{"id":"x","totl":5}`:                                           "bad_json",
			`{"id":"x"} {}`:                                                 "bad_json",
			`[]`:                                                            "bad_json",
			``:                                                              "bad_json",
		} {
			a := s.request("POST", "/v1/orders", body)
			s.want(a, a.status, "error", code)
			if a.status < 400 || a.status > 499 || a.body["message"] == "" {
				t.Errorf("%s answers %d %s", body, a.status, a.text)
			}
		}
	})
}

// TestWhatIsWrongWithAnOrderIsSaid: each refusal names the field and what to write, and nothing of our source.
func TestWhatIsWrongWithAnOrderIsSaid(t *testing.T) {
	t.Parallel()
	s := newShop(t, migrated.SQLite(t))
	_, card := s.member("ayla")
	s.want(s.request("POST", "/v1/orders", `{"id":"once","code":"`+card+`","total":5}`), 201)
	for _, tt := range []struct {
		body   string
		status int
		says   []string
	}{
		{`{"id":"a","code":"CARD","total":5,"currency":"QQQ"}`, 422, []string{"currency", "QQQ", "AZN"}},
		{`{"id":"a","code":"CARD","total":5,"currency":"manat"}`, 422, []string{"currency", "manat", "AZN"}},
		{`{"id":"a","code":"CARD","total":0}`, 422, []string{"total", "0"}},
		{`{"id":"a","code":"CARD"}`, 422, []string{"total"}},
		{`{"id":"a","code":"CARD","total":"x"}`, 422, []string{"total", "49.90"}},
		{`{"id":"a","code":"CARD","total":5,"lines":[{"total":3},{"total":2.01}]}`, 422, []string{"lines", "total 5"}},
		{`{"id":"a","code":"CARD","total":5,"lines":[{"total":"x"}]}`, 422, []string{"lines", "line 1", "49.90"}},
		{`{"id":"once","code":"CARD","total":6}`, 409, []string{"id", "total, currency or lines", "new id"}},
		{`{"id":"once","code":"CARD","total":5,"lines":[{"total":5}]}`, 409, []string{"nothing was changed"}},
		{`[]`, 400, []string{"an array", "one JSON object"}},
		{`"x"`, 400, []string{"a string", "one JSON object"}},
		{`{"id":5}`, 400, []string{"id", "a number"}},
		{`{"lines":[{"quantity":1.5}]}`, 400, []string{"lines", "quantity", "a number 1.5"}},
		{`{"at":"yesterday"}`, 400, []string{"at", "yesterday", "2026-12-02T14:05:00+04:00"}},
		{`{"id":`, 400, []string{"breaks off"}},
		{`{id}`, 400, []string{"byte 2"}},
		{``, 400, []string{"empty"}},
		{`{"totl":5}`, 400, []string{"unknown field", "totl"}},
	} {
		a := s.request("POST", "/v1/orders", strings.ReplaceAll(tt.body, "CARD", card))
		message, _ := a.body["message"].(string)
		if a.status != tt.status {
			t.Errorf("%s answers %d %s, want %d", tt.body, a.status, a.text, tt.status)
		}
		for _, want := range tt.says {
			if !strings.Contains(message, want) {
				t.Errorf("%s: %q does not say %q", tt.body, message, want)
			}
		}
		for _, ours := range []string{"loyalty", "Document", "Go ", "json:", "struct", "2006-01-02"} {
			if strings.Contains(message, ours) {
				t.Errorf("%s: %q says %q", tt.body, message, ours)
			}
		}
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	s := newShop(t, migrated.SQLite(t))
	_, card := s.member("ayla")
	path := "/v1/customers?code=" + card
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	at := func(d time.Duration) func(*http.Request) {
		stamp := strconv.FormatInt(s.real.Now().Add(d).Unix(), 10)
		return func(r *http.Request) {
			r.Header.Set(web.HeaderTimestamp, stamp)
			r.Header.Set(web.HeaderSignature, web.Signature(tillSecret, stamp, "GET", path, nil))
		}
	}
	for name, tt := range map[string]struct {
		change func(*http.Request)
		status int
		code   string
	}{
		"good":                  {at(0), 200, ""},
		"a little late":         {at(-4 * time.Minute), 200, ""},
		"too late":              {at(-6 * time.Minute), 401, "stale"},
		"from the future":       {at(6 * time.Minute), 401, "stale"},
		"an unknown source":     {header(web.HeaderSource, "nobody"), 401, "bad_signature"},
		"no source":             {header(web.HeaderSource, ""), 401, "bad_signature"},
		"another source's":      {header(web.HeaderSource, "kiosk"), 401, "bad_signature"},
		"no signature":          {header(web.HeaderSignature, ""), 401, "bad_signature"},
		"no hex":                {header(web.HeaderSignature, "zz"), 401, "bad_signature"},
		"another time":          {header(web.HeaderTimestamp, "1"), 401, "bad_signature"},
		"signed for other path": {func(r *http.Request) { r.URL.RawQuery = "code=1" }, 401, "bad_signature"},
		"signed for other body": {func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("x")) }, 401, "bad_signature"},
		"a time in words": {func(r *http.Request) {
			r.Header.Set(web.HeaderTimestamp, "now")
			r.Header.Set(web.HeaderSignature, web.Signature(tillSecret, "now", "GET", path, nil))
		}, 401, "bad_timestamp"},
	} {
		a := s.request("GET", path, "", tt.change)
		if a.status != tt.status || tt.code != "" && a.body["error"] != tt.code {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, a.text, tt.status, tt.code)
		}
		if strings.Contains(a.text, tillSecret) {
			t.Errorf("%s: the answer tells the secret", name)
		}
	}
	s.clock.MoveTo(s.clock.Now().Add(48 * time.Hour)) // the business clock has nothing to do with it
	s.want(s.request("GET", path, ""), 200)
	big := s.request("POST", "/v1/orders", strings.Repeat(" ", 2<<20))
	s.want(big, 413, "error", "too_large")
}

func TestASourceWritesOnlyItsFacts(t *testing.T) {
	t.Parallel()
	s := newShop(t, migrated.SQLite(t))
	_, card := s.member("ayla")
	body := `{"id":"1","code":"` + card + `","total":5}`
	kiosk := func(method, path, body string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set(web.HeaderSource, "kiosk")
			r.Header.Set(web.HeaderSignature, web.Signature("another secret", r.Header.Get(web.HeaderTimestamp), method, path, []byte(body)))
		}
	}
	s.want(s.request("POST", "/v1/orders", body, kiosk("POST", "/v1/orders", body)), 403, "error", "not_allowed")
	s.want(s.request("GET", "/v1/customers?code="+card, "", kiosk("GET", "/v1/customers?code="+card, "")), 200)
}

func TestVouchers(t *testing.T) {
	t.Parallel()
	migrated.OnBoth(t, func(t *testing.T, url string) {
		s := newShop(t, url)
		who, card := s.member("ayla")
		s.want(s.request("POST", "/v1/orders", `{"id":"1","code":"`+card+`","total":100,"at":"`+s.clock.Now().Add(-72*time.Hour).Format(time.RFC3339)+`"}`), 201)
		latte, gift := s.redeem(who, "latte"), s.redeem(who, "card")
		a := s.request("GET", "/v1/customers?code="+card, "")
		s.want(a, 200, "points", map[string]any{"spendable": 80, "pending": 0})
		if n := len(a.body["vouchers"].([]any)); n != 2 || !strings.Contains(a.text, `"remaining":"20.00"`) || !strings.Contains(a.text, "Pulsuz latte") {
			t.Errorf("the till sees %s, want two codes, one with 20.00 left", a.text)
		}
		use := "/v1/vouchers/" + strings.ToLower(loyalty.ShownCode(latte)) + "/use"
		s.want(s.request("POST", use, `{"id":"r1","by":"Nigar"}`), 200, "state", "used", "kind", "free_item", "repeated", nil)
		s.want(s.request("POST", use, `{"id":"r1","by":"Nigar"}`), 200, "state", "used", "repeated", true)
		s.want(s.request("POST", use, `{"id":"r2"}`), 409, "error", "used")
		s.want(s.request("POST", use, `{}`), 422, "error", "no_id")
		use = "/v1/vouchers/" + gift + "/use"
		s.want(s.request("POST", use, `{"id":"r3","amount":"15.50"}`), 200, "state", "valid", "remaining", "4.50", "value", "20.00", "currency", "AZN")
		s.want(s.request("POST", use, `{"id":"r4","amount":5}`), 409, "error", "too_small")
		s.want(s.request("POST", use, `{"id":"r5"}`), 409, "error", "too_small")
		s.want(s.request("POST", use, `{"id":"r5","amount":"x"}`), 422, "error", "bad_amount")
		s.want(s.request("POST", use, `{"id":"r6","amount":4.5}`), 200, "state", "used")
		s.want(s.request("POST", "/v1/vouchers/ABCDEFGH/use", `{"id":"r7"}`), 404, "error", "unknown_code")
		s.want(s.request("GET", "/v1/customers?code=1", ""), 404, "error", "unknown_customer")
		s.want(s.request("GET", "/v1/customers", ""), 422, "error", "nobody")
	})
}

// TestTheDocumentedSignature keeps docs/orders.md honest: what it says openssl prints is what the service checks.
func TestTheDocumentedSignature(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/orders.md")
	if err != nil {
		t.Fatal(err)
	}
	want := web.Signature("s3cret", "1796194800", "POST", "/v1/orders", []byte(`{"id":"r-1","code":"48210937","total":12.50}`))
	if !strings.Contains(string(doc), want) {
		t.Errorf("docs/orders.md lacks the signature %s of its example", want)
	}
}
