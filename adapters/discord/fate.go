package discord

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/adapters/recall"
)

const (
	// keepBy is how long a press or a form may wait to be kept. Without a response in 3 s the person reads that it failed,
	// and what was shown as failed must not count later.
	// Source: docs.discord.com/developers/interactions/receiving-and-responding.
	keepBy = 2500 * time.Millisecond
	// thinkAfter is when a command that is not kept yet is deferred: "thinking…" claims nothing, and there is time until
	// the person has to be told either way.
	thinkAfter = 1500 * time.Millisecond
	// keepCommandBy is how long a deferred command may wait to be kept, far less than its token lives.
	keepCommandBy = time.Minute
	// settleTime is how long after its time the keeping of an event may still end.
	settleTime = 500 * time.Millisecond
	// maxThinking bounds the commands that wait deferred.
	maxThinking = 1024
)

// fate is what becomes of one interaction.
type fate struct {
	by      time.Time     // until when it may be kept
	command bool          // the person can be told afterwards that it was not kept
	kept    chan struct{} // closed once it is durable
	once    sync.Once
}

func (f *fate) keep() { f.once.Do(func() { close(f.kept) }) }

// isKept says whether it is durable by now.
func (f *fate) isKept() bool {
	select {
	case <-f.kept:
		return true
	default:
		return false
	}
}

// fates are the interactions whose outcome is not settled yet. A resumed session brings an interaction again, whose
// fate is then the same.
type fates struct {
	mu   sync.Mutex
	open map[string]*fate
	lost *recall.Ring[bool] // ids of which the person was told that they failed
	over chan struct{}      // closed when nothing can be kept any more
}

func newFates() *fates {
	return &fates{open: map[string]*fate{}, lost: recall.NewRing[bool](maxRecent), over: make(chan struct{})}
}

// of is the fate of an interaction; known says that it has come before.
func (s *fates) of(id string, command bool) (f *fate, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.open[id]; ok {
		return f, true
	}
	command = command && len(s.open) < maxThinking
	f = &fate{by: time.Now().Add(keepBy), command: command, kept: make(chan struct{})}
	if command {
		f.by = time.Now().Add(keepCommandBy)
	}
	s.open[id] = f
	return f, false
}

// settle forgets an interaction. One that was not kept by then is lost for good.
func (s *fates) settle(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.open[id]; f != nil && !f.isKept() {
		s.lost.Put(id, true)
	}
	delete(s.open, id)
}

// wait answers true once f is kept, false when the time is over or nothing can be kept any more.
func (s *fates) wait(f *fate, until time.Time) bool {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-f.kept:
	case <-timer.C:
	case <-s.over:
	}
	return f.isKept()
}

// borrowed is what an interaction lends for answering it.
type borrowed struct {
	id, app, secret, locale string
	loan                    *loan // is told how the first response went
}

// show responds to an interaction at once, of which nothing is to be kept.
func (r *receiver) show(ctx context.Context, id, secret string, answer any) {
	if !r.slot(ctx) {
		return
	}
	r.responding.Go(func() {
		defer func() { <-r.slots }()
		_ = r.first(ctx, id, secret, answer) // it is logged, and the person reads it
	})
}

// slot takes one of the places for interactions that wait for their response. A connection without a free one is not
// read any further, so that the platform sees that we are late.
func (r *receiver) slot(ctx context.Context) bool {
	select {
	case r.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// later responds to an interaction when it is kept. A press or a form that is not kept in time gets no response: the
// platform tells the person that it failed, and leaves a form open with its words. A command is deferred meanwhile, and
// the person is told by its token when it could not be kept. If the process ends before it can tell, the platform says
// in the place of "thinking…" that the application did not respond.
func (r *receiver) later(ctx context.Context, f *fate, b borrowed, answer any) {
	if !r.slot(ctx) {
		b.loan.ended(ctx.Err())
		r.fates.settle(b.id)
		return
	}
	r.responding.Go(func() {
		defer r.fates.settle(b.id)
		begun := time.Now()
		until := f.by.Add(settleTime)
		if f.command {
			until = begun.Add(thinkAfter)
		}
		kept := r.fates.wait(f, until)
		if !kept && (!f.command || r.fates.ended()) {
			<-r.slots
			r.a.log.Error("an interaction could not be kept in time; the person reads that it failed")
			b.loan.ended(errNotKept)
			return
		}
		err := r.first(ctx, b.id, b.secret, answer)
		b.loan.ended(err)
		<-r.slots
		if kept || err != nil || r.fates.wait(f, f.by.Add(settleTime)) {
			return
		}
		r.apologize(ctx, b)
	})
}

// ended says whether nothing can be kept any more.
func (s *fates) ended() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

// first makes the first response. Also while we stop: what is kept is to be answered.
func (r *receiver) first(ctx context.Context, id, secret string, answer any) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), respondTime)
	defer cancel()
	_, err := r.a.call(ctx, &exchange{
		what: "respond to an interaction", verb: http.MethodPost, path: "interactions/" + id + "/" + secret + "/callback",
		payload: answer, lent: true,
	})
	if err != nil {
		r.a.log.Warn("an interaction could not be answered", "code", calling.CodeOf(err), "error", err)
	}
	return err
}

// apologize tells the person in the place of "thinking…" that a command did not reach us.
func (r *receiver) apologize(ctx context.Context, b borrowed) {
	app := b.app
	if !isID(app) {
		app = r.a.me.Load().app
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quickTimeout)
	defer cancel()
	h := handle{App: app, Token: b.secret}
	_, err := r.a.call(ctx, &exchange{
		what: "tell that a command was not kept", verb: http.MethodPatch, path: h.path() + "/messages/@original",
		payload: map[string]any{"content": r.a.sorry(b.locale), "allowed_mentions": map[string]any{"parse": []string{}}}, lent: true, repeat: true,
	})
	r.a.log.Error("a command could not be kept; the person is asked to use it again", "told", err == nil, "code", calling.CodeOf(err))
}
