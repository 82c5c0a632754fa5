package discord_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	platform "github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// handed counts how often the platform's messages came, by their ids.
func (b *inbox) handed() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := map[string]int{}
	for id, n := range b.times {
		out[id] = n
	}
	return out
}

// sessions is how many sessions were started so far today.
func (s *stage) sessions() int {
	s.Helper()
	return s.l.SessionsStarted()
}

// TestFiveMinutesOfDrops: a gateway that drops every three seconds, in every way there is, while two people write.
// Nothing is lost, nothing comes twice into the inbox, and the platform does not see a storm.
func TestFiveMinutesOfDrops(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{Limits: platform.Limits{PerSecond: 50, PerChannel: -1}}, nil, func(s *stage) {
		s.online()
		s.say("ayla", "hello")
		s.say("vera", "hello")
		ways := []func(){
			func() { s.l.Disconnect(0) }, func() { s.l.Reconnect() }, func() { s.l.Invalidate(true) }, func() { s.l.Disconnect(4000) },
			func() { s.l.Invalidate(false) }, func() { s.l.Disconnect(1001) }, func() { s.l.Disconnect(4009) },
			func() {
				s.must(s.l.Fault(s.Context(), lookalike.Fault{Method: "gateway", Path: "resume", Status: 7, Times: 1}))
				s.l.Reconnect()
			},
			func() {
				s.must(s.l.Fault(s.Context(), lookalike.Fault{Method: "gateway", Path: "hello", Status: 7, Times: 1}))
				s.l.Disconnect(0)
			},
			func() { s.must(s.l.Fault(s.Context(), lookalike.Fault{Redeliver: true})) },
		}
		const drops = 100
		var want []string
		for i := range drops {
			for _, as := range []string{"ayla", "vera"} {
				text := fmt.Sprintf("%s %d", as, i)
				want = append(want, text)
				s.say(as, text)
			}
			ways[i%len(ways)]()
			s.after(3 * time.Second)
		}
		s.after(3 * time.Minute)
		var got []string
		for _, as := range []string{"ayla", "vera"} {
			var of []string
			for _, e := range s.inbox.all() {
				if e.From.Name == map[string]string{"ayla": "Ayla", "vera": "Vera"}[as] && e.Text != "hello" {
					of = append(of, e.Text)
				}
			}
			if !slices.IsSortedFunc(of, func(a, b string) int { return slices.Index(want, a) - slices.Index(want, b) }) {
				s.Errorf("%s's messages came out of order", as)
			}
			got = append(got, of...)
		}
		if len(got) != len(want) {
			s.Errorf("%d messages of %d came", len(got), len(want))
		}
		if n := s.sessions(); n > drops {
			s.Errorf("%d sessions were started for %d drops in five minutes", n, drops)
		}
		if n := len(s.calls("GET", "/gateway/bot")); n > drops {
			s.Errorf("asked %d times where to connect", n)
		}
		for _, c := range s.l.Calls(0) {
			if c.Status == 429 || c.Status == 401 || c.Status == 403 {
				s.Errorf("%s %s was refused with %d", c.Method, c.Path, c.Status)
			}
		}
	})
}

// TestOutage: forty seconds and ten minutes without a platform, then everything that people wrote meanwhile, in order,
// with a handful of tries and one or two sessions.
func TestOutage(t *testing.T) {
	t.Parallel()
	for _, long := range []time.Duration{40 * time.Second, 10 * time.Minute} {
		t.Run(long.String(), func(t *testing.T) {
			t.Parallel()
			onStage(t, platform.Config{Limits: platform.Limits{PerChannel: -1}}, nil, func(s *stage) {
				s.online()
				want := []string{"before"}
				s.say("ayla", "before")
				s.must(s.l.Fault(s.Context(), lookalike.Fault{Drop: long}))
				for i := range 120 { // more than a page
					want = append(want, fmt.Sprintf("meanwhile %d", i))
					s.say("ayla", want[len(want)-1])
				}
				s.after(long + 30*time.Second)
				s.say("ayla", "after")
				s.after(time.Second)
				if got := s.inbox.texts(); !slices.Equal(got, append(want, "after")) {
					s.Errorf("%d messages of %d came: %q", len(got), len(want)+1, got)
				}
				if n := s.sessions(); n > 2 {
					s.Errorf("%d sessions were started", n)
				}
			})
		})
	}
}

