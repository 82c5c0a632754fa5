package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
)

// maxAnswerBytes bounds what is read of one answer. A page of 100 messages is far below it.
const maxAnswerBytes = 8 << 20

// userAgent is the form that the platform asks for; others are blocked by its proxy.
// Source: docs.discord.com/developers/reference#user-agent.
const userAgent = "DiscordBot (https://github.com/rapport-chat/rapport, 1)"

// exchange is one call and what became of it.
type exchange struct {
	what   string // for operators: what the call does, without ids and secrets
	verb   string
	path   string // below /api/v9/; may hold an interaction's token, so it is never shown
	body   []byte // the answer
	lent   bool   // the path holds its own credentials: the bot's token is not sent
	repeat bool   // made twice it does no harm

	// What is sent.
	payload any
	files   []upload

	reach      calling.Reach
	status     int  // HTTP status, 0 without an answer
	answered   bool // the body was JSON
	code       int  // the platform's own code, 0 for none
	message    string
	retryAfter time.Duration
	global     bool
	shared     bool          // a 429 that does not count against us
	exhausted  time.Duration // no further call of this kind is allowed for so long
}

// upload is a file that goes along.
type upload struct {
	name string
	data []byte
}

// call makes one call. The error is a *SendError.
func (a *Adapter) call(ctx context.Context, ex *exchange) (*exchange, error) {
	if wait := a.invalid.wait(time.Now()); wait > 0 && !ex.lent {
		return ex, a.overBudget(ex, wait)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := a.do(ctx, ex)
	if err == nil && ex.status >= 200 && ex.status < 300 {
		return ex, nil
	}
	if a.invalid.count(ex, time.Now()) {
		a.log.Error("the platform has refused so many calls that none is made for some minutes: it would block our address",
			"refused", budgetLimit, "minutes", budgetMinutes)
	}
	return ex, a.failure(ex, err)
}

// do sends the request and reads the whole answer.
func (a *Adapter) do(ctx context.Context, ex *exchange) error {
	body, kind, err := ex.encode()
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ex.reach.Follow(ctx), ex.verb, a.apiURL+"/api/v9/"+ex.path, nil)
	if err != nil {
		return errors.New("api_url is not an address")
	}
	if body != nil {
		ex.reach.SetBody(req, body)
		req.Header.Set("Content-Type", kind)
	}
	req.Header.Set("User-Agent", userAgent)
	if !ex.lent {
		req.Header.Set("Authorization", "Bot "+a.token)
	}
	res, err := a.http.Do(req)
	if err != nil {
		return calling.WithoutURL(err)
	}
	defer res.Body.Close()
	if ex.body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswerBytes)); err != nil {
		return fmt.Errorf("read the answer: %w", calling.WithoutURL(err))
	}
	ex.read(res)
	return nil
}

// encode makes the body: JSON, or a form when files go along.
func (ex *exchange) encode() (body []byte, kind string, err error) {
	if ex.payload == nil {
		return nil, "", nil
	}
	if body, err = json.Marshal(ex.payload); err != nil {
		return nil, "", fmt.Errorf("build the request: %w", err)
	}
	if len(ex.files) == 0 {
		return body, "application/json", nil
	}
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	head := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="payload_json"`}, "Content-Type": {"application/json"}}
	part, err := form.CreatePart(head)
	if err == nil {
		_, err = part.Write(body)
	}
	for i, f := range ex.files {
		if err != nil {
			break
		}
		if part, err = form.CreateFormFile("files["+strconv.Itoa(i)+"]", f.name); err == nil {
			_, err = part.Write(f.data)
		}
	}
	if err := errors.Join(err, form.Close()); err != nil {
		return nil, "", fmt.Errorf("build the request: %w", err)
	}
	return b.Bytes(), form.FormDataContentType(), nil
}

// read takes the platform's words out of the answer.
func (ex *exchange) read(res *http.Response) {
	ex.status = res.StatusCode
	ex.answered = json.Valid(ex.body) && len(ex.body) > 0
	ex.retryAfter = calling.HeaderSeconds(res.Header, "Retry-After")
	ex.shared = res.Header.Get("X-RateLimit-Scope") == "shared"
	ex.global = res.Header.Get("X-RateLimit-Global") == "true"
	if res.Header.Get("X-RateLimit-Remaining") == "0" {
		ex.exhausted = calling.HeaderSeconds(res.Header, "X-RateLimit-Reset-After")
	}
	if res.StatusCode < 300 || !ex.answered {
		return
	}
	fields := object(ex.body)
	ex.message = text(fields["message"])
	ex.code, _ = strconv.Atoi(text(fields["code"]))
	ex.global = ex.global || truth(fields["global"])
	if s, err := strconv.ParseFloat(text(fields["retry_after"]), 64); err == nil {
		ex.retryAfter = max(ex.retryAfter, calling.Seconds(s))
	}
}
