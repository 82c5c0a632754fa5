package slack

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// socketMethod is the "method" under which faults for Socket Mode are armed.
const socketMethod = "socket"

// Source of the figures: docs.slack.dev/apis/events-api/using-socket-mode; the interval of pings and how long a ticket
// lives are not published.
const (
	maxSockets  = 10
	ticketLife  = 30 * time.Second
	pingEvery   = 10 * time.Second
	pongWithin  = 30 * time.Second
	writeWait   = 10 * time.Second
	maxInFrame  = 1 << 20
	maxUnsent   = 4096
	warnBefore  = 10 * time.Second
	debugLife   = 360 * time.Second
	lingerAfter = 2 * time.Second // how long a connection stands after its refresh was asked for
)

// socket is one connection of Socket Mode.
type socket struct {
	l    *Lookalike
	ws   *websocket.Conn
	mute atomic.Bool

	flights map[string]*delivery // by envelope; under l.mu
	acts    map[string]*act

	mu     sync.Mutex
	queue  []frame
	wake   chan struct{}
	closed chan struct{}
	once   sync.Once
}

// frame is one text for the app; after the last one the connection is closed.
type frame struct {
	text []byte
	last bool
}

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

// connectionsOpen hands out the address of a socket, good for one connection.
func (l *Lookalike) connectionsOpen(args) (map[string]any, error) {
	now := time.Now()
	for t, at := range l.queue.tickets {
		if now.Sub(at) > ticketLife {
			delete(l.queue.tickets, t)
		}
	}
	ticket := rand.Text()
	l.queue.tickets[ticket] = now
	return map[string]any{"url": "ws://" + l.host + "/link/?ticket=" + ticket + "&app_id=" + l.app.app}, nil
}

// admitted says whether a ticket is good, and uses it up.
func (l *Lookalike) admitted(ticket string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.queue.tickets[ticket]
	delete(l.queue.tickets, ticket)
	return ok && time.Since(at) <= ticketLife
}

// serveSocket holds one connection until it ends.
func (l *Lookalike) serveSocket(w http.ResponseWriter, r *http.Request) {
	if f, ok := l.faults.Take(socketMethod, "open", false); ok {
		if f.Status == 0 {
			panic(http.ErrAbortHandler)
		}
		http.Error(w, http.StatusText(f.Status), f.Status)
		return
	}
	if !l.admitted(r.URL.Query().Get("ticket")) {
		http.Error(w, "expired_ticket", http.StatusForbidden)
		return
	}
	l.running.Add(1)
	defer l.running.Done()
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	ws.SetReadLimit(maxInFrame)
	s := &socket{
		l: l, ws: ws, flights: map[string]*delivery{}, acts: map[string]*act{},
		wake: make(chan struct{}, 1), closed: make(chan struct{}),
	}
	defer context.AfterFunc(r.Context(), s.close)()
	defer context.AfterFunc(l.ctx, s.close)()
	l.running.Go(s.write)
	life := l.cfg.ConnectionLife
	if r.URL.Query().Get("debug_reconnects") == "true" {
		life = min(life, debugLife)
	}
	if s.greet(r.Host, life) {
		timer := time.AfterFunc(max(life-warnBefore, 0), func() { s.retire(life) })
		defer timer.Stop()
	}
	s.read()
	s.close()
	s.leave()
}

// greet says hello, or goodbye to a connection that is not wanted.
func (s *socket) greet(host string, life time.Duration) bool {
	l := s.l
	l.mu.Lock()
	defer l.mu.Unlock()
	f, faulty := l.faults.Take(socketMethod, "hello", false)
	switch {
	case faulty && f.Status == 0:
		s.close()
		return false
	case faulty:
		s.bye("refresh_requested", true)
		return false
	case l.queue.disabled:
		s.bye("link_disabled", true)
		return false
	case len(l.queue.sockets) >= maxSockets:
		s.bye("too_many_websockets", true)
		return false
	}
	l.queue.sockets = append(l.queue.sockets, s)
	s.send(frame{text: raw(map[string]any{
		"type": "hello", "num_connections": len(l.queue.sockets), "connection_info": map[string]any{"app_id": l.app.app},
		"debug_info": map[string]any{"host": host, "build_number": 1, "approximate_connection_time": int(life.Seconds())},
	})})
	l.queue.reached()
	l.flush()
	return true
}

// retire warns of the refresh that comes, then asks for it.
func (s *socket) retire(life time.Duration) {
	s.bye("warning", false)
	timer := time.AfterFunc(min(warnBefore, life), func() { s.part("refresh_requested") })
	context.AfterFunc(s.l.ctx, func() { timer.Stop() })
}

// part asks for a refresh: nothing more is sent over the connection, which stands a moment for acknowledgements.
func (s *socket) part(reason string) {
	s.l.mu.Lock()
	s.l.queue.drop(s)
	s.l.mu.Unlock()
	s.bye(reason, false)
	time.AfterFunc(lingerAfter, s.close)
}

// bye sends a disconnect.
func (s *socket) bye(reason string, last bool) {
	s.send(frame{last: last, text: raw(map[string]any{
		"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "sandbox"},
	})})
}

func (q *queue) drop(s *socket) {
	q.sockets = slices.DeleteFunc(q.sockets, func(one *socket) bool { return one == s })
}

// leave puts back what the connection has not acknowledged.
func (s *socket) leave() {
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	s.l.queue.drop(s)
	for envelope, d := range s.flights {
		delete(s.flights, envelope)
		if d.flying && d.last == s {
			d.flying, d.Reason, d.due = false, "connection_failed", time.Time{}
			d.Attempt++
		}
	}
	for envelope, a := range s.acts {
		delete(s.acts, envelope)
		a.end(nil, errors.New("the connection was cut"))
	}
	s.l.pump()
}

