// Package telegram is the channel for Telegram's Bot API.
//
// Updates are taken by a poller or a webhook handler of our own, because the client library counts an update as
// delivered before anybody has kept it, and one update that it cannot decode makes it deaf for all. Messages leave
// through the library. What went wrong is read from the exchange itself, see exchange and refusals.
package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/adapters/recall"
	"github.com/rapport-chat/rapport/conversation"
)

// Name is the platform's name.
const Name = "telegram"

// The platform's figures. Source: core.telegram.org/bots/api#sendmessage and core.telegram.org/bots/faq, November 2026.
// The unit of the lengths is not documented; UTF-16 units, in which entities are counted, are the careful reading.
const (
	maxText      = 4096
	maxCaption   = 1024
	perSecond    = 30
	perChat      = time.Second
	callTimeout  = 30 * time.Second // for calls whose caller sets no deadline
	quickTimeout = 5 * time.Second  // for calls of no consequence
	// longWait is the longest pause after failed calls. A poller that came back late after an outage keeps people
	// waiting, so it is short.
	longWait = 10 * time.Second
)

// Adapter is one bot on Telegram. Its methods may be called concurrently; Run and the webhook are for one mode each.
type Adapter struct {
	settings
	mode     Mode
	log      *slog.Logger
	http     client
	bot      *bot.Bot
	username atomic.Pointer[string] // without @; nil until Connect succeeded
	answers  chan string            // callback queries that wait for their answer
	pictures *pictures
	progress *recall.Ring[[]sentPart] // the parts of a message that have gone, by nonce
	burst    *burst
	hearing  calling.Hearing
	stranger atomic.Bool // it was told that the server gives the bot another id
}

var (
	_ conversation.Channel   = (*Adapter)(nil)
	_ conversation.Typer     = (*Adapter)(nil)
	_ conversation.Commander = (*Adapter)(nil)
)

// Option changes what New builds.
type Option func(*options)

type options struct {
	transport http.RoundTripper
}

// WithTransport replaces the network, for tests and for look-alikes in the same process.
func WithTransport(rt http.RoundTripper) Option {
	return func(o *options) { o.transport = rt }
}

// New checks the config and makes the adapter; it calls nobody. Its errors never hold the token.
func New(cfg Config, log *slog.Logger, opts ...Option) (*Adapter, error) {
	s, err := cfg.settings()
	if err != nil {
		return nil, fmt.Errorf("telegram: %w", err)
	}
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	if o.transport == nil {
		o.transport = calling.NewTransport()
	}
	a := &Adapter{
		settings: s,
		mode:     cfg.Mode,
		log:      log.With("channel", Name, "account", s.account),
		http:     newClient(o.transport),
		answers:  make(chan string, maxWaitingAnswers),
		pictures: newPictures(),
		progress: recall.NewRing[[]sentPart](maxProgress),
		burst:    newBurst(),
	}
	// The library's own poller, handlers and loggers are never used: they lose updates and log whole messages.
	a.bot, err = bot.New(s.token,
		bot.WithSkipGetMe(), bot.WithServerURL(s.apiURL), bot.WithHTTPClient(clientTimeout, a.http),
		bot.WithUpdatesChannelCap(1), bot.WithErrorsHandler(func(error) {}), bot.WithDebugHandler(func(string, ...any) {}),
		bot.WithDefaultHandler(func(context.Context, *bot.Bot, *models.Update) {}),
	)
	if err != nil {
		return nil, errToken // the library's error may hold the token
	}
	return a, nil
}

// Name implements conversation.Channel.
func (a *Adapter) Name() string { return Name }

// Account is the bot's account, such as "telegram:123456", as the token tells it.
func (a *Adapter) Account() string { return a.account }

// Limits implements conversation.Channel.
func (a *Adapter) Limits() conversation.Limits {
	return conversation.Limits{TextLength: maxText, PerSecond: perSecond, PerChat: perChat, EditsText: true}
}

