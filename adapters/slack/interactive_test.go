package slack_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/adapters/slack"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// press is a press of the button with the action, in a message.
func press(chat, action, value, more string) string {
	return `{"type":"block_actions","user":{"id":"U1","username":"ayla"},"trigger_id":"1.2.3","response_url":"` + hookURL + `",
		"channel":{"id":"` + chat + `"},"container":{"type":"message","message_ts":"` + ts1 + `","channel_id":"` + chat + `"` + more + `},
		"actions":[{"action_id":"` + action + `","value":` + quote(value) + `,"action_ts":"` + ts2 + `"}]}`
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // never: a string
	}
	return string(b)
}

func TestPresses(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t, "CDESK")
	one := func(payload string) conversation.Inbound {
		t.Helper()
		got := h.interaction(payload)
		if len(got) != 1 {
			t.Fatalf("got %d events of %s", len(got), payload)
		}
		return got[0]
	}
	in := one(press("D1", "p:tok", "", ""))
	if in.Kind != conversation.KindPress || in.Token != "tok" || in.Chat != "D1" || !in.Private || in.Staff || in.MessageID != ts1 ||
		in.From.UserID != "U1" || in.EventID == "" || len(in.Handle) == 0 || in.Thread != "" {
		t.Errorf("in a private chat: %+v", in)
	}
	in = one(press("CDESK", "p:tok2", "", `,"thread_ts":"`+ts2+`"`))
	if !in.Staff || in.Private || in.Thread != ts2 || in.Token != "tok2" {
		t.Errorf("at the desk: %+v", in)
	}
	in = one(press("CDESK", "p:tok3", "", `,"is_ephemeral":true`))
	if in.MessageID != "e:"+ts1 {
		t.Errorf("on what only one sees: %+v", in)
	}
	in = one(`{"type":"block_actions","user":{"id":"U1"},"trigger_id":"9","container":{"type":"view","view_id":"V1"},"view":{"id":"V1","type":"home"},
		"actions":[{"action_id":"p:tok4","action_ts":"` + ts2 + `"}]}`)
	if !in.Staff || in.Chat != "U1" || in.Token != "tok4" {
		t.Errorf("on the app's page: %+v", in)
	}
	in = one(`{"type":"block_actions","user":{"id":"U1"},"channel":{"id":"D1"},"message":{"ts":"` + ts1 + `"},
		"actions":[{"action_id":"s","type":"static_select","selected_option":{"value":"p:tok5"},"action_ts":"` + ts2 + `"}]}`)
	if in.Token != "tok5" {
		t.Errorf("a select: %+v", in)
	}
	for name, payload := range map[string]string{
		"a link":           press("D1", "u:a", "", ""),
		"not ours":         press("D1", "other", "", ""),
		"no person":        `{"type":"block_actions","channel":{"id":"D1"},"actions":[{"action_id":"p:x"}]}`,
		"nulls":            `{"type":"block_actions","user":null,"channel":null,"container":null,"actions":null}`,
		"wrong types":      `{"type":"block_actions","user":"U1","channel":["D1"],"container":7,"actions":{"a":1}}`,
		"another callback": `{"type":"view_submission","user":{"id":"U1"},"view":{"callback_id":"x","private_metadata":"{}"}}`,
		"a shortcut":       `{"type":"shortcut","user":{"id":"U1"}}`,
	} {
		if got := h.interaction(payload); len(got) != 0 {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// form is a button with a form.
func form(token string, value string) conversation.Button {
	return conversation.Button{Label: "Reply", Token: token, Form: &conversation.Form{Title: "Reply to the customer", Fields: []conversation.FormField{
		{Name: "text", Label: "Your reply", Value: value, Multiline: true}, {Name: "7:note", Label: "Note", MaxRunes: 10, Hint: "short"},
	}}}
}

// sentButton sends a button and answers its action_id and value as the platform got them.
func (h *httpMode) sentButton(b conversation.Button) (action, value string) {
	h.Helper()
	_, err := h.a.Send(h.Context(), conversation.Sending{Nonce: b.Token, Outgoing: conversation.Outgoing{
		To: conversation.Address{Chat: "CDESK"}, Body: conversation.Body{Text: texts.Literal("x"), Rows: [][]conversation.Button{{b}}},
	}})
	if err != nil {
		h.Fatal(err)
	}
	calls := h.api.of("chat.postMessage")
	blocks, _ := calls[len(calls)-1].JSON["blocks"].([]any)
	row, _ := blocks[len(blocks)-1].(map[string]any)
	elements, _ := row["elements"].([]any)
	element, _ := elements[0].(map[string]any)
	action, _ = element["action_id"].(string)
	value, _ = element["value"].(string)
	return action, value
}

// TestForms: a press of a button with a form opens it, also after a restart; what is sent comes with where it came from.
func TestForms(t *testing.T) {
	t.Parallel()
	for name, draft := range map[string]string{
		"short": "Salam", "long": strings.Repeat("çox uzun cavab ", 300), "too long to go along": noise(30_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHTTPMode(t, "CDESK")
			action, value := h.sentButton(form("tok", draft))
			if n := len([]rune(value)); n > 2000 {
				t.Fatalf("the button's value has %d characters", n)
			}
			opener := h
			if name != "too long to go along" {
				opener = newHTTPMode(t, "CDESK") // as after a restart
			}
			if got := opener.interaction(press("CDESK", action, value, `,"thread_ts":"`+ts2+`"`)); len(got) != 0 {
				t.Fatalf("the press was handed on: %+v", got)
			}
			opened := opener.api.of("views.open")
			if len(opened) != 1 || opened[0].JSON["trigger_id"] != "1.2.3" {
				t.Fatalf("opened %d views", len(opened))
			}
			view, _ := opened[0].JSON["view"].(map[string]any)
			metadata, _ := view["private_metadata"].(string)
			got := opener.interaction(`{"type":"view_submission","user":{"id":"U1"},"view":{"id":"V1","hash":"h1","callback_id":"` +
				view["callback_id"].(string) + `","private_metadata":` + quote(metadata) + `,"state":{"values":{
				"0:text":{"v":{"type":"plain_text_input","value":"Gəlirik <3"}},"1:7:note":{"v":{"value":null}}}}}}`)
			if len(got) != 1 {
				t.Fatalf("got %d events", len(got))
			}
			in := got[0]
			if in.Kind != conversation.KindForm || in.Token != "tok" || in.Chat != "CDESK" || in.Thread != ts2 || in.MessageID != ts1 || !in.Staff ||
				in.Values["text"] != "Gəlirik <3" || in.Values["7:note"] != "" || len(in.Values) != 2 || in.EventID != "form:V1:h1" {
				t.Errorf("got %+v", in)
			}
		})
	}
}

// noise is text that cannot be made shorter.
func noise(n int) string {
	var b strings.Builder
	for x := uint32(1); b.Len() < n; {
		x = x*1664525 + 1013904223
		b.WriteByte('a' + byte(x>>24)%26)
	}
	return b.String()
}

// TestFormThatDoesNotOpen: the press is handed on, so that the question can be asked in words. One that is open already
// is not asked twice.
func TestFormThatDoesNotOpen(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]int{"expired_trigger_id": 1, "internal_error": 1, "exchanged_trigger_id": 0} {
		h := newHTTPMode(t, "CDESK")
		action, value := h.sentButton(form("tok", ""))
		h.api.answer("views.open", `{"ok":false,"error":"`+code+`"}`)
		got := h.interaction(press("CDESK", action, value, ""))
		if len(got) != want {
			t.Errorf("%s: got %d events", code, len(got))
		}
		if want == 1 && got[0].Token != "tok" {
			t.Errorf("%s: got %+v", code, got[0])
		}
	}
	h := newHTTPMode(t, "CDESK")
	if got := h.interaction(press("CDESK", "f:tok", "z:nonsense", "")); len(got) != 1 || got[0].Token != "tok" {
		t.Errorf("a form that nobody remembers: %+v", got)
	}
}

