package desk_test

import (
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/outbox"
)

func TestWhoNeedsNobody(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"lazim deyil, ozum hell etdim": true, "Lazım deyil": true, "özüm həll etdim, sağ olun": true, "artıq lazım deyil": true,
		"gerek kalmadı": true, "hallettim teşekkürler": true, "sorun çözüldü": true, "gerek yok": true,
		"уже не надо": true, "спасибо, разобрался, больше не нужно": true, "вопрос решён": true, "не надо": true,
		"solved, thanks": true, "never mind": true, "I fixed it myself": true, "no longer needed": true,
		"hələ həll olunmadı": false, "problem həll olunub?": false, "həll etdim amma yenə su axır": false, "çözülmedi": false,
		"не решено": false, "никак не решилось": false, "it is not solved": false, "this isn't resolved": false, "is it solved?": false,
		"I solved one thing but the other is broken": false, "mənə kömək lazımdır": false, "resolved to buy another one if you do not answer": false,
		"salam": false, "kartım itib, nə etməliyəm": false,
	} {
		if got := desk.NeedsNobody(text, false); got != want {
			t.Errorf("NeedsNobody(%q) = %t", text, got)
		}
	}
	for text, want := range map[string]bool{"lazım deyil": false, "не надо": false, "gerek yok": false, "artıq lazım deyil": true, "özüm həll etdim": true} {
		if got := desk.NeedsNobody(text, true); got != want {
			t.Errorf("after a question of staff: NeedsNobody(%q) = %t", text, got)
		}
	}
}

func TestACustomerWithdraws(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "where is my parcel")
		o.customer("ayla", "never mind, solved")
		says(t, "the customer", strings.Join(o.heard("ayla"), "\n"), "Shall we close your question?")
		says(t, "the thread", o.thread("nigar"), "never mind, solved")
		o.customer("ayla", "no")
		says(t, "the customer", strings.Join(o.heard("ayla"), "\n"), "Your question is with a colleague.")
		o.press("nigar", "Claim")
		o.customer("ayla", "no longer needed")
		o.customer("ayla", "yes")
		says(t, "the customer", strings.Join(o.heard("ayla"), "\n"), "All right, we've closed your question.")
		says(t, "the card", o.card().text, "The customer needs it no longer.")
		o.pressCustomer("ayla", "Continue")
		says(t, "the card", o.card().text, "Nobody has it yet")
	})
}

func TestACardThatWasDeletedIsReplaced(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "where is my parcel")
		old := o.card()
		old.gone = true
		o.code = "thread_gone"
		o.call = func(i outbox.Item) outbox.Outcome {
			if i.To.Thread == old.message {
				return outbox.Failed
			}
			return outbox.Sent
		}
		o.customer("ayla", "it should have come on Monday", conversation.Attachment{Kind: "photo", File: "f7"})
		if o.card() == old {
			t.Fatal("there is no new card")
		}
		says(t, "the new thread", o.thread("nigar"), "it should have come on Monday", "file f7")
		o.press("nigar", "Claim")
		says(t, "the new card", o.card().text, "Nigar has it")
	})
}
