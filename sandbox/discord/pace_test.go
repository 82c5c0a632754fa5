package discord_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// TestChannelsPace: five messages in five seconds to one channel, counted in headers, refused with the time to wait.
func TestChannelsPace(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{}, func(s *stage) {
		for left := 4; left >= 0; left-- {
			a := s.call("POST", s.direct("ayla"), obj{"content": "x"})
			s.is("a message", a, 200, 0)
			if got := a.header.Get("X-RateLimit-Remaining"); got != strconv.Itoa(left) || a.header.Get("X-RateLimit-Bucket") == "" {
				s.Errorf("%s left, want %d: %v", got, left, a.header)
			}
		}
		a := s.call("POST", s.direct("ayla"), obj{"content": "x"})
		s.is("the sixth", a, 429, 0)
		if wait, _ := a.body["retry_after"].(float64); wait < 4.9 || wait > 5 || a.header.Get("Retry-After") != "5" || a.body["global"] != false {
			s.Errorf("got %s, %v", a.raw, a.header)
		}
		s.is("to another", s.call("POST", s.direct("vera"), obj{"content": "x"}), 200, 0)
		s.after(5 * time.Second)
		s.is("after the wait", s.call("POST", s.direct("ayla"), obj{"content": "x"}), 200, 0)
	})
}

// TestBotsPace: fifty calls in a second; first responses are exempt, and so are answers by a token, which have a pace of
// their own.
func TestBotsPace(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{}, func(s *stage) {
		w, _ := s.identify()
		defer w.close()
		u := s.use(w, "")
		s.after(time.Second)
		for range 50 {
			s.is("a call", s.call("GET", "users/@me", nil), 200, 0)
		}
		a := s.call("GET", "users/@me", nil)
		s.is("the fifty-first", a, 429, 0)
		if a.body["global"] != true || a.header.Get("X-RateLimit-Global") != "true" {
			s.Errorf("got %s, %v", a.raw, a.header)
		}
		s.is("a first response", s.respond(u, obj{"type": 5}), 204, 0)
		for range 5 {
			s.is("an answer by token", s.call("POST", s.lent(u), obj{"content": "x"}), 200, 0)
		}
		s.is("too many by one token", s.call("POST", s.lent(u), obj{"content": "x"}), 429, 0)
		s.must(<-u.done)
	})
}

// TestBan: an address whose calls are refused too often is answered by the proxy, with a page.
func TestBan(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: discord.Limits{PerSecond: -1, PerChannel: -1, Invalid: 20}}, func(s *stage) {
		s.must(s.l.Block(s.Context(), "ayla"))
		for range 20 {
			s.is("refused", s.call("POST", s.direct("ayla"), obj{"content": "x"}), 403, 50007)
		}
		a := s.call("GET", "users/@me", nil)
		if a.status != 429 || !strings.Contains(a.raw, "<html>") {
			s.Errorf("got %d %s", a.status, a.raw)
		}
		s.after(10*time.Minute + time.Second)
		s.is("ten minutes later", s.call("GET", "users/@me", nil), 200, 0)
	})
}

// TestNonce: an enforced nonce answers the message that is there, for some minutes; an ordinary one does not.
func TestNonce(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
		send := func(nonce string, enforce bool) string {
			a := s.call("POST", s.direct("ayla"), obj{"content": "x", "nonce": nonce, "enforce_nonce": enforce})
			s.is("send", a, 200, 0)
			id, _ := a.body["id"].(string)
			return id
		}
		first := send("n", true)
		if send("n", true) != first {
			s.Error("an enforced nonce made a second message")
		}
		if send("m", true) == first || send("n", false) == first {
			s.Error("another nonce, or one that is not enforced, answered the first message")
		}
		s.after(10 * time.Minute)
		if send("n", true) == first {
			s.Error("a nonce is remembered for ever")
		}
		s.must(s.l.Fault(s.Context(), lookalike.Fault{Times: 1, Late: true}))
		before := len(s.l.Chat("vera", ""))
		if a := s.call("POST", s.direct("vera"), obj{"content": "y", "nonce": "late", "enforce_nonce": true}); a.status != 0 {
			s.Errorf("a connection that is cut answered %d", a.status)
		}
		s.is("again", s.call("POST", s.direct("vera"), obj{"content": "y", "nonce": "late", "enforce_nonce": true}), 200, 0)
		if n := len(s.l.Chat("vera", "")); n != before+1 {
			s.Errorf("%d messages", n-before)
		}
	})
}

// TestFaults: each status looks as it does on the platform.
func TestFaults(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
		for status, code := range map[int]int{400: 50035, 401: 0, 403: 50007, 404: 10003, 429: 0, 500: 0} {
			s.must(s.l.Fault(s.Context(), lookalike.Fault{Method: "post", Path: "/messages", Status: status, Times: 1, RetryAfter: 7}))
			s.is("a fault", s.call("POST", s.direct("ayla"), obj{"content": "x"}), status, code)
		}
		for _, status := range []int{502, 503, 504} {
			s.must(s.l.Fault(s.Context(), lookalike.Fault{Status: status, Times: 1}))
			if a := s.call("POST", s.direct("ayla"), obj{"content": "x"}); a.status != status || !strings.HasPrefix(a.raw, "<html>") {
				s.Errorf("got %d %.60s", a.status, a.raw)
			}
		}
		s.is("reading is not sending", s.call("GET", "users/@me", nil), 200, 0)
		s.sees("ayla", "")
		if err := s.l.Fault(s.Context(), lookalike.Fault{Status: 7}); err == nil {
			s.Error("status 7 is taken for a call")
		}
	})
}