// slashed is a command as the platform sends it.
func slashed(command, text, chat string) string {
	return url.Values{
		"command": {command}, "text": {text}, "channel_id": {chat}, "user_id": {"U1"}, "user_name": {"ayla"},
		"trigger_id": {"t." + command + text}, "response_url": {hookURL},
	}.Encode()
}

func TestCommands(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body              string
		chat, words, args string
		staff, private    bool
	}{
		"staff, anywhere":        {slashed("/rapport", "customer 7 &amp; more", "C9"), "C9", "rapport", "customer 7 & more", true, false},
		"staff, at the desk":     {slashed("/Balance", "", "CDESK"), "CDESK", "balance", "", true, false},
		"a customer":             {slashed("/balance", " last month ", "D1"), "D1", "balance", "last month", false, true},
		"in a chat with another": {slashed("/balance", "", "D7"), "D1", "balance", "", false, true},
		"in a channel":           {slashed("/help", "", "C9"), "C9", "help", "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHTTPMode(t, "CDESK")
			got := h.deliver(slack.CommandsPath, c.body)
			if len(got) != 1 {
				t.Fatalf("got %d events", len(got))
			}
			in := got[0]
			if in.Kind != conversation.KindMessage || in.Command != c.words || in.Args != c.args || in.Chat != c.chat ||
				in.Staff != c.staff || in.Private != c.private || len(in.Handle) == 0 || in.From.UserID != "U1" {
				t.Errorf("got %+v", in)
			}
		})
	}
}

