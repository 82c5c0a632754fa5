package persistence

import (
	"context"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

const (
	// idsAtOnce is by how much PostgreSQL's sequence of outbox ids goes up: who takes a number has the three after it.
	idsAtOnce = 4
	// numbersAhead is how many ids are taken ahead at once.
	numbersAhead = 64
	// numbersLife is how long ids taken ahead may be used. A reader of the outbox looks back further than this, see
	// outbox.Store.
	numbersLife = time.Second
)

// numbers gives out the ids of messages on PostgreSQL, some taken ahead, so that a message has its id before it is
// written and mostly without a round trip. Within a process, ids go up in the order in which they are given out.
type numbers struct {
	mu    sync.Mutex
	free  []conversation.OutgoingID
	until time.Time
	high  conversation.OutgoingID // the highest that was given out
}

// take answers at least so many ids. on is where to ask for more.
func (n *numbers) take(ctx context.Context, on *statements, want int) ([]conversation.OutgoingID, error) {
	if have := n.pop(want); have != nil {
		return have, nil
	}
	// Not under the lock: the connection that we may have to wait for may be held by somebody who waits for the lock.
	asked := time.Now()
	more, err := nextNumbers(ctx, on, max(want, numbersAhead))
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	mine, rest := more[:want:want], more[want:]
	n.high = max(n.high, mine[want-1])
	if len(n.free) > 0 && n.free[0] < n.high {
		n.free = nil
	}
	if len(rest) > 0 && rest[0] > n.high && (len(n.free) == 0 || rest[0] > n.free[0]) {
		n.free, n.until = rest, asked.Add(numbersLife)
	}
	return mine, nil
}

// pop takes from what is there; nil when that is not enough.
func (n *numbers) pop(want int) []conversation.OutgoingID {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.free) < want || time.Now().After(n.until) {
		return nil
	}
	out := n.free[:want:want]
	n.free, n.high = n.free[want:], out[want-1]
	return out
}

// nextNumbers takes at least so many ids from PostgreSQL's sequence.
func nextNumbers(ctx context.Context, on *statements, want int) ([]conversation.OutgoingID, error) {
	var first []int64
	blocks := (want + idsAtOnce - 1) / idsAtOnce
	err := on.list(ctx, &first, `SELECT nextval('outbox_id_seq') FROM generate_series(1, CAST(? AS bigint))`, blocks)
	if err != nil {
		return nil, err
	}
	free := make([]conversation.OutgoingID, 0, len(first)*idsAtOnce)
	for _, f := range first {
		free = append(free, between(f, idsAtOnce)...)
	}
	return free, nil
}

// between is n ids from first on.
func between(first int64, n int) []conversation.OutgoingID {
	out := make([]conversation.OutgoingID, n)
	for i := range out {
		out[i] = conversation.OutgoingID(first) + conversation.OutgoingID(i)
	}
	return out
}
