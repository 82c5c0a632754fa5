package conversation_test

import (
	"context"
	"strings"
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

// TestTheLanguageOfAConversationStays sends several messages of one person and looks at the language of the last reply.
func TestTheLanguageOfAConversationStays(t *testing.T) {
	t.Parallel()
	type sent struct{ text, locale, command string }
	tests := []struct {
		name string
		all  []sent
		want string
	}{
		{"Azerbaijani letters after Russian", []sent{{text: "где мой заказ"}, {text: "təşəkkürlər"}}, "az"},
		{"Turkish after Azerbaijani", []sent{{text: "saat neceye kimi acixsiniz"}, {text: "kargo ucreti ne kadar acaba"}}, "tr"},
		{"Azerbaijani after Turkish", []sent{{text: "kargom nerede kaldı"}, {text: "latte neceyedi sizde"}}, "az"},
		{"a command with another locale", []sent{{text: "ok"}, {command: "offers", locale: "ru"}}, "en"},
		{"a command with another locale after Russian", []sent{{text: "где мой заказ"}, {command: "offers", locale: "en-US"}}, "ru"},
		{"a name after Russian", []sent{{text: "где мой заказ"}, {text: "latte"}}, "ru"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newMemory()
				e := start(t, store, tongue{})
				for i, s := range tt.all {
					in := message(i+1, "a", s.text)
					in.From.Locale, in.Command = s.locale, s.command
					if err := e.Receive(t.Context(), in); err != nil {
						t.Fatal(err)
					}
					wait(t, 5*time.Second)
				}
				if got := store.said(); !strings.HasSuffix(got, tt.want) {
					t.Errorf("the replies were in %q, want the last in %q", got, tt.want)
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
