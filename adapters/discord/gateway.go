package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

// Opcodes. Source: docs.discord.com/developers/topics/opcodes-and-status-codes#gateway.
const (
	opDispatch       = 0
	opHeartbeat      = 1
	opIdentify       = 2
	opResume         = 6
	opReconnect      = 7
	opInvalidSession = 9
	opHello          = 10
	opAck            = 11
)

// intents are what we ask to be told. None is privileged: direct messages and mentions carry their content anyway.
const intents = discordgo.IntentsGuilds | discordgo.IntentsGuildMessages | discordgo.IntentsDirectMessages

const (
	handshakeLimit = 20 * time.Second // from the dial to READY or RESUMED
	writeLimit     = 5 * time.Second
	maxFrame       = 32 << 20 // a large server's description
	queueLength    = 1024
	steady         = 30 * time.Second // a connection that held so long starts the waits anew
	minHeartbeat   = time.Second
	// closeKeep ends a connection so that its session can be resumed; 1000 and 1001 would end the session.
	closeKeep = 4900
)

// Why a connection ended, when nothing was wrong with the credentials.
var (
	errReconnect = errors.New("the gateway asks to reconnect")
	errInvalid   = errors.New("the gateway says that the session is invalid")
	errZombie    = errors.New("the gateway does not answer heartbeats")
	errBadHello  = errors.New("the gateway's hello has no interval")
)

// frame is one payload of the gateway, read leniently.
type frame struct {
	Op json.Number     `json:"op"`
	D  json.RawMessage `json:"d"`
	S  json.RawMessage `json:"s"`
	T  json.RawMessage `json:"t"`
}

// session is what is needed to go on where a connection broke. kept is the number of the last event that is durable,
// so that a resume brings again whatever had not been kept.
type session struct {
	id, url string
	kept    atomic.Int64
}

// link is one connection.
type link struct {
	a      *Adapter
	ws     *websocket.Conn
	resume atomic.Pointer[session] // nil before READY of a fresh one, and when it cannot be resumed
	send   sync.Mutex
	acked  atomic.Bool
	zombie atomic.Bool
	queue  chan event
	unkept atomic.Int64 // events that came and are not kept yet
	ready  bool
}

// event is one dispatch on its way to being kept.
type event struct {
	seq  int64
	kind string
	data json.RawMessage
	fate *fate // of an interaction that waits for its response, else nil
}

// gatewayURL asks where to connect.
func (a *Adapter) gatewayURL(ctx context.Context) (string, error) {
	ex, err := a.call(ctx, &exchange{what: "ask for the gateway", verb: http.MethodGet, path: "gateway/bot"})
	switch ex.status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented: // servers that are not quite the original
		ex, err = a.call(ctx, &exchange{what: "ask for the gateway", verb: http.MethodGet, path: "gateway"})
	}
	if err != nil {
		return "", err
	}
	answer := object(ex.body)
	starts := object(answer["session_start_limit"])
	if left := text(starts["remaining"]); left == "0" {
		ms, _ := strconv.ParseFloat(text(starts["reset_after"]), 64)
		return "", &conversation.SendError{
			Kind: conversation.RateLimited, WholeBot: true, Code: "no_session_starts_left",
			RetryAfter: max(calling.Seconds(ms/1000), time.Minute), Err: errors.New("no more sessions may be started today"),
		}
	}
	return gatewayAddress(text(answer["url"]))
}

// gatewayAddress completes an address that the platform gave.
func gatewayAddress(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
		return "", &conversation.SendError{
			Kind: conversation.Temporary, Code: "bad_answer", Err: errors.New("ask for the gateway: the answer is not an address"),
		}
	}
	q := u.Query()
	q.Set("v", "9")
	q.Set("encoding", "json")
	u.RawQuery = q.Encode()
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String(), nil
}

