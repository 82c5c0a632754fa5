package slack_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/adapters/slack"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// TestRefusals maps every error string that has a meaning of its own.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for kind, codes := range map[conversation.ErrorKind][]string{
		conversation.PersonGone: {"user_disabled", "user_not_found"},
		conversation.PersonUnreachable: {
			"channel_not_found", "not_in_channel", "is_archived", "user_not_visible", "messages_tab_disabled", "restricted_action",
			"restricted_action_read_only_channel", "restricted_action_thread_locked", "restricted_action_of_tomorrow", "cannot_dm_bot",
		},
		conversation.OurCredentials: {
			"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type", "missing_scope",
		},
		conversation.OurPayload: {
			"no_text", "invalid_blocks", "msg_blocks_too_long", "msg_too_long", "cannot_reply_to_message", "invalid_arguments", "unknown_method",
			"something_new",
		},
		conversation.RateLimited:    {"ratelimited", "rate_limited", "message_limit_exceeded"},
		conversation.Temporary:      {"service_unavailable", "team_added_to_org", "request_timeout"},
		conversation.OutcomeUnknown: {"internal_error", "fatal_error"},
	} {
		for _, code := range codes {
			t.Run(code, func(t *testing.T) {
				t.Parallel()
				h := newHTTPMode(t)
				h.api.answer("chat.postMessage", `{"ok":false,"error":"`+code+`"}`)
				_, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: say("C1", "", "hello")})
				var se *conversation.SendError
				if !errors.As(err, &se) || se.Kind != kind || se.Code == "" {
					t.Fatalf("got %v, want %s", err, kind)
				}
				if kind == conversation.RateLimited && se.RetryAfter <= 0 {
					t.Error("no wait is named")
				}
			})
		}
	}
}

// TestStatuses maps answers that are not the API's own words.
func TestStatuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   conversation.ErrorKind
	}{
		"429":              {429, `{"ok":false,"error":"ratelimited"}`, conversation.RateLimited},
		"429 by a proxy":   {429, `slow down`, conversation.RateLimited},
		"500":              {500, `{"ok":false,"error":"internal_error"}`, conversation.Temporary},
		"503":              {503, `<html>`, conversation.Temporary},
		"502":              {502, `<html>`, conversation.Temporary},
		"504":              {504, ``, conversation.Temporary},
		"401":              {401, `{}`, conversation.OurCredentials},
		"413":              {413, ``, conversation.OurPayload},
		"a login page":     {200, `<html>`, conversation.Temporary},
		"null":             {200, `null`, conversation.Temporary},
		"ok without a ts":  {200, `{"ok":true}`, conversation.OutcomeUnknown},
		"ok of wrong type": {200, `{"ok":"yes","ts":7}`, conversation.OurPayload},
		"words in error":   {200, `{"ok":false,"error":"The word Ayla typed"}`, conversation.OurPayload},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHTTPMode(t)
			h.api.answer("chat.postMessage", c.body)
			h.api.status["chat.postMessage"] = c.status
			h.api.header.Set("Retry-After", "30")
			_, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: say("C1", "", "hello")})
			var se *conversation.SendError
			if !errors.As(err, &se) || se.Kind != c.want || se.Code == "" {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if c.want == conversation.RateLimited && se.RetryAfter != 30*time.Second {
				t.Errorf("the wait is %s", se.RetryAfter)
			}
			if strings.Contains(err.Error(), "Ayla") || strings.Contains(err.Error(), "html") {
				t.Errorf("the error repeats what was answered: %v", err)
			}
		})
	}
}

// TestClosedAccount: a private chat that is refused is looked behind.
func TestClosedAccount(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t)
	h.api.answer("chat.postMessage", `{"ok":false,"error":"is_archived"}`)
	h.api.answer("conversations.info", `{"ok":true,"channel":{"id":"D1","user":"U1"}}`)
	h.api.answer("conversations.open", `{"ok":false,"error":"user_disabled"}`)
	_, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: say("D1", "", "hello")})
	if conversation.KindOf(err) != conversation.PersonGone {
		t.Errorf("got %v", err)
	}
}

