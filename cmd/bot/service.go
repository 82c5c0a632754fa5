package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
)

// service is everything that run and sandbox have running, built by wire.
type service struct {
	set      settings
	path     string // the config's file
	log      *slog.Logger
	db       *persistence.DB
	business *clock.Movable
	engine   *conversation.Engine
	channels []conversation.Channel
	driver   *clock.Driver
	parts    features
	learner  *learner
	alarm    *alarm
	handler  http.Handler
	owner    string         // names this process in leases
	tenures  *tenures       // of the accounts
	due      *outbox.Keeper // of the lease under which due times are run

	mu       sync.Mutex
	workers  map[string]*outbox.Worker // by account
	accounts map[string]string         // by channel's name, once it is connected
	dead     map[string]error          // channels that stopped, by name
	typers   map[string]conversation.Typer
}

// Waits between tries to connect a channel, real clock.
const (
	firstReconnect = time.Second
	maxReconnect   = 30 * time.Second
)

// Run runs the service until ctx ends, then ends it from the outside in: nothing more is received, turns are finished,
// what is in flight is settled. The database stays open.
func (s *service) Run(ctx context.Context) error {
	defer s.db.OnNudge(s.nudged)()
	defer s.parts.articles.Close()
	stages := newStages(ctx)
	defer stages.stop()
	stages.start("outbox", s.runOutbox)
	stages.start("engine", s.engine.Run)
	stages.start("agenda", func(ctx context.Context) error { return s.due.Run(ctx, s.driver.Run) })
	stages.start("learning", s.learner.Run)
	stages.start("alerts", s.alarm.Run)
	stages.start("tidying", s.tidy)
	stages.start("clock", (&clockWatch{log: s.log, ahead: s.db.Ahead}).Run)
	stages.start("channels", s.runChannels)
	if s.set.HTTP.Addr != "" {
		stages.start("http", s.serveHTTP)
	}
	return stages.wait()
}

