// Package web is the service's own HTTP for other programs: tills and shops that bring orders and take codes.
package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
)

const (
	// maxBody is the largest request, in bytes.
	maxBody = 1 << 20
	// maxKey is the longest id of an order or a use, in bytes.
	maxKey = 200
)

// The facts that a source may be allowed to write.
const (
	factOrders   = "orders"
	factPhone    = "phone"
	factVouchers = "vouchers"
)

// Till takes orders and the use of codes from the sources of the operator's file. Every request is signed, see
// Signature; every change may be repeated without harm.
type Till struct {
	Programme *loyalty.Programme
	Sources   map[string]loyalty.Source
	Business  clock.Clock
	Real      clock.Clock // signatures
	Log       *slog.Logger
}

// Routes are the till's addresses.
func (t *Till) Routes() map[string]http.Handler {
	return map[string]http.Handler{
		"POST /v1/orders":              t.signed(t.order, factOrders),
		"GET /v1/customers":            t.signed(t.customer, factOrders, factVouchers),
		"POST /v1/vouchers/{code}/use": t.signed(t.use, factOrders, factVouchers),
	}
}

// call is a request that was signed by a source.
type call struct {
	*http.Request
	source string
	facts  []string
	body   []byte
}

// answer is what a handler found: a status and an object.
type answer struct {
	status int
	body   any
}

// refusal is an error that the caller can do something about.
type refusal struct {
	status        int
	code, message string
}

// Error implements error.
func (r *refusal) Error() string { return r.code + ": " + r.message }

func refuse(status int, code, format string, args ...any) error {
	return &refusal{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// signed reads the body, proves who sent it and answers in JSON.
func (t *Till) signed(handle func(ctx context.Context, c call) (answer, error), anyOf ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := t.serve(w, r, handle, anyOf)
		var no *refusal
		switch {
		case errors.As(err, &no):
			a = answer{no.status, map[string]string{"error": no.code, "message": no.message}}
		case err != nil:
			t.Log.Error("a request of a till failed", "path", r.URL.Path, "error", err.Error())
			a = answer{http.StatusInternalServerError, map[string]string{"error": "internal", "message": "try again with the same id; nothing happens twice"}}
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(a.status)
		_ = json.NewEncoder(w).Encode(a.body) // the caller is gone: there is nobody to tell
	})
}

func (t *Till) serve(w http.ResponseWriter, r *http.Request, handle func(context.Context, call) (answer, error), anyOf []string) (answer, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return answer{}, refuse(http.StatusRequestEntityTooLarge, "too_large", "a request has at most %d bytes", maxBody)
	}
	if err != nil {
		return answer{}, refuse(http.StatusBadRequest, "unreadable", "the request broke off")
	}
	name, source, err := t.verify(r, body)
	if err != nil {
		return answer{}, err
	}
	if !slices.ContainsFunc(anyOf, func(fact string) bool { return slices.Contains(source.Facts, fact) }) {
		return answer{}, refuse(http.StatusForbidden, "not_allowed", "sources.%s.facts does not have %s", name, anyOf[0])
	}
	return handle(r.Context(), call{Request: r, source: name, facts: source.Facts, body: body})
}

// decode reads the body strictly: a misspelt field would lose data in silence.
func (c call) decode(into any) error {
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return refuse(http.StatusBadRequest, "bad_json", "%s", badJSON(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, "bad_json", "there is more than one object")
	}
	return nil
}

// key is the caller's id of the change: in the body, or in the header Idempotency-Key.
func (c call) key(id string) (string, error) {
	if id == "" {
		id = c.Header.Get("Idempotency-Key")
	}
	if id == "" || len(id) > maxKey {
		return "", refuse(http.StatusUnprocessableEntity, "no_id", `give an "id" of at most %d bytes, so that a repeat is known`, maxKey)
	}
	return id, nil
}

// orderAnswer says what became of an order.
type orderAnswer struct {
	ID      string `json:"id"`
	State   string `json:"state"` // recorded, known, waiting (for the phone number to become known), returned
	Points  int64  `json:"points"`
	Balance int64  `json:"balance"`
	Owed    int64  `json:"owed,omitempty"`
}

