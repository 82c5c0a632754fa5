package telegram_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/adapters/telegram"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	platform "github.com/rapport-chat/rapport/sandbox/telegram"
)

func webhookMode(c *telegram.Config) {
	c.Mode = telegram.ModeWebhook
	c.PublicURL = "https://bot.example.com/"
	c.Secret = config.NewSecret("hook-secret_1")
}

// post hands an update to the handler as Telegram would.
func post(t *testing.T, a *telegram.Adapter, in conversation.Receiver, secret, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/telegram/webhook", strings.NewReader(body))
	if secret != "" {
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	}
	w := httptest.NewRecorder()
	mux := http.NewServeMux()
	for pattern, h := range a.Routes(in) {
		mux.Handle(pattern, h)
	}
	mux.ServeHTTP(w, r)
	return w
}

// connected is an adapter in webhook mode that knows its name.
func connected(t *testing.T, s *server) *telegram.Adapter {
	t.Helper()
	if s.answer == nil {
		s.answer = numbered()
	}
	a, _ := adapterWith(t, s, webhookMode)
	if _, err := a.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWebhookAnswers(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	for name, test := range map[string]struct {
		secret, body string
		fail         error
		status, kept int
	}{
		"right":                    {"hook-secret_1", message(1, "hi"), nil, 200, 1},
		"wrong secret":             {"hook-secret_2", message(1, "hi"), nil, 401, 0},
		"no secret":                {"", message(1, "hi"), nil, 401, 0},
		"beginning of the secret":  {"hook", message(1, "hi"), nil, 401, 0},
		"the store is down":        {"hook-secret_1", message(1, "hi"), full, 500, 0},
		"broken JSON":              {"hook-secret_1", `{"update_id":1,`, nil, 400, 0},
		"nothing":                  {"hook-secret_1", "", nil, 400, 0},
		"far too long":             {"hook-secret_1", message(1, strings.Repeat("x", 2<<20)), nil, 400, 0},
		"poison":                   {"hook-secret_1", `{"update_id":1,"message":{"message_id":1,"text":5,"chat":{"id":7,"type":"private"}}}`, nil, 200, 1},
		"a kind that we asked not": {"hook-secret_1", `{"update_id":1,"chat_boost":{"chat":{"id":7}}}`, nil, 200, 0},
		"no object":                {"hook-secret_1", `[1,2]`, nil, 200, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := connected(t, &server{})
			in := newInbox()
			in.fail = func(int) error { return test.fail }
			w := post(t, a, in, test.secret, test.body)
			if w.Code != test.status || len(in.all()) != test.kept {
				t.Errorf("got %d and kept %d, want %d and %d", w.Code, len(in.all()), test.status, test.kept)
			}
		})
	}
}

func TestWebhookTakesPostsOnly(t *testing.T) {
	t.Parallel()
	a := connected(t, &server{})
	mux := http.NewServeMux()
	for pattern, h := range a.Routes(newInbox()) {
		mux.Handle(pattern, h)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/telegram/webhook", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("got %d", w.Code)
	}
}

// Until the bot knows its own name it cannot tell a mention; Telegram sends the update again.
func TestWebhookBeforeConnect(t *testing.T) {
	t.Parallel()
	a, _ := adapterWith(t, &server{answer: numbered()}, webhookMode)
	in := newInbox()
	if w := post(t, a, in, "hook-secret_1", message(1, "hi")); w.Code != http.StatusServiceUnavailable || len(in.all()) != 0 {
		t.Errorf("got %d and kept %d", w.Code, len(in.all()))
	}
}

