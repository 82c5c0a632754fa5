package telegram_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	platform "github.com/rapport-chat/rapport/sandbox/telegram"
)

// An update that no version of ours can decode stops nobody else, and is kept with its sender.
func TestPoisonUpdate(t *testing.T) {
	t.Parallel()
	for name, poison := range map[string]string{
		"unknown origin":     `"forward_origin":{"type":"hologram","date":1}`,
		"unknown paid media": `"paid_media":{"star_count":1,"paid_media":[{"type":"live_photo"}]}`,
		"text is a number":   `"text":17`,
		"unknown background": `"chat_background_set":{"type":{"type":"animated_sky"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, l, out := onPlatform(t)
				in := newInbox()
				say(t, l, "ayla", "before")
				if _, err := l.Inject(json.RawMessage(`{"message":{"message_id":77,"date":1700000000,` +
					`"from":{"id":4242,"is_bot":false,"first_name":"Vera","last_name":"K","language_code":"ru"},` +
					`"chat":{"id":4242,"type":"private"},` + poison + `}}`)); err != nil {
					t.Fatal(err)
				}
				say(t, l, "ayla", "after")
				running(t, a, in)
				synctest.Wait()
				got := in.all()
				if len(got) != 3 || got[0].Text != "before" || got[2].Text != "after" {
					t.Fatalf("got %+v", got)
				}
				b := got[1]
				if b.Kind != conversation.KindBroken || b.From.UserID != "4242" || b.From.Name != "Vera K" ||
					b.From.Locale != "ru" || b.Chat != "4242" || !b.Private || b.MessageID != "77" || b.EventID == "" {
					t.Errorf("the broken event: %+v", b)
				}
				if !strings.Contains(string(b.Raw), "4242") {
					t.Error("the raw event was not kept")
				}
				if len(l.Busy()) > 0 {
					t.Errorf("not confirmed: %v", l.Busy())
				}
				if strings.Contains(out.String(), "hologram") || strings.Contains(out.String(), "Vera") {
					t.Error("the log holds what the person sent")
				}
			})
		})
	}
}

// An update counts as confirmed when a later one is asked for, so that must not happen before it was kept.
func TestNothingIsConfirmedBeforeItIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, l, _ := onPlatform(t)
		in := newInbox()
		in.fail = func(call int) error {
			if call <= 3 {
				return errors.New("disk full")
			}
			return nil
		}
		say(t, l, "ayla", "keep me")
		running(t, a, in)
		for range 3 {
			<-in.came
			if len(l.Busy()) == 0 {
				t.Fatal("the update was confirmed although it was not kept")
			}
		}
		synctest.Wait()
		<-in.came
		synctest.Wait()
		if got := in.all(); len(got) != 1 || got[0].Text != "keep me" {
			t.Errorf("got %+v", got)
		}
		if busy := l.Busy(); len(busy) > 0 {
			t.Errorf("not confirmed after it was kept: %v", busy)
		}
	})
}

// A process that ends between keeping and confirming gets the update again, under the same id.
func TestStoppedBeforeConfirming(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, err := platform.New(platform.Config{Token: token})
		if err != nil {
			t.Fatal(err)
		}
		memory := lookalike.Transport(l.Handler())
		t.Cleanup(func() { memory.Wait(); _ = l.Close() })
		say(t, l, "ayla", "twice")
		in := newInbox()
		for range 2 {
			a, _ := adapterWith(t, memory)
			var stop func() error
			stopping := make(chan struct{})
			in.fail = func(int) error { close(stopping); in.fail = nil; return errors.New("killed") }
			stop = running(t, a, in)
			<-stopping
			if err := stop(); err != nil {
				t.Fatal(err)
			}
		}
		a, _ := adapterWith(t, memory)
		running(t, a, in)
		synctest.Wait()
		if got := in.all(); len(got) != 1 || got[0].Text != "twice" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestAWebhookIsDeletedBeforePolling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		deleted, kept := false, false
		s := &server{}
		s.answer = func(r request) (int, string) {
			switch {
			case r.method == "getMe":
				return 200, meAnswer
			case r.method == "deleteWebhook":
				deleted, kept = true, r.fields["drop_pending_updates"] != "true"
				return 200, yesAnswer
			case !deleted:
				return refusal(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first", "")
			case r.fields["offset"] == "":
				return 200, `{"ok":true,"result":[` + message(10, "hello") + `]}`
			}
			return hang()
		}
		a, out := adapterWith(t, s)
		in := newInbox()
		running(t, a, in)
		<-in.came
		if !kept {
			t.Error("the updates that waited for the webhook were dropped")
		}
		if !strings.Contains(out.String(), "a webhook is set") {
			t.Errorf("not told: %s", out)
		}
	})
}

// hang is an empty long poll.
func hang() (int, string) {
	<-time.After(25 * time.Second)
	return 200, `{"ok":true,"result":[]}`
}

// message is an update with a text of a person in private.
func message(updateID int, text string) string {
	t, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"update_id":%d,"message":{"message_id":%d,"date":1700000000,"from":{"id":7,"first_name":"A"},`+
		`"chat":{"id":7,"type":"private"},"text":%s}}`, updateID, updateID, t)
}

func TestASecondPollerIsReportedAndWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, l, out := onPlatform(t)
		if err := l.Fault(t.Context(), lookalike.Fault{Method: "getUpdates", Times: 4, Status: 409}); err != nil {
			t.Fatal(err)
		}
		in := newInbox()
		say(t, l, "ayla", "at last")
		began := time.Now()
		running(t, a, in)
		<-in.came
		if waited := time.Since(began); waited < 30*time.Second || waited > time.Minute {
			t.Errorf("four conflicts took %s", waited)
		}
		if n := strings.Count(out.String(), "another process receives this bot's updates"); n != 1 {
			t.Errorf("told %d times: %s", n, out)
		}
		synctest.Wait()
		for _, c := range l.Calls(0) {
			if c.Method == "deleteWebhook" {
				t.Error("a webhook was deleted that nobody spoke of")
			}
		}
	})
}

func TestDeadCredentialsEndRun(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func() (int, string){
		"401": func() (int, string) { return refusal(401, "Unauthorized", "") },
		"404": func() (int, string) { return refusal(404, "Not Found", "") },
	} {
		for _, method := range []string{"getMe", "getUpdates"} {
			t.Run(name+" of "+method, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := &server{answer: func(r request) (int, string) {
						if r.method == method {
							return answer()
						}
						return 200, meAnswer
					}}
					a, _ := adapterWith(t, s)
					err := a.Run(t.Context(), newInbox())
					if err == nil || conversation.KindOf(err) != conversation.OurCredentials {
						t.Errorf("got %v", err)
					}
					if err != nil && strings.Contains(err.Error(), "AAErandom") {
						t.Error("the token is in the error")
					}
				})
			})
		}
	}
}

// Whatever else goes wrong is waited out.
func TestPollingGoesOnAfterTrouble(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]struct {
		answer func() (int, string)
		least  time.Duration
	}{
		"429 with seconds":    {func() (int, string) { return refusal(429, "Too Many Requests: retry after 90", `{"retry_after":90}`) }, 90 * time.Second},
		"429 as text":         {func() (int, string) { return refusal(429, "Too Many Requests", `{"retry_after":"30"}`) }, 30 * time.Second},
		"429 without seconds": {func() (int, string) { return refusal(429, "Too Many Requests", "") }, time.Second},
		"500":                 {func() (int, string) { return refusal(500, "Internal Server Error", "") }, 0},
		"502 page":            {func() (int, string) { return 502, "<html>bad gateway</html>" }, 0},
		"a page":              {func() (int, string) { return 200, "<html>please log in to the hotel</html>" }, 0},
		"404 page":            {func() (int, string) { return 404, "<html>no such page</html>" }, 0},
		"no list":             {func() (int, string) { return 200, `{"ok":true,"result":{"update_id":1}}` }, 0},
		"null":                {func() (int, string) { return 200, `null` }, 0},
		"reset":               {func() (int, string) { return 0, "" }, 0},
		"redirect":            {func() (int, string) { return 302, "" }, 0},
		"no such method":      {func() (int, string) { return refusal(404, "Not Found: method not found", "") }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const failures = 4
				polls := 0
				s := &server{}
				s.answer = func(r request) (int, string) {
					if r.method == "getMe" {
						return 200, meAnswer
					}
					polls++
					switch {
					case polls <= failures:
						return trouble.answer()
					case polls == failures+1:
						return 200, `{"ok":true,"result":[` + message(10, "hello") + `]}`
					}
					return hang()
				}
				a, out := adapterWith(t, s)
				in := newInbox()
				began := time.Now()
				running(t, a, in)
				<-in.came
				if waited := time.Since(began); waited < failures*trouble.least || waited > failures*trouble.least+20*time.Second {
					t.Errorf("it took %s", waited)
				}
				synctest.Wait()
				if !strings.Contains(out.String(), "updates are taken again") {
					t.Errorf("the end of the trouble is not told: %s", out)
				}
			})
		})
	}
}

