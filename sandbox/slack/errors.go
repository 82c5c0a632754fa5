package slack

import (
	"net/http"
	"time"
)

// refusal is an error of the Web API, which comes with status 200 and "ok": false. Source: the error tables of each
// method in docs.slack.dev/reference/methods.
type refusal struct {
	code       string
	messages   []string // what is wrong where, in response_metadata
	retryAfter time.Duration
	status     int // 200 unless set
}

func (r *refusal) Error() string { return r.code }

func refuse(code string, messages ...string) *refusal {
	return &refusal{code: code, messages: messages}
}

// The refusals that more than one call answers.
var (
	errNotAuthed       = refuse("not_authed")
	errInvalidAuth     = refuse("invalid_auth")
	errTokenType       = refuse("not_allowed_token_type")
	errUnknownMethod   = refuse("unknown_method")
	errInvalidJSON     = refuse("invalid_json")
	errNotObject       = refuse("json_not_object")
	errInvalidForm     = refuse("invalid_form_data")
	errInvalidArgs     = refuse("invalid_arguments")
	errChannelNotFound = refuse("channel_not_found")
	errNotInChannel    = refuse("not_in_channel")
	errArchived        = refuse("is_archived")
	errUserNotFound    = refuse("user_not_found")
	errUserDisabled    = refuse("user_disabled")
	errMessageNotFound = refuse("message_not_found")
	errNoText          = refuse("no_text")
	errFileNotFound    = refuse("file_not_found")
	errBlocksTooLong   = refuse("msg_blocks_too_long")
)

// invalidBlocks is the refusal of blocks that are not as they must be.
func invalidBlocks(what string) *refusal { return refuse("invalid_blocks", "[ERROR] "+what) }

// limited is the answer to too many calls.
func limited(wait time.Duration) *refusal {
	return &refusal{code: "ratelimited", status: http.StatusTooManyRequests, retryAfter: wait}
}

// statusRefusal is the refusal for a fault's status: what Slack most often means by it. Of its own Slack answers 200,
// 429 and, when something is broken, 5xx.
func statusRefusal(status, retryAfter int) *refusal {
	switch {
	case status == http.StatusTooManyRequests:
		return limited(time.Duration(max(retryAfter, 1)) * time.Second)
	case status >= http.StatusInternalServerError:
		return &refusal{code: "internal_error", status: status}
	}
	switch status {
	case http.StatusBadRequest:
		return invalidBlocks("must provide a string")
	case http.StatusUnauthorized:
		return errInvalidAuth
	case http.StatusForbidden:
		return refuse("restricted_action")
	case http.StatusNotFound:
		return errChannelNotFound
	}
	return refuse("fatal_error")
}
