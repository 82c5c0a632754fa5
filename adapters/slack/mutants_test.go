package slack_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/adapters/adaptertest"
	"github.com/rapport-chat/rapport/adapters/slack"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	platform "github.com/rapport-chat/rapport/sandbox/slack"
	"github.com/rapport-chat/rapport/texts"
)

// callback is an event as the platform delivers it.
func callback(id, event string) string {
	return `{"token":"t","team_id":"T1","api_app_id":"A1","type":"event_callback","event_id":"` + id + `","event_time":1732241234,
		"authorizations":[{"team_id":"T1","user_id":"UBOT","is_bot":true}],"event":` + event + `}`
}

// recorded are payloads as the platform sends them, by where they come.
var recorded = map[string]struct{ path, body string }{
	"a message": {slack.EventsPath, callback("E1", `{"type":"message","channel":"D1","channel_type":"im","user":"U1","text":"salam <@UBOT>",
		"ts":"`+ts1+`","event_ts":"`+ts1+`","client_msg_id":"x","team":"T1","blocks":[{"type":"rich_text","elements":[]}]}`)},
	"a file": {slack.EventsPath, callback("E2", `{"type":"message","subtype":"file_share","channel":"D1","user":"U1","text":"","ts":"`+ts1+`",
		"files":[{"id":"F1","name":"a.png","mimetype":"image/png","size":17,"url_private":"https://files.slack.com/a.png"}]}`)},
	"a reply in a thread": {slack.EventsPath, callback("E3", `{"type":"message","channel":"CDESK","channel_type":"channel","user":"U1","text":"x",
		"ts":"`+ts2+`","thread_ts":"`+ts1+`","parent_user_id":"UBOT"}`)},
	"an edit": {slack.EventsPath, callback("E4", `{"type":"message","subtype":"message_changed","channel":"D1","ts":"`+ts2+`","message":{"user":"U1",
		"text":"b","ts":"`+ts1+`","edited":{"user":"U1","ts":"`+ts2+`"}},"previous_message":{"user":"U1","text":"a","ts":"`+ts1+`"}}`)},
	"a deletion": {slack.EventsPath, callback("E5", `{"type":"message","subtype":"message_deleted","channel":"D1","deleted_ts":"`+ts1+`","ts":"`+ts2+`",
		"previous_message":{"user":"U1","text":"a","ts":"`+ts1+`"}}`)},
	"a mention":         {slack.EventsPath, callback("E6", `{"type":"app_mention","channel":"C9","user":"U1","text":"<@UBOT> x","ts":"`+ts1+`"}`)},
	"a home tab":        {slack.EventsPath, callback("E7", `{"type":"app_home_opened","user":"U1","channel":"D1","tab":"home","view":{"id":"V1"}}`)},
	"a changed person":  {slack.EventsPath, callback("E8", `{"type":"user_change","user":{"id":"U1","deleted":true,"profile":{"display_name":"A"}}}`)},
	"a renamed place":   {slack.EventsPath, callback("E9", `{"type":"channel_rename","channel":{"id":"C9","name":"x","created":1}}`)},
	"a press":           {slack.InteractivePath, press("D1", "p:tok", "v", `,"thread_ts":"`+ts1+`"`)},
	"a press of a form": {slack.InteractivePath, press("CDESK", "f:tok", `{"Title":"x","Fields":[{"Name":"text","Label":"y"}]}`, "")},
	"a form": {slack.InteractivePath, `{"type":"view_submission","user":{"id":"U1","username":"ayla"},"view":{"id":"V1","hash":"h1","callback_id":"rapport-form",
		"private_metadata":"{\"t\":\"tok\",\"c\":\"D1\"}","state":{"values":{"0:text":{"v":{"type":"plain_text_input","value":"x"}}}}}}`},
}

// TestSpoiltPayloads: whatever value of a payload is missing or of another type, the platform gets its answer in time, and
// the events beside it come, each once.
func TestSpoiltPayloads(t *testing.T) {
	t.Parallel()
	for name, c := range recorded {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { spoiltPayloads(t, c.path, c.body) })
		})
	}
}

