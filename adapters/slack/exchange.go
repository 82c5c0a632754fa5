package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
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

	reach      calling.Reach
	status     int // HTTP status, 0 without an answer
	answer     map[string]json.RawMessage
	answered   bool   // the body was a JSON object, or the plain words of an address
	scopes     string // what the token may do, as the platform told it, empty when it did not
	code       string // the platform's own word for what is wrong, empty for nothing
	retryAfter time.Duration
}

// call makes one call. The error is a *SendError.
func (a *Adapter) call(ctx context.Context, ex *exchange) (*exchange, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := a.do(ctx, ex)
	if err != nil && ctx.Err() == nil && !ex.reach.Written() && (errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)) {
		err = a.do(ctx, ex) // a kept connection was closed from the other side; an incomplete request cannot be carried out
	}
	if err == nil && ex.status >= 200 && ex.status < 300 && ex.answered && ex.code == "" {
		return ex, nil
	}
	return ex, failure(ex, err)
}

// do sends the request and reads the whole answer.
func (a *Adapter) do(ctx context.Context, ex *exchange) error {
	req, err := a.request(ex.reach.Follow(ctx), ex)
	if err != nil {
		return err
	}
	res, err := a.http.Do(req)
	if err != nil {
		return calling.WithoutURL(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswerBytes))
	if err != nil {
		return fmt.Errorf("read the answer: %w", calling.WithoutURL(err))
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
	ex.reach.SetBody(req, body)
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

// read takes the platform's words out of the answer.
func (ex *exchange) read(res *http.Response, body []byte) {
	ex.status = res.StatusCode
	ex.retryAfter = calling.HeaderSeconds(res.Header, "Retry-After")
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
