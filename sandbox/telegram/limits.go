package telegram

import (
	"math"
	"time"
)

// Limits are the platform's limits. A zero field stands for the default, a negative one for no limit at all.
type Limits struct {
	// PerSecond is how many messages the bot may send in any one second over all chats; 30 by default.
	// Source: core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this.
	PerSecond int
	// PerChat is the least time between two messages to the same private chat; one second by default.
	PerChat time.Duration
	// PerGroupMinute is how many messages the bot may send to one group in any one minute; 20 by default.
	PerGroupMinute int
	// AnswerWithin is how long a button press may wait for its answer. Telegram does not publish it; 15 s by default.
	AnswerWithin time.Duration
}

// arrivalJitter is forgiven by the pace: the caller spaces its calls when it sends them, the look-alike sees them when
// they arrive. The real server forgives far more.
const arrivalJitter = 20 * time.Millisecond

func (l Limits) withDefaults() Limits {
	if l.PerSecond == 0 {
		l.PerSecond = 30
	}
	if l.PerChat == 0 {
		l.PerChat = time.Second
	}
	if l.PerGroupMinute == 0 {
		l.PerGroupMinute = 20
	}
	if l.AnswerWithin == 0 {
		l.AnswerWithin = 15 * time.Second
	}
	return l
}

// Refusals counts what the limits turned away.
type Refusals struct {
	Overall, Chat, Group int
}

// pace remembers when messages were sent. Times are of the real clock: pace has nothing to do with a clock that can
// be moved.
type pace struct {
	limits  Limits
	recent  []time.Time // of the last second, oldest first
	last    map[int64]time.Time
	groups  map[int64][]time.Time
	refused Refusals
}

// admit counts a message to the chat, or answers the seconds after which the caller may try again.
func (p *pace) admit(now time.Time, c *chat) (wait int, ok bool) {
	p.recent = since(p.recent, now.Add(-time.Second+arrivalJitter))
	if p.limits.PerSecond > 0 && len(p.recent) >= p.limits.PerSecond {
		p.refused.Overall++
		return seconds(p.recent[0].Add(time.Second).Sub(now)), false
	}
	if c.owner == nil {
		p.groups[c.ref.ID] = since(p.groups[c.ref.ID], now.Add(-time.Minute))
		if sent := p.groups[c.ref.ID]; p.limits.PerGroupMinute > 0 && len(sent) >= p.limits.PerGroupMinute {
			p.refused.Group++
			return seconds(sent[0].Add(time.Minute).Sub(now)), false
		}
		p.groups[c.ref.ID] = append(p.groups[c.ref.ID], now)
	} else if last, sent := p.last[c.ref.ID]; sent && p.limits.PerChat > 0 && now.Sub(last) < p.limits.PerChat-arrivalJitter {
		p.refused.Chat++
		return seconds(last.Add(p.limits.PerChat).Sub(now)), false
	}
	p.recent = append(p.recent, now)
	p.last[c.ref.ID] = now
	return 0, true
}

func since(times []time.Time, from time.Time) []time.Time {
	i := 0
	for i < len(times) && !times[i].After(from) {
		i++
	}
	return times[i:]
}

func seconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }
