// Package discord is the channel for Discord.
//
// The gateway's connection is held by a loop of our own: the client library's own can be locked for good by a reconnect
// that comes while it connects, cannot be stopped while it redials, keeps the state for a resume to itself, and hands on
// events that it could only half decode. Calls are made by ourselves too, since the library's limiter sleeps without
// regard to a deadline. What is used of the library are its types, codes and constants.
package discord

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

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/adapters/recall"
	"github.com/rapport-chat/rapport/conversation"
)

// Name is the platform's name.
const Name = "discord"

// The platform's figures. Source: docs.discord.com/developers/resources/message and topics/rate-limits, November 2026.
const (
	maxText      = 2000
	perSecond    = 45 // of 50: presses and typing take their share
	perChat      = time.Second
	callTimeout  = 30 * time.Second // for calls whose caller sets no deadline
	quickTimeout = 5 * time.Second  // for calls of no consequence
	longWait     = 15 * time.Second // the longest pause after failed calls
)

// Adapter is one bot on Discord. Its methods may be called concurrently; Run by one at a time.
type Adapter struct {
	settings
	log      *slog.Logger
	http     *http.Client
	dial     func(ctx context.Context, network, addr string) (net.Conn, error)
	me       atomic.Pointer[identity]        // nil until Connect succeeded
	progress *recall.Ring[[]string]          // the parts of a message that have gone, by nonce
	forms    *recall.Ring[conversation.Form] // what buttons open, by token
	pace     *pace
	invalid  *budget
	chats    *chats
	deleting *recall.Ring[bool] // messages of ours, to know our own deletions from a person's
	loans    *loans
	doubtful *recall.Ring[bool] // follow-ups whose outcome is not known
	hearing  calling.Hearing
	link     atomic.Pointer[link] // the connection to the gateway, while there is one
	stranger atomic.Bool          // it was told that the server gives the bot another id
	refused  *refusals
	sorry    func(locale string) string // nil when nobody gave words for it

	offersChat atomic.Pointer[string] // the channel for offers, once found
}

// identity is who we are on the platform.
type identity struct {
	user, app, account string
}

var (
	_ conversation.Channel   = (*Adapter)(nil)
	_ conversation.Typer     = (*Adapter)(nil)
	_ conversation.Commander = (*Adapter)(nil)
)

// Option changes what New builds.
type Option func(*Adapter)

// WithTransport replaces the network for calls, for tests and for look-alikes in the same process.
func WithTransport(rt http.RoundTripper) Option {
	return func(a *Adapter) { a.http.Transport = rt }
}

