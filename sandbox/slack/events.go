package slack

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// delivery is one event on its way to the app. Source: docs.slack.dev/apis/events-api and using-socket-mode.
type delivery struct {
	No      int64           `json:"no"`
	Body    json.RawMessage `json:"body"` // the event_callback
	Attempt int             `json:"attempt,omitempty"`
	Reason  string          `json:"reason,omitempty"` // of the repetition

	flying bool // handed over and neither acknowledged nor given up
	due    time.Time
	last   *socket // over which it went
	timer  *time.Timer
}

// queue is what is on its way to the app.
type queue struct {
	base     string // of the app's server in HTTP mode
	next     int64
	pending  []*delivery
	recent   []*delivery // the newest, for a redelivery
	sockets  []*socket   // that have said hello, the one whose turn it is first
	tickets  map[string]time.Time
	awaited  int
	disabled bool
	online   chan struct{} // closed when the app can first be reached
	unwatch  func()
}

func (q *queue) init(base string) {
	q.tickets, q.online, q.unwatch = map[string]time.Time{}, make(chan struct{}), func() {}
	q.setBase(base)
}

// setBase turns to HTTP mode, or with nothing back to Socket Mode.
func (q *queue) setBase(base string) {
	q.base = strings.TrimRight(base, "/")
	if q.base != "" {
		q.reached()
	}
}

// reached notes that the app can be reached.
func (q *queue) reached() {
	select {
	case <-q.online:
	default:
		close(q.online)
	}
}

// forget drops an event that is done.
func (q *queue) forget(no int64) {
	q.pending = slices.DeleteFunc(q.pending, func(d *delivery) bool { return d.No == no })
}

// stopTimers stops what would wake the queue up.
func (q *queue) stopTimers() {
	for _, d := range q.pending {
		if d.timer != nil {
			d.timer.Stop()
		}
	}
}

// event makes an event_callback of an inner event. Its event_ts is the inner one's.
func (l *Lookalike) event(inner map[string]any) *delivery {
	l.queue.next++
	if inner["event_ts"] == nil {
		inner["event_ts"] = l.newTS()
	}
	body := map[string]any{
		"token": "sandbox-verification", "team_id": l.app.team, "api_app_id": l.app.app, "event": inner, "type": "event_callback",
		"event_id": fmt.Sprintf("Ev0%09X", l.queue.next), "event_time": l.cfg.Now().Unix(),
		"authorizations": []any{map[string]any{
			"enterprise_id": nil, "team_id": l.app.team, "user_id": l.app.user, "is_bot": true, "is_enterprise_install": false,
		}},
		"is_ext_shared_channel": false, "event_context": "4-" + rand.Text(),
	}
	return &delivery{No: l.queue.next, Body: raw(body)}
}

// maxRecent is how many events a redelivery hands over once more.
const maxRecent = 3

// enqueue puts events that are saved in the line.
func (l *Lookalike) enqueue(ds ...*delivery) {
	q := &l.queue
	q.pending = append(q.pending, ds...)
	q.recent = append(q.recent, ds...)
	if len(q.recent) > maxRecent {
		q.recent = slices.Clone(q.recent[len(q.recent)-maxRecent:])
	}
	l.pump()
}

// pump hands over what is due, in order.
func (l *Lookalike) pump() {
	if l.ctx.Err() != nil || l.gate.Shut() || l.queue.base == "" && len(l.queue.sockets) == 0 {
		return
	}
	now := time.Now()
	for _, d := range slices.Clone(l.queue.pending) {
		if d.flying || d.due.After(now) {
			continue
		}
		if l.queue.base != "" {
			d.flying = true
			base, attempt, reason := l.queue.base, d.Attempt, d.Reason
			l.running.Go(func() { l.postEvent(base, d, attempt, reason) })
			continue
		}
		s := l.queue.take(d.last)
		if s == nil {
			return
		}
		s.deliver(d)
	}
}

// take is the socket whose turn it is; another one than the last when there is one.
func (q *queue) take(last *socket) *socket {
	if len(q.sockets) == 0 {
		return nil
	}
	i := 0
	if q.sockets[0] == last && len(q.sockets) > 1 {
		i = 1
	}
	s := q.sockets[i]
	q.sockets = append(slices.Delete(q.sockets, i, i+1), s)
	return s
}

// missed puts an event that was not acknowledged back in the line.
func (l *Lookalike) missed(d *delivery, reason string) {
	if !d.flying {
		return
	}
	d.flying, d.Reason = false, reason
	if d.Attempt < len(l.cfg.Limits.Retries) {
		l.wakeAt(d, l.cfg.Limits.Retries[d.Attempt])
	} else {
		// Slack gives up here. The sandbox promises to keep it, until the app connects anew or answers again.
		l.wakeAt(d, l.cfg.Limits.Retries[len(l.cfg.Limits.Retries)-1])
	}
	d.Attempt++
}

// wakeAt has an event handed over after a pause.
func (l *Lookalike) wakeAt(d *delivery, pause time.Duration) {
	d.due = time.Now().Add(pause)
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer = time.AfterFunc(pause, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.pump()
	})
}

// flush makes everything that waits for its repetition due now.
func (l *Lookalike) flush() {
	for _, d := range l.queue.pending {
		if !d.flying {
			d.due = time.Time{}
		}
	}
	l.pump()
}

// acked notes that the app has taken an event.
func (l *Lookalike) acked(d *delivery) error {
	d.flying = false
	if d.timer != nil {
		d.timer.Stop()
	}
	l.queue.forget(d.No)
	return l.save(record{Acked: d.No})
}

// redeliver hands over the newest events once more, as Slack does when it has lost an acknowledgement.
func (l *Lookalike) redeliver() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.queue.recent {
		if slices.ContainsFunc(l.queue.pending, func(p *delivery) bool { return p.No == d.No }) {
			continue
		}
		l.queue.next++
		again := &delivery{No: l.queue.next, Body: d.Body, Attempt: 1, Reason: "timeout"}
		if l.save(record{Event: again}) == nil {
			l.queue.pending = append(l.queue.pending, again)
		}
	}
	l.pump()
}

// Emit sends an event as it is given, for what a person cannot do. The field "type" names it.
func (l *Lookalike) Emit(inner map[string]any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.emit(inner)
}
