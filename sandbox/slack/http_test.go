package slack_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/slack"
)

// server is an app in HTTP mode that checks signatures.
type server struct {
	t      *testing.T
	secret string

	mu     sync.Mutex
	status int // of the next answers
	got    []hit
}

type hit struct {
	path, num, reason string
	body              string
	at                time.Time
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	stamp := r.Header.Get("X-Slack-Request-Timestamp")
	mac := hmac.New(sha256.New, []byte(s.secret))
	mac.Write([]byte("v0:" + stamp + ":" + string(body)))
	if at, err := strconv.ParseInt(stamp, 10, 64); err != nil || time.Since(time.Unix(at, 0)) > time.Minute ||
		r.Header.Get("X-Slack-Signature") != "v0="+hex.EncodeToString(mac.Sum(nil)) {
		s.t.Errorf("%s is not signed: %v", r.URL.Path, r.Header)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var hello struct{ Type, Challenge string }
	if json.Unmarshal(body, &hello) == nil && hello.Type == "url_verification" {
		_, _ = io.WriteString(w, hello.Challenge)
		return
	}
	s.got = append(s.got, hit{
		path: r.URL.Path, num: r.Header.Get("X-Slack-Retry-Num"), reason: r.Header.Get("X-Slack-Retry-Reason"),
		body: string(body), at: time.Now(),
	})
	if s.status == -1 {
		w.Header().Set("X-Slack-No-Retry", "1")
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if s.status != 0 {
		w.WriteHeader(s.status)
	}
}

func (s *server) answer(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

// hits are what has come since the last time.
func (s *server) hits() []hit {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.got
	s.got = nil
	return out
}

// TestHTTPMode: verified, signed, repeated at once, after 1 min and 5 min unless the app wants none; presses and
// commands come as forms.
func TestHTTPMode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{t: t}
		l := open(t, slack.Config{Client: &http.Client{Transport: lookalike.Transport(s)}, Limits: slack.Unlimited})
		s.secret = l.SigningSecret()
		if err := l.Verify(t.Context(), "http://app.test/"); err != nil {
			t.Fatal(err)
		}
		if err := l.Online(t.Context()); err != nil {
			t.Error(err)
		}
		s.answer(http.StatusInternalServerError)
		start := time.Now()
		say(t, l, "ayla", "", "salam")
		<-time.After(7 * time.Minute)
		got := s.hits()
		if len(got) != 4 {
			t.Fatalf("%d deliveries, want 4: %+v", len(got), got)
		}
		for i, after := range []time.Duration{0, 0, time.Minute, 6 * time.Minute} {
			num, reason := strconv.Itoa(i), "http_error"
			if i == 0 {
				num, reason = "", ""
			}
			h := got[i]
			if h.at.Sub(start) != after || h.num != num || h.reason != reason || h.path != "/slack/events" || h.body != got[0].body {
				t.Errorf("delivery %d: %+v after %v", i, h, h.at.Sub(start))
			}
		}
		s.answer(0)
		<-time.After(5 * time.Minute)
		if len(s.hits()) != 1 || len(l.Busy()) > 0 {
			t.Errorf("the app is back: %v", l.Busy())
		}
		s.answer(-1)
		say(t, l, "ayla", "", "no retry")
		<-time.After(10 * time.Minute)
		if n := len(s.hits()); n != 1 || len(l.Busy()) > 0 {
			t.Errorf("%d deliveries of what is not to be repeated", n)
		}
		s.answer(0)
		checkForms(t, l, s)
	})
}

func checkForms(t *testing.T, l *slack.Lookalike, s *server) {
	t.Helper()
	inMemory(t, l).call("chat.postMessage", obj{"channel": l.Direct("ayla"), "blocks": []obj{actions(button("x", "Yes & no", "v"))}})
	s.hits()
	if err := l.Press(t.Context(), lookalike.Press{As: "ayla", Label: "Yes"}); err != nil {
		t.Error(err)
	}
	if err := l.Command(t.Context(), "ayla", "/balance all", ""); err != nil {
		t.Error(err)
	}
	got := s.hits()
	press, err := url.ParseQuery(got[0].body)
	if err != nil || got[0].path != "/slack/interactive" || !strings.Contains(press.Get("payload"), `"value":"v"`) {
		t.Errorf("the press: %+v, %v", got[0], err)
	}
	command, err := url.ParseQuery(got[1].body)
	if err != nil || got[1].path != "/slack/commands" || command.Get("command") != "/balance" || command.Get("text") != "all" {
		t.Errorf("the command: %+v, %v", got[1], err)
	}
	s.answer(http.StatusNotFound)
	if err := l.Press(t.Context(), lookalike.Press{As: "ayla", Label: "Yes"}); !errors.Is(err, lookalike.ErrRefused) {
		t.Errorf("a press that fails: %v", err)
	}
	if err := l.Verify(t.Context(), "http://app.test/elsewhere"); err != nil {
		t.Errorf("verify: %v", err)
	}
}
