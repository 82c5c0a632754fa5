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

// TestHandshakeTrouble: whatever the gateway does while we connect, we get through, and without a storm.
func TestHandshakeTrouble(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"hello", "identify"} {
		for _, status := range []int{7, 9, 0, 4000, 4008, 4009} {
			t.Run(fmt.Sprintf("%s %d", step, status), func(t *testing.T) {
				t.Parallel()
				onStage(t, platform.Config{}, func(s *stage) {
					s.must(s.l.Fault(s.Context(), lookalike.Fault{Method: "gateway", Path: step, Status: status, Times: 3}))
				}, func(s *stage) {
					s.online()
					s.say("ayla", "salam")
					if got := s.inbox.texts(); !slices.Equal(got, []string{"salam"}) {
						s.Errorf("got %q", got)
					}
					if n := len(s.calls("GET", "/gateway/bot")); n > 4 {
						s.Errorf("asked %d times where to connect", n)
					}
				})
			})
		}
	}
}

// TestLostConnection: what is said around the loss of a connection arrives, once and in order.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(s *stage){
		"reconnect":           func(s *stage) { s.l.Reconnect() },
		"invalid, resumable":  func(s *stage) { s.l.Invalidate(true) },
		"invalid":             func(s *stage) { s.l.Invalidate(false) },
		"cut":                 func(s *stage) { s.l.Disconnect(0) },
		"closed with 1000":    func(s *stage) { s.l.Disconnect(1000) },
		"closed with 4000":    func(s *stage) { s.l.Disconnect(4000) },
		"closed with 4007":    func(s *stage) { s.l.Disconnect(4007) },
		"closed with 4009":    func(s *stage) { s.l.Disconnect(4009) },
		"no heartbeat answer": func(s *stage) { s.l.Mute() },
		"reconnect in resume": func(s *stage) {
			s.must(s.l.Fault(s.Context(), lookalike.Fault{Method: "gateway", Path: "resume", Status: 7, Times: 2}))
			s.l.Reconnect()
		},
		"invalid in resume": func(s *stage) {
			s.must(s.l.Fault(s.Context(), lookalike.Fault{Method: "gateway", Path: "resume", Status: 9}))
			s.l.Disconnect(0)
		},
		"40 s of outage": func(s *stage) {
			s.must(s.l.Fault(s.Context(), lookalike.Fault{Drop: 40 * time.Second}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, platform.Config{}, nil, func(s *stage) {
				s.online()
				s.say("ayla", "before")
				lose(s)
				s.say("ayla", "during")
				s.after(3 * time.Minute)
				s.say("ayla", "after")
				if got := s.inbox.texts(); !slices.Equal(got, []string{"before", "during", "after"}) {
					s.Errorf("got %q", got)
				}
				if n := len(s.calls("GET", "/gateway/bot")); n > 6 {
					s.Errorf("asked %d times where to connect", n)
				}
			})
		})
	}
}

// TestStorm: a gateway that drops every few seconds loses nothing.
func TestStorm(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		var want []string
		for i := range 20 {
			want = append(want, fmt.Sprintf("message %d", i))
			s.say("ayla", want[i])
			if i%3 == 0 {
				s.l.Invalidate(false)
			} else {
				s.l.Disconnect(i % 2 * 4000)
			}
			s.after(4 * time.Second)
		}
		s.after(2 * time.Minute)
		if got := s.inbox.texts(); !slices.Equal(got, want) {
			s.Errorf("got %q", got)
		}
	})
}

// TestDeadCredentials: close codes that no reconnect cures end Run.
func TestDeadCredentials(t *testing.T) {
	t.Parallel()
	for _, code := range []int{4004, 4010, 4013, 4014} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			onStage(t, platform.Config{}, nil, func(s *stage) {
				s.online()
				s.l.Disconnect(code)
				s.after(time.Minute)
				if err := s.end(); conversation.KindOf(err) != conversation.OurCredentials {
					s.Errorf("got %v", err)
				}
				s.end = func() error { return nil }
			})
		})
	}
}

// TestRecall: a new process asks for what was said in the chats that an earlier one knew.
func TestRecall(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{Limits: platform.Limits{PerSecond: -1}}, nil, func(s *stage) {
		s.online()
		s.say("ayla", "first")
		newest := s.inbox.all()[0].EventID
		s.must(s.end())
		var want []string
		for i := range 230 { // more than two pages
			want = append(want, fmt.Sprintf("missed %d", i))
			s.say("ayla", want[i])
		}
		s.inbox = &inbox{newest: map[string]string{s.l.Direct("ayla"): newest, "nonsense": "1"}}
		s.a = s.adapter()
		s.end = s.run(s.a)
		s.after(time.Minute)
		if got := s.inbox.texts(); !slices.Equal(got, want) {
			s.Errorf("got %d messages: %q", len(got), got)
		}
	})
}

// TestHalfDecoded: events with missing, null or strange fields cost nobody else's.
func TestHalfDecoded(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		for _, kind := range []string{"MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "INTERACTION_CREATE", "NEWS_OF_TOMORROW", "READY_NOT"} {
			for _, data := range []string{
				`null`, `{}`, `[]`, `7`, `"x"`, `{"id":"5","channel_id":"7","author":null}`, `{"id":5,"channel_id":7,"author":{"id":9},"content":null}`,
				`{"id":"6","token":"t","type":3,"data":null,"user":{"id":"9"},"channel_id":"7"}`,
				`{"id":"8","token":"../x","type":5,"data":{"custom_id":"p:x","components":[null,{"components":7}]},"member":{"user":{"id":"9"}},"channel_id":"7"}`,
				`{"id":"10","channel_id":"7","author":{"id":"9"},"content":"x","attachments":[null,{"size":"big"}],"flags":"many","timestamp":7}`,
			} {
				s.l.Inject(kind, []byte(data))
			}
		}
		s.say("ayla", "still there?")
		if got := s.inbox.texts(); !slices.Contains(got, "still there?") {
			s.Errorf("got %q", got)
		}
		for _, e := range s.inbox.all() {
			if e.EventID == "" || e.Kind == "" {
				s.Errorf("an event without id or kind: %+v", e)
			}
		}
	})
}
