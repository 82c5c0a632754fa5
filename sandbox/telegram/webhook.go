package telegram

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

const (
	// firstPause and lastPause bound the growing pauses between the tries of one delivery.
	firstPause = time.Second
	lastPause  = time.Minute
	// hookConnections is how many deliveries run at once unless setWebhook says otherwise, and at most 100.
	// Source: core.telegram.org/bots/api#setwebhook.
	hookConnections = 40
)

// hook is what setWebhook set.
type hook struct {
	URL    string `json:"url"`
	Secret string `json:"secret,omitempty"`
	Max    int    `json:"max,omitempty"`
}

// hookState are the deliveries under way: one row per chat, so that one chat's updates keep their order.
type hookState struct {
	ctx       context.Context
	stop      context.CancelFunc
	places    chan struct{}
	rows      map[int64][]*update
	errorAt   time.Time
	errorText string
}

var secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

func (l *Lookalike) setWebhook(p params) (any, error) {
	target := p.str("url")
	if target == "" {
		return l.deleteWebhook(p)
	}
	if err := checkHookURL(target); err != nil {
		return nil, err
	}
	if s := p.str("secret_token"); s != "" && !secretForm.MatchString(s) {
		return nil, badRequest("secret token contains unallowed characters")
	}
	if kinds := p.str("allowed_updates"); kinds != "" {
		if err := l.allow(kinds); err != nil {
			return nil, err
		}
	}
	if err := l.dropPending(p); err != nil {
		return nil, err
	}
	h := hook{URL: target, Secret: p.str("secret_token"), Max: int(min(max(p.int("max_connections"), 0), 100))}
	if err := l.save(record{Hook: &h}); err != nil {
		return nil, err
	}
	l.queue.hook = h
	l.startWebhook()
	return true, nil
}

// checkHookURL wants https, except for loopback addresses.
func checkHookURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return badRequest("bad webhook: invalid URL")
	}
	ip, err := netip.ParseAddr(u.Hostname())
	local := u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return badRequest("bad webhook: An HTTPS URL must be provided for webhook")
	}
	return nil
}

func (l *Lookalike) dropPending(p params) error {
	if !p.bool("drop_pending_updates") || len(l.queue.pending) == 0 {
		return nil
	}
	l.queue.confirmBelow(l.queue.next)
	return l.save(record{Below: l.queue.next})
}

func (l *Lookalike) deleteWebhook(p params) (any, error) {
	if err := l.dropPending(p); err != nil {
		return nil, err
	}
	if l.queue.hook.URL == "" {
		return true, nil
	}
	if err := l.save(record{Hook: &hook{}}); err != nil {
		return nil, err
	}
	l.queue.hook = hook{}
	l.stopWebhook()
	return true, nil
}

func (l *Lookalike) getWebhookInfo(params) (any, error) {
	info := map[string]any{
		"url": l.queue.hook.URL, "has_custom_certificate": false, "pending_update_count": len(l.queue.pending),
	}
	if l.queue.hook.URL != "" {
		info["max_connections"] = cmp.Or(l.queue.hook.Max, hookConnections)
	}
	if !l.queue.hookState.errorAt.IsZero() {
		info["last_error_date"] = l.queue.hookState.errorAt.Unix()
		info["last_error_message"] = l.queue.hookState.errorText
	}
	if len(l.queue.allowed) > 0 {
		info["allowed_updates"] = l.queue.allowed
	}
	return info, nil
}

// resumeWebhook goes on with the deliveries that an earlier look-alike left.
func (l *Lookalike) resumeWebhook() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue.hook.URL != "" {
		l.startWebhook()
	}
}

// startWebhook begins to deliver what is pending; a poll under way ends.
func (l *Lookalike) startWebhook() {
	l.stopWebhook()
	if l.queue.poller != nil {
		close(l.queue.poller)
		l.queue.poller = nil
	}
	s := &l.queue.hookState
	s.ctx, s.stop = context.WithCancel(l.ctx)
	s.places = make(chan struct{}, cmp.Or(l.queue.hook.Max, hookConnections))
	s.rows = map[int64][]*update{}
	for _, u := range l.queue.pending {
		l.push(u)
	}
}

func (l *Lookalike) stopWebhook() {
	if l.queue.hookState.stop != nil {
		l.queue.hookState.stop()
	}
	l.queue.hookState = hookState{}
}

// push puts an update at the end of its chat's row and starts the row if it was empty.
func (l *Lookalike) push(u *update) {
	s := &l.queue.hookState
	if l.queue.hook.URL == "" || s.ctx == nil {
		return
	}
	row, running := s.rows[u.Chat]
	s.rows[u.Chat] = append(row, u)
	if !running {
		ctx, places, h, chatID := s.ctx, s.places, l.queue.hook, u.Chat
		l.running.Go(func() { l.deliverRow(ctx, places, h, chatID) })
	}
}

// deliverRow hands over one chat's updates, one after the other, until none is left.
func (l *Lookalike) deliverRow(ctx context.Context, places chan struct{}, h hook, chatID int64) {
	for u := l.firstOf(ctx, chatID); u != nil; u = l.firstOf(ctx, chatID) {
		pause := firstPause
		for !l.tryDeliver(ctx, places, h, u) {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return
			}
			pause = min(2*pause, lastPause)
		}
		l.delivered(ctx, chatID, u)
	}
}

func (l *Lookalike) firstOf(ctx context.Context, chatID int64) *update {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil {
		return nil // the rows belong to another webhook by now
	}
	if row := l.queue.hookState.rows[chatID]; len(row) > 0 {
		return row[0]
	}
	delete(l.queue.hookState.rows, chatID)
	return nil
}

func (l *Lookalike) delivered(ctx context.Context, chatID int64, u *update) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	l.queue.hookState.rows[chatID] = l.queue.hookState.rows[chatID][1:]
	l.queue.confirm(u.ID)
	if err := l.save(record{Done: u.ID}); err != nil {
		l.queue.hookState.errorText = err.Error()
	}
}

// tryDeliver posts one update; only a 2xx counts as taken.
func (l *Lookalike) tryDeliver(ctx context.Context, places chan struct{}, h hook, u *update) bool {
	select {
	case places <- struct{}{}:
		defer func() { <-places }()
	case <-ctx.Done():
		return false
	}
	if l.gate.Shut() {
		return false
	}
	err := l.post(ctx, h, u.Body)
	if err != nil && ctx.Err() == nil {
		l.mu.Lock()
		l.queue.hookState.errorAt, l.queue.hookState.errorText = time.Now(), err.Error()
		l.mu.Unlock()
	}
	return err == nil
}

func (l *Lookalike) post(ctx context.Context, h hook, body json.RawMessage) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("bad webhook: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if h.Secret != "" {
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", h.Secret)
	}
	res, err := l.cfg.Webhooks.Do(req)
	if err != nil {
		return fmt.Errorf("connection failed: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("wrong response from the webhook: %s", strings.TrimSpace(res.Status))
	}
	return nil
}