// order takes a purchase, or its return.
func (t *Till) order(ctx context.Context, c call) (answer, error) {
	var d loyalty.Document
	err := c.decode(&d)
	if err != nil {
		return answer{}, err
	}
	if d.ID, err = c.key(d.ID); err != nil {
		return answer{}, err
	}
	o, err := d.Order(c.source, t.Programme.Currency)
	if err != nil {
		return answer{}, orderRefusal(err)
	}
	o.TellsPhone = slices.Contains(c.facts, factPhone)
	rec, err := t.Programme.Purchase(ctx, o, t.Business.Now())
	if err != nil {
		return answer{}, orderRefusal(err)
	}
	a := orderAnswer{ID: o.ID, State: "recorded", Points: rec.Points, Balance: rec.Balance, Owed: rec.Owed}
	status := http.StatusCreated
	switch {
	case rec.Customer == 0:
		a.State = "waiting"
	case o.Returned:
		a.State = "returned"
	case !rec.Fresh:
		a.State = "known"
	}
	if !rec.Fresh {
		status = http.StatusOK
	}
	return answer{status, a}, nil
}

// orderRefusal says what the till can do about an error; errors of ours pass.
func orderRefusal(err error) error {
	switch {
	case errors.Is(err, loyalty.ErrNobody):
		return refuse(http.StatusUnprocessableEntity, "nobody", `give the "code" of the card or a "phone"`)
	case errors.Is(err, loyalty.ErrUnknownCode):
		return refuse(http.StatusNotFound, "unknown_code", "nobody has a card of that code")
	case errors.Is(err, loyalty.ErrBadPhone):
		return refuse(http.StatusUnprocessableEntity, "bad_phone", "write the phone as +994501234567")
	case errors.Is(err, loyalty.ErrOrderChanged):
		return refuse(http.StatusConflict, "order_changed",
			`an order of that "id" is recorded with another total, currency or lines, and nothing was changed; use a new id for another order`)
	case errors.Is(err, loyalty.ErrBadOrder):
		return refuse(http.StatusUnprocessableEntity, "bad_order", "%s", strings.TrimPrefix(err.Error(), loyalty.ErrBadOrder.Error()+": "))
	}
	return err
}

// customerAnswer is what a till may see of a person: no name, no number.
type customerAnswer struct {
	Member   bool            `json:"member"`
	Tier     string          `json:"tier,omitempty"`
	Points   pointsAnswer    `json:"points"`
	Vouchers []voucherAnswer `json:"vouchers"`
}

type pointsAnswer struct {
	Spendable int64 `json:"spendable"`
	Pending   int64 `json:"pending"`
}

// maxVouchers is how many codes a till is shown.
const maxVouchers = 50

// customer finds a person by the card's code or by the phone.
func (t *Till) customer(ctx context.Context, c call) (answer, error) {
	who, err := t.find(ctx, c)
	if errors.Is(err, conversation.ErrNotFound) {
		return answer{}, refuse(http.StatusNotFound, "unknown_customer", "nobody has that card or phone")
	}
	if err != nil {
		return answer{}, err
	}
	now := t.Business.Now()
	a, err := t.Programme.ReadAccount(ctx, who, now)
	if err != nil {
		return answer{}, err
	}
	vouchers, err := t.Programme.Store.Vouchers(ctx, who, now, maxVouchers)
	if err != nil {
		return answer{}, err
	}
	out := customerAnswer{
		Member: a.Joined(), Tier: a.Member.Tier, Points: pointsAnswer{a.Spendable, a.Pending}, Vouchers: []voucherAnswer{},
	}
	for _, v := range vouchers {
		out.Vouchers = append(out.Vouchers, t.shown(v))
	}
	return answer{http.StatusOK, out}, nil
}

func (t *Till) find(ctx context.Context, c call) (conversation.CustomerID, error) {
	q := c.URL.Query()
	code, phone := q.Get("code"), q.Get("phone")
	switch {
	case (code == "") == (phone == ""):
		return 0, refuse(http.StatusUnprocessableEntity, "nobody", "ask by either code or phone")
	case code != "":
		return t.Programme.Store.FindByCard(ctx, loyalty.NormalCode(code))
	}
	normal, ok := loyalty.NormalPhone(phone)
	if !ok {
		return 0, orderRefusal(loyalty.ErrBadPhone)
	}
	return t.Programme.Store.FindByPhone(ctx, normal)
}

