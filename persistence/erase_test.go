package persistence_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/survey"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

// What must not be found anywhere after an erasure: a word of the person's that stands in every column, and the
// platforms' ids.
const (
	marker    = "Qzxmarker"
	erasedID  = "700100200"
	slackID   = "U0ERASEDX"
	slackChat = "D0ERASEDX"
	number    = "+994500001122"
)

// filled is the id of the row that fillAll puts into each table.
const filled = 7001

// keptColumns hold no word of a customer's: codes of ours, ids of tills, names of staff and of what is sold. A new
// column is filled with the marker, and so must be erased, unless it is listed here.
var keptColumns = map[string]bool{}

func init() {
	for _, name := range strings.Fields(`account channel kind state reason lang topic touchpoint survey offer currency key owner owner_name
		source source_id sku category shop order_id digest terms tier reward article nearest outcome direction way actor act purpose zone_of
		report_kind error_kind error_code resolved_by subject_kind day survey_responses.lang trigger_key subject low_reply again wording
		settings.name settings.value leases.owner order_lines.name schedules.name schedules.paused_why occurrences.content silences.reason article_uses.lang
		lessons.body lessons.author lessons.author_id lessons.note_to lessons.undone_by tickets.card_account tickets.card_channel
		tickets.card_chat ticket_cards.chat ticket_cards.real_chat ticket_cards.thread ticket_messages.code ticket_messages.received_by
		voucher_uses.used_by referrals.order_key deliveries.variant posts.channel survey_response_history.question
		members.terms`) {
		keptColumns[name] = true
	}
}

// fillWith are values other than the marker, of texts, and other than 0, of numbers.
var fillWith = map[string]any{
	"inbox.payload":                  `{"channel":"telegram","account":"telegram:1","chat":"dm-` + erasedID + `","from":{"user":"` + erasedID + `"},"text":"` + marker + `"}`,
	"inbox.event_id":                 "message:dm-" + erasedID + ":9",
	"inbox.state":                    2,
	"outbox.body":                    `{"text":[{"t":"` + marker + `"}]}`,
	"outbox.report_kind":             "delivery",
	"conversations.dialogue":         `[{"skill":"survey","step":"comment","data":"` + marker + `"}]`,
	"conversations.private":          1,
	"deliveries.why":                 `{"Topic":"` + marker + `"}`,
	"deliveries.state":               "pending",
	"occurrences.content":            `{}`,
	"ledger_entries.detail":          `{"note":"` + marker + `"}`,
	"ledger_entries.points":          10,
	"ledger_entries.reverses_id":     nil,
	"ledger_lots.points":             10,
	"ledger_lots.remaining":          10,
	"balances.points":                10,
	"orders.total":                   1250,
	"orders.phone":                   number,
	"facts.value":                    number + " " + marker,
	"ticket_messages.attachments":    `[{"kind":"photo","name":"` + marker + `"}]`,
	"ticket_messages.files":          `[7002]`,
	"ticket_messages.learn":          `[[{"label":"` + marker + `"}]]`,
	"ticket_messages.direction":      "in",
	"tickets.state":                  "open",
	"tickets.reason":                 "privacy",
	"tickets.lang":                   "en",
	"survey_invitations.kind":        "nps",
	"survey_invitations.state":       "answered",
	"survey_invitations.asked_at":    1800000000000,
	"survey_responses.kind":          "nps",
	"survey_responses.score":         9,
	"survey_responses.answers":       `{"score":9,"comment":"` + marker + `","bank.product.frequency":"daily"}`,
	"survey_response_history.answer": `"` + marker + `"`,
	"learned_phrasings.state":        "vote",
	"lessons.body":                   `{}`,
	"lessons.note_to":                ``,
	"audit.subject_kind":             "ticket",
	"audit.detail":                   `{"note":"` + marker + `"}`,
	"vouchers.state":                 "valid",
	"outbox.of_id":                   nil,
}

// fillAll puts a row about the person into every table, with the marker in every text that is not known to be kept.
func fillAll(t *testing.T, db *persistence.DB, person conversation.CustomerID) {
	t.Helper()
	columns, err := persistence.Columns(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string][]persistence.Column{}
	for _, c := range columns {
		tables[c.Table] = append(tables[c.Table], c)
	}
	var why error
	for len(tables) > 0 {
		before := len(tables)
		for table, columns := range tables {
			if err := fillOne(t.Context(), db, table, columns, person); err != nil {
				why = fmt.Errorf("%s: %w", table, err) // what it refers to is not there yet
				continue
			}
			delete(tables, table)
		}
		if len(tables) == before {
			t.Fatalf("%d tables cannot be filled: %v", before, why)
		}
	}
}

