package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

const (
	keepers     = 8
	queueLength = 128
	// gather is how long a keeper waits for what came over the other connection: the platform deals out the messages
	// of one person over all connections, so that their order is ours to restore.
	gather  = 40 * time.Millisecond
	maxPage = 64
	// keepBy is how long what the platform hands over only once may wait to be kept. After 3 s the person reads that it
	// failed, and what was shown as failed must not count later: the person does it again, or does not.
	keepBy = 2500 * time.Millisecond
)

// The kinds of envelopes that carry something.
// Source: docs.slack.dev/apis/events-api/using-socket-mode#events.
const (
	kindEvent       = "events_api"
	kindInteractive = "interactive"
	kindSlash       = "slash_commands"
)

// delivery is one payload on its way to being kept.
type delivery struct {
	kind    string
	payload fields
	by      time.Time // until when it may be kept; zero for an event, which the platform repeats
	ack     func()    // tells the platform that it was taken
	events  []conversation.Inbound
}

// newDelivery is a payload that has just come. ack is called only when it is durable, or is nothing to be kept.
func newDelivery(kind string, payload fields, ack func()) *delivery {
	d := &delivery{kind: kind, payload: payload, ack: ack}
	if kind != kindEvent {
		d.by = time.Now().Add(keepBy)
	}
	return d
}

// comesOnce says whether the platform never repeats the payload.
func (d *delivery) comesOnce() bool { return !d.by.IsZero() }

// stamp is the platform's time of a message, by which the order is restored; empty for anything else.
func (d *delivery) stamp() string {
	if d.kind != kindEvent {
		return ""
	}
	e := object(d.payload["event"])
	if ts := text(e["event_ts"]); isTS(ts) {
		return ts
	}
	ts := text(e["ts"])
	if !isTS(ts) {
		return ""
	}
	return ts
}

// chat is where it happened, as far as it can be told without understanding it.
func (d *delivery) chat() string {
	p := d.payload
	switch d.kind {
	case kindEvent:
		e := object(p["event"])
		return first(text(e["channel"]), text(object(e["channel"])["id"]), text(e["user"]))
	case kindSlash:
		return text(p["channel_id"])
	}
	var from origin
	_ = json.Unmarshal([]byte(text(object(p["view"])["private_metadata"])), &from) // empty when it is none
	return first(text(object(p["channel"])["id"]), text(object(p["container"])["channel_id"]), from.Chat, text(object(p["user"])["id"]))
}

// keeper makes payloads durable, in order within a chat.
type keeper struct {
	a      *Adapter
	in     conversation.Receiver
	queues []chan *delivery
	slots  chan struct{} // bounds the forms that are being opened
}

func newKeeper(a *Adapter, in conversation.Receiver) *keeper {
	k := &keeper{a: a, in: in, slots: make(chan struct{}, maxOpening)}
	for range keepers {
		k.queues = append(k.queues, make(chan *delivery, queueLength))
	}
	return k
}

const maxOpening = 64

