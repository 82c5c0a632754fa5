package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// Codes of refusals that the adapter itself acts on.
const (
	codeGone       = "message_gone"
	codeThreadGone = "thread_gone"
	codeHandleGone = "handle_gone"
	codeBadPicture = "bad_picture"
	codeNoChannel  = "channel_not_found"
	codeNoScope    = "missing_scope"
	codeNoMethod   = "unknown_method"
	codeBlocks     = "invalid_blocks"
	codeMore       = "more_to_come" // not a refusal: the next part waits for its time
)

const (
	defaultRetryAfter = time.Second
	maxRetryAfter     = 24 * time.Hour
	limitRetryAfter   = 10 * time.Minute // message_limit_exceeded names no time
)

// refusal is what one of the platform's error strings means.
type refusal struct {
	kind conversation.ErrorKind
	code string // empty: the string itself
}

// refusals are the platform's error strings, exactly. Source: the pages of the methods below
// docs.slack.dev/reference/methods, November 2026.
var refusals = map[string]refusal{
	"user_disabled":  {kind: conversation.PersonGone},
	"user_not_found": {kind: conversation.PersonGone},

	"channel_not_found":                        {kind: conversation.PersonUnreachable},
	"not_in_channel":                           {kind: conversation.PersonUnreachable},
	"user_not_in_channel":                      {kind: conversation.PersonUnreachable},
	"is_archived":                              {kind: conversation.PersonUnreachable},
	"user_not_visible":                         {kind: conversation.PersonUnreachable},
	"users_not_found":                          {kind: conversation.PersonUnreachable},
	"cannot_dm_bot":                            {kind: conversation.PersonUnreachable},
	"cannot_dm_self":                           {kind: conversation.PersonUnreachable},
	"messages_tab_disabled":                    {kind: conversation.PersonUnreachable},
	"restricted_action":                        {kind: conversation.PersonUnreachable},
	"restricted_action_read_only_channel":      {kind: conversation.PersonUnreachable},
	"restricted_action_thread_locked":          {kind: conversation.PersonUnreachable},
	"restricted_action_thread_only_channel":    {kind: conversation.PersonUnreachable},
	"restricted_action_non_threadable_channel": {kind: conversation.PersonUnreachable},
	"team_not_found":                           {kind: conversation.PersonUnreachable},
	"access_denied":                            {kind: conversation.PersonUnreachable},
	"slack_connect_canvas_sharing_blocked":     {kind: conversation.PersonUnreachable},
	"not_enabled":                              {kind: conversation.PersonUnreachable}, // views.publish: the home tab is off

	"invalid_auth":              {kind: conversation.OurCredentials},
	"not_authed":                {kind: conversation.OurCredentials},
	"account_inactive":          {kind: conversation.OurCredentials},
	"token_revoked":             {kind: conversation.OurCredentials},
	"token_expired":             {kind: conversation.OurCredentials},
	"not_allowed_token_type":    {kind: conversation.OurCredentials},
	"org_login_required":        {kind: conversation.OurCredentials},
	"enterprise_is_restricted":  {kind: conversation.OurCredentials},
	"two_factor_setup_required": {kind: conversation.OurCredentials},
	"app_uninstalled":           {kind: conversation.OurCredentials},

	"message_not_found":       {conversation.OurPayload, codeGone},
	"cant_update_message":     {kind: conversation.OurPayload},
	"cant_delete_message":     {kind: conversation.OurPayload},
	"edit_window_closed":      {kind: conversation.OurPayload},
	"is_inactive":             {kind: conversation.OurPayload},
	"cannot_reply_to_message": {conversation.OurPayload, codeThreadGone},
	"thread_not_found":        {conversation.OurPayload, codeThreadGone},
	"invalid_thread_ts":       {conversation.OurPayload, codeThreadGone},
	"no_text":                 {conversation.OurPayload, "empty"},
	"invalid_blocks":          {conversation.OurPayload, codeBlocks},
	"invalid_blocks_format":   {conversation.OurPayload, codeBlocks},
	"msg_blocks_too_long":     {kind: conversation.OurPayload},
	"msg_too_long":            {kind: conversation.OurPayload},
	"file_not_found":          {conversation.OurPayload, codeGone},
	"file_deleted":            {conversation.OurPayload, codeGone},
	"used_url":                {conversation.OurPayload, codeHandleGone},
	"expired_url":             {conversation.OurPayload, codeHandleGone},
	"expired_trigger_id":      {conversation.OurPayload, codeHandleGone},
	"exchanged_trigger_id":    {conversation.OurPayload, codeExchanged},

	"ratelimited":            {conversation.RateLimited, "too_many_requests"},
	"rate_limited":           {conversation.RateLimited, "too_many_requests"},
	"message_limit_exceeded": {kind: conversation.RateLimited},

	"service_unavailable":        {kind: conversation.Temporary},
	"team_added_to_org":          {kind: conversation.Temporary},
	"request_timeout":            {kind: conversation.Temporary}, // the request itself came in pieces
	"accesslimited":              {kind: conversation.Temporary},
	"external_channel_migrating": {kind: conversation.Temporary},

	// "It's possible some aspect of the operation succeeded before the error was raised."
	"internal_error": {kind: conversation.OutcomeUnknown},
	"fatal_error":    {kind: conversation.OutcomeUnknown},
}

