package slack_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/adapters/slack"
	"github.com/rapport-chat/rapport/conversation"
)

// FuzzInbound: whatever a server sends, nothing breaks, and what is handed on is fit for the store.
func FuzzInbound(f *testing.F) {
	for _, seed := range []string{
		`{"type":"message","channel":"D1","user":"U1","text":"<@UBOT> <https://a|b> &lt;","ts":"` + ts1 + `"}`,
		`{"type":"message","subtype":"message_changed","channel":"D1","message":{"user":"U1","text":"a","ts":"` + ts1 + `","edited":{"ts":"` + ts2 + `"}}}`,
		`{"type":"message","subtype":"message_deleted","channel":"D1","deleted_ts":"` + ts1 + `","previous_message":{"user":"U1"}}`,
		`{"type":"message","channel":null,"user":7,"text":{"a":1},"ts":[],"files":[null,1,{"id":"F1","size":-1}]}`,
		`{"type":"app_home_opened","user":"U1","tab":"home"}`,
		press("D1", "p:a", "", ""), press("CDESK", "f:a", "z:AAAA", `,"is_ephemeral":true`),
		`{"type":"view_submission","user":{"id":"U1"},"view":{"callback_id":"rapport-form","private_metadata":"{\"t\":\"a\",\"c\":\"D1\"}","state":{"values":{"0:a":{"v":{"value":"b"}}}}}}`,
		slashed("/rapport", "a", "C1"), `null`, `[]`, `{"type":{}}`, "\x00\xff", `{"type":"message","channel":"D1","user":"U1","text":"\u0000\ud800","ts":"1.1"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		synctest.Test(t, func(t *testing.T) { takeAnything(t, s) })
	})
}

// takeAnything delivers s in every way and looks at what came of it.
func takeAnything(t *testing.T, s string) {
	t.Helper()
	h := newHTTPMode(t, "CDESK")
	for path, body := range map[string]string{
		slack.EventsPath:      `{"type":"event_callback","event":` + s + `}`,
		slack.InteractivePath: url.Values{"payload": {s}}.Encode(),
		slack.CommandsPath:    s,
	} {
		if w := h.serve(request(path, body, time.Now())); w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Fatalf("%s: answered %d", path, w.Code)
		}
	}
	for _, in := range h.inbox.all() {
		if in.Kind == "" || in.EventID == "" || in.Channel != slack.Name || in.Account == "" {
			t.Errorf("not complete: %+v", in)
		}
		if in.Kind != conversation.KindBroken && (in.Chat == "" || in.From.UserID == "") {
			t.Errorf("from nowhere: %+v", in)
		}
		for _, s := range []string{in.Text, in.Args, in.From.Name, in.Token, in.EventID} {
			if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
				t.Errorf("not fit for the store: %q", s)
			}
		}
	}
	if strings.Contains(h.logged.String(), "mistake of ours") {
		t.Error("reading it failed")
	}
}
