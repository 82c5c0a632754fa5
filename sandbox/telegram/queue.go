package telegram

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

const (
	// maxPoll is the longest that a getUpdates may wait, whatever it asks for.
	maxPoll = 50 * time.Second
	// maxBatch is the most updates that one getUpdates answers. Source: core.telegram.org/bots/api#getupdates.
	maxBatch = 100
	// redelivered is how many confirmed updates a redelivery hands over once more.
	redelivered = 10
)

// defaultKinds are the updates that a bot gets which has never named any, of those that the look-alike has.
var defaultKinds = []string{"message", "edited_message", "callback_query", "my_chat_member"}

// update is one event for the bot.
type update struct {
	ID    int64           `json:"id"`
	Kind  string          `json:"kind"`
	Chat  int64           `json:"chat"`
	Query string          `json:"query,omitempty"` // of a button press
	By    string          `json:"by,omitempty"`    // who pressed
	At    time.Time       `json:"at"`              // real clock
	Body  json.RawMessage `json:"body"`            // as it is sent, with its update_id
}

// query is a button press that the bot may answer.
type query struct {
	at time.Time
	by string // who pressed
}

// queue holds what the bot has not confirmed, in order.
type queue struct {
	pending   []*update
	again     []*update // to be handed over once more, whatever the bot's offset
	recent    []*update // the last confirmed ones
	next      int64
	nextQuery int64
	allowed   []string // nil: the default kinds
	hook      hook
	hookState hookState
	wake      chan struct{} // closed when something arrives
	poller    chan struct{} // closed to end the poll under way
}

// confirmBelow forgets the updates with a lower id than offset and says how many there were.
func (q *queue) confirmBelow(offset int64) int {
	n := 0
	q.pending = slices.DeleteFunc(q.pending, func(u *update) bool {
		if u.ID >= offset {
			return false
		}
		n++
		q.remember(u)
		return true
	})
	return n
}

// confirm forgets one update.
func (q *queue) confirm(id int64) {
	q.pending = slices.DeleteFunc(q.pending, func(u *update) bool {
		if u.ID != id {
			return false
		}
		q.remember(u)
		return true
	})
}

func (q *queue) remember(u *update) {
	q.recent = append(q.recent, u)
	if len(q.recent) > redelivered {
		q.recent = slices.Clone(q.recent[len(q.recent)-redelivered:])
	}
}

func (q *queue) wants(kind string) bool {
	if len(q.allowed) == 0 {
		return slices.Contains(defaultKinds, kind)
	}
	return slices.Contains(q.allowed, kind)
}

func (q *queue) ring() {
	if q.wake != nil {
		close(q.wake)
		q.wake = nil
	}
}

func (q *queue) waiter() <-chan struct{} {
	if q.wake == nil {
		q.wake = make(chan struct{})
	}
	return q.wake
}

// enqueue makes the update for an event, nil if the bot has not asked for its kind. The caller saves the record and
// then calls deliver.
func (l *Lookalike) enqueue(kind string, chatID int64, queryID string, event any) (*update, error) {
	if !l.queue.wants(kind) {
		return nil, nil
	}
	body, err := json.Marshal(map[string]any{"update_id": l.queue.next, kind: event})
	if err != nil {
		return nil, err
	}
	u := &update{ID: l.queue.next, Kind: kind, Chat: chatID, Query: queryID, At: time.Now(), Body: body}
	l.queue.next++
	return u, nil
}

// deliver puts a saved update before the bot.
func (l *Lookalike) deliver(u *update) {
	if u == nil {
		return
	}
	l.queue.pending = append(l.queue.pending, u)
	if u.Query != "" {
		l.forgetQueries()
		l.queries[u.Query] = &query{at: u.At, by: u.By}
	}
	l.queue.ring()
	l.push(u)
}

// forgetQueries drops presses that nobody can answer any more.
func (l *Lookalike) forgetQueries() {
	for id, q := range l.queries {
		if l.cfg.Limits.AnswerWithin > 0 && time.Since(q.at) > 2*l.cfg.Limits.AnswerWithin {
			delete(l.queries, id)
		}
	}
}

