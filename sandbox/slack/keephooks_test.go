package slack_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/slack"
)

// TestKeepsResponses: a response_url outlives the look-alike, with the uses that are left of it.
func TestKeepsResponses(t *testing.T) {
	t.Parallel()
	cfg := slack.Config{Dir: t.TempDir(), Limits: slack.Unlimited, Channels: []string{"support"}}
	var to string
	stage := func(do func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer)) {
		synctest.Test(t, func(t *testing.T) {
			l, err := slack.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			pipes := lookalike.ServePipes(l.Handler())
			do(t, l, inMemory(t, l), pipes)
			l.Disconnect("")
			<-time.After(time.Second)
			if err := errors.Join(l.Close(), pipes.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	post := func(t *testing.T, a app, body obj, status int, want string) {
		t.Helper()
		if r := a.as("").json(to, body); r.Status != status || r.Raw != want && r.Error != want {
			t.Errorf("%v: %d %s", body, r.Status, r.Raw)
		}
	}
	stage(func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer) {
		t.Helper()
		a.call("chat.postMessage", obj{"channel": "#support", "text": "card", "blocks": []obj{actions(button("x", "Reply", "v"))}})
		a.connect(pipes).serve(t, func(e envelope) any {
			if e.Type == "interactive" {
				to = e.interaction(t).Response
			}
			return nil
		})
		if err := l.Press(t.Context(), lookalike.Press{As: "nigar", Label: "Reply", In: "staff"}); err != nil {
			t.Fatal(err)
		}
		post(t, a, obj{"text": "first"}, 200, "ok")
	})
	stage(func(t *testing.T, l *slack.Lookalike, a app, _ *lookalike.PipeServer) {
		t.Helper()
		post(t, a, obj{"replace_original": true, "text": "taken"}, 200, "ok")
		same(t, "replaced", l.Chat("rauf", "staff"), "bot: taken")
		for range 3 {
			post(t, a, obj{"text": "more"}, 200, "ok")
		}
	})
	stage(func(t *testing.T, _ *slack.Lookalike, a app, _ *lookalike.PipeServer) {
		t.Helper()
		post(t, a, obj{"text": "sixth"}, 404, "used_url")
		<-time.After(time.Hour)
		post(t, a, obj{"text": "late"}, 404, "expired_url")
	})
}
