package telegram_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/adapters/adaptertest"
	"github.com/rapport-chat/rapport/adapters/telegram"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// recorded are updates as the platform sends them.
var recorded = map[string]string{
	"a message": `{"update_id":1,"message":{"message_id":77,"from":{"id":4242,"is_bot":false,"first_name":"Vera","last_name":"K","username":"vera",
		"language_code":"ru"},"chat":{"id":4242,"first_name":"Vera","type":"private"},"date":1700000000,"text":"/start abc",
		"entities":[{"offset":0,"length":6,"type":"bot_command"}],"reply_to_message":{"message_id":5,"from":{"id":1,"is_bot":true,"first_name":"R"},
		"chat":{"id":4242,"type":"private"},"date":1,"text":"x"},"link_preview_options":{"is_disabled":true}}}`,
	"a photo": `{"update_id":1,"message":{"message_id":78,"from":{"id":4242,"is_bot":false,"first_name":"Vera"},"chat":{"id":4242,"type":"private"},
		"date":1700000000,"photo":[{"file_id":"a","file_unique_id":"b","width":1,"height":2,"file_size":3}],"caption":"look"}}`,
	"a contact": `{"update_id":1,"message":{"message_id":79,"from":{"id":4242,"is_bot":false,"first_name":"Vera"},"chat":{"id":4242,"type":"private"},
		"date":1700000000,"contact":{"phone_number":"+994","first_name":"V","user_id":4242},"location":{"latitude":1.5,"longitude":2.5}}}`,
	"in a group": `{"update_id":1,"message":{"message_id":80,"message_thread_id":3,"is_topic_message":true,"from":{"id":4242,"is_bot":false,
		"first_name":"Vera"},"sender_chat":{"id":-5,"type":"group"},"chat":{"id":-5,"title":"x","type":"supergroup"},"date":1700000000,
		"text":"@rapport_bot hi","entities":[{"offset":0,"length":12,"type":"mention"}]}}`,
	"an edit": `{"update_id":1,"edited_message":{"message_id":77,"from":{"id":4242,"is_bot":false,"first_name":"Vera"},"chat":{"id":4242,"type":"private"},
		"date":1700000000,"edit_date":1700000009,"text":"changed"}}`,
	"a press": `{"update_id":1,"callback_query":{"id":"99","from":{"id":4242,"is_bot":false,"first_name":"Vera","language_code":"ru"},
		"message":{"message_id":7,"from":{"id":1,"is_bot":true,"first_name":"R"},"chat":{"id":4242,"type":"private"},"date":1,"text":"x"},
		"chat_instance":"5","data":"token"}}`,
	"a block": `{"update_id":1,"my_chat_member":{"chat":{"id":4242,"first_name":"Vera","type":"private"},"from":{"id":4242,"is_bot":false,
		"first_name":"Vera"},"date":1700000000,"old_chat_member":{"user":{"id":1,"is_bot":true,"first_name":"R"},"status":"member"},
		"new_chat_member":{"user":{"id":1,"is_bot":true,"first_name":"R"},"status":"kicked","until_date":0}}}`,
}

// TestAnUnknownPartCostsNoWords: what a person said is read although another part of the message is of a kind that came
// after this version; without words and attachments, or without a sender, it is kept as broken.
func TestAnUnknownPartCostsNoWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		message string
		kind    conversation.Kind
		text    string
		things  int
	}{
		"an unknown origin":     {`"forward_origin":{"type":"hologram","date":1},"text":"hi"`, conversation.KindMessage, "hi", 0},
		"odd entities":          {`"text":"/balance","entities":"none"`, conversation.KindMessage, "/balance", 0},
		"a photo, odd reply":    {`"photo":[{"file_id":"a"}],"caption":"look","reply_to_message":7`, conversation.KindMessage, "look", 1},
		"unknown paid media":    {`"paid_media":{"star_count":1,"paid_media":[{"type":"live_photo"}]}`, conversation.KindBroken, "", 0},
		"a text that is none":   {`"text":17`, conversation.KindBroken, "", 0},
		"a sender of no kind":   {`"text":"hi","from":"Vera"`, conversation.KindBroken, "", 0},
		"a number of no kind":   {`"text":"hi","message_id":"x"`, conversation.KindBroken, "", 0},
		"an unknown background": {`"text":"hi","chat_background_set":{"type":{"type":"animated_sky"}}`, conversation.KindMessage, "hi", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, l, _ := onPlatform(t)
				in := newInbox()
				if _, err := l.Inject(json.RawMessage(`{"message":{"message_id":77,"date":1700000000,"from":{"id":4242,"is_bot":false,"first_name":"Vera"},` +
					`"chat":{"id":4242,"type":"private"},` + c.message + `}}`)); err != nil {
					t.Fatal(err)
				}
				running(t, a, in)
				synctest.Wait()
				got := in.all()
				if len(got) != 1 || got[0].Kind != c.kind || got[0].Text != c.text || len(got[0].Attachments) != c.things || got[0].Chat != "4242" {
					t.Errorf("kept %+v", got)
				}
			})
		})
	}
}

// feed is a platform that hands over what is put into it, until it is confirmed.
type feed struct {
	mu    sync.Mutex
	first int64 // the number of the first update that is not confirmed
	rest  []string
	more  chan struct{}
}

func (f *feed) put(updates ...string) {
	f.mu.Lock()
	f.rest = append(f.rest, updates...)
	f.mu.Unlock()
	f.more <- struct{}{}
}