func TestWebhookAnswersPresses(t *testing.T) {
	t.Parallel()
	s := &server{}
	a := connected(t, s)
	const press = `{"update_id":5,"callback_query":{"id":"991","from":{"id":7,"first_name":"A"},"data":"token-1",` +
		`"message":{"message_id":44,"date":0,"chat":{"id":7,"type":"private"}}}}`
	in := newInbox()
	if w := post(t, a, in, "hook-secret_1", press); w.Code != 200 {
		t.Fatalf("got %d", w.Code)
	}
	if answers := s.named("answerCallbackQuery"); len(answers) != 1 || answers[0].fields["callback_query_id"] != "991" {
		t.Errorf("answers: %+v", answers)
	}
	in.fail = func(int) error { return errors.New("disk full") }
	if w := post(t, a, in, "hook-secret_1", press); w.Code != 500 || len(s.named("answerCallbackQuery")) != 1 {
		t.Errorf("a press that was not kept: %d, %d answers", w.Code, len(s.named("answerCallbackQuery")))
	}
}

func TestPollModeHasNoRoutes(t *testing.T) {
	t.Parallel()
	a, _ := adapterWith(t, &server{answer: numbered()})
	if r := a.Routes(newInbox()); len(r) != 0 {
		t.Errorf("got %v", r)
	}
}

// Run in webhook mode says where to call, keeps trying, and says it again from time to time.
func TestRunSetsTheWebhook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		s := &server{}
		s.answer = func(r request) (int, string) {
			if r.method != "setWebhook" {
				return 200, meAnswer
			}
			if calls++; calls <= 2 {
				return refusal(400, "Bad Request: bad webhook: Failed to resolve host: Name or service not known", "")
			}
			return 200, yesAnswer
		}
		a, out := adapterWith(t, s, webhookMode)
		stop := running(t, a, newInbox())
		<-time.After(25 * time.Minute)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		got := s.named("setWebhook")
		if len(got) != 5 {
			t.Fatalf("%d calls in 25 minutes, want two refused ones and three", len(got))
		}
		f := got[0].fields
		if f["url"] != "https://bot.example.com/telegram/webhook" || f["secret_token"] != "hook-secret_1" ||
			f["allowed_updates"] != `["message","edited_message","callback_query","my_chat_member"]` || f["drop_pending_updates"] == "true" {
			t.Errorf("got %v", f)
		}
		if !strings.Contains(out.String(), "the webhook could not be set") || strings.Contains(out.String(), "hook-secret_1") {
			t.Errorf("log: %s", out)
		}
	})
}

// The whole way, with a look-alike that calls us.
func TestWebhookFromThePlatform(t *testing.T) {
	t.Parallel()
	l, err := platform.New(platform.Config{Token: token, Limits: unlimited})
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(l.Handler())
	in := newInbox()
	full := true
	in.fail = func(int) error {
		if full {
			full = false
			return errors.New("disk full")
		}
		return nil
	}
	var a *telegram.Adapter
	ours := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.Routes(in)["POST /telegram/webhook"].ServeHTTP(w, r)
	}))
	transport := &http.Transport{}
	t.Cleanup(func() { _ = l.Close(); api.Close(); ours.Close(); transport.CloseIdleConnections() })
	a, _ = adapterWith(t, transport, func(c *telegram.Config) {
		c.APIURL, c.Mode, c.PublicURL = api.URL, telegram.ModeWebhook, ours.URL
	})
	if _, err := a.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop := running(t, a, in)
	say(t, l, "ayla", "hello")
	<-in.came // refused
	<-in.came
	if got := in.all(); len(got) != 1 || got[0].Text != "hello" {
		t.Errorf("got %+v", got)
	}
	r, err := a.Send(t.Context(), conversation.Sending{Outgoing: conversation.Outgoing{To: in.all()[0].Address, Body: conversation.Body{
		Text: plain("?"), Rows: [][]conversation.Button{{{Label: "Yes", Token: "t1"}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Press(t.Context(), lookalike.Press{As: "ayla", Label: "Yes"}); err != nil {
		t.Fatal(err)
	}
	<-in.came
	if got := in.all()[1]; got.Token != "t1" || got.MessageID != r.MessageID {
		t.Errorf("got %+v", got)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
