package discord

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// Limits are the platform's figures; 0 takes the default, a negative one is no limit.
type Limits struct {
	PerSecond  int // calls of the bot in any one second; 50. Source: docs.discord.com/developers/topics/rate-limits
	PerChannel int // messages to one channel in Window; 5, as observed, since the figures of routes are not published
	Window     time.Duration
	// Identify is the least time between two sessions that a bot starts; 5 s, as max_concurrency 1 says.
	Identify time.Duration
	// Invalid is how many refused calls in ten minutes end in a ban by the proxy; 10,000.
	// Source: docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans.
	Invalid int
	// Respond is how long the bot has for the first response to a press, a command or a form; 3 s.
	// Source: docs.discord.com/developers/interactions/receiving-and-responding.
	Respond time.Duration
}

func (s Limits) withDefaults() Limits {
	if s.PerSecond == 0 {
		s.PerSecond = 50
	}
	if s.PerChannel == 0 {
		s.PerChannel = 5
	}
	if s.Identify == 0 {
		s.Identify = 5 * time.Second
	}
	if s.Invalid == 0 {
		s.Invalid = 10_000
	}
	if s.Window <= 0 {
		s.Window = 5 * time.Second
	}
	if s.Respond <= 0 {
		s.Respond = 3 * time.Second
	}
	return s
}

// maxBuckets bounds how many channels' windows are remembered.
const maxBuckets = 4096

// pace counts calls against the limits.
type pace struct {
	limits  Limits
	recent  []time.Time
	buckets map[string]*bucket
	started []time.Time // when sessions were started in the last day
	invalid []time.Time // when calls were refused in the last ten minutes
}

const (
	invalidWindow = 10 * time.Minute
	// lentWindow is the window of PerChannel messages by one interaction's token, as observed.
	lentWindow = 2 * time.Second
	maxStarts  = 1000 // a day; source: docs.discord.com/developers/events/gateway#session-start-limit-object
	startDay   = 24 * time.Hour
)

// count notes a refused call: 401, 403 or 429.
func (p *pace) count(status int, now time.Time) {
	if status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusTooManyRequests {
		p.invalid = append(since(p.invalid, now.Add(-invalidWindow)), now)
	}
}

// banned is how long the proxy still refuses everything.
func (p *pace) banned(now time.Time) time.Duration {
	p.invalid = since(p.invalid, now.Add(-invalidWindow))
	if p.limits.Invalid < 0 || len(p.invalid) < p.limits.Invalid {
		return 0
	}
	return p.invalid[0].Add(invalidWindow).Sub(now)
}

// startsLeft is how many sessions may still be started today.
func (p *pace) startsLeft(now time.Time) int {
	p.started = since(p.started, now.Add(-startDay))
	return maxStarts - len(p.started)
}

// start counts a session that a bot wants to start; tooSoon is true when it was not allowed yet.
func (p *pace) start(now time.Time) (tooSoon bool) {
	if n := len(p.started); n > 0 && p.limits.Identify > 0 && now.Sub(p.started[n-1]) < p.limits.Identify {
		return true
	}
	p.started = append(p.started, now)
	return false
}

// since are the times after from.
func since(times []time.Time, from time.Time) []time.Time {
	i := 0
	for i < len(times) && !times[i].After(from) {
		i++
	}
	return times[i:]
}

type bucket struct {
	left  int
	reset time.Time
}

func newPace(limits Limits) pace { return pace{limits: limits, buckets: map[string]*bucket{}} }

// take counts a call, or refuses it. The header tells how much is left.
func (p *pace) take(verb string, rt route, vars map[string]string, now time.Time) (map[string]string, *refusal) {
	if rt.exempt && (!rt.sends || p.limits.PerChannel < 0) {
		return nil, nil
	}
	if rt.exempt {
		return p.fromBucket(verb, verb+" "+vars["token"], lentWindow, now)
	}
	if wait := p.global(now); wait > 0 {
		return map[string]string{"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global", "Retry-After": wholeSeconds(wait)},
			&refusal{status: http.StatusTooManyRequests, text: "You are being rate limited.", retryAfter: wait, global: true}
	}
	channel := vars["channel"]
	if channel == "" || p.limits.PerChannel < 0 || !rt.sends {
		return nil, nil
	}
	return p.fromBucket(verb, verb+" "+channel, p.limits.Window, now)
}

// fromBucket counts a call against the limit of one channel or token.
func (p *pace) fromBucket(verb, key string, window time.Duration, now time.Time) (map[string]string, *refusal) {
	b := p.buckets[key]
	if b == nil || !now.Before(b.reset) {
		if len(p.buckets) > maxBuckets {
			clear(p.buckets)
		}
		b = &bucket{left: p.limits.PerChannel, reset: now.Add(window)}
		p.buckets[key] = b
	}
	header := map[string]string{
		"X-RateLimit-Limit":       strconv.Itoa(p.limits.PerChannel),
		"X-RateLimit-Reset":       seconds(time.Duration(b.reset.UnixNano())),
		"X-RateLimit-Reset-After": seconds(b.reset.Sub(now)),
		"X-RateLimit-Bucket":      "sandbox-" + verb,
	}
	if b.left == 0 {
		header["X-RateLimit-Remaining"], header["X-RateLimit-Scope"] = "0", "user"
		header["Retry-After"] = wholeSeconds(b.reset.Sub(now))
		return header, &refusal{status: http.StatusTooManyRequests, text: "You are being rate limited.", retryAfter: b.reset.Sub(now)}
	}
	b.left--
	header["X-RateLimit-Remaining"] = strconv.Itoa(b.left)
	return header, nil
}

// global counts a call of the bot; it answers how long to wait when there were too many in the last second.
func (p *pace) global(now time.Time) time.Duration {
	if p.limits.PerSecond < 0 {
		return 0
	}
	kept := p.recent[:0]
	for _, at := range p.recent {
		if now.Sub(at) < time.Second {
			kept = append(kept, at)
		}
	}
	p.recent = kept
	if len(p.recent) >= p.limits.PerSecond {
		return time.Second - now.Sub(p.recent[0])
	}
	p.recent = append(p.recent, now)
	return 0
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

func wholeSeconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }
