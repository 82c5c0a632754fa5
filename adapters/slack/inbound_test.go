package slack_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

const (
	ts1 = "1732241234.000100"
	ts2 = "1732241300.000200"
)

// TestEvents reads what the platform tells, one event at a time.
func TestEvents(t *testing.T) {
	t.Parallel()
	in := func(kind conversation.Kind, chat, thread, event, message, text string, change func(*conversation.Inbound)) *conversation.Inbound {
		out := &conversation.Inbound{
			Address: conversation.Address{Channel: "slack", Account: "slack:T1-UBOT", Chat: chat, Thread: thread},
			EventID: event, Kind: kind, MessageID: message, Text: text,
			From: conversation.Sender{UserID: "U1", Name: "Ayla", Locale: "ru-RU"},
		}
		if change != nil {
			change(out)
		}
		return out
	}
	private := func(i *conversation.Inbound) { i.Private = true }
	mentioned := func(i *conversation.Inbound) { i.Mentioned = true }
	staff := func(i *conversation.Inbound) { i.Staff = true }
	for name, c := range map[string]struct {
		event string
		want  *conversation.Inbound
	}{
		"direct message": {
			`{"type":"message","channel":"D1","channel_type":"im","user":"U1","text":"salam","ts":"` + ts1 + `"}`,
			in("message", "D1", "", "message:D1:"+ts1, ts1, "salam", private),
		},
		"in a thread": {
			`{"type":"message","channel":"D1","user":"U1","text":"bəli","ts":"` + ts2 + `","thread_ts":"` + ts1 + `"}`,
			in("message", "D1", ts1, "message:D1:"+ts2, ts2, "bəli", private),
		},
		"the root of a thread": {
			`{"type":"message","channel":"D1","user":"U1","text":"x","ts":"` + ts1 + `","thread_ts":"` + ts1 + `"}`,
			in("message", "D1", "", "message:D1:"+ts1, ts1, "x", private),
		},
		"not to the bot": {event: `{"type":"message","channel":"C9","user":"U1","text":"hi all","ts":"` + ts1 + `"}`},
		"a mention": {
			`{"type":"message","channel":"C9","user":"U1","text":"<@UBOT> are you open &amp; free?","ts":"` + ts1 + `"}`,
			in("message", "C9", "", "message:C9:"+ts1, ts1, "are you open & free?", mentioned),
		},
		"the same mention once more": {
			`{"type":"app_mention","channel":"C9","user":"U1","text":"<@UBOT> are you open","ts":"` + ts1 + `"}`,
			in("message", "C9", "", "message:C9:"+ts1, ts1, "are you open", mentioned),
		},
		"staff": {
			`{"type":"message","channel":"CDESK","user":"U1","text":"&gt;&gt; on its way","ts":"` + ts2 + `","thread_ts":"` + ts1 + `"}`,
			in("message", "CDESK", ts1, "message:CDESK:"+ts2, ts2, ">> on its way", staff),
		},
		"staff edit": {
			`{"type":"message","subtype":"message_changed","channel":"CDESK","message":{"user":"U1","text":"new","ts":"` + ts2 + `","thread_ts":"` + ts1 +
				`","edited":{"user":"U1","ts":"` + ts2 + `"}},"previous_message":{"text":"old"},"ts":"1"}`,
			in("edit", "CDESK", ts1, "edit:CDESK:"+ts2+":"+ts2, ts2, "new", staff),
		},
		"a preview was added": {event: `{"type":"message","subtype":"message_changed","channel":"D1","message":{"user":"U1","text":"a","ts":"` + ts1 +
			`"},"previous_message":{"text":"a"}}`},
		"staff deletion": {
			`{"type":"message","subtype":"message_deleted","channel":"CDESK","deleted_ts":"` + ts2 + `","previous_message":{"user":"U1","text":"x","ts":"` + ts2 +
				`","thread_ts":"` + ts1 + `"},"event_ts":"` + ts2 + `"}`,
			in("delete", "CDESK", ts1, "deleted:CDESK:"+ts2, ts2, "", staff),
		},
		"the first message of a thread is deleted": {
			`{"type":"message","subtype":"message_changed","channel":"CDESK","message":{"subtype":"tombstone","user":"USLACKBOT","ts":"` + ts1 +
				`"},"previous_message":{"user":"U1","ts":"` + ts1 + `","thread_ts":"` + ts1 + `"}}`,
			in("delete", "CDESK", "", "deleted:CDESK:"+ts1, ts1, "", staff),
		},
		"our own":       {event: `{"type":"message","channel":"CDESK","user":"UBOT","text":"me","ts":"` + ts1 + `"}`},
		"another bot's": {event: `{"type":"message","channel":"CDESK","user":"U5","bot_id":"B5","text":"beep","ts":"` + ts1 + `"}`},
		"our own edit":  {event: `{"type":"message","subtype":"message_changed","channel":"CDESK","message":{"user":"UBOT","text":"a","ts":"` + ts1 + `","edited":{"ts":"1"}}}`},
		"somebody came": {event: `{"type":"message","subtype":"channel_join","channel":"CDESK","user":"U1","text":"joined","ts":"` + ts1 + `"}`},
		"also sent to the channel": {
			`{"type":"message","subtype":"thread_broadcast","channel":"CDESK","user":"U1","text":"x","ts":"` + ts2 + `","thread_ts":"` + ts1 + `"}`,
			in("message", "CDESK", ts1, "message:CDESK:"+ts2, ts2, "x", staff),
		},
		"files": {
			`{"type":"message","subtype":"file_share","channel":"D1","user":"U1","text":"","ts":"` + ts1 + `","files":[
				{"id":"F1","name":"a.png","mimetype":"image/png","size":12,"url_private_download":"https://files.slack.com/a.png"},
				{"id":"F2","name":"v","mimetype":"audio/webm","subtype":"slack_audio","url_private":"https://files.slack.com/v"},
				{"id":"F3","title":"doc","mimetype":"application/pdf"}, null, 7]}`,
			in("message", "D1", "", "message:D1:"+ts1, ts1, "", func(i *conversation.Inbound) {
				i.Private = true
				i.Attachments = []conversation.Attachment{
					{Kind: "photo", File: "F1 https://files.slack.com/a.png", Name: "a.png", Size: 12},
					{Kind: "voice", File: "F2 https://files.slack.com/v", Name: "v"},
					{Kind: "file", File: "F3", Name: "doc"},
					{Kind: "file"},
					{Kind: "file"},
				}
			}),
		},
		"a command typed as text": {
			`{"type":"message","channel":"D1","user":"U1","text":"/Balance last month","ts":"` + ts1 + `"}`,
			in("message", "D1", "", "message:D1:"+ts1, ts1, "/Balance last month", func(i *conversation.Inbound) {
				i.Private, i.Command, i.Args = true, "balance", "last month"
			}),
		},
		"home": {
			`{"type":"app_home_opened","user":"U1","channel":"D1","tab":"home","event_ts":"` + ts1 + `"}`,
			in("home", "U1", "", "Ev1", "", "", staff),
		},
		"the messages of the app": {event: `{"type":"app_home_opened","user":"U1","channel":"D1","tab":"messages"}`},
		"a kind that came later":  {event: `{"type":"canvas_waved","user":"U1"}`},
		"nothing":                 {event: `null`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHTTPMode(t, "CDESK")
			got := h.event(c.event)
			if c.want == nil {
				if len(got) != 0 {
					t.Fatalf("got %+v, want nothing", got)
				}
				return
			}
			if len(got) != 1 {
				t.Fatalf("got %d events", len(got))
			}
			if got[0].At.IsZero() || got[0].At.After(time.Now().Add(time.Minute)) {
				t.Errorf("At is %s", got[0].At)
			}
			got[0].At = time.Time{}
			if !reflect.DeepEqual(got[0], *c.want) {
				t.Errorf("got  %+v\nwant %+v", got[0], *c.want)
			}
		})
	}
}

