package discord

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// gatewayMethod is the "method" under which faults for the gateway are armed.
const gatewayMethod = "gateway"

// Opcodes. Source: docs.discord.com/developers/topics/opcodes-and-status-codes#gateway.
const (
	opDispatch       = 0
	opHeartbeat      = 1
	opIdentify       = 2
	opPresence       = 3
	opResume         = 6
	opReconnect      = 7
	opInvalidSession = 9
	opHello          = 10
	opAck            = 11
)

// Close codes.
const (
	closeUnknownOp     = 4001
	closeDecode        = 4002
	closeNotIdentified = 4003
	closeBadToken      = 4004
	closeTwice         = 4005
	closeBadSeq        = 4007
	closeTooFast       = 4008
	closeTimedOut      = 4009
	closeBadIntents    = 4013
	closeDisallowed    = 4014
)

const (
	maxFrames   = 120 // payloads a client may send in a minute
	writeWait   = 10 * time.Second
	maxUnsent   = 4096 // events that a slow client may be behind
	maxInFrame  = 4096 // bytes of one payload from a client
	frameWindow = time.Minute
)

// conn is one gateway connection.
type conn struct {
	l       *Lookalike
	ws      *websocket.Conn
	session *session // nil before identify; under l.mu
	invalid bool     // the session ends with the connection; under l.mu
	mute    atomic.Bool

	mu     sync.Mutex
	queue  []frame
	wake   chan struct{}
	busy   bool // a frame is being written
	closed chan struct{}
	once   sync.Once
}

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

// serveGateway holds one gateway connection until it ends.
func (l *Lookalike) serveGateway(w http.ResponseWriter, r *http.Request) {
	l.running.Add(1)
	defer l.running.Done()
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	ws.SetReadLimit(maxInFrame)
	c := &conn{l: l, ws: ws, wake: make(chan struct{}, 1), closed: make(chan struct{})}
	cutOff := func() { c.close(0, "") }
	defer context.AfterFunc(r.Context(), cutOff)()
	defer context.AfterFunc(l.ctx, cutOff)()
	l.running.Go(c.write)
	c.serve()
	c.close(0, "")
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := c.session; s != nil && s.conn == c {
		s.conn, s.since = nil, time.Now()
		if c.invalid {
			delete(l.sessions, s.id)
		}
	}
}

// fault carries out what is armed for a step; true when the step is not to be done as usual.
func (c *conn) fault(step string) bool {
	f, ok := c.l.faults.Take(gatewayMethod, step, false)
	switch {
	case !ok:
		return false
	case f.Status == opReconnect:
		c.send(frame{Op: opReconnect, D: json.RawMessage("null")})
	case f.Status == opInvalidSession:
		c.send(frame{Op: opInvalidSession, D: json.RawMessage("false")})
	default:
		c.close(f.Status, "")
	}
	return true
}

func (c *conn) serve() {
	if !c.fault("hello") {
		c.send(frame{Op: opHello, D: raw(map[string]any{"heartbeat_interval": c.l.cfg.Heartbeat.Milliseconds(), "_trace": []string{"[]"}})})
	}
	var count int
	var window time.Time
	for {
		if err := c.ws.SetReadDeadline(time.Now().Add(c.l.cfg.Heartbeat * 2)); err != nil {
			return
		}
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			if websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway) {
				c.l.mu.Lock()
				c.invalid = true // the client says that it will not come back
				c.l.mu.Unlock()
			} else if !websocket.IsUnexpectedCloseError(err) {
				c.close(closeTimedOut, "Session timed out.")
			}
			return
		}
		if now := time.Now(); now.Sub(window) > frameWindow {
			window, count = now, 0
		}
		if count++; count > maxFrames {
			c.close(closeTooFast, "You are being rate limited.")
			return
		}
		var f frame
		if json.Unmarshal(data, &f) != nil {
			c.close(closeDecode, "Error while decoding payload.")
			return
		}
		if !c.take(f) {
			return
		}
	}
}

// take handles one payload of the client; false ends the connection.
func (c *conn) take(f frame) bool {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	switch f.Op {
	case opHeartbeat:
		if !c.mute.Load() && !c.fault("ack") {
			c.send(frame{Op: opAck, D: json.RawMessage("null")})
		}
	case opIdentify:
		if c.session != nil {
			return c.close(closeTwice, "Already authenticated.")
		}
		return c.fault("identify") || c.identify(f.D)
	case opResume:
		if c.session != nil {
			return c.close(closeTwice, "Already authenticated.")
		}
		return c.fault("resume") || c.resume(f.D)
	case opPresence, 4, 8:
		if c.session == nil {
			return c.close(closeNotIdentified, "Not authenticated.")
		}
	default:
		return c.close(closeUnknownOp, "Unknown opcode.")
	}
	return true
}

