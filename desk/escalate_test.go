package desk_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
)

// TestWhenItIsSaidAgain: a period of opening time later at the earliest, at whole parts of the day, not at openings.
func TestWhenItIsSaidAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		again time.Duration
		last  string
		want  string
	}{
		{"in the same day", 4 * time.Hour, "2026-11-20 10:20", "2026-11-20 16:00"},
		{"on the whole part", 4 * time.Hour, "2026-11-20 12:00", "2026-11-20 16:00"},
		{"not after closing", 4 * time.Hour, "2026-11-20 15:30", "2026-11-21 12:00"},
		{"not over the weekend", 4 * time.Hour, "2026-11-21 13:00", "2026-11-23 12:00"},
		{"not in a feast", 4 * time.Hour, "2027-03-19 18:00", "2027-03-25 14:00"},
		{"not at an opening", 2 * time.Hour, "2026-11-20 17:00", "2026-11-21 11:00"},
		{"after lunch is an opening too", time.Hour, "2026-11-21 13:00", "2026-11-21 16:00"},
		{"once a day", 24 * time.Hour, "2026-11-20 12:00", "2026-11-24 12:00"},
		{"never", 0, "2026-11-20 12:00", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := clocks(t)
			c.Again = tt.again
			last := when(t, tt.last)
			k := desk.Ticket{State: desk.Open, OpenedAt: last.Add(-time.Hour), AskedAt: last.Add(-time.Hour), DueAt: last, EscalatedAt: last}
			if got := c.Next(k); !got.Equal(when(t, tt.want)) {
				t.Errorf("next at %s, want %s", c.Hours.Local(got), tt.want)
			}
		})
	}
}

// escalating gives a bureau a way up.
func escalating(b *bureau) {
	b.t.Helper()
	b.agenda.Clocks.Again = 4 * time.Hour
	b.agenda.Config.EscalateTo = "#bosses"
}

// TestWhatStaysOverdueGoesFurther: first to the channel, then to whom the desk names, in one short list, at most once in
// a period, and never at night.
func TestWhatStaysOverdueGoesFurther(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
		escalating(b)
		const people = 23
		for n := range people {
			b.arrive(customer(fmt.Sprint("c", n), "/agent"))
		}
		b.rest()
		before := len(b.sent["#support"])
		silent(t, b.meanwhile("#bosses", "2026-11-20 17:59"))
		overdue := b.heard("#support", before)
		if n := strings.Count(overdue, "Overdue:"); n != 1 {
			t.Errorf("said %d times:\n%s", n, overdue)
		}
		want(t, overdue, "And 13 more")
		b.to("2026-11-20 18:30")
		got := b.sent["#bosses"]
		if len(got) != 1 {
			t.Fatalf("%d messages:\n%s", len(got), b.heard("#bosses", 0))
		}
		want(t, got[0].Body.Text.Plain(), "Still overdue", "#1 ", "And 13 more")
		if n := len(claimable(got)); n != 10 {
			t.Errorf("%d can be claimed from the list", n)
		}
		silent(t, b.meanwhile("#bosses", "2026-11-21 13:59")) // not in the night, nor at the opening
		want(t, b.meanwhile("#bosses", "2026-11-23 09:59"), "Still overdue")
		b.press("nigar", "Claim #1")
		b.reply("nigar", "c0", "Sorry for the wait.")
		said := b.meanwhile("#bosses", "2026-11-24 17:00")
		if strings.Contains(said, "#1 ") {
			t.Errorf("an answered one is overdue:\n%s", said)
		}
	})
}

// TestTheOpeningListsWhatNobodyWasToldOf: a ticket for a low score waits like any other, and the urgent come first.
func TestTheOpeningListsWhatNobodyWasToldOf(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 18:50", func(t *testing.T, b *bureau) {
		b.say("ann", "/agent")
		b.say("bob", "hello")
		id, err := b.db.FindCustomer(t.Context(), "telegram", "bob")
		if err != nil {
			t.Fatal(err)
		}
		err = b.db.ForCustomer(t.Context(), id, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
			return tx.OpenTicket(ctx, conversation.Handoff{Reason: "low_score", Topic: "low_score", Words: "Never again", Silent: true, Urgent: true})
		})
		if err != nil {
			t.Fatal(err)
		}
		b.rest()
		b.to("2026-11-21 09:59")
		want(t, b.meanwhile("#support", "2026-11-21 10:00"), "Waiting for an answer: 2", "Never again", b.ticket("ann").ID.String())
	})
}

// TestNothingComesBackAtNight: a snooze that would end after closing ends at the opening, and what lapses then is listed
// by the opening.
func TestNothingComesBackAtNight(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 17:30", func(t *testing.T, b *bureau) {
		b.say("ann", "/agent")
		b.press("U1", "Snooze")
		b.press("U1", "3")
		if got := b.ticket("ann").SnoozedUntil; !got.Equal(when(t, "2026-11-21 10:00")) {
			t.Errorf("put aside until %s", got)
		}
		b.to("2026-11-20 18:50")
		b.say("bob", "/agent")
		b.press("U1", "Claim")
		before := len(b.sent["#support"])
		b.to("2026-11-21 09:59")
		for _, i := range b.sent["#support"][before:] {
			if i.Body.Kind == conversation.BodyNew && i.Body.Under == 0 && i.To.Thread == "" && strings.Contains(i.Body.Text.Plain(), "Back in the queue") {
				t.Errorf("said at night:\n%s", i.Body.Text.Plain())
			}
		}
		want(t, b.meanwhile("#support", "2026-11-21 10:00"), "Waiting for an answer: 2", "#1 ", "#2 ")
		if text := b.heard("#support", before); strings.Contains(text, "Put aside until now") || strings.Contains(text, "Overdue:") {
			t.Errorf("the opening is told of more than once:\n%s", text)
		}
	})
}