// TestTexts reads texts as people do.
func TestTexts(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t)
	for raw, want := range map[string]string{
		"a &amp; b &lt; c &gt; d":                       "a & b < c > d",
		"&amp;lt; is escaped once":                      "&lt; is escaped once",
		"&lt;@U123&gt; &lt;!channel&gt;":                "<@U123> <!channel>",
		"<@U2|ali> and <@U1>":                           "@ali and @Ayla",
		"<#C2|general> <#C3>":                           "#general #C3",
		"<!channel> <!here|here> <!subteam^S1|@care>":   "@channel @here @care",
		"<https://example.com/?a=1&amp;b=2>":            "https://example.com/?a=1&b=2",
		"<http://example.com|example.com>":              "example.com",
		"<https://example.com|the shop>":                "the shop (https://example.com)",
		"<mailto:a@b.example|a@b.example> <tel:+99412>": "a@b.example +99412",
		"<!date^1392734382^{date}|18 Feb>":              "18 Feb",
		"a < b and c > d":                               "a < b and c > d",
		"<unknown> <":                                   "<unknown> <",
		"<<https://example.com>>":                       "<https://example.com>",
		"&lt;<https://example.com>|click&gt;":           "<https://example.com|click>",
		"*not* _markup_ ~here~":                         "*not* _markup_ ~here~",
	} {
		ts := "1732241234." + strings.Repeat("0", 6)
		h.inbox = &inbox{}
		h.routes = h.a.Routes(h.inbox)
		quoted := strings.NewReplacer(`"`, `\"`).Replace(raw)
		got := h.event(`{"type":"message","channel":"D1","user":"U1","text":"` + quoted + `","ts":"` + ts + `"}`)
		if len(got) != 1 || got[0].Text != want {
			t.Errorf("%q: got %q, want %q", raw, h.inbox.texts(), want)
		}
	}
}

