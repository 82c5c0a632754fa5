package conversation_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// offers asks a question with the two labels under it, and tells which was pressed.
type offers struct{ yes, no string }

func (offers) Name() string { return "offers" }

func (o offers) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	if t.In.Text != "question?" {
		return nil, nil
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		_, err := tx.Send(ctx, conversation.Say(texts.Literal("well?"), []conversation.Button{
			conversation.Act(o.yes, "offers", "first", nil), conversation.Act(o.no, "offers", "second", nil),
		}))
		return t.Dialogue, err
	}, nil
}

func (offers) Press(_ context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	return reply(t, "pressed "+a.Verb), nil
}

func TestATypedYesOrNoPressesTheButton(t *testing.T) {
	tests := []struct{ yes, no, typed, want string }{
		{"Bəli, ötürün", "Başqa cür yazım", "hə", "pressed first"},
		{"Bəli, ötürün", "Başqa cür yazım", "yox", "pressed second"},
		{"Evet, iletin", "Farklı yazayım", "tamam", "pressed first"},
		{"Yes", "No", "nope", "pressed second"},
		{"Join", "No, thanks", "yes please", "pressed first"},
		{"Вступаю", "Нет", "неа", "pressed second"},
		{"History", "Rewards", "yes", "no answer to yes"},
	}
	for _, tt := range tests {
		t.Run(tt.typed+" to "+tt.yes, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				e := start(t, m, offers{tt.yes, tt.no})
				for i, text := range []string{"question?", tt.typed, tt.typed} {
					if err := e.Receive(t.Context(), message(i, "chat", text)); err != nil {
						t.Fatal(err)
					}
					wait(t, 10*time.Second)
				}
				want := "well?\n" + tt.want + "\nno answer to " + tt.typed // nothing is asked by then
				if tt.want == "no answer to "+tt.typed {
					want = "well?\n" + tt.want + "\n" + tt.want
				}
				if got := m.said(); got != want {
					t.Errorf("said\n%s\nwant\n%s", got, want)
				}
			})
		})
	}
}

// consents is offers for a question that wants a plain yes.
type consents struct{ offers }

func (consents) WantsPlainYes() {}

func TestOKIsNoConsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := start(t, m, consents{offers{"Yes, please", "No, thanks"}})
		for i, text := range []string{"question?", "ok"} {
			if err := e.Receive(t.Context(), message(i, "chat", text)); err != nil {
				t.Fatal(err)
			}
			wait(t, 10*time.Second)
		}
		if got, want := m.said(), "well?\nno answer to ok"; got != want {
			t.Errorf("said %q, want %q", got, want)
		}
	})
}
