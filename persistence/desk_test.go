package persistence_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

func TestMessagesGoUnderOneThatWasNotSentYet(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		under := func(key string, of conversation.OutgoingID) conversation.OutgoingID {
			o := notice(key)
			o.Body = conversation.Body{Under: of, Text: texts.Literal("new")}
			return write(t, db, o)[0]
		}
		l := lease(t, db, bot, "a")
		claim := func(id conversation.OutgoingID) outbox.Item {
			t.Helper()
			items, err := db.Outbox().Claim(t.Context(), l, []conversation.OutgoingID{id}, time.Now())
			if err != nil || len(items) != 1 {
				t.Fatalf("%d claimed, %v", len(items), err)
			}
			return items[0]
		}
		settle := func(r outbox.Result) {
			t.Helper()
			if err := db.Outbox().Settle(t.Context(), l, []outbox.Result{r}); err != nil {
				t.Fatal(err)
			}
		}
		root := write(t, db, notice("root"))[0]
		early := under("early", root)
		if item := claim(early); item.To.Thread != "" || item.Body.Under != root || item.MessageID != "" {
			t.Errorf("before its root was sent: %+v", item)
		}
		settle(outbox.Result{ID: early, Outcome: outbox.Retry, Uncalled: true})
		claim(root)
		settle(outbox.Result{ID: root, Outcome: outbox.Sent, Receipt: conversation.Receipt{MessageID: "m7", Chat: "C1"}})
		if item := claim(early); item.To.Thread != "m7" || item.To.Chat != "C1" || item.MessageID != "" {
			t.Errorf("afterwards: %+v", item)
		}
		failed := write(t, db, notice("failed"))[0]
		claim(failed)
		settle(outbox.Result{ID: failed, Outcome: outbox.Failed, Kind: conversation.OurPayload})
		if item := claim(under("orphan", failed)); item.To.Thread != "" || item.Body.Under != 0 {
			t.Errorf("under one that failed: %+v, want it in the chat itself", item)
		}
	})
}

func TestTicketsAreSavedByOneAtATime(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := accept(t, db, message("ann", "1", "help"))[0]
		settle(t, db, in, func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			return conversation.Dialogue{}, tx.OpenTicket(ctx, conversation.Handoff{Reason: "asked", Words: "help"})
		})
		seen, err := db.Desk().Ticket(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		save := func(change desk.Ticket) error {
			return db.Desk().Do(t.Context(), func(ctx context.Context, tx conversation.Tx) error {
				_, err := db.Desk().In(tx).Save(ctx, change)
				return err
			})
		}
		claimed, err := seen.Claim(desk.Member{ID: "U1", Name: "Nigar"}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if err := save(claimed); err != nil {
			t.Fatal(err)
		}
		if err := save(claimed); !errors.Is(err, conversation.ErrConflict) {
			t.Errorf("a second Save of the same version = %v, want ErrConflict", err)
		}
		now, err := db.Desk().Ticket(t.Context(), 1)
		if err != nil || now.Owner.Name != "Nigar" || now.State != desk.Claimed || now.Version != seen.Version+1 || now.To.Chat != "chat-ann" || now.Words != "help" {
			t.Errorf("the ticket = %+v, %v", now, err)
		}
		st, err := db.Conversations().Load(t.Context(), in)
		if err != nil || !st.HumanOwns || !st.HumanWaits {
			t.Errorf("the conversation = %+v, %v", st, err)
		}
	})
}

func TestMoreIsAddedToWhateverTicketThereIs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		for n, h := range []conversation.Handoff{{Topic: "complaint", Reason: "low_score"}, {Reason: persistence.ReasonMore, Words: "and this"}, {Reason: "asked"}} {
			in := accept(t, db, message("ann", numbered("e", n), "x"))[0]
			settle(t, db, in, func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
				return conversation.Dialogue{}, tx.OpenTicket(ctx, h)
			})
		}
		list, err := db.Desk().OfPerson(t.Context(), 1, time.Now())
		if err != nil || len(list) != 2 || list[1].Topic != "complaint" || list[1].Words != "and this" || list[0].Topic != "" {
			t.Errorf("tickets = %+v, %v", list, err)
		}
	})
}