// deliver sends an event over the connection.
func (s *socket) deliver(d *delivery) {
	envelope := rand.Text()
	d.flying, d.last = true, s
	s.flights[envelope] = d
	out := map[string]any{
		"envelope_id": envelope, "type": "events_api", "payload": d.Body, "accepts_response_payload": false,
		"retry_attempt": d.Attempt, "retry_reason": d.Reason,
	}
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer = time.AfterFunc(s.l.cfg.Limits.AckWithin, func() {
		s.l.mu.Lock()
		defer s.l.mu.Unlock()
		if s.flights[envelope] == d {
			delete(s.flights, envelope)
			s.l.missed(d, "timeout")
		}
	})
	s.send(frame{text: raw(out)})
}

// read takes acknowledgements until the connection ends.
func (s *socket) read() {
	alive := func(string) error { return s.ws.SetReadDeadline(time.Now().Add(pongWithin)) }
	s.ws.SetPongHandler(alive)
	if alive("") != nil {
		return
	}
	for {
		_, data, err := s.ws.ReadMessage()
		if err != nil {
			return
		}
		var in struct {
			Envelope string          `json:"envelope_id"`
			Payload  json.RawMessage `json:"payload"`
		}
		if json.Unmarshal(data, &in) != nil || in.Envelope == "" || s.mute.Load() {
			continue
		}
		if _, lost := s.l.faults.Take(socketMethod, "ack", false); lost {
			continue
		}
		if s.take(in.Envelope, in.Payload) != nil {
			return
		}
	}
}

// take handles one acknowledgement.
func (s *socket) take(envelope string, payload json.RawMessage) error {
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	if a := s.acts[envelope]; a != nil {
		delete(s.acts, envelope)
		a.end(payload, nil)
	}
	d := s.flights[envelope]
	if d == nil {
		return nil // late, or of another connection
	}
	delete(s.flights, envelope)
	return s.l.acked(d)
}

// send puts a frame in the line. A client that is too far behind is cut.
func (s *socket) send(f frame) {
	s.mu.Lock()
	s.queue = append(s.queue, f)
	full := len(s.queue) > maxUnsent
	s.mu.Unlock()
	if full {
		s.close()
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// write sends what stands in the line, and pings, until the connection ends.
func (s *socket) write() {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-s.wake:
			if !s.drain() {
				s.close()
				return
			}
		case <-ping.C:
			if !s.mute.Load() && s.ws.WriteControl(websocket.PingMessage, []byte("Ping from sandbox"), time.Now().Add(writeWait)) != nil {
				s.close()
				return
			}
		case <-s.closed:
			return
		}
	}
}

// drain writes the line out; false when the connection is to end.
func (s *socket) drain() bool {
	for {
		s.mu.Lock()
		if len(s.queue) == 0 {
			s.mu.Unlock()
			return true
		}
		f := s.queue[0]
		s.queue = s.queue[1:]
		s.mu.Unlock()
		if s.mute.Load() {
			continue
		}
		if s.ws.SetWriteDeadline(time.Now().Add(writeWait)) != nil || s.ws.WriteMessage(websocket.TextMessage, f.text) != nil || f.last {
			return false
		}
	}
}

// close ends the connection.
func (s *socket) close() {
	s.once.Do(func() {
		close(s.closed)
		_ = s.ws.Close()
	})
}

// Online returns when the app can be reached: a socket stands, or HTTP mode is set.
func (l *Lookalike) Online(ctx context.Context) error {
	l.mu.Lock()
	online := l.queue.online
	l.mu.Unlock()
	select {
	case <-online:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the app to connect: %w", ctx.Err())
	}
}

// Connected says how many sockets stand.
func (l *Lookalike) Connected() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue.sockets)
}

// all does something with every socket.
func (l *Lookalike) all(do func(*socket)) {
	l.mu.Lock()
	sockets := slices.Clone(l.queue.sockets)
	l.mu.Unlock()
	for _, s := range sockets {
		do(s)
	}
}

// Disconnect has Slack end every socket for a reason: "warning" only warns, "refresh_requested" leaves a moment for
// acknowledgements, "link_disabled" and others close at once, and an empty reason cuts without a word.
func (l *Lookalike) Disconnect(reason string) {
	l.all(func(s *socket) {
		switch reason {
		case "":
			s.close()
		case "warning":
			s.bye(reason, false)
		case "refresh_requested":
			s.part(reason)
		default:
			s.bye(reason, true)
		}
	})
}

// SocketMode turns Socket Mode of the app off, when every socket is told link_disabled at once, or on again.
func (l *Lookalike) SocketMode(on bool) {
	l.mu.Lock()
	l.queue.disabled = !on
	l.mu.Unlock()
	if !on {
		l.Disconnect("link_disabled")
	}
}

// Mute has every socket that stands go silent: it stays open, and nothing comes over it any more.
func (l *Lookalike) Mute() { l.all(func(s *socket) { s.mute.Store(true) }) }

// Frame sends a text to every socket as it is given.
func (l *Lookalike) Frame(text []byte) { l.all(func(s *socket) { s.send(frame{text: text}) }) }

// Inject sends an envelope of any type as Slack would and waits for its acknowledgement; lookalike.ErrRefused when
// none comes in time. What is in it is up to the caller.
func (l *Lookalike) Inject(ctx context.Context, kind string, payload []byte) error {
	l.mu.Lock()
	a, err := l.hand(kind, payload, false)
	l.mu.Unlock()
	if err != nil {
		return err
	}
	_, err = l.await(ctx, a)
	return err
}

var _ lookalike.Platform = (*Lookalike)(nil)
