package conversation

import (
	"context"
	"strings"
	"time"
)

// People write in pieces: "salam", "birsey sorusum", "islemir". What the engine is certain about is answered at once;
// the rest waits a moment for more and is taken as one question.
const (
	defaultWait  = 2500 * time.Millisecond // since the newest fragment, real clock
	maxWait      = 8 * time.Second         // since the first fragment
	maxFragments = 6
)

// mailbox is the queue of one conversation; its goroutine lives while there is work.
type mailbox struct {
	queue []Inbound     // guarded by Engine.mu
	more  chan struct{} // signalled when the queue grows
}

// drain takes the conversation's events in order until none is left.
func (e *Engine) drain(ctx context.Context, key string, box *mailbox) {
	var held []Inbound // fragments that wait for more
	var since, until time.Time
	for {
		in, got := e.next(ctx, key, box, len(held) > 0, until)
		if ctx.Err() != nil {
			return // what was not settled is taken up by the next run
		}
		if !got && len(held) == 0 {
			return
		}
		goesOn := cut(held)
		if !got || !mayWait(in) || goesOn && e.speaksForItself(in) {
			if len(held) > 0 {
				e.settle(ctx, held, merge(held), true)
				held = nil
			}
			if got {
				e.settle(ctx, []Inbound{in}, in, true)
			}
			continue
		}
		now := time.Now()
		if len(held) == 0 {
			since = now
		}
		parts := append(held, in)
		if cut(parts) { // not half of what the person says is answered
			held, until = parts, now.Add(max(e.cfg.Wait, 0))
			e.typing(ctx, in)
			continue
		}
		final := e.cfg.Wait < 0 || len(parts) >= maxFragments || now.Sub(since) >= maxWait
		if len(held) > 0 && !goesOn && e.settle(ctx, parts, in, false) { // certain by itself
			held = nil
			continue
		}
		if e.settle(ctx, parts, merge(parts), final) {
			held = nil
			continue
		}
		held, until = parts, now.Add(min(e.cfg.Wait, maxWait-now.Sub(since)))
		e.typing(ctx, in)
	}
}

// typing shows the person that an answer is on its way.
func (e *Engine) typing(ctx context.Context, in Inbound) {
	if e.cfg.Typing != nil {
		e.cfg.Typing(ctx, in.Address)
	}
}

// next is the conversation's next event. While fragments are held it gives up at until; otherwise it ends the mailbox
// when there is nothing.
func (e *Engine) next(ctx context.Context, key string, box *mailbox, holding bool, until time.Time) (Inbound, bool) {
	var timeout <-chan time.Time
	if holding {
		timer := time.NewTimer(time.Until(until))
		defer timer.Stop()
		timeout = timer.C
	}
	for {
		e.mu.Lock()
		if len(box.queue) > 0 {
			in := box.queue[0]
			box.queue = box.queue[1:]
			e.mu.Unlock()
			return in, true
		}
		if !holding {
			delete(e.boxes, key)
			e.mu.Unlock()
			return Inbound{}, false
		}
		e.mu.Unlock()
		select {
		case <-box.more:
		case <-timeout:
			return Inbound{}, false
		case <-ctx.Done():
			return Inbound{}, false
		}
	}
}

// mayWait says whether an event is a fragment of text that more may follow. Commands and presses never wait, nor does
// what is said in a group.
func mayWait(in Inbound) bool {
	return in.Kind == KindMessage && in.Private && in.Command == "" && in.Text != "" && len(in.Attachments) == 0
}

// merge is all fragments as one event.
func merge(parts []Inbound) Inbound {
	if len(parts) == 1 {
		return parts[0]
	}
	in := parts[len(parts)-1]
	lines := make([]string, len(parts))
	for i, p := range parts {
		lines[i] = p.Text
	}
	in.Text = strings.Join(lines, "\n")
	return in
}
