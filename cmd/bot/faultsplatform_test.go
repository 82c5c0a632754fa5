package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// scene is one way in which platforms misbehave while everybody asks a question.
type scene struct {
	name string
	// before breaks something, during does it while people write; either may be nil.
	before, during func(w *town)
	repeats        int  // messages that may be seen twice, over all platforms
	doubtful       int  // messages whose fate may stay unknown
	again          int  // how often everybody asks; once by default
	full           bool // only at full size: it takes a while
}

// yes is for fields that take an address.
var yes, no = true, false

// callScenes are what platforms do to a bot's calls. A platform that answered nothing may have done what it was asked, so
// an answer may come twice on Telegram; Discord drops the repeat by its nonce, and on Slack the adapter looks first.
var callScenes = []scene{
	{name: "calm"},
	{name: "503 again and again", full: true, before: func(w *town) { w.fault(lookalike.Fault{Times: 5, Status: http.StatusServiceUnavailable}) }},
	{name: "502 and 504 of the proxy", full: true, before: func(w *town) {
		w.fault(lookalike.Fault{Times: 1, Status: http.StatusBadGateway})
		w.fault(lookalike.Fault{Times: 1, Status: http.StatusGatewayTimeout})
	}},
	{name: "502 for a long time", full: true, before: func(w *town) { w.fault(lookalike.Fault{Times: 4 * len(w.on(w.slack)), Status: http.StatusBadGateway}) }},
	{name: "done, and 500 for an answer", full: true, repeats: 6, before: func(w *town) {
		w.fault(lookalike.Fault{Times: 2, Status: http.StatusInternalServerError, Late: true})
	}},
	{name: "done, and 502 for an answer", repeats: 6, before: func(w *town) {
		w.fault(lookalike.Fault{Times: 2, Status: http.StatusBadGateway, Late: true})
	}},
	{name: "reset before the request", before: func(w *town) { w.fault(lookalike.Fault{Times: 2}) }},
	{name: "reset after the request", repeats: 6, before: func(w *town) { w.fault(lookalike.Fault{Times: 2, Late: true}) }},
	{
		name: "reset during the request", repeats: 12, again: 2,
		before: func(w *town) {
			for _, h := range w.holds {
				h.add(2, hold{before: 400 * time.Millisecond})
				h.add(2, hold{after: 400 * time.Millisecond})
			}
		},
		during: func(w *town) {
			w.once(200*time.Millisecond, func() { w.fault(lookalike.Fault{Drop: 300 * time.Millisecond}) })
		},
	},
	{
		name: "the platform is down", again: 2, full: true,
		during: func(w *town) {
			w.fault(lookalike.Fault{Down: &yes})
			w.once(1500*time.Millisecond, func() { w.fault(lookalike.Fault{Down: &no}) })
		},
	},
	{name: "slow answers", again: 2, before: func(w *town) {
		for _, h := range w.holds {
			h.add(3, hold{before: 700 * time.Millisecond, after: 700 * time.Millisecond})
		}
	}},
	{name: "no answer in time", full: true, repeats: 3, before: func(w *town) {
		for _, h := range w.holds {
			h.add(1, hold{after: 8 * time.Second}) // a call has five
		}
	}},
	{name: "a storm of 429", before: func(w *town) {
		w.fault(lookalike.Fault{Times: 4, Status: http.StatusTooManyRequests, RetryAfter: 1})
	}},
}

// eventScenes are what becomes of events on their way to a bot.
var eventScenes = []scene{
	{
		name: "connections of Discord drop", again: 3,
		during: func(w *town) {
			w.once(100*time.Millisecond, w.discord.Reconnect)
			w.once(700*time.Millisecond, func() { w.discord.Disconnect(0) })
			w.once(900*time.Millisecond, func() { w.discord.Disconnect(4000) })
			w.once(100*time.Millisecond, func() { w.discord.Invalidate(false) })
		},
	},
	{
		name: "Discord forgets the session", again: 3, full: true,
		before: func(w *town) {
			w.must(w.discord.Fault(w.t.Context(), lookalike.Fault{Method: "gateway", Path: "resume", Status: 9, Times: 2}))
			w.must(w.discord.Fault(w.t.Context(), lookalike.Fault{Method: "gateway", Path: "hello", Times: 2}))
		},
		during: func(w *town) { w.once(200*time.Millisecond, func() { w.discord.Disconnect(4000) }) },
	},
	{
		name: "a storm of Slack's disconnects", again: 3,
		before: func(w *town) {
			w.must(w.slack.Fault(w.t.Context(), lookalike.Fault{Method: "socket", Path: "open", Status: http.StatusServiceUnavailable, Times: 2}))
			w.must(w.slack.Fault(w.t.Context(), lookalike.Fault{Method: "socket", Path: "hello", Status: http.StatusServiceUnavailable, Times: 2}))
			w.must(w.slack.Fault(w.t.Context(), lookalike.Fault{Method: "apps.connections.open", Status: http.StatusInternalServerError, Times: 2}))
		},
		during: func(w *town) {
			for _, reason := range []string{"refresh_requested", "", "warning", "refresh_requested", ""} {
				w.once(250*time.Millisecond, func() { w.slack.Disconnect(reason) })
			}
		},
	},
	{
		name: "events twice", again: 2,
		during: func(w *town) {
			for range 5 {
				w.once(150*time.Millisecond, func() { w.fault(lookalike.Fault{Redeliver: true}) })
			}
		},
	},
	{
		name: "events late and out of order", again: 3, full: true,
		before: func(w *town) {
			// What is not acknowledged comes again, behind what was said after it.
			w.must(w.slack.Fault(w.t.Context(), lookalike.Fault{Method: "socket", Path: "ack", Times: 3}))
			w.must(w.telegram.Fault(w.t.Context(), lookalike.Fault{Method: "getUpdates", Status: http.StatusBadGateway, Late: true, Times: 2}))
		},
		during: func(w *town) { w.once(300*time.Millisecond, func() { w.discord.Disconnect(0) }) },
	},
}

