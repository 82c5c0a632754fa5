package desk_test

import (
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
)

func TestWhatWasChangedAtTheCustomersIsToldWhereItWasToldOf(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "how do I clean my grinder")
		first := o.write("nigar", ">> Use a brush of steel.")
		second := o.write("nigar", ">> Use soap.")
		o.change("nigar", conversation.KindEdit, first, ">> Use a soft brush.")
		o.change("nigar", conversation.KindDelete, second, "")
		says(t, "the thread", o.thread("orxan"), "Sent to the customer by Nigar, and changed there since\nUse a soft brush.", "Sent to the customer by Nigar, and deleted there since")
		hushed(t, "the thread", o.thread("orxan"), "of steel", "soap")
		says(t, "the card", o.card().text, "We: Nigar: Use a soft brush.")
		hushed(t, "the card", o.card().text, "of steel", "soap")
	})
}

func TestTheCardKeepsTheQuestion(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "why does my grinder smoke")
		hushed(t, "the card", o.card().text, "Bot:")
		o.press("nigar", "Claim")
		id := ""
		for _, more := range []string{"are you there", "it is black", "it is new", "I bought it here", "it still smokes", "and it stinks", "hello"} {
			id = o.customer("ayla", more)
		}
		o.event(conversation.Inbound{
			Address: chatOf("ayla"), Kind: conversation.KindEdit, From: conversation.Sender{UserID: "ayla"}, Private: true, Text: "please help", MessageID: id,
		})
		card := o.card().text
		says(t, "the card", card, "Asked: why does my grinder smoke", "Customer: and it stinks", "Customer: please help")
		hushed(t, "the card", card, "Nigar is looking into", "hello")
		if n := strings.Count(card, "why does my grinder smoke"); n != 1 {
			t.Errorf("the question stands %d times on\n%s", n, card)
		}
	})
}

func TestAFileWithoutWordsIsNamed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "send me the manual please")
		in := staffEvent("nigar", conversation.KindMessage)
		in.Thread, in.Text, in.MessageID = o.card().message, "", "file-1"
		in.Attachments = []conversation.Attachment{{Kind: "file", File: "F1", Name: "manual.pdf"}}
		o.event(in)
		says(t, "the note", o.thread("nigar"), "“[file: manual.pdf]”")
		o.press("nigar", "Send to customer")
		items := o.items[shopBot]
		last := items[len(items)-1]
		if got := last.Body.Text.Plain(); got != "Nigar: manual.pdf" || last.Body.Forward == nil {
			t.Errorf("the customer got %q with %+v", got, last.Body.Forward)
		}
	})
}
