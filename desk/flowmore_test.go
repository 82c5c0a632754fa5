package desk_test

import (
	"context"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
)

func TestTheCustomerChangesAndDeletesMessages(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "my order has not come")
		o.press("nigar", "Claim")
		first := o.customer("ayla", "it is number 17")
		second := o.customer("ayla", "or was it 18")
		for kind, id := range map[conversation.Kind]string{conversation.KindEdit: first, conversation.KindDelete: second} {
			o.event(conversation.Inbound{
				Address: chatOf("ayla"), Kind: kind, From: conversation.Sender{UserID: "ayla"}, Private: true, Text: "it is number 71", MessageID: id,
			})
		}
		thread := o.thread("orxan")
		says(t, "the thread", thread, "(edited)", "it is number 71", "(deleted by the customer)")
		hushed(t, "the thread", thread, "number 17", "was it 18")
	})
}

func TestWhatIsSaidBeforeTheCardIsNotLost(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		account := o.desk.Account
		o.desk.Account = func() string { return "" } // Slack is not connected yet
		o.customer("ayla", "my order has not come")
		o.customer("ayla", "it is number 17")
		o.customer("ayla", "hello?", conversation.Attachment{Kind: "photo", File: "f1"})
		o.desk.Account = account
		o.rest()
		if got := o.thread("nigar"); !strings.Contains(got, "it is number 17") || strings.Index(got, "hello?") < strings.Index(got, "it is number 17") {
			t.Errorf("the thread has\n%s", got)
		}
		says(t, "the thread", o.thread("nigar"), "file f1 from "+shopBot)
		if n := strings.Count(o.transcript(staffBot), "Nobody has it yet"); n != 1 {
			t.Errorf("there are %d cards", n)
		}
	})
}

func TestWithdrawnByTheCustomer(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "my order has not come")
		settleWith(t, o, "ayla", o.desk.WithdrawButton("No longer needed"))
		o.pressCustomer("ayla", "No longer needed")
		says(t, "the card", o.card().text, "The customer needs it no longer.")
		says(t, "the customer", strings.Join(o.heard("ayla"), "\n"), "All right, we've closed your question.")
		o.resolvedOnce(t, 0)
		o.pressCustomer("ayla", "No longer needed")
		o.press("nigar", "Reopen")
		says(t, "the card", o.card().text, "Nigar has it")
	})
}

// settleWith puts a button into a customer's chat.
func settleWith(t *testing.T, o *office, who string, b conversation.Button) {
	t.Helper()
	err := o.desk.Stores.Do(t.Context(), func(ctx context.Context, tx conversation.Tx) error {
		m := conversation.Say(nil, []conversation.Button{b})
		m.Key, m.To, m.Customer = "test:"+who, chatOf(who), -1
		_, err := tx.Send(ctx, m)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	o.rest()
}

func TestPreparedRepliesSnoozeAndFacts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "my order has not come")
		o.press("nigar", "Replies")
		for range 2 {
			o.press("nigar", "Send: wait")
		}
		if n := strings.Count(strings.Join(o.heard("ayla"), "\n"), "One moment, please."); n != 1 {
			t.Errorf("the prepared reply came %d times", n)
		}
		o.customer("ayla", "all right")
		o.press("nigar", "Send: wait")
		if n := strings.Count(strings.Join(o.heard("ayla"), "\n"), "One moment, please."); n != 2 {
			t.Errorf("after the customer wrote again the prepared reply came %d times", n)
		}
		o.customer("ayla", "and now?")
		o.press("nigar", "Snooze")
		o.press("nigar", "3 h")
		says(t, "the card", o.card().text, "Put aside until 2 December, 09:00")
		hushed(t, "the channel", o.transcript(staffBot), "Put aside for how long?")
		o.customer("ayla", "are you there, please")
		hushed(t, "the card", o.card().text, "Put aside")

		before := audits(t, o)
		o.press("orxan", "Customer")
		list := o.standing(staffBot)
		if last := list[len(list)-1]; last.onlyFor != "orxan" || !strings.Contains(last.text, "Aynur Məmmədova") {
			t.Errorf("the profile is %q (only %q)", last.text, last.onlyFor)
		}
		if after := audits(t, o); after != before+1 {
			t.Errorf("%d acts were kept", after-before)
		}
	})
}

// audits counts what staff did.
func audits(t *testing.T, o *office) int {
	t.Helper()
	acts, err := o.db.Desk().Acts(t.Context(), 1, 100)
	if err != nil {
		t.Fatal(err)
	}
	return len(acts)
}

func TestATicketThatTheCustomerWasNotToldOf(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "what are your opening hours")
		who, err := o.db.FindCustomer(t.Context(), "telegram", "ayla")
		if err != nil {
			t.Fatal(err)
		}
		err = o.db.ForCustomer(t.Context(), who, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
			return tx.OpenTicket(ctx, conversation.Handoff{Topic: "complaint", Reason: "low_score", Words: "2/10\ncold coffee", Lang: "en", Silent: true})
		})
		if err != nil {
			t.Fatal(err)
		}
		o.rest()
		before := len(o.heard("ayla"))
		says(t, "the card", o.card().text, "Low score", "complaint")
		o.press("nigar", "Claim")
		o.press("nigar", "Resolve")
		if got := o.heard("ayla"); len(got) != before {
			t.Errorf("the customer heard %q", got[before:])
		}
		o.resolvedOnce(t, 0)
	})
}

func TestNothingIsSentToWhoCannotBeFound(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "my order has not come")
		in := staffEvent("nigar", conversation.KindMessage)
		in.Thread, in.Text, in.MessageID = "nowhere", ">> hello", "s-lost"
		o.event(in)
		list := o.standing(staffBot)
		if last := list[len(list)-1]; last.onlyFor != "nigar" || !strings.Contains(last.text, "This was not sent") {
			t.Errorf("the author was told %q", last.text)
		}
		in.Thread, in.MessageID = "", "s-channel"
		o.event(in)
		hushed(t, "the customer", strings.Join(o.heard("ayla"), "\n"), "hello")
	})
}
