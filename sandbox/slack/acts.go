package slack

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

const (
	// maxKept bounds the triggers and response URLs that are remembered.
	maxKept = 10_000
)

// trigger lets the app open one view for a person.
type trigger struct {
	at     time.Time
	used   bool
	person *person
}

// act is a press, a form or a command that waits for the app.
type act struct {
	done chan outcome // holds one
}

type outcome struct {
	payload json.RawMessage
	err     error
}

// end settles the act; the first time counts.
func (a *act) end(payload json.RawMessage, err error) {
	select {
	case a.done <- outcome{payload, err}:
	default:
	}
}

// newTrigger makes a trigger_id.
func (l *Lookalike) newTrigger(p *person) string {
	if len(l.triggers) >= maxKept {
		for name, t := range l.triggers {
			if time.Since(t.at) > l.cfg.Limits.Trigger {
				delete(l.triggers, name)
			}
		}
	}
	name := fmt.Sprintf("%d.%s", time.Now().UnixMilli(), rand.Text())
	l.triggers[name] = &trigger{at: time.Now(), person: p}
	return name
}

// base is the address under which the app reaches the look-alike, as far as it is known.
func (l *Lookalike) base() string {
	if l.host == "" {
		return "https://hooks.slack.com"
	}
	return "http://" + l.host
}

// hand sends a press, a form or a command to the app. Without a connection Slack tells the person at once.
func (l *Lookalike) hand(kind string, payload any, answers bool) (*act, error) {
	a := &act{done: make(chan outcome, 1)}
	body, ok := payload.([]byte)
	if !ok {
		body = raw(payload)
	}
	switch {
	case l.ctx.Err() != nil || l.gate.Shut():
		return nil, fmt.Errorf("the app cannot be reached: %w", lookalike.ErrRefused)
	case l.queue.base != "":
		base := l.queue.base
		l.running.Go(func() { a.end(l.postAct(base, kind, body)) })
	default:
		s := l.queue.take(nil)
		if s == nil {
			return nil, fmt.Errorf("the app is not connected: %w", lookalike.ErrRefused)
		}
		envelope := rand.Text()
		s.acts[envelope] = a
		s.send(frame{text: raw(map[string]any{
			"envelope_id": envelope, "type": kind, "payload": json.RawMessage(body), "accepts_response_payload": answers,
		})})
	}
	l.queue.awaited++
	return a, nil
}

// await waits for the app's acknowledgement as the person does.
func (l *Lookalike) await(ctx context.Context, a *act) (json.RawMessage, error) {
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.queue.awaited--
	}()
	timer := time.NewTimer(l.cfg.Limits.AckWithin)
	defer timer.Stop()
	select {
	case o := <-a.done:
		if o.err != nil {
			return nil, fmt.Errorf("the app did not respond (%w): %w", o.err, lookalike.ErrRefused)
		}
		return o.payload, nil
	case <-timer.C:
		return nil, fmt.Errorf("the app did not respond in time: %w", lookalike.ErrRefused)
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.ctx.Done():
		return nil, errors.New("slack look-alike: closed")
	}
}

// actor is the person as interactions name them.
func (l *Lookalike) actor(p *person) map[string]any {
	return map[string]any{"id": p.ID, "username": p.Name, "name": p.Name, "team_id": l.app.team}
}

// interaction is what every interaction holds.
func (l *Lookalike) interaction(kind string, p *person) map[string]any {
	return map[string]any{
		"type": kind, "user": l.actor(p), "api_app_id": l.app.app, "token": "sandbox-verification", "trigger_id": l.newTrigger(p),
		"team":       map[string]any{"id": l.app.team, "domain": "sandbox"},
		"enterprise": nil, "is_enterprise_install": false,
	}
}
