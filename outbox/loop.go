package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// loop sends until ctx ends and everything is settled, the credentials are dead, or the lease is lost.
func (t *tenure) loop(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	ended := ctx.Done()
	for {
		t.mu.Lock()
		wake, over := t.step(time.Now(), ctx.Err() != nil)
		lost, dead := t.lost, t.dead
		t.mu.Unlock()
		switch {
		case lost != nil:
			return lost
		case over && dead != nil:
			return dead
		case over:
			return nil
		}
		timer.Reset(time.Until(wake))
		select {
		case <-t.wake:
		case <-timer.C:
		case <-ended:
			ended = nil
		}
	}
}

// step starts whatever can be done now. It returns when to look again at the latest, and whether all is over.
func (t *tenure) step(now time.Time, ending bool) (wake time.Time, over bool) {
	if t.lost == nil && !t.doubts(now) && t.rest(now) <= 0 {
		t.lose(ErrLeaseLost)
	}
	t.stopping = t.stopping || ending || t.dead != nil
	if t.lost != nil {
		return now, true
	}
	if t.stopping {
		over = t.idle()
	} else {
		t.look(now)
	}
	wake = t.tickAt
	if t.stopping {
		wake = now.Add(poll)
	}
	wake = sooner(wake, t.lease.Expires)
	wake = sooner(wake, t.settleAll(now))
	if !t.stopping {
		wake = sooner(wake, t.claimNow(now))
	}
	return wake, over
}

// look reads what there is to plan with.
func (t *tenure) look(now time.Time) {
	if !now.Before(t.tickAt) {
		t.tickAt = now.Add(poll)
		t.ticks++
		for _, l := range t.plan.lanes {
			l.tick(t.ticks%fullEvery == 0)
		}
	}
	for i, l := range t.plan.lanes {
		if t.served[i] != t.nudges[i] {
			t.served[i] = t.nudges[i]
			l.nudge()
		}
	}
	t.read(now)
	t.plan.promote(now, t.cfg.Business.Now())
	t.watch()
}

// watch waits for the business clock to reach what is due next.
func (t *tenure) watch() {
	at, ok := t.plan.nextDue()
	if !ok {
		at = time.Time{}
	}
	if at.Equal(t.dueAt) {
		return
	}
	t.dueEnd()
	t.dueAt = at
	if !ok {
		return
	}
	ctx, cancel := context.WithCancel(t.ops)
	t.dueEnd = cancel
	t.goes(func() {
		if t.cfg.Business.WaitUntil(ctx, at) == nil {
			t.stir()
		}
	})
}

// read starts to read the pages that the lanes want, one a lane at a time.
func (t *tenure) read(now time.Time) {
	if now.Before(t.restUntil.read) {
		return
	}
	for _, l := range t.plan.lanes {
		if j, ok := t.plan.next(l); ok {
			t.goes(func() { t.readPage(l, j) })
		}
	}
}

// readPage reads one page and takes it into the plan.
func (t *tenure) readPage(l *lane, j job) {
	ctx, cancel := context.WithTimeout(t.ops, callTimeout)
	rows, err := t.cfg.Store.Waiting(ctx, t.cfg.Account, l.id, j.after, page)
	cancel()
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if err != nil {
		l.reading = false
		if t.ops.Err() == nil {
			t.cfg.Log.Error("read the outbox", "error", err)
		}
		t.failures.read++
		t.restUntil.read = now.Add(storeWait(t.failures.read))
	} else {
		t.failures.read = 0
		t.plan.merge(l, j, rows, now, t.cfg.Business.Now())
	}
	t.stir()
}

// claimNow starts to claim what may be sent at once. It returns when there may be more; zero when only an event can
// bring more.
func (t *tenure) claimNow(now time.Time) time.Time {
	room := t.room()
	switch {
	case room == [classes]int{}:
		return time.Time{}
	case now.Before(t.restUntil.claim):
		return t.restUntil.claim
	case t.rest(now) < leastRest:
		return time.Time{} // the renewal stirs
	}
	batch, wake := t.plan.pick(now, t.pace, room)
	lease := t.lease
	for c, batch := range byClass(batch) {
		if len(batch) == 0 {
			continue
		}
		t.claiming[c] = true
		for _, p := range batch {
			t.keep(p)
		}
		t.goes(func() { t.claim(lease, class(c), batch) })
	}
	return wake
}