// TestPlaces: names are looked up page by page and remembered, people have their chat opened, and nonsense is refused
// before anybody is asked.
func TestPlaces(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t)
	first := `{"ok":true,"channels":[null,{"id":7},{"id":"C1","name":"one"}],"response_metadata":{"next_cursor":"next="}}`
	second := `{"ok":true,"channels":[{"id":"C2","name":"Two"},{"id":"C3","name":"old","is_archived":true}],"response_metadata":null}`
	h.api.answer("conversations.list", first, second, first, second)
	for range 2 {
		for name, want := range map[string]string{"#one": "C1", "#two": "C2", "U1": "D1", "C9": "C9"} {
			r, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: say(name, "", "hello")})
			calls := h.api.of("chat.postMessage")
			if err != nil || r.Chat != want || calls[len(calls)-1].JSON["channel"] != want {
				t.Errorf("%s: went to %v, receipt %+v: %v", name, calls[len(calls)-1].JSON["channel"], r, err)
			}
		}
	}
	if n := len(h.api.of("conversations.list")); n != 2 {
		t.Errorf("the list was read %d times", n)
	}
	if got := h.api.of("conversations.list")[1].Form.Get("cursor"); got != "next=" {
		t.Errorf("the second page was asked for by %q", got)
	}
	if n := len(h.api.of("conversations.open")); n != 1 {
		t.Errorf("a chat was opened %d times", n)
	}
	for _, name := range []string{"#old", "#nowhere"} {
		_, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: say(name, "", "hello")})
		if conversation.KindOf(err) != conversation.PersonUnreachable {
			t.Errorf("%s: got %v", name, err)
		}
	}
	before := len(h.api.of("chat.postMessage"))
	for _, name := range []string{"", "#", "one", "c1", "../C1", "C1 C2", "https://example.com"} {
		_, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: say(name, "", "hello")})
		if conversation.KindOf(err) != conversation.OurPayload {
			t.Errorf("%q: got %v", name, err)
		}
	}
	if len(h.api.of("chat.postMessage")) != before {
		t.Error("nonsense was sent")
	}
}

// TestPlainServer: a server that does not know rich text, or does not like a picture, still gets the words.
func TestPlainServer(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t)
	refused := `{"ok":false,"error":"invalid_blocks"}`
	h.api.answer("chat.postMessage", refused, refused, `{"ok":true,"ts":"`+ts1+`"}`)
	o := say("C1", "", strings.Repeat("A sentence. ", 300))
	o.Body.Text = o.Body.Text.Append(texts.Link("the shop", "https://example.com/a"))
	o.Body.Image = &conversation.Image{URL: "https://example.com/a.png"}
	if _, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: o}); err != nil {
		t.Fatal(err)
	}
	calls := h.api.of("chat.postMessage")
	if raw := calls[0].raw(); !strings.Contains(raw, `"image_url":"https://example.com/a.png"`) || !strings.Contains(raw, `"rich_text"`) {
		t.Errorf("first: %.200s", raw)
	}
	raw := calls[2].raw()
	if strings.Contains(raw, "rich_text") || strings.Contains(raw, "image_url") || strings.Count(raw, `"section"`) != 2 ||
		!strings.Contains(raw, "the shop (https://example.com/a)") || strings.Contains(raw, `"mrkdwn"`) {
		t.Errorf("last: %s", raw)
	}
}

// TestButtons: lines, labels, links and more buttons than a line takes.
func TestButtons(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t)
	var many []conversation.Button
	for i := range 60 {
		many = append(many, button(strconv.Itoa(i), "tok-"+strconv.Itoa(i)))
	}
	rows := [][]conversation.Button{
		many,
		{button("twice", "tok-1"), {Label: "Shop", URL: "https://example.com/?a=1&b=2"}, {Label: "Bad", URL: "javascript:alert(1)"}},
		{{Label: strings.Repeat("ə", 200), Token: "long", Style: "danger"}, {Label: "", Token: "none", Style: "primary"}},
	}
	if _, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: say("C1", "", "Choose", rows...)}); err != nil {
		t.Fatal(err)
	}
	blocks, _ := h.api.of("chat.postMessage")[0].JSON["blocks"].([]any)
	var sizes []int
	seen := map[string]bool{}
	for _, b := range blocks {
		block, _ := b.(map[string]any)
		if block["type"] != "actions" {
			continue
		}
		elements, _ := block["elements"].([]any)
		sizes = append(sizes, len(elements))
		for _, e := range elements {
			element, _ := e.(map[string]any)
			id, _ := element["action_id"].(string)
			words, _ := element["text"].(map[string]any)
			label, _ := words["text"].(string)
			if id == "" || seen[id] || label == "" || len([]rune(label)) > 75 || words["type"] != "plain_text" {
				t.Errorf("a button: %v", element)
			}
			seen[id] = true
		}
	}
	if len(sizes) != 5 || sizes[0] != 25 || sizes[1] != 25 || sizes[2] != 10 || sizes[3] != 1 || sizes[4] != 2 {
		t.Errorf("the lines have %v buttons", sizes)
	}
	if raw := h.api.of("chat.postMessage")[0].raw(); !strings.Contains(raw, "Bad: javascript:alert(1)") {
		t.Error("an address that cannot be a button is not in the text")
	}
	_, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: say("C1", "", "x", []conversation.Button{button("a", strings.Repeat("x", 254))})})
	if conversation.KindOf(err) != conversation.OurPayload {
		t.Errorf("a token that is too long: %v", err)
	}
}

