package discord

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

const (
	// identifyGap is the least time between two sessions that we start: one in 5 s is allowed, and clocks differ.
	// Source: docs.discord.com/developers/events/gateway#session-start-limit-object.
	identifyGap = 5250 * time.Millisecond
	// reconnectWait is the least time between two connections.
	reconnectWait = 500 * time.Millisecond
	// lookBack is how far back is asked for what was said while we were away.
	lookBack = 7 * 24 * time.Hour
	page     = 100
	epoch    = 1420070400000 // source: docs.discord.com/developers/reference#snowflakes
)

// Recaller may be implemented by the Receiver given to Run: it tells which private chats there were since a time, with
// the id of the newest message that was kept of each, empty when it is not known. What people wrote there while no
// gateway session lasted is then asked for. Without it a new process knows only the chats that it has seen itself.
type Recaller interface {
	Recall(ctx context.Context, account string, since time.Time) (newest map[string]string, err error)
}

// receiver takes events in for one Run.
type receiver struct {
	a          *Adapter
	in         conversation.Receiver
	responding *sync.WaitGroup
	fates      *fates
	slots      chan struct{} // bounds the interactions that wait for their response
	identified time.Time     // when a session was last started
	connected  atomic.Int64  // when a connection last got through, in ms

	mu   sync.Mutex
	gaps []string // chats in which something may have been missed
}

func newReceiver(a *Adapter, in conversation.Receiver, responding *sync.WaitGroup) *receiver {
	return &receiver{a: a, in: in, responding: responding, fates: newFates(), slots: make(chan struct{}, maxResponding)}
}

// recall learns the chats of earlier processes.
func (r *receiver) recall(ctx context.Context) error {
	known, ok := r.in.(Recaller)
	if !ok {
		return nil
	}
	newest, err := known.Recall(ctx, r.a.me.Load().account, time.Now().Add(-lookBack))
	if err != nil {
		return fmt.Errorf("recall the chats: %w", err)
	}
	for chat, id := range newest {
		if isID(chat) {
			r.a.chats.saw(chat, id, "")
		}
	}
	return nil
}

// run holds the gateway until ctx ends or the credentials are dead.
func (r *receiver) run(ctx context.Context) error {
	var s *session
	wait := calling.Backoff{Longest: longWait}
	for {
		began := time.Now()
		var err error
		s, err = r.hold(ctx, s)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if conversation.KindOf(err) == conversation.OurCredentials {
			return err
		}
		got := r.connected.Load() >= began.UnixMilli()
		if got && time.Since(began) > steady {
			wait.Reset()
		}
		pauseFor := max(wait.After(err), reconnectWait)
		if errors.Is(err, errInvalid) { // source: docs.discord.com/developers/events/gateway#resuming, a random 1 to 5 s
			pauseFor = max(pauseFor, time.Second+time.Duration(rand.Int64N(int64(4*time.Second))))
		}
		loud := slog.LevelInfo // connections end every day; one that never stood is worth a look
		if !got {
			loud = slog.LevelWarn
			r.a.hearing.Failed(err)
		}
		r.a.log.Log(ctx, loud, "the gateway connection has ended", "resumable", s != nil, "again_in", pauseFor, "got_through", got, "error", err)
		if err := calling.Pause(ctx, pauseFor); err != nil {
			return err
		}
	}
}

// mayIdentify keeps the pace of starting sessions.
func (r *receiver) mayIdentify(ctx context.Context) error {
	if !r.identified.IsZero() {
		if err := calling.Pause(ctx, time.Until(r.identified.Add(identifyGap))); err != nil {
			return err
		}
	}
	r.identified = time.Now()
	return nil
}

// keep makes the events of one connection durable, in order. Between them it asks for what was missed; a chat with an
// event waits for its own gap to be filled first.
func (r *receiver) keep(ctx context.Context, s *session, queue <-chan event, unkept *atomic.Int64) {
	wait := calling.Backoff{Longest: longWait}
	var notBefore time.Time
	for ctx.Err() == nil {
		select {
		case e := <-queue:
			if !r.keepEvent(ctx, s, e) {
				return
			}
			unkept.Add(-1)
			continue
		default:
		}
		var timer <-chan time.Time
		if chat, ok := r.gap(); ok {
			left := time.Until(notBefore)
			if left <= 0 {
				if err := r.fill(ctx, chat); err != nil {
					notBefore = time.Now().Add(wait.After(err))
				} else {
					wait.Reset()
				}
				continue
			}
			timer = time.After(left)
		}
		select {
		case e := <-queue:
			if !r.keepEvent(ctx, s, e) {
				return
			}
			unkept.Add(-1)
		case <-timer:
		case <-ctx.Done():
		}
	}
}

