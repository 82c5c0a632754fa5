package slack

import "time"

// Limits are the platform's figures; 0 takes the default, a negative one is no limit.
// Source: docs.slack.dev/apis/web-api/rate-limits. The burst and the size of blocks are not published.
type Limits struct {
	PerChannel float64 // messages a second to one channel; 1
	Burst      int     // messages that may come at once to a channel that was quiet; 3
	// Tier1 to Tier4 are calls a minute of one method: 1, 20, 50, 100.
	Tier1, Tier2, Tier3, Tier4 int
	// Retries are the pauses before the repetitions of an event; at once, 1 min, 5 min.
	Retries []time.Duration
	// AckWithin is how long an app has for an acknowledgement; 3 s.
	AckWithin time.Duration
	// Trigger is how long a trigger_id opens a view; 3 s. Source: docs.slack.dev/interactivity/handling-user-interaction.
	Trigger time.Duration
}

// Unlimited is for tests that are not about the pace.
var Unlimited = Limits{PerChannel: -1, Tier1: -1, Tier2: -1, Tier3: -1, Tier4: -1}

func (s Limits) withDefaults() Limits {
	if s.PerChannel == 0 {
		s.PerChannel = 1
	}
	if s.Burst == 0 {
		s.Burst = 3
	}
	for _, t := range []struct {
		to    *int
		calls int
	}{{&s.Tier1, 1}, {&s.Tier2, 20}, {&s.Tier3, 50}, {&s.Tier4, 100}} {
		if *t.to == 0 {
			*t.to = t.calls
		}
	}
	if s.Retries == nil {
		s.Retries = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	if s.AckWithin <= 0 {
		s.AckWithin = 3 * time.Second
	}
	if s.Trigger <= 0 {
		s.Trigger = 3 * time.Second
	}
	return s
}

// tier is how many calls a minute a method of the tier may have; 0 or less is no limit.
func (s Limits) tier(n int) int {
	return [...]int{0, s.Tier1, s.Tier2, s.Tier3, s.Tier4}[n]
}

// maxBuckets bounds how many channels are remembered.
const maxBuckets = 4096

// pace counts calls against the limits.
type pace struct {
	limits Limits
	recent map[string][]time.Time // by method
	posts  map[string]bucket      // by channel
}

// bucket holds the messages that a channel can still take at a moment.
type bucket struct {
	level float64
	at    time.Time
}

func newPace(limits Limits) pace {
	return pace{limits: limits, recent: map[string][]time.Time{}, posts: map[string]bucket{}}
}

// call counts a call of a method, or says how long to wait.
func (p *pace) call(method string, tier int, now time.Time) time.Duration {
	most := p.limits.tier(tier)
	if most <= 0 {
		return 0
	}
	var kept []time.Time
	for _, at := range p.recent[method] {
		if now.Sub(at) < time.Minute {
			kept = append(kept, at)
		}
	}
	p.recent[method] = kept
	if len(kept) >= most {
		return time.Minute - now.Sub(kept[0])
	}
	p.recent[method] = append(kept, now)
	return 0
}

// post counts a message to a channel, or says how long to wait.
func (p *pace) post(channel string, now time.Time) time.Duration {
	if p.limits.PerChannel < 0 {
		return 0
	}
	full := float64(p.limits.Burst)
	b, ok := p.posts[channel]
	if !ok {
		if len(p.posts) > maxBuckets {
			clear(p.posts)
		}
		b = bucket{level: full, at: now}
	}
	b.level = min(full, b.level+now.Sub(b.at).Seconds()*p.limits.PerChannel)
	b.at = now
	wait := time.Duration(0)
	if b.level < 1 {
		wait = time.Duration((1 - b.level) / p.limits.PerChannel * float64(time.Second))
	} else {
		b.level--
	}
	p.posts[channel] = b
	return max(wait, 0)
}
