package calling

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// firstWait is the wait after the first failed try.
const firstWait = 250 * time.Millisecond

// Backoff doubles the wait from error to error, up to Longest, and never asks for none.
type Backoff struct {
	Longest time.Duration
	last    time.Duration
}

// After is how long to wait: what the platform asks for, or twice as long as the last time.
func (b *Backoff) After(err error) time.Duration {
	var se *conversation.SendError
	if errors.As(err, &se) && se.RetryAfter > 0 {
		return se.RetryAfter
	}
	b.last = max(min(b.last*2, b.Longest), firstWait)
	return b.last
}

// Reset forgets the errors, once something has succeeded.
func (b *Backoff) Reset() { b.last = 0 }

// Pause waits on the real clock. Its error is that of ctx.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// UnlessEnded is err, or nil when ctx has ended, from which err then came.
func UnlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// UntilConnected asks the platform who we are until known says that it has told, with waits of at most longest between
// failed tries. The error is that of ctx, or says that the credentials are dead.
func UntilConnected(ctx context.Context, c conversation.Channel, known func() bool, log *slog.Logger, longest time.Duration) error {
	wait := Backoff{Longest: longest}
	for !known() {
		_, err := c.Connect(ctx)
		switch {
		case err == nil:
			return nil
		case conversation.KindOf(err) == conversation.OurCredentials:
			return err
		}
		log.Warn("the platform does not answer", "error", err)
		if err := Pause(ctx, wait.After(err)); err != nil {
			return err
		}
	}
	return nil
}

// CodeOf is the code of err when it is a SendError, else empty.
func CodeOf(err error) string {
	var se *conversation.SendError
	if errors.As(err, &se) {
		return se.Code
	}
	return ""
}
