package slack_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/slack"
)

// events reads what comes until nothing does, acknowledges it, and answers the inner events.
func (c *conn) events(t *testing.T) []obj {
	t.Helper()
	var out []obj
	for {
		synctest.Wait()
		select {
		case e, ok := <-c.in:
			if !ok {
				t.Fatal("the socket is closed")
			}
			c.ack(t, e, nil)
			if e.Type == "events_api" {
				_, inner := e.event(t)
				out = append(out, inner)
			}
		default:
			return out
		}
	}
}

func kinds(events []obj) []string {
	out := []string{}
	for _, e := range events {
		kind, _ := e["type"].(string)
		if sub, ok := e["subtype"].(string); ok {
			kind += "/" + sub
		}
		out = append(out, kind)
	}
	return out
}

func checkKinds(t *testing.T, what string, events []obj, want ...string) {
	t.Helper()
	if got := kinds(events); !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// TestEvents: what people and the bot do comes as Slack tells it.
func TestEvents(t *testing.T) {
	t.Parallel()
	bubble(t, slack.Config{Limits: slack.Unlimited}, func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer) {
		c := a.connect(pipes)
		ctx := t.Context()
		if _, err := l.Introduce(lookalike.Person{Name: "nigar", Staff: true}); err != nil {
			t.Fatal(err)
		}
		root := say(t, l, "nigar", "staff", "@bot look: >> a & b\n> quoted")
		got := c.events(t)
		checkKinds(t, "a mention", got, "message", "app_mention")
		if got[0]["ts"] != root || got[1]["ts"] != root ||
			got[0]["text"] != "<@"+l.BotUser()+"> look: &gt;&gt; a &amp; b\n&gt; quoted" {
			t.Errorf("the mention came as %v", got)
		}
		reply := say(t, l, "nigar", "thread:"+root, "in the thread")
		got = c.events(t)
		checkKinds(t, "a reply", got, "message")
		if got[0]["thread_ts"] != root || got[0]["channel_type"] != "channel" {
			t.Errorf("the reply came as %v", got)
		}
		if err := l.Edit(ctx, "nigar", reply, "edited"); err != nil {
			t.Error(err)
		}
		if err := l.Delete(ctx, "nigar", reply); err != nil {
			t.Error(err)
		}
		got = c.events(t)
		checkKinds(t, "edit and delete", got, "message/message_changed", "message/message_deleted")
		if m, ok := got[0]["message"].(obj); !ok || m["text"] != "edited" || m["ts"] != reply || got[1]["deleted_ts"] != reply {
			t.Errorf("edit and delete came as %v", got)
		}
		posted := a.call("chat.postMessage", obj{"channel": l.Direct("ayla"), "text": "hello"})
		a.call("chat.update", obj{"channel": l.Direct("ayla"), "ts": posted.TS, "text": "hello!"})
		a.call("chat.delete", obj{"channel": l.Direct("ayla"), "ts": posted.TS})
		got = c.events(t)
		checkKinds(t, "the bot's own", got, "message", "message/message_changed", "message/message_deleted")
		if got[0]["bot_id"] == nil || got[0]["user"] != l.BotUser() {
			t.Errorf("the bot's own came as %v", got[0])
		}
		if err := l.Block(ctx, "ayla"); err != nil {
			t.Error(err)
		}
		if err := l.OpenHome("nigar"); err != nil {
			t.Error(err)
		}
		say(t, l, "rauf", "staff", "I am new")
		checkKinds(t, "the rest", c.events(t), "user_change", "app_home_opened", "member_joined_channel", "message")
		if err := l.Edit(ctx, "rauf", root, "not mine"); !errors.Is(err, lookalike.ErrRefused) {
			t.Errorf("an edit of another's message: %v", err)
		}
		if _, err := l.Say(ctx, lookalike.Say{As: "ayla", Text: "x"}); !errors.Is(err, lookalike.ErrRefused) {
			t.Errorf("who is deactivated writes: %v", err)
		}
		l.Disconnect("")
	})
}

