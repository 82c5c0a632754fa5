package discord

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
)

// unreachable is a network in which nobody answers.
type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrServerClosed }

// takesAll is a Receiver that keeps nothing.
type takesAll struct{}

func (takesAll) Receive(context.Context, ...conversation.Inbound) error { return nil }

func fuzzed(t testing.TB) *receiver {
	t.Helper()
	a, err := New(Config{Token: config.NewSecret("MTIwNDQwMDAwMDAwMDAwMDAwMQ.x.y"), APIURL: "http://discord.test"},
		slog.New(slog.DiscardHandler), WithTransport(unreachable{}))
	if err != nil {
		t.Fatal(err)
	}
	a.me.Store(&identity{user: "1204400000000000001", app: "1204400000000000001", account: "discord:1204400000000000001"})
	return newReceiver(a, takesAll{}, nil)
}

// FuzzDispatch: whatever an event holds, it is understood, passed over or kept as broken; never with a key that two
// different events share by being empty, and never with text that a database refuses.
func FuzzDispatch(f *testing.F) {
	for _, kind := range []string{"MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "INTERACTION_CREATE", "READY", ""} {
		for _, data := range []string{
			``, `null`, `{}`, `[]`, `7`, `{"id":"5","channel_id":"7","author":null}`,
			`{"id":"5","channel_id":"7","author":{"id":"9","username":"x"},"content":"<@1204400000000000001> hi \u0000","guild_id":"3","mentions":[{"id":"1"},null]}`,
			`{"id":"5","channel_id":"7","author":{"id":"9"},"content":"/balance all","attachments":[{"url":"x","size":1e99}],"flags":8192,"edited_timestamp":"x"}`,
			`{"id":"5","token":"t","application_id":"1","type":2,"data":{"name":"balance","options":[{"value":7}]},"user":{"id":"9"},"channel_id":"7"}`,
			`{"id":"5","token":"t","application_id":"1","type":3,"data":{"custom_id":"p:x","values":["s:y"]},"member":{"user":{"id":"9"}},"guild_id":"3","channel_id":"7","message":{"id":"4"}}`,
			`{"id":"5","token":"t","type":5,"data":{"custom_id":"f:x","components":[{"components":[{"custom_id":"a","value":null}]},{"component":{"custom_id":"b","value":"c"}}]},"user":{"id":"9"},"channel_id":"7"}`,
		} {
			f.Add(kind, []byte(data))
		}
	}
	r := fuzzed(f)
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		in, _, ok := r.decode(t.Context(), event{kind: kind, data: data})
		if !ok {
			return
		}
		if in.EventID == "" || in.Kind == "" || in.Account == "" {
			t.Errorf("an event without a key or a kind: %+v", in)
		}
		if in.Kind == conversation.KindPress && in.Token == "" || in.Kind == conversation.KindForm && in.Token == "" {
			t.Errorf("a press of nothing: %+v", in)
		}
		if in.Kind != conversation.KindBroken && (in.Chat == "" || in.From.UserID == "") {
			t.Errorf("from nowhere or nobody: %+v", in)
		}
		for _, s := range []string{in.EventID, in.Chat, in.From.UserID, in.From.Name, in.Text, in.Token, in.Command, in.Args} {
			if !utf8.ValidString(s) || clean(s) != s {
				t.Errorf("unclean text %q", s)
			}
		}
		if len(in.Handle) > 0 && lentBy(in.Handle) == nil {
			t.Errorf("a handle that cannot be used: %s", in.Handle)
		}
	})
}

// FuzzFrame: no payload of the gateway is more than passed over.
func FuzzFrame(f *testing.F) {
	for _, data := range []string{
		``, `null`, `{"op":0,"t":null,"s":null,"d":null}`, `{"op":"0","t":7,"s":"x","d":[]}`, `{"op":10,"d":{"heartbeat_interval":"NaN"}}`,
		`{"op":1e400}`, `{"op":9,"d":"false"}`, `{"op":0,"t":"INTERACTION_CREATE","s":5,"d":{"id":"5","token":"a/b","type":2}}`,
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		var p frame
		if json.Unmarshal(data, &p) != nil {
			return
		}
		_, _ = p.Op.Int64()
		_, _, _ = text(p.T), text(p.S), text(object(p.D)["heartbeat_interval"])
		_, _ = token(object(object(p.D)["data"]))
	})
}
