package discord

import (
	"net/http"
	"time"
)

// refusal is an error of the API. Source: docs.discord.com/developers/topics/opcodes-and-status-codes.
type refusal struct {
	status     int
	code       int
	text       string
	errors     any // what is wrong with which field
	retryAfter time.Duration
	global     bool
}

func (r *refusal) Error() string { return r.text }

// The refusals that more than one call answers.
var (
	errUnauthorized       = &refusal{status: http.StatusUnauthorized, text: "401: Unauthorized"}
	errNotFound           = &refusal{status: http.StatusNotFound, text: "404: Not Found"}
	errMethod             = &refusal{status: http.StatusMethodNotAllowed, text: "405: Method Not Allowed"}
	errBadJSON            = &refusal{status: http.StatusBadRequest, code: 50109, text: "The request body contains invalid JSON."}
	errUnknownChannel     = &refusal{status: http.StatusNotFound, code: 10003, text: "Unknown Channel"}
	errUnknownMessage     = &refusal{status: http.StatusNotFound, code: 10008, text: "Unknown Message"}
	errUnknownMember      = &refusal{status: http.StatusNotFound, code: 10007, text: "Unknown Member"}
	errUnknownUser        = &refusal{status: http.StatusNotFound, code: 10013, text: "Unknown User"}
	errUnknownWebhook     = &refusal{status: http.StatusNotFound, code: 10015, text: "Unknown Webhook"}
	errUnknownInteraction = &refusal{status: http.StatusNotFound, code: 10062, text: "Unknown interaction"}
	errOthersMessage      = &refusal{status: http.StatusForbidden, code: 50005, text: "Cannot edit a message authored by another user"}
	errEmpty              = &refusal{status: http.StatusBadRequest, code: 50006, text: "Cannot send an empty message"}
	errCannotMessage      = &refusal{status: http.StatusForbidden, code: 50007, text: "Cannot send messages to this user"}
	errNoPermission       = &refusal{status: http.StatusForbidden, code: 50013, text: "Missing Permissions"}
	errNoAccess           = &refusal{status: http.StatusForbidden, code: 50001, text: "Missing Access"}
	errUserAgent          = &refusal{status: http.StatusForbidden, code: 40333, text: "internal network error"}
	errTooLarge           = &refusal{status: http.StatusRequestEntityTooLarge, code: 40005, text: "Request entity too large"}
	errNoMutualServer     = &refusal{
		status: http.StatusForbidden, code: 50278,
		text: "Cannot send messages to this user due to having no mutual guilds",
	}
)

// invalid is a refusal of one field.
func invalid(field, code, text string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: 50035, text: "Invalid Form Body", errors: map[string]any{
		field: map[string]any{"_errors": []any{map[string]string{"code": code, "message": text}}},
	}}
}

// statusRefusal is the refusal for a fault's status: what the platform most often means by it.
func statusRefusal(status, retryAfter int) *refusal {
	switch status {
	case http.StatusBadRequest:
		return invalid("content", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 2000 in length.")
	case http.StatusUnauthorized:
		return errUnauthorized
	case http.StatusForbidden:
		return errCannotMessage
	case http.StatusNotFound:
		return errUnknownChannel
	case http.StatusTooManyRequests:
		return &refusal{
			status: status, text: "You are being rate limited.",
			retryAfter: time.Duration(max(retryAfter, 1)) * time.Second,
		}
	}
	return &refusal{status: status, text: http.StatusText(status)}
}
