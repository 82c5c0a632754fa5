package persistence_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

// sorry follows lost answers with a ticket and a sentence, and notes them.
func sorry(db *persistence.DB) *[]persistence.Unanswered {
	var told []persistence.Unanswered
	db.OnUnanswered(func(ctx context.Context, tx *persistence.Tx, u persistence.Unanswered) error {
		told = append(told, u)
		if err := tx.OpenTicket(ctx, conversation.Handoff{Reason: "error", Words: u.Turn.In.Text}); err != nil {
			return err
		}
		o := conversation.Say(texts.Literal("sorry"))
		o.Key, o.Report = u.Key, conversation.Ref{Kind: persistence.UnansweredReport, ID: u.Turn.In.ID}
		_, err := tx.Send(ctx, o)
		return err
	})
	return &told
}

// fails settles items as refused for good.
func fails(t *testing.T, db *persistence.DB, l outbox.Lease, kind conversation.ErrorKind, items ...outbox.Item) {
	t.Helper()
	var results []outbox.Result
	for _, i := range items {
		results = append(results, outbox.Result{ID: i.ID, Outcome: outbox.Failed, Kind: kind, Code: "bad_request"})
	}
	if err := db.Outbox().Settle(t.Context(), l, results); err != nil {
		t.Fatal(err)
	}
}

// TestALostAnswerIsToldOncePerTurn: whichever of a turn's messages fail, and never for the sentence that says so.
func TestALostAnswerIsToldOncePerTurn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		told := sorry(db)
		in := accept(t, db, message("ann", "1", "when do you open"))[0]
		settle(t, db, in, say(conversation.Dialogue{}, "one", "two", "three"))
		l := lease(t, db, bot, "a")
		items := claimAll(t, db, l)
		fails(t, db, l, conversation.OurPayload, items[0], items[1])
		fails(t, db, l, conversation.Temporary, items[2])
		if len(*told) != 1 {
			t.Fatalf("told %d times of one turn", len(*told))
		}
		if u := (*told)[0]; u.Turn.In.ID != in.ID || u.Turn.In.Text != in.Text || u.Turn.Person.ID != in.Customer || u.Turn.In.Address != in.Address {
			t.Errorf("told of %+v", u.Turn)
		}
		next := claimAll(t, db, l)
		if len(next) != 1 || next[0].Body.Text.Plain() != "sorry" || next[0].To != in.Address || next[0].Customer != in.Customer {
			t.Fatalf("to send: %+v", next)
		}
		if n := count(t, db, "tickets WHERE reason = 'error' AND words = 'when do you open'"); n != 1 {
			t.Errorf("%d tickets, want 1", n)
		}
		fails(t, db, l, conversation.OurPayload, next...)
		if more := claimAll(t, db, l); len(*told) != 1 || len(more) != 0 {
			t.Errorf("the sentence itself was answered for: told %d times, %d to send", len(*told), len(more))
		}
		all, err := db.Alerts().Troubles(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, trouble := range all {
			if trouble.Kind == desk.AnswersLost && (trouble.Count != 1 || trouble.Mark == 0) {
				t.Errorf("operators are told %+v, want one turn", trouble)
			}
		}
	})
}

// TestWhatIsNoAnswerIsNotToldAsLost: people who are gone, and whatever nobody waits for.
func TestWhatIsNoAnswerIsNotToldAsLost(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		told := sorry(db)
		in := accept(t, db, message("ann", "1", "salam"))[0]
		settle(t, db, in, say(conversation.Dialogue{}, "one", "two"))
		l := lease(t, db, bot, "a")
		items := claimAll(t, db, l)
		fails(t, db, l, conversation.PersonUnreachable, items[0])
		fails(t, db, l, conversation.PersonGone, items[1])
		bulk, told1, staff := notice("bulk"), notice("notice"), notice("card")
		bulk.Lane, bulk.AfterCrash = conversation.LaneBulk, conversation.Unknown
		bulk.Customer, told1.Customer, staff.Lane = in.Customer, in.Customer, conversation.LaneAnswer
		record := told1
		record.Key, record.Lane, record.Report = "reply-of-staff", conversation.LaneAnswer, conversation.Ref{Kind: "ticket_reply", ID: 1}
		write(t, db, bulk, told1, staff, record)
		for _, lane := range []conversation.Lane{conversation.LaneAnswer, conversation.LaneNotice, conversation.LaneBulk} {
			list, err := db.Outbox().Waiting(t.Context(), bot, lane, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range list {
				claimed, err := db.Outbox().Claim(t.Context(), l, []conversation.OutgoingID{w.ID}, time.Now())
				if err != nil {
					t.Fatal(err)
				}
				fails(t, db, l, conversation.OurPayload, claimed...)
			}
		}
		if n := count(t, db, "outbox WHERE state = 4"); n != 6 {
			t.Errorf("%d messages failed, want 6", n)
		}
		if len(*told) != 0 || count(t, db, "tickets") != 0 {
			t.Errorf("told of %+v", *told)
		}
	})
}

// TestARefusedMessageIsKeptAsWords: it comes back as the same message, for words alone, and its question can be answered.
func TestARefusedMessageIsKeptAsWords(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := accept(t, db, message("ann", "1", "salam"))[0]
		settle(t, db, in, func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			_, err := tx.Send(ctx, conversation.Say(texts.Literal("Helped?"), []conversation.Button{conversation.Act("Yes", "s", "v", nil)}))
			return conversation.Dialogue{}, err
		})
		l := lease(t, db, bot, "a")
		before := claimAll(t, db, l)[0]
		err := db.Outbox().Settle(t.Context(), l, []outbox.Result{{ID: before.ID, Outcome: outbox.Retry, Plain: true, Kind: conversation.OurPayload}})
		if err != nil {
			t.Fatal(err)
		}
		after := claimAll(t, db, l)[0]
		if after.ID != before.ID || !after.Body.Plain || after.Attempts != 1 || after.Nonce == before.Nonce || len(after.Nonce) > 25 ||
			!strings.Contains(after.Body.Text.Plain(), "Helped?") {
			t.Errorf("claimed again: %+v", after)
		}
		if err := db.Outbox().Settle(t.Context(), l, []outbox.Result{{ID: after.ID, Outcome: outbox.Sent}}); err != nil {
			t.Fatal(err)
		}
		asked, err := db.Conversations().LastAsked(t.Context(), in.Address, in.Customer)
		if err != nil || len(asked.Body.Rows) != 1 {
			t.Errorf("asked last: %+v, %v", asked, err)
		}
	})
}
