// Package discord is a look-alike of Discord for one bot: REST v9 and the gateway on one side, the people who write to
// the bot on the other. There is one server with one text channel, of which everybody is a member.
//
// It is written from docs.discord.com/developers (read November 2026), and refuses what the platform refuses:
//   - Calls: a token with its prefix and the user agent of a bot (40333); 50 calls a second, five messages to a channel
//     in five seconds and by one interaction's token in two, with the X-RateLimit headers; a ban by the proxy, as a page
//     of HTML, after 10,000 refused calls in ten minutes; sizes, components and mentions (50035), nothing to see
//     (50006), closed chats (50007), no server in common (50278), what the bot's roles and the channel do not let it do
//     (50001, 50013; see Grant and Overwrite); a nonce is enforced for three minutes.
//   - Gateway: hello, identify, heartbeats, replay by resume for three minutes, the opcodes 7 and 9, the close codes; a
//     session is started once in five seconds (else opcode 9) and 1,000 times a day (then the token is dead); message
//     content only where the bot is meant.
//   - Interactions: three seconds for the first response (10062), one of them (40060), a quarter of an hour for the
//     rest (50027). A deferred response stands in the chat as "thinking…" until it gets its text. Who may read it was
//     settled when it was deferred; a follow-up inherits nothing. Ephemeral messages are out of reach for every call but
//     those by the token.
//
// A test has a client library that knows only the real platform talk to it. Faults make it misbehave: see Fault,
// Disconnect, Reconnect, Invalidate, Mute, Inject and UseUpStarts. Served by lookalike.Listen, it closes its port while
// it is down.
//
// Deliberate differences: pictures that are named by URL are not fetched, a person need not be shown the list of
// commands, and the gateway neither compresses nor shards.
package discord

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Channel is the place name of the one text channel of the server.
const Channel = "channel"

// Config describes the bot and how strict its platform is.
type Config struct {
	Token    string // a made-up one by default; its first part is the bot's id in base64
	Username string // "rapport" by default
	Limits   Limits
	// Heartbeat is the interval that the gateway asks for; 41.25 s by default.
	Heartbeat time.Duration
	// Dir keeps transcripts, people, commands, open forms and the tokens by which the bot may still answer; empty keeps
	// them in memory only. Gateway sessions and interactions without a response end with the process, as sessions do on
	// the platform when a bot starts anew.
	Dir string
	// Now dates messages and the journal; the real clock by default. Everything that a client measures, such as the
	// life of an interaction, follows the real clock.
	Now func() time.Time
}

// Lookalike is the platform. It is safe for concurrent use.
type Lookalike struct {
	cfg     Config
	bot     user
	guild   string
	ctx     context.Context // ends at Close
	stop    context.CancelFunc
	running sync.WaitGroup
	gate    lookalike.Gate
	hub     lookalike.Hub
	faults  lookalike.Faults
	journal *lookalike.Journal

	mu           sync.Mutex
	log          *lookalike.Log
	people       *lookalike.People[person]
	byID         map[string]*person
	chats        map[string]*chat // by channel id
	place        *chat            // the text channel
	rights       rights
	lastID       uint64
	commands     []command
	files        map[string]*file
	nonces       map[string]nonce
	sessions     map[string]*session
	interactions map[string]*interaction
	pace         pace
	waiting      map[string]bool // messages that no gateway connection and no listing has handed over
	pings        int
	online       chan struct{} // closed when a bot has first identified
}

var _ lookalike.Platform = (*Lookalike)(nil)

// DefaultToken is the made-up token of the look-alike's bot.
var DefaultToken = base64.RawStdEncoding.EncodeToString([]byte(defaultBotID)) + ".GsAnDb.sandbox-look-alike-of-discord-0000"

const defaultBotID = "1204400000000000001"

// New opens the look-alike; with a Dir it finds what an earlier one left there.
func New(cfg Config) (*Lookalike, error) {
	cfg.Token = cmp.Or(cfg.Token, DefaultToken)
	cfg.Username = cmp.Or(cfg.Username, "rapport")
	cfg.Heartbeat = cmp.Or(cfg.Heartbeat, 41250*time.Millisecond)
	cfg.Limits = cfg.Limits.withDefaults()
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	id, err := botID(cfg.Token)
	if err != nil {
		return nil, err
	}
	l := &Lookalike{
		cfg:          cfg,
		bot:          user{ID: id, Username: cfg.Username, Discriminator: "0000", Bot: true},
		guild:        snowflake("guild"),
		byID:         map[string]*person{},
		chats:        map[string]*chat{},
		files:        map[string]*file{},
		nonces:       map[string]nonce{},
		sessions:     map[string]*session{},
		interactions: map[string]*interaction{},
		waiting:      map[string]bool{},
		online:       make(chan struct{}),
		rights:       defaultRights(),
		pace:         newPace(cfg.Limits),
	}
	l.place = &chat{id: snowflake("text channel")}
	l.chats[l.place.id] = l.place
	l.people = lookalike.NewPeople(l.rules())
	l.ctx, l.stop = context.WithCancel(context.Background())
	l.log, l.journal, err = lookalike.Open(cfg.Dir, l.Name(), cfg.Now, l.replay, l.snapshot)
	if err != nil {
		l.stop()
		return nil, fmt.Errorf("discord look-alike: %w", err)
	}
	return l, nil
}

