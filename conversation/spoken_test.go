package conversation_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

func TestTheWordsOfAMessageTellItsLanguage(t *testing.T) {
	t.Parallel()
	tests := []struct{ locale, text, want string }{
		{"tr", "tmm", "tr"},
		{"en", "thx", "en"},
		{"az", "sagolun", "az"},
		{"az", "салам, балансым нечеди", "az"},
		{"az", "kuryer kobud idi", "az"},
		{"ru", "v sud podam", "ru"},
		{"ru", "salam balansim ne qederdi", "az"},
		{"az", "skolko stoit dostavka", "ru"},
	}
	for _, tt := range tests {
		t.Run(tt.locale+" "+tt.text, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newMemory()
				e := start(t, store, tongue{})
				in := message(1, "a", tt.text)
				in.From.Locale = tt.locale
				if err := e.Receive(t.Context(), in); err != nil {
					t.Fatal(err)
				}
				wait(t, 5*time.Second)
				if got := store.said(); got != tt.want {
					t.Errorf("%q with a phone in %s was answered in %q, want %q", tt.text, tt.locale, got, tt.want)
				}
			})
		})
	}
}

// tongue answers with the code of the language in which it would answer.
type tongue struct{}

func (tongue) Name() string { return "tongue" }

func (tongue) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	return reply(t, string(t.Lang)), nil
}
