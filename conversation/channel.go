package conversation

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Channel is one bot account on one platform.
type Channel interface {
	// Name is the platform's name, such as "telegram".
	Name() string
	// Connect proves the credentials and tells the bot's account, such as "telegram:123456". It makes no lasting
	// connection. An error with Kind OurCredentials is final, others are worth another try.
	Connect(ctx context.Context) (account string, err error)
	// Run receives until ctx ends or the credentials are dead. Each event is handed to in, and acknowledged to the
	// platform only after in has returned nil.
	Run(ctx context.Context, in Receiver) error
	// Send makes one call. ctx carries the call's deadline. The error is a *SendError.
	Send(ctx context.Context, s Sending) (Receipt, error)
	// Limits are the platform's figures.
	Limits() Limits
}

// Receiver keeps events. It returns nil once they are durable.
type Receiver interface {
	Receive(ctx context.Context, in ...Inbound) error
}

// Sending is an Outgoing at the moment of its call.
type Sending struct {
	Outgoing
	// MessageID is the platform's id of Body.Of, for edits and deletions.
	MessageID string
	// Nonce is the same for every try of one Outgoing, at most 25 characters.
	Nonce string
}

// Receipt is what the platform answered.
type Receipt struct {
	// MessageID is the platform's id of the message, with which it can be edited. Empty for a deletion.
	MessageID string
	// Chat is the chat in which it stands, when the platform names another one than was asked for.
	Chat string
}

// Limits are what a platform allows, so that nobody needs to ask which platform it is.
type Limits struct {
	TextLength    int           // longest message, in the platform's own unit
	PerSecond     float64       // messages a second over all chats
	PerChat       time.Duration // shortest time between two messages in a chat
	Forms         bool          // opens forms natively
	EditsText     bool          // a sent message can be edited
	MayWriteFirst bool          // may write to a person who never wrote
}

// Typer is a Channel that can show that the bot is typing. An error is of no consequence.
type Typer interface {
	Typing(ctx context.Context, to Address) error
}

// Fetcher is a Channel from which attachments can be fetched.
type Fetcher interface {
	// Fetch reads the file that an Attachment's File names, of at most limit bytes. A larger one is ErrTooLarge.
	Fetch(ctx context.Context, file string, limit int64) ([]byte, error)
}

// ErrTooLarge is what Fetch answers for a file above the limit.
var ErrTooLarge = errors.New("the file is too large")

// Commander is a Channel whose platform shows a menu of commands, per language.
type Commander interface {
	SetCommands(ctx context.Context, menus map[string][]CommandInfo) error
}

// CommandInfo is one line of a platform's command menu.
type CommandInfo struct {
	Name        string // [a-z0-9_]{1,32}
	Local       string // the localised name where the platform has one, otherwise Name
	Description string // 1 to 100 characters
}

// ErrorKind says what a failed call means for what happens next.
type ErrorKind int

// The six kinds of errors.
const (
	// Temporary: the call did not reach the platform; it is made again.
	Temporary ErrorKind = iota
	// PersonGone: blocked, deleted, left. The only kind that changes a customer's state.
	PersonGone
	// PersonUnreachable: cannot be written to for now; nothing is known about the person's wish.
	PersonUnreachable
	// OurCredentials: the token or workspace is dead. The channel stops loudly; customers are not touched.
	OurCredentials
	// OurPayload: the platform refuses the content. It will not be sent.
	OurPayload
	// RateLimited: wait for RetryAfter.
	RateLimited
	// OutcomeUnknown: the request was written and no answer came; it may have been done.
	OutcomeUnknown
)

// String names the kind as in logs and metrics.
func (k ErrorKind) String() string {
	switch k {
	case Temporary:
		return "temporary"
	case PersonGone:
		return "person_gone"
	case PersonUnreachable:
		return "person_unreachable"
	case OurCredentials:
		return "our_credentials"
	case OurPayload:
		return "our_payload"
	case RateLimited:
		return "rate_limited"
	case OutcomeUnknown:
		return "outcome_unknown"
	}
	return fmt.Sprintf("ErrorKind(%d)", int(k))
}

// SendError is why a call failed. Its text is for operators: it holds no secret and no words of a customer.
type SendError struct {
	Kind       ErrorKind
	RetryAfter time.Duration // RateLimited: how long to wait, real clock
	WholeBot   bool          // RateLimited: the platform says that it means the account, not the chat
	// Doubtful: Temporary, and the platform or what stands before it broke while it had the request, so that it may have
	// done it all the same. What must never come twice is not sent again then.
	Doubtful bool
	Code     string // a short stable word, such as "blocked_by_user"
	Err      error
}

// Error implements error.
func (e *SendError) Error() string {
	if e.Err == nil {
		return e.Kind.String() + ": " + e.Code
	}
	return e.Kind.String() + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *SendError) Unwrap() error { return e.Err }

// KindOf is the kind of err; errors that are no *SendError count as OutcomeUnknown, the careful reading.
func KindOf(err error) ErrorKind {
	var se *SendError
	if errors.As(err, &se) {
		return se.Kind
	}
	return OutcomeUnknown
}
