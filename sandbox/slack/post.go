package slack

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Paths of the app's own server in HTTP mode.
const (
	eventsPath   = "/slack/events"
	interactPath = "/slack/interactive"
	commandsPath = "/slack/commands"
)

// errNoRetry is an answer that asks for no repetition.
var errNoRetry = errors.New("the app wants no repetition")

// Verify points the app's request URLs at its server, after the url_verification with which Slack checks it.
func (l *Lookalike) Verify(ctx context.Context, base string) error {
	challenge := hex.EncodeToString([]byte(l.app.app))
	body := raw(map[string]any{"token": "sandbox-verification", "challenge": challenge, "type": "url_verification"})
	answer, err := l.post(ctx, strings.TrimRight(base, "/")+eventsPath, "application/json", body, nil)
	if err != nil {
		return fmt.Errorf("verify the app's request URL: %w", err)
	}
	var in struct {
		Challenge string `json:"challenge"`
	}
	if text := strings.TrimSpace(string(answer)); text != challenge && (json.Unmarshal(answer, &in) != nil || in.Challenge != challenge) {
		return errors.New("verify the app's request URL: your URL didn't respond with the value of the challenge parameter")
	}
	l.SetEventsURL(base)
	return nil
}

// SetEventsURL turns to HTTP mode with the app's server at base, unchecked; an empty one turns back to Socket Mode.
func (l *Lookalike) SetEventsURL(base string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue.setBase(base)
	l.flush()
}

// post sends a signed request and answers the body of a 2xx.
// Source: docs.slack.dev/authentication/verifying-requests-from-slack.
func (l *Lookalike) post(ctx context.Context, to, kind string, body []byte, header map[string]string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Limits.AckWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("request to the app: %w", err)
	}
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", sign(l.cfg.SigningSecret, stamp, body))
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := l.cfg.Client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("request to the app: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the app's answer: %w", err)
	case res.StatusCode >= 200 && res.StatusCode <= 299:
		return answer, nil
	case res.Header.Get("X-Slack-No-Retry") == "1":
		return nil, errNoRetry
	}
	return nil, statusError(res.StatusCode)
}

// statusError is an answer that is no 2xx.
type statusError int

func (e statusError) Error() string { return "the app answered " + strconv.Itoa(int(e)) }

// sign is the signature of a request, version 0.
func sign(secret, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// postEvent hands over one event in HTTP mode.
func (l *Lookalike) postEvent(base string, d *delivery, attempt int, reason string) {
	header := map[string]string{}
	if attempt > 0 {
		header["X-Slack-Retry-Num"], header["X-Slack-Retry-Reason"] = strconv.Itoa(attempt), reason
	}
	_, err := l.post(l.ctx, base+eventsPath, "application/json", d.Body, header)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		return
	}
	if err == nil || errors.Is(err, errNoRetry) {
		again := err == nil && attempt > 0
		if l.acked(d) == nil && again {
			l.flush() // the app is back
		}
		return
	}
	l.missed(d, retryReason(err))
}

// retryReason is what X-Slack-Retry-Reason says.
func retryReason(err error) string {
	var status statusError
	switch {
	case errors.As(err, &status):
		return "http_error"
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return "http_timeout"
	}
	return "connection_failed"
}

// postAct hands over a press, a form or a command in HTTP mode.
func (l *Lookalike) postAct(base, kind string, body []byte) (json.RawMessage, error) {
	to, form := base+interactPath, url.Values{"payload": {string(body)}}
	if kind == slashKind {
		var fields map[string]string
		if err := json.Unmarshal(body, &fields); err != nil {
			return nil, fmt.Errorf("encode a command: %w", err)
		}
		to, form = base+commandsPath, url.Values{}
		for k, v := range fields {
			form.Set(k, v)
		}
	}
	answer, err := l.post(l.ctx, to, "application/x-www-form-urlencoded", []byte(form.Encode()), nil)
	if err != nil {
		return nil, err
	}
	if kind == slashKind && len(bytes.TrimSpace(answer)) > 0 && !json.Valid(answer) {
		return raw(map[string]any{"text": string(answer)}), nil
	}
	if !json.Valid(answer) {
		return nil, nil
	}
	return answer, nil
}