// TestTokensStayHome: the token and files go nowhere but to the platform, whatever an event or an answer names.
func TestTokensStayHome(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t)
	for _, address := range []string{
		"https://evil.example/f", "http://files.slack.com/f", "https://files.slack.com.evil.example/f", "https://slack.com@evil.example/f",
		"https://evilslack.com/f", "https://files.slack.com:8443/f", "file:///etc/passwd", "//files.slack.com/f", "",
	} {
		before := len(h.api.calls)
		if _, err := h.a.Fetch(t.Context(), "x "+address, 10); err == nil || len(h.api.calls) != before {
			t.Errorf("%q was asked for: %v", address, err)
		}
	}
	if _, err := h.a.Fetch(t.Context(), "F1 https://files.slack.com/f", 100); err != nil {
		t.Error(err)
	}
	if c := h.api.of("f")[0]; c.Auth != "Bearer "+botToken {
		t.Error("without the token a file cannot be read")
	}
	h.api.answer("files.getUploadURLExternal", `{"ok":true,"file_id":"F1","upload_url":"https://evil.example/up"}`)
	o := say("C1", "", "")
	o.Body.Document = &conversation.Document{Name: "a.txt", Data: []byte("secret")}
	if _, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: o}); err == nil || len(h.api.of("up")) != 0 {
		t.Errorf("a file was sent elsewhere: %v", err)
	}
	h.api.answer("files.getUploadURLExternal", `{"ok":true,"file_id":"F1","upload_url":"https://files.slack.com/up"}`)
	r, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: o})
	if err != nil || r.MessageID != "F1" || h.api.of("up")[0].Auth != "" {
		t.Errorf("upload: receipt %+v: %v", r, err)
	}
	o.Body = conversation.Body{Kind: conversation.BodyDelete}
	if _, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: o, MessageID: "F1"}); err != nil || len(h.api.of("files.delete")) != 1 {
		t.Errorf("delete a file: %v", err)
	}
}

// errReset is what a transport answers for a call whose address is a secret.
type errReset struct{}

func (errReset) Error() string { return "connection reset" }

// TestHandleIsASecret: the address that an interaction lends shows in no error, and is no longer used after five times.
func TestHandleIsASecret(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t, "CDESK")
	in := h.deliver(slack.CommandsPath, slashed("/rapport", "help", "CDESK"))[0]
	o := say("CDESK", "", "only for you")
	o.Handle, o.Body.OnlyFor = in.Handle, "U1"
	h.api.fail["adapterTestsHook"] = errReset{}
	_, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: o})
	if err == nil || strings.Contains(err.Error(), "hooks.slack.com") || strings.Contains(err.Error(), "adapterTestsHook") {
		t.Errorf("got %v", err)
	}
	delete(h.api.fail, "adapterTestsHook")
	h.api.answer("adapterTestsHook", "ok")
	h.api.answer("chat.postEphemeral", `{"ok":true,"message_ts":"`+ts2+`"}`)
	for i := range 6 {
		r, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: o})
		if err != nil || !strings.HasPrefix(r.MessageID, "e:") {
			t.Fatalf("%d: receipt %+v: %v", i, r, err)
		}
	}
	if n := len(h.api.of("adapterTestsHook")); n != 5 {
		t.Errorf("used %d times", n)
	}
	if c := h.api.of("adapterTestsHook")[0]; c.Auth != "" {
		t.Error("the token went along")
	}
	if n := len(h.api.of("chat.postEphemeral")); n != 2 {
		t.Errorf("the rest went %d times as a post", n)
	}
	elsewhere := h.deliver(slack.CommandsPath, strings.ReplaceAll(slashed("/rapport", "x", "CDESK"), "hooks.slack.com", "evil.example"))[0]
	if len(elsewhere.Handle) != 0 {
		t.Error("an address that is not the platform's was taken")
	}
}

// TestCommandWhereTheAppIsNot: the answer goes by what the command lent.
func TestCommandWhereTheAppIsNot(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t)
	in := h.deliver(slack.CommandsPath, slashed("/rapport", "help", "C9"))[0]
	h.api.answer("chat.postMessage", `{"ok":false,"error":"not_in_channel"}`)
	h.api.answer("adapterTestsHook", "ok")
	o := say(in.Chat, "", "this helps")
	o.Handle = in.Handle
	r, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: o})
	if err != nil || !strings.HasPrefix(r.MessageID, "e:") || len(h.api.of("adapterTestsHook")) != 1 {
		t.Errorf("receipt %+v: %v", r, err)
	}
}

// TestDeadline: a call that the platform does not answer in time may have been carried out.
func TestDeadline(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t)
	h.api.fail["chat.postMessage"] = context.DeadlineExceeded
	_, err := h.a.Send(t.Context(), conversation.Sending{Outgoing: say("C1", "", "hello")})
	if conversation.KindOf(err) != conversation.OutcomeUnknown {
		t.Errorf("a message: got %v", err)
	}
	h.api.fail["chat.update"] = context.DeadlineExceeded
	edit := say("C1", "", "hello")
	edit.Body.Kind = conversation.BodyEdit
	_, err = h.a.Send(t.Context(), conversation.Sending{Outgoing: edit, MessageID: ts1})
	if conversation.KindOf(err) != conversation.Temporary {
		t.Errorf("an edit can be made again: got %v", err)
	}
}

// TestRoutesOnlyInHTTPMode keeps the doors shut that nobody needs.
func TestRoutesOnlyInHTTPMode(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t)
	for _, path := range []string{slack.EventsPath, slack.InteractivePath, slack.CommandsPath} {
		if h.routes[http.MethodPost+" "+path] == nil {
			t.Errorf("no route for %s", path)
		}
	}
}
