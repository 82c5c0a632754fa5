package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/rapport-chat/rapport/adapters/telegram"
	"github.com/rapport-chat/rapport/conversation"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	temporary   = conversation.Temporary
	gone        = conversation.PersonGone
	unreachable = conversation.PersonUnreachable
	credentials = conversation.OurCredentials
	ours        = conversation.OurPayload
	limited     = conversation.RateLimited
	unknown     = conversation.OutcomeUnknown
)

// The exact texts are those of tdlib/telegram-bot-api.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		text   string
		kind   conversation.ErrorKind
		code   string
	}{
		{403, "Forbidden: bot was blocked by the user", gone, "blocked_by_user"},
		{403, "Forbidden: user is deactivated", gone, "deactivated"},
		{400, "Bad Request: USER_IS_BLOCKED", gone, "blocked_by_user"},
		{400, "Bad Request: INPUT_USER_DEACTIVATED", gone, "deactivated"},
		{403, "Forbidden: bot was kicked from the group chat", unreachable, "kicked"},
		{403, "Forbidden: bot was kicked from the supergroup chat", unreachable, "kicked"},
		{403, "Forbidden: bot was kicked from the channel chat", unreachable, "kicked"},
		{403, "Forbidden: bot is not a member of the supergroup chat", unreachable, "not_a_member"},
		{403, "Forbidden: the group chat was deleted", unreachable, "group_deleted"},
		{403, "Forbidden: bot can't initiate conversation with a user", unreachable, "never_started"},
		{403, "Forbidden: bot can't send messages to bots", unreachable, "is_a_bot"},
		{403, "Forbidden: a reason that is new", unreachable, "forbidden"},
		{400, "Bad Request: chat not found", unreachable, "chat_not_found"},
		{400, "Bad Request: PEER_ID_INVALID", unreachable, "chat_not_found"},
		{400, "Bad Request: not enough rights to send text messages to the chat", unreachable, "no_rights"},
		{400, "Bad Request: have no rights to send a message", unreachable, "no_rights"},
		{400, "Bad Request: CHAT_WRITE_FORBIDDEN", unreachable, "no_rights"},
		{400, "Bad Request: CHAT_SEND_PLAIN_FORBIDDEN", unreachable, "no_rights"},
		{400, "Bad Request: TOPIC_CLOSED", unreachable, "topic_closed"},
		{400, "Bad Request: message text is empty", ours, "empty"},
		{400, "Bad Request: text must be non-empty", ours, "empty"},
		{400, "Bad Request: message is too long", ours, "too_long"},
		{400, "Bad Request: BUTTON_DATA_INVALID", ours, "bad_button"},
		{400, "Bad Request: inline keyboard button URL 'x' is invalid: Wrong HTTP URL", ours, "bad_button"},
		{400, "Bad Request: a reason that is new", ours, "bad_request"},
		{400, "Logged out", credentials, "logged_out"},
		{401, "Unauthorized", credentials, "unauthorized"},
		{404, "Not Found", credentials, "unknown_bot"},
		{404, "Not Found: method not found", ours, "no_such_method"},
		{409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running", temporary, "another_poller"},
		{413, "Request Entity Too Large", ours, "too_large"},
		{429, "Too Many Requests: retry after 5", limited, "too_many_requests"},
		{420, "FLOOD_WAIT_5", limited, "too_many_requests"},
		{500, "Internal Server Error", temporary, "server_error"},
		{502, "Bad Gateway", temporary, "server_error"},
	} {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			s := &server{answer: func(request) (int, string) { return refusal(test.status, test.text, `{"retry_after":5}`) }}
			a, _ := adapterWith(t, s)
			_, err := a.Send(t.Context(), sending("7", conversation.Body{Text: plain("x")}))
			var se *conversation.SendError
			if !errors.As(err, &se) {
				t.Fatalf("got %v", err)
			}
			if se.Kind != test.kind || se.Code != test.code {
				t.Errorf("got %s %q, want %s %q", se.Kind, se.Code, test.kind, test.code)
			}
			if test.kind == limited && se.RetryAfter != 5*time.Second {
				t.Errorf("retry after %s", se.RetryAfter)
			}
			if !strings.Contains(err.Error(), "sendMessage") {
				t.Errorf("the error does not name the method: %v", err)
			}
		})
	}
}

