package discord

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/adapters/recall"
	"github.com/rapport-chat/rapport/conversation"
)

// The platform blocks an address after 10,000 refused calls in ten minutes; we stop before.
// Source: docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans.
const (
	budgetMinutes = 10
	budgetLimit   = 8000
)

// budget counts the calls of the last ten minutes that count as invalid: 401, 403 and 429, except shared ones.
type budget struct {
	mu      sync.Mutex
	minute  int64 // the newest minute that is counted
	counted [budgetMinutes]int
}

// count counts a call that was refused; used up is true for the one with which the budget ends.
func (b *budget) count(ex *exchange, now time.Time) (usedUp bool) {
	switch {
	case ex.status == http.StatusUnauthorized, ex.status == http.StatusForbidden:
	case ex.status == http.StatusTooManyRequests && !ex.shared:
	default:
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	b.counted[b.minute%budgetMinutes]++
	return b.sum() == budgetLimit
}

func (b *budget) sum() int {
	sum := 0
	for _, n := range b.counted {
		sum += n
	}
	return sum
}

// advance forgets the minutes that have passed.
func (b *budget) advance(now time.Time) {
	minute := now.Unix() / 60
	for range min(max(minute-b.minute, 0), budgetMinutes) {
		b.minute++
		b.counted[b.minute%budgetMinutes] = 0
	}
	b.minute = max(b.minute, minute)
}

// wait is how long no call may be made, 0 while there is room.
func (b *budget) wait(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	if b.sum() < budgetLimit {
		return 0
	}
	return time.Minute
}

func (a *Adapter) overBudget(ex *exchange, wait time.Duration) *conversation.SendError {
	return &conversation.SendError{
		Kind: conversation.RateLimited, RetryAfter: wait, WholeBot: true, Code: "invalid_request_budget",
		Err: fmt.Errorf("%s: not made, the platform has refused %d calls in ten minutes", ex.what, budgetLimit),
	}
}

// How long a chat that refuses us is left alone, by everything but answers: a day, then twice as long each time.
const (
	firstRest = 24 * time.Hour
	longRest  = 7 * 24 * time.Hour
	maxRefuse = 20_000
)

// refusals remember the private chats that are closed to us. Each call to one counts as invalid.
type refusals struct {
	mu   sync.Mutex
	ring *recall.Ring[refusedChat]
}

type refusedChat struct {
	until time.Time
	rest  time.Duration
	code  string
}

func newRefusals() *refusals { return &refusals{ring: recall.NewRing[refusedChat](maxRefuse)} }

var errResting = errors.New("the chat refused us before and is left alone for some days, or until the person writes")

// check refuses what the platform would refuse.
func (r *refusals) check(chat string, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.ring.Get(chat)
	if !ok || !now.Before(c.until) {
		return nil
	}
	return &conversation.SendError{Kind: conversation.PersonGone, Code: c.code, Err: errResting}
}

// note takes what became of a call.
func (r *refusals) note(chat string, err error, now time.Time) {
	if err == nil {
		r.forget(chat)
		return
	}
	if conversation.KindOf(err) != conversation.PersonGone {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	rest := min(max(2*r.ring.Of(chat).rest, firstRest), longRest)
	r.ring.Put(chat, refusedChat{until: now.Add(rest), rest: rest, code: calling.CodeOf(err)})
}

// forget begins anew: the chat has taken a message, or the person has written.
func (r *refusals) forget(chat string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring.Drop(chat)
}