// voucherAnswer is a voucher as a till needs it.
type voucherAnswer struct {
	Code      string    `json:"code"`
	Reward    string    `json:"reward"`
	Title     string    `json:"title"`
	Kind      string    `json:"kind"`
	Percent   int64     `json:"percent,omitempty"`
	Value     string    `json:"value,omitempty"`
	Remaining string    `json:"remaining,omitempty"`
	Currency  string    `json:"currency,omitempty"`
	State     string    `json:"state"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	UsedAt    time.Time `json:"used_at,omitzero"`
	Repeated  bool      `json:"repeated,omitempty"` // the same use came before, and nothing changed
}

// shown is a voucher in the brand's default language and time zone.
func (t *Till) shown(v loyalty.Voucher) voucherAnswer {
	a := voucherAnswer{
		Code: v.Code, Reward: v.Reward, Title: t.Programme.Title(v.Reward), Kind: v.Kind, State: v.State,
		ExpiresAt: t.local(v.ExpiresAt), UsedAt: t.local(v.UsedAt),
	}
	c := config.Currency(v.Currency)
	switch v.Kind {
	case loyalty.KindPercent:
		a.Percent = v.Value
	case loyalty.KindAmount:
		a.Value, a.Currency = decimal(v.Value, c), v.Currency
	case loyalty.KindGiftCard:
		a.Value, a.Remaining, a.Currency = decimal(v.Value, c), decimal(v.Remaining, c), v.Currency
	}
	return a
}

func (t *Till) local(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return at.In(t.Programme.Zone)
}

// decimal writes minor units as a decimal number.
func decimal(minor int64, c config.Currency) string {
	digits := c.MinorDigits()
	text := fmt.Sprintf("%0*d", digits+1, minor)
	if digits == 0 {
		return text
	}
	return text[:len(text)-digits] + "." + text[len(text)-digits:]
}

// use takes a code, or an amount from a gift card.
func (t *Till) use(ctx context.Context, c call) (answer, error) {
	var in struct {
		ID     string         `json:"id"`
		Amount loyalty.Amount `json:"amount"`
		By     string         `json:"by"`
	}
	err := c.decode(&in)
	if err != nil {
		return answer{}, err
	}
	if in.ID, err = c.key(in.ID); err != nil {
		return answer{}, err
	}
	u := loyalty.Use{Code: c.PathValue("code"), Source: c.source, SourceID: in.ID, By: in.By, At: t.Business.Now()}
	if in.Amount != "" {
		if u.Amount, err = in.Amount.Minor(t.Programme.Currency); err != nil {
			return answer{}, refuse(http.StatusUnprocessableEntity, "bad_amount", "%s", err.Error())
		}
	}
	v, fresh, err := t.Programme.Use(ctx, u)
	if err != nil {
		return answer{}, t.useRefusal(err, v)
	}
	a := t.shown(v)
	a.Repeated = !fresh
	return answer{http.StatusOK, a}, nil
}

// useRefusal says why a code cannot be used.
func (t *Till) useRefusal(err error, v loyalty.Voucher) error {
	switch {
	case errors.Is(err, conversation.ErrNotFound):
		return refuse(http.StatusNotFound, "unknown_code", "there is no such code")
	case errors.Is(err, loyalty.ErrVoucherUsed):
		return refuse(http.StatusConflict, "used", "used on %s", t.local(v.UsedAt).Format(time.RFC3339))
	case errors.Is(err, loyalty.ErrVoucherExpired):
		return refuse(http.StatusGone, "expired", "expired on %s", t.local(v.ExpiresAt).Format(time.RFC3339))
	case errors.Is(err, loyalty.ErrVoucherCancelled):
		return refuse(http.StatusGone, "cancelled", "the code was cancelled")
	case errors.Is(err, loyalty.ErrVoucherTooSmall):
		return refuse(http.StatusConflict, "too_small", "left on the card: %s", decimal(v.Remaining, config.Currency(v.Currency)))
	}
	return err
}
