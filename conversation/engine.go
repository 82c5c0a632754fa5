package conversation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/language"
)

// Figures of the engine.
const (
	defaultWorkers = 64                     // turns decided and settled at once
	maxTaken       = 2048                   // events held in memory; beyond it the inbox is read no further
	readLimit      = 256                    // events per read of the inbox
	rescanEvery    = time.Second            // real clock; finds what a nudge or the cursor missed
	maxAttempts    = 3                      // failed turns over an event before it is parked
	maxConflicts   = 20                     // decisions over one event before a conflict counts as a failure
	firstBackoff   = 200 * time.Millisecond // doubled at each failure
	maxBackoff     = 10 * time.Second
)

// Config is what an Engine needs.
type Config struct {
	Store Store
	// Skills are asked in this order. Among them stands OpenStep, where the open dialogue step is asked.
	Skills []Skill
	// Owners are reached by their buttons and open steps only, not by order.
	Owners []Skill
	// Staff takes every turn of the places where the business works, whatever its kind. Nil ends them without a word.
	Staff Skill
	// Fallback gets what nobody else wants, stale buttons included. It must claim everything.
	Fallback Skill
	// Rescue answers a person whose event was parked: a kind sentence and a ticket.
	Rescue func(t Turn) Commit
	// Welcome runs before the first answer to a person who was never welcomed; it sets Person.Welcomed.
	Welcome func(ctx context.Context, tx Tx, t Turn) error

	// After runs after a skill's commit, in the same transaction, over a turn with the dialogue as it then stands: for
	// what follows an answer, such as the question whether we may write first. May be nil.
	After func(ctx context.Context, tx Tx, t Turn, by Skill) error

	Business  clock.Clock
	Languages []language.Code // the brand's, its default first
	Log       *slog.Logger
	// Typing shows that the bot is about to answer, may be nil.
	Typing func(ctx context.Context, to Address)
	// Wait is how long an uncertain fragment waits for more text; 0 means 2.5 s, negative not at all.
	Wait time.Duration
	// Workers is how many turns are taken at once; 0 means 64.
	Workers int
}

// Engine takes the events of the inbox, one turn at a time per conversation, many conversations at once.
type Engine struct {
	cfg    Config
	owners map[string]Skill
	nudged chan struct{}
	cursor cursor
	seats  chan struct{}

	mu     sync.Mutex
	taken  map[int64]struct{}  // events in memory
	ended  map[int64]struct{}  // events that were done with while a page was being read, which may have them still
	boxes  map[string]*mailbox // conversations with work
	room   *sync.Cond          // signalled when taken shrinks
	drains sync.WaitGroup
}

// NewEngine checks the configuration and is ready to Run.
func NewEngine(cfg Config) (*Engine, error) {
	if cfg.Store == nil || cfg.Fallback == nil || cfg.Rescue == nil || cfg.Business == nil || len(cfg.Languages) == 0 {
		return nil, errors.New("conversation: an engine needs a store, a fallback, a rescue, a clock and a language")
	}
	if cfg.Wait == 0 {
		cfg.Wait = defaultWait
	}
	if cfg.Workers == 0 {
		cfg.Workers = defaultWorkers
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	e := &Engine{
		cfg: cfg, owners: map[string]Skill{}, nudged: make(chan struct{}, 1), seats: make(chan struct{}, cfg.Workers),
		taken: map[int64]struct{}{}, ended: map[int64]struct{}{}, boxes: map[string]*mailbox{},
	}
	e.room = sync.NewCond(&e.mu)
	for _, list := range [][]Skill{cfg.Skills, cfg.Owners, {cfg.Fallback, cfg.Staff}} {
		for _, s := range list {
			if s == nil {
				continue
			}
			if have, ok := e.owners[s.Name()]; ok && have != s {
				return nil, fmt.Errorf("conversation: two skills are named %q", s.Name())
			}
			e.owners[s.Name()] = s
		}
	}
	return e, nil
}

// Receive keeps events and has them answered. It implements Receiver.
func (e *Engine) Receive(ctx context.Context, in ...Inbound) error {
	before := e.cursor.at()
	fresh, err := e.cfg.Store.Accept(ctx, in...)
	if err != nil {
		return fmt.Errorf("keep %d events: %w", len(in), err)
	}
	if fresh > 0 {
		e.cursor.back(before)
		e.Nudge()
	}
	return nil
}

// Nudge has the inbox read now.
func (e *Engine) Nudge() {
	select {
	case e.nudged <- struct{}{}:
	default:
	}
}

// Reread has the inbox read from its beginning now: there may be older events than those read so far, such as those of
// an account that this process has taken over.
func (e *Engine) Reread() {
	e.cursor.back(0)
	e.Nudge()
}

// Busy says in words what the engine has in hand; empty at rest. An event that was accepted a moment ago may not have
// been read yet: ask the store for that.
func (e *Engine) Busy() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.taken) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d events being answered", len(e.taken))}
}

// Run answers until ctx ends, then finishes the turns it is in. What was accepted and not settled is taken up by the
// next Run.
func (e *Engine) Run(ctx context.Context) error {
	defer e.drains.Wait()
	wake := context.AfterFunc(ctx, e.room.Broadcast)
	defer wake()
	timer := time.NewTimer(rescanEvery)
	defer timer.Stop()
	for {
		if !e.waitForRoom(ctx) {
			return nil
		}
		after := e.cursor.start()
		e.forget()
		ins, err := e.cfg.Store.Unsettled(ctx, after, readLimit)
		if err != nil && ctx.Err() == nil {
			e.cfg.Log.Error("the inbox cannot be read; trying again", "error", err)
		}
		for _, in := range ins {
			after = max(after, in.ID)
			e.take(ctx, in)
		}
		e.cursor.read(after)
		if len(ins) == readLimit {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.nudged:
		case <-timer.C: // not put off by nudges
			timer.Reset(rescanEvery)
			e.cursor.back(0) // what another process accepted may have appeared behind the cursor
		}
	}
}

// waitForRoom blocks while too much is in memory and answers whether to go on.
func (e *Engine) waitForRoom(ctx context.Context) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.taken) >= maxTaken && ctx.Err() == nil {
		e.room.Wait()
	}
	return ctx.Err() == nil
}

// forget is before a page is read: it cannot have what has ended so far.
func (e *Engine) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.ended)
}

// take puts an event into its conversation's mailbox, unless it is there already or has ended while it was read.
func (e *Engine) take(ctx context.Context, in Inbound) {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, taken := e.taken[in.ID]
	_, ended := e.ended[in.ID]
	if taken || ended {
		return
	}
	e.taken[in.ID] = struct{}{}
	key := in.Account + "\x00" + in.Chat
	box, ok := e.boxes[key]
	if !ok {
		box = &mailbox{more: make(chan struct{}, 1)}
		e.boxes[key] = box
		e.drains.Add(1)
		go func() {
			defer e.drains.Done()
			e.drain(ctx, key, box)
		}()
	}
	box.queue = append(box.queue, in)
	select {
	case box.more <- struct{}{}:
	default:
	}
}

// done forgets events that have ended.
func (e *Engine) done(ins ...Inbound) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, in := range ins {
		delete(e.taken, in.ID)
		e.ended[in.ID] = struct{}{}
	}
	e.room.Signal()
}

// leave forgets events that another process has: it may leave them to this one.
func (e *Engine) leave(ins ...Inbound) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, in := range ins {
		delete(e.taken, in.ID)
	}
	e.room.Signal()
}
