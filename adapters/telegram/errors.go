package telegram

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

// Codes of refusals that the adapter itself acts on.
const (
	codeNotModified = "not_modified"
	codeBadMarkup   = "bad_markup"
	codeBadPicture  = "bad_picture"
	codeNoText      = "no_text_to_edit"
	codeNoCaption   = "no_caption_to_edit"
	codeGone        = "message_gone"
	codeCannotEdit  = "cannot_edit"
	codeMigrated    = "chat_migrated"
	codeWebhookSet  = "webhook_is_set"
	codeOtherPoller = "another_poller"
)

// defaultRetryAfter is used when a refusal for pace does not say how long to wait.
const defaultRetryAfter = time.Second

var errTooLarge = errors.New("the request is larger than the platform takes")

// refusal is one text of the server and what it means for us.
type refusal struct {
	text   string // what follows "Bad Request: " or "Forbidden: "; a star at its end stands for any rest
	kind   conversation.ErrorKind
	code   string
	status int
}

// refusals are the texts that have to be told apart; Telegram has no codes for them. Source: tdlib/telegram-bot-api
// Client.cpp (fail_query_with_error, check_chat_access) and tdlib/td, read November 2026. Only what says that the person
// does not want or does not exist any more is PersonGone: a group that throws the bot out says nothing about a person.
var refusals = []refusal{
	{"bot was blocked by the user", conversation.PersonGone, "blocked_by_user", 403},
	{"user is deactivated", conversation.PersonGone, "deactivated", 403},
	{"USER_IS_BLOCKED", conversation.PersonGone, "blocked_by_user", 400},
	{"INPUT_USER_DEACTIVATED", conversation.PersonGone, "deactivated", 400},

	{"bot can't initiate conversation with a user", conversation.PersonUnreachable, "never_started", 403},
	{"bot can't send messages to bots", conversation.PersonUnreachable, "is_a_bot", 403},
	{"bot can't send messages to the user", conversation.PersonUnreachable, "never_started", 403},
	{"bot was kicked from the *", conversation.PersonUnreachable, "kicked", 403},
	{"bot is not a member of the *", conversation.PersonUnreachable, "not_a_member", 403},
	{"the group chat was deleted", conversation.PersonUnreachable, "group_deleted", 403},
	{"chat not found", conversation.PersonUnreachable, "chat_not_found", 400},
	{"user not found", conversation.PersonUnreachable, "chat_not_found", 400},
	{"PEER_ID_INVALID", conversation.PersonUnreachable, "chat_not_found", 400},
	{"not enough rights *", conversation.PersonUnreachable, "no_rights", 400},
	{"have no rights to send a message", conversation.PersonUnreachable, "no_rights", 400},
	{"need administrator rights in the channel chat", conversation.PersonUnreachable, "no_rights", 400},
	{"CHAT_WRITE_FORBIDDEN", conversation.PersonUnreachable, "no_rights", 400},
	{"CHAT_ADMIN_REQUIRED", conversation.PersonUnreachable, "no_rights", 400},
	{"CHAT_RESTRICTED", conversation.PersonUnreachable, "no_rights", 400},
	{"CHAT_SEND_*", conversation.PersonUnreachable, "no_rights", 400},
	{"TOPIC_CLOSED", conversation.PersonUnreachable, "topic_closed", 400},
	{"TOPIC_DELETED", conversation.PersonUnreachable, "topic_closed", 400},
	{"message thread not found", conversation.PersonUnreachable, "topic_closed", 400},

	{"Logged out", conversation.OurCredentials, "logged_out", 400},

	{"message is not modified*", conversation.OurPayload, codeNotModified, 400},
	{"can't parse entities*", conversation.OurPayload, codeBadMarkup, 400},
	{"there is no text in the message to edit", conversation.OurPayload, codeNoText, 400},
	{"there is no caption in the message to edit", conversation.OurPayload, codeNoCaption, 400},
	{"message to edit not found", conversation.OurPayload, codeGone, 400},
	{"message to delete not found", conversation.OurPayload, codeGone, 400},
	{"MESSAGE_ID_INVALID", conversation.OurPayload, codeGone, 400},
	{"message can't be edited", conversation.OurPayload, codeCannotEdit, 400},
	{"message can't be deleted*", conversation.OurPayload, "cannot_delete", 400},
	{"message text is empty", conversation.OurPayload, "empty", 400},
	{"text must be non-empty", conversation.OurPayload, "empty", 400},
	{"message is too long", conversation.OurPayload, "too_long", 400},
	{"MESSAGE_TOO_LONG", conversation.OurPayload, "too_long", 400},
	{"message caption is too long", conversation.OurPayload, "too_long", 400},
	{"MEDIA_CAPTION_TOO_LONG", conversation.OurPayload, "too_long", 400},
	{"BUTTON_*", conversation.OurPayload, "bad_button", 400},
	{"REPLY_MARKUP_*", conversation.OurPayload, "bad_button", 400},
	{"inline keyboard button *", conversation.OurPayload, "bad_button", 400},
	{"failed to get HTTP URL content", conversation.OurPayload, codeBadPicture, 400},
	{"wrong file identifier*", conversation.OurPayload, codeBadPicture, 400},
	{"wrong remote file identifier*", conversation.OurPayload, codeBadPicture, 400},
	{"wrong type of the web page content", conversation.OurPayload, codeBadPicture, 400},
	{"wrong HTTP URL specified*", conversation.OurPayload, codeBadPicture, 400},
	{"file must be non-empty", conversation.OurPayload, codeBadPicture, 400},
	{"IMAGE_PROCESS_FAILED", conversation.OurPayload, codeBadPicture, 400},
	{"PHOTO_*", conversation.OurPayload, codeBadPicture, 400},
	{"WEBPAGE_*", conversation.OurPayload, codeBadPicture, 400},
	{"MEDIA_EMPTY", conversation.OurPayload, codeBadPicture, 400},
	{"query is too old*", conversation.OurPayload, "query_too_old", 400},
}