func TestWaitsAreKeptInBounds(t *testing.T) {
	t.Parallel()
	for parameters, want := range map[string]time.Duration{
		"":                                 time.Second,
		`{"retry_after":0}`:                time.Second,
		`{"retry_after":-5}`:               time.Second,
		`{"retry_after":10072}`:            10072 * time.Second,
		`{"retry_after":"12"}`:             12 * time.Second,
		`{"retry_after":9000000000000000}`: 7 * 24 * time.Hour,
		`{"retry_after":null}`:             time.Second,
	} {
		t.Run(parameters, func(t *testing.T) {
			t.Parallel()
			a, _ := adapterWith(t, &server{answer: func(request) (int, string) { return refusal(429, "Too Many Requests", parameters) }})
			_, err := a.Send(t.Context(), sending("7", conversation.Body{Text: plain("x")}))
			var se *conversation.SendError
			if !errors.As(err, &se) || se.Kind != limited || se.RetryAfter != want {
				t.Errorf("got %+v", se)
			}
		})
	}
}

// Answers that no Bot API server wrote.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		kind   conversation.ErrorKind
	}{
		"a page that says fine":    {200, "<html>welcome to the hotel</html>", unknown},
		"nothing":                  {200, "", unknown},
		"null":                     {200, "null", unknown},
		"half an answer":           {200, `{"ok":tr`, unknown},
		"gateway timeout":          {504, "<html>", unknown},
		"bad gateway":              {502, "<html>", temporary},
		"unavailable":              {503, "<html>", temporary},
		"no such page":             {404, "<html>", temporary},
		"redirect":                 {301, "", temporary},
		"too many, from a proxy":   {429, "slow down", limited},
		"too large, from a proxy":  {413, "<html>", ours},
		"refused without a reason": {400, `{"ok":false}`, ours},
		"wrong types":              {403, `{"ok":false,"error_code":"403","description":null,"parameters":[]}`, unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := adapterWith(t, &server{answer: func(request) (int, string) { return test.status, test.body }})
			_, err := a.Send(t.Context(), sending("7", conversation.Body{Text: plain("secretword")}))
			if got := conversation.KindOf(err); err == nil || got != test.kind {
				t.Errorf("want %s, got %s: %v", test.kind, got, err)
			}
		})
	}
}

// Errors are for logs: they repeat neither the token nor what was written.
func TestErrorsAreFitForLogs(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`Bad Request: can't parse entities: Unsupported start tag "secretword" at byte offset 3`,
		"Bad Request: the bot " + token + " is unwell",
		"Bad Request: wrong URL https://shop.example/?customer=secretword given",
		"Bad Request: " + strings.Repeat("x", 5000),
	} {
		a, _ := adapterWith(t, &server{answer: func(request) (int, string) { return refusal(400, text, "") }})
		_, err := a.Send(t.Context(), sending("7", conversation.Body{Kind: conversation.BodyNew, Text: plain("secretword")}))
		if err == nil {
			t.Fatal("no error")
		}
		for _, printed := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", errors.Unwrap(err))} {
			if strings.Contains(printed, "AAErandom") || strings.Contains(printed, "secretword") || len(printed) > 400 {
				t.Errorf("%.60q leads to %q", text, printed)
			}
		}
	}
}

// deadline is a context that ends as one whose deadline has passed, at an event.
type deadline struct {
	context.Context
	passed chan struct{}
}

// Done implements context.Context.
func (d deadline) Done() <-chan struct{} { return d.passed }