// claim marks the batch as sending and starts its calls.
func (t *tenure) claim(lease Lease, c class, batch []picked) {
	ids := make([]conversation.OutgoingID, len(batch))
	for i, p := range batch {
		ids[i] = p.ID
	}
	ctx, cancel := context.WithTimeout(t.ops, callTimeout)
	items, err := t.cfg.Store.Claim(ctx, lease, ids, t.cfg.Business.Now())
	cancel()
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	t.claiming[c] = false
	t.stir()
	switch {
	case errors.Is(err, ErrLeaseLost) && !t.doubts(now):
		t.lose(err)
	case err != nil:
		t.unclaimed(batch, err, now)
	default:
		t.failures.claim = 0
		t.claimed(batch, items, now)
	}
}

// unclaimed gives a batch back of which it is not known whether it was claimed.
func (t *tenure) unclaimed(batch []picked, err error, now time.Time) {
	if t.ops.Err() == nil && !errors.Is(err, ErrLeaseLost) { // of which the renewal tells, if it is so
		t.cfg.Log.Error("claim messages", "error", err)
	}
	t.failures.claim++
	t.restUntil.claim = now.Add(storeWait(t.failures.claim))
	for _, p := range batch {
		p.slot.Cancel()
		t.plan.freed(p.Chat, now)
		at := p.RetryAt
		if len(batch) == 1 && t.failures.claim > 1 { // let others have a try
			at = now.Add(doubled(firstRetry, longestRetry, p.stuck))
			p.stuck++
		}
		t.came(p, verdict{Result: Result{ID: p.ID, Outcome: Retry, Uncalled: true, RetryAt: at}})
	}
}

// claimed starts the calls of the items; what the store kept back leaves the plan.
func (t *tenure) claimed(batch []picked, items []Item, now time.Time) {
	got := make(map[conversation.OutgoingID]bool, len(items))
	for _, item := range items {
		p, ok := t.held[item.ID]
		if !ok {
			continue
		}
		got[item.ID] = true
		if of := awaited(item); of != 0 {
			p.slot.Cancel()
			t.plan.freed(p.Chat, now)
			t.plan.awaits(p.ref, of)
			t.came(p, await(item, p.ref, now))
			continue
		}
		t.goes(func() { t.call(p, item) })
	}
	for _, p := range batch {
		if got[p.ID] {
			continue
		}
		p.slot.Cancel()
		t.letGo(p)
		t.plan.gone(p.ref, true, now)
		t.plan.freed(p.Chat, now)
	}
}

// awaited is the message that must be sent before the item can be: the one that it changes, or under which it goes.
func awaited(item Item) conversation.OutgoingID {
	switch {
	case item.Body.Kind == conversation.BodyNew && item.Body.Under != 0 && item.To.Thread == "":
		return item.Body.Under
	case item.Body.Kind != conversation.BodyNew && item.Body.Kind != conversation.BodyHome && item.MessageID == "":
		return item.Body.Of
	}
	return 0
}

// call makes one call.
func (t *tenure) call(p picked, item Item) {
	t.mu.Lock()
	now := time.Now()
	rest := t.rest(now) - leaseGuard
	if t.lost == nil && t.doubts(now) {
		p.slot.Cancel()
		t.plan.freed(p.Chat, now)
		t.came(p, verdict{Result: Result{ID: p.ID, Outcome: Retry, Uncalled: true, RetryAt: p.RetryAt}})
		t.stir()
		t.mu.Unlock()
		return
	}
	if t.lost != nil || rest <= 0 {
		t.lose(ErrLeaseLost) // the claim outlived its lease: the next holder decides about it
		t.mu.Unlock()
		return
	}
	p.slot.Started(now)
	t.mu.Unlock()

	ctx, cancel := context.WithTimeout(t.calls, min(callTimeout, rest))
	var receipt conversation.Receipt
	if item.Body.Plain {
		item.Body = item.Body.Plainly()
	}
	item, err := t.forwarded(ctx, item)
	if err == nil {
		receipt, err = send(ctx, t.cfg.Channel, item.Sending)
	}
	cancel()

	t.mu.Lock()
	defer t.mu.Unlock()
	now = time.Now()
	p.slot.Done(now)
	t.plan.freed(p.Chat, now)
	v := judge(item, p.ref, receipt, err, now)
	if v.refused != nil {
		t.counts.Refused++
		v.RetryAt = t.pace.Refused(now, p.Chat, v.refused.RetryAfter, v.refused.WholeBot)
	}
	if v.dead != nil && t.dead == nil {
		t.dead = &CredentialsError{Account: t.cfg.Account, Err: v.dead}
	}
	t.tell(v)
	t.came(p, v)
	t.stir()
}
