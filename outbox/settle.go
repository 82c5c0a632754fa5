package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// settleAll starts to settle whatever has come back. It returns when to try again after an error.
func (t *tenure) settleAll(now time.Time) (wake time.Time) {
	for c, batch := range t.results {
		switch {
		case t.settling[c] || len(batch) == 0:
		case now.Before(t.restUntil.settle):
			wake = t.restUntil.settle
		default:
			t.settling[c], t.results[c] = true, nil
			lease := t.lease
			t.goes(func() { t.settle(lease, class(c), batch) })
		}
	}
	return wake
}

// settle writes a batch of results, and takes them into the plan once they are written.
func (t *tenure) settle(lease Lease, c class, batch []verdict) {
	results := make([]Result, len(batch))
	for i, v := range batch {
		results[i] = v.Result
	}
	ctx, cancel := context.WithTimeout(t.ops, callTimeout)
	err := t.cfg.Store.Settle(ctx, lease, results)
	cancel()
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	t.settling[c] = false
	t.stir()
	switch {
	case errors.Is(err, ErrLeaseLost):
		t.lose(err)
	case err != nil:
		if t.ops.Err() == nil {
			t.cfg.Log.Error("settle messages", "error", err)
		}
		t.failures.settle++
		t.restUntil.settle = now.Add(storeWait(t.failures.settle))
		t.results[c] = append(batch, t.results[c]...)
	default:
		t.failures.settle = 0
		for _, v := range batch {
			t.settled(v, now)
		}
	}
}

// settled brings the plan up to what was written.
func (t *tenure) settled(v verdict, now time.Time) {
	p := t.held[v.ID]
	t.letGo(p)
	t.counts.add(v)
	if v.Outcome == Retry {
		t.plan.back(p.ref, v.RetryAt, v.awaiting, now)
		return
	}
	t.plan.gone(p.ref, false, now)
	if v.Outcome == Sent {
		t.plan.targetSent(v.ID, now)
	}
}

// tell logs what an operator should see of a call.
func (t *tenure) tell(v verdict) {
	if v.Outcome == Sent {
		return
	}
	log := t.cfg.Log.With("item", int64(v.ID), "code", v.Code, "detail", v.Detail)
	switch {
	case v.dead != nil:
		log.Error("the platform does not accept our credentials")
	case v.refused != nil:
		log.Warn("the platform asks to wait", "until", v.RetryAt, "whole_bot", v.refused.WholeBot)
	case v.Outcome == Lost:
		log.Warn("a message's outcome is unknown; it is not sent again")
	case v.Plain:
		log.Error("the platform does not take a message; it goes once more as words alone")
	case v.Outcome == Failed && v.Kind == conversation.OurPayload:
		log.Error("the platform does not take a message")
	case v.Outcome == Failed:
		log.Info("a message was not delivered", "kind", v.Kind.String())
	case v.Outcome == Retry:
		log.Warn("a message is tried again", "kind", v.Kind.String(), "at", v.RetryAt)
	}
}
