package desk_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/outbox"
)

// fresh are the new messages of the staff channel, edits and threads left out.
func fresh(items []outbox.Item) (out []outbox.Item) {
	for _, i := range items {
		if i.Body.Kind == conversation.BodyNew && i.To.Thread == "" && i.Body.Under == 0 {
			out = append(out, i)
		}
	}
	return out
}

// claimable are the tickets that messages have a button to claim for.
func claimable(items []outbox.Item) map[string]int {
	out := map[string]int{}
	for _, i := range items {
		for _, row := range i.Body.Rows {
			for _, b := range row {
				if n, ok := strings.CutPrefix(b.Label, "Claim #"); ok {
					out[n]++
				}
			}
		}
	}
	return out
}

func TestAHundredHandOffsInAMinuteAreGroupedAndEachIsReachable(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
		const people = 100
		for n := range people {
			b.arrive(customer(fmt.Sprint("c", n), "/agent"))
			if n%10 == 9 {
				b.clock.MoveTo(b.clock.Now().Add(6 * time.Second))
				b.rest()
			}
		}
		b.to("2026-11-20 12:02")
		items := fresh(b.sent["#support"])
		if len(items) > 20 {
			t.Errorf("%d messages, which are too many for a channel in a minute", len(items))
		}
		cards, groups := 0, claimable(items)
		for _, i := range items {
			if i.Report.Kind == desk.CardReport {
				cards++
			}
		}
		if cards < 1 || cards+len(groups) != people {
			t.Errorf("%d cards and %d tickets in groups, of %d", cards, len(groups), people)
		}
		for n := range people {
			ticket := b.ticket(fmt.Sprint("c", n))
			if due := ticket.AskedAt.Add(15 * time.Minute); !ticket.DueAt.Equal(due) {
				t.Errorf("%s is due at %s, want %s", ticket.ID, ticket.DueAt, due)
			}
		}
		// One of a group is claimed: it gets a card and a thread of its own, and the group says so.
		before := len(b.sent["#support"])
		b.press("U1", "Claim #57")
		ticket, err := b.db.Desk().Ticket(t.Context(), 57)
		if err != nil || ticket.State != desk.Claimed || ticket.Card.Thread == "" {
			t.Fatalf("ticket 57 is %+v, %v", ticket, err)
		}
		want(t, b.heard("#support", before), "#57 · claimed by Name U1")
		b.reply("U1", ticket.To.Chat, "here you are")
		want(t, b.heard(ticket.To.Chat, 0), "here you are")
		// Reminders and missed targets of all of them do not flood the channel either.
		before = len(b.sent["#support"])
		b.to("2026-11-20 12:30")
		if n := len(fresh(b.sent["#support"][before:])); n > 40 {
			t.Errorf("%d messages remind of %d tickets", n, people)
		}
	})
}

func TestTheFirstCardOfAQuietTimeGoesAtOnce(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
		for n, at := range []string{"12:02", "12:04", "12:06", "12:08", "12:09"} {
			b.say(fmt.Sprint("c", n), "/agent")
			if got := b.ticket(fmt.Sprint("c", n)); got.Card.Thread == "" {
				t.Errorf("ticket %d has no card", n)
			}
			b.to("2026-11-20 " + at)
		}
	})
}

func TestTheDeskIsDownForAnHour(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
		b.say("zoe", "/agent")
		b.to("2026-11-20 12:01")
		b.down = true
		want(t, b.say("ann", "/agent"), "within 15 minutes") // nobody can know yet
		want(t, b.meanwhile("ann", "2026-11-20 12:05"), "has not reached our team yet")
		want(t, b.say("bob", "/agent"), "has not reached our team yet")
		want(t, b.say("bob", "alo?"), "has not reached our team yet")
		for n := range 10 {
			b.say(fmt.Sprint("c", n), "/agent")
			b.to(fmt.Sprintf("2026-11-20 12:%02d", 10+4*n))
		}
		if late := b.heard("ann", 0); strings.Count(late, "within") != 1 {
			t.Errorf("ann was promised a time while nobody could see her question:\n%s", late)
		}
		before := len(b.sent["#support"])
		b.to("2026-11-20 13:00")
		b.down = false
		ann, bob := len(b.sent["ann"]), len(b.sent["bob"])
		b.to("2026-11-20 13:02")
		if a, c := b.heard("ann", ann), b.heard("bob", bob); a != "Your message has reached our team." || c != a {
			t.Errorf("ann hears %q, bob %q", a, c)
		}
		for _, i := range b.sent["#support"][before:] {
			if said := i.Body.Text.Plain(); strings.Contains(said, "Due soon") && strings.Contains(said, "#2 ") {
				t.Errorf("a stale reminder after the outage: %q", said)
			}
		}
		shown, last := map[string]bool{}, 0
		for _, i := range fresh(b.sent["#support"][before:]) {
			if i.Report.Kind == desk.CardReport {
				shown[fmt.Sprint(i.Report.ID)] = true
				if int(i.Report.ID) < last {
					t.Errorf("the card of %d comes after that of %d", i.Report.ID, last)
				}
				last = int(i.Report.ID)
			}
		}
		for id := range claimable(fresh(b.sent["#support"][before:])) {
			shown[id] = true
		}
		for id := 2; id <= 13; id++ {
			if !shown[fmt.Sprint(id)] {
				t.Errorf("ticket %d was lost", id)
			}
		}
		silent(t, b.meanwhile("bob", "2026-11-20 13:14"))
		want(t, b.say("dan", "/agent"), "within 15 minutes") // all is well again
	})
}

func TestTwoProcessesDoWhatIsDueOnce(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
		for n := range 12 {
			b.say(fmt.Sprint("c", n), "/agent")
		}
		b.to("2026-11-20 12:01")
		before := len(b.sent["#support"])
		for _, at := range []string{"12:11", "12:16", "12:17"} {
			b.clock.MoveTo(when(t, "2026-11-20 "+at))
			var wait sync.WaitGroup
			errs := make([]error, 4)
			for n := range errs {
				wait.Go(func() { _, errs[n] = b.agenda.RunDue(t.Context(), b.clock.Now()) })
			}
			wait.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			b.deliver()
		}
		text := b.heard("#support", before)
		if got := strings.Count(text, "And 2 more"); got != 2 {
			t.Errorf("%d lists say that there are two more", got)
		}
		for n := 1; n <= 12; n++ {
			if got := strings.Count(text, fmt.Sprintf("#%d ·", n)); n <= 10 && got != 2 {
				t.Errorf("ticket %d is listed %d times, want a reminder and a missed target", n, got)
			}
			chat := fmt.Sprint("c", n-1)
			if got := strings.Count(b.heard(chat, 0), "not forgotten"); got != 1 {
				t.Errorf("%s heard %d times that it takes longer", chat, got)
			}
		}
	})
}
