package desk_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement"
	"github.com/rapport-chat/rapport/outbox"
)

// says fails the test unless text holds each of the parts.
func says(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s should say %q; it says:\n%s", what, p, text)
		}
	}
}

// hushed fails the test if text holds one of the parts.
func hushed(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(text, p) {
			t.Errorf("%s should not say %q; it says:\n%s", what, p, text)
		}
	}
}

func TestATicketFromTheQuestionToTheEnd(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "my grinder makes a strange noise")
		card := o.card()
		says(t, "the card", card.text, "#1", "A. M.", "my grinder makes a strange noise", "The bot had no answer", "Nobody has it yet", "answer due", "06:15")
		hushed(t, "the card", card.text, "Aynur")

		o.press("nigar", "Claim")
		says(t, "the card", o.card().text, "Nigar has it")
		if o.card() != card || card.edits != 1 {
			t.Errorf("the card was edited %d times", card.edits)
		}
		says(t, "the customer", strings.Join(o.heard("ayla"), "\n"), "Nigar is looking into your question.")

		o.write("nigar", "she is the one from last week, be careful")
		says(t, "the note", o.thread("nigar"), "Send it to the customer?")
		hushed(t, "another member", o.thread("orxan"), "Send it to the customer?")
		hushed(t, "the customer", strings.Join(o.heard("ayla"), "\n"), "last week")
		o.press("nigar", "Keep inside")
		hushed(t, "the thread", o.thread("nigar"), "Send it to the customer?")

		o.write("nigar", "Which model is it?")
		o.press("nigar", "Send to customer")
		o.write("nigar", ">> A photo would help.")
		o.fill("nigar", "Reply", "We will call you, too.")
		o.press("nigar", "Send 1: Change the filter")
		heard := o.heard("ayla")
		want := []string{"Nigar:\nWhich model is it?", "Nigar:\nA photo would help.", "Nigar:\nWe will call you, too.", "Nigar:\nTurn it to the left."}
		if got := heard[len(heard)-4:]; !slices.Equal(got, want) {
			t.Errorf("the customer heard %q", got)
		}
		if n := strings.Count(o.thread("nigar"), "Sent to the customer by Nigar: delivered"); n != 4 {
			t.Errorf("%d echoes in\n%s", n, o.thread("nigar"))
		}

		o.customer("ayla", "it is the black one", conversation.Attachment{Kind: "photo", File: "f1"})
		says(t, "the thread", o.thread("orxan"), "it is the black one", "file f1 from "+shopBot)
		before := len(o.heard("ayla"))
		o.customer("ayla", "and what are your opening hours?")
		says(t, "the customer", strings.Join(o.heard("ayla")[before:], "\n"), "We are open every day.")
		says(t, "the thread", o.thread("orxan"), "opening hours?", "The bot answered this by itself.")

		o.press("nigar", "Resolve")
		says(t, "the customer", strings.Join(o.heard("ayla"), "\n"), "We consider this solved.")
		says(t, "the card", o.card().text, "Resolved by Nigar")
		o.resolvedOnce(t, 1)
	})
}

// resolvedOnce checks how many resolutions were recorded for what follows.
func (o *office) resolvedOnce(t *testing.T, want int) {
	t.Helper()
	events, err := o.db.Events(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	got := 0
	for _, e := range events {
		if e.Kind == engagement.EventTicketResolved {
			got++
		}
	}
	if got != want {
		t.Errorf("%d resolutions were recorded, want %d", got, want)
	}
}

func TestPressesTwiceAndByTwo(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "where is my parcel")
		claim, card := o.find(staffBot, "Claim", "nigar")
		suggest, _ := o.find(staffBot, "Send 2: Repairs", "nigar")
		resolve, _ := o.find(staffBot, "Resolve", "nigar")
		for range 2 {
			o.pressToken("nigar", claim.Token, card.message)
		}
		o.pressToken("orxan", claim.Token, card.message)
		list := o.standing(staffBot)
		last := list[len(list)-1]
		if last.onlyFor != "orxan" || !strings.Contains(last.text, "Nigar has this question already.") {
			t.Errorf("the second claimer was told %q (only for %q)", last.text, last.onlyFor)
		}
		o.press("orxan", "Take over")
		heard := strings.Join(o.heard("ayla"), "\n")
		says(t, "the customer", heard, "Orxan is looking into your question now. You need not repeat anything.")
		for range 2 {
			o.pressToken("orxan", suggest.Token, card.message)
		}
		for range 2 {
			o.pressToken("orxan", resolve.Token, card.message)
		}
		heard = strings.Join(o.heard("ayla"), "\n")
		for _, once := range []string{"Nigar is looking", "Orxan is looking", "Bring it to the shop.", "We consider this solved."} {
			if n := strings.Count(heard, once); n != 1 {
				t.Errorf("the customer heard %q %d times:\n%s", once, n, heard)
			}
		}
		o.resolvedOnce(t, 1)
	})
}

