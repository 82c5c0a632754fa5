package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

const (
	pollSeconds = 25               // how long the platform holds an empty poll open
	pollTimeout = 40 * time.Second // when we give up on it
	pollLimit   = 100              // updates in one poll. Source: core.telegram.org/bots/api#getupdates, November 2026
	// keptFor is how long the platform keeps updates. Source: core.telegram.org/bots/api#getting-updates.
	keptFor = 24 * time.Hour
	// patience is how many such batches are taken without a pause.
	patience = 3
	// repeatLog is the least time between two lines about the same lasting trouble.
	repeatLog = time.Minute
)

// allowedUpdates are the kinds that we handle. Naming few keeps unknown kinds away; my_chat_member is among those
// that come only when named.
var allowedUpdates = []string{"message", "edited_message", "callback_query", "my_chat_member"}

// poller asks for updates, hands them on, and confirms them by asking for later ones.
type poller struct {
	a       *Adapter
	in      conversation.Receiver
	offset  int64     // the first update that is not confirmed; 0 for the earliest that the platform has
	heard   time.Time // when the last update came
	wait    calling.Backoff
	logged  map[string]time.Time // by code of the trouble
	ill     bool
	repeats int // batches in a row that brought nothing new
}

func newPoller(a *Adapter, in conversation.Receiver) *poller {
	return &poller{a: a, in: in, heard: time.Now(), logged: make(map[string]time.Time), wait: calling.Backoff{Longest: longWait}}
}

func (p *poller) run(ctx context.Context) error {
	for ctx.Err() == nil {
		batch, err := p.fetch(ctx)
		if err == nil {
			p.a.hearing.Heard()
			err = p.hand(ctx, batch)
		} else if ctx.Err() == nil {
			p.a.hearing.Failed(err)
		}
		if err == nil {
			p.well()
			continue
		}
		if ctx.Err() != nil {
			return nil
		}
		if conversation.KindOf(err) == conversation.OurCredentials {
			return err
		}
		if err := calling.Pause(ctx, p.trouble(ctx, err)); err != nil {
			return nil //nolint:nilerr // the end of ctx is the ordinary end
		}
	}
	return nil
}

// fetch makes one long poll.
func (p *poller) fetch(ctx context.Context) ([]json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	ex, err := p.a.callJSON(ctx, "getUpdates", struct {
		Offset  int64    `json:"offset,omitempty"`
		Limit   int      `json:"limit"`
		Timeout int      `json:"timeout"`
		Allowed []string `json:"allowed_updates"`
	}{p.offset, pollLimit, pollSeconds, allowedUpdates})
	if err != nil {
		return nil, err
	}
	var batch []json.RawMessage
	if err := json.Unmarshal(ex.result, &batch); err != nil {
		return nil, &conversation.SendError{
			Kind: conversation.Temporary, Code: "bad_answer",
			Err: errors.New("getUpdates: the answer is not a list"),
		}
	}
	return batch, nil
}

// errStuck: the platform hands over the same updates again and again, because they have no readable update_id or
// because it pays no heed to the offset. What was kept once is not kept twice, but asking at once would ask for ever.
var errStuck = errors.New("the platform repeats updates that were confirmed or have no update_id")

// hand has a whole batch kept and only then moves the offset behind it.
func (p *poller) hand(ctx context.Context, batch []json.RawMessage) error {
	if len(batch) == 0 {
		// Ids start anew at a random number after a week of silence, and could then lie below the offset. By now
		// everything below it is confirmed or forgotten, so the earliest is a safe place to go on from.
		p.repeats = 0
		if time.Since(p.heard) > keptFor {
			p.offset = 0
		}
		return nil
	}
	p.heard = time.Now()
	var events []conversation.Inbound
	var presses []string
	next := p.offset
	for _, raw := range batch {
		u := p.a.decode(raw)
		if u.known {
			events = append(events, u.event)
		}
		if u.press != "" {
			presses = append(presses, u.press)
		}
		if u.hasID {
			next = max(next, u.id+1)
		}
	}
	if len(events) > 0 {
		if err := p.in.Receive(ctx, events...); err != nil {
			return fmt.Errorf("keep %d updates: %w", len(events), err)
		}
	}
	for _, id := range presses {
		p.a.answerSoon(id)
	}
	if next > p.offset {
		p.offset, p.repeats = next, 0
		return nil
	}
	if p.repeats++; p.repeats > patience {
		return errStuck
	}
	return nil
}

// trouble logs what went wrong, cures it if it can, and says how long to wait.
func (p *poller) trouble(ctx context.Context, err error) time.Duration {
	p.ill = true
	code := calling.CodeOf(err)
	wait := p.wait.After(err)
	switch code {
	case codeWebhookSet:
		if p.due(code) {
			p.a.log.Warn("a webhook is set, so the platform refuses polls; deleting it. If it comes back, another "+
				"installation uses this token in webhook mode", "error", err)
		}
		if err := p.a.deleteWebhook(ctx); err != nil {
			p.a.log.Warn("the webhook could not be deleted", "error", err)
		}
	case codeOtherPoller:
		wait = longWait
		if p.due(code) {
			p.a.log.Error("another process receives this bot's updates. Stop it, or give this installation a token of "+
				"its own: with @BotFather /newbot for a new bot, /revoke when the other process is not yours", "error", err)
		}
	default:
		if p.due(code) {
			p.a.log.Warn("no updates could be taken; trying again", "error", err, "wait", wait)
		}
	}
	return wait
}

// due says whether trouble of that kind may be logged again.
func (p *poller) due(code string) bool {
	if last, ok := p.logged[code]; ok && time.Since(last) < repeatLog {
		return false
	}
	p.logged[code] = time.Now()
	return true
}

func (p *poller) well() {
	p.wait.Reset()
	if p.ill {
		p.ill = false
		p.a.log.Info("updates are taken again")
	}
}