// TestLostRoot: a reply to a root that was deleted is posted un-threaded.
func TestLostRoot(t *testing.T) {
	t.Parallel()
	l := open(t, slack.Config{Limits: slack.Unlimited})
	a := inMemory(t, l)
	root := a.call("chat.postMessage", obj{"channel": "support", "text": "root"}).TS
	post := func() reply {
		return a.call("chat.postMessage", obj{"channel": "support", "text": "reply", "thread_ts": root})
	}
	if r := post(); r.Message.ThreadTS != root {
		t.Errorf("threaded: %s", r.Raw)
	}
	same(t, "the channel", l.Chat("nigar", "staff"), "bot: root")
	same(t, "the thread", l.Chat("nigar", "thread:"+root), "bot: root", "bot: reply")
	a.call("chat.delete", obj{"channel": l.ChannelID("support"), "ts": root})
	if r := post(); !r.OK || r.Message.ThreadTS != "" {
		t.Errorf("un-threaded: %s", r.Raw)
	}
}

// TestRings: which posts ring for whom, and what people read of them.
func TestRings(t *testing.T) {
	t.Parallel()
	l := open(t, slack.Config{Limits: slack.Unlimited, Groups: map[string][]string{"leads": {"nigar"}}})
	a := inMemory(t, l)
	nigar, err := l.Introduce(lookalike.Person{Name: "nigar", Staff: true})
	if err != nil {
		t.Fatal(err)
	}
	outsider := l.Person("ayla")
	group := a.call("usergroups.list", nil).Raw
	group = group[strings.Index(group, `"id":"`)+6:]
	group = group[:strings.Index(group, `"`)]
	for _, c := range []struct {
		params obj
		whom   []string
		read   string
	}{
		{obj{"text": "<!channel> &lt;!here&gt; @everyone"}, []string{"channel"}, "🔔@channel <!here> @everyone"},
		{obj{"text": "@channel", "link_names": true}, []string{"channel"}, "🔔@channel"},
		{obj{"text": "x", "blocks": []obj{section("<!here|x> <@" + nigar.ID + ">")}}, []string{"here", "nigar"}, "🔔@here 🔔@Nigar"},
		{obj{"text": "<!subteam^" + group + ">"}, []string{"leads"}, "🔔@leads"},
		{obj{"text": "x", "blocks": []obj{{"type": "section", "text": plain("<!channel> *a*")}}}, nil, "<!channel> *a*"},
		{obj{"text": "<@" + outsider.ID + ">"}, nil, "🔔@Ayla"},
	} {
		before := len(l.Pings())
		c.params["channel"] = "#support"
		if r := a.call("chat.postMessage", c.params); !r.OK {
			t.Fatalf("post: %s", r.Raw)
		}
		var whom []string
		if all := l.Pings(); len(all) > before {
			whom = all[len(all)-1].Whom
		}
		log := l.Chat("nigar", "staff")
		if read := log[len(log)-1].Text; !slices.Equal(whom, c.whom) || read != c.read {
			t.Errorf("%v rings for %q, want %q, and reads %q, want %q", c.params, whom, c.whom, read, c.read)
		}
	}
}

// TestHome: looking at the tab opens it, what is published is shown, and its buttons can be pressed.
func TestHome(t *testing.T) {
	t.Parallel()
	bubble(t, slack.Config{Limits: slack.Unlimited}, func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer) {
		c := a.connect(pipes)
		nigar := l.Person("nigar")
		same(t, "at first", l.Chat("nigar", "home"))
		same(t, "and again", l.Chat("nigar", "home"))
		got := c.events(t)
		checkKinds(t, "opened", got, "app_home_opened")
		if got[0]["user"] != nigar.ID || got[0]["tab"] != "home" {
			t.Errorf("opened: %v", got[0])
		}
		r := a.call("views.publish", obj{"user_id": nigar.ID, "view": obj{"type": "home", "blocks": []obj{
			{"type": "header", "text": plain("My tickets")}, actions(button("away", "Away", "1")),
		}}})
		if !r.OK {
			t.Fatalf("publish: %s", r.Raw)
		}
		same(t, "published", l.Chat("nigar", "home"), "bot: My tickets")
		same(t, "to others", l.Chat("rauf", "home"))
		c.serve(t, func(e envelope) any {
			if i := e.interaction(t); e.Type == "interactive" && (i.View.ID == "" || i.Actions[0].Value != "1") {
				t.Errorf("pressed: %+v", i)
			}
			return nil
		})
		if err := l.Press(t.Context(), lookalike.Press{As: "nigar", In: "home", Label: "away"}); err != nil {
			t.Error(err)
		}
		l.Disconnect("")
	})
}

