package slack_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/slack"
)

// serve acknowledges everything that comes over a socket and gives it to do, until the socket ends.
func (c *conn) serve(t *testing.T, do func(e envelope) (payload any)) {
	go func() {
		for e := range c.in {
			if e.ID != "" {
				c.ack(t, e, do(e))
			}
		}
	}()
}

// interaction is a payload of an interactive envelope.
type interaction struct {
	Type      string `json:"type"`
	Trigger   string `json:"trigger_id"`
	Response  string `json:"response_url"`
	Container obj    `json:"container"`
	Message   obj    `json:"message"`
	Channel   struct{ ID, Name string }
	User      struct{ ID string }
	Actions   []struct {
		ID       string `json:"action_id"`
		Value    string `json:"value"`
		Selected struct{ Value string }
	}
	View struct {
		ID       string
		Callback string `json:"callback_id"`
		Metadata string `json:"private_metadata"`
		State    struct {
			Values map[string]map[string]struct{ Type, Value string }
		}
	}
}

func (e envelope) interaction(t *testing.T) interaction {
	t.Helper()
	var i interaction
	if err := json.Unmarshal(e.Payload, &i); err != nil {
		t.Errorf("payload %s: %v", e.Payload, err)
	}
	return i
}

func texts(list []lookalike.Message) []string {
	out := []string{}
	for _, m := range list {
		out = append(out, m.From+": "+m.Text)
	}
	return out
}

func same(t *testing.T, what string, got []lookalike.Message, want ...string) {
	t.Helper()
	if !slices.Equal(texts(got), want) {
		t.Errorf("%s: %q, want %q", what, texts(got), want)
	}
}

var form = obj{
	"type": "modal", "title": plain("Reply"), "submit": plain("Send"), "callback_id": "reply", "private_metadata": "ticket 7",
	"blocks": []obj{{"type": "input", "block_id": "b", "label": plain("Text"), "element": obj{"type": "plain_text_input", "action_id": "t"}}},
}

// TestPressAndForm: a press comes with all that an app needs, its trigger opens one form within 3 s, and the form's
// values come back; the app can refuse them.
func TestPressAndForm(t *testing.T) {
	t.Parallel()
	bubble(t, slack.Config{Limits: slack.Unlimited}, func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer) {
		if err := l.Press(t.Context(), lookalike.Press{As: "nigar", Label: "Claim", In: "staff"}); !errors.Is(err, lookalike.ErrNotFound) {
			t.Errorf("a press of nothing: %v", err)
		}
		r := a.call("chat.postMessage", obj{"channel": "#support", "text": "card", "blocks": []obj{
			section("*New* <https://a.test|ticket>"), actions(button("x", "Claim it", "v1"), obj{
				"type": "static_select", "action_id": "s", "placeholder": plain("Snooze"),
				"options": []obj{{"text": plain("1 hour"), "value": "1h"}, {"text": plain("1 day"), "value": "1d"}},
			}),
		}})
		if err := l.Press(t.Context(), lookalike.Press{As: "nigar", Label: "claim", In: "staff"}); !errors.Is(err, lookalike.ErrRefused) {
			t.Errorf("a press without an app: %v", err)
		}
		var seen []interaction
		refuse := true
		a.connect(pipes).serve(t, func(e envelope) any {
			if e.Type != "interactive" {
				return nil
			}
			i := e.interaction(t)
			seen = append(seen, i)
			if i.Type == "view_submission" && refuse {
				refuse = false
				return obj{"response_action": "errors", "errors": obj{"b": "too short"}}
			}
			return nil
		})
		for _, label := range []string{"claim", "1 day"} {
			if err := l.Press(t.Context(), lookalike.Press{As: "nigar", Label: label, In: "staff"}); err != nil {
				t.Fatal(err)
			}
		}
		i := seen[0]
		if i.Type != "block_actions" || i.Actions[0].Value != "v1" || i.Message["ts"] != r.TS || i.Channel.ID != l.ChannelID("support") ||
			i.User.ID != l.Person("nigar").ID || i.Container["message_ts"] != r.TS {
			t.Errorf("the press came as %+v", i)
		}
		checkSelect(t, l, i, seen[1])
		open := func(trigger string) string {
			return a.call("views.open", obj{"trigger_id": trigger, "view": form}).Error
		}
		if got := open(i.Trigger); got != "" {
			t.Errorf("views.open: %s", got)
		}
		if got := open(i.Trigger); got != "exchanged_trigger_id" {
			t.Errorf("a second view: %s", got)
		}
		<-time.After(3001 * time.Millisecond)
		if got := open(seen[1].Trigger); got != "expired_trigger_id" {
			t.Errorf("a late view: %s", got)
		}
		if f, ok := l.OpenForm("nigar"); !ok || f.Title != "Reply" || f.Fields[0].Label != "Text" {
			t.Errorf("the form is %+v, %t", f, ok)
		}
		err := l.Submit(t.Context(), "nigar", map[string]string{"Text": "a"})
		if !errors.Is(err, lookalike.ErrRefused) || !strings.Contains(err.Error(), "too short") {
			t.Errorf("refused by the app: %v", err)
		}
		if err := l.Submit(t.Context(), "nigar", map[string]string{"Text": "all right"}); err != nil {
			t.Error(err)
		}
		sent := seen[3].View
		if sent.State.Values["b"]["t"].Value != "all right" || sent.Metadata != "ticket 7" || sent.Callback != "reply" {
			t.Errorf("the form came as %+v", sent)
		}
		if _, ok := l.OpenForm("nigar"); ok {
			t.Error("the form is still open")
		}
		l.Disconnect("")
	})
}

