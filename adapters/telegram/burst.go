package telegram

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

// partGap is the time between two parts of one message: the platform's pace for a chat, and a little for the way.
const partGap = perChat + 50*time.Millisecond

// burst keeps the platform's pace for a chat where whoever plans the sending cannot: it counts messages, and does not
// know that one of them went as several.
type burst struct {
	mu   sync.Mutex
	last map[int64]time.Time // by chat: when a part was sent; only of the last moments
}

func newBurst() *burst { return &burst{last: make(map[int64]time.Time)} }

// sent notes that a part has just gone to the chat.
func (b *burst) sent(chat int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for c, at := range b.last {
		if now.Sub(at) > partGap {
			delete(b.last, c)
		}
	}
	b.last[chat] = now
}

// wait returns when the next message may go to the chat, or gives the call back when it would not end in time.
func (b *burst) wait(ctx context.Context, chat int64) error {
	b.mu.Lock()
	at, ok := b.last[chat]
	b.mu.Unlock()
	left := time.Until(at.Add(partGap))
	if !ok || left <= 0 {
		return nil
	}
	// As long again for the call itself.
	if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > left+partGap {
		if calling.Pause(ctx, left) == nil {
			return nil
		}
	}
	return &conversation.SendError{
		Kind: conversation.RateLimited, RetryAfter: left, Code: "more_parts",
		Err: errors.New("the next part of the message has to wait"),
	}
}
