package discord

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"time"
)

const (
	// maxReplay is how many events of a session can be replayed; one that has missed more cannot be resumed.
	maxReplay = 1000
	// sessionLife is how long a session without a connection can be resumed.
	sessionLife = 3 * time.Minute
	// forgetAfter is how long a message is held to be on its way to a bot that is connected and does not know the chat.
	forgetAfter = 3 * time.Second
)

// Intents. Source: docs.discord.com/developers/events/gateway#gateway-intents.
const (
	intentGuilds         = 1 << 0
	intentGuildMembers   = 1 << 1
	intentGuildPresences = 1 << 8
	intentGuildMessages  = 1 << 9
	intentDirectMessages = 1 << 12
	intentMessageContent = 1 << 15

	privileged = intentGuildMembers | intentGuildPresences | intentMessageContent
)

// frame is one payload of the gateway.
type frame struct {
	Op int             `json:"op"`
	D  json.RawMessage `json:"d"`
	S  *int            `json:"s,omitempty"`
	T  string          `json:"t,omitempty"`

	message string // the message that it hands over, if any
}

// session is what the gateway remembers of a bot that has identified.
type session struct {
	id      string
	intents int
	seq     int
	replay  []frame // the newest events
	conn    *conn   // nil while there is none
	since   time.Time
}

// begin makes a session for a connection.
func (l *Lookalike) begin(c *conn, intents int) *session {
	for id, s := range l.sessions {
		if s.conn == nil && time.Since(s.since) > sessionLife {
			delete(l.sessions, id)
		}
	}
	s := &session{id: "session-" + rand.Text(), intents: intents, conn: c, since: time.Now()}
	l.sessions[s.id] = s
	select {
	case <-l.online:
	default:
		close(l.online)
	}
	return s
}

// dispatch gives an event to every session that has asked for its kind, and says how many are connected.
func (l *Lookalike) dispatch(kind string, data json.RawMessage, intent int) int {
	return l.dispatchTo(kind, func(int) json.RawMessage { return data }, intent, "")
}

func (l *Lookalike) dispatchTo(kind string, data func(intents int) json.RawMessage, intent int, message string) int {
	connected := 0
	for _, s := range l.sessions {
		if intent != 0 && s.intents&intent == 0 {
			continue
		}
		s.event(kind, data(s.intents), message)
		if s.conn != nil {
			connected++
		}
	}
	return connected
}

// event gives one event to one session.
func (s *session) event(kind string, data json.RawMessage, message string) {
	s.seq++
	seq := s.seq
	f := frame{D: data, S: &seq, T: kind, message: message}
	s.replay = append(s.replay, f)
	if len(s.replay) > maxReplay+maxReplay/4 {
		s.replay = slices.Clone(s.replay[len(s.replay)-maxReplay:])
	}
	if s.conn != nil {
		s.conn.send(f)
	}
}

// after are the events that a session has missed; false when they are not all there any more.
func (s *session) after(seq int) ([]frame, bool) {
	missing := s.seq - seq
	if missing > len(s.replay) {
		return nil, false
	}
	return s.replay[len(s.replay)-missing:], true
}

// dispatchMessage tells of a new or changed message.
func (l *Lookalike) dispatchMessage(kind string, c *chat, m message) {
	if !l.may(c, ViewChannel) {
		return
	}
	id := m.ID
	if kind != "MESSAGE_CREATE" {
		id = ""
	}
	l.dispatchTo(kind, func(intents int) json.RawMessage { return raw(l.visible(c, m, intents)) }, intentOf(c), id)
}

// dispatchGone tells of a deleted message: not whose it was.
func (l *Lookalike) dispatchGone(c *chat, id string) {
	if !l.may(c, ViewChannel) {
		return
	}
	event := map[string]any{"id": id, "channel_id": c.id}
	if c.owner == nil {
		event["guild_id"] = l.guild
	}
	l.dispatch("MESSAGE_DELETE", raw(event), intentOf(c))
}

func intentOf(c *chat) int {
	if c.owner != nil {
		return intentDirectMessages
	}
	return intentGuildMessages
}

// visible is what the bot may see of a message: without the privileged intent, the content of direct messages, of its
// own and of those that mention it.
func (l *Lookalike) visible(c *chat, m message, intents int) message {
	if c.owner != nil || intents&intentMessageContent != 0 || m.Author.ID == l.bot.ID ||
		slices.ContainsFunc(m.Mentions, func(u user) bool { return u.ID == l.bot.ID }) {
		return m
	}
	m.Content, m.Embeds, m.Attachments, m.Components = "", []embed{}, []attachment{}, []component{}
	return m
}

// redeliver hands over the last events of every session once more, as new ones.
func (l *Lookalike) redeliver() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.sessions {
		var again []frame
		for _, f := range s.replay[max(len(s.replay)-3, 0):] {
			if f.T == "MESSAGE_CREATE" || f.T == "MESSAGE_UPDATE" {
				again = append(again, f)
			}
		}
		for _, f := range again {
			s.event(f.T, f.D, f.message)
		}
	}
}

// Inject hands an event to the bot as it is given, for what a person cannot do.
func (l *Lookalike) Inject(kind string, data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dispatch(kind, data, 0)
}

// Reconnect has the gateway ask every connection to reconnect (opcode 7).
func (l *Lookalike) Reconnect() { l.all(frame{Op: opReconnect, D: json.RawMessage("null")}) }

// Invalidate has the gateway tell every connection that its session is invalid (opcode 9).
func (l *Lookalike) Invalidate(resumable bool) {
	l.mu.Lock()
	if !resumable {
		for id, s := range l.sessions {
			if s.conn == nil {
				delete(l.sessions, id)
			}
		}
	}
	l.mu.Unlock()
	l.all(frame{Op: opInvalidSession, D: raw(resumable)})
}

func (l *Lookalike) all(f frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.sessions {
		if s.conn != nil {
			s.conn.send(f)
			if f.Op == opInvalidSession && string(f.D) == "false" {
				s.conn.invalid = true
			}
		}
	}
}

// Disconnect closes every gateway connection with a code; 0 cuts it without one.
func (l *Lookalike) Disconnect(code int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.sessions {
		if s.conn != nil {
			s.conn.close(code, "")
		}
	}
}

// Mute stops the gateway's answers to heartbeats for the connections that are open now.
func (l *Lookalike) Mute() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.sessions {
		if s.conn != nil {
			s.conn.mute.Store(true)
		}
	}
}

// Connected says how many gateway connections have identified.
func (l *Lookalike) Connected() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, s := range l.sessions {
		if s.conn != nil {
			n++
		}
	}
	return n
}

// SessionsStarted says how many sessions the bot has started in the last day: more than a few are a storm.
func (l *Lookalike) SessionsStarted() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maxStarts - l.pace.startsLeft(time.Now())
}

// UseUpStarts leaves the bot no session to start for a day from now.
func (l *Lookalike) UseUpStarts() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.pace.startsLeft(time.Now()) > 0 {
		l.pace.started = append(l.pace.started, time.Now())
	}
}

// handedOver notes what a connection has taken.
func (l *Lookalike) handedOver(f frame) error {
	if f.message == "" {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen(f.message)
}

// forgetWaiting gives up on messages in chats that a bot which is connected does not look at.
func (l *Lookalike) forgetWaiting() {
	for _, s := range l.sessions {
		if s.conn != nil && time.Since(s.since) > forgetAfter {
			clear(l.waiting)
		}
	}
}
