package conversation_test

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestJunkDoesNotChangeWhatAPersonSpeaks writes in one language, then something, and then a greeting that languages
// share: the answer to that is in the language that the person is known to speak.
func TestJunkDoesNotChangeWhatAPersonSpeaks(t *testing.T) {
	t.Parallel()
	const az, tr, ru, en = "Salam, sifarişim haradadır?", "Merhaba, siparişim nerede kaldı?", "Здравствуйте, где мой заказ?", "Hello, where is my order please?"
	tests := []struct{ before, text, want string }{
		{az, "<!channel> @everyone <https://evil.example|click> *b* & &lt;c&gt; qwzx", "az"},
		{az, "<@U123> <#C1|general> <:party:123>", "az"},
		{az, "https://shop.example/where/is/my/order?please=thank-you", "az"},
		{az, "www.example.com/how-can-i-return-this", "az"},
		{az, "me.and.you@example.com", "az"},
		{az, "qwzx jkhg wrtp", "az"},
		{az, "asdf qwerty lol", "az"},
		{az, "```for i in range: print the order where is my```", "az"},
		{az, ":smile: :thumbs_up: :the_end:", "az"},
		{az, "#sale #where #is #my #order", "az"},
		{az, "Nespresso Vertuo Next Deluxe", "az"},
		{az, "Order A123456 X99", "az"},
		{az, "*_~ ~_* \u202e\u200b", "az"},
		{az, "xdfgh the zzzkj qwpol mnbvc", "az"},
		{tr, "qwzx jkhg wrtp vbnm", "tr"},
		{tr, "@everyone https://a.example/this-is-an-offer-for-you", "tr"},
		{ru, "qwzx jkhg wrtp", "ru"},
		{ru, "iPhone Pro Max", "ru"},
		{en, "zxcv ğğış qwe", "en"},
		{en, "@ali @veli <@U5>", "en"},
		{az, "where is my order please, I have been waiting", "en"},
		{az, "@everyone where is my order please", "en"},
		{az, "где мой заказ", "ru"},
		{en, "sifarişim nə vaxt çatacaq", "az"},
		{ru, "siparişim nerede kaldı acaba", "tr"},
		{tr, "how can I return this <https://shop.example|item>", "en"},
	}
	for _, tt := range tests {
		t.Run(tt.before+" "+tt.text, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newMemory()
				e := start(t, store, tongue{})
				for i, text := range []string{tt.before, tt.text} {
					if err := e.Receive(t.Context(), message(i+1, "a", text)); err != nil {
						t.Fatal(err)
					}
					wait(t, 10*time.Second)
				}
				store.mu.Lock()
				got := store.people[1].Spoken
				store.mu.Unlock()
				if string(got) != tt.want {
					t.Errorf("after %q and %q the person is thought to speak %q, want %q", tt.before, tt.text, got, tt.want)
				}
			})
		})
	}
}