// nudged passes on that rows were written, or that a lease is free.
func (s *service) nudged(box persistence.Box, account string) {
	switch box {
	case persistence.BoxInbox:
		s.engine.Nudge()
		return
	case persistence.BoxAgenda:
		if s.due.Holds() { // otherwise it would be passed on, from one who stands by to the next
			s.driver.Nudge()
		}
		return
	case persistence.BoxLease:
		s.due.Free()
	default:
		s.learner.committed()
		if s.parts.desk.committed() {
			s.driver.Nudge()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, w := range s.workers {
		switch {
		case account != "" && account != name:
		case box == persistence.BoxLease:
			w.Free()
		case box == persistence.BoxBulk:
			w.Nudge(conversation.LaneBulk)
		case account != "":
			w.Nudge(conversation.LaneAnswer, conversation.LaneNotice)
		default:
			w.Nudge()
		}
	}
}

// runChannels receives on all channels. One that dies is told loudly and does not end the others; when none is left
// the service ends.
func (s *service) runChannels(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, c := range s.channels {
		g.Go(func() error {
			err := s.runChannel(ctx, c)
			if err == nil || ctx.Err() != nil {
				return nil
			}
			return s.died(c.Name(), err)
		})
	}
	return g.Wait()
}

// died notes that a channel has stopped for good; it is an error when it was the last one.
func (s *service) died(name string, err error) error {
	s.log.Error("a channel has stopped: mend its credentials and start again", "channel", name, "error", err.Error())
	defer s.alarm.nudge()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead[name] = err
	if len(s.dead) < len(s.channels) {
		return nil
	}
	return fmt.Errorf("no channel is left: %w", err)
}

// runChannel connects, and receives whenever this process holds the account, until ctx ends or the credentials are
// dead.
func (s *service) runChannel(ctx context.Context, c conversation.Channel) error {
	account, err := s.connect(ctx, c)
	if err != nil {
		return err
	}
	s.log.Info("connected", "channel", c.Name(), "account", account)
	for {
		tenure, err := s.tenures.await(ctx, account)
		if err != nil {
			return nil //nolint:nilerr // the end of ctx is the ordinary end
		}
		err = s.receive(ctx, tenure, c, account)
		if tenure.Err() == nil || ctx.Err() != nil {
			return err
		}
		s.log.Warn("receiving no more: the lease was lost", "channel", c.Name(), "account", account)
	}
}

// receive receives until ctx or the tenure ends.
func (s *service) receive(ctx, tenure context.Context, c conversation.Channel, account string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(tenure, cancel)()
	s.log.Info("receiving", "channel", c.Name(), "account", account)
	if commander, ok := c.(conversation.Commander); ok {
		if err := commander.SetCommands(ctx, s.parts.help.Menus()); err != nil && ctx.Err() == nil {
			s.log.Warn("the command menu could not be set; everything else goes on", "channel", c.Name(), "error", err.Error())
		}
	}
	return c.Run(ctx, receiver{s.engine, s.db, func() bool { return s.holds(account) }})
}

// connect tries until the platform answers.
func (s *service) connect(ctx context.Context, c conversation.Channel) (account string, err error) {
	for wait := firstReconnect; ; wait = min(2*wait, maxReconnect) {
		account, err = c.Connect(ctx)
		if err == nil || ctx.Err() != nil || conversation.KindOf(err) == conversation.OurCredentials {
			return account, err
		}
		s.log.Warn("the platform does not answer; trying again", "channel", c.Name(), "error", err.Error())
		if err := (clock.Real{}).WaitUntil(ctx, time.Now().Add(wait)); err != nil {
			return "", err
		}
	}
}

// runOutbox sends for every channel's account.
func (s *service) runOutbox(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, c := range s.channels {
		g.Go(func() error {
			account, err := s.connect(ctx, c)
			if err != nil {
				return nil // runChannels tells it
			}
			w := outbox.New(outbox.Config{
				Store: s.db.Outbox(), Channel: c, Account: account, Business: s.business, Log: s.log,
				Fetch: s.fetch,
				Owner: s.owner, Alone: s.db.Alone(), Taken: func(ctx context.Context, _ outbox.Lease) { s.taken(ctx, account) },
			})
			s.mu.Lock()
			s.workers[account], s.accounts[c.Name()] = w, account
			if typer, ok := c.(conversation.Typer); ok {
				s.typers[account] = typer
			}
			s.mu.Unlock()
			err = w.Run(ctx)
			var dead *outbox.CredentialsError
			if errors.As(err, &dead) {
				return s.died(c.Name(), err)
			}
			return err
		})
	}
	return g.Wait()
}

// typing shows that the bot is about to answer; it is of no consequence when that fails.
func (s *service) typing(ctx context.Context, to conversation.Address) {
	s.mu.Lock()
	typer := s.typers[to.Account]
	s.mu.Unlock()
	if typer == nil {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(ctx, typingTimeout)
		defer cancel()
		_ = typer.Typing(ctx, to)
	}()
}

const typingTimeout = 5 * time.Second

// busy says in words what is not at rest, without what the workers that are left out have to do.
func (s *service) busy(leaveOut func(*outbox.Worker) bool) []string {
	busy := s.engine.Busy()
	if s.learner.busy() {
		busy = append(busy, "a learned phrasing is being put in force")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.workers {
		if !leaveOut(w) {
			busy = append(busy, w.Busy()...)
		}
	}
	return busy
}

// awaitChannels returns when every channel is connected and its account is this process's, or ctx's error: from then on
// what is said is received, and what is answered is sent.
func (s *service) awaitChannels(ctx context.Context) error {
	for {
		if len(s.heldAccounts()) == len(s.channels) {
			return nil
		}
		if err := (clock.Real{}).WaitUntil(ctx, time.Now().Add(lookEvery)); err != nil {
			return err
		}
	}
}
