// Package slack is the channel for Slack: customers who write to the app, and the desk where staff work.
//
// Events are taken by a loop of our own over raw Socket Mode envelopes, or by HTTP handlers of our own. The client
// library's loop counts an event as taken before anybody has kept it, leaves event types that it does not know without
// an acknowledgement, and redials without any pause when the platform turns it away. Calls are made by ourselves too:
// the library decodes answers strictly, so that a message which a compatible server has posted would count as failed,
// and does not tell whether a request was written before it broke. What is used of the library are its types of Block
// Kit and views and its check of signatures.
package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/adapters/recall"
	"github.com/rapport-chat/rapport/conversation"
)

// Name is the platform's name.
const Name = "slack"

// The platform's figures. Source: docs.slack.dev/reference/methods/chat.postMessage, chat.update and
// docs.slack.dev/apis/web-api/rate-limits, November 2026.
const (
	// maxText is the length of one message. A post may have more, but an edit takes no more than 4000 characters.
	maxText      = 3900
	perSecond    = 20 // the cap for a workspace is not documented
	perChat      = time.Second
	callTimeout  = 30 * time.Second // for calls whose caller sets no deadline
	quickTimeout = 5 * time.Second  // for calls of no consequence
	longWait     = 15 * time.Second // the longest pause after failed calls
	// proveEvery is how often the token is proved in http mode, where nothing else would show that it is dead.
	proveEvery = 10 * time.Minute
)

// Adapter is one app in one workspace. Its methods may be called concurrently; Run by one at a time.
type Adapter struct {
	settings
	log      *slog.Logger
	http     *http.Client
	dial     func(ctx context.Context, network, addr string) (net.Conn, error)
	me       atomic.Pointer[identity] // nil until Connect succeeded
	people   *people
	places   *places
	members  members
	wondered *recall.Ring[dated[bool]] // channels whose names were asked for
	hearing  calling.Hearing
	progress *recall.Ring[[]string]
	forms    *recall.Ring[formMemory]
	doubts   *recall.Ring[time.Time]         // since when a message may stand
	handles  *recall.Ring[int]               // how often a response address was used
	pictures *recall.Ring[*slack.ImageBlock] // by chat and id; nil for none
	pages    *pages                          // of http mode
}

// identity is who we are on the platform.
type identity struct {
	user, team, bot, account string
}

var (
	_ conversation.Channel = (*Adapter)(nil)
	_ conversation.Fetcher = (*Adapter)(nil)
)

// Option changes what New builds.
type Option func(*Adapter)

// WithTransport replaces the network for calls, for tests and for look-alikes in the same process.
func WithTransport(rt http.RoundTripper) Option {
	return func(a *Adapter) { a.http.Transport = rt }
}

// WithDial replaces the network for Socket Mode.
func WithDial(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Option {
	return func(a *Adapter) { a.dial = dial }
}

// New checks the config and makes the adapter; it calls nobody. Its errors never hold a token.
func New(cfg Config, log *slog.Logger, opts ...Option) (*Adapter, error) {
	s, err := cfg.settings()
	if err != nil {
		return nil, fmt.Errorf("slack: %w", err)
	}
	a := &Adapter{
		settings: s,
		log:      log.With("channel", Name),
		http:     calling.NewClient(calling.NewTransport(), callTimeout),
		dial:     calling.NewDialer().DialContext,
		people:   newPeople(),
		places:   newPlaces(s.staff),
		members:  newMembers(),
		wondered: recall.NewRing[dated[bool]](maxSeen),
		progress: recall.NewRing[[]string](maxProgress),
		forms:    recall.NewRing[formMemory](maxForms),
		doubts:   recall.NewRing[time.Time](maxDoubts),
		handles:  recall.NewRing[int](maxHandles),
		pictures: recall.NewRing[*slack.ImageBlock](maxPictures),
		pages:    newPages(),
	}
	for _, opt := range opts {
		opt(a)
	}
	return a, nil
}

// Name implements conversation.Channel.
func (a *Adapter) Name() string { return Name }

// Account is the app's account, such as "slack:T0123-U0456": the workspace and the bot's user there. It is empty until
// Connect has succeeded, since the token does not tell.
func (a *Adapter) Account() string {
	if me := a.me.Load(); me != nil {
		return me.account
	}
	return ""
}

// Limits implements conversation.Channel.
func (a *Adapter) Limits() conversation.Limits {
	return conversation.Limits{
		TextLength: maxText, PerSecond: perSecond, PerChat: perChat, Forms: true, EditsText: true, MayWriteFirst: true,
	}
}

// Connect asks the platform who we are.
func (a *Adapter) Connect(ctx context.Context) (string, error) {
	ex, err := a.call(ctx, &exchange{method: "auth.test", repeat: true})
	if err != nil {
		return "", err
	}
	me := &identity{
		user: text(ex.answer["user_id"]), team: text(ex.answer["team_id"]), bot: text(ex.answer["bot_id"]),
	}
	if !isID(me.user) || !isID(me.team) {
		return "", &conversation.SendError{
			Kind: conversation.Temporary, Code: "bad_answer", Err: errors.New("auth.test: the answer names no user of a workspace"),
		}
	}
	me.account = Name + ":" + me.team + "-" + me.user
	a.me.Store(me)
	return me.account, nil
}

// Close drops the connections that are kept open. Calls made later open new ones.
func (a *Adapter) Close() error {
	a.http.CloseIdleConnections()
	return nil
}

// Run receives until ctx ends, which answers nil, or the credentials are dead, which answers a *SendError. In http mode
// the events come through Routes; Run then only watches over the credentials.
func (a *Adapter) Run(ctx context.Context, in conversation.Receiver) error {
	if err := a.untilConnected(ctx); err != nil {
		return calling.UnlessEnded(ctx, err)
	}
	work, stop := context.WithCancel(ctx)
	var helping sync.WaitGroup
	defer helping.Wait()
	defer stop()
	a.findStaff(work)
	helping.Go(func() { a.watchStaff(work) })
	if a.mode == ModeHTTP {
		return calling.UnlessEnded(ctx, a.watchCredentials(work))
	}
	defer a.hearing.Rest()
	return calling.UnlessEnded(ctx, newSupervisor(a, in).run(work))
}

// Deaf says why nothing is received, nil while it is, or may soon be. In http mode the platform calls, and nobody here
// knows whether it could.
func (a *Adapter) Deaf() error { return a.hearing.Deaf() }

// untilConnected asks who we are until somebody answers.
func (a *Adapter) untilConnected(ctx context.Context) error {
	return calling.UntilConnected(ctx, a, func() bool { return a.me.Load() != nil }, a.log, longWait)
}

// watchCredentials proves the token from time to time, until it is dead or ctx ends.
func (a *Adapter) watchCredentials(ctx context.Context) error {
	for {
		if err := calling.Pause(ctx, proveEvery); err != nil {
			return err
		}
		if _, err := a.Connect(ctx); conversation.KindOf(err) == conversation.OurCredentials && err != nil {
			return err
		}
	}
}
