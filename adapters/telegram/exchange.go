package telegram

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
)

const (
	// maxAnswerBytes bounds what is read of one answer. A page of 100 updates is far below it.
	maxAnswerBytes = 16 << 20
	// maxRequestBytes bounds one upload. Source: core.telegram.org/bots/api#sending-files, 50 MB (November 2026).
	maxRequestBytes = 52 << 20
	// clientTimeout is the longest that any call may take, the long poll included.
	clientTimeout = 60 * time.Second
)

// exchange is what is known of one call: how far the request came, and the platform's own words. It is read here
// rather than from the client library's errors, which lose the HTTP status, and turn a call that was done into a failed
// one when its answer holds something that the library's version does not know.
type exchange struct {
	method string
	reach  calling.Reach
	err    error // no complete answer: why, without the address, which holds the token

	status      int  // HTTP status, 0 without an answer
	answered    bool // the body was an answer of the Bot API
	ok          bool
	code        int // error_code, or the HTTP status
	description string
	retryAfter  time.Duration
	migrateTo   int64
	result      json.RawMessage
}

type exchangeKey struct{}

// client makes the HTTP calls, for the poller and for the library alike.
type client struct {
	http *http.Client
}

func newClient(rt http.RoundTripper) client {
	return client{http: calling.NewClient(rt, clientTimeout)}
}

// Do makes the call for the library. The request's context carries the exchange to fill.
func (c client) Do(req *http.Request) (*http.Response, error) {
	ex, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		ex = &exchange{}
	}
	body, err := c.do(req, ex)
	if err != nil {
		ex.err = err
		return nil, err
	}
	return &http.Response{
		StatusCode: ex.status, Status: http.StatusText(ex.status), Request: req, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// do sends the request and reads the whole answer into ex.
func (c client) do(req *http.Request, ex *exchange) ([]byte, error) {
	req, err := c.replayable(req, ex)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, calling.WithoutURL(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswerBytes))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", calling.WithoutURL(err))
	}
	ex.read(res, body)
	return body, nil
}

// replayable gives the request a body of known length that can be sent again. The library streams its own through a
// pipe, which Go cannot repeat even when a stale connection took nothing of it.
func (c client) replayable(req *http.Request, ex *exchange) (*http.Request, error) {
	var body []byte
	if req.Body != nil {
		var err error
		body, err = io.ReadAll(io.LimitReader(req.Body, maxRequestBytes+1))
		if cerr := req.Body.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return nil, fmt.Errorf("build the request: %w", err)
		}
		if len(body) > maxRequestBytes {
			return nil, errTooLarge
		}
	}
	out := req.Clone(ex.reach.Follow(req.Context()))
	ex.reach.SetBody(out, body)
	return out, nil
}

// answer is the Bot API's envelope, read leniently: a self-hosted server may send numbers as text, or nulls.
type answer struct {
	OK          json.RawMessage `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Code        json.RawMessage `json:"error_code"`
	Description json.RawMessage `json:"description"`
	Parameters  json.RawMessage `json:"parameters"`
}

func (ex *exchange) read(res *http.Response, body []byte) {
	ex.status, ex.code = res.StatusCode, res.StatusCode
	if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil {
		ex.retryAfter = seconds(int64(s))
	}
	var a answer
	if json.Unmarshal(body, &a) != nil || len(a.OK) == 0 {
		return
	}
	ex.answered = true
	ex.ok = truth(a.OK)
	ex.result = a.Result
	if ex.ok {
		return
	}
	if code, ok := number(a.Code); ok {
		ex.code = int(code)
	}
	ex.description = text(a.Description)
	var p struct {
		RetryAfter json.RawMessage `json:"retry_after"`
		Migrate    json.RawMessage `json:"migrate_to_chat_id"`
	}
	if json.Unmarshal(a.Parameters, &p) == nil {
		if s, ok := number(p.RetryAfter); ok {
			ex.retryAfter = seconds(s)
		}
		ex.migrateTo, _ = number(p.Migrate)
	}
}

// seconds is a platform's waiting time, kept to a sensible range.
func seconds(s int64) time.Duration {
	return time.Duration(min(max(s, 0), 7*24*3600)) * time.Second
}
