package persistence_test

import (
	"context"
	"errors"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

func TestAcceptKeepsAnEventOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		store := db.Conversations()
		one, two := message("ann", "1", "salam"), message("bob", "2", "hi")
		for i, want := range []int{2, 0, 0} {
			if fresh, err := store.Accept(t.Context(), one, two); err != nil || fresh != want {
				t.Fatalf("Accept() number %d = %d, %v; want %d", i, fresh, err, want)
			}
		}
		if fresh, err := store.Accept(t.Context(), one, message("cem", "3", "x"), message("cem", "3", "x"), message("ann", "4", "y")); err != nil || fresh != 2 {
			t.Fatalf("Accept() of a mixed batch = %d, %v; want 2", fresh, err)
		}
		open, err := store.Unsettled(t.Context(), 0, 10)
		if err != nil || len(open) != 4 {
			t.Fatalf("Unsettled() = %d events, %v; want 4", len(open), err)
		}
		for i, want := range []string{"1", "2", "3", "4"} {
			if open[i].EventID != want || open[i].Customer == 0 || open[i].Conversation == 0 {
				t.Errorf("event %d = %q of customer %d in %d; want %q, known", i, open[i].EventID, open[i].Customer, open[i].Conversation, want)
			}
		}
		if open[0].Customer != open[3].Customer || open[0].Customer == open[1].Customer {
			t.Errorf("customers = %d, %d, %d; want one per sender", open[0].Customer, open[1].Customer, open[3].Customer)
		}
		if n := count(t, db, "customers"); n != 3 {
			t.Errorf("%d customers, want 3", n)
		}
	})
}

func TestSettle(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := accept(t, db, message("ann", "1", "salam"))[0]
		tn := turn(t, db, in)
		d := conversation.Dialogue{}.Push(conversation.Frame{Skill: "survey", Step: "score"})
		if err := db.Conversations().Settle(t.Context(), tn, say(d, "one", "two")); err != nil {
			t.Fatal(err)
		}
		if err := db.Conversations().Settle(t.Context(), tn, say(d, "three")); !errors.Is(err, conversation.ErrSettled) {
			t.Errorf("settling twice = %v, want ErrSettled", err)
		}
		after := turn(t, db, in)
		if after.Dialogue.Version != 1 || len(after.Dialogue.Stack) != 1 || after.Dialogue.Stack[0].Step != "score" {
			t.Errorf("dialogue = %+v, want version 1 with the pushed frame", after.Dialogue)
		}
		if n := count(t, db, "outbox"); n != 2 {
			t.Errorf("%d messages, want 2", n)
		}
	})
}

func TestSettleConflict(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		ins := accept(t, db, message("ann", "1", "salam"), message("ann", "2", "necesen"))
		stale := turn(t, db, ins[1])
		settle(t, db, ins[0], say(conversation.Dialogue{}, "a"))
		if err := db.Conversations().Settle(t.Context(), stale, say(conversation.Dialogue{}, "b")); !errors.Is(err, conversation.ErrConflict) {
			t.Fatalf("settling from an old state = %v, want ErrConflict", err)
		}
		if n := count(t, db, "outbox"); n != 1 {
			t.Errorf("%d messages, want 1", n)
		}
		settle(t, db, ins[1], say(conversation.Dialogue{}, "b"))
	})
}

func TestButtons(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := accept(t, db, message("ann", "1", "salam"))[0]
		rows := []conversation.Button{conversation.Act("Yes", "feedback", "yes", map[string]int{"n": 7}), {Label: "Site", URL: "https://example.com"}, conversation.Act("No", "feedback", "no", nil)}
		var id conversation.OutgoingID
		settle(t, db, in, func(ctx context.Context, tx conversation.Tx) (d conversation.Dialogue, err error) {
			id, err = tx.Send(ctx, conversation.Say(texts.Literal("Helped?"), rows))
			return d, err
		})
		if rows[0].Token != "" {
			t.Error("the caller's buttons were changed")
		}
		items := claimAll(t, db, lease(t, db, bot, "w"))
		tokens := items[0].Body.Rows[0]
		if tokens[1].Token != "" || tokens[0].Token == tokens[2].Token || len(tokens[0].Token) > 24 {
			t.Fatalf("tokens = %q, %q, %q", tokens[0].Token, tokens[1].Token, tokens[2].Token)
		}
		got, err := db.Conversations().FindButton(t.Context(), in.Address, tokens[0].Token)
		if err != nil || got.Action.Verb != "yes" || string(got.Action.Data) != `{"n":7}` || got.Of != id || got.Text.Plain() != "Helped?" || got.SentAt.IsZero() {
			t.Errorf("FindButton() = %+v, %v", got, err)
		}
		other := in.Address
		other.Chat = "chat-bob"
		for name, try := range map[string]struct {
			to    conversation.Address
			token string
		}{
			"another chat":    {other, tokens[0].Token},
			"another account": {conversation.Address{Account: "telegram:2", Chat: in.Chat}, tokens[0].Token},
			"no such button":  {in.Address, tokens[0].Token + "7"},
			"nonsense":        {in.Address, "' OR 1=1 --"},
			"empty":           {in.Address, ""},
		} {
			if _, err := db.Conversations().FindButton(t.Context(), try.to, try.token); !errors.Is(err, conversation.ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", name, err)
			}
		}
	})
}
