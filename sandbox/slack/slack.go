package slack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Staff is the place name of the alert channel.
const Staff = "staff"

// The made-up secrets of the look-alike's app. Each is in parts, so that no scanner takes it for a real one.
const (
	defaultBotToken = "xoxb-" + "100000000001-200000000002-sandboxLookalikeOfSlack"
	defaultAppToken = "xapp-" + "1-A0SANDBOX00-300000000003-sandboxlookalikeofslack"
	defaultSecret   = "5a4d" + "b0c5105ac4000000000000000000"
)

// Config describes the app and how strict its platform is.
type Config struct {
	BotToken, AppToken, SigningSecret string // made-up ones by default
	Username                          string // "rapport" by default
	Channels                          []string
	// Commands are the slash commands of the app's manifest, "/rapport" and those of the product by default.
	Commands []string
	// Scopes are what the bot may do; those of the product's manifest by default. Others are missing_scope.
	Scopes []string
	// Groups are user groups by handle with the names of their people.
	Groups map[string][]string
	// EventsURL is the base of the app's server for HTTP mode; empty for Socket Mode. See Verify.
	EventsURL string
	// Client makes the requests of HTTP mode; one without proxy by default.
	Client *http.Client
	Limits Limits
	// ConnectionLife is how long a socket stands before Slack asks to refresh it; an hour by default.
	ConnectionLife time.Duration
	// Dir keeps transcripts, people, open forms, response addresses and events that are not acknowledged; empty keeps them in memory only.
	Dir string
	// Now dates messages and the journal; the real clock by default. Everything that an app measures, such as the life
	// of a trigger, follows the real clock.
	Now func() time.Time
}

// Lookalike is the platform. It is safe for concurrent use.
type Lookalike struct {
	cfg     Config
	app     identity
	ctx     context.Context // ends at Close
	stop    context.CancelFunc
	running sync.WaitGroup
	gate    lookalike.Gate
	hub     lookalike.Hub
	faults  lookalike.Faults
	journal *lookalike.Journal

	mu       sync.Mutex
	log      *lookalike.Log
	people   *lookalike.People[person]
	byID     map[string]*person
	channels []*channel
	byChan   map[string]*channel
	lastTS   int64 // microseconds
	files    map[string]*file
	uploads  map[string]*upload
	triggers map[string]*trigger
	hooks    map[string]*hook
	views    map[string]*view
	homes    map[string]*home // by person
	modals   map[string][]*view
	pings    []Ping
	pace     pace
	host     string // of the app's last call
	revoked  string // the error that every call answers, empty for none
	queue    queue
}

// identity is the app in the workspace.
type identity struct {
	team, user, bot, app string
}

var _ lookalike.Platform = (*Lookalike)(nil)

// defaultCommands are the product's.
var defaultCommands = []string{
	"rapport", "start", "help", "balance", "card", "history", "rewards", "offers", "feedback", "language", "profile",
	"link", "privacy", "mydata", "forget", "stop", "agent",
}

// New opens the look-alike; with a Dir it finds what an earlier one left there.
func New(cfg Config) (*Lookalike, error) {
	cfg.BotToken = cmp.Or(cfg.BotToken, defaultBotToken)
	cfg.AppToken = cmp.Or(cfg.AppToken, defaultAppToken)
	cfg.SigningSecret = cmp.Or(cfg.SigningSecret, defaultSecret)
	cfg.Username = cmp.Or(cfg.Username, "rapport")
	cfg.ConnectionLife = cmp.Or(cfg.ConnectionLife, time.Hour)
	cfg.Limits = cfg.Limits.withDefaults()
	if len(cfg.Channels) == 0 {
		cfg.Channels = []string{"support"}
	}
	if cfg.Commands == nil {
		cfg.Commands = defaultCommands
	}
	if cfg.Scopes == nil {
		cfg.Scopes = defaultScopes
	}
	if cfg.Client == nil {
		cfg.Client = &http.Client{Transport: &http.Transport{}}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if !strings.HasPrefix(cfg.BotToken, "xoxb-") || !strings.HasPrefix(cfg.AppToken, "xapp-") {
		return nil, errors.New("slack look-alike: a bot's token begins with xoxb-, an app's with xapp-")
	}
	l := &Lookalike{
		cfg:      cfg,
		app:      identity{team: id("T", "team"), user: id("U", "bot"), bot: id("B", "bot"), app: id("A", "app")},
		byID:     map[string]*person{},
		byChan:   map[string]*channel{},
		files:    map[string]*file{},
		uploads:  map[string]*upload{},
		triggers: map[string]*trigger{},
		hooks:    map[string]*hook{},
		views:    map[string]*view{},
		homes:    map[string]*home{},
		modals:   map[string][]*view{},
		pace:     newPace(cfg.Limits),
	}
	l.queue.init(cfg.EventsURL)
	l.people = lookalike.NewPeople(l.rules())
	l.ctx, l.stop = context.WithCancel(context.Background())
	for _, name := range cfg.Channels {
		l.addChannel(name)
	}
	var err error
	if l.log, l.journal, err = lookalike.Open(cfg.Dir, l.Name(), cfg.Now, l.replay, l.snapshot); err != nil {
		l.stop()
		return nil, fmt.Errorf("slack look-alike: %w", err)
	}
	l.queue.unwatch = l.gate.Watch(func(shut bool) {
		if !shut {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.pump()
		}
	})
	return l, nil
}

// id is the id of something that is the same in every run, as Slack forms them.
func id(kind string, words ...string) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	n := lookalike.Seed(append([]string{"slack", kind}, words...)...)
	out := []byte(kind + "0")
	for range 9 {
		out = append(out, digits[n%36])
		n /= 36
	}
	return string(out)
}