// once waits, and then does something.
func (w *town) once(after time.Duration, do func()) {
	<-time.After(after)
	do()
}

func (w *town) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// play lets everybody ask while the platforms misbehave, and compares the books when all is at rest again.
func (w *town) play(t *testing.T, s scene) {
	outer := w.t
	w.t = t
	defer func() { w.t = outer }()
	if s.before != nil {
		s.before(w)
	}
	w.repeats += s.repeats
	w.doubtful += s.doubtful
	w.troubles++
	var all sync.WaitGroup
	all.Go(func() {
		for i := range max(s.again, 1) {
			w.together(func(p *soul) { w.ask(p, i) })
			w.together(w.press)
			<-time.After(time.Duration(s.again) * 100 * time.Millisecond)
		}
	})
	if s.during != nil {
		s.during(w)
	}
	all.Wait()
	begun := time.Now()
	w.rest()
	t.Logf("at rest after %v", time.Since(begun).Round(10*time.Millisecond))
	w.audit(s.name)
}

// TestFaultCalls and TestFaultEvents have a service live through everything that platforms do, on all three at once.
func TestFaultCalls(t *testing.T) {
	t.Parallel()
	playAll(t, callScenes)
}

func TestFaultEvents(t *testing.T) {
	t.Parallel()
	playAll(t, eventScenes)
}

// playAll plays scenes one after another, on both databases at full size.
func playAll(t *testing.T, scenes []scene) {
	engines := []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", migrated.SQLite}, {"postgres", migrated.Postgres}}
	people := 3
	if faultsInFull() {
		people = 12
	} else {
		engines = engines[:1]
	}
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			w := newTown(t, engine.url(t), people)
			w.open(1)
			for _, s := range scenes {
				if s.full && !faultsInFull() {
					continue
				}
				if !t.Run(s.name, func(t *testing.T) { w.play(t, s) }) {
					t.Fatalf("after %q the books of the others would not agree either", s.name)
				}
			}
			w.stop()
		})
	}
}

// TestFaultHourLongWaits has platforms tell us to wait for an hour. Whoever that is not about is answered at once;
// whoever it is about is answered when the hour is over, be it that the service has been restarted meanwhile.
func TestFaultHourLongWaits(t *testing.T) {
	t.Parallel()
	w := newTown(t, migrated.SQLite(t), 4)
	w.open(1)
	const hour = 3600
	ask := func(who []*soul, of ...lookalike.Platform) {
		w.together(func(s *soul) {
			for _, p := range of {
				if s.platform == p && len(who) > 0 && contains(who, s) {
					w.ask(s, 1)
				}
			}
		})
	}
	// One chat on each platform is refused: it waits, and nobody else does.
	waiting := []*soul{}
	for _, p := range w.platforms() {
		w.must(p.Fault(t.Context(), lookalike.Fault{Status: http.StatusTooManyRequests, RetryAfter: hour}))
		waiting = append(waiting, w.on(p)[0])
	}
	ask(waiting, w.platforms()...)
	w.eventually("three messages wait", longest, func() bool { return w.waitingAnHour() == 3 })
	others := without(w.people, waiting)
	begun := time.Now()
	ask(others, w.platforms()...)
	w.restBut(anHourAway)
	t.Logf("the others were answered within %v", time.Since(begun).Round(10*time.Millisecond))
	for _, s := range others {
		if n := len(w.answersTo(s)); n < s.asked {
			t.Errorf("%s on %s asked %d and has %d answers while another chat waits", s.name, s.platform.Name(), s.asked, n)
		}
	}
	// A second refusal in another chat of Telegram stops the account; the other platforms go on.
	w.must(w.telegram.Fault(t.Context(), lookalike.Fault{Status: http.StatusTooManyRequests, RetryAfter: hour}))
	ask(w.on(w.telegram)[1:2], w.telegram)
	w.eventually("a fourth message waits", longest, func() bool { return w.waitingAnHour() == 4 })
	begun = time.Now()
	ask(others, w.discord, w.slack)
	w.restBut("channel = 'telegram' OR " + anHourAway)
	t.Logf("Discord and Slack answered within %v while Telegram stood still", time.Since(begun).Round(10*time.Millisecond))
	// The hour survives a restart. Then it is over: only the real clock knows it, so the test writes it down.
	w.killOne(0)
	if n := w.waitingAnHour(); n != 4 {
		t.Errorf("%d messages wait after a restart, want 4", n)
	}
	w.bots[0].kill()
	w.bots = nil
	if _, err := w.db.Exec(`UPDATE outbox SET retry_at = 1 WHERE state = 0 AND ` + anHourAway); err != nil {
		t.Fatal(err)
	}
	w.startOne()
	w.rest()
	w.audit("waits of an hour")
	w.stop()
}

// anHourAway holds for a message that a platform has put off for long.
var anHourAway = fmt.Sprintf("retry_at > %d", time.Now().Add(40*time.Minute).UnixMilli())

func (w *town) waitingAnHour() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM outbox WHERE state = 0 AND ` + anHourAway)
}

func contains(all []*soul, s *soul) bool {
	for _, one := range all {
		if one == s {
			return true
		}
	}
	return false
}

// without are the people who are not among some.
func without(all, some []*soul) (rest []*soul) {
	for _, s := range all {
		if !contains(some, s) {
			rest = append(rest, s)
		}
	}
	return rest
}