func (f *feed) answer(r request) (int, string) {
	if r.method != "getUpdates" {
		return numbered()(r)
	}
	var offset int64
	if r.fields["offset"] != "" {
		if err := json.Unmarshal([]byte(r.fields["offset"]), &offset); err != nil {
			return http.StatusBadRequest, `{"ok":false,"error_code":400,"description":"Bad Request"}`
		}
	}
	f.mu.Lock()
	for ; len(f.rest) > 0 && f.first < offset; f.first++ {
		f.rest = f.rest[1:]
	}
	left := len(f.rest)
	f.mu.Unlock()
	if left == 0 {
		select {
		case <-f.more:
		case <-time.After(25 * time.Second):
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return http.StatusOK, `{"ok":true,"result":[` + strings.Join(f.rest, ",") + `]}`
}

// TestSpoiltUpdates: whatever value of an update is missing or of another type, it is confirmed and the updates beside it
// come, each once.
func TestSpoiltUpdates(t *testing.T) {
	t.Parallel()
	for name, update := range recorded {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { spoiltUpdates(t, update) })
		})
	}
}

func spoiltUpdates(t *testing.T, update string) {
	t.Helper()
	f := &feed{first: 1, more: make(chan struct{}, 1)}
	a, _ := adapterWith(t, &server{answer: f.answer})
	in := newInbox()
	in.came = make(chan struct{}, 1<<16)
	stop := running(t, a, in)
	synctest.Wait()
	var want []string
	id := int64(1)
	for i, m := range adaptertest.Mutants([]byte(update)) {
		text := fmt.Sprintf("neighbour %d", i)
		want = append(want, text)
		spoilt := strings.Replace(string(m.JSON), `"update_id":1`, fmt.Sprintf(`"update_id":%d`, id), 1)
		f.put(spoilt, fmt.Sprintf(`{"update_id":%d,"message":{"message_id":%d,"from":{"id":9,"is_bot":false,"first_name":"A"},
			"chat":{"id":9,"type":"private"},"date":1700000000,"text":%q}}`, id+1, id+1000, text))
		id += 2
		synctest.Wait()
		if i%100 == 99 {
			<-time.After(time.Minute)
		}
	}
	<-time.After(time.Minute)
	synctest.Wait()
	var got []string
	for _, e := range in.all() {
		if strings.HasPrefix(e.Text, "neighbour") && !slices.Contains(got, e.Text) {
			got = append(got, e.Text)
		}
		if e.EventID == "" || e.Kind == "" || e.Kind != conversation.KindBroken && (e.Chat == "" || e.From.UserID == "") {
			t.Errorf("not fit to be kept: %+v", e)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d neighbours of %d came", len(got), len(want))
	}
	f.mu.Lock()
	left := len(f.rest)
	f.mu.Unlock()
	if left > 2 { // the last pair is confirmed by the poll that waits now, at the latest
		t.Errorf("%d updates are not confirmed", left)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// answers are the calls whose answers are spoilt, each with what makes it on a fresh channel.
var answers = []struct {
	method string
	do     func(ctx context.Context, t *testing.T, a *telegram.Adapter, to conversation.Address) error
}{
	{"getMe", func(ctx context.Context, _ *testing.T, a *telegram.Adapter, _ conversation.Address) error {
		_, err := a.Connect(ctx)
		return err
	}},
	{"getMe", func(ctx context.Context, _ *testing.T, a *telegram.Adapter, _ conversation.Address) error {
		a.Diagnose(ctx)
		return nil
	}},
	{"getWebhookInfo", func(ctx context.Context, _ *testing.T, a *telegram.Adapter, _ conversation.Address) error {
		a.Diagnose(ctx)
		return nil
	}},
	{"sendMessage", func(ctx context.Context, t *testing.T, a *telegram.Adapter, to conversation.Address) error {
		t.Helper()
		return posts(ctx, t, a, to, nil)
	}},
	{"sendPhoto", func(ctx context.Context, t *testing.T, a *telegram.Adapter, to conversation.Address) error {
		t.Helper()
		return posts(ctx, t, a, to, &conversation.Image{Name: "a.png", Data: []byte("png")})
	}},
	{"setMyCommands", func(ctx context.Context, _ *testing.T, a *telegram.Adapter, _ conversation.Address) error {
		return a.SetCommands(ctx, map[string][]conversation.CommandInfo{"": {{Name: "balance", Description: "x"}}})
	}},
}

// posts sends a message, which answers a receipt with an id or an error of the channel's own.
func posts(ctx context.Context, t *testing.T, a *telegram.Adapter, to conversation.Address, image *conversation.Image) error {
	t.Helper()
	r, err := a.Send(ctx, conversation.Sending{Nonce: "n", Outgoing: conversation.Outgoing{To: to, Body: conversation.Body{Text: plain("hello"), Image: image}}})
	if err == nil && r.MessageID == "" {
		t.Error("a message without an id")
	}
	return err
}

// TestSpoiltAnswers: whatever value of an answer is missing or of another type, the call ends in time, with an error that
// says of which kind it is or with none, and the next one works.
func TestSpoiltAnswers(t *testing.T) {
	t.Parallel()
	for i, c := range answers {
		t.Run(fmt.Sprint(c.method, " ", i), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, l, _ := onPlatform(t)
				say(t, l, "ayla", "hello")
				to := conversation.Address{Channel: telegram.Name, Chat: l.Person("ayla").ID}
				memory := lookalike.Transport(l.Handler())
				defer memory.Wait()
				spoiler := &adaptertest.Spoiler{Base: memory}
				is := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/"+c.method) }
				spoiler.Each(t, is, func() func(context.Context) error {
					a, _ := adapterWith(t, spoiler)
					return func(ctx context.Context) error { return c.do(ctx, t, a, to) }
				})
			})
		})
	}
}