// TestSignatures: only what the platform has signed within five minutes is looked at.
func TestSignatures(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t)
	body := `{"type":"event_callback","event_id":"E","event":{"type":"message","channel":"D1","user":"U1","text":"a","ts":"` + ts1 + `"}}`
	for name, spoil := range map[string]func(r *http.Request){
		"no signature":      func(r *http.Request) { r.Header.Del("X-Slack-Signature") },
		"no time":           func(r *http.Request) { r.Header.Del("X-Slack-Request-Timestamp") },
		"another signature": func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v0="+strings.Repeat("ab", 32)) },
		"another form":      func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v1=ab") },
		"another time": func(r *http.Request) {
			r.Header.Set("X-Slack-Request-Timestamp", request(r.URL.Path, "", time.Now().Add(time.Second*7)).Header.Get("X-Slack-Request-Timestamp"))
		},
		"another body": func(r *http.Request) { r.Body = request(r.URL.Path, body+" ", time.Now()).Body },
		"too old":      func(r *http.Request) { *r = *request(r.URL.Path, body, time.Now().Add(-6*time.Minute)) },
		"from later":   func(r *http.Request) { *r = *request(r.URL.Path, body, time.Now().Add(6*time.Minute)) },
	} {
		for _, path := range []string{slack.EventsPath, slack.InteractivePath, slack.CommandsPath} {
			r := request(path, body, time.Now())
			spoil(r)
			if w := h.serve(r); w.Code != http.StatusUnauthorized {
				t.Errorf("%s at %s: answered %d", name, path, w.Code)
			}
		}
	}
	if n := len(h.inbox.all()); n != 0 {
		t.Errorf("%d events were kept", n)
	}
	if w := h.serve(request(slack.EventsPath, strings.Repeat(" ", 5<<20), time.Now())); w.Code != http.StatusBadRequest {
		t.Errorf("too large: answered %d", w.Code)
	}
	w := h.serve(request(slack.EventsPath, `{"type":"url_verification","challenge":"abc"}`, time.Now()))
	if w.Code != http.StatusOK || w.Body.String() != "abc" {
		t.Errorf("url_verification: answered %d %q", w.Code, w.Body)
	}
}

// TestHeldBack: the platform tells over HTTP that it holds events back; that is taken, and said to the operator.
func TestHeldBack(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t)
	body := `{"token":"t","type":"app_rate_limited","team_id":"T1","minute_rate_limited":1518467820,"api_app_id":"A1"}`
	if w := h.serve(request(slack.EventsPath, body, time.Now())); w.Code != http.StatusOK || !strings.Contains(h.logged.String(), "holds events back") {
		t.Errorf("answered %d, logged %s", w.Code, h.logged)
	}
}

// TestWhatComesAgainIsOne: a payload that comes again, whatever its envelope, is the same event; another press of the same
// button is another one.
func TestWhatComesAgainIsOne(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t, "CDESK")
	again := strings.Replace(press("D1", "p:tok", "", ""), ts2, "1732249999.000001", 1)
	form := `{"type":"view_submission","user":{"id":"U1"},"view":{"id":"V1","hash":"h1","callback_id":"rapport-form",
		"private_metadata":"{\"t\":\"tok\",\"c\":\"D1\"}","state":{"values":{"0:text":{"v":{"value":"x"}}}}}}`
	for _, payload := range []string{press("D1", "p:tok", "", ""), press("D1", "p:tok", "", ""), again, form, form} {
		body := url.Values{"payload": {payload}}.Encode()
		if w := h.serve(request(slack.InteractivePath, body, time.Now())); w.Code != http.StatusOK {
			t.Fatalf("answered %d", w.Code)
		}
	}
	for range 2 {
		if w := h.serve(request(slack.CommandsPath, slashed("/help", "", "D1"), time.Now())); w.Code != http.StatusOK {
			t.Fatalf("answered %d", w.Code)
		}
	}
	if got := h.inbox.all(); len(got) != 4 {
		t.Errorf("kept %+v", got)
	}
}

// TestNothingIsConfirmedUnkept: an event is left to be sent again; of what comes once the person reads that it failed, and
// then it does not count later either.
func TestNothingIsConfirmedUnkept(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t)
	body := `{"type":"event_callback","event_id":"E","event":{"type":"message","channel":"D1","user":"U1","text":"a","ts":"` + ts1 + `"}}`
	pressed := url.Values{"payload": {press("D1", "p:tok", "", "")}}.Encode()
	for path, body := range map[string]string{
		slack.EventsPath: body, slack.CommandsPath: slashed("/help", "", "D1"), slack.InteractivePath: pressed,
	} {
		h.inbox.refuse(1000)
		if w := h.serve(request(path, body, time.Now())); w.Code != http.StatusInternalServerError {
			t.Errorf("%s: not kept, and answered %d", path, w.Code)
		}
	}
	h.inbox.refuse(1)
	if w := h.serve(request(slack.EventsPath, body, time.Now())); w.Code != http.StatusOK {
		t.Errorf("sent again: answered %d", w.Code)
	}
	if err := h.a.Close(); err != nil {
		t.Fatal(err)
	}
	if got := h.inbox.all(); len(got) != 1 || got[0].Text != "a" {
		t.Errorf("kept %+v", got)
	}
	if !strings.Contains(h.logged.String(), "the person reads that it failed") {
		t.Error("the log does not say so")
	}
}
