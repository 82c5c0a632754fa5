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
}

func (s Limits) withDefaults() Limits {
	if s.PerSecond == 0 {
		s.PerSecond = 50
	}
	if s.PerChannel == 0 {
		s.PerChannel = 5
	}
	if s.Window <= 0 {
		s.Window = 5 * time.Second
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
}

type bucket struct {
	left  int
	reset time.Time
}

func newPace(limits Limits) pace { return pace{limits: limits, buckets: map[string]*bucket{}} }

// take counts a call, or refuses it. The header tells how much is left.
func (p *pace) take(verb string, rt route, vars map[string]string, now time.Time) (map[string]string, *refusal) {
	if rt.exempt {
		return nil, nil
	}
	if wait := p.global(now); wait > 0 {
		return map[string]string{"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global", "Retry-After": wholeSeconds(wait)},
			&refusal{status: http.StatusTooManyRequests, text: "You are being rate limited.", retryAfter: wait, global: true}
	}
	channel := vars["channel"]
	if channel == "" || p.limits.PerChannel < 0 || !rt.sends {
		return nil, nil
	}
	key := verb + " " + channel
	b := p.buckets[key]
	if b == nil || !now.Before(b.reset) {
		if len(p.buckets) > maxBuckets {
			clear(p.buckets)
		}
		b = &bucket{left: p.limits.PerChannel, reset: now.Add(p.limits.Window)}
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