// botID reads the bot's id from the first part of a token.
func botID(token string) (string, error) {
	first, _, ok := strings.Cut(token, ".")
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(first, "="))
	if _, nerr := strconv.ParseUint(string(raw), 10, 64); !ok || err != nil || nerr != nil {
		return "", errors.New("discord look-alike: the first part of the bot's token is not its id in base64")
	}
	return string(raw), nil
}

// snowflake is the id of something that is the same in every run.
func snowflake(words ...string) string {
	return strconv.FormatUint(1_100_000_000_000_000_000+lookalike.Seed(append([]string{"discord"}, words...)...)%90_000_000_000_000_000, 10)
}

// epoch is the first second of 2015, from which ids count milliseconds.
// Source: docs.discord.com/developers/reference#snowflakes.
const epoch = 1420070400000

// newID is the next id: it grows, and holds the time.
func (l *Lookalike) newID() string {
	id := uint64(max(l.cfg.Now().UnixMilli()-epoch, 1)) << 22
	l.lastID = max(l.lastID+1, id)
	return strconv.FormatUint(l.lastID, 10)
}

// Name implements lookalike.Platform.
func (l *Lookalike) Name() string { return "discord" }

// Token is the bot's token.
func (l *Lookalike) Token() string { return l.cfg.Token }

// BotID is the id of the bot's user, and of its application.
func (l *Lookalike) BotID() string { return l.bot.ID }

// Pings says how many messages of the bot would have rung for somebody besides the person addressed by a direct
// message: by @everyone, @here, a role or a user's mention.
func (l *Lookalike) Pings() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pings
}

// Online returns when the bot has identified for the first time: a bot is told nothing of what happened before, and
// does not know the chats of people who wrote to it for the first time then.
func (l *Lookalike) Online(ctx context.Context) error {
	select {
	case <-l.online:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the bot to connect: %w", ctx.Err())
	}
}

// Calls implements lookalike.Platform.
func (l *Lookalike) Calls(since int64) []lookalike.Call { return l.journal.Since(since) }

// Subscribe implements lookalike.Platform.
func (l *Lookalike) Subscribe(ctx context.Context) <-chan lookalike.Event {
	return l.hub.Subscribe(ctx)
}

// Busy implements lookalike.Platform: events on their way to the bot, presses without a first response, and calls
// without an answer.
func (l *Lookalike) Busy() []string {
	l.mu.Lock()
	unsent, open := 0, 0
	for _, s := range l.sessions {
		if s.conn != nil {
			unsent += s.conn.unsent()
		}
	}
	for _, i := range l.interactions {
		if i.state == awaiting {
			open++
		}
	}
	l.forgetWaiting()
	waiting := len(l.waiting)
	l.mu.Unlock()
	return l.journal.Busy(l.Name(),
		lookalike.Work{What: "events on their way to the bot", Count: unsent},
		lookalike.Work{What: "messages that the bot has not seen", Count: waiting},
		lookalike.Work{What: "interactions without a response", Count: open})
}

// Fault implements lookalike.Platform. Method "gateway" is for the gateway: Path is "hello", "identify", "resume" or
// "ack" and says at which step, Status is the opcode sent instead (7 or 9), a close code, or 0 to cut the connection.
func (l *Lookalike) Fault(_ context.Context, f lookalike.Fault) error {
	return l.faults.Misbehave(f, &l.gate, l.redeliver, strings.EqualFold(f.Method, gatewayMethod))
}

// Close ends every gateway connection and closes the files.
func (l *Lookalike) Close() error {
	l.stop()
	l.gate.Close()
	l.running.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.log.Close(), l.journal.Close())
}

// changed tells watchers that a chat looks different now.
func (l *Lookalike) changed(c *chat, e lookalike.Event) {
	e.Platform = l.Name()
	if c.owner != nil {
		e.Person = c.owner.Name
	} else {
		e.In = Channel
	}
	l.hub.Publish(e)
}