func spoiltPayloads(t *testing.T, path, body string) {
	t.Helper()
	h := newHTTPMode(t, "CDESK")
	var want []string
	for i, m := range adaptertest.Mutants([]byte(body)) {
		sent := string(m.JSON)
		if path == slack.InteractivePath {
			sent = url.Values{"payload": {sent}}.Encode()
		}
		if w := h.serve(request(path, sent, time.Now())); w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Errorf("%s: answered %d", m.Name, w.Code)
		}
		text := fmt.Sprintf("neighbour %d", i)
		want = append(want, text)
		event := callback(text, `{"type":"message","channel":"D1","user":"U1","text":"`+text+`","ts":"`+fmt.Sprintf("1732250000.%06d", i)+`"}`)
		if w := h.serve(request(slack.EventsPath, event, time.Now())); w.Code != http.StatusOK {
			t.Errorf("behind %s: answered %d", m.Name, w.Code)
		}
	}
	got := slices.DeleteFunc(h.inbox.texts(), func(s string) bool { return !strings.HasPrefix(s, "neighbour") })
	if !slices.Equal(got, want) {
		t.Errorf("%d neighbours of %d came", len(got), len(want))
	}
	for _, in := range h.inbox.all() {
		if in.EventID == "" || in.Kind == "" || in.Kind != conversation.KindBroken && (in.Chat == "" || in.From.UserID == "") {
			t.Errorf("not fit to be kept: %+v", in)
		}
	}
	if strings.Contains(h.logged.String(), "mistake of ours") {
		t.Error("reading one ended in a panic")
	}
}

// TestSpoiltCommands: a command's form in which a field is missing or empty does no harm.
func TestSpoiltCommands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		form, err := url.ParseQuery(slashed("/balance", "now", "D1"))
		if err != nil {
			t.Fatal(err)
		}
		h := newHTTPMode(t, "CDESK")
		for field := range form {
			for _, value := range [][]string{nil, {""}, {"null"}, {"[]"}, {"a", "b"}} {
				spoilt := maps.Clone(form)
				spoilt[field] = value
				if w := h.serve(request(slack.CommandsPath, spoilt.Encode(), time.Now())); w.Code != http.StatusOK {
					t.Errorf("%s is %q: answered %d", field, value, w.Code)
				}
			}
		}
		if got := h.deliver(slack.CommandsPath, slashed("/help", "at last", "D1")); len(got) != 1 {
			t.Errorf("the neighbour: %+v", got)
		}
	})
}

// answers are the calls whose answers are spoilt, each with what makes it on a fresh channel.
var answers = []struct {
	method string
	do     func(s *stage, ctx context.Context) error
}{
	{"auth.test", func(s *stage, ctx context.Context) error { _, err := s.a.Connect(ctx); return err }},
	{"chat.postMessage", func(s *stage, ctx context.Context) error { return s.posts(ctx, say("#general", "", "x")) }},
	{"conversations.list", func(s *stage, ctx context.Context) error { return s.posts(ctx, say("#general", "", "x")) }},
	{"conversations.open", func(s *stage, ctx context.Context) error { return s.posts(ctx, say(s.l.Person("ayla").ID, "", "x")) }},
	{"chat.postEphemeral", func(s *stage, ctx context.Context) error {
		o := say(s.l.ChannelID("#support"), "", "x")
		o.Body.OnlyFor = s.l.Person("nigar").ID
		return s.posts(ctx, o)
	}},
	{"files.getUploadURLExternal", picture},
	{"files.completeUploadExternal", picture},
	{"conversations.info", func(s *stage, ctx context.Context) error { s.a.Diagnose(ctx); return nil }},
	{"apps.connections.open", func(s *stage, ctx context.Context) error { s.a.Diagnose(ctx); return nil }},
	{"conversations.members", func(s *stage, ctx context.Context) error { _, err := s.a.InChannel(ctx, "#support", "U1"); return err }},
	{"usergroups.list", func(s *stage, ctx context.Context) error { _, err := s.a.InGroup(ctx, "leads", "U1"); return err }},
	{"usergroups.users.list", func(s *stage, ctx context.Context) error { _, err := s.a.InGroup(ctx, "leads", "U1"); return err }},
}