// connect dials the gateway.
func (a *Adapter) connect(ctx context.Context, address string) (*websocket.Conn, error) {
	d := websocket.Dialer{NetDialContext: a.dial, Proxy: http.ProxyFromEnvironment, HandshakeTimeout: handshakeLimit / 2}
	ws, res, err := d.DialContext(ctx, address, http.Header{"User-Agent": {userAgent}})
	if res != nil && res.Body != nil {
		_ = res.Body.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("dial the gateway: %w", calling.WithoutURL(err))
	}
	ws.SetReadLimit(maxFrame)
	return ws, nil
}

// hold keeps one connection until it ends. It answers what is left of the session, nil when it cannot be resumed.
func (r *receiver) hold(ctx context.Context, s *session) (*session, error) {
	address, err := "", error(nil)
	if s != nil {
		address, err = gatewayAddress(s.url)
	}
	if s == nil || err != nil {
		if address, err = r.a.gatewayURL(ctx); err != nil {
			return s, err
		}
	}
	ws, err := r.a.connect(ctx, address)
	if err != nil {
		return s, err
	}
	l := &link{a: r.a, ws: ws, queue: make(chan event, queueLength)}
	r.a.link.Store(l)
	defer r.a.link.Store(nil) // what it has not kept comes again
	l.resume.Store(s)
	l.acked.Store(true)
	work, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	defer context.AfterFunc(ctx, func() { l.close(websocket.CloseNormalClosure) })()
	err = l.read(work, r, &running)
	l.close(closeKeep)
	if l.zombie.Load() {
		err = errZombie
	}
	err = closed(l, err)
	if s = l.resume.Load(); s != nil && s.id == "" {
		s = nil
	}
	return s, err
}

// closed reads a close code.
func closed(l *link, err error) error {
	var ce *websocket.CloseError
	if errors.Is(err, errInvalid) {
		l.resume.Store(nil)
	}
	if !errors.As(err, &ce) {
		return err
	}
	switch ce.Code {
	case 4004:
		return &conversation.SendError{Kind: conversation.OurCredentials, Code: "unauthorized", Err: errors.New("the gateway refuses the token")}
	case 4010, 4011, 4012, 4013, 4014:
		return &conversation.SendError{
			Kind: conversation.OurCredentials, Code: "gateway_" + strconv.Itoa(ce.Code),
			Err: fmt.Errorf("the gateway refuses the bot for good with code %d: look at its intents and its number of servers", ce.Code),
		}
	case 1000, 1001, 4003, 4005, 4007, 4009:
		l.resume.Store(nil)
	}
	return fmt.Errorf("the gateway closed the connection with code %d", ce.Code)
}

// close ends the connection; the reader hears of it by its failing read.
func (l *link) close(code int) {
	_ = l.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second/4))
	_ = l.ws.Close()
}

// read takes payloads until the connection ends.
func (l *link) read(ctx context.Context, r *receiver, running *sync.WaitGroup) error {
	if err := l.ws.SetReadDeadline(time.Now().Add(handshakeLimit)); err != nil {
		return err
	}
	for {
		_, data, err := l.ws.ReadMessage()
		if err != nil {
			return err
		}
		var f frame
		if json.Unmarshal(data, &f) != nil {
			l.a.log.Warn("the gateway sent something that is no payload; it is passed over")
			continue
		}
		switch op, _ := f.Op.Int64(); op {
		case opDispatch:
			err = l.dispatch(ctx, f, r, running)
		case opHello:
			err = l.hello(ctx, f.D, r, running)
		case opHeartbeat:
			err = l.beat()
		case opAck:
			l.acked.Store(true)
		case opReconnect:
			err = errReconnect
		case opInvalidSession:
			err = errReconnect
			if !truth(f.D) {
				err = errInvalid
			}
		}
		if err != nil {
			return err
		}
	}
}