// A server that pays no heed to the offset, or gives no ids, must not be asked without a pause.
func TestRepeatedUpdatesAreNotAskedForWithoutPause(t *testing.T) {
	t.Parallel()
	for name, update := range map[string]string{
		"the offset is ignored": message(10, "hello"),
		"no update_id":          strings.Replace(message(10, "hello"), `"update_id":10,`, "", 1),
		"no object":             `"hello"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{answer: func(r request) (int, string) {
					if r.method == "getMe" {
						return 200, meAnswer
					}
					return 200, `{"ok":true,"result":[` + update + `]}`
				}}
				a, _ := adapterWith(t, s)
				stop := running(t, a, newInbox())
				<-time.After(time.Minute)
				if err := stop(); err != nil {
					t.Fatal(err)
				}
				if n := len(s.named("getUpdates")); n > 20 {
					t.Errorf("%d polls in a minute", n)
				}
			})
		})
	}
}

// Every update has an id of its own; one without update_id gets a stable one.
func TestEventIDs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		anonymous := strings.Replace(message(3, "no id"), `"update_id":3,`, "", 1)
		s := &server{}
		polls := 0
		s.answer = func(r request) (int, string) {
			if r.method == "getMe" {
				return 200, meAnswer
			}
			if polls++; polls <= 2 {
				return 200, `{"ok":true,"result":[` + message(1, "one") + "," + anonymous + "," + strings.Replace(message(12, "text id"), ":12,", `:"12",`, 1) + `]}`
			}
			return hang()
		}
		a, _ := adapterWith(t, s)
		in := newInbox()
		running(t, a, in)
		<-in.came
		<-in.came
		got := in.all()
		if len(got) != 6 {
			t.Fatalf("got %d events", len(got))
		}
		for i := range 3 {
			if got[i].EventID != got[i+3].EventID {
				t.Errorf("one event, two ids: %q and %q", got[i].EventID, got[i+3].EventID)
			}
		}
		if got[0].EventID != "1" || got[2].EventID != "12" || got[1].EventID == "" || got[1].EventID == "0" {
			t.Errorf("ids %q, %q, %q", got[0].EventID, got[1].EventID, got[2].EventID)
		}
		synctest.Wait()
		if offsets := s.named("getUpdates"); offsets[len(offsets)-1].fields["offset"] != "13" {
			t.Errorf("the last offset is %q", offsets[len(offsets)-1].fields["offset"])
		}
	})
}

// After a week of silence ids start anew, possibly below the last ones.
func TestIDsThatStartAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := &server{}
		s.answer = func(r request) (int, string) {
			switch offset := r.fields["offset"]; {
			case r.method == "getMe":
				return 200, meAnswer
			case offset == "" && time.Since(began) < time.Minute:
				return 200, `{"ok":true,"result":[` + message(900, "old") + `]}`
			case offset == "" && time.Since(began) > 8*24*time.Hour:
				return 200, `{"ok":true,"result":[` + message(5, "new") + `]}`
			}
			return hang()
		}
		a, _ := adapterWith(t, s)
		in := newInbox()
		running(t, a, in)
		<-in.came
		<-in.came
		if got := in.all(); len(got) != 2 || got[1].Text != "new" {
			t.Errorf("got %+v", got)
		}
	})
}

// What is polled for names the kinds that we handle.
func TestPollNamesItsKinds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{answer: func(r request) (int, string) {
			if r.method == "getMe" {
				return 200, meAnswer
			}
			return hang()
		}}
		a, _ := adapterWith(t, s)
		running(t, a, newInbox())
		synctest.Wait()
		poll := s.named("getUpdates")[0]
		if got := poll.fields["allowed_updates"]; got != `["message","edited_message","callback_query","my_chat_member"]` {
			t.Errorf("allowed_updates: %s", got)
		}
		if poll.path != "/bot"+token+"/getUpdates" {
			t.Error("wrong path")
		}
	})
}

// A press is answered once it has been kept, and not before.
func TestPressesAreAnswered(t *testing.T) {
	t.Parallel()
	const press = `{"update_id":5,"callback_query":{"id":"991","from":{"id":7,"first_name":"A"},"chat_instance":"1","data":"token-1",` +
		`"message":{"message_id":44,"date":1700000000,"chat":{"id":7,"type":"private"},"text":"?"}}}`
	for name, test := range map[string]struct {
		fail   bool
		answer func() (int, string)
	}{
		"kept": {false, func() (int, string) { return 200, yesAnswer }},
		"kept, answer refused": {false, func() (int, string) {
			return refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid", "")
		}},
		"kept, answer got lost": {false, func() (int, string) { return 0, "" }},
		"not kept":              {true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{}
				s.answer = func(r request) (int, string) {
					switch {
					case r.method == "getMe":
						return 200, meAnswer
					case r.method == "answerCallbackQuery":
						return test.answer()
					case r.fields["offset"] == "":
						return 200, `{"ok":true,"result":[` + press + `]}`
					}
					return hang()
				}
				a, _ := adapterWith(t, s)
				in := newInbox()
				if test.fail {
					in.fail = func(int) error { return errors.New("disk full") }
				}
				running(t, a, in)
				<-in.came
				synctest.Wait()
				answers := s.named("answerCallbackQuery")
				if test.fail {
					if len(answers) != 0 {
						t.Error("answered although it was not kept")
					}
					return
				}
				if len(answers) != 1 || answers[0].fields["callback_query_id"] != "991" {
					t.Errorf("answers: %+v", answers)
				}
				if got := in.all(); len(got) != 1 || got[0].Token != "token-1" || got[0].MessageID != "44" {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
}
