package desk_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/texts"
)

func TestStaffAreRemindedAndThenSomebodyElseIsTold(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
		b.say("ann", "I have a complaint")
		silent(t, b.meanwhile("#support", "2026-11-20 12:09"))
		want(t, b.meanwhile("#support", "2026-11-20 12:11"), "Due soon", "#1")
		silent(t, b.meanwhile("#support", "2026-11-20 12:14"))
		before := len(b.sent["#managers"])
		b.to("2026-11-20 12:16")
		if b.ticket("ann").Reason == "complaint" {
			want(t, b.heard("#managers", before), "Overdue", "#1")
		} else {
			t.Errorf("the ticket's reason is %q", b.ticket("ann").Reason)
		}
		managers := len(b.sent["#managers"])
		b.to("2026-11-20 18:00")
		if n := len(b.sent["#managers"]); n != managers {
			t.Errorf("they were told %d times", n)
		}
	})
}

func TestDueTimesOverWeekendHolidayAndFeast(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ at, quietUntil, reminded, overdue string }{
		"weekend": {"2026-11-21 16:55", "2026-11-23 10:04", "2026-11-23 10:06", "2026-11-23 10:11"},
		"feast":   {"2027-03-19 18:55", "2027-03-25 10:04", "2027-03-25 10:06", "2027-03-25 10:11"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBureaus(t, tt.at, func(t *testing.T, b *bureau) {
				b.say("ann", "/agent")
				before := len(b.sent["#support"])
				b.to(tt.quietUntil)
				want(t, b.heard("#support", before), "Waiting for an answer: 1", "#1") // the opening
				if strings.Contains(b.heard("#support", before), "Due soon") {
					t.Error("a reminder while it was closed")
				}
				want(t, b.meanwhile("#support", tt.reminded), "Due soon")
				want(t, b.meanwhile("#support", tt.overdue), "Overdue")
			})
		})
	}
}

func TestAtOpeningThereIsOneListOfAllThatIsUnanswered(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 20:00", func(t *testing.T, b *bureau) {
		for n := range 12 {
			b.say(fmt.Sprint("c", n), "/agent")
			b.to(fmt.Sprintf("2026-11-20 21:%02d", 2*n))
		}
		b.to("2026-11-20 22:00")
		before := len(b.sent["#support"])
		b.to("2026-11-21 10:01")
		items := b.sent["#support"][before:]
		if len(items) != 1 {
			t.Fatalf("at opening there are %d messages:\n%s", len(items), b.heard("#support", before))
		}
		want(t, items[0].Body.Text.Plain(), "Waiting for an answer: 12", "#1 ", "#2 ", "#10 ", "And 2 more")
		if rows := items[0].Body.Rows; len(rows) != 2 || len(rows[0])+len(rows[1]) != 10 {
			t.Errorf("its buttons are %v", rows)
		}
		b.press("U1", "Claim #7")
		if got := b.ticket("c6"); got.State != desk.Claimed || got.Owner.ID != "U1" {
			t.Errorf("ticket 7 is %+v", got)
		}
	})
}

func TestAClaimLapses(t *testing.T) {
	t.Parallel()
	t.Run("when two targets are missed", func(t *testing.T) {
		t.Parallel()
		inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
			b.say("ann", "/agent")
			b.press("U1", "Claim")
			b.reply("U1", "ann", "one moment")
			b.say("ann", "are you still there, my order is late")
			thread := len(b.sent["#support"])
			silent(t, b.meanwhile("ann", "2026-11-20 12:59"))
			want(t, b.heard("#support", thread), "the answer is due", "the answer was due")
			want(t, b.meanwhile("ann", "2026-11-20 13:01"), "back in the queue")
			if got := b.ticket("ann"); got.State != desk.Open || got.Owner.ID != "" {
				t.Errorf("the ticket is %+v", got)
			}
			want(t, b.heard("#support", thread), "late twice", "Back in the queue")
			want(t, b.say("ann", "alo?"), "in the queue") // the bot is awake
		})
	})
	t.Run("when the shift ends", func(t *testing.T) {
		t.Parallel()
		inBureaus(t, "2026-11-20 18:40", func(t *testing.T, b *bureau) {
			b.say("ann", "/agent")
			b.press("U1", "Claim")
			want(t, b.meanwhile("ann", "2026-11-20 19:30"), "back in the queue", "Saturday at 10:00")
			if got := b.ticket("ann"); got.State != desk.Open {
				t.Errorf("the ticket is %+v", got)
			}
		})
	})
	t.Run("when the owner is away", func(t *testing.T) {
		t.Parallel()
		inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
			b.say("ann", "/agent")
			b.press("U1", "Claim")
			b.say("bob", "/agent")
			b.press("U2", "Claim")
			before := len(b.sent["ann"])
			if err := b.agenda.Away(t.Context(), desk.Member{ID: "U1"}, b.clock.Now()); err != nil {
				t.Fatal(err)
			}
			b.rest()
			want(t, b.heard("ann", before), "back in the queue")
			if a, c := b.ticket("ann"), b.ticket("bob"); a.State != desk.Open || c.State != desk.Claimed {
				t.Errorf("the tickets are %s and %s", a.State, c.State)
			}
		})
	})
}