// hello starts the heartbeats and says who we are, or where we were.
func (l *link) hello(ctx context.Context, data json.RawMessage, r *receiver, running *sync.WaitGroup) error {
	ms, err := strconv.ParseFloat(text(object(data)["heartbeat_interval"]), 64)
	interval := time.Duration(ms * float64(time.Millisecond))
	if err != nil || interval < minHeartbeat {
		return errBadHello
	}
	running.Go(func() { l.heartbeats(ctx, interval) })
	if s := l.resume.Load(); s != nil {
		return l.write(opResume, map[string]any{"token": "Bot " + l.a.token, "session_id": s.id, "seq": s.kept.Load()})
	}
	if err := r.mayIdentify(ctx); err != nil {
		return err
	}
	return l.write(opIdentify, map[string]any{
		"token": "Bot " + l.a.token, "intents": int(intents), "large_threshold": 50,
		"properties": map[string]string{"os": "linux", "browser": "rapport", "device": "rapport"},
	})
}

// heartbeats keep the connection alive, and end it when the platform is silent.
func (l *link) heartbeats(ctx context.Context, interval time.Duration) {
	wait := time.Duration(rand.Float64() * float64(interval)) // the first one at a time of chance, as the platform asks
	for calling.Pause(ctx, wait) == nil {
		wait = interval
		if !l.acked.Swap(false) {
			l.zombie.Store(true)
			l.close(closeKeep)
			return
		}
		if l.beat() != nil {
			l.close(closeKeep)
			return
		}
	}
}

func (l *link) beat() error {
	if s := l.resume.Load(); s != nil && s.kept.Load() > 0 {
		return l.write(opHeartbeat, s.kept.Load())
	}
	return l.write(opHeartbeat, nil)
}

func (l *link) write(op int, data any) error {
	l.send.Lock()
	defer l.send.Unlock()
	if err := l.ws.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	return l.ws.WriteJSON(map[string]any{"op": op, "d": data})
}

// dispatch puts an event in the line for being kept. A full line stops the reading, and with it the platform.
func (l *link) dispatch(ctx context.Context, f frame, r *receiver, running *sync.WaitGroup) error {
	e := event{kind: text(f.T), data: f.D}
	e.seq, _ = strconv.ParseInt(text(f.S), 10, 64)
	switch e.kind {
	case "READY":
		if l.ready {
			break // a second one; what is kept belongs to the session of the first
		}
		d := object(f.D)
		s := &session{id: text(d["session_id"]), url: text(d["resume_gateway_url"])}
		if s.id == "" {
			l.a.log.Warn("the gateway's READY names no session, so that nothing can be resumed")
		}
		l.resume.Store(s)
		l.start(ctx, r, running, true)
	case "RESUMED":
		l.start(ctx, r, running, false)
	case "INTERACTION_CREATE":
		l.startReplay(ctx, r, running)
		var mine bool
		if e, mine = r.respond(ctx, e); !mine {
			e.kind = "" // answered here; only its number is kept
		}
	default:
		l.startReplay(ctx, r, running)
	}
	l.unkept.Add(1)
	select {
	case l.queue <- e:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// startReplay begins to keep the events that were missed: they come before RESUMED.
func (l *link) startReplay(ctx context.Context, r *receiver, running *sync.WaitGroup) {
	if !l.ready && l.resume.Load() != nil {
		l.start(ctx, r, running, false)
	}
}

// start begins to keep events: the handshake is over.
func (l *link) start(ctx context.Context, r *receiver, running *sync.WaitGroup, fresh bool) {
	_ = l.ws.SetReadDeadline(time.Time{}) // from here on the heartbeats watch; it fails only with the connection
	if fresh {
		r.gapEverywhere()
	}
	if l.ready {
		return
	}
	l.ready = true
	r.connected.Store(time.Now().UnixMilli())
	r.a.hearing.Heard()
	s, queue := l.resume.Load(), l.queue
	running.Go(func() { r.keep(ctx, s, queue, &l.unkept) })
}
