package main

import (
	"fmt"
	"strings"
	"testing"
)

// everyChannel are the platforms on which customers write.
var everyChannel = []string{"telegram", "discord", "slack"}

// TestSandboxChannels is one script of what customers do, run unchanged on every channel at once: a question, joining,
// a survey interrupted and changed, the offer, a reward, stop, blocking and coming back.
func TestSandboxChannels(t *testing.T) {
	t.Parallel()
	b := startBox(t)
	people := map[string]*person{}
	for _, platform := range everyChannel {
		people[platform] = b.person(platform, "leyla")
	}
	// each runs a step for everybody; a step that fails on a channel says on which.
	each := func(name string, step func(t *testing.T, p *person)) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			for _, platform := range everyChannel {
				t.Run(platform, func(t *testing.T) {
					p := *people[platform]
					box := *b
					box.t, p.box = t, &box
					step(t, &p)
				})
			}
		})
	}

	each("a question, and the question whether we may write", func(t *testing.T, p *person) {
		p.box.post("/api/"+p.platform+"/say", map[string]string{"as": p.name, "text": "Salam, zəhmət olmasa deyin, wifi parolu nədir?", "locale": "az"})
		want(t, p.since(0), "NarCoffee", "Bəli, yazın")
		want(t, p.press("Bəli, yazın"), "Qeyd etdik")
	})
	each("joining", func(t *testing.T, p *person) {
		p.say("balans")
		want(t, p.press("qoşul"), "Qoşuldunuz")
	})
	each("an order earns points", func(t *testing.T, p *person) {
		p.box.post("/api/orders", map[string]any{"as": p.name, "platform": p.platform, "id": "flow-" + p.platform, "total": 150})
		p.box.idle()
		held, _ := p.state()["points"].(map[string]any)
		if fmt.Sprint(held["pending"]) != "150" && fmt.Sprint(held["spendable"]) != "150" {
			t.Errorf("150 manat gave %v", held)
		}
	})
	b.clockTo(npsDue)
	each("a survey, interrupted and changed", func(t *testing.T, p *person) {
		want(t, p.chat(), "(1/2)", "Sonra")
		want(t, p.press("9"), "(2/2)")
		want(t, p.say("kofe maşınını geri qaytarmaq olar?"), "14 gün", "(2/2)")
		want(t, p.press("3"), "9 → 3")
		want(t, p.say("hər şey gecikdi"), "+20")
		responses, _ := p.state()["responses"].([]any)
		if len(responses) != 1 || fmt.Sprint(responses[0].(map[string]any)["score"]) != "3" {
			t.Errorf("responses: %v", responses)
		}
	})
	b.clockTo(offerDue)
	each("the offer, once", func(t *testing.T, p *person) {
		if n := countSaid(p.chat(), "Niyə mənə?"); n != 1 {
			t.Fatalf("the offer came %d times:\n%s", n, text(p.chat()))
		}
		want(t, p.press("Niyə mənə?"), "razılıq vermisiniz")
	})
	b.advance("24h")
	each("a reward", func(t *testing.T, p *person) {
		had := points(t, p)
		p.say("hədiyyələr")
		want(t, p.press("latte"), "Təsdiq")
		want(t, p.press("Bəli"), "Kodunuz")
		if got := points(t, p); got != had-120 {
			t.Errorf("%d points after a latte for 120, had %d", got, had)
		}
	})
	each("blocking", func(_ *testing.T, p *person) {
		p.box.post("/api/"+p.platform+"/block", map[string]string{"as": p.name})
	})
	b.advance("168h")
	each("nothing comes to who has blocked us, and the record says why", func(t *testing.T, p *person) {
		if n := countSaid(p.chat(), "Niyə mənə?"); n != 1 {
			t.Errorf("the offer came %d times", n)
		}
		got := deliveriesOf(p, "friday_beans")
		if got["sent"] != 1 || len(got) != 2 {
			t.Errorf("deliveries: %v", got)
		}
	})
	each("coming back", func(t *testing.T, p *person) {
		p.box.post("/api/"+p.platform+"/unblock", map[string]string{"as": p.name})
		want(t, p.say("necə xalım var"), "Balans")
	})
	each("stop", func(t *testing.T, p *person) {
		want(t, p.say("stop"), "birinci biz yazmayacağıq")
	})
	before := map[string]int{}
	for platform, p := range people {
		before[platform] = len(p.chat())
	}
	b.advance("168h")
	each("a silent week", func(t *testing.T, p *person) {
		if chat := p.chat(); len(chat) != before[p.platform] {
			t.Errorf("after stop a week brought\n%s", text(chat[before[p.platform]:]))
		}
		want(t, p.say("wifi parolu nedir"), "NarCoffee")
	})
}

// TestSandboxHostile has customers send what hurts elsewhere, asks for a person, so that it is shown to staff, and reads
// the raw calls: nothing pings, nothing formats.
func TestSandboxHostile(t *testing.T) {
	t.Parallel()
	b := startBox(t)
	for _, words := range []string{
		"@everyone <!channel> <!here> @here <@U000000> <@&1>", "operator", "<!channel> @everyone <@U000000>",
		"*qalın* _əyri_ `kod` <b>x</b> [a](http://x.example) ~y~ ||z||", "a\u200bb\u202ec\u2066d\ufeff", strings.Repeat("uzun mətn ", 190),
	} {
		for _, platform := range everyChannel {
			b.post("/api/"+platform+"/say", map[string]string{"as": "tamerlan", "text": words})
		}
		b.idle()
	}
	for _, platform := range everyChannel {
		var calls []struct {
			Method string `json:"method"`
			Path   string `json:"path"`
			Body   any    `json:"body"`
			Status int    `json:"status"`
		}
		b.get("/api/"+platform+"/calls", &calls)
		if len(calls) == 0 {
			t.Fatalf("%s saw no calls", platform)
		}
		for _, c := range calls {
			body := fmt.Sprint(c.Body)
			switch platform {
			case "slack":
				for _, ping := range []string{"<!channel>", "<!here>", "<!everyone>", "<@U000000>"} {
					if strings.Contains(body, ping) {
						t.Errorf("slack %s carries %s", c.Method, ping)
					}
				}
			case "discord":
				if strings.Contains(body, "@everyone") && !strings.Contains(body, "parse:[]") {
					t.Errorf("discord %s %s says @everyone and does not forbid mentions: %.300s", c.Method, c.Path, body)
				}
			case "telegram":
				if strings.Contains(body, "<b>x</b>") {
					t.Errorf("telegram %s carries a customer's markup", c.Method)
				}
			}
			if c.Status >= 400 && c.Status != 429 {
				t.Errorf("%s refused %s with %d: %.300s", platform, c.Method, c.Status, body)
			}
		}
	}
}
