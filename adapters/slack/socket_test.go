package slack_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	platform "github.com/rapport-chat/rapport/sandbox/slack"
)

// TestLostConnection: what is said around the loss of the connections arrives, once and in order.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(s *stage){
		"warning":           func(s *stage) { s.l.Disconnect("warning") },
		"refresh":           func(s *stage) { s.l.Disconnect("refresh_requested") },
		"too many":          func(s *stage) { s.l.Disconnect("too_many_websockets") },
		"cut":               func(s *stage) { s.l.Disconnect("") },
		"silent":            func(s *stage) { s.l.Mute() },
		"an unknown reason": func(s *stage) { s.l.Disconnect("lunch") },
		"no acknowledgements": func(s *stage) {
			s.must(s.l.Fault(s.Context(), lookalike.Fault{Method: "socket", Path: "ack", Times: 2}))
		},
		"40 s of outage": func(s *stage) { s.must(s.l.Fault(s.Context(), lookalike.Fault{Drop: 40 * time.Second})) },
		"Socket Mode is off for a while": func(s *stage) {
			s.l.SocketMode(false)
			s.after(2 * time.Minute)
			s.l.SocketMode(true)
		},
		"refused": func(s *stage) {
			s.must(s.l.Fault(s.Context(), lookalike.Fault{Method: "socket", Path: "open", Status: 500, Times: 3}))
			s.l.Disconnect("")
		},
		"sent away at once": func(s *stage) {
			s.must(s.l.Fault(s.Context(), lookalike.Fault{Method: "socket", Path: "hello", Status: 500, Times: 5}))
			s.l.Disconnect("")
		},
		"addresses are refused": func(s *stage) {
			s.must(s.l.Fault(s.Context(), lookalike.Fault{Method: "apps.connections.open", Status: 429, RetryAfter: 30, Times: 2}))
			s.l.Disconnect("")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, platform.Config{}, nil, func(s *stage) {
				s.online()
				s.say("ayla", "before", "")
				s.after(time.Minute)
				lose(s)
				s.say("ayla", "during", "")
				s.after(7 * time.Minute)
				s.say("ayla", "after", "")
				s.after(time.Second)
				if got := s.inbox.texts(); !slices.Equal(got, []string{"before", "during", "after"}) {
					s.Errorf("got %q", got)
				}
				if n := len(s.calls("apps.connections.open")); n > 20 {
					s.Errorf("asked %d times where to connect", n)
				}
				if n := s.l.Connected(); n != 2 {
					s.Errorf("%d connections stand", n)
				}
			})
		})
	}
}

// TestQuiet: two connections stand for as long as nobody ends them.
func TestQuiet(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.after(50 * time.Minute)
		if n := len(s.calls("apps.connections.open")); n != 2 {
			s.Errorf("asked %d times where to connect", n)
		}
		s.after(20 * time.Minute) // the platform refreshes them once an hour
		if n := len(s.calls("apps.connections.open")); n != 4 || s.l.Connected() != 2 {
			s.Errorf("asked %d times where to connect, %d connections stand", n, s.l.Connected())
		}
	})
}

// TestStorm: a platform that turns every connection away for ten minutes is not dialled in a storm.
func TestStorm(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"hello": "hello", "open": "open"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, platform.Config{}, func(s *stage) {
				s.must(s.l.Fault(s.Context(), lookalike.Fault{Method: "socket", Path: path, Status: 500, Times: 1 << 20}))
			}, func(s *stage) {
				s.after(10 * time.Minute)
				if n := len(s.calls("apps.connections.open")); n < 10 || n > 110 {
					s.Errorf("asked %d times in ten minutes", n)
				}
			})
		})
	}
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		for range 200 {
			s.l.Disconnect("warning")
			s.after(100 * time.Millisecond)
		}
		if n := len(s.calls("apps.connections.open")); n > 20 {
			s.Errorf("asked %d times in 20 s of warnings", n)
		}
		if n := s.l.Connected(); n > 3 {
			s.Errorf("%d connections stand", n)
		}
	})
}

// TestConnectionsEveryFewSeconds: connections that end every few seconds lose and double nothing.
func TestConnectionsEveryFewSeconds(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		var want []string
		for i := range 30 {
			want = append(want, fmt.Sprintf("message %d", i))
			s.say("ayla", want[i], "")
			s.after(time.Second)
			if i%4 == 3 {
				s.l.Disconnect([]string{"", "warning", "refresh_requested"}[i%3])
				s.after(2 * time.Second)
			}
		}
		s.after(7 * time.Minute)
		got := s.inbox.texts()
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			s.Errorf("got %d of %d: %q", len(got), len(want), got)
		}
	})
}

// TestUnknownEnvelopes are acknowledged, since they would come again and again; what is no envelope does no harm.
func TestUnknownEnvelopes(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		for _, kind := range []string{"workflow_step", "events_api", "interactive", "slash_commands"} {
			for _, payload := range []string{`{}`, `null`, `[]`, `{"event":null,"user":7}`, `{"type":"block_actions","actions":[null]}`} {
				s.must(s.l.Inject(s.Context(), kind, []byte(payload)))
			}
		}
		s.l.Frame([]byte(`nonsense`))
		s.l.Frame([]byte(`{"type":7,"envelope_id":null}`))
		s.say("ayla", "still here", "")
		s.after(time.Second)
		if got := s.inbox.texts(); !slices.Equal(got, []string{"still here"}) {
			s.Errorf("got %q", got)
		}
		if n := s.l.Connected(); n != 2 {
			s.Errorf("%d connections stand", n)
		}
	})
}

// TestSlowInbox: an event is not acknowledged before it is kept.
func TestSlowInbox(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.inbox.slow(8 * time.Second)
		s.say("ayla", "slow", "")
		s.after(2500 * time.Millisecond)
		if len(s.l.Busy()) == 0 {
			s.Error("the event was acknowledged before it was kept")
		}
		s.after(10 * time.Minute)
		if got := s.inbox.texts(); !slices.Equal(got, []string{"slow"}) {
			s.Errorf("kept %q", got)
		}
	})
}

// TestRedelivery: what comes again is the same event.
func TestRedelivery(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.say("ayla", "salam", "")
		s.say("ayla", "@rapport are you there", "#general")
		s.after(time.Second)
		s.must(s.l.Fault(s.Context(), lookalike.Fault{Redeliver: true}))
		s.after(time.Minute)
		if got := s.inbox.texts(); !slices.Equal(got, []string{"salam", "are you there"}) {
			s.Errorf("got %q", got)
		}
		s.inbox.mu.Lock()
		defer s.inbox.mu.Unlock()
		if !slices.ContainsFunc(slices.Collect(maps.Values(s.inbox.times)), func(n int) bool { return n > 1 }) {
			s.Error("nothing came again")
		}
	})
}

// TestDeadCredentials end Run, and say so.
func TestDeadCredentials(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"invalid_auth", "account_inactive", "token_revoked", "not_authed"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, opts, shut := inMemory(t, platform.Config{})
				s := &stage{T: t, l: l, inbox: &inbox{}, opts: opts}
				s.a = s.adapter()
				if _, err := s.a.Connect(t.Context()); err != nil {
					t.Fatal(err)
				}
				l.Revoke(code)
				err := s.a.Run(t.Context(), s.inbox)
				if conversation.KindOf(err) != conversation.OurCredentials || err == nil {
					t.Errorf("Run: %v", err)
				}
				s.must(l.Close())
				s.must(shut())
			})
		})
	}
}
