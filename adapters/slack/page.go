package slack

import (
	"context"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
)

// pages gather what comes over HTTP for a chat at nearly the same time: the platform calls for each event at once, so
// that their order is ours to restore.
type pages struct {
	mu   sync.Mutex
	open map[string]*page // by chat: still taking
	last map[string]*page // by chat: the newest, still taking or being kept
}

// page are some payloads of one chat. The first one's request keeps them for all.
type page struct {
	deliveries []*delivery
	before     *page // to be kept first
	done       chan struct{}
	err        error // set before done is closed
}

func newPages() *pages { return &pages{open: map[string]*page{}, last: map[string]*page{}} }

// take adds a payload to a page, and answers when the page is kept or ctx ends. keep is called for a page by one of its
// requests, in the order of the chat's pages.
func (p *pages) take(ctx context.Context, d *delivery, keep func(ctx context.Context, page []*delivery) error) error {
	chat := d.chat()
	p.mu.Lock()
	pg := p.open[chat]
	leads := pg == nil
	if leads {
		pg = &page{before: p.last[chat], done: make(chan struct{})}
		p.open[chat], p.last[chat] = pg, pg
	}
	pg.deliveries = append(pg.deliveries, d)
	if len(pg.deliveries) == maxPage {
		delete(p.open, chat)
	}
	p.mu.Unlock()
	if leads {
		p.lead(ctx, chat, pg, keep)
	}
	select {
	case <-pg.done:
		return pg.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pages) lead(ctx context.Context, chat string, pg *page, keep func(ctx context.Context, page []*delivery) error) {
	waited := calling.Pause(ctx, httpGather)
	p.mu.Lock()
	if p.open[chat] == pg {
		delete(p.open, chat)
	}
	p.mu.Unlock()
	if pg.before != nil && waited == nil {
		select {
		case <-pg.before.done:
		case <-ctx.Done():
		}
	}
	pg.before = nil
	pg.err = ctx.Err()
	if pg.err == nil {
		pg.err = keep(ctx, sorted(pg.deliveries))
	}
	p.mu.Lock()
	if p.last[chat] == pg {
		delete(p.last, chat)
	}
	p.mu.Unlock()
	close(pg.done)
}

// httpGather is how long a page waits for what the platform delivers beside it, in calls of their own.
const httpGather = 50 * time.Millisecond

// httpTime is how long a request may take to be kept: the platform waits 3 s.
const httpTime = 2500 * time.Millisecond
