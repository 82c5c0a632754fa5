package persistence_test

import (
	"context"
	"errors"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

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

// TestSettledEventReadAgain: an engine that reads an event again after it was settled, and decides it anew, is told so,
// although its replies have the keys of the first ones.
func TestSettledEventReadAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := accept(t, db, message("ann", "1", "salam"))[0]
		tries := 0
		for _, want := range []error{nil, conversation.ErrSettled} {
			tries = 0
			err := db.Conversations().Settle(t.Context(), turn(t, db, in), func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
				tries++
				return say(conversation.Dialogue{}, "salam")(ctx, tx)
			})
			if !errors.Is(err, want) {
				t.Errorf("Settle = %v, want %v", err, want)
			}
		}
		if tries > 2 {
			t.Errorf("the second time was tried %d times, with pauses in which the person's next message waits", tries)
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
		l := lease(t, db, bot, "w")
		items := claimAll(t, db, l)
		tokens := items[0].Body.Rows[0]
		if tokens[1].Token != "" || tokens[0].Token == tokens[2].Token || len(tokens[0].Token) > 24 {
			t.Fatalf("tokens = %q, %q, %q", tokens[0].Token, tokens[1].Token, tokens[2].Token)
		}
		got, err := db.Conversations().FindButton(t.Context(), in.Address, tokens[0].Token)
		if err != nil || got.Action.Verb != "yes" || string(got.Action.Data) != `{"n":7}` || got.Of != id || got.Text.Plain() != "Helped?" || got.SentAt.IsZero() {
			t.Errorf("FindButton() = %+v, %v", got, err)
		}
		if _, err := db.Conversations().LastAsked(t.Context(), in.Address, in.Customer); !errors.Is(err, conversation.ErrNotFound) {
			t.Errorf("LastAsked() of a message that was not sent yet = %v, want ErrNotFound", err)
		}
		if err := db.Outbox().Settle(t.Context(), l, []outbox.Result{{ID: items[0].ID, Outcome: outbox.Sent}}); err != nil {
			t.Fatal(err)
		}
		asked, err := db.Conversations().LastAsked(t.Context(), in.Address, in.Customer)
		if err != nil || asked.ID != id || len(asked.Body.Rows) != 1 || asked.Body.Rows[0][2].Action.Verb != "no" {
			t.Errorf("LastAsked() = %+v, %v", asked, err)
		}
		other := in.Address
		other.Chat = "chat-bob"
		if _, err := db.Conversations().LastAsked(t.Context(), other, in.Customer); !errors.Is(err, conversation.ErrNotFound) {
			t.Errorf("LastAsked() in another chat = %v, want ErrNotFound", err)
		}
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

func TestTwoWorkersSettleOneEventOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		for round := range 10 {
			in := accept(t, db, message("ann", numbered("e", round), "salam"))[0]
			tn := turn(t, db, in)
			results := make(chan error, 4)
			for range 4 {
				go func() { results <- db.Conversations().Settle(t.Context(), tn, say(tn.Dialogue, "hi")) }()
			}
			settled := 0
			for range 4 {
				switch err := <-results; {
				case err == nil:
					settled++
				case !errors.Is(err, conversation.ErrSettled) && !errors.Is(err, conversation.ErrConflict):
					t.Error(err)
				}
			}
			if settled != 1 {
				t.Errorf("settled %d times, want once", settled)
			}
		}
		if n := count(t, db, "outbox"); n != 10 {
			t.Errorf("%d replies, want 10", n)
		}
	})
}

