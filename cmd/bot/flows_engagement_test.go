package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// The example business at the sandbox's start: Wednesday 2 December 2026, 11:00 in Baku.
const (
	npsDue   = "2026-12-03T15:00:30+04:00"
	offerDue = "2026-12-04T10:00:30+04:00"
)

// TestSandboxEngages is one week of a customer: points, a survey interrupted and changed, a reward, the offer, stop.
func TestSandboxEngages(t *testing.T) {
	t.Parallel()
	b := startBox(t)
	ayla := b.person("telegram", "ayla")

	before := points(t, ayla)
	b.clockTo(npsDue)
	want(t, ayla.chat(), "(1/2)", "Sonra")
	want(t, ayla.press("9"), "(2/2)")
	want(t, ayla.say("kofe maşınını geri qaytarmaq olar?"), "14 gün", "(2/2)") // answered, then asked again
	want(t, ayla.press("3"), "9 → 3")                                          // the newest 3 is the score's button
	want(t, ayla.say("çatdırılma çox gecikdi"), "+20")
	if got := points(t, ayla); got != before+20 {
		t.Errorf("%d points, want %d and 20 for the answers", got, before)
	}
	responses, _ := ayla.state()["responses"].([]any)
	if len(responses) != 1 || fmt.Sprint(responses[0].(map[string]any)["score"]) != "3" {
		t.Errorf("responses: %v", responses)
	}

	rich := points(t, ayla)
	ayla.say("hədiyyələr")
	confirm := ayla.press("latte")
	want(t, confirm, "Təsdiq")
	done := ayla.press("Bəli")
	want(t, done, "Kodunuz")
	if got := points(t, ayla); got != rich-120 {
		t.Errorf("%d points after a latte for 120, had %d", got, rich)
	}

	b.clockTo(offerDue)
	if got := countSaid(ayla.chat(), "Niyə mənə?"); got != 1 {
		t.Fatalf("the offer came %d times:\n%s", got, text(ayla.chat()))
	}
	want(t, ayla.press("Niyə mənə?"), "çünki")
	b.killAndRestart()
	b.advance("1h")
	if got := countSaid(ayla.chat(), "Niyə mənə?"); got != 1 {
		t.Errorf("after a restart the offer has come %d times", got)
	}

	want(t, ayla.say("stop"), "birinci biz yazmayacağıq")
	after := len(ayla.chat())
	b.advance("168h")
	if got := ayla.chat(); len(got) != after {
		t.Errorf("after stop a week brought\n%s", text(got[after:]))
	}
	want(t, ayla.say("necə xalım var"), "Balans") // who writes is answered
}

// points are a person's spendable points.
func points(t *testing.T, p *person) int {
	t.Helper()
	held, _ := p.state()["points"].(map[string]any)
	n, ok := held["spendable"].(float64)
	if !ok {
		t.Fatalf("no points in %v", p.state())
	}
	return int(n)
}

// countSaid counts the bot's messages with that button.
func countSaid(all []said, button string) int {
	n := 0
	for _, m := range all {
		for _, label := range m.Buttons {
			if m.From == "bot" && label == button {
				n++
			}
		}
	}
	return n
}

// TestSandboxKill kills the whole sandbox, service and platform, while people answer a survey and while an offer goes
// out. Everybody has one response, one reward and one offer.
func TestSandboxKill(t *testing.T) {
	t.Parallel()
	people, kills := 24, 3
	if os.Getenv("RAPPORT_FAULTS") == "full" {
		people, kills = 500, 10 // each is written to ten times, at the platform's pace
	}
	b := startBox(t)
	var all []*person
	for i := range people {
		p := b.person("telegram", fmt.Sprintf("k%04d", i))
		all = append(all, p)
		b.post("/api/telegram/say", map[string]string{"as": p.name, "text": "wifi parolu nedir", "locale": "az"})
	}
	b.rest()
	for _, p := range all {
		b.post("/api/telegram/press", map[string]string{"as": p.name, "label": "Bəli, yazın"})
		b.post("/api/telegram/say", map[string]string{"as": p.name, "text": "balans"})
	}
	b.rest()
	for _, p := range all {
		if status, _ := b.try("/api/telegram/press", map[string]string{"as": p.name, "label": "qoşul"}); status != 200 {
			t.Fatalf("%s cannot join:\n%s", p.name, text(p.chat()))
		}
	}
	b.rest()

	b.post("/api/clock", map[string]string{"to": npsDue})
	b.rest()
	every := len(all)/kills + 1
	for i, p := range all {
		b.post("/api/telegram/press", map[string]string{"as": p.name, "label": "10"})
		b.post("/api/telegram/say", map[string]string{"as": p.name, "text": "hər şey əladır"})
		if i%every == every-1 {
			b.killAndRestart()
		}
	}
	b.rest()
	b.post("/api/clock", map[string]string{"to": offerDue})
	for range kills {
		<-time.After(300 * time.Millisecond)
		b.killAndRestart()
	}
	b.rest()

	unknown := 0
	for _, p := range all {
		state := p.state()
		if responses, _ := state["responses"].([]any); len(responses) != 1 {
			t.Errorf("%s has %d responses", p.name, len(responses))
		}
		if got := points(t, p); got != 20 {
			t.Errorf("%s has %d points, want 20", p.name, got)
		}
		deliveries := 0
		list, _ := state["deliveries"].([]any)
		for _, d := range list {
			if row := d.(map[string]any); strings.Contains(fmt.Sprint(row["offer"]), "friday") {
				deliveries++
				if row["state"] == "unknown" {
					unknown++
				}
			}
		}
		got := countSaid(p.chat(), "Niyə mənə?")
		if deliveries != 1 || got > 1 || (got == 0 && unknown == 0) {
			t.Errorf("%s has %d deliveries and got the offer %d times: %v", p.name, deliveries, got, list)
		}
	}
	const inFlight = 16
	publish(t, []string{fmt.Sprintf("%-34s %d people, each a survey and an offer | unknown %d of at most %d | killed %d times", sceneOf(t), people, unknown, kills*inFlight, 2*kills)})
	if unknown > kills*inFlight {
		t.Errorf("%d of unknown fate over %d kills", unknown, kills)
	}
}

// rest is idle with the patience that many people need at the platform's pace.
func (b *box) rest() {
	b.t.Helper()
	b.post("/api/idle", map[string]string{"within": "10m"})
}
