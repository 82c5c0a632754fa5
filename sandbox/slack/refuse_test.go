package slack_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/slack"
)

func plain(text string) obj { return obj{"type": "plain_text", "text": text} }

func section(text string) obj {
	return obj{"type": "section", "text": obj{"type": "mrkdwn", "text": text}}
}

func button(id, label, value string) obj {
	return obj{"type": "button", "action_id": id, "text": plain(label), "value": value}
}

func actions(elements ...obj) obj { return obj{"type": "actions", "elements": elements} }

func repeat(n int, b obj) []obj {
	out := make([]obj, n)
	for i := range out {
		out[i] = b
	}
	return out
}

// TestRefusals: what Slack refuses is refused, with its word for it and status 200.
func TestRefusals(t *testing.T) {
	t.Parallel()
	l := open(t, slack.Config{Limits: slack.Unlimited, Channels: []string{"#support", "care", "old"}})
	a := inMemory(t, l)
	l.Archive("old")
	l.AddChannel("elsewhere")
	dm := l.Direct("ayla")
	gone := l.Person("gone")
	if err := l.Block(t.Context(), "gone"); err != nil {
		t.Fatal(err)
	}
	typed, err := l.Say(t.Context(), lookalike.Say{As: "ayla", Text: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	ts := a.call("chat.postMessage", obj{"channel": dm, "text": "ours"}).TS
	blocks := func(b ...obj) obj { return obj{"channel": dm, "text": "x", "blocks": b} }
	long := strings.Repeat("ə", 3001)
	many := make([]obj, 26)
	for i := range many {
		many[i] = button(strings.Repeat("a", i+1), "b", "")
	}
	for name, c := range map[string]struct {
		method string
		params obj
		want   string
	}{
		"unknown method":         {"chat.shout", nil, "unknown_method"},
		"unknown channel":        {"chat.postMessage", obj{"channel": "C123", "text": "x"}, "channel_not_found"},
		"unknown name":           {"chat.postMessage", obj{"channel": "#nowhere", "text": "x"}, "channel_not_found"},
		"not in channel":         {"chat.postMessage", obj{"channel": "#elsewhere", "text": "x"}, "not_in_channel"},
		"archived":               {"chat.postMessage", obj{"channel": "old", "text": "x"}, "is_archived"},
		"deactivated direct":     {"chat.postMessage", obj{"channel": l.Direct("gone"), "text": "x"}, "is_archived"},
		"deactivated":            {"conversations.open", obj{"users": gone.ID}, "user_disabled"},
		"nobody":                 {"conversations.open", obj{"users": "U123456"}, "user_not_found"},
		"nobody's info":          {"users.info", obj{"user": "U123456"}, "user_not_found"},
		"no text":                {"chat.postMessage", obj{"channel": dm, "text": " "}, "no_text"},
		"broken blocks":          {"chat.postMessage", obj{"channel": dm, "blocks": "{"}, "invalid_blocks_format"},
		"unknown block":          {"chat.postMessage", blocks(obj{"type": "poem"}), "invalid_blocks"},
		"unknown field":          {"chat.postMessage", blocks(obj{"type": "divider", "colour": "red"}), "invalid_blocks"},
		"51 blocks":              {"chat.postMessage", blocks(repeat(51, obj{"type": "divider"})...), "invalid_blocks"},
		"long section":           {"chat.postMessage", blocks(section(long)), "invalid_blocks"},
		"empty section":          {"chat.postMessage", blocks(section("")), "invalid_blocks"},
		"long header":            {"chat.postMessage", blocks(obj{"type": "header", "text": plain(long[:302])}), "invalid_blocks"},
		"mrkdwn header":          {"chat.postMessage", blocks(obj{"type": "header", "text": obj{"type": "mrkdwn", "text": "x"}}), "invalid_blocks"},
		"no buttons":             {"chat.postMessage", blocks(actions()), "invalid_blocks"},
		"26 buttons":             {"chat.postMessage", blocks(actions(many...)), "invalid_blocks"},
		"long label":             {"chat.postMessage", blocks(actions(button("a", strings.Repeat("x", 76), ""))), "invalid_blocks"},
		"long value":             {"chat.postMessage", blocks(actions(button("a", "x", strings.Repeat("x", 2001)))), "invalid_blocks"},
		"long action id":         {"chat.postMessage", blocks(actions(button(strings.Repeat("x", 256), "x", ""))), "invalid_blocks"},
		"action id twice":        {"chat.postMessage", blocks(actions(button("a", "x", ""), button("a", "y", ""))), "invalid_blocks"},
		"wrong style":            {"chat.postMessage", blocks(actions(obj{"type": "button", "text": plain("x"), "style": "secondary"})), "invalid_blocks"},
		"long block id":          {"chat.postMessage", blocks(obj{"type": "divider", "block_id": strings.Repeat("x", 256)}), "invalid_blocks"},
		"block id twice":         {"chat.postMessage", blocks(repeat(2, obj{"type": "divider", "block_id": "x"})...), "invalid_blocks"},
		"picture without words":  {"chat.postMessage", blocks(obj{"type": "image", "image_url": "https://a.test/b.png"}), "invalid_blocks"},
		"picture without host":   {"chat.postMessage", blocks(obj{"type": "image", "image_url": "b.png", "alt_text": "x"}), "invalid_blocks"},
		"too much of it":         {"chat.postMessage", blocks(repeat(5, section(long[:5800]))...), "msg_blocks_too_long"},
		"bad thread":             {"chat.postMessage", obj{"channel": dm, "text": "x", "thread_ts": "first"}, "invalid_thread_ts"},
		"long update":            {"chat.update", obj{"channel": dm, "ts": ts, "text": strings.Repeat("x", 4001)}, "msg_too_long"},
		"update of another's":    {"chat.update", obj{"channel": dm, "ts": typed, "text": "x"}, "cant_update_message"},
		"update of nothing":      {"chat.update", obj{"channel": dm, "ts": "1.000001", "text": "x"}, "message_not_found"},
		"update by user":         {"chat.update", obj{"channel": l.Person("ayla").ID, "ts": ts, "text": "x"}, "channel_not_found"},
		"delete another's":       {"chat.delete", obj{"channel": dm, "ts": typed}, "cant_delete_message"},
		"whisper to outsider":    {"chat.postEphemeral", obj{"channel": "#support", "user": l.Person("ayla").ID, "text": "x"}, "user_not_in_channel"},
		"view without trigger":   {"views.open", obj{"trigger_id": "x", "view": obj{"type": "modal", "title": plain("t"), "blocks": []obj{}}}, "invalid_trigger_id"},
		"view with a long title": {"views.open", obj{"trigger_id": "x", "view": obj{"type": "modal", "title": plain(long), "blocks": []obj{}}}, "invalid_arguments"},
		"view without submit": {"views.open", obj{"trigger_id": "x", "view": obj{"type": "modal", "title": plain("t"), "blocks": []obj{{
			"type": "input", "label": plain("l"), "element": obj{"type": "plain_text_input"},
		}}}}, "invalid_arguments"},
		"unknown view":      {"views.update", obj{"view_id": "V1", "view": obj{"type": "modal"}}, "not_found"},
		"bad cursor":        {"conversations.list", obj{"cursor": "abc"}, "invalid_cursor"},
		"unknown thread":    {"conversations.replies", obj{"channel": dm, "ts": "1.000001"}, "thread_not_found"},
		"unknown upload":    {"files.completeUploadExternal", obj{"files": []obj{{"id": "F1"}}}, "file_not_found"},
		"upload of nothing": {"files.getUploadURLExternal", obj{"filename": "a.txt"}, "invalid_arguments"},
		"socket as bot":     {"apps.connections.open", nil, "not_allowed_token_type"},
	} {
		t.Run(name, func(t *testing.T) {
			r := a.call(c.method, c.params)
			if r.OK || r.Error != c.want || r.Status != 200 {
				t.Errorf("%s answered %d %.300s, want %s", c.method, r.Status, r.Raw, c.want)
			}
		})
	}
	if n := len(l.Chat("ayla", "")); n != 2 {
		t.Errorf("refused calls left %d messages, want 2", n)
	}
}

// TestTokens: a token is needed, the right one, and in a JSON body it does not count.
func TestTokens(t *testing.T) {
	t.Parallel()
	l := open(t, slack.Config{})
	a := inMemory(t, l)
	if r := a.as("").call("auth.test", nil); r.Error != "not_authed" {
		t.Errorf("no token: %s", r.Raw)
	}
	if r := a.as("").json("/api/auth.test", obj{"token": l.BotToken()}); r.Error != "not_authed" {
		t.Errorf("token in JSON: %s", r.Raw)
	}
	if r := a.as("").call("auth.test", obj{"token": l.BotToken()}); !r.OK {
		t.Errorf("token in a form: %s", r.Raw)
	}
	if r := a.as("xoxb-1-2-3").call("auth.test", nil); r.Error != "invalid_auth" {
		t.Errorf("wrong token: %s", r.Raw)
	}
	if r := a.as(l.AppToken()).call("auth.test", nil); r.Error != "not_allowed_token_type" {
		t.Errorf("the app's token: %s", r.Raw)
	}
	l.Revoke("account_inactive")
	if r := a.call("auth.test", nil); r.Error != "account_inactive" {
		t.Errorf("revoked: %s", r.Raw)
	}
	for _, c := range l.Calls(0) {
		if strings.Contains(c.Path, "xoxb") || strings.Contains(string(mustJSON(t, c.Body)), "xoxb") {
			t.Errorf("the journal holds a token: %+v", c)
		}
	}
}

// TestPace: one message a second to a channel after a burst of three; other channels are not held up. A method has so
// many calls a minute.
func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := open(t, slack.Config{})
		a := inMemory(t, l)
		post := func(who string) reply { return a.call("chat.postMessage", obj{"channel": l.Direct(who), "text": "x"}) }
		for i := range 3 {
			if r := post("ayla"); !r.OK {
				t.Fatalf("post %d: %s", i, r.Raw)
			}
		}
		if r := post("ayla"); r.Status != 429 || r.Error != "ratelimited" || r.Header.Get("Retry-After") != "1" {
			t.Errorf("the fourth: %d %s %v", r.Status, r.Raw, r.Header)
		}
		if r := post("vera"); !r.OK {
			t.Errorf("another channel: %s", r.Raw)
		}
		<-time.After(time.Second)
		if r := post("ayla"); !r.OK {
			t.Errorf("a second later: %s", r.Raw)
		}
		if r := post("ayla"); r.Status != 429 {
			t.Errorf("and at once again: %d", r.Status)
		}
		calls := 0
		for ; a.call("users.list", nil).OK; calls++ {
		}
		r := a.call("users.list", nil)
		if calls != 20 || r.Status != 429 || r.Header.Get("Retry-After") != "60" {
			t.Errorf("tier 2 allowed %d calls, then %d %v", calls, r.Status, r.Header)
		}
		<-time.After(time.Minute)
		if r := a.call("users.list", nil); !r.OK {
			t.Errorf("a minute later: %s", r.Raw)
		}
	})
}