// codeExchanged: the trigger has opened a view already.
const codeExchanged = "trigger_used"

// essential are the calls without which the channel is of no use: a permission that they lack is the credentials'.
var essential = map[string]bool{
	"auth.test": true, "apps.connections.open": true, "chat.postMessage": true, "conversations.open": true,
}

// over are the words with which an address that was lent says that it is of no use any more: for what it would change is
// gone, or its uses or its time are.
var over = map[string]bool{"message_not_found": true, "used_url": true, "expired_url": true, "invalid_url": true}

// failure says what became of a call that did not succeed.
func failure(ex *exchange, cause error) *conversation.SendError {
	if ex.status == 0 || cause != nil {
		return unanswered(ex, cause)
	}
	se := &conversation.SendError{Err: fmt.Errorf("%s: HTTP %d %s", ex.what(), ex.status, ex.code)}
	r, known := refusals[ex.code]
	switch {
	case ex.status == http.StatusTooManyRequests:
		se.Kind, se.Code = conversation.RateLimited, "too_many_requests"
	case ex.address != "" && over[ex.code]: // with whatever status: 404 and 500 have been seen
		se.Kind, se.Code = conversation.OurPayload, codeHandleGone
	case ex.status >= 500:
		se.Kind, se.Code, se.Doubtful = conversation.Temporary, "server_error", !ex.repeat && ex.status != http.StatusServiceUnavailable
	case known:
		se.Kind, se.Code = r.kind, r.code
		if se.Code == "" {
			se.Code = ex.code
		}
		if se.Kind == conversation.OutcomeUnknown && ex.repeat {
			se.Kind = conversation.Temporary
		}
	default:
		se.Kind, se.Code = unlisted(ex)
	}
	if se.Kind == conversation.RateLimited {
		se.RetryAfter = min(max(ex.retryAfter, defaultRetryAfter), maxRetryAfter)
		if ex.code == "message_limit_exceeded" {
			se.RetryAfter, se.WholeBot = max(se.RetryAfter, limitRetryAfter), true
		}
	}
	return se
}

// unlisted reads a refusal by its circumstances.
func unlisted(ex *exchange) (conversation.ErrorKind, string) {
	switch {
	case ex.address != "":
		return conversation.OurPayload, codeHandleGone
	case ex.code == codeNoScope || ex.code == "no_permission" || ex.code == "ekm_access_denied":
		if essential[ex.method] {
			return conversation.OurCredentials, ex.code
		}
		return conversation.OurPayload, ex.code
	case strings.HasPrefix(ex.code, "restricted_action"):
		return conversation.PersonUnreachable, ex.code
	case ex.status == http.StatusUnauthorized:
		return conversation.OurCredentials, "unauthorized"
	case ex.status == http.StatusForbidden:
		return conversation.PersonUnreachable, "forbidden"
	case ex.status == http.StatusRequestEntityTooLarge:
		return conversation.OurPayload, "too_large"
	case ex.status == http.StatusNotFound && (ex.method == "auth.test" || ex.method == "apps.connections.open"):
		return conversation.OurCredentials, "no_such_api"
	case !ex.answered && (ex.status == http.StatusNotFound || ex.status == http.StatusMethodNotAllowed):
		return conversation.Temporary, codeNoMethod
	case !ex.answered:
		return conversation.Temporary, "not_the_api"
	}
	if ex.code == "" || ex.code == "unknown" {
		return conversation.OurPayload, "bad_request"
	}
	return conversation.OurPayload, ex.code
}

// what names the call for operators.
func (ex *exchange) what() string {
	if ex.method == "" {
		return "answer by the address that was lent"
	}
	return ex.method
}

// unanswered reads a call that ended without a complete answer.
func unanswered(ex *exchange, err error) *conversation.SendError {
	se := &conversation.SendError{Kind: conversation.Temporary, Code: "unreachable", Err: fmt.Errorf("%s: %w", ex.what(), err)}
	switch {
	case ex.reach.MayHaveArrived(err) && !ex.repeat:
		se.Kind, se.Code = conversation.OutcomeUnknown, "no_answer"
	case errors.Is(err, context.DeadlineExceeded):
		se.Code = "timeout"
	}
	return se
}

// payload is an error about what we wanted to send.
func payload(code, format string, args ...any) *conversation.SendError {
	return &conversation.SendError{Kind: conversation.OurPayload, Code: code, Err: fmt.Errorf(format, args...)}
}
