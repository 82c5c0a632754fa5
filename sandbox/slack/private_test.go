package slack_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/slack"
)

// TestPrivateChannels: a bot that was not invited cannot know of a private channel; one that was needs the scopes for
// private channels besides.
func TestPrivateChannels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		scopes  []string // taken away
		invited bool
		method  string
		params  obj
		want    string // the error, empty for none
	}{
		{"a post, not invited", nil, false, "chat.postMessage", obj{"channel": "#vip", "text": "x"}, "channel_not_found"},
		{"its info", nil, false, "conversations.info", nil, "channel_not_found"},
		{"its history", nil, false, "conversations.history", nil, "channel_not_found"},
		{"its members", nil, false, "conversations.members", nil, "channel_not_found"},
		{"joining", []string{}, false, "conversations.join", nil, "missing_scope"},
		{"a post, invited", nil, true, "chat.postMessage", obj{"channel": "#vip", "text": "x"}, ""},
		{"its info, invited", nil, true, "conversations.info", nil, ""},
		{"its history, invited", nil, true, "conversations.history", nil, ""},
		{"its info without groups:read", []string{"groups:read"}, true, "conversations.info", nil, "missing_scope"},
		{"its history without groups:history", []string{"groups:history"}, true, "conversations.history", nil, "missing_scope"},
		{"a list without groups:read", []string{"groups:read"}, true, "conversations.list", obj{"types": "public_channel,private_channel"}, "missing_scope"},
		{"a public list without groups:read", []string{"groups:read"}, true, "conversations.list", obj{"types": "public_channel"}, ""},
		{"a private list", nil, true, "conversations.list", obj{"types": "private_channel"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := open(t, slack.Config{Scopes: without(c.scopes)})
			id := l.AddPrivate("vip")
			a := inMemory(t, l)
			if c.invited {
				l.Invite("vip")
			}
			if c.params == nil {
				c.params = obj{"channel": id}
			}
			r := a.call(c.method, c.params)
			if r.Error != c.want {
				t.Errorf("answered %.200s, want %q", r.Raw, c.want)
			}
			if c.method == "conversations.list" && c.want == "" && strings.Contains(r.Raw, id) != (c.params["types"] == "private_channel") {
				t.Errorf("listed %s", r.Raw)
			}
		})
	}
}

// without are the scopes of the product's manifest but for some.
func without(some []string) []string {
	all := []string{
		"app_mentions:read", "channels:history", "channels:read", "chat:write", "commands", "files:read", "files:write",
		"groups:history", "groups:read", "im:history", "im:read", "im:write", "usergroups:read", "users:read",
	}
	return slices.DeleteFunc(all, func(s string) bool { return slices.Contains(some, s) })
}

// TestInvite: somebody invites the bot with Slack's own command; from then on it hears what is said, with the scope.
func TestInvite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scopes []string
		want   []string
	}{
		"with groups:history":    {nil, []string{"member_joined_channel", "message"}},
		"without groups:history": {[]string{"groups:history"}, []string{"member_joined_channel"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, slack.Config{Scopes: without(c.scopes)}, func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer) {
				l.AddPrivate("vip")
				if _, err := l.Introduce(lookalike.Person{Name: "nigar", Staff: true}); err != nil {
					t.Fatal(err)
				}
				conn := a.connect(pipes)
				say(t, l, "nigar", "#vip", "before")
				if err := l.Command(t.Context(), "nigar", "/invite @rapport", "#vip"); err != nil {
					t.Fatal(err)
				}
				say(t, l, "nigar", "#vip", "after")
				checkKinds(t, "heard", conn.events(t), c.want...)
				if err := l.Command(t.Context(), "nigar", "/invite @rapport", "#vip"); !errors.Is(err, lookalike.ErrRefused) {
					t.Errorf("invited twice: %v", err)
				}
				l.Disconnect("")
				<-time.After(time.Second)
			})
		})
	}
}