func fillOne(ctx context.Context, db *persistence.DB, table string, columns []persistence.Column, person conversation.CustomerID) error {
	var names, marks []string
	var args []any
	for _, c := range columns {
		names, marks = append(names, c.Name), append(marks, "?")
		args = append(args, fillValue(c, person))
	}
	return db.Do(ctx, func(ctx context.Context, tx *persistence.Tx) error {
		_, err := persistence.Exec(ctx, tx, `INSERT INTO `+table+` (`+strings.Join(names, ", ")+`) VALUES (`+strings.Join(marks, ", ")+`)`, args...)
		return err
	})
}

func fillValue(c persistence.Column, person conversation.CustomerID) any {
	if v, ok := fillWith[c.Table+"."+c.Name]; ok {
		return v
	}
	switch {
	case c.Text && (keptColumns[c.Name] || keptColumns[c.Table+"."+c.Name]):
		return "kept"
	case c.Text:
		return marker
	case slices.Contains([]string{"customer_id", "root_id", "friend_id", "inviter_id"}, c.Name):
		return int64(person)
	case c.Name == "id" || c.Name == "order_row" || strings.HasSuffix(c.Name, "_id"):
		return filled
	}
	return 0
}

// sums are the figures that an erasure must not change.
func sums(t *testing.T, db *persistence.DB) map[string]any {
	t.Helper()
	out := map[string]any{}
	proof, err := db.Loyalty().Verify(t.Context(), 10)
	if err != nil || len(proof.Findings) > 0 {
		t.Fatalf("the books do not balance: %+v, %v", proof.Findings, err)
	}
	out["ledger"] = proof
	if out["scores"], err = db.Surveys().CountScores(t.Context(), survey.NPS, time.Time{}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{
		"balances WHERE points = 10", "ledger_lots WHERE remaining = 10", "orders WHERE total = 1250", "deliveries", "survey_responses WHERE score = 9",
		"unanswered", "article_feedback", "referrals", "occurrences", "voucher_uses", "vouchers", "consents", "customers WHERE id <> " + fmt.Sprint(filled),
	} {
		out[from] = count(t, db, from)
	}
	return out
}

// holds lists what is found in any column of the schema that has one of the words.
func holds(t *testing.T, db *persistence.DB, words ...string) (found []string) {
	t.Helper()
	columns, err := persistence.Columns(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range columns {
		if !c.Text {
			continue
		}
		for _, w := range words {
			list, err := persistence.Strings(t.Context(), db, `SELECT `+c.Name+` FROM `+c.Table+` WHERE `+c.Name+` LIKE '%`+w+`%'`)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range list {
				found = append(found, c.Table+"."+c.Name+": "+text)
			}
		}
	}
	return found
}

// slackMessage is an event whose id is made of the chat's.
func slackMessage(ts string) conversation.Inbound {
	in := message(slackID, "message:"+slackChat+":"+ts, marker)
	in.Channel, in.Account, in.Chat = "slack", "slack:T1", slackChat
	return in
}

// erasable makes a person with two linked accounts about whom every table holds something, and staff who talk about them.
func erasable(t *testing.T, db *persistence.DB) (person conversation.CustomerID, events []conversation.Inbound) {
	t.Helper()
	first := message(erasedID, "101", marker)
	first.Chat, first.From.Name = "dm-"+erasedID, "Aynur Aliyeva"
	events = []conversation.Inbound{first, slackMessage("17.5")}
	kept := accept(t, db, events...)
	person = kept[0].Customer
	staff := conversation.Inbound{
		Address: conversation.Address{Channel: "slack", Account: "slack:T1", Chat: "C0STAFF", Thread: "kept"}, EventID: "message:C0STAFF:1",
		Kind: conversation.KindMessage, From: conversation.Sender{UserID: "U0NIGAR"}, Staff: true, Text: "she is " + marker,
	}
	settle(t, db, accept(t, db, staff)[0], say(conversation.Dialogue{}, "you see "+marker))
	fillAll(t, db, person)
	exec := func(query string, args ...any) {
		t.Helper()
		err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			_, err := persistence.Exec(ctx, tx, query, args...)
			return err
		})
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	exec(`UPDATE customers SET root_id = ? WHERE id = ?`, int64(person), int64(kept[1].Customer))
	exec(`UPDATE tickets SET conversation_id = ?`, int64(kept[0].Conversation))
	exec(`UPDATE inbox SET state = 1 WHERE customer_id IS NULL`)
	for id, row := range map[int]struct{ kind, body string }{
		7002: {"ticket_card", `{"text":[{"t":"asked: ` + marker + `"}]}`},
		7003: {"", `{"text":[{"t":"among others ` + number + ` ` + marker + `"}],"rows":[[{"label":"Go","action":{"s":"desk","v":"claim"},"token":"GO.0"}]]}`},
	} {
		exec(`INSERT INTO outbox (id, key, account, channel, chat, lane, body, token, report_kind, report_id, created_at, state)
			VALUES (?, ?, 'slack:T1', 'slack', 'C0STAFF', 1, ?, ?, ?, ?, 0, 2)`, id, fmt.Sprint("staff", id), row.body, fmt.Sprint("GO", id), row.kind, filled)
	}
	return person, events
}

// erase erases a person as operators do.
func erase(t *testing.T, db *persistence.DB, who conversation.CustomerID) persistence.Erased {
	t.Helper()
	done, err := db.Erase(t.Context(), who, persistence.Erasure{
		By: "cli", Farewell: func(language.Code) texts.Rich { return texts.Literal("farewell") },
	})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// TestEraseLeavesNoWord fills every column of every table, erases, and reads them all.
func TestEraseLeavesNoWord(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		bob := accept(t, db, message("bob", "b1", "Bystander writes"))[0]
		settle(t, db, bob, say(conversation.Dialogue{}, "Bystander reads"))
		sendLast(t, db, "Bystander reads", "b2")
		person, _ := erasable(t, db)
		secret := []string{marker, erasedID, slackID, slackChat, number, "Aliyeva"}
		if n := len(holds(t, db, secret...)); n < 60 {
			t.Fatalf("only %d values were filled in", n)
		}
		bystander := holds(t, db, "Bystander", "bob")
		before := sums(t, db)
		done := erase(t, db, person)
		if done.Customer != person || !done.Told {
			t.Errorf("Erase() = %+v, want the customer %d, told", done, person)
		}
		sendLast(t, db, "farewell", erasedID)
		if left := holds(t, db, secret...); len(left) > 0 {
			t.Errorf("it is still there:\n%s", strings.Join(left, "\n"))
		}
		if after := sums(t, db); !reflect.DeepEqual(before, after) {
			t.Errorf("the sums were\n%v, and are\n%v", before, after)
		}
		if n := holds(t, db, "Bystander", "bob"); !slices.Equal(n, bystander) {
			t.Errorf("of somebody else there is\n%q, and was\n%q", n, bystander)
		}
		if n := count(t, db, "audit WHERE act = 'forget' AND actor = 'cli' AND subject_id = "+fmt.Sprint(person)); n != 1 {
			t.Errorf("it was kept %d times who did it", n)
		}
		if n := count(t, db, "outbox WHERE body LIKE '%GO.0%'"); n != 1 {
			t.Error("a button about somebody else was lost")
		}
		written := count(t, db, "outbox")
		if again := erase(t, db, person); again.Told {
			t.Error("the person is told again")
		}
		if n, err := db.EraseLeftovers(t.Context(), time.Time{}); err != nil || n != 1 {
			t.Errorf("EraseLeftovers() = %d, %v; want 1", n, err)
		}
		if n := count(t, db, "outbox"); n != written || !reflect.DeepEqual(before, sums(t, db)) {
			t.Error("a second time changed something")
		}
	})
}

