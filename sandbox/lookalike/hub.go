package lookalike

import (
	"context"
	"sync"
)

// eventBuffer is how many events a slow subscriber may be behind before it loses the oldest.
const eventBuffer = 64

// Hub hands events to whoever watches. The zero value is ready.
type Hub struct {
	mu   sync.Mutex
	subs map[chan Event]struct{}
}

// Subscribe delivers events until ctx ends, then closes the channel. A slow reader loses the oldest events, which is
// harmless because an event only says that something changed.
func (h *Hub) Subscribe(ctx context.Context) <-chan Event {
	ch := make(chan Event, eventBuffer)
	h.mu.Lock()
	if h.subs == nil {
		h.subs = make(map[chan Event]struct{})
	}
	h.subs[ch] = struct{}{}
	h.mu.Unlock()
	context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subs, ch)
		close(ch)
	})
	return ch
}

// Publish tells all subscribers and never waits for one.
func (h *Hub) Publish(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.subs {
		for {
			select {
			case ch <- e:
			default:
				select { // full: make room by dropping the oldest
				case <-ch:
				default:
				}
				continue
			}
			break
		}
	}
}