// newTS is the next ts: it grows, and holds the time.
func (l *Lookalike) newTS() string {
	l.lastTS = max(l.lastTS+1, l.cfg.Now().UnixMicro())
	return fmt.Sprintf("%d.%06d", l.lastTS/1e6, l.lastTS%1e6)
}

// Name implements lookalike.Platform.
func (l *Lookalike) Name() string { return "slack" }

// BotToken is the app's bot token, xoxb-….
func (l *Lookalike) BotToken() string { return l.cfg.BotToken }

// AppToken is the app-level token for Socket Mode, xapp-….
func (l *Lookalike) AppToken() string { return l.cfg.AppToken }

// SigningSecret signs the requests of HTTP mode.
func (l *Lookalike) SigningSecret() string { return l.cfg.SigningSecret }

// BotUser is the user id of the app's bot.
func (l *Lookalike) BotUser() string { return l.app.user }

// Team is the id of the workspace.
func (l *Lookalike) Team() string { return l.app.team }

// Ping is a post of the bot that rang for people besides the one whose private chat it is in.
type Ping struct {
	Channel, TS string
	Whom        []string // "channel", "here", "everyone", or the names of people and groups
}

// Pings are the posts that rang, oldest first.
func (l *Lookalike) Pings() []Ping {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.pings)
}

// Revoke has every call answer an error such as "account_inactive"; empty ends that.
func (l *Lookalike) Revoke(code string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revoked = code
}

// Calls implements lookalike.Platform.
func (l *Lookalike) Calls(since int64) []lookalike.Call { return l.journal.Since(since) }

// Subscribe implements lookalike.Platform.
func (l *Lookalike) Subscribe(ctx context.Context) <-chan lookalike.Event {
	return l.hub.Subscribe(ctx)
}

// Busy implements lookalike.Platform: events that are not acknowledged, presses without a response, and calls without
// an answer.
func (l *Lookalike) Busy() []string {
	l.mu.Lock()
	events, acts := len(l.queue.pending), l.queue.awaited
	l.mu.Unlock()
	return l.journal.Busy(l.Name(),
		lookalike.Work{What: "events that the app has not acknowledged", Count: events},
		lookalike.Work{What: "interactions without a response", Count: acts})
}

// Fault implements lookalike.Platform; the package comment lists what there is.
func (l *Lookalike) Fault(_ context.Context, f lookalike.Fault) error {
	return l.faults.Misbehave(f, &l.gate, l.redeliver, false)
}

// Close ends every connection and closes the files.
func (l *Lookalike) Close() error {
	l.stop()
	l.queue.unwatch()
	l.gate.Close()
	l.mu.Lock()
	l.queue.stopTimers()
	l.mu.Unlock()
	l.running.Wait()
	l.cfg.Client.CloseIdleConnections()
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.log.Close(), l.journal.Close())
}

// changed tells watchers that a chat looks different now.
func (l *Lookalike) changed(c *channel, e lookalike.Event) {
	e.Platform = l.Name()
	if c.owner != nil {
		e.Person = c.owner.Name
	} else if e.In == "" {
		e.In = Staff
	}
	l.hub.Publish(e)
}
