package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

// account is the bot account of every test.
const account = "fake:1"

// errDown is what the store answers while it does not answer.
var errDown = errors.New("connection refused")

// pass lets d go by on the bubble's clock.
func pass(d time.Duration) { _ = (clock.Real{}).WaitUntil(context.Background(), time.Now().Add(d)) }

// state is where an item stands.
type state string

const (
	pending state = "pending"
	sending state = "sending"
	sent    state = "sent"
	failed  state = "failed"
	unknown state = "unknown"
	dropped state = "dropped"
)

// row is one item of the memory store.
type row struct {
	outbox.Item
	state    state
	epoch    int64 // while sending
	retryAt  time.Time
	visible  time.Time // real clock: when its transaction committed
	deferred time.Time // business clock: what the gate puts NotBefore to at the first claim; zero for nothing
	blocked  bool      // the gate suppresses it
	claims   int
	code     string
	spec     spec // of a drawn scenario
}

// memory is a strict Store: it keeps states, epochs and expiries as the contract says, and notes whatever a worker
// does that it must not. Reads answer what was true when they began.
type memory struct {
	mu       sync.Mutex
	rows     map[conversation.OutgoingID]*row
	lanes    [3][]*row // by id
	states   map[state]int
	last     conversation.OutgoingID
	business clock.Clock
	owner    string
	epoch    int64
	expires  time.Time
	wrong    []string

	latency func(op string) time.Duration // how long an operation takes
	fault   func(op string) (before, after bool)
	claims  int // operations
	settles int
	reads   int
	largest int // items sending at once
}

func newMemory(business clock.Clock) *memory {
	return &memory{rows: map[conversation.OutgoingID]*row{}, states: map[state]int{}, business: business}
}

// add writes an item and returns its id.
func (m *memory) add(o conversation.Outgoing) conversation.OutgoingID {
	id := m.reserve(o)
	m.commit(id)
	return id
}

// reserve gives an item its id; commit makes it visible.
func (m *memory) reserve(o conversation.Outgoing) conversation.OutgoingID {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	o.Key = "k" + strconv.FormatInt(int64(m.last), 10)
	r := &row{Item: outbox.Item{Sending: conversation.Sending{Outgoing: o}, ID: m.last}, state: pending}
	m.rows[m.last] = r
	m.lanes[o.Lane] = append(m.lanes[o.Lane], r)
	m.states[pending]++
	return m.last
}

func (m *memory) commit(id conversation.OutgoingID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[id].visible = time.Now()
}

// get is a copy of a row.
func (m *memory) get(id conversation.OutgoingID) row {
	m.mu.Lock()
	defer m.mu.Unlock()
	return *m.rows[id]
}

// count counts rows by state.
func (m *memory) count() map[state]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.states)
}

// becomes changes a row's state.
func (m *memory) becomes(r *row, s state) {
	m.states[r.state]--
	m.states[s]++
	r.state = s
}

// violate notes a breach of the contract.
func (m *memory) violate(format string, args ...any) {
	m.wrong = append(m.wrong, fmt.Sprintf(format, args...))
}

