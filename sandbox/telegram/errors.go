package telegram

import (
	"fmt"
	"net/http"
)

// refusal is an answer with ok false. The texts are those of the real server, because adapters have to tell some
// cases apart by text. Source: tdlib/telegram-bot-api Client.cpp and tdlib/td, read November 2026.
type refusal struct {
	code       int
	text       string
	retryAfter int // seconds, with 429
}

func (r *refusal) Error() string { return r.text }

func badRequest(format string, args ...any) *refusal {
	return &refusal{code: http.StatusBadRequest, text: "Bad Request: " + fmt.Sprintf(format, args...)}
}

func forbidden(text string) *refusal {
	return &refusal{code: http.StatusForbidden, text: "Forbidden: " + text}
}

func tooMany(seconds int) *refusal {
	seconds = max(seconds, 1)
	return &refusal{
		code:       http.StatusTooManyRequests,
		text:       fmt.Sprintf("Too Many Requests: retry after %d", seconds),
		retryAfter: seconds,
	}
}

var (
	errUnauthorized = &refusal{code: http.StatusUnauthorized, text: "Unauthorized"}
	errNoMethod     = &refusal{code: http.StatusNotFound, text: "Not Found: method not found"}
	errNotFound     = &refusal{code: http.StatusNotFound, text: "Not Found"}
	errOtherPoller  = &refusal{code: http.StatusConflict, text: "Conflict: terminated by other getUpdates request; " +
		"make sure that only one bot instance is running"}
	errWebhookSet = &refusal{code: http.StatusConflict, text: "Conflict: can't use getUpdates method while webhook is " +
		"active; use deleteWebhook to delete the webhook first"}
	errNotModified = badRequest("message is not modified: specified new message content and reply markup are exactly " +
		"the same as a current content and reply markup of the message")
	errQueryTooOld = badRequest("query is too old and response timeout expired or query ID is invalid")
)

// statusText is the description that goes with a status for which only a fault gave the reason.
func statusText(code, retryAfter int) *refusal {
	switch code {
	case http.StatusTooManyRequests:
		return tooMany(retryAfter)
	case http.StatusForbidden:
		return forbidden("bot was blocked by the user")
	case http.StatusUnauthorized:
		return errUnauthorized
	case http.StatusConflict:
		return errOtherPoller
	case http.StatusBadRequest:
		return &refusal{code: code, text: "Bad Request"}
	}
	text := http.StatusText(code)
	if text == "" {
		text = "Error"
	}
	return &refusal{code: code, text: text, retryAfter: retryAfter}
}

// unparsed is what the server says after "can't parse entities: ".
func unparsed(format string, args ...any) error {
	return parseError(fmt.Sprintf(format, args...))
}

type parseError string

func (e parseError) Error() string { return string(e) }