// posts sends a message, which answers a receipt with an id or an error of the channel's own.
func (s *stage) posts(ctx context.Context, o conversation.Outgoing) error {
	r, err := s.a.Send(ctx, conversation.Sending{Outgoing: o, Nonce: "n"})
	if err == nil && r.MessageID == "" {
		s.Error("a message without an id")
	}
	return err
}

func picture(s *stage, ctx context.Context) error {
	o := say("#general", "", "x")
	o.Body.Text = texts.Literal("look")
	o.Body.Image = &conversation.Image{Name: "a.png", Data: []byte("png")}
	return s.posts(ctx, o)
}

// TestSpoiltAnswers: whatever value of an answer is missing or of another type, the call ends in time, with an error that
// says of which kind it is or with none, and the next one works.
func TestSpoiltAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range answers {
		t.Run(c.method, func(t *testing.T) {
			t.Parallel()
			cfg := platform.Config{Limits: platform.Unlimited, Groups: map[string][]string{"leads": {"nigar"}}}
			onStage(t, cfg, nil, func(s *stage) {
				s.online()
				s.say("nigar", "I am here", "staff")
				s.must(s.end()) // nothing is received here
				memory := lookalike.Transport(s.l.Handler())
				spoiler := &adaptertest.Spoiler{Base: memory}
				running := s.a
				is := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/"+c.method) }
				spoiler.Each(s.T, is, func() func(context.Context) error {
					a, err := slack.New(slack.Config{
						BotToken: config.NewSecret(s.l.BotToken()), AppToken: config.NewSecret(s.l.AppToken()), APIURL: "http://slack.test/api",
						StaffChannels: []string{"#support"},
					}, slog.New(slog.DiscardHandler), slack.WithTransport(spoiler))
					s.must(err)
					s.a = a
					return func(ctx context.Context) error { return c.do(s, ctx) }
				})
				s.a = running
				memory.Wait()
			})
		})
	}
}

// TestSpoiltNames: who a person is may be told in any odd way; what they say comes all the same.
func TestSpoiltNames(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		info := `{"ok":true,"user":{"id":"U1","team_id":"T1","name":"ayla","deleted":false,"locale":"az-AZ","tz":"Asia/Baku","is_bot":false,
			"profile":{"display_name":"Ayla","real_name":"Ayla M"}}}`
		for i, m := range adaptertest.Mutants([]byte(info)) {
			h := newHTTPMode(t, "CDESK")
			h.api.answer("users.info", string(m.JSON))
			got := h.event(`{"type":"message","channel":"D1","user":"U1","text":"salam","ts":"` + fmt.Sprintf("1732250000.%06d", i) + `"}`)
			if len(got) != 1 || got[0].Text != "salam" || got[0].From.UserID != "U1" {
				t.Errorf("%s: kept %+v", m.Name, got)
			}
		}
	})
}

// TestSpoiltSockets: a socket's address may be told in any odd way once; the channel is at work soon after.
func TestSpoiltSockets(t *testing.T) {
	t.Parallel()
	address := `{"ok":true,"url":"wss://slack.test/link?ticket=x"}`
	for _, m := range adaptertest.Mutants([]byte(address)) {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			var spoiler *adaptertest.Spoiler
			onStage(t, platform.Config{}, func(s *stage) {
				spoiler = &adaptertest.Spoiler{Base: lookalike.Transport(s.l.Handler())}
				spoiler.Watch(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/apps.connections.open") })
				spoiler.Instead(m.JSON)
				s.opts = append(slices.Clone(s.opts), slack.WithTransport(spoiler))
				s.a = s.adapter()
			}, func(s *stage) {
				s.online()
				s.say("ayla", "salam", "")
				s.after(time.Minute)
				if got := s.inbox.texts(); !slices.Equal(got, []string{"salam"}) {
					s.Errorf("kept %q", got)
				}
				if n := s.l.Connected(); n != 2 {
					s.Errorf("%d connections stand", n)
				}
			})
		})
	}
}
