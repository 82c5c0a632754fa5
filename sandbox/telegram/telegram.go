// Package telegram is a look-alike of Telegram for one bot: the Bot API over HTTP on one side, the people who write
// to the bot on the other.
//
// It is written from core.telegram.org/bots/api and the open-source server (tdlib/telegram-bot-api). Deliberate
// differences: a webhook may be plain http on a loopback address, as with a Bot API server of one's own; pictures that
// are named by URL are not fetched; limits are the published figures, where the real server forgives bursts.
package telegram

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Group is the place name of the one group that the bot is in.
const Group = "group"

// Config describes the bot and how strict its platform is.
type Config struct {
	Token    string // "123456:letters"; a made-up one by default
	Username string // without @; "rapport_sandbox_bot" by default
	BotName  string // "Rapport" by default
	Limits   Limits
	// Dir keeps transcripts, updates that are not confirmed, and files; empty keeps them in memory only.
	Dir string
	// Now dates messages and the journal; the real clock by default. Pace, polls and the age of presses always follow
	// the real clock.
	Now func() time.Time
	// Webhooks carries updates to a webhook; a client with a time limit of 60 s by default.
	Webhooks *http.Client
}

// Lookalike is the platform. It is safe for concurrent use.
type Lookalike struct {
	cfg     Config
	bot     user
	ctx     context.Context // ends at Close
	stop    context.CancelFunc
	running sync.WaitGroup
	gate    lookalike.Gate
	hub     lookalike.Hub
	faults  lookalike.Faults
	journal *lookalike.Journal

	mu          sync.Mutex
	log         *lookalike.Log
	people      *lookalike.People[person]
	byID        map[int64]*person
	chats       map[int64]*chat
	group       *chat
	nextMessage int
	queue       queue
	queries     map[string]*query
	pace        pace
	commands    map[string][]command
	texts       map[string]string // setMyName, setMyDescription, setMyShortDescription by language
	files       map[string]*file  // by file id
}

var _ lookalike.Platform = (*Lookalike)(nil)

var tokenForm = regexp.MustCompile(`^(\d{3,15}):[A-Za-z0-9_-]{10,}$`)

// New opens the look-alike; with a Dir it finds what an earlier one left there.
func New(cfg Config) (*Lookalike, error) {
	cfg.Token = cmp.Or(cfg.Token, "7000000001:sandbox-look-alike-of-telegram")
	cfg.Username = cmp.Or(cfg.Username, "rapport_sandbox_bot")
	cfg.BotName = cmp.Or(cfg.BotName, "Rapport")
	cfg.Limits = cfg.Limits.withDefaults()
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Webhooks == nil {
		cfg.Webhooks = &http.Client{Timeout: time.Minute}
	}
	m := tokenForm.FindStringSubmatch(cfg.Token)
	if m == nil {
		return nil, errors.New("telegram look-alike: the bot's token is not of the form 123456:letters")
	}
	id, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return nil, errors.New("telegram look-alike: the bot's id in the token is too large")
	}
	l := &Lookalike{
		cfg:      cfg,
		bot:      user{ID: id, IsBot: true, FirstName: cfg.BotName, Username: cfg.Username},
		byID:     map[int64]*person{},
		chats:    map[int64]*chat{},
		queries:  map[string]*query{},
		commands: map[string][]command{},
		texts:    map[string]string{},
		files:    map[string]*file{},
		pace:     pace{limits: cfg.Limits, last: map[int64]time.Time{}, groups: map[int64][]time.Time{}},
	}
	l.queue.next = 100_000_000 + int64(lookalike.Seed("telegram update", m[1])%800_000_000)
	l.queue.nextQuery = int64(lookalike.Seed("telegram query", m[1])>>2 | 1<<60)
	l.nextMessage = 1
	l.group = &chat{ref: chatRef{ID: -int64(1_000_000_000 + lookalike.Seed("telegram group")%1_000_000_000), Title: "Sandbox group", Type: "group"}}
	l.chats[l.group.ref.ID] = l.group
	l.people = lookalike.NewPeople(l.rules())
	l.ctx, l.stop = context.WithCancel(context.Background())
	l.log, l.journal, err = lookalike.Open(cfg.Dir, l.Name(), cfg.Now, l.replay, l.snapshot)
	if err != nil {
		l.stop()
		return nil, fmt.Errorf("telegram look-alike: %w", err)
	}
	l.resumeWebhook()
	return l, nil
}

// Name implements lookalike.Platform.
func (l *Lookalike) Name() string { return "telegram" }

// Token is the bot's token.
func (l *Lookalike) Token() string { return l.cfg.Token }

// Username is the bot's user name, without @.
func (l *Lookalike) Username() string { return l.cfg.Username }

// Refusals says how many messages the limits have turned away so far.
func (l *Lookalike) Refusals() Refusals {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pace.refused
}

// Calls implements lookalike.Platform.
func (l *Lookalike) Calls(since int64) []lookalike.Call { return l.journal.Since(since) }

// Subscribe implements lookalike.Platform.
func (l *Lookalike) Subscribe(ctx context.Context) <-chan lookalike.Event {
	return l.hub.Subscribe(ctx)
}

// Busy implements lookalike.Platform: updates that the bot has not confirmed, and calls without an answer. A long
// poll that waits is at rest.
func (l *Lookalike) Busy() []string {
	l.mu.Lock()
	pending, again := len(l.queue.pending), len(l.queue.again)
	l.mu.Unlock()
	return l.journal.Busy(l.Name(),
		lookalike.Work{What: "updates not yet confirmed by the bot", Count: pending},
		lookalike.Work{What: "updates to be handed over once more", Count: again})
}

// Fault implements lookalike.Platform.
func (l *Lookalike) Fault(_ context.Context, f lookalike.Fault) error {
	return l.faults.Misbehave(f, &l.gate, l.redeliver, false)
}

// Close ends webhook deliveries and polls, and closes the files.
func (l *Lookalike) Close() error {
	l.stop()
	l.gate.Close()
	l.running.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.log.Close(), l.journal.Close())
}

// changed tells watchers that a chat looks different now.
func (l *Lookalike) changed(c *chat, typing bool) {
	e := lookalike.Event{Platform: l.Name(), Typing: typing}
	if c.owner != nil {
		e.Person = c.owner.Name
	} else {
		e.In = Group
	}
	l.hub.Publish(e)
}