// take puts a payload in the line of its chat. A full line stops the reading, and with it the platform.
func (k *keeper) take(ctx context.Context, d *delivery) error {
	h := fnv.New32a()
	_, _ = h.Write([]byte(d.chat())) // never fails
	select {
	case k.queues[h.Sum32()%keepers] <- d:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run keeps what comes until ctx ends. What is then still in a line was not acknowledged: events come again, and of the
// rest the person reads that it failed.
func (k *keeper) run(ctx context.Context) {
	var working sync.WaitGroup
	for _, queue := range k.queues {
		working.Go(func() { k.work(ctx, queue) })
	}
	working.Wait()
}

func (k *keeper) work(ctx context.Context, queue <-chan *delivery) {
	for {
		select {
		case d := <-queue:
			k.keep(ctx, sorted(k.gather(ctx, d, queue)))
		case <-ctx.Done():
			return
		}
	}
}

// gather waits a moment for what belongs before or behind d.
func (k *keeper) gather(ctx context.Context, d *delivery, queue <-chan *delivery) []*delivery {
	page := []*delivery{d}
	timer := time.NewTimer(gather)
	defer timer.Stop()
	for len(page) < maxPage {
		select {
		case d := <-queue:
			page = append(page, d)
		case <-timer.C:
			return page
		case <-ctx.Done():
			return page
		}
	}
	return page
}

// sorted brings messages into the order of their times. Everything else stays where it is.
func sorted(page []*delivery) []*delivery {
	var places []int
	var dated []*delivery
	for i, d := range page {
		if d.stamp() != "" {
			places, dated = append(places, i), append(dated, d)
		}
	}
	slices.SortStableFunc(dated, func(a, b *delivery) int {
		x, _ := instant(a.stamp())
		y, _ := instant(b.stamp())
		return cmp.Compare(x.UnixMicro(), y.UnixMicro())
	})
	for i, place := range places {
		page[place] = dated[i]
	}
	return page
}

// keep makes a page durable, however long it takes, and acknowledges it. What comes once is left out when its time is
// over, without an acknowledgement.
func (k *keeper) keep(ctx context.Context, page []*delivery) {
	for _, d := range page {
		d.events = k.a.read(ctx, d.kind, d.payload)
	}
	wait := calling.Backoff{Longest: longWait}
	for {
		if page = k.a.inTime(page); len(page) == 0 {
			return
		}
		err := receive(ctx, k.in, page)
		if err == nil {
			for _, d := range page {
				d.ack()
			}
			return
		}
		if ctx.Err() != nil {
			return
		}
		k.a.log.Error("events could not be kept", "events", len(page), "error", err)
		if calling.Pause(ctx, wait.After(err)) != nil {
			return
		}
	}
}

// inTime leaves out what the platform has given up.
func (a *Adapter) inTime(page []*delivery) []*delivery {
	now := time.Now()
	return slices.DeleteFunc(page, func(d *delivery) bool {
		late := d.comesOnce() && !now.Before(d.by)
		if late {
			a.log.Error("a press, a form or a command could not be kept in time; the person reads that it failed", "type", d.kind)
		}
		return late
	})
}

// receive hands a page to the inbox once, for as long as everything in it may wait.
func receive(ctx context.Context, in conversation.Receiver, page []*delivery) error {
	var events []conversation.Inbound
	var by time.Time // when the first of what comes once is given up
	for _, d := range page {
		events = append(events, d.events...)
		if d.comesOnce() && len(d.events) > 0 && (by.IsZero() || d.by.Before(by)) {
			by = d.by
		}
	}
	if len(events) == 0 {
		return nil
	}
	if !by.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, by)
		defer cancel()
	}
	return in.Receive(ctx, events...)
}

// read decodes one payload. Whatever it holds, it never ends the process: that would end it again at every repetition.
func (a *Adapter) read(ctx context.Context, kind string, p fields) (out []conversation.Inbound) {
	defer func() {
		if recover() != nil {
			a.log.Error("an event could not be read, which is a mistake of ours; it is left out", "type", kind)
			out = nil
		}
	}()
	switch kind {
	case kindEvent:
		if in, ok := a.event(ctx, p); ok {
			out = append(out, in)
		}
	case kindInteractive:
		out, _ = a.interaction(ctx, p)
	case kindSlash:
		words := make(map[string]string, len(p))
		for name, raw := range p {
			words[name] = text(raw)
		}
		if in, ok := a.slash(ctx, words); ok {
			out = append(out, in)
		}
	}
	return out
}

// opened opens the form of a press at once, before anything else: the trigger lives 3 s. It answers true when nothing is
// left to be kept.
func (a *Adapter) opened(ctx context.Context, p fields) (done bool) {
	open := a.opening(ctx, p)
	if open == nil {
		return false
	}
	err := a.openForm(ctx, open.trigger, open.from, open.form)
	if err == nil || calling.CodeOf(err) == codeExchanged {
		return true
	}
	a.log.Warn("a form could not be opened; the press is handed on as an ordinary one", "code", calling.CodeOf(err), "error", err)
	return false
}

// opensForm says whether a payload is a press of a button with a form.
func opensForm(p fields) bool {
	if text(p["type"]) != "block_actions" {
		return false
	}
	for _, raw := range list(p["actions"]) {
		if _, form := tokenOfAction(object(raw)); form {
			return true
		}
	}
	return false
}

// opening reads which form a press opens, without asking anybody for names.
func (a *Adapter) opening(ctx context.Context, p fields) *opening {
	quiet, cancel := context.WithCancel(ctx)
	cancel()
	_, open := a.presses(quiet, p)
	return open
}