// TestFaults: an armed fault breaks so many calls; late, it breaks only the answer.
func TestFaults(t *testing.T) {
	t.Parallel()
	l := open(t, slack.Config{Limits: slack.Unlimited})
	a := inMemory(t, l)
	arm := func(f lookalike.Fault) {
		if err := l.Fault(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	post := func() reply { return a.call("chat.postMessage", obj{"channel": l.Direct("ayla"), "text": "x"}) }
	arm(lookalike.Fault{Method: "chat.postMessage", Times: 2, Status: 429, RetryAfter: 7})
	for range 2 {
		if r := post(); r.Status != 429 || r.Header.Get("Retry-After") != "7" {
			t.Errorf("429: %d %v", r.Status, r.Header)
		}
	}
	arm(lookalike.Fault{Status: 503})
	if r := post(); r.Status != 503 || strings.HasPrefix(r.Raw, "{") {
		t.Errorf("503: %d %s", r.Status, r.Raw)
	}
	if n := len(l.Chat("ayla", "")); n != 0 {
		t.Errorf("%d messages before the late one", n)
	}
	arm(lookalike.Fault{Method: "chat.postMessage", Status: 500, Late: true})
	if r := post(); r.Status != 500 || len(l.Chat("ayla", "")) != 1 {
		t.Errorf("late: %d, %d messages", r.Status, len(l.Chat("ayla", "")))
	}
	if r := post(); !r.OK {
		t.Errorf("afterwards: %s", r.Raw)
	}
}

// TestTruncates: a text of more than 40,000 characters is cut off, and the answer warns of it.
func TestTruncates(t *testing.T) {
	t.Parallel()
	l := open(t, slack.Config{Limits: slack.Unlimited})
	a := inMemory(t, l)
	r := a.call("chat.postMessage", obj{"channel": l.Direct("ayla"), "text": strings.Repeat("ş", 40_001)})
	if !r.OK || !strings.Contains(r.Raw, "message_truncated") {
		t.Errorf("answered %.200s", r.Raw)
	}
	if got := l.Chat("ayla", "")[0].Text; got != strings.Repeat("ş", 40_000) {
		t.Errorf("%d bytes are left", len(got))
	}
}
