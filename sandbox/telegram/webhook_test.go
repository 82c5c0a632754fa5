package telegram_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/telegram"
)

// receiver is a bot's webhook that refuses the first few deliveries.
type receiver struct {
	mu     sync.Mutex
	refuse int
	got    []string
	tries  []time.Time
	secret string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries = append(r.tries, time.Now())
	r.secret = req.Header.Get("X-Telegram-Bot-Api-Secret-Token")
	if r.refuse > 0 {
		r.refuse--
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	var u update
	if json.NewDecoder(req.Body).Decode(&u) == nil && u.Message != nil {
		r.got = append(r.got, u.Message.Text)
	}
}

func (r *receiver) texts() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// TestWebhook: updates are posted with the secret, again after a refusal with growing pauses, and in order per chat.
func TestWebhook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hook := &receiver{refuse: 3}
		l, err := telegram.New(telegram.Config{Token: token, Webhooks: &http.Client{Transport: lookalike.Transport(hook)}})
		if err != nil {
			t.Fatal(err)
		}
		b := inMemory(t, l)
		say(t, l, "ayla", "before")
		b.must("setWebhook", obj{"url": "https://bot.example.com/hook", "secret_token": "s3cret"}, nil)
		b.refused("getUpdates", obj{}, 409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
		say(t, l, "ayla", "after")
		synctest.Wait()
		var info struct {
			URL       string `json:"url"`
			Pending   int    `json:"pending_update_count"`
			LastError string `json:"last_error_message"`
		}
		b.must("getWebhookInfo", nil, &info)
		if info.URL != "https://bot.example.com/hook" || info.Pending != 2 || !strings.Contains(info.LastError, "500") {
			t.Errorf("info: %+v", info)
		}
		if len(l.Busy()) == 0 {
			t.Error("at rest with updates undelivered")
		}
		<-time.After(time.Minute)
		synctest.Wait()
		if got := hook.texts(); !equal(got, []string{"before", "after"}) {
			t.Errorf("delivered: %v", got)
		}
		if hook.secret != "s3cret" {
			t.Errorf("secret %q", hook.secret)
		}
		if p1, p2 := hook.tries[1].Sub(hook.tries[0]), hook.tries[2].Sub(hook.tries[1]); p1 < time.Second || p2 <= p1 {
			t.Errorf("pauses %v, %v", p1, p2)
		}
		if busy := l.Busy(); len(busy) != 0 {
			t.Errorf("busy: %v", busy)
		}
		for _, c := range l.Calls(0) {
			if body, _ := json.Marshal(c.Body); strings.Contains(string(body), "s3cret") {
				t.Errorf("the secret stands in the journal: %s", body)
			}
		}
		if err := l.Fault(t.Context(), lookalike.Fault{Redeliver: true}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := hook.texts(); !equal(got, []string{"before", "after", "before", "after"}) {
			t.Errorf("redelivered: %v", got)
		}
		b.must("deleteWebhook", nil, nil)
		say(t, l, "ayla", "polled")
		if got := texts(b.poll(0)); !equal(got, []string{"polled"}) {
			t.Errorf("polled: %v", got)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestWebhookChats: one chat that cannot be delivered does not hold up another.
func TestWebhookChats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hook := &receiver{}
		stubborn := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength > 0 && r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("content type %q", r.Header.Get("Content-Type"))
			}
			hook.ServeHTTP(w, r)
		})
		l, err := telegram.New(telegram.Config{Token: token, Webhooks: &http.Client{Transport: lookalike.Transport(stubborn)}})
		if err != nil {
			t.Fatal(err)
		}
		b := inMemory(t, l)
		b.must("setWebhook", obj{"url": "http://127.0.0.1:9999/hook"}, nil)
		hook.refuse = 1
		say(t, l, "ayla", "refused at first")
		synctest.Wait()
		say(t, l, "mehmet", "at once")
		synctest.Wait()
		if got := hook.texts(); !equal(got, []string{"at once"}) {
			t.Errorf("delivered: %v", got)
		}
		b.must("setWebhook", obj{"url": "http://127.0.0.1:9999/hook", "drop_pending_updates": true}, nil)
		<-time.After(time.Minute)
		synctest.Wait()
		if got := hook.texts(); !equal(got, []string{"at once"}) {
			t.Errorf("delivered although dropped: %v", got)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}