// checkSelect looks at what a select's choice came as.
func checkSelect(t *testing.T, l *slack.Lookalike, button, choice interaction) {
	t.Helper()
	if choice.Actions[0].ID != "s" || choice.Response == button.Response || choice.Trigger == button.Trigger {
		t.Errorf("the choice came as %+v", choice)
	}
	m := l.Chat("nigar", "staff")[0]
	if m.Text != "New ticket" || !slices.Equal(m.Buttons, []string{"Claim it", "1 hour", "1 day"}) {
		t.Errorf("the card reads %+v", m)
	}
}

// TestNoAnswer: an app that does not acknowledge a press is held to have failed after 3 s.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	bubble(t, slack.Config{}, func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer) {
		a.call("chat.postMessage", obj{"channel": l.Direct("ayla"), "blocks": []obj{actions(button("x", "Yes", ""))}})
		c := a.connect(pipes)
		start := time.Now()
		err := l.Press(t.Context(), lookalike.Press{As: "ayla", Label: "Yes"})
		if !errors.Is(err, lookalike.ErrRefused) || time.Since(start) != 3*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if len(l.Busy()) != 1 { // the post itself
			t.Errorf("busy: %v", l.Busy())
		}
		_ = c
		l.Disconnect("")
	})
}

// TestEphemeral: only the one whom it is for sees it, no history has it, it cannot be edited but by its response_url.
func TestEphemeral(t *testing.T) {
	t.Parallel()
	bubble(t, slack.Config{Limits: slack.Unlimited}, func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer) {
		var last interaction
		a.connect(pipes).serve(t, func(e envelope) any {
			if e.Type == "interactive" {
				last = e.interaction(t)
			}
			return nil
		})
		root := say(t, l, "nigar", "staff", "an internal remark")
		say(t, l, "rauf", "staff", "hi")
		r := a.call("chat.postEphemeral", obj{
			"channel": "#support", "user": l.Person("nigar").ID, "thread_ts": root, "text": "x",
			"blocks": []obj{section("Send it?"), actions(button("s", "Send to customer", ""))},
		})
		if !r.OK {
			t.Fatalf("postEphemeral: %s", r.Raw)
		}
		thread := "thread:" + root
		same(t, "the owner sees", l.Chat("nigar", thread), "nigar: an internal remark", "bot: Send it?")
		same(t, "a colleague sees", l.Chat("rauf", thread), "nigar: an internal remark")
		ts := l.Chat("nigar", thread)[1].ID
		if got := a.call("chat.update", obj{"channel": l.ChannelID("support"), "ts": ts, "text": "y"}).Error; got != "message_not_found" {
			t.Errorf("chat.update: %s", got)
		}
		if got := a.call("conversations.replies", obj{"channel": l.ChannelID("support"), "ts": root}).Messages; len(got) != 1 {
			t.Errorf("replies: %+v", got)
		}
		if err := l.Press(t.Context(), lookalike.Press{As: "rauf", Label: "Send to", In: thread}); !errors.Is(err, lookalike.ErrNotFound) {
			t.Errorf("a colleague's press: %v", err)
		}
		if err := l.Press(t.Context(), lookalike.Press{As: "nigar", Label: "Send to", In: thread}); err != nil {
			t.Fatal(err)
		}
		if last.Container["is_ephemeral"] != true || last.Message != nil {
			t.Errorf("the press came as %+v", last)
		}
		checkResponses(t, l, a, last.Response, thread)
		l.Disconnect("")
	})
}

