package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

const (
	handshakeLimit = 10 * time.Second
	writeLimit     = 5 * time.Second
	maxFrame       = 8 << 20
	// The platform pings at least every 30 s; we ping too, so that a silent connection is told from a broken one on
	// every server. Whoever is silent for deadAfter is cut off.
	pingEvery = 15 * time.Second
	deadAfter = 45 * time.Second
	// drainFor is how long a connection that is to be replaced may still bring what was on its way.
	drainFor = 10 * time.Second
	maxPongs = 4
)

// Why a connection ended, when nothing was wrong with the credentials.
var (
	errBye          = errors.New("the platform asks for a new connection")
	errLinkDisabled = errors.New("the app has Socket Mode turned off: turn it on in its settings, on the page Socket Mode")
	errNotSocket    = errors.New("apps.connections.open: the answer is not the address of a websocket")
)

// connection is one websocket.
type connection struct {
	a       *Adapter
	ws      *websocket.Conn
	send    sync.Mutex
	pongs   chan string   // pings of the platform that wait for their answer
	replace chan struct{} // closed when another one should be opened
	once    sync.Once
	through bool // the platform has sent something other than its end
}

// envelope is one frame, read leniently.
type envelope struct {
	Type    json.RawMessage `json:"type"`
	ID      json.RawMessage `json:"envelope_id"`
	Payload json.RawMessage `json:"payload"`
	Reason  json.RawMessage `json:"reason"`
}

// connect asks for an address and dials it. The address holds a ticket, so that it is never shown.
func (a *Adapter) connect(ctx context.Context) (*connection, error) {
	ex, err := a.call(ctx, &exchange{method: "apps.connections.open", token: a.appToken, repeat: true})
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(text(ex.answer["url"]))
	if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
		return nil, &conversation.SendError{Kind: conversation.Temporary, Code: "bad_answer", Err: errNotSocket}
	}
	d := websocket.Dialer{NetDialContext: a.dial, Proxy: http.ProxyFromEnvironment, HandshakeTimeout: handshakeLimit}
	ws, res, err := d.DialContext(ctx, u.String(), http.Header{"User-Agent": {userAgent}})
	if res != nil && res.Body != nil {
		_ = res.Body.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("dial the websocket: %w", calling.WithoutURL(err))
	}
	ws.SetReadLimit(maxFrame)
	c := &connection{a: a, ws: ws, pongs: make(chan string, maxPongs), replace: make(chan struct{})}
	ws.SetPongHandler(func(string) error { return c.alive(ctx) })
	ws.SetPingHandler(func(data string) error {
		select {
		case c.pongs <- data: // not written here: reading must never wait for writing, or two ends could wait for each other
		default:
		}
		return c.alive(ctx)
	})
	return c, c.alive(ctx)
}

// alive gives the connection its time anew, unless ctx has ended: then it is not read any more.
func (c *connection) alive(ctx context.Context) error {
	if err := c.ws.SetReadDeadline(time.Now().Add(deadAfter)); err != nil {
		return err
	}
	if ctx.Err() != nil { // looked at afterwards, so that the deadline of stopReading is not lost
		c.stopReading()
		return ctx.Err()
	}
	return nil
}

func (c *connection) stopReading() { _ = c.ws.SetReadDeadline(time.Unix(1, 0)) } // fails only on a closed one

// pings keep the connection alive, bring the answers by which it is known to live, and answer those of the platform.
func (c *connection) pings(ctx context.Context) {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		kind, data := websocket.PingMessage, ""
		select {
		case <-ticker.C:
		case data = <-c.pongs:
			kind = websocket.PongMessage
		case <-ctx.Done():
			return
		}
		if c.ws.WriteControl(kind, []byte(data), time.Now().Add(writeLimit)) != nil {
			return // the reading ends too
		}
	}
}

// read takes envelopes until the connection ends or ctx does.
func (c *connection) read(ctx context.Context, k *keeper, opening *sync.WaitGroup) (err error) {
	defer func() {
		switch {
		case c.through:
			c.a.hearing.Closed()
		case ctx.Err() == nil:
			c.a.hearing.Failed(err)
		}
	}()
	for {
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			return fmt.Errorf("read the websocket: %w", err)
		}
		if err := c.alive(ctx); err != nil {
			return err
		}
		var e envelope
		if json.Unmarshal(data, &e) != nil {
			c.a.log.Warn("the websocket brought something that is no envelope; it is passed over")
			continue
		}
		if err := c.envelope(ctx, e, k, opening); err != nil {
			return err
		}
	}
}

// envelope deals with one frame. What is not known is acknowledged, since it would come again and again.
func (c *connection) envelope(ctx context.Context, e envelope, k *keeper, opening *sync.WaitGroup) error {
	kind, id := text(e.Type), text(e.ID)
	if kind != "disconnect" && !c.through {
		c.through = true
		c.a.hearing.Opened()
	}
	switch kind {
	case "hello":
		return nil
	case "disconnect":
		reason := text(e.Reason)
		c.a.log.Info("the platform ends a connection", "reason", word(reason))
		switch reason {
		case "link_disabled":
			return errLinkDisabled
		case "warning", "refresh_requested":
			c.once.Do(func() { close(c.replace) })
			return nil
		}
		return errBye
	case kindEvent, kindInteractive, kindSlash:
	default:
		if id != "" {
			c.a.log.Warn("an envelope of an unknown kind is acknowledged and passed over", "type", word(kind))
			c.ack(id)
		}
		return nil
	}
	payload := object(e.Payload)
	if payload == nil {
		c.a.log.Warn("an envelope without a payload is acknowledged and passed over", "type", kind)
		c.ack(id)
		return nil
	}
	d := newDelivery(kind, payload, func() { c.ack(id) })
	if kind != kindInteractive || !opensForm(payload) {
		return k.take(ctx, d)
	}
	select {
	case k.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	opening.Go(func() {
		defer func() { <-k.slots }()
		if c.a.opened(ctx, payload) {
			d.ack()
			return
		}
		_ = k.take(ctx, d) // fails when ctx ends; then the person reads that the press failed
	})
	return nil
}

// ack acknowledges an envelope. When it cannot be written the platform sends the payload again.
func (c *connection) ack(id string) {
	if id == "" {
		return
	}
	c.send.Lock()
	defer c.send.Unlock()
	if err := c.ws.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return
	}
	if err := c.ws.WriteJSON(map[string]string{"envelope_id": id}); err != nil {
		c.a.log.Debug("an acknowledgement could not be sent", "error", err)
	}
}

// close ends the connection; the reader hears of it by its failing read.
func (c *connection) close() {
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second/4))
	_ = c.ws.Close()
}