// matches compares without regard to case.
func (r refusal) matches(status int, text string) bool {
	if status != r.status {
		return false
	}
	if prefix, ok := strings.CutSuffix(r.text, "*"); ok {
		return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
	}
	return strings.EqualFold(strings.TrimSuffix(text, "."), r.text)
}

// failure says what became of a call that did not succeed. cause is what the library said; its text is never used,
// since it may hold what was sent or answered.
func (a *Adapter) failure(ex *exchange, cause error) *conversation.SendError {
	if ex.answered {
		return a.refused(ex)
	}
	if ex.status != 0 {
		return strange(ex)
	}
	err := ex.err
	if err == nil {
		err = cause
	}
	return unanswered(ex, err)
}

// refused reads the platform's own refusal.
func (a *Adapter) refused(ex *exchange) *conversation.SendError {
	words := ex.description
	if _, after, ok := strings.Cut(words, ": "); ok {
		words = after
	}
	se := &conversation.SendError{Err: fmt.Errorf("%s: %d %s", ex.method, ex.code, calling.Scrub(ex.description, a.token))}
	for _, r := range refusals {
		if r.matches(ex.code, words) {
			se.Kind, se.Code = r.kind, r.code
			return se
		}
	}
	switch {
	case ex.migrateTo != 0:
		se.Kind, se.Code = conversation.PersonUnreachable, codeMigrated
	case ex.code == http.StatusTooManyRequests || ex.code == 420:
		se.Kind, se.Code, se.RetryAfter = conversation.RateLimited, "too_many_requests", ex.retryAfter
		if se.RetryAfter <= 0 {
			se.RetryAfter = defaultRetryAfter
		}
	case ex.code == http.StatusUnauthorized:
		se.Kind, se.Code = conversation.OurCredentials, "unauthorized"
	case ex.code == http.StatusNotFound && strings.EqualFold(ex.description, "Not Found"):
		se.Kind, se.Code = conversation.OurCredentials, "unknown_bot"
	case ex.code == http.StatusNotFound:
		se.Kind, se.Code = conversation.OurPayload, "no_such_method"
	case ex.code == http.StatusConflict:
		se.Kind, se.Code = conversation.Temporary, conflict(words)
	case ex.code == http.StatusForbidden:
		se.Kind, se.Code = conversation.PersonUnreachable, "forbidden"
	case ex.code == http.StatusRequestEntityTooLarge:
		se.Kind, se.Code = conversation.OurPayload, "too_large"
	case ex.code >= 500:
		se.Kind, se.Code, se.Doubtful = conversation.Temporary, "server_error", ex.code != http.StatusServiceUnavailable
	default:
		se.Kind, se.Code = conversation.OurPayload, "bad_request"
	}
	return se
}

func conflict(words string) string {
	if strings.Contains(words, "webhook") {
		return codeWebhookSet
	}
	return codeOtherPoller
}

// strange reads an HTTP answer that no Bot API server wrote: a proxy's error page, a captive portal.
func strange(ex *exchange) *conversation.SendError {
	se := &conversation.SendError{Err: fmt.Errorf("%s: HTTP %d without an answer of the Bot API", ex.method, ex.status)}
	switch {
	case ex.status == http.StatusTooManyRequests:
		se.Kind, se.Code = conversation.RateLimited, "too_many_requests"
		se.RetryAfter = max(ex.retryAfter, defaultRetryAfter)
	case ex.status == http.StatusRequestEntityTooLarge:
		se.Kind, se.Code = conversation.OurPayload, "too_large"
	case ex.status == http.StatusGatewayTimeout || ex.status < 300:
		// Somebody between us and the platform gave up waiting, or garbled what came back.
		se.Kind, se.Code = conversation.OutcomeUnknown, "no_answer"
	case ex.status >= 500:
		se.Kind, se.Code, se.Doubtful = conversation.Temporary, "server_error", ex.status != http.StatusServiceUnavailable
	default:
		se.Kind, se.Code = conversation.Temporary, "not_the_bot_api"
	}
	return se
}

// unanswered reads a call that ended without an answer.
func unanswered(ex *exchange, err error) *conversation.SendError {
	se := &conversation.SendError{Kind: conversation.Temporary, Code: "unreachable"}
	switch {
	case errors.Is(err, errTooLarge):
		se.Kind, se.Code = conversation.OurPayload, "too_large"
	case ex.reach.MayHaveArrived(err):
		se.Kind, se.Code = conversation.OutcomeUnknown, "no_answer"
	case errors.Is(err, context.DeadlineExceeded):
		se.Code = "timeout"
	}
	se.Err = fmt.Errorf("%s: %w", ex.method, err)
	return se
}