func TestWhoWritesToAnOwnerWhoIsAwayDoesNotWaitForThatOne(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
		staffed(b, "")
		away := func(is bool) {
			t.Helper()
			err := b.db.Desk().Do(t.Context(), func(ctx context.Context, tx conversation.Tx) error {
				_, err := b.db.DeskClerk().Clerk(tx).SetAway(ctx, "U1", is)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		b.say("ann", "/agent")
		b.press("U1", "Claim")
		b.reply("U1", "ann", "have a look at this")
		away(true)
		silent(t, b.meanwhile("ann", "2026-11-20 12:30"))
		want(t, b.say("ann", "I had a look, and now what do I do?"), "back in the queue")
		if got := b.ticket("ann"); got.State != desk.Open {
			t.Errorf("the ticket is %+v", got)
		}
		b.press("U1", "Claim")
		if got := b.ticket("ann"); got.State != desk.Open {
			t.Errorf("who is away has it: %+v", got)
		}
		want(t, b.heard("#support", 0), "You are away. Back now and take it?")
		b.press("U1", "I am back")
		b.to("2026-11-20 12:40")
		if got := b.ticket("ann"); got.State != desk.Claimed || got.Owner.ID != "U1" {
			t.Errorf("the ticket is %+v", got)
		}
		if is, err := b.db.DeskClerk().IsAway(t.Context(), "U1"); err != nil || is {
			t.Errorf("still away: %v, %v", is, err)
		}
	})
}

func TestASnoozeEnds(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
		b.say("ann", "/agent")
		b.press("U1", "Snooze")
		b.press("U1", "1")
		if b.ticket("ann").SnoozedUntil.IsZero() {
			t.Fatal("it is not put aside")
		}
		silent(t, b.meanwhile("#support", "2026-11-20 12:59"))
		want(t, b.meanwhile("#support", "2026-11-20 13:01"), "Put aside until now", "#1")
	})
}

func TestAWaitingTicketEndsByItselfAndCanBeGoneOnWith(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
		b.say("ann", "/agent")
		b.reply("U1", "ann", "here is your answer")
		silent(t, b.meanwhile("ann", "2026-11-23 11:00"))
		want(t, b.meanwhile("ann", "2026-11-23 13:00"), "consider this solved", "within 7 days")
		got := b.ticket("ann")
		if got.State != desk.Resolved || got.ResolvedBy != "time" {
			t.Fatalf("the ticket is %+v", got)
		}
		b.to("2026-11-30 11:00")
		if _, err := b.ticket("ann").Reopen(b.clock.Now(), time.Time{}); err != nil {
			t.Errorf("within the window: %v", err)
		}
		b.to("2026-11-30 13:00")
		if _, err := b.ticket("ann").Reopen(b.clock.Now(), time.Time{}); err == nil {
			t.Error("it can be gone on with after the window")
		}
	})
}

func TestNothingIsStartedWhileATicketIsOpenAndWhatIsStillTrueGoesOnce(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
		b.say("ann", "/agent")
		who := b.ticket("ann").Customer
		start := func(key string, until string) {
			t.Helper()
			err := b.db.ForCustomer(t.Context(), who, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
				_, err := tx.Send(ctx, conversation.Outgoing{
					Key: key, To: conversation.Address{Channel: "telegram", Account: phones, Chat: "ann"}, Customer: who, Lane: conversation.LaneBulk,
					Body: conversation.Body{Text: texts.Literal(key)}, NotAfter: when(t, until), Proactive: conversation.Proactive{Purpose: "survey"},
				})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		start("still true tomorrow", "2026-11-22 12:00")
		start("over by three", "2026-11-20 15:00")
		b.press("U1", "Claim")
		silent(t, b.meanwhile("ann", "2026-11-20 12:14"))
		b.reply("U1", "ann", "the answer")
		silent(t, b.meanwhile("ann", "2026-11-20 16:00")) // waiting for the customer is a conversation still
		before := len(b.sent["ann"])
		b.press("U1", "Resolve")
		if got := b.ticket("ann").State; got != desk.Resolved {
			t.Fatalf("the ticket is %s", got)
		}
		b.to("2026-11-21 12:00")
		got := b.heard("ann", before)
		want(t, got, "consider this solved", "still true tomorrow")
		if strings.Count(got, "still true") != 1 || strings.Contains(got, "over by three") {
			t.Errorf("afterwards comes\n%s", got)
		}
	})
}

// TestAnOldQuestionHasADate: of a question that has waited for more than a week, a weekday would say the wrong day.
func TestAnOldQuestionHasADate(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 20:00", func(t *testing.T, b *bureau) {
		b.say("ann", "/agent")
		b.to("2026-11-29 22:00")
		want(t, b.meanwhile("#support", "2026-11-30 10:01"), "#1", "20 November")
	})
}