// Err implements context.Context.
func (d deadline) Err() error {
	select {
	case <-d.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// The network, with real sockets: whether a call may have been carried out depends on how far the request came.
func TestLostCalls(t *testing.T) {
	t.Parallel()
	over := deadline{Context: context.Background(), passed: make(chan struct{})}
	// A port that was free a moment ago may be another test's by now.
	refused := func(*testing.T) string { return "http://127.0.0.1:1" }
	handler := func(h http.HandlerFunc) func(t *testing.T) string {
		return func(t *testing.T) string {
			t.Helper()
			s := httptest.NewServer(h)
			t.Cleanup(s.Close)
			return s.URL
		}
	}
	for name, test := range map[string]struct {
		url  func(t *testing.T) string
		kind conversation.ErrorKind
	}{
		"nobody listens": {refused, temporary},
		"no such host":   {func(*testing.T) string { return "http://host.invalid" }, temporary},
		"cut after the request": {handler(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			panic(http.ErrAbortHandler)
		}), unknown},
		"silent after the request": {handler(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			close(over.passed)
			<-r.Context().Done()
		}), unknown},
		"cut in the answer": {handler(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"ok":true,`)
			panic(http.ErrAbortHandler)
		}), unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transport := &http.Transport{}
			t.Cleanup(transport.CloseIdleConnections)
			url := test.url(t)
			a, _ := adapterWith(t, transport, func(c *telegram.Config) { c.APIURL = url })
			ctx := t.Context()
			switch {
			case strings.HasPrefix(name, "silent"):
				ctx = over
			case test.kind == temporary: // a name server's silence is of the same kind
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
				defer cancel()
			}
			_, err := a.Send(ctx, sending("7", conversation.Body{Text: plain("x")}))
			var se *conversation.SendError
			if !errors.As(err, &se) || se.Kind != test.kind || se.Code == "" {
				t.Fatalf("want %s, got %v", test.kind, err)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, se.Err), "AAErandom") {
				t.Errorf("the token is in the error: %v", err)
			}
		})
	}
}

// The address holds the token, so it is not carried to wherever a redirect points.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Error("the call was carried elsewhere")
	}))
	t.Cleanup(elsewhere.Close)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	t.Cleanup(s.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	a, _ := adapterWith(t, transport, func(c *telegram.Config) { c.APIURL = s.URL })
	if _, err := a.Send(t.Context(), sending("7", conversation.Body{Text: plain("x")})); err == nil || conversation.KindOf(err) != temporary {
		t.Errorf("got %v", err)
	}
}

// breaking is a connection that takes some bytes and then breaks.
type breaking struct {
	net.Conn
	left int
}

func (c *breaking) Write(p []byte) (int, error) {
	if c.left -= len(p); c.left < 0 {
		return 0, errors.New("the line is dead")
	}
	return c.Conn.Write(p)
}

// A request whose end never left cannot have been carried out.
func TestARequestThatBreaksOff(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	t.Cleanup(s.Close)
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &breaking{Conn: c, left: 70_000}, err
	}}
	t.Cleanup(transport.CloseIdleConnections)
	a, _ := adapterWith(t, transport, func(c *telegram.Config) { c.APIURL = s.URL })
	_, err := a.Send(t.Context(), sending("7", conversation.Body{Document: &conversation.Document{Name: "x", Data: make([]byte, 85_000)}}))
	if err == nil || conversation.KindOf(err) != temporary {
		t.Errorf("got %v", err)
	}
}

// Half a request that never got through cannot have been carried out, even when it ends by the deadline.
func TestHalfARequestIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, 1)
	go func() {
		defer close(accepted)
		if c, err := l.Accept(); err == nil {
			accepted <- c
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		if c := <-accepted; c != nil {
			_ = c.Close()
		}
	})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	a, _ := adapterWith(t, transport, func(c *telegram.Config) { c.APIURL = "http://" + l.Addr().String() })
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	// More than all buffers on the way hold, and nobody reads it.
	_, err = a.Send(ctx, sending("7", conversation.Body{Document: &conversation.Document{Name: "x", Data: make([]byte, 40<<20)}}))
	if conversation.KindOf(err) != temporary || err == nil {
		t.Errorf("got %v", err)
	}
}

// A server that never answers a poll is given up on, and asked again.
func TestASilentPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		polls := 0
		s := &silent{after: func(method string) bool {
			if method == "getUpdates" {
				polls++
			}
			return method == "getUpdates" && polls == 1
		}, server: server{answer: func(r request) (int, string) {
			if r.method == "getMe" {
				return 200, meAnswer
			}
			if r.fields["offset"] == "" {
				return 200, `{"ok":true,"result":[` + message(10, "hello") + `]}`
			}
			return hang()
		}}}
		a, _ := adapterWith(t, s)
		in := newInbox()
		began := time.Now()
		running(t, a, in)
		<-in.came
		if d := time.Since(began); d < 30*time.Second || d > time.Minute {
			t.Errorf("it took %s", d)
		}
	})
}

// silent leaves some calls without an answer.
type silent struct {
	server
	after func(method string) bool
}

func (s *silent) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.after(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return s.server.RoundTrip(r)
}
