package main

import (
	"strings"
	"testing"
)

// TestSandboxTeaches is the learning loop through the JSON API: a reply in Slack becomes an article, who still waits
// with the same question is offered it, who asks later is answered at once, and one press takes it back.
func TestSandboxTeaches(t *testing.T) {
	t.Parallel()
	b := startBox(t)
	ask := func(platform, name, words string) *person {
		t.Helper()
		p := b.person(platform, name)
		if got := text(p.say(words)); strings.Contains(got, "[Heç biri]") {
			p.press("Heç biri")
		}
		if got := text(p.chat()); !strings.Contains(got, "ötürdük") && !strings.Contains(got, "növbə") {
			p.say("operator")
		}
		return p
	}
	const question = "Sizdə pianino çalmaq olar?"
	first := ask("telegram", "gunel", question)
	second := ask("discord", "tural", "pianino calmaq olarmi sizde")
	card := b.cardOf("nigar", "pianino çalmaq")
	thread := "thread:" + card.ID
	b.staffSay("nigar", thread, ">> Salam! Bəli, pianino ikinci mərtəbədədir, 5 manata.")
	want(t, first.chat(), "5 manata")
	waiting := len(second.chat())
	b.post("/api/slack/press", map[string]string{"as": "nigar", "in": thread, "label": "New article"})
	b.post("/api/slack/submit", map[string]any{"as": "nigar", "values": map[string]string{}})
	b.idle()
	want(t, b.place("orxan", thread), "answers “Sizdə pianino çalmaq olar?” now", "learned.yaml", "Offered to 1 customer", "Undo")
	want(t, second.since(waiting), "5 manata", "kömək etdi", "Bəli")
	if got := text(second.since(waiting)); strings.Contains(got, "Salam") {
		t.Errorf("the answer still greets one person:\n%s", got)
	}
	want(t, second.press("Bəli"), "Sualınızı bağladıq", "Davam")
	if tickets, _ := second.state()["tickets"].([]any); len(tickets) != 1 || tickets[0].(map[string]any)["state"] != "resolved" {
		t.Errorf("the ticket after helped: %v", second.state()["tickets"])
	}
	third := b.person("telegram", "sevda")
	want(t, third.say("pianino calmaga icaze var?"), "5 manata")
	b.staffPress("nigar", thread, "Undo")
	want(t, b.place("orxan", thread), "took back")
	if got := text(b.person("telegram", "ulvi").say(question)); strings.Contains(got, "5 manata") {
		t.Errorf("taken back, and still answered:\n%s", got)
	}
}