// TestRepeatsAndDisorder: events that come twice have the same key, those that come late are taken too, and a late one
// does not set back what is asked for after a gap.
func TestRepeatsAndDisorder(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.say("ayla", "first")
		ayla := s.inbox.all()[0]
		message := func(id, text string) []byte {
			return fmt.Appendf(nil, `{"id":%q,"channel_id":%q,"author":{"id":%q,"username":"ayla"},"content":%q,"type":0}`, id, ayla.Chat, ayla.From.UserID, text)
		}
		s.l.Inject("MESSAGE_CREATE", message("5", "late"))
		s.l.Inject("MESSAGE_CREATE", message("4", "later"))
		s.l.Inject("MESSAGE_CREATE", message("5", "late"))
		s.after(time.Second)
		s.must(s.l.Fault(s.Context(), lookalike.Fault{Redeliver: true}))
		s.l.Invalidate(false)
		s.after(30 * time.Second)
		if got := s.inbox.texts(); !slices.Equal(got, []string{"first", "late", "later"}) {
			s.Errorf("got %q", got)
		}
		if n := s.inbox.handed()["5"]; n < 2 {
			s.Errorf("the repeated event came %d times under its key", n)
		}
	})
}

// TestZombie: a gateway that takes heartbeats and answers none is left within two intervals, and the session resumed.
func TestZombie(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{Heartbeat: 40 * time.Second}, nil, func(s *stage) {
		s.online()
		s.say("ayla", "before")
		s.l.Mute()
		s.after(2*40*time.Second + 2*time.Second)
		s.say("ayla", "after")
		if got := s.inbox.texts(); !slices.Equal(got, []string{"before", "after"}) {
			s.Errorf("got %q", got)
		}
		if n := s.sessions(); n != 1 {
			s.Errorf("%d sessions were started, want the one that was resumed", n)
		}
	})
}

// TestFatalCodes: each close code that no reconnect cures ends Run at once, with the credentials' kind, and nobody
// dials again.
func TestFatalCodes(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"hello", "identify", "resume"} {
		for _, code := range []int{4004, 4010, 4011, 4012, 4013, 4014} {
			t.Run(fmt.Sprint(step, code), func(t *testing.T) {
				t.Parallel()
				arm := func(s *stage) {
					s.must(s.l.Fault(s.Context(), lookalike.Fault{Method: "gateway", Path: step, Status: code, Times: 100}))
				}
				before := arm
				if step == "resume" {
					before = nil
				}
				onStage(t, platform.Config{}, before, func(s *stage) {
					if step == "resume" {
						s.online()
						arm(s)
						s.l.Reconnect()
					}
					s.after(time.Minute)
					asked := len(s.calls("GET", "/gateway/bot"))
					s.after(time.Hour)
					if n := len(s.calls("GET", "/gateway/bot")); n != asked || n > 2 {
						s.Errorf("asked %d times where to connect, %d of them after the end", n, n-asked)
					}
					if err := s.end(); conversation.KindOf(err) != conversation.OurCredentials || err == nil {
						s.Errorf("got %v", err)
					}
					s.end = func() error { return nil }
				})
			})
		}
	}
}

// TestSessionStartsUsedUp: when no more sessions may be started today, none is tried until the platform's time.
func TestSessionStartsUsedUp(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.l.UseUpStarts()
		s.l.Invalidate(false)
		s.after(12 * time.Hour)
		if n := len(s.calls("GET", "/gateway/bot")); n > 20 {
			s.Errorf("asked %d times in twelve hours", n)
		}
		if n := s.l.Connected(); n != 0 {
			s.Errorf("%d connections", n)
		}
		s.say("ayla", "are you there")
		s.after(13 * time.Hour)
		if n := s.l.Connected(); n != 1 {
			s.Errorf("%d connections on the next day", n)
		}
	})
}