// do runs an operation with its latency and faults. Its effect comes at the end, unless the store fails before.
func (m *memory) do(ctx context.Context, op string, effect func() error) error {
	if m.latency != nil {
		if d := m.latency(op); d > 0 {
			if err := (clock.Real{}).WaitUntil(ctx, time.Now().Add(d)); err != nil {
				return err
			}
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var before, after bool
	if m.fault != nil {
		before, after = m.fault(op)
	}
	if before {
		return errDown
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	err := effect()
	if after && err == nil {
		return errDown
	}
	return err
}

// mine says that the lease is in force.
func (m *memory) mine(l outbox.Lease) bool {
	return m.owner == l.Owner && m.epoch == l.Epoch && time.Now().Before(m.expires)
}

func (m *memory) Acquire(ctx context.Context, acc, owner string, ttl time.Duration) (l outbox.Lease, err error) {
	begun := time.Now()
	err = m.do(ctx, "acquire", func() error {
		now := time.Now()
		over := !now.Before(m.expires)
		switch {
		case m.owner == owner && !m.expires.IsZero():
		case over:
			m.owner, m.epoch = owner, m.epoch+1
		default:
			return outbox.ErrLeaseHeld
		}
		m.expires = now.Add(ttl)
		l = outbox.Lease{Account: acc, Owner: owner, Epoch: m.epoch, Expires: begun.Add(ttl)}
		return nil
	})
	return l, err
}

func (m *memory) Release(ctx context.Context, l outbox.Lease) error {
	return m.do(ctx, "release", func() error {
		if !m.mine(l) {
			return outbox.ErrLeaseLost
		}
		for id, r := range m.rows {
			if r.state == sending && r.epoch == l.Epoch {
				m.violate("the lease was given back with %d sending", id)
			}
		}
		m.expires = time.Time{}
		return nil
	})
}

func (m *memory) Recover(ctx context.Context, l outbox.Lease) (out outbox.Recovered, err error) {
	err = m.do(ctx, "recover", func() error {
		if !m.mine(l) {
			return outbox.ErrLeaseLost
		}
		for _, r := range m.rows {
			if r.state != sending || r.epoch == l.Epoch {
				continue
			}
			if r.AfterCrash == conversation.Resend {
				m.becomes(r, pending)
				out.Resent++
			} else {
				m.becomes(r, unknown)
				out.Unknown++
			}
		}
		return nil
	})
	return out, err
}

func (m *memory) Waiting(
	ctx context.Context, _ string, lane conversation.Lane, after conversation.OutgoingID, limit int,
) ([]outbox.Waiting, error) {
	var out []outbox.Waiting
	m.mu.Lock()
	m.reads++
	rows := m.lanes[lane]
	from := sort.Search(len(rows), func(i int) bool { return rows[i].ID > after })
	for _, r := range rows[from:] {
		if r.state == pending && !r.visible.IsZero() {
			out = append(out, outbox.Waiting{ID: r.ID, Chat: r.To.Chat, Lane: lane, NotBefore: r.NotBefore, RetryAt: r.retryAt})
		}
		if len(out) == limit {
			break
		}
	}
	m.mu.Unlock()
	return out, m.do(ctx, "waiting", func() error { return nil })
}

func (m *memory) Claim(
	ctx context.Context, l outbox.Lease, ids []conversation.OutgoingID, now time.Time,
) (out []outbox.Item, err error) {
	err = m.do(ctx, "claim", func() error {
		m.claims++
		if !m.mine(l) {
			return outbox.ErrLeaseLost
		}
		for _, id := range ids {
			r := m.rows[id]
			r.claims++
			if r.state != pending {
				continue
			}
			if item, ok := m.claim(r, now); ok {
				r.epoch = l.Epoch
				out = append(out, item)
			}
		}
		m.largest = max(m.largest, m.states[sending])
		return nil
	})
	return out, err
}

// claim claims one row as its gate says.
func (m *memory) claim(r *row, now time.Time) (outbox.Item, bool) {
	if r.NotBefore.After(now) && r.spec.deferred == 0 {
		m.violate("%d was claimed %v before it is due", r.ID, r.NotBefore.Sub(now))
	}
	if at := r.retryAt; at.After(time.Now()) && r.Body.Kind == conversation.BodyNew {
		m.violate("%d was claimed %v before its retry", r.ID, time.Until(at))
	}
	switch {
	case r.NotBefore.After(now):
		return outbox.Item{}, false
	case !r.NotAfter.IsZero() && now.After(r.NotAfter), r.blocked:
		m.becomes(r, dropped)
		return outbox.Item{}, false
	case !r.deferred.IsZero():
		r.NotBefore, r.deferred = r.deferred, time.Time{}
		return outbox.Item{}, false
	}
	item := r.Item
	if r.Body.Kind != conversation.BodyNew {
		switch target := m.rows[r.Body.Of]; target.state {
		case sent:
			item.MessageID = "m" + strconv.FormatInt(int64(target.ID), 10)
		case failed, unknown, dropped:
			m.becomes(r, failed)
			r.code = "target_failed"
			return outbox.Item{}, false
		}
	}
	m.becomes(r, sending)
	return item, true
}

func (m *memory) Settle(ctx context.Context, l outbox.Lease, results []outbox.Result) error {
	return m.do(ctx, "settle", func() error {
		m.settles++
		if !m.mine(l) {
			return outbox.ErrLeaseLost
		}
		for _, res := range results {
			r := m.rows[res.ID]
			if r.state != sending || r.epoch != l.Epoch {
				continue
			}
			if !res.Uncalled {
				r.Attempts++
			}
			r.code = res.Code
			switch res.Outcome {
			case outbox.Sent:
				m.becomes(r, sent)
			case outbox.Retry:
				m.becomes(r, pending)
				r.retryAt = res.RetryAt
				r.Body.Plain = r.Body.Plain || res.Plain
			case outbox.Failed:
				m.becomes(r, failed)
			case outbox.Lost:
				m.becomes(r, unknown)
			case outbox.Dropped:
				m.becomes(r, dropped)
			}
		}
		return nil
	})
}

func (m *memory) Depth(ctx context.Context, _ string, now time.Time) (map[conversation.Lane]int, error) {
	out := map[conversation.Lane]int{}
	err := m.do(ctx, "depth", func() error {
		for _, r := range m.rows {
			if !r.visible.IsZero() && (r.state == sending || r.state == pending && !r.NotBefore.After(now)) {
				out[r.Lane]++
			}
		}
		return nil
	})
	return out, err
}

var _ outbox.Store = (*memory)(nil)
