package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

// process is one start of one of the two services. What it does reaches the world only while it lives, and only when
// it is not frozen.
type process struct {
	outbox.Store
	*platform
	mu     sync.Mutex
	dead   chan struct{}
	thawed chan struct{} // closed while it is not frozen
}

func newProcess(store outbox.Store, p *platform) *process {
	open := make(chan struct{})
	close(open)
	return &process{Store: store, platform: p, dead: make(chan struct{}), thawed: open}
}

// errDead is what a killed process's own calls end with; nobody sees it.
var errDead = fmt.Errorf("killed: %w", outbox.ErrLeaseLost)

// live waits while the process is frozen, and fails once it is dead. A context does not help against either.
func (p *process) live() error {
	for {
		p.mu.Lock()
		thawed := p.thawed
		p.mu.Unlock()
		select {
		case <-p.dead:
			return errDead
		default:
		}
		select {
		case <-thawed:
			return nil
		case <-p.dead:
			return errDead
		}
	}
}

// freeze stops the process for d.
func (p *process) freeze(d time.Duration) {
	thawed := make(chan struct{})
	p.mu.Lock()
	p.thawed = thawed
	p.mu.Unlock()
	pass(d)
	close(thawed)
}

func (p *process) Acquire(ctx context.Context, acc, owner string, ttl time.Duration) (outbox.Lease, error) {
	if err := p.live(); err != nil {
		return outbox.Lease{}, err
	}
	l, err := p.Store.Acquire(ctx, acc, owner, ttl)
	return l, errors.Join(err, p.live())
}

func (p *process) Claim(
	ctx context.Context, l outbox.Lease, ids []conversation.OutgoingID, now time.Time,
) ([]outbox.Item, error) {
	if err := p.live(); err != nil {
		return nil, err
	}
	items, err := p.Store.Claim(ctx, l, ids, now)
	return items, errors.Join(err, p.live())
}

func (p *process) Settle(ctx context.Context, l outbox.Lease, r []outbox.Result) error {
	if err := p.live(); err != nil {
		return err
	}
	return errors.Join(p.Store.Settle(ctx, l, r), p.live())
}

func (p *process) Release(ctx context.Context, l outbox.Lease) error {
	if err := p.live(); err != nil {
		return err
	}
	return p.Store.Release(ctx, l)
}

func (p *process) Send(ctx context.Context, s conversation.Sending) (conversation.Receipt, error) {
	if err := p.live(); err != nil {
		return conversation.Receipt{}, unclear(err)
	}
	if err := ctx.Err(); err != nil {
		return conversation.Receipt{}, unclear(errNotDone)
	}
	r, err := p.platform.Send(ctx, s)
	if dead := p.live(); dead != nil {
		return conversation.Receipt{}, unclear(dead)
	}
	return r, err
}