// TestLists: pages follow each other by cursor, newest first in a history.
func TestLists(t *testing.T) {
	t.Parallel()
	l := open(t, slack.Config{Limits: slack.Unlimited, Channels: []string{"one", "two", "three"}})
	a := inMemory(t, l)
	var names []string
	for cursor := "start"; cursor != ""; {
		params := obj{"limit": "2"}
		if cursor != "start" {
			params["cursor"] = cursor
		}
		r := a.call("conversations.list", params)
		for _, name := range []string{"one", "two", "three"} {
			if strings.Contains(r.Raw, `"name":"`+name+`"`) {
				names = append(names, name)
			}
		}
		cursor = r.Metadata.Cursor
	}
	if !slices.Equal(names, []string{"one", "two", "three"}) {
		t.Errorf("channels: %q", names)
	}
	var posted []string
	for range 3 {
		posted = append(posted, a.call("chat.postMessage", obj{"channel": "one", "text": "x"}).TS)
	}
	r := a.call("conversations.history", obj{"channel": l.ChannelID("one"), "oldest": posted[0], "limit": "1"})
	if len(r.Messages) != 1 || r.Messages[0].TS != posted[2] || r.Metadata.Cursor == "" {
		t.Errorf("history: %s", r.Raw)
	}
	if r := a.json("/api/conversations.history", obj{"channel": l.ChannelID("one")}); r.Error != "channel_not_found" {
		t.Errorf("a JSON body is read: %s", r.Raw)
	}
	who := l.Person("ayla")
	if raw := a.call("users.info", obj{"user": who.ID}).Raw; strings.Contains(raw, "locale") {
		t.Errorf("a locale that nobody asked for: %s", raw)
	}
	say := lookalike.Say{As: "ayla", Text: "salam", Locale: "az"}
	if _, err := l.Say(t.Context(), say); err != nil {
		t.Fatal(err)
	}
	if raw := a.call("users.info", obj{"user": who.ID, "include_locale": true}).Raw; !strings.Contains(raw, `"locale":"az-AZ"`) {
		t.Errorf("no locale: %s", raw)
	}
}

// TestFiles: a person's file is for the bot's token only, and anybody else sees a page to sign in.
func TestFiles(t *testing.T) {
	t.Parallel()
	bubble(t, slack.Config{}, func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer) {
		c := a.connect(pipes)
		for kind, want := range map[string]string{lookalike.Photo: "image/png", lookalike.Voice: "audio/mp4", lookalike.File: "text/plain"} {
			if _, err := l.Say(t.Context(), lookalike.Say{As: "ayla", Text: "look", Attach: kind}); err != nil {
				t.Fatal(err)
			}
			got := c.events(t)
			checkKinds(t, kind, got, "message/file_share")
			files, _ := got[0]["files"].([]any)
			f, _ := files[0].(obj)
			address, _ := f["url_private_download"].(string)
			for token, kind := range map[string]string{l.BotToken(): want, "": "text/html; charset=utf-8"} {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+token)
				res, err := a.http.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				if res.StatusCode != 200 || res.Header.Get("Content-Type") != kind {
					t.Errorf("%s with token %t: %d %s", address, token != "", res.StatusCode, res.Header.Get("Content-Type"))
				}
			}
		}
		if _, err := l.Say(t.Context(), lookalike.Say{As: "ayla", Attach: lookalike.Sticker}); !errors.Is(err, lookalike.ErrUnsupported) {
			t.Errorf("a sticker: %v", err)
		}
		<-time.After(time.Second)
		l.Disconnect("")
	})
}
