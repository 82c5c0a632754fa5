package outbox_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/conversation"
)

// arrival is one call as the platform saw it.
type arrival struct {
	id      conversation.OutgoingID
	chat    string
	lane    conversation.Lane
	kind    conversation.BodyKind
	at      time.Time
	refused bool // for its pace
	done    bool // it had its effect
}

// platform is a strict fake of a chat platform: it refuses more than perSecond calls in any sliding second and more
// than one per perChat in a chat, counted at arrival.
type platform struct {
	perSecond int
	perChat   time.Duration
	limits    *conversation.Limits                                    // what it tells, when not the truth
	there     func(s conversation.Sending) time.Duration              // how long a call travels until it counts
	back      func(s conversation.Sending) time.Duration              // and how long until its answer is here
	answer    func(ctx context.Context, s conversation.Sending) error // nil error: done
	onArrival func(s conversation.Sending)

	mu       sync.Mutex
	arrivals []arrival
	busy     int
	most     int
	refusals int
}

func (p *platform) Name() string { return "fake" }

func (p *platform) Limits() conversation.Limits {
	if p.limits != nil {
		return *p.limits
	}
	return conversation.Limits{PerSecond: float64(p.perSecond), PerChat: p.perChat}
}

// idOf reads the item's id back from its key.
func idOf(s conversation.Sending) conversation.OutgoingID {
	n, err := strconv.ParseInt(s.Key[1:], 10, 64)
	if err != nil {
		panic(err)
	}
	return conversation.OutgoingID(n)
}

func (p *platform) Send(ctx context.Context, s conversation.Sending) (conversation.Receipt, error) {
	p.mu.Lock()
	p.busy++
	p.most = max(p.most, p.busy)
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.busy--
		p.mu.Unlock()
	}()
	if p.there != nil {
		if err := (clock.Real{}).WaitUntil(ctx, time.Now().Add(p.there(s))); err != nil {
			return conversation.Receipt{}, unclear(err)
		}
	}
	err := p.arrive(ctx, s)
	if p.back != nil {
		if late := (clock.Real{}).WaitUntil(ctx, time.Now().Add(p.back(s))); late != nil {
			return conversation.Receipt{}, unclear(late)
		}
	}
	if err != nil {
		return conversation.Receipt{}, err
	}
	return conversation.Receipt{MessageID: "m" + s.Key[1:]}, nil
}

// arrive is the moment at which a call counts.
func (p *platform) arrive(ctx context.Context, s conversation.Sending) error {
	if p.onArrival != nil {
		p.onArrival(s)
	}
	a := arrival{id: idOf(s), chat: s.To.Chat, lane: s.Lane, kind: s.Body.Kind, at: time.Now()}
	p.mu.Lock()
	if wait := p.tooFast(a); wait > 0 {
		a.refused = true
		p.refusals++
		p.arrivals = append(p.arrivals, a)
		p.mu.Unlock()
		return &conversation.SendError{Kind: conversation.RateLimited, RetryAfter: time.Second, Code: "too_fast"}
	}
	p.arrivals = append(p.arrivals, a)
	n := len(p.arrivals) - 1
	p.mu.Unlock()
	var err error
	if p.answer != nil {
		err = p.answer(ctx, s)
	}
	if err == nil || conversation.KindOf(err) == conversation.OutcomeUnknown && !errors.Is(err, errNotDone) {
		p.mu.Lock()
		p.arrivals[n].done = true
		p.mu.Unlock()
	}
	return err
}

// errNotDone marks an unknown outcome of a call that had no effect.
var errNotDone = errors.New("connection reset before the platform read it")

// unclear is the error of a call without an answer.
func unclear(err error) error {
	return &conversation.SendError{Kind: conversation.OutcomeUnknown, Code: "timeout", Err: err}
}

// tooFast says how long the platform would have the caller wait.
func (p *platform) tooFast(a arrival) time.Duration {
	if p.perSecond == 0 && p.perChat == 0 {
		return 0
	}
	n := 0
	for i := len(p.arrivals) - 1; i >= 0; i-- {
		b := p.arrivals[i]
		since := a.at.Sub(b.at)
		if since >= max(time.Second, p.perChat) {
			break
		}
		if b.refused {
			continue
		}
		if p.perChat > 0 && b.chat == a.chat && since < p.perChat {
			return p.perChat - since
		}
		if since < time.Second {
			n++
		}
	}
	if p.perSecond > 0 && n >= p.perSecond {
		return time.Second
	}
	return 0
}

// done lists the calls that had their effect.
func (p *platform) done() []arrival {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []arrival
	for _, a := range p.arrivals {
		if a.done {
			out = append(out, a)
		}
	}
	return out
}