// TestChatterAsksNobody: what is said among others costs no call.
func TestChatterAsksNobody(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t)
	if got := h.event(`{"type":"message","channel":"C9","user":"U1","text":"<@U2> look","ts":"` + ts1 + `"}`); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	if n := len(h.api.of("users.info")); n != 0 {
		t.Errorf("asked %d times for names", n)
	}
}

// TestBrokenEvents: what cannot be understood is kept with what can be read of it.
func TestBrokenEvents(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t)
	got := h.event(`{"type":"message","channel":"D1","user":"U1","text":"salam","ts":{"not":"a time"}}`)
	if len(got) != 1 || got[0].Kind != conversation.KindBroken || got[0].From.UserID != "U1" || got[0].Chat != "D1" ||
		got[0].EventID != "Ev1" || len(got[0].Raw) == 0 {
		t.Errorf("got %+v", got)
	}
}

// TestNamesAreRemembered: one question for a person, and none for a while when nobody answers.
func TestNamesAreRemembered(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"answered": `{"ok":true,"user":{"real_name":"Ayla"}}`,
		"refused":  `{"ok":false,"error":"missing_scope"}`,
		"nonsense": `{"ok":true,"user":[1,2]}`,
		"limited":  `{"ok":false,"error":"ratelimited"}`,
	} {
		h := newHTTPMode(t)
		h.api.answer("users.info", answer)
		for _, ts := range []string{ts1, ts2} {
			if got := h.event(`{"type":"message","channel":"D1","user":"U1","text":"a","ts":"` + ts + `"}`); len(got) != 1 {
				t.Fatalf("%s: got %d events", name, len(got))
			}
		}
		if n := len(h.api.of("users.info")); n != 1 {
			t.Errorf("%s: asked %d times", name, n)
		}
	}
}
