package outbox

import (
	"math"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

const (
	// bulkShare is the part of the platform's rate that is used over all lanes while bulk has work. What is left
	// is room in which an answer finds its place at once.
	bulkShare = 0.972
	// edge keeps two messages that must be a second apart from counting as the same second where the platform
	// rounds to milliseconds.
	edge = time.Millisecond
	// evenFrom is the shortest bulk interval that is kept message by message. Faster lanes go in small steps.
	evenFrom = 5 * time.Millisecond
	// creditIntervals is how many bulk intervals may be caught up after a delay of our own, and leastCredit how much time
	// where they are short.
	creditIntervals = 8
	leastCredit     = 50 * time.Millisecond
	// longestGap is how many intervals of the platform's rate may lie between two bulk messages: the last place
	// before that goes to bulk even while answers wait, as long as the answers together stay below the rate. debtLimit
	// intervals of debt say that they do not.
	longestGap, debtLimit = 2.95, 10
	// slowdown and recovery are the steps by which the rate follows refusals that mean the whole account, and gives
	// back. It does not go below slowest.
	slowdown, recovery, slowest = 0.9, 0.05, 0.1
	recoverEvery                = time.Minute
	// shortestRefusal is waited when the platform refuses without saying for how long.
	shortestRefusal = time.Second
)

// Pace keeps one account below its platform's limits. It never waits: it says whether a message may go now, and if
// not, from when on it is worth asking again. All times are the real clock's. It is not safe for concurrent use.
type Pace struct {
	rate     float64       // messages a second, 0 for no limit
	perChat  time.Duration // between two messages of a chat
	inFlight int           // most calls at once
	forBulk  int           // most of them in bulk: what a crash may leave unknown, and slow calls leave answers room

	slots       []*Slot   // the calls that count in the window, in the order in which they were reserved
	expired     time.Time // when those were looked at last
	travelled   travelled
	calls, bulk int // in flight
	chats       map[string]*chatPace
	pruneAt     int

	schedule time.Time // when the next message is due at an even pace, charged by every lane
	lastBulk time.Time

	factor       float64 // what refusals left of the rate
	easeAt       time.Time
	accountUntil time.Time
	bulkUntil    time.Time
	refusedChat  string // the chat whose refusal lasts longest
	refusedUntil time.Time
	refusedLast  string // the chat that was refused last
	refusedAt    time.Time
	slowUntil    time.Time // refusals until then belong to the last step down
}

// chatPace is what is known of one chat.
type chatPace struct {
	busy bool      // a call is in flight
	free time.Time // not before
}

// Slot is one message's place in the pace, from the decision to send it to the end of its call.
type Slot struct {
	pace  *Pace
	lane  conversation.Lane
	chat  string
	taken time.Time // when it was reserved
	prior time.Time // the pace's lastBulk before
	left  bool      // no longer in flight
	begun time.Time // its call; zero before
	ended time.Time // its call; zero before
}

// NewPace is the pace of a platform's limits with at most inFlight calls at once.
func NewPace(l conversation.Limits, inFlight int) *Pace {
	return &Pace{
		rate: l.PerSecond, perChat: l.PerChat, inFlight: inFlight, forBulk: max(1, inFlight/3),
		chats: map[string]*chatPace{}, pruneAt: 1024, factor: 1,
	}
}

// window is how many messages may count within which time.
func (p *Pace) window() (int, time.Duration) {
	r := p.rate * p.factor
	if r >= 1 {
		return int(math.Floor(r + 1e-9)), time.Second
	}
	return 1, time.Duration(float64(time.Second) / r)
}

// interval is the time from one bulk message to the next when nothing else is sent.
func (p *Pace) interval() time.Duration {
	n, w := p.window()
	return time.Duration(float64(w) / (float64(n) * bulkShare))
}

// even says that bulk is kept message by message.
func (p *Pace) even() bool { return p.rate > 0 && p.interval() >= evenFrom }

// Room says whether a message of the lane may go now. If not, at is when to ask again, or zero for when a call ends.
func (p *Pace) Room(now time.Time, lane conversation.Lane) (ok bool, at time.Time) {
	p.ease(now)
	switch {
	case now.Before(p.accountUntil):
		return false, p.accountUntil
	case lane == conversation.LaneBulk && now.Before(p.bulkUntil):
		return false, p.bulkUntil
	case p.calls >= p.inFlight, lane == conversation.LaneBulk && p.bulk >= p.forBulk:
		return false, time.Time{}
	case p.rate <= 0:
		return true, now
	}
	if full, at := p.full(now); full {
		return false, at
	}
	if lane == conversation.LaneBulk {
		at := p.bulkAt(now)
		return !now.Before(at), at
	}
	return true, now
}

// bulkRoom is how many more calls of bulk there may be now, and how many at most.
func (p *Pace) bulkRoom() (open, most int) { return p.forBulk - p.bulk, p.forBulk }

// bulkAt is when the next bulk message may go as far as the even spacing is concerned.
func (p *Pace) bulkAt(now time.Time) time.Time {
	i := p.interval()
	at := p.due(now)
	if p.bulkWaits(now) {
		at = earlier(at, p.lastPlace(now))
	}
	if p.even() {
		if soonest := p.lastBulk.Add(i * 6 / 10); soonest.After(at) {
			at = soonest
		}
	}
	return at
}

// due is the even schedule's next time, with the delay of our own that may be caught up.
func (p *Pace) due(now time.Time) time.Time {
	credit := max(creditIntervals*p.interval(), leastCredit)
	if now.Sub(p.schedule) > time.Second {
		return now // there was nothing to send: nothing to catch up
	}
	if first := now.Add(-credit); p.schedule.Before(first) {
		return first
	}
	return p.schedule
}

// bulkWaits says that bulk is being sent and that the other lanes together still leave it something.
func (p *Pace) bulkWaits(now time.Time) bool {
	return now.Sub(p.lastBulk) < time.Second && p.schedule.Sub(now) <= debtLimit*p.interval()
}

// BulkFirst says that a bulk message goes before answers, lest it wait too long.
func (p *Pace) BulkFirst(now time.Time) bool {
	return p.rate > 0 && p.bulkWaits(now) && !p.roomy(now) && !now.Before(p.lastPlace(now))
}

// Chat says whether a message to the chat may go now. If not, at is when to ask again, or zero for when the chat's
// call ends: a chat has one call at a time.
func (p *Pace) Chat(now time.Time, chat string) (ok bool, at time.Time) {
	c := p.chats[chat]
	switch {
	case c == nil:
		return true, now
	case c.busy:
		return false, time.Time{}
	}
	return !now.Before(c.free), c.free
}

// Reserve takes a place for a message that Room and Chat let go.
func (p *Pace) Reserve(now time.Time, lane conversation.Lane, chat string) *Slot {
	s := &Slot{pace: p, lane: lane, chat: chat, taken: now, prior: p.lastBulk}
	c := p.chats[chat]
	if c == nil {
		c = &chatPace{}
		p.chats[chat] = c
	}
	c.busy = true
	p.prune(now)
	p.calls++
	if lane == conversation.LaneBulk {
		p.bulk++
	}
	if p.rate > 0 {
		p.schedule = p.due(now).Add(p.interval())
		if debt := now.Add(time.Second + p.interval()); p.schedule.After(debt) {
			p.schedule = debt
		}
		if lane == conversation.LaneBulk {
			p.lastBulk = now
		}
		p.slots = append(p.slots, s)
	}
	return s
}

// prune forgets chats that may be written to anyway.
func (p *Pace) prune(now time.Time) {
	if len(p.chats) < p.pruneAt {
		return
	}
	for name, c := range p.chats {
		if !c.busy && !now.Before(c.free) {
			delete(p.chats, name)
		}
	}
	p.pruneAt = max(1024, 2*len(p.chats))
}

// Started says that the call begins.
func (s *Slot) Started(now time.Time) {
	s.begun = now
}

// Done says that the call has ended, in whatever way.
func (s *Slot) Done(now time.Time) {
	p := s.pace
	if s.left {
		return
	}
	s.ended = now
	p.travelled.add(now.Sub(s.begun))
	s.leave()
	c := p.chats[s.chat]
	if free := now.Add(p.perChat + edge); p.perChat > 0 && free.After(c.free) {
		c.free = free
	}
}

// Cancel gives the place back: no call was made. After Done it does nothing.
func (s *Slot) Cancel() {
	p := s.pace
	if s.left {
		return
	}
	s.leave()
	if p.rate <= 0 {
		return
	}
	p.schedule = p.schedule.Add(-p.interval())
	if s.lane == conversation.LaneBulk && p.lastBulk.Equal(s.taken) {
		p.lastBulk = s.prior
	}
	for i := len(p.slots) - 1; i >= 0; i-- {
		if p.slots[i] == s {
			p.slots = append(p.slots[:i], p.slots[i+1:]...)
			return
		}
	}
}

// leave ends the call's share of what is in flight.
func (s *Slot) leave() {
	s.left = true
	s.pace.calls--
	if s.lane == conversation.LaneBulk {
		s.pace.bulk--
	}
	s.pace.chats[s.chat].busy = false
}

// Refused takes in that the platform refused a message to the chat for being too fast. The chat and the bulk lane
// wait; a second chat that is refused meanwhile, or a platform that says it means the whole bot, stops the account.
// That slows the account down, and so do refusals in different chats within a minute: then it is not one chat that is
// written to too fast. It returns when the message may be tried again.
func (p *Pace) Refused(now time.Time, chat string, wait time.Duration, wholeBot bool) time.Time {
	until := now.Add(max(wait, shortestRefusal))
	stop := wholeBot || p.refusedChat != chat && now.Before(p.refusedUntil)
	slow := stop || p.refusedLast != chat && now.Sub(p.refusedAt) < recoverEvery
	if slow && !now.Before(p.slowUntil) { // once for all the calls that were in flight together
		p.factor = max(slowest, p.factor*slowdown)
		p.slowUntil = until
	}
	if c := p.chats[chat]; c == nil {
		p.chats[chat] = &chatPace{free: until}
	} else if until.After(c.free) {
		c.free = until
	}
	p.bulkUntil = later(p.bulkUntil, until)
	if until.After(p.refusedUntil) {
		p.refusedChat, p.refusedUntil = chat, until
	}
	if stop {
		p.accountUntil = later(p.accountUntil, until)
	}
	p.refusedLast, p.refusedAt = chat, now
	p.easeAt = p.refusedUntil.Add(recoverEvery)
	return until
}

// ease gives the rate back step by step while nobody is refused.
func (p *Pace) ease(now time.Time) {
	for p.factor < 1 && !now.Before(p.easeAt) {
		p.factor = min(1, p.factor+recovery)
		p.easeAt = p.easeAt.Add(recoverEvery)
	}
}

// HoldUntil keeps everything back until t: what another process sent in the last second is not known.
func (p *Pace) HoldUntil(t time.Time) {
	if p.rate > 0 || p.perChat > 0 {
		p.accountUntil = later(p.accountUntil, t)
	}
}

// Paused says until when the account and its bulk lane wait because of refusals; zero when they do not.
func (p *Pace) Paused(now time.Time) (account, bulk time.Time) {
	if now.Before(p.accountUntil) {
		account = p.accountUntil
	}
	if now.Before(p.bulkUntil) {
		bulk = p.bulkUntil
	}
	return account, bulk
}

// Rate is what bulk may use a second when nothing else is sent; 0 for no limit. It is given back while nothing is sent,
// too.
func (p *Pace) Rate(now time.Time) float64 {
	p.ease(now)
	if p.rate <= 0 {
		return 0
	}
	return float64(time.Second) / float64(p.interval())
}

// later is the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