func TestRepliesThatFailAreSentAgainOnRequestOnly(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "where is my parcel")
		for _, c := range []struct {
			outcome outbox.Outcome
			told    string
		}{
			{outbox.Lost, "not known whether it arrived"},
			{outbox.Failed, "the customer has blocked the bot"},
		} {
			o.call = func(i outbox.Item) outbox.Outcome {
				if i.To.Account == shopBot {
					return c.outcome
				}
				return outbox.Sent
			}
			o.write("nigar", ">> on its way "+c.told)
			says(t, "the thread", o.thread("nigar"), c.told)
			o.call = nil
			hushed(t, "the customer", strings.Join(o.heard("ayla"), "\n"), "on its way "+c.told)
			again, echo := o.find(staffBot, "Send again", "nigar")
			for range 2 {
				o.pressToken("nigar", again.Token, echo.message)
			}
			if n := strings.Count(strings.Join(o.heard("ayla"), "\n"), "on its way "+c.told); n != 1 {
				t.Errorf("after two presses the customer heard it %d times", n)
			}
			if len(echo.rows) != 0 {
				t.Error("the button stands still")
			}
		}
	})
}

func TestEditsAndDeletionsOfBothKinds(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "where is my parcel")
		inside := o.write("nigar", "no idea")
		o.change("nigar", conversation.KindEdit, inside, "no idea at all")
		sent := o.write("nigar", ">> it leaves tomorow")
		hushed(t, "the customer", strings.Join(o.heard("ayla"), "\n"), "no idea")
		o.change("nigar", conversation.KindEdit, sent, ">> it leaves tomorrow")
		heard := strings.Join(o.heard("ayla"), "\n")
		says(t, "the customer", heard, "it leaves tomorrow")
		hushed(t, "the customer", heard, "tomorow")
		o.change("nigar", conversation.KindDelete, inside, "")
		o.change("nigar", conversation.KindDelete, sent, "")
		hushed(t, "the customer", strings.Join(o.heard("ayla"), "\n"), "tomorrow")

		late := o.write("nigar", "it leaves on Friday")
		o.change("nigar", conversation.KindEdit, late, ">> it leaves on Friday")
		o.change("nigar", conversation.KindEdit, late, ">>> it leaves on Friday")
		if n := strings.Count(strings.Join(o.heard("ayla"), "\n"), "on Friday"); n != 1 {
			t.Errorf("the customer heard it %d times", n)
		}
	})
}

func TestOthersThanTheOwnerStayInside(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "where is my parcel")
		o.press("nigar", "Claim")
		o.write("orxan", "ask the courier")
		o.write("orxan", ">> we ask the courier")
		hushed(t, "the customer", strings.Join(o.heard("ayla"), "\n"), "courier")
		hushed(t, "the thread", o.thread("orxan"), "Send it to the customer?")
		o.press("orxan", "Take over and send")
		heard := strings.Join(o.heard("ayla"), "\n")
		says(t, "the customer", heard, "Orxan:\nwe ask the courier")
		hushed(t, "the customer", heard, "ask the courier\n")
		says(t, "the card", o.card().text, "Orxan has answered")
	})
}

func TestTheCustomerGoesOn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "my grinder is loud")
		o.write("nigar", ">> clean it, please")
		o.press("nigar", "Resolve")
		first := o.card()
		o.customer("ayla", "it is still loud")
		second := o.card()
		if first == second {
			t.Fatal("there is no new card")
		}
		says(t, "the new card", second.text, "goes on", "it is still loud", "Nobody has it yet")
		o.write("nigar", ">> bring it, please")
		o.press("nigar", "Resolve")
		o.pressCustomer("ayla", "Continue")
		says(t, "the customer", strings.Join(o.heard("ayla"), "\n"), "Your question is open again.")
		o.pressCustomer("ayla", "Continue")
		o.resolvedOnce(t, 2)

		o.press("nigar", "Resolve")
		o.clock.MoveTo(o.clock.Now().AddDate(0, 0, 8))
		o.pressCustomer("ayla", "Continue")
		says(t, "the customer", strings.Join(o.heard("ayla"), "\n"), "This question is closed by now.")
	})
}