func (c *conn) identify(data json.RawMessage) bool {
	var d struct {
		Token      string `json:"token"`
		Intents    *int   `json:"intents"`
		Properties any    `json:"properties"`
	}
	switch {
	case json.Unmarshal(data, &d) != nil || d.Intents == nil || d.Properties == nil:
		return c.close(closeDecode, "Error while decoding payload.")
	case bare(d.Token) != c.l.cfg.Token:
		return c.close(closeBadToken, "Authentication failed.")
	case *d.Intents < 0 || *d.Intents >= 1<<26:
		return c.close(closeBadIntents, "Invalid intent(s).")
	case *d.Intents&privileged != 0:
		return c.close(closeDisallowed, "Disallowed intent(s).")
	}
	switch {
	case c.l.pace.startsLeft(time.Now()) <= 0:
		return c.close(closeBadToken, "Authentication failed.") // the platform has reset the token
	case c.l.pace.start(time.Now()):
		c.send(frame{Op: opInvalidSession, D: json.RawMessage("false")})
		return true
	}
	s := c.l.begin(c, *d.Intents)
	c.session = s
	s.event("READY", raw(map[string]any{
		"v": 9, "user": c.l.bot, "session_id": s.id, "resume_gateway_url": "ws://" + c.ws.LocalAddr().String() + "/gateway",
		"guilds":      []any{map[string]any{"id": c.l.guild, "unavailable": true}},
		"application": map[string]any{"id": c.l.bot.ID, "flags": 0}, "private_channels": []any{}, "session_type": "normal",
	}), "")
	if *d.Intents&intentGuilds != 0 {
		s.event("GUILD_CREATE", raw(map[string]any{
			"id": c.l.guild, "name": serverName, "unavailable": false, "member_count": len(c.l.people.All()) + 1,
			"channels": []any{c.l.channelJSON(c.l.place)}, "members": []any{}, "roles": []any{},
		}), "")
	}
	return true
}

// bare is a token as both "Bot x" and "x" are taken.
func bare(token string) string {
	if len(token) > 4 && token[:4] == "Bot " {
		return token[4:]
	}
	return token
}

func (c *conn) resume(data json.RawMessage) bool {
	var d struct {
		Token   string `json:"token"`
		Session string `json:"session_id"`
		Seq     int    `json:"seq"`
	}
	if json.Unmarshal(data, &d) != nil {
		return c.close(closeDecode, "Error while decoding payload.")
	}
	if bare(d.Token) != c.l.cfg.Token {
		return c.close(closeBadToken, "Authentication failed.")
	}
	s := c.l.sessions[d.Session]
	if s == nil || s.conn == nil && time.Since(s.since) > sessionLife {
		c.send(frame{Op: opInvalidSession, D: json.RawMessage("false")})
		return true
	}
	if d.Seq > s.seq {
		return c.close(closeBadSeq, "Invalid seq.")
	}
	missed, ok := s.after(d.Seq)
	if !ok {
		delete(c.l.sessions, s.id)
		c.send(frame{Op: opInvalidSession, D: json.RawMessage("false")})
		return true
	}
	if s.conn != nil {
		s.conn.close(closeTimedOut, "Session resumed elsewhere.")
	}
	c.session, s.conn, s.since = s, c, time.Now()
	for _, f := range missed {
		c.send(f)
	}
	s.event("RESUMED", raw(map[string]any{"_trace": []string{}}), "")
	return true
}

// send puts a payload in the line. A client that is too far behind is cut.
func (c *conn) send(f frame) {
	c.mu.Lock()
	c.queue = append(c.queue, f)
	full := len(c.queue) > maxUnsent
	c.mu.Unlock()
	if full {
		c.close(closeTooFast, "")
		return
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *conn) unsent() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.queue)
	if c.busy {
		n++
	}
	return n
}

// write sends what stands in the line until the connection ends.
func (c *conn) write() {
	for {
		c.mu.Lock()
		c.busy = false
		var f frame
		some := len(c.queue) > 0
		if some {
			f, c.queue, c.busy = c.queue[0], c.queue[1:], true
		}
		c.mu.Unlock()
		if !some {
			select {
			case <-c.wake:
				continue
			case <-c.closed:
				return
			}
		}
		if c.ws.SetWriteDeadline(time.Now().Add(writeWait)) != nil || c.ws.WriteJSON(f) != nil || c.l.handedOver(f) != nil {
			c.close(0, "")
			return
		}
	}
}

// close ends the connection, with a code or, with 0, without a word. It answers false for the sake of its callers.
func (c *conn) close(code int, text string) bool {
	c.once.Do(func() {
		close(c.closed)
		if code == 0 {
			_ = c.ws.Close()
			return
		}
		c.l.running.Go(func() {
			// Beside the writer, as websocket allows for control frames; a client that does not read is cut.
			_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, text), time.Now().Add(time.Second))
			_ = c.ws.Close()
		})
	})
	return false
}