// keepEvent makes one event durable, however long it takes; false when ctx has ended before.
func (r *receiver) keepEvent(ctx context.Context, s *session, e event) bool {
	in, chat, ok := r.decode(ctx, e)
	if ok {
		if in.Private && r.isGap(chat) {
			_ = r.fill(ctx, chat) // in vain: the gap stays, and the event is not kept back for it
		}
		if kept, ended := r.keepInTime(ctx, e.fate, in); ended {
			return false
		} else if !kept {
			ok = false // the person is told so, and nothing of it may count later
		}
	}
	if ok {
		if in.Private && isID(chat) {
			newest := in.EventID
			if newest != in.MessageID {
				newest = "" // an interaction or an edit: its id says nothing about messages
			}
			r.a.chats.saw(chat, newest, in.From.UserID)
			r.a.refused.forget(chat)
		}
	}
	if e.seq > s.kept.Load() {
		s.kept.Store(e.seq)
	}
	return true
}

// keepInTime makes an event durable. An interaction may take only so long; ended says that ctx has ended before.
func (r *receiver) keepInTime(ctx context.Context, f *fate, in conversation.Inbound) (kept, ended bool) {
	if f == nil {
		kept = r.persist(ctx, in)
		return kept, !kept
	}
	if r.fates.lost.Of(in.EventID) || !time.Now().Before(f.by) {
		return false, false
	}
	timed, cancel := context.WithDeadline(ctx, f.by)
	defer cancel()
	if kept = r.persist(timed, in); kept {
		f.keep()
	}
	return kept, !kept && ctx.Err() != nil
}

// persist hands events to the inbox until it takes them; false when ctx has ended before.
func (r *receiver) persist(ctx context.Context, in ...conversation.Inbound) bool {
	wait := calling.Backoff{Longest: longWait}
	for {
		err := r.in.Receive(ctx, in...)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		r.a.log.Error("events could not be kept", "events", len(in), "error", err)
		if calling.Pause(ctx, wait.After(err)) != nil {
			return false
		}
	}
}

// gapEverywhere notes that a new session has begun: anything may have been missed.
func (r *receiver) gapEverywhere() {
	chats := r.a.chats.newestFirst()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gaps = chats
}

func (r *receiver) gap() (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.gaps) == 0 {
		return "", false
	}
	return r.gaps[0], true
}

func (r *receiver) isGap(chat string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.gaps, chat)
}

func (r *receiver) filled(chat string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.gaps, chat); i >= 0 {
		r.gaps = slices.Delete(r.gaps, i, i+1)
	}
}

// fill asks for what was said in a chat since its newest message that is kept.
func (r *receiver) fill(ctx context.Context, chat string) error {
	after := r.a.chats.newest(chat)
	if !isID(after) {
		after = strconv.FormatUint(uint64(max(time.Now().Add(-lookBack).UnixMilli()-epoch, 0))<<22, 10)
	}
	for {
		ex, err := r.a.call(ctx, &exchange{
			what: "list messages", verb: http.MethodGet,
			path: "channels/" + chat + "/messages?limit=" + strconv.Itoa(page) + "&after=" + after,
		})
		switch kind := conversation.KindOf(err); {
		case err == nil:
		case kind == conversation.OurPayload || kind == conversation.PersonUnreachable || kind == conversation.PersonGone:
			r.filled(chat) // there is nothing to be had any more
			return nil
		default:
			return err
		}
		messages := list(ex.body)
		slices.Reverse(messages) // the newest comes first
		var found []conversation.Inbound
		newest := after
		for _, raw := range messages {
			in, _, ok := r.message(event{kind: "MESSAGE_CREATE", data: raw})
			if id := text(object(raw)["id"]); laterID(id, newest) {
				newest = id
			}
			if ok && in.Chat == chat {
				found = append(found, in)
			}
		}
		if len(found) > 0 && !r.persist(ctx, found...) {
			return ctx.Err()
		}
		r.a.chats.saw(chat, newest, "")
		if len(messages) < page || newest == after {
			r.filled(chat)
			return nil
		}
		after = newest
	}
}

// laterID compares two snowflakes.
func laterID(a, b string) bool {
	x, errA := strconv.ParseUint(a, 10, 64)
	y, errB := strconv.ParseUint(b, 10, 64)
	return errA == nil && (errB != nil || x > y)
}
