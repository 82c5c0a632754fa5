package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

// Codes of refusals that the adapter itself acts on.
const (
	codeGone       = "message_gone"
	codeHandleGone = "handle_gone"
	codeBadPicture = "bad_picture"
)

// Codes that the library has no names for. Source: docs.discord.com/developers/topics/opcodes-and-status-codes.
const (
	errNoMutualServer = 50278
	errDMsTooFast     = 40003
	errProxy          = 40333
	errAutoModerated  = 200000
)

const (
	defaultRetryAfter = time.Second
	// proxyRetryAfter is the wait after a refusal that the platform's proxy wrote, which blocks the whole address.
	proxyRetryAfter = 30 * time.Second
	dmRetryAfter    = time.Minute
)

// refusalCodes are the codes that have to be told apart. 50007 stands for a person who has blocked the bot, closed the
// direct messages or left the server: the platform does not tell which.
var refusalCodes = map[int]struct {
	kind conversation.ErrorKind
	code string
}{
	discordgo.ErrCodeCannotSendMessagesToThisUser: {conversation.PersonGone, "dm_closed"},
	errNoMutualServer:                            {conversation.PersonGone, "no_mutual_server"},
	discordgo.ErrCodeUnknownChannel:              {conversation.PersonUnreachable, "unknown_channel"},
	discordgo.ErrCodeUnknownUser:                 {conversation.PersonUnreachable, "unknown_user"},
	discordgo.ErrCodeMissingAccess:               {conversation.PersonUnreachable, "no_access"},
	discordgo.ErrCodeMissingPermissions:          {conversation.PersonUnreachable, "no_permission"},
	errProxy:                                     {conversation.Temporary, "blocked_by_proxy"},
	discordgo.ErrCodeUnknownMessage:              {conversation.OurPayload, codeGone},
	discordgo.ErrCodeUnknownWebhook:              {conversation.OurPayload, codeHandleGone},
	discordgo.ErrCodeInvalidWebhookTokenProvided: {conversation.OurPayload, codeHandleGone},
	10062:                                   {conversation.OurPayload, codeHandleGone}, // unknown interaction: too late
	40060:                                   {conversation.OurPayload, "acknowledged"},
	discordgo.ErrCodeCannotSendEmptyMessage: {conversation.OurPayload, "empty"},
	discordgo.ErrCodeInvalidFormBody:        {conversation.OurPayload, "invalid_form"},
	errAutoModerated:                        {conversation.OurPayload, "blocked_by_automod"},
}

// failure says what became of a call that did not succeed.
func (a *Adapter) failure(ex *exchange, cause error) *conversation.SendError {
	if ex.status == 0 || cause != nil {
		return unanswered(ex, cause)
	}
	se := &conversation.SendError{Err: fmt.Errorf("%s: HTTP %d, code %d %s", ex.what, ex.status, ex.code, calling.Scrub(ex.message, a.token))}
	if r, ok := refusalCodes[ex.code]; ok && ex.answered {
		se.Kind, se.Code = r.kind, r.code
		return se
	}
	switch {
	case ex.status == http.StatusTooManyRequests:
		se.Kind, se.Code, se.RetryAfter, se.WholeBot = conversation.RateLimited, "too_many_requests", ex.retryAfter, ex.global
		if se.RetryAfter <= 0 {
			se.RetryAfter = defaultRetryAfter
		}
		if !ex.answered {
			se.WholeBot, se.RetryAfter = true, max(se.RetryAfter, proxyRetryAfter)
		}
	case ex.code == errDMsTooFast:
		se.Kind, se.Code, se.RetryAfter = conversation.RateLimited, "opening_too_fast", max(ex.retryAfter, dmRetryAfter)
	case ex.status == http.StatusUnauthorized && !ex.lent:
		se.Kind, se.Code = conversation.OurCredentials, "unauthorized"
	case ex.status == http.StatusUnauthorized:
		se.Kind, se.Code = conversation.OurPayload, codeHandleGone
	case ex.status >= 500:
		se.Kind, se.Code, se.Doubtful = conversation.Temporary, "server_error", !ex.repeat && ex.status != http.StatusServiceUnavailable
		if !ex.repeat && (ex.status == http.StatusBadGateway || ex.status == http.StatusGatewayTimeout) {
			se.Kind, se.Code = conversation.OutcomeUnknown, "no_answer" // the proxy gave up; the platform may not have
		}
	case !ex.answered:
		se.Kind, se.Code = conversation.Temporary, "not_the_api"
	case ex.status == http.StatusForbidden:
		se.Kind, se.Code = conversation.PersonUnreachable, "forbidden"
	case ex.status == http.StatusRequestEntityTooLarge:
		se.Kind, se.Code = conversation.OurPayload, "too_large"
	default:
		se.Kind, se.Code = conversation.OurPayload, "bad_request"
	}
	return se
}

// unanswered reads a call that ended without a complete answer.
func unanswered(ex *exchange, err error) *conversation.SendError {
	se := &conversation.SendError{Kind: conversation.Temporary, Code: "unreachable", Err: fmt.Errorf("%s: %w", ex.what, err)}
	switch {
	case ex.reach.MayHaveArrived(err) && !ex.idempotent():
		se.Kind, se.Code = conversation.OutcomeUnknown, "no_answer"
	case errors.Is(err, context.DeadlineExceeded):
		se.Code = "timeout"
	}
	return se
}

// idempotent says that the call can be made again whatever became of it.
func (ex *exchange) idempotent() bool {
	return ex.verb == http.MethodGet || ex.verb == http.MethodPatch || ex.verb == http.MethodDelete || ex.verb == http.MethodPut
}

// payload is an error about what we wanted to send.
func payload(code, format string, args ...any) *conversation.SendError {
	return &conversation.SendError{Kind: conversation.OurPayload, Code: code, Err: fmt.Errorf(format, args...)}
}
