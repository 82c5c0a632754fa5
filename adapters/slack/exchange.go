package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// maxAnswerBytes bounds what is read of one answer. A page of 1000 channels is far below it.
const maxAnswerBytes = 8 << 20

const userAgent = "Rapport (https://github.com/rapport-chat/rapport)"

// exchange is one call and what became of it. It is sent as a form, which every method takes, or as JSON, which only
// those take that write. Source: docs.slack.dev/apis/web-api.
type exchange struct {
	method  string     // such as chat.postMessage
	form    url.Values // a call that reads
	payload any        // a call that writes
	token   string     // the bot's when empty
	repeat  bool       // made twice it does no harm

	// A call to an address that the platform gave, with credentials of its own: no token is sent. The address is a
	// secret and never shown.
	address string
	raw     []byte // what is sent there when it is no JSON
	kind    string // the content type of raw

	written    atomic.Bool // the whole request may have reached the platform
	status     int         // HTTP status, 0 without an answer
	answer     map[string]json.RawMessage
	answered   bool   // the body was a JSON object, or the plain words of an address
	scopes     string // what the token may do, as the platform told it, empty when it did not
	code       string // the platform's own word for what is wrong, empty for nothing
	retryAfter time.Duration
}

// newTransport is http.DefaultTransport with bounds on every step.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ExpectContinueTimeout: time.Second,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          64,
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       20 * time.Second,
	}
}

// call makes one call. The error is a *SendError.
func (a *Adapter) call(ctx context.Context, ex *exchange) (*exchange, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := a.do(ctx, ex)
	if err != nil && ctx.Err() == nil && !ex.written.Load() && (errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)) {
		err = a.do(ctx, ex) // a kept connection was closed from the other side; an incomplete request cannot be carried out
	}
	if err == nil && ex.status >= 200 && ex.status < 300 && ex.answered && ex.code == "" {
		return ex, nil
	}
	return ex, failure(ex, err)
}

// do sends the request and reads the whole answer.
func (a *Adapter) do(ctx context.Context, ex *exchange) error {
	req, err := a.request(httptrace.WithClientTrace(ctx, ex.trace()), ex)
	if err != nil {
		return err
	}
	res, err := a.http.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswerBytes))
	if err != nil {
		return fmt.Errorf("read the answer: %w", withoutURL(err))
	}
	ex.read(res, body)
	return nil
}

func (a *Adapter) request(ctx context.Context, ex *exchange) (*http.Request, error) {
	body, kind, err := ex.encode()
	if err != nil {
		return nil, err
	}
	address := ex.address
	if address == "" {
		address = a.apiURL + "/" + ex.method
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, nil)
	if err != nil {
		return nil, errors.New("the address of the call is none") // err holds the address
	}
	req.ContentLength = int64(len(body))
	req.GetBody = func() (io.ReadCloser, error) {
		return &watchedBody{rest: bytes.NewReader(body), ended: func() { ex.written.Store(true) }}, nil
	}
	if req.Body, err = req.GetBody(); err != nil {
		return nil, err
	}
	if len(body) == 0 {
		req.Body = http.NoBody
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("User-Agent", userAgent)
	if ex.address == "" {
		token := ex.token
		if token == "" {
			token = a.botToken
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req, nil
}

// encode makes the body.
func (ex *exchange) encode() (body []byte, kind string, err error) {
	switch {
	case ex.raw != nil:
		return ex.raw, ex.kind, nil
	case ex.payload != nil:
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(ex.payload); err != nil {
			return nil, "", fmt.Errorf("build the request: %w", err)
		}
		return b.Bytes(), "application/json; charset=utf-8", nil
	}
	return []byte(ex.form.Encode()), "application/x-www-form-urlencoded", nil
}

// trace follows how far the request came. A transport without tracing leaves the word to watchedBody.
func (ex *exchange) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { ex.written.Store(false) }, // a new try: nothing was written by the one before
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			// An incomplete request cannot be carried out. After a deadline nobody can tell how far it came.
			if info.Err != nil && !errors.Is(info.Err, context.DeadlineExceeded) && !errors.Is(info.Err, context.Canceled) {
				ex.written.Store(false)
				return
			}
			ex.written.Store(true)
		},
	}
}

// watchedBody tells when the transport has taken all of it, which is before it is written.
type watchedBody struct {
	rest  *bytes.Reader
	ended func()
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.rest.Read(p)
	if b.rest.Len() == 0 {
		b.ended()
	}
	return n, err
}

func (b *watchedBody) Close() error { return nil }

// read takes the platform's words out of the answer.
func (ex *exchange) read(res *http.Response, body []byte) {
	ex.status = res.StatusCode
	if s, err := strconv.ParseFloat(strings.TrimSpace(res.Header.Get("Retry-After")), 64); err == nil {
		ex.retryAfter = seconds(s)
	}
	ex.scopes = res.Header.Get("X-OAuth-Scopes")
	ex.answer = object(body)
	ex.answered = ex.answer != nil
	switch {
	case ex.answered && !truth(ex.answer["ok"]):
		ex.code = text(ex.answer["error"])
		if ex.code == "" {
			ex.code = "unknown"
		}
	case ex.answered:
	case ex.address != "": // answers plain words: "ok", or what is wrong
		ex.answered = true
		if word := strings.TrimSpace(string(body)); res.StatusCode >= 300 {
			ex.code = word
		}
	}
	if !isWord(ex.code) { // not one of the platform's words: it may hold anything
		ex.code = "unknown"
	}
}

// isWord says whether s looks like the platform's error strings, or is empty.
func isWord(s string) bool {
	return len(s) <= 80 && !strings.ContainsFunc(s, func(c rune) bool {
		return c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z')
	})
}

// seconds is a platform's waiting time, kept to a sensible range.
func seconds(s float64) time.Duration {
	if math.IsNaN(s) {
		return 0
	}
	return time.Duration(min(max(s, 0), 24*3600) * float64(time.Second))
}

// withoutURL takes the address, which may be a secret, out of an error of net/http.
func withoutURL(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}

// eachPage reads a list page by page, until it ends or found answers false. limit bounds the number of pages.
func (a *Adapter) eachPage(ctx context.Context, method string, form url.Values, limit int, found func(answer map[string]json.RawMessage) bool) error {
	cursor := ""
	for range limit {
		f := maps.Clone(form)
		if cursor != "" {
			f.Set("cursor", cursor)
		}
		ex, err := a.call(ctx, &exchange{method: method, form: f, repeat: true})
		if err != nil {
			return err
		}
		if !found(ex.answer) {
			return nil
		}
		if cursor = text(object(ex.answer["response_metadata"])["next_cursor"]); cursor == "" {
			return nil
		}
	}
	return nil
}
