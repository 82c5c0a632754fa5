package main

import (
	"strings"
	"testing"
	"time"
)

// TestSandboxStaffAsk is what staff ask and do with the slash command and on the app's page, through the real adapter.
func TestSandboxStaffAsk(t *testing.T) {
	t.Parallel()
	b := startBox(t)
	ask := func(what string) string {
		t.Helper()
		before := len(b.place("nigar", "staff"))
		b.staffSay("nigar", "staff", "/rapport "+what)
		list := b.place("nigar", "staff")
		return text(list[min(before, len(list)):])
	}
	for _, c := range []struct{ ask, told string }{
		{"help", "What you can ask for"},
		{"nps", "No answers yet"},
		{"offers", "Offers"},
		{"gaps", "had an answer"},
		{"tickets", "Nobody has them yet"},
		{"customer ayla", "A."},
		{"silence 24h state mourning", "Nothing is started until"},
		{"silence off", "The silence is over"},
		{"weather", "I do not know “weather”"},
	} {
		if got := ask(c.ask); !strings.Contains(got, c.told) {
			t.Errorf("/rapport %s was answered with\n%s\nwithout %q", c.ask, got, c.told)
		}
	}
	if got := text(b.place("orxan", "staff")); strings.Contains(got, "What you can ask for") {
		t.Errorf("others read the answers:\n%s", got)
	}
	first := firstOffer(t, ask("offers"))
	for _, c := range []struct{ ask, told string }{
		{"pause " + first, "is paused"}, {"offers", "paused by the team"}, {"resume " + first, "goes on within a minute"},
	} {
		if got := ask(c.ask); !strings.Contains(got, c.told) {
			t.Errorf("/rapport %s was answered with\n%s\nwithout %q", c.ask, got, c.told)
		}
	}
	if got := ask("points ayla +20 late parcel"); !strings.Contains(got, "late parcel") {
		t.Fatalf("not asked: %s", got)
	}
	b.staffPress("nigar", "staff", "Yes, +20")
	want(t, b.place("nigar", "staff"), "Done: +20")
	ask("points ayla +40 once more")
	b.staffPress("nigar", "staff", "Yes, +40")
	want(t, b.place("nigar", "staff"), "Left: 30")
	b.staffSay("nigar", "home", "opens the tab")
	want(t, b.place("nigar", "home"), "You are here", "Nobody has them yet")
	b.staffPress("nigar", "home", "Away")
	want(t, b.place("nigar", "home"), "You are away")
	b.staffSay("stranger", "home", "opens the tab")
	want(t, b.place("stranger", "home"), "for our team")
}

// firstOffer is the first offer in a list.
func firstOffer(t *testing.T, list string) string {
	t.Helper()
	for line := range strings.Lines(list) {
		line = strings.TrimLeft(line, "•-* ")
		if name, _, ok := strings.Cut(line, ": next on"); ok {
			return strings.Trim(name, "*")
		}
	}
	t.Fatalf("there is no offer in\n%s", list)
	return ""
}

// TestSandboxStaffHearOfTrouble: a channel whose token is dead is told of in the staff channel, once.
func TestSandboxStaffHearOfTrouble(t *testing.T) {
	t.Parallel()
	b := startBox(t)
	b.post("/api/telegram/fault", map[string]any{"method": "getUpdates", "status": 401, "times": 100})
	b.post("/api/telegram/say", map[string]string{"as": "ayla", "text": "salam"}) // has the adapter ask now
	look, deadline := time.NewTicker(50*time.Millisecond), time.After(longest)
	defer look.Stop()
	for !strings.Contains(text(b.place("nigar", "staff")), "telegram has stopped for good") {
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("nobody was told:\n%s\n%s", text(b.place("nigar", "staff")), b.bot.err)
		}
	}
	if n := strings.Count(text(b.place("nigar", "staff")), "has stopped for good"); n != 1 {
		t.Errorf("told %d times", n)
	}
}
