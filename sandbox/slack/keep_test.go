package slack_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/slack"
)

// TestKeeps: a restarted look-alike knows people, messages, files and the home tab, and hands over what the app had not
// acknowledged, once.
func TestKeeps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		first, err := slack.New(slack.Config{Dir: dir, Limits: slack.Unlimited, Channels: []string{"support", "care"}})
		if err != nil {
			t.Fatal(err)
		}
		pipes := lookalike.ServePipes(first.Handler())
		a := inMemory(t, first)
		c := a.connect(pipes)
		ctx := t.Context()
		if _, err := first.Introduce(lookalike.Person{Name: "nigar", Staff: true, Locale: "az"}); err != nil {
			t.Fatal(err)
		}
		say(t, first, "ayla", "", "one")
		c.ack(t, c.next(t), nil)
		say(t, first, "ayla", "", "two") // handed over, not acknowledged
		c.next(t)
		first.Disconnect("")
		synctest.Wait()
		root := a.call("chat.postMessage", obj{"channel": "care", "text": "card"}).TS
		say(t, first, "nigar", "thread:"+root, "three") // not handed over
		if _, err := first.Say(ctx, lookalike.Say{As: "ayla", Attach: lookalike.Photo}); err != nil {
			t.Fatal(err)
		}
		a.call("views.publish", obj{"user_id": first.Person("nigar").ID, "view": obj{"type": "home", "blocks": []obj{section("home")}}})
		if err := first.Block(ctx, "vera"); err != nil {
			t.Fatal(err)
		}
		picture := first.Chat("ayla", "")[2].Image
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if err := pipes.Close(); err != nil {
			t.Error(err)
		}

		second := open(t, slack.Config{Dir: dir, Limits: slack.Unlimited, Channels: []string{"support", "care"}})
		pipes = lookalike.ServePipes(second.Handler())
		a = inMemory(t, second)
		same(t, "direct", second.Chat("ayla", ""), "ayla: one", "ayla: two", "ayla: ")
		same(t, "thread", second.Chat("nigar", "thread:"+root), "bot: card", "nigar: three")
		if p := second.Person("nigar"); !p.Staff || p.Locale != "az" || !second.Blocked("vera") {
			t.Errorf("nigar is %+v, vera blocked %t", p, second.Blocked("vera"))
		}
		if kind, data, ok := second.Media(picture); !ok || kind != "image/png" || len(data) == 0 {
			t.Errorf("the picture: %s, %d bytes, %t", kind, len(data), ok)
		}
		if len(second.Busy()) != 1 {
			t.Errorf("busy: %v", second.Busy())
		}
		c = a.connect(pipes)
		got := c.events(t)
		checkKinds(t, "handed over", got, "message", "message", "message", "message/file_share", "user_change")
		if got[0]["text"] != "two" || got[1]["text"] != "card" || got[2]["text"] != "three" {
			t.Errorf("handed over: %v", got)
		}
		same(t, "home", second.Chat("nigar", "home"), "bot: home")
		c.ack(t, c.next(t), nil)
		synctest.Wait()
		if later := say(t, second, "ayla", "", "new"); later <= root {
			t.Errorf("ts %s after %s", later, root)
		}
		c.ack(t, c.next(t), nil)
		synctest.Wait()
		if busy := second.Busy(); len(busy) > 0 {
			t.Errorf("still busy: %v", busy)
		}
		if calls := second.Calls(0); calls[0].Method != "apps.connections.open" || calls[0].ID != 1 {
			t.Errorf("the journal begins with %+v", calls[0])
		}
		second.Disconnect("")
		<-time.After(time.Second)
		if err := pipes.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestKeepsModals: a form that is open stays so over a restart, as in the person's client; one that was closed does not.
// What is sent holds the app's private_metadata.
func TestKeepsModals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		cfg := slack.Config{Dir: dir, Limits: slack.Unlimited, Channels: []string{"support"}}
		first, err := slack.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		pipes := lookalike.ServePipes(first.Handler())
		a := inMemory(t, first)
		a.call("chat.postMessage", obj{"channel": "#support", "text": "card", "blocks": []obj{actions(button("x", "Reply", "v"))}})
		a.connect(pipes).serve(t, func(e envelope) any {
			if e.Type == "interactive" {
				a.call("views.open", obj{"trigger_id": e.interaction(t).Trigger, "view": form})
			}
			return nil
		})
		for _, as := range []string{"nigar", "rauf"} {
			if err := first.Press(t.Context(), lookalike.Press{As: as, Label: "Reply", In: "staff"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := first.Dismiss(t.Context(), "rauf"); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(first.Close(), pipes.Close()); err != nil {
			t.Fatal(err)
		}

		second := open(t, cfg)
		pipes = lookalike.ServePipes(second.Handler())
		if _, is := second.OpenForm("rauf"); is {
			t.Error("a form that was closed is open again")
		}
		var sent []interaction
		inMemory(t, second).connect(pipes).serve(t, func(e envelope) any {
			if e.Type == "interactive" {
				sent = append(sent, e.interaction(t))
			}
			return nil
		})
		if err := second.Submit(t.Context(), "nigar", map[string]string{"Text": "here"}); err != nil {
			t.Fatal(err)
		}
		if len(sent) != 1 || sent[0].View.Metadata != "ticket 7" || sent[0].View.State.Values["b"]["t"].Value != "here" {
			t.Errorf("sent %+v", sent)
		}
		if _, is := second.OpenForm("nigar"); is {
			t.Error("the form is still open")
		}
		second.Disconnect("")
		<-time.After(time.Second)
		if err := pipes.Close(); err != nil {
			t.Error(err)
		}
	})
}
