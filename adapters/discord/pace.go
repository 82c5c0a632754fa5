package discord

import (
	"errors"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/adapters/recall"
	"github.com/rapport-chat/rapport/conversation"
)

// maxPaced bounds how many exhausted channels are remembered; forgetting one costs a refusal at most.
const maxPaced = 4096

// pace remembers which channels' allowance the platform has declared used up, so that no call is made in vain.
type pace struct {
	mu    sync.Mutex
	until *recall.Ring[time.Time]
}

func newPace() *pace { return &pace{until: recall.NewRing[time.Time](maxPaced)} }

// note takes what the last answer said.
func (p *pace) note(channel string, ex *exchange) {
	if ex.exhausted <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until.Put(channel, time.Now().Add(ex.exhausted))
}

// check refuses a call that the platform would refuse.
func (p *pace) check(channel string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	until, ok := p.until.Get(channel)
	if !ok {
		return nil
	}
	left := time.Until(until)
	if left <= 0 {
		p.until.Drop(channel)
		return nil
	}
	return &conversation.SendError{
		Kind: conversation.RateLimited, RetryAfter: left, Code: "allowance_used_up",
		Err: errors.New("the channel takes no more messages for the moment"),
	}
}