// Inject hands the bot an update exactly as given, except that it gets an update_id if it has none. It is for tests
// of what an adapter does with updates that no look-alike makes: unknown kinds, inaccessible messages, broken values.
func (l *Lookalike) Inject(raw json.RawMessage) (updateID int64, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	u := &update{ID: l.queue.next, Kind: "injected", At: time.Now(), Body: raw}
	if given, ok := fields["update_id"]; ok {
		if err := json.Unmarshal(given, &u.ID); err != nil {
			return 0, err
		}
	} else {
		fields["update_id"] = json.RawMessage(strconv.FormatInt(u.ID, 10))
		if u.Body, err = json.Marshal(fields); err != nil {
			return 0, err
		}
	}
	l.queue.next = max(l.queue.next, u.ID) + 1
	if err := l.save(record{Update: u}); err != nil {
		return 0, err
	}
	l.deliver(u)
	return u.ID, nil
}

// redeliver hands the last confirmed updates over once more, as happens to a bot whose confirmation got lost.
func (l *Lookalike) redeliver() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue.again = slices.Clone(l.queue.recent)
	if l.queue.hook.URL != "" {
		again := l.queue.again
		l.queue.again = nil
		for _, u := range again {
			l.queue.pending = append(l.queue.pending, u)
			l.push(u)
		}
	}
	l.queue.ring()
}

// getUpdates is the long poll. A new one ends the one that waits, which is told so.
func (l *Lookalike) getUpdates(ctx context.Context, p params) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue.hook.URL != "" {
		return nil, errWebhookSet
	}
	if l.queue.poller != nil {
		close(l.queue.poller)
	}
	mine := make(chan struct{})
	l.queue.poller = mine
	defer func() {
		if l.queue.poller == mine {
			l.queue.poller = nil
		}
	}()
	if err := l.beginPoll(p); err != nil {
		return nil, err
	}
	limit := int(p.int("limit"))
	if limit <= 0 || limit > maxBatch {
		limit = maxBatch
	}
	wait := min(time.Duration(max(p.int("timeout"), 0))*time.Second, maxPoll)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		if batch := l.batch(limit); len(batch) > 0 || wait == 0 {
			return batch, nil
		}
		again, err := l.await(ctx, timer.C, mine)
		if err != nil || !again {
			return []json.RawMessage{}, err
		}
	}
}

// beginPoll confirms by the offset and remembers the kinds that are asked for.
func (l *Lookalike) beginPoll(p params) error {
	if kinds := p.str("allowed_updates"); kinds != "" {
		if err := l.allow(kinds); err != nil {
			return err
		}
	}
	offset := p.int("offset")
	if offset < 0 { // counted from the end: all before are forgotten
		n := len(l.queue.pending) + int(max(offset, -int64(len(l.queue.pending))))
		if n >= len(l.queue.pending) || n < 0 {
			return nil
		}
		offset = l.queue.pending[n].ID
	}
	if offset == 0 || l.queue.confirmBelow(offset) == 0 {
		return nil
	}
	return l.save(record{Below: offset})
}

// allow sets the kinds of updates that will be made from now on.
func (l *Lookalike) allow(kinds string) error {
	var list []string
	if err := json.Unmarshal([]byte(kinds), &list); err != nil {
		return badRequest("can't parse allowed_updates: expected an Array of String")
	}
	if slices.Equal(list, l.queue.allowed) {
		return nil
	}
	l.queue.allowed = list
	return l.save(record{Allowed: &list})
}

// batch is what a poll answers now.
func (l *Lookalike) batch(limit int) []json.RawMessage {
	out := []json.RawMessage{}
	for _, u := range l.queue.again {
		out = append(out, u.Body)
	}
	l.queue.again = nil
	for _, u := range l.queue.pending {
		if len(out) >= limit {
			break
		}
		out = append(out, u.Body)
	}
	return out
}

// await waits, without the lock, for an update; false when the time is over or nobody listens any more.
func (l *Lookalike) await(ctx context.Context, over <-chan time.Time, ended <-chan struct{}) (bool, error) {
	wake := l.queue.waiter()
	l.mu.Unlock()
	defer l.mu.Lock()
	select {
	case <-wake:
		return true, nil
	case <-over:
		return false, nil
	case <-ended:
		return false, errOtherPoller
	case <-ctx.Done():
		return false, nil
	case <-l.ctx.Done():
		return false, errGone
	}
}
