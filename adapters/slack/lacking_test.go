package slack_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

const lacks = `{"ok":false,"error":"unknown_method"}`

// slashBody is a command as the platform sends it.
func slashBody(user, chat, name string) string {
	return url.Values{
		"command": {"/rapport"}, "text": {"help"}, "user_id": {user}, "channel_id": {chat}, "channel_name": {name}, "trigger_id": {"t" + user + chat},
	}.Encode()
}

// TestANoIsLookedUpAnew: somebody who joined a channel or a group a moment ago belongs to it.
func TestANoIsLookedUpAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHTTPMode(t, "C9")
		h.api.answer("usergroups.list", `{"ok":true,"usergroups":[{"id":"S2","handle":"leads"}]}`)
		h.api.answer("usergroups.users.list", `{"ok":true,"users":["U1"]}`, `{"ok":true,"users":["U1","U2"]}`)
		h.api.answer("conversations.members", `{"ok":true,"members":["U1"]}`, `{"ok":true,"members":["U1","U2"]}`)
		for _, step := range []struct {
			user string
			in   bool
		}{{"U1", true}, {"U2", true}} {
			if in, err := h.a.InChannel(t.Context(), "C9", step.user); err != nil || in != step.in {
				t.Errorf("%s in the channel: %v, %v", step.user, in, err)
			}
			if in, err := h.a.InGroup(t.Context(), "leads", step.user); err != nil || in != step.in {
				t.Errorf("%s in the group: %v, %v", step.user, in, err)
			}
			<-time.After(2 * time.Second)
		}
	})
}

// TestAServerWithoutListsOfMembers: it is told once, nobody is taken for a member because of it, and who was seen
// acting in a channel is one.
func TestAServerWithoutListsOfMembers(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{"no method": lacks, "no scope": `{"ok":false,"error":"missing_scope"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHTTPMode(t, "C9")
			for _, method := range []string{"usergroups.list", "conversations.members"} {
				h.api.answer(method, answer)
			}
			for range 3 {
				if in, err := h.a.InChannel(t.Context(), "C9", "U7"); err != nil || in {
					t.Errorf("in the channel: %v, %v", in, err)
				}
				if in, err := h.a.InGroup(t.Context(), "leads", "U7"); err != nil || in {
					t.Errorf("in the group: %v, %v", in, err)
				}
			}
			if n := strings.Count(h.logged.String(), "does not tell who belongs"); n != 2 {
				t.Errorf("told %d times:\n%s", n, h.logged)
			}
			h.deliver("/slack/commands", slashBody("U7", "C9", "support"))
			h.deliver("/slack/commands", slashBody("U8", "C3", "general"))
			for user, is := range map[string]bool{"U7": true, "U8": false} {
				if in, err := h.a.InChannel(t.Context(), "C9", user); err != nil || in != is {
					t.Errorf("%s is in the channel: %v, %v", user, in, err)
				}
			}
		})
	}
}

// TestAServerWithoutAListOfChannels: a card is posted by the name as it stands in the config, the answer tells the id,
// and what staff do there is theirs.
func TestAServerWithoutAListOfChannels(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{"no method": lacks, "no scope": `{"ok":false,"error":"missing_scope"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHTTPMode(t, "#support", "#care", "#late")
			h.api.answer("conversations.list", answer)
			h.api.answer("conversations.info", `{"ok":true,"channel":{"id":"CLATE","name":"late"}}`)
			h.api.answer("chat.postMessage", `{"ok":true,"channel":"CSUP","ts":"1732241234.000100"}`)
			got, err := h.a.Send(t.Context(), conversation.Sending{Nonce: "1", Outgoing: say("#support", "", "a card")})
			if err != nil || got.Chat != "CSUP" {
				t.Fatalf("%+v, %v", got, err)
			}
			if to := h.api.of("chat.postMessage")[0].JSON["channel"]; to != "#support" {
				t.Errorf("posted to %v", to)
			}
			posted := h.event(`{"type":"message","channel":"CSUP","user":"U1","ts":"1732241235.000100","text":"hi"}`)
			pressed := h.interaction(`{"type":"block_actions","user":{"id":"U1"},"channel":{"id":"CCARE","name":"care"},"container":{"message_ts":"1732241236.000100"},"actions":[{"action_id":"p:tok"}]}`)
			asked := h.event(`{"type":"message","channel":"CLATE","user":"U1","ts":"1732241237.000100","text":"hi"}`)
			for what, in := range map[string][]conversation.Inbound{"where a card went": posted, "a press": pressed, "what was asked for": asked} {
				if len(in) != 1 || !in[0].Staff {
					t.Errorf("%s is not staff's: %+v", what, in)
				}
			}
			if n := strings.Count(h.logged.String(), "cannot be found by their names"); n != 1 {
				t.Errorf("told %d times:\n%s", n, h.logged)
			}
		})
	}
}

// TestAMethodThatIsNotThere: servers that answer 404 for what they do not have are no different from those that say so.
func TestAMethodThatIsNotThere(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t, "#support")
	h.api.answer("conversations.list", `not found`)
	h.api.status["conversations.list"] = http.StatusNotFound
	if _, err := h.a.Send(t.Context(), conversation.Sending{Nonce: "1", Outgoing: say("#support", "", "a card")}); err != nil {
		t.Error(err)
	}
}