// WithDial replaces the network for the gateway.
func WithDial(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Option {
	return func(a *Adapter) { a.dial = dial }
}

// WithSorry gives the words that tell a person, by the locale of the app such as "ru" or "en-US", that a command did not
// reach us and is to be used again. Without them a command that cannot be kept within the platform's three seconds is shown
// as failed by the platform itself, as presses and forms are.
func WithSorry(words func(locale string) string) Option {
	return func(a *Adapter) { a.sorry = words }
}

// New checks the config and makes the adapter; it calls nobody. Its errors never hold the token.
func New(cfg Config, log *slog.Logger, opts ...Option) (*Adapter, error) {
	s, err := cfg.settings()
	if err != nil {
		return nil, fmt.Errorf("discord: %w", err)
	}
	a := &Adapter{
		settings: s,
		log:      log.With("channel", Name),
		http:     calling.NewClient(calling.NewTransport(), callTimeout),
		dial:     calling.NewDialer().DialContext,
		progress: recall.NewRing[[]string](maxProgress),
		forms:    recall.NewRing[conversation.Form](maxForms),
		pace:     newPace(),
		invalid:  &budget{},
		chats:    newChats(),
		deleting: recall.NewRing[bool](maxRecent),
		loans:    newLoans(),
		doubtful: recall.NewRing[bool](maxRecent),
		refused:  newRefusals(),
	}
	for _, opt := range opts {
		opt(a)
	}
	return a, nil
}

// Name implements conversation.Channel.
func (a *Adapter) Name() string { return Name }

// Account is the bot's account, such as "discord:123456": as the platform told it, or else the token; empty while
// neither does.
func (a *Adapter) Account() string {
	if me := a.me.Load(); me != nil {
		return me.account
	}
	if a.botID != "" {
		return Name + ":" + a.botID
	}
	return ""
}

// Limits implements conversation.Channel.
func (a *Adapter) Limits() conversation.Limits {
	return conversation.Limits{TextLength: maxText, PerSecond: perSecond, PerChat: perChat, Forms: true, EditsText: true}
}

// Connect asks the platform who we are.
func (a *Adapter) Connect(ctx context.Context) (string, error) {
	ex, err := a.call(ctx, &exchange{what: "get our user", verb: http.MethodGet, path: "users/@me"})
	if err != nil {
		return "", err
	}
	id := text(object(ex.body)["id"])
	if !isID(id) {
		return "", &conversation.SendError{Kind: conversation.Temporary, Code: "bad_answer", Err: errors.New("get our user: the answer is not a user")}
	}
	if a.botID != "" && id != a.botID && !a.stranger.Swap(true) {
		a.log.Warn("the server gives the bot another id than its token", "id", id)
	}
	me := &identity{user: id, app: id, account: Name + ":" + id}
	// Bots made before 2016 have an application with an id of its own.
	ex, err = a.call(ctx, &exchange{what: "get our application", verb: http.MethodGet, path: "applications/@me"})
	if err == nil {
		if app := text(object(ex.body)["id"]); isID(app) {
			me.app = app
		}
	} else if conversation.KindOf(err) != conversation.OurPayload {
		return "", err
	}
	a.me.Store(me)
	return me.account, nil
}

// Close drops the connections that are kept open. Calls made later open new ones.
func (a *Adapter) Close() error {
	a.http.CloseIdleConnections()
	return nil
}

// Run receives until ctx ends, which answers nil, or the credentials are dead, which answers a *SendError.
func (a *Adapter) Run(ctx context.Context, in conversation.Receiver) error {
	if err := a.untilConnected(ctx); err != nil {
		return calling.UnlessEnded(ctx, err)
	}
	var responding sync.WaitGroup
	defer responding.Wait()
	r := newReceiver(a, in, &responding)
	if err := r.recall(ctx); err != nil {
		a.log.Warn("what was said while we were away cannot be asked for: the chats are not known", "error", err)
	}
	err := r.run(ctx)
	a.hearing.Rest()
	close(r.fates.over)
	return calling.UnlessEnded(ctx, err)
}

// Busy says in words what has come and is not kept yet, for whoever waits for rest: Discord itself is not told of it.
func (a *Adapter) Busy() []string {
	if l := a.link.Load(); l != nil && l.unkept.Load() > 0 {
		return []string{fmt.Sprintf("discord: %d events that are not kept yet", l.unkept.Load())}
	}
	return nil
}

// Deaf says why nothing is received, nil while it is, or may soon be.
func (a *Adapter) Deaf() error { return a.hearing.Deaf() }

// untilConnected asks who we are until somebody answers.
func (a *Adapter) untilConnected(ctx context.Context) error {
	return calling.UntilConnected(ctx, a, func() bool { return a.me.Load() != nil }, a.log, longWait)
}

// Typing shows for some seconds that the bot is typing.
func (a *Adapter) Typing(ctx context.Context, to conversation.Address) error {
	channel, err := channelID(to)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	_, err = a.call(ctx, &exchange{what: "type", verb: http.MethodPost, path: "channels/" + channel + "/typing"})
	return err
}

// channelID is the channel of an address: the thread, which is a channel of its own, or the chat.
func channelID(to conversation.Address) (string, error) {
	id := to.Chat
	if to.Thread != "" {
		id = to.Thread
	}
	if !isID(id) {
		return "", payload("bad_address", "the channel's id is not a number")
	}
	return id, nil
}