// checkResponses uses a response_url up.
func checkResponses(t *testing.T, l *slack.Lookalike, a app, to, thread string) {
	t.Helper()
	post := func(body obj) reply { return a.as("").json(to, body) }
	if r := post(obj{"replace_original": true, "text": "Sent <!channel>"}); r.Status != 200 || r.Raw != "ok" {
		t.Errorf("replace: %d %s", r.Status, r.Raw)
	}
	same(t, "replaced", l.Chat("nigar", thread), "nigar: an internal remark", "bot: Sent 🔔@channel")
	if r := post(obj{"text": ""}); r.Status != 500 || r.Error != "no_text" {
		t.Errorf("nothing: %d %s", r.Status, r.Raw)
	}
	post(obj{"text": "one more"})
	post(obj{"response_type": "in_channel", "text": "for all"})
	same(t, "a colleague", l.Chat("rauf", thread), "nigar: an internal remark", "bot: for all")
	if r := post(obj{"delete_original": true}); r.Raw != "ok" {
		t.Errorf("delete: %s", r.Raw)
	}
	post(obj{"text": "fifth"})
	if r := post(obj{"text": "sixth"}); r.Status != 404 || r.Error != "used_url" {
		t.Errorf("sixth: %d %s", r.Status, r.Raw)
	}
	same(t, "at the end", l.Chat("nigar", thread), "nigar: an internal remark", "bot: one more", "bot: for all", "bot: fifth")
	if n := len(l.Pings()); n != 0 {
		t.Errorf("%d pings: an ephemeral rings for nobody", n)
	}
	for _, c := range l.Calls(0) {
		if c.Method == "response_url" && c.Path != "/actions/<secret>" {
			t.Errorf("the journal holds the address: %s", c.Path)
		}
	}
}

// TestResponseExpires: a response_url lives half an hour.
func TestResponseExpires(t *testing.T) {
	t.Parallel()
	bubble(t, slack.Config{}, func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer) {
		var command struct {
			Command, Text, Channel string
			Response               string `json:"response_url"`
			ChannelID              string `json:"channel_id"`
		}
		a.connect(pipes).serve(t, func(e envelope) any {
			if e.Type != "slash_commands" {
				return nil
			}
			if err := json.Unmarshal(e.Payload, &command); err != nil {
				t.Error(err)
			}
			return obj{"text": "one moment"}
		})
		if err := l.Command(t.Context(), "nigar", "/rapport nps  week", "staff"); err != nil {
			t.Fatal(err)
		}
		if command.Command != "/rapport" || command.Text != "nps  week" || command.ChannelID != l.ChannelID("#support") {
			t.Errorf("the command came as %+v", command)
		}
		same(t, "nigar", l.Chat("nigar", "staff"), "bot: one moment")
		same(t, "rauf", l.Chat("rauf", "staff"))
		for text, in := range map[string]string{"/nonsense": "", "/rapport nps": "thread:" + say(t, l, "nigar", "staff", "x")} {
			if err := l.Command(t.Context(), "nigar", text, in); !errors.Is(err, lookalike.ErrRefused) {
				t.Errorf("%s in %q: %v", text, in, err)
			}
		}
		<-time.After(30*time.Minute + time.Second)
		if r := a.json(command.Response, obj{"text": "late"}); r.Error != "expired_url" {
			t.Errorf("late: %s", r.Raw)
		}
		synctest.Wait()
		l.Disconnect("")
	})
}