// Connect asks the platform who we are.
func (a *Adapter) Connect(ctx context.Context) (string, error) {
	ex, err := a.call(ctx, "getMe", func(ctx context.Context) error {
		_, err := a.bot.GetMe(ctx)
		return err
	})
	if err != nil {
		return "", err
	}
	var me struct {
		ID       json.RawMessage `json:"id"`
		Username json.RawMessage `json:"username"`
	}
	if err := json.Unmarshal(ex.result, &me); err != nil {
		return "", &conversation.SendError{
			Kind: conversation.Temporary, Code: "bad_answer",
			Err: errors.New("getMe: the answer is not a user"),
		}
	}
	if id, ok := number(me.ID); ok && strconv.FormatInt(id, 10) != a.botID && !a.stranger.Swap(true) {
		a.log.Warn("the server gives the bot another id than its token", "id", id)
	}
	name := text(me.Username)
	a.username.Store(&name)
	return a.account, nil
}

// me is the bot's username, empty while nobody has told it.
func (a *Adapter) me() string {
	if name := a.username.Load(); name != nil {
		return *name
	}
	return ""
}

// Close drops the connections that are kept open. Calls made later open new ones.
func (a *Adapter) Close() error {
	a.http.http.CloseIdleConnections()
	return nil
}

// Run receives until ctx ends, which answers nil, or the credentials are dead, which answers a *SendError.
func (a *Adapter) Run(ctx context.Context, in conversation.Receiver) error {
	work, stop := context.WithCancel(ctx)
	var answering sync.WaitGroup
	for range answerWorkers {
		answering.Go(func() { a.answerPresses(work) })
	}
	defer answering.Wait()
	defer stop()
	if err := a.untilConnected(ctx); err != nil {
		return calling.UnlessEnded(ctx, err)
	}
	if a.mode == ModeWebhook {
		return calling.UnlessEnded(ctx, a.keepWebhook(ctx))
	}
	defer a.hearing.Rest()
	return calling.UnlessEnded(ctx, newPoller(a, in).run(ctx))
}

// Deaf says why nothing is received, nil while it is, or may soon be. In webhook mode the platform calls, and nobody here
// knows whether it could.
func (a *Adapter) Deaf() error { return a.hearing.Deaf() }

// untilConnected asks who we are until somebody answers: mentions and commands in groups are told by the username.
func (a *Adapter) untilConnected(ctx context.Context) error {
	return calling.UntilConnected(ctx, a, func() bool { return a.username.Load() != nil }, a.log, longWait)
}

// Typing shows for some seconds that the bot is typing.
func (a *Adapter) Typing(ctx context.Context, to conversation.Address) error {
	chat, err := chatID(to.Chat)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	_, err = a.call(ctx, "sendChatAction", func(ctx context.Context) error {
		_, err := a.bot.SendChatAction(ctx, &bot.SendChatActionParams{
			ChatID: chat, MessageThreadID: threadID(to.Thread), Action: models.ChatActionTyping,
		})
		return err
	})
	return err
}

// call makes one call of the library and reads what became of it. The error is a *SendError.
func (a *Adapter) call(ctx context.Context, method string, f func(context.Context) error) (*exchange, error) {
	ex := &exchange{method: method}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := f(context.WithValue(ctx, exchangeKey{}, ex))
	if ex.ok {
		return ex, nil // done, whatever the library could not read of the answer
	}
	return ex, a.failure(ex, err)
}

// callJSON makes a call that the library does not offer as we need it.
func (a *Adapter) callJSON(ctx context.Context, method string, params any) (*exchange, error) {
	ex := &exchange{method: method}
	body, err := json.Marshal(params)
	if err != nil {
		return ex, a.failure(ex, fmt.Errorf("build the request: %w", err))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.apiURL+"/bot"+a.token+"/"+method, bytes.NewReader(body))
	if err != nil {
		return ex, a.failure(ex, errors.New("api_url is not an address")) // err holds the token
	}
	req.Header.Set("Content-Type", "application/json")
	if _, err = a.http.do(req, ex); err != nil {
		ex.err = err
	}
	if ex.ok {
		return ex, nil
	}
	return ex, a.failure(ex, err)
}