func TestAGroupOfPartsIsSettledTogether(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		ins := accept(t, db, message("ann", "1", "salam"), message("ann", "2", "birsey sorusum"), message("ann", "3", "islemir"))
		tn := turn(t, db, ins[2])
		tn.Parts = ins
		if err := db.Conversations().Settle(t.Context(), tn, say(tn.Dialogue, "hi")); err != nil {
			t.Fatal(err)
		}
		if open, err := db.Conversations().Unsettled(t.Context(), 0, 10); err != nil || len(open) != 0 {
			t.Errorf("%d events are open, %v", len(open), err)
		}
		// One of the parts was settled by somebody else: nothing of the turn is kept.
		ins = accept(t, db, message("ann", "4", "a"), message("ann", "5", "b"))
		settle(t, db, ins[0], nil)
		tn = turn(t, db, ins[1])
		tn.Parts = ins
		if err := db.Conversations().Settle(t.Context(), tn, say(tn.Dialogue, "hi")); !errors.Is(err, conversation.ErrSettled) {
			t.Errorf("Settle() = %v, want ErrSettled", err)
		}
		if n := count(t, db, "outbox"); n != 1 {
			t.Errorf("%d replies, want 1", n)
		}
	})
}

func TestAFailedCommitLeavesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := accept(t, db, message("ann", "1", "salam"))[0]
		mine := errors.New("mine")
		err := db.Conversations().Settle(t.Context(), turn(t, db, in), func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			d, err := everything(in)(ctx, tx)
			return d, errors.Join(err, mine)
		})
		if !errors.Is(err, mine) {
			t.Fatalf("Settle() = %v", err)
		}
		for _, table := range []string{"outbox", "tickets", "consents", "inbox WHERE state <> 0", "conversations WHERE version <> 0"} {
			if n := count(t, db, table); n != 0 {
				t.Errorf("%s has %d rows, want none", table, n)
			}
		}
	})
}

func TestFailuresAreCountedAndParked(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		broken := conversation.Inbound{
			Address: conversation.Address{Channel: "telegram", Account: bot}, EventID: "9", Kind: conversation.KindBroken, Raw: []byte{0xff, 0, '{'},
		}
		in := accept(t, db, broken)[0]
		if in.Customer != 0 || in.Conversation != 0 || string(in.Raw) != string(broken.Raw) {
			t.Errorf("kept event = %+v, want nobody's, with its bytes", in)
		}
		for want := 1; want <= 2; want++ {
			if got, err := db.Conversations().Failed(t.Context(), in, "cause\x00"); err != nil || got != want {
				t.Errorf("Failed() = %d, %v; want %d", got, err, want)
			}
		}
		tn := turn(t, db, in)
		tn.Park = "the event could not be decoded"
		if err := db.Conversations().Settle(t.Context(), tn, nil); err != nil {
			t.Fatal(err)
		}
		parked, err := db.Conversations().Parked(t.Context(), 0, 10)
		if err != nil || len(parked) != 1 || parked[0].Cause != tn.Park || parked[0].Attempts != 2 || parked[0].ID != in.ID {
			t.Errorf("Parked() = %+v, %v", parked, err)
		}
	})
}

func TestPersonTicketsAndConsents(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		ins := accept(t, db, message("ann", "1", "kömək"), message("ann", "2", "yenə"))
		var tickets []persistence.Ticket
		db.OnTicket(func(_ context.Context, _ *persistence.Tx, tk persistence.Ticket) error {
			tickets = append(tickets, tk)
			return nil
		})
		p := turn(t, db, ins[0]).Person
		p.Chosen, p.Name, p.Honorific, p.Zone, p.Welcomed = "az", "Aynur", "ms", "Asia/Baku", true
		for _, in := range ins {
			settle(t, db, in, func(ctx context.Context, tx conversation.Tx) (d conversation.Dialogue, err error) {
				return d, errors.Join(
					tx.SavePerson(ctx, p),
					tx.OpenTicket(ctx, conversation.Handoff{Reason: "asked", Words: in.Text}),
					tx.RecordConsent(ctx, conversation.Consent{Topic: "offers", Granted: true, Wording: "offers.question/1", Way: "button"}),
					tx.RecordConsent(ctx, conversation.Consent{Topic: "all", Granted: false, Way: "word"}))
			})
		}
		st := turn(t, db, ins[0])
		want := p
		want.Stopped = true
		if st.Person != want || !st.HumanWaits || st.HumanOwns {
			t.Errorf("state = %+v, want %+v waiting for a human", st.Person, want)
		}
		if len(tickets) != 2 || !tickets[0].Fresh || tickets[1].Fresh || tickets[0].ID != tickets[1].ID || tickets[1].Root != p.Root {
			t.Errorf("tickets = %+v, want one, added to", tickets)
		}
		if n := count(t, db, "tickets WHERE words LIKE 'kömək_yenə' AND added = 1"); n != 1 {
			t.Error("the ticket does not hold both questions")
		}
		if n := count(t, db, "consents"); n != 4 {
			t.Errorf("%d consents in the history, want 4", n)
		}
		if n := count(t, db, "consents_in_force WHERE granted = 1 AND topic = 'offers'"); n != 1 {
			t.Errorf("%d consents in force, want 1", n)
		}
		in := accept(t, db, message("ann", "3", "start"))[0]
		settle(t, db, in, func(ctx context.Context, tx conversation.Tx) (d conversation.Dialogue, err error) {
			return d, tx.RecordConsent(ctx, conversation.Consent{Topic: "all", Granted: true, Way: "command"})
		})
		if turn(t, db, in).Person.Stopped {
			t.Error("still stopped after start")
		}
	})
}