// sendLast sends what the bot has to send, which must be one message with those words; the platform answers with an id.
func sendLast(t *testing.T, db *persistence.DB, want, id string) {
	t.Helper()
	l := lease(t, db, bot, "w")
	items := claimAll(t, db, l)
	if len(items) != 1 || items[0].Body.Text.Plain() != want || items[0].To.Chat == "" {
		t.Fatalf("there is to send %+v, want %q", items, want)
	}
	err := db.Outbox().Settle(t.Context(), l, []outbox.Result{
		{ID: items[0].ID, Outcome: outbox.Sent, Receipt: conversation.Receipt{MessageID: "m-" + id, Chat: "dm2-" + id}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWhoWasErasedIsNew: a repeated event brings nobody back, and a new one is somebody new.
func TestWhoWasErasedIsNew(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		person, events := erasable(t, db)
		erase(t, db, person)
		people := count(t, db, "customers")
		again := func(when string) {
			t.Helper()
			for _, batch := range [][]conversation.Inbound{events[:1], events[1:], events} {
				if n, err := db.Conversations().Accept(t.Context(), batch...); err != nil || n != 0 {
					t.Errorf("%s: Accept() of repeated events = %d, %v", when, n, err)
				}
			}
		}
		again("while nobody is known")
		if n := count(t, db, "customers"); n != people {
			t.Errorf("repeated events made %d people", n-people)
		}
		fresh := message(erasedID, "102", "salam")
		fresh.Chat = "dm-" + erasedID
		next := slackMessage("18.1")
		next.Text = "salam"
		if n, err := db.Conversations().Accept(t.Context(), events[0], fresh, events[1], next); err != nil || n != 2 {
			t.Fatalf("Accept() of two new events between repeated ones = %d, %v", n, err)
		}
		again("when they have written again")
		open, err := db.Conversations().Unsettled(t.Context(), 0, 10)
		if err != nil || len(open) != 2 {
			t.Fatalf("%d open events, %v; want 2", len(open), err)
		}
		for _, in := range open {
			st := turn(t, db, in)
			if in.Customer == person || st.Person.Root == person || st.Person.Welcomed || st.Person.Stopped || st.Person.OffersAsked || len(st.Dialogue.Stack) > 0 {
				t.Errorf("who writes again is %+v", st.Person)
			}
		}
		if n := count(t, db, "consents_in_force WHERE customer_id = "+fmt.Sprint(open[0].Customer)); n != 0 {
			t.Errorf("the new person agreed to %d things", n)
		}
		if back := holds(t, db, marker); len(back) > 0 {
			t.Errorf("words are back:\n%s", strings.Join(back, "\n"))
		}
	})
}

// TestEraseWhileSending: what is in flight settles without a word, whatever became of it, and is not tried again.
func TestEraseWhileSending(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		result outbox.Result
		state  int // of the row
	}{
		{"sent", outbox.Result{Outcome: outbox.Sent, Receipt: conversation.Receipt{MessageID: marker, Chat: marker}}, 2},
		{"retry", outbox.Result{Outcome: outbox.Retry, RetryAt: time.Now(), Detail: marker, Kind: conversation.RateLimited}, 5},
		{"as words", outbox.Result{Outcome: outbox.Retry, Plain: true, RetryAt: time.Now(), Detail: marker, Kind: conversation.OurPayload}, 5},
		{"failed", outbox.Result{Outcome: outbox.Failed, Detail: marker, Kind: conversation.OurPayload}, 4},
		{"gone", outbox.Result{Outcome: outbox.Failed, Detail: marker, Kind: conversation.PersonGone}, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, db *persistence.DB) {
				db.OnUnanswered(func(context.Context, *persistence.Tx, persistence.Unanswered) error {
					t.Error("a sentence takes the place of an answer to nobody")
					return nil
				})
				in := accept(t, db, message(erasedID, "1", marker))[0]
				stale := accept(t, db, message(erasedID, "2", marker))[0]
				decided := turn(t, db, stale)
				settle(t, db, in, say(conversation.Dialogue{}, marker))
				l := lease(t, db, bot, "w")
				items := claimAll(t, db, l)
				erase(t, db, in.Customer)
				result := tt.result
				result.ID = items[0].ID
				if err := db.Outbox().Settle(t.Context(), l, []outbox.Result{result}); err != nil {
					t.Fatal(err)
				}
				if n := count(t, db, fmt.Sprintf("outbox WHERE state = %d", tt.state)); n != 1 {
					t.Errorf("the message is not in state %d", tt.state)
				}
				if err := db.Conversations().Settle(t.Context(), decided, say(decided.Dialogue, marker)); err == nil {
					t.Error("a turn that was decided before was settled")
				}
				if back := holds(t, db, marker, erasedID); len(back) > 0 {
					t.Errorf("something is back:\n%s", strings.Join(back, "\n"))
				}
			})
		})
	}
}

// TestEraseAfterACrash: what a dead process was sending is not sent again.
func TestEraseAfterACrash(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := accept(t, db, message(erasedID, "1", marker))[0]
		settle(t, db, in, say(conversation.Dialogue{}, marker))
		l := lease(t, db, bot, "w")
		claimAll(t, db, l)
		erase(t, db, in.Customer)
		l.Epoch++
		err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			_, err := persistence.Exec(ctx, tx, `UPDATE leases SET epoch = ? WHERE account = ?`, l.Epoch, l.Account)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := db.Outbox().Recover(t.Context(), l); err != nil || got.Resent != 0 || got.Unknown != 1 {
			t.Errorf("Recover() = %+v, %v; want one that nobody sends again", got, err)
		}
	})
}