func TestApproach(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := accept(t, db, message("ann", "1", "salam"))[0]
		stale := turn(t, db, in)
		ask := func(ctx context.Context, tx conversation.Tx, s conversation.State) (conversation.Dialogue, error) {
			if s.Person.ID != in.Customer {
				t.Errorf("approached %d, want %d", s.Person.ID, in.Customer)
			}
			_, err := tx.Send(ctx, conversation.Outgoing{Key: "invitation:1", Body: conversation.Body{Text: texts.Literal("0 to 10?")}})
			return s.Dialogue.Push(conversation.Frame{Skill: "survey", Step: "score"}), err
		}
		if err := db.Approach(t.Context(), in.Conversation, ask); err != nil {
			t.Fatal(err)
		}
		if err := db.Conversations().Settle(t.Context(), stale, say(stale.Dialogue, "hi")); !errors.Is(err, conversation.ErrConflict) {
			t.Errorf("a turn from before = %v, want ErrConflict", err)
		}
		if d := turn(t, db, in).Dialogue; len(d.Stack) != 1 {
			t.Errorf("dialogue = %+v, want the question", d)
		}
		items := claimAll(t, db, lease(t, db, bot, "a"))
		if len(items) != 1 || items[0].To != in.Address || items[0].Customer != in.Customer {
			t.Errorf("sent %+v", items)
		}
		if err := db.Approach(t.Context(), 4711, ask); !errors.Is(err, conversation.ErrNotFound) {
			t.Errorf("nobody's conversation: %v, want ErrNotFound", err)
		}
		err := db.ForCustomer(t.Context(), in.Customer, func(ctx context.Context, tx conversation.Tx, p conversation.Person) error {
			if id, root := persistence.From(tx).Person(); id != in.Customer || root != p.Root {
				t.Errorf("bound to %d of %d", id, root)
			}
			_, err := tx.Send(ctx, conversation.Say(texts.Literal("no key, no address")))
			return err
		})
		if err == nil {
			t.Error("a message without an address was taken outside a turn")
		}
		if err := db.ForCustomer(t.Context(), 4711, nil); !errors.Is(err, conversation.ErrNotFound) {
			t.Errorf("nobody: %v, want ErrNotFound", err)
		}
	})
}

func TestKeysDropDuplicates(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		to := conversation.Address{Channel: "telegram", Account: bot, Chat: "c"}
		page := func(keys ...string) (ids []conversation.OutgoingID) {
			t.Helper()
			err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) (err error) {
				var all []conversation.Outgoing
				for _, k := range keys {
					all = append(all, conversation.Outgoing{Key: k, To: to, Customer: -1, Body: conversation.Body{Text: texts.Literal(k)}})
				}
				ids, err = tx.SendAll(ctx, all)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return ids
		}
		first := page("a", "b", "a", "c", "d", "e")
		if first[0] != first[2] || first[0] == first[1] {
			t.Errorf("ids = %v, want the third as the first", first)
		}
		second := page("f", "b", "g")
		if second[1] != first[1] || second[0] <= first[5] {
			t.Errorf("ids = %v after %v", second, first)
		}
		if n := count(t, db, "outbox"); n != 7 {
			t.Errorf("%d messages, want 7", n)
		}
	})
}

func TestTheSameKeyAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		ids := make(chan conversation.OutgoingID, 16)
		for range 16 {
			go func() {
				var id conversation.OutgoingID
				err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) (err error) {
					id, err = tx.Send(ctx, conversation.Outgoing{
						Key: "once", To: conversation.Address{Channel: "telegram", Account: bot, Chat: "c"}, Body: conversation.Body{Text: texts.Literal("x")},
					})
					return err
				})
				if err != nil {
					t.Error(err)
				}
				ids <- id
			}()
		}
		first := <-ids
		for range 15 {
			if id := <-ids; id != first {
				t.Errorf("ids %d and %d for one key", id, first)
			}
		}
		if n := count(t, db, "outbox"); n != 1 {
			t.Errorf("%d messages, want 1", n)
		}
	})
}

// TestASwallowedLockIsNotForgotten: a commit that goes on after its first statement was refused must not be settled.
func TestASwallowedLockIsNotForgotten(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		ins := accept(t, db, message("ann", "1", "a"), message("ann", "2", "b"))
		stale := turn(t, db, ins[1])
		settle(t, db, ins[0], say(conversation.Dialogue{}, "first"))
		err := db.Conversations().Settle(t.Context(), stale, func(ctx context.Context, tx conversation.Tx) (d conversation.Dialogue, err error) {
			_ = tx.OpenTicket(ctx, conversation.Handoff{Reason: "asked"})
			_, err = tx.Send(ctx, conversation.Say(texts.Literal("second")))
			return d, err
		})
		if !errors.Is(err, conversation.ErrConflict) {
			t.Errorf("Settle() = %v, want ErrConflict", err)
		}
		if sent, tickets := count(t, db, "outbox"), count(t, db, "tickets"); sent != 1 || tickets != 0 {
			t.Errorf("%d messages and %d tickets, want only the first message", sent, tickets)
		}
	})
}

// TestMessagesOfAChatAreNumberedInOrder: whatever else a turn writes, and whoever begins.
func TestMessagesOfAChatAreNumberedInOrder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := accept(t, db, message("ann", "0", "a"))[0]
		for n := range 30 {
			switch n % 3 {
			case 0:
				settle(t, db, accept(t, db, message("ann", numbered("e", n), "x"))[0], say(conversation.Dialogue{}, numbered("m", n)))
			case 1:
				settle(t, db, accept(t, db, message("ann", numbered("e", n), "x"))[0], func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
					if err := tx.OpenTicket(ctx, conversation.Handoff{Reason: "asked"}); err != nil {
						return conversation.Dialogue{}, err
					}
					return say(conversation.Dialogue{}, numbered("m", n))(ctx, tx)
				})
			case 2:
				err := db.Approach(t.Context(), in.Conversation, func(ctx context.Context, tx conversation.Tx, s conversation.State) (conversation.Dialogue, error) {
					_, err := tx.Send(ctx, conversation.Outgoing{Key: numbered("k", n), Body: conversation.Body{Text: texts.Literal(numbered("m", n))}})
					return s.Dialogue, err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		for n, item := range claimAll(t, db, lease(t, db, bot, "a")) {
			if got := item.Body.Text.Plain(); got != numbered("m", n) {
				t.Errorf("message %d is %q", n, got)
			}
		}
	})
}

func TestThePersonOfATurnIsSavedAsLastGiven(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := accept(t, db, message("ann", "1", "a"))[0]
		p := turn(t, db, in).Person
		settle(t, db, in, func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			p.Spoken = "az"
			err := tx.SavePerson(ctx, p)
			p.Chosen, p.Welcomed = "ru", true
			return conversation.Dialogue{}.Push(conversation.Frame{Skill: "survey", Step: "score"}), errors.Join(err, tx.SavePerson(ctx, p))
		})
		if after := turn(t, db, in); after.Person != p || len(after.Dialogue.Stack) != 1 {
			t.Errorf("state = %+v, want %+v with a step", after, p)
		}
	})
}
