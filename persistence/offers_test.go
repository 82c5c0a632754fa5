package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement"
	"github.com/rapport-chat/rapport/engagement/attention"
	"github.com/rapport-chat/rapport/engagement/audience"
	"github.com/rapport-chat/rapport/engagement/offer"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/texts"
)

// wednesday is noon of a day in the middle of a week.
var wednesday = time.Date(2026, 12, 2, 12, 0, 0, 0, time.UTC)

// standing is a business clock that tests move.
type standing struct{ at time.Time }

func (c *standing) Now() time.Time                                   { return c.at }
func (c *standing) WaitUntil(ctx context.Context, _ time.Time) error { <-ctx.Done(); return ctx.Err() }

// onBothAt is onBoth with a business clock in the test's hand.
func onBothAt(t *testing.T, test func(t *testing.T, db *persistence.DB, clock *standing)) {
	t.Helper()
	for kind, url := range map[string]func() string{
		"sqlite": func() string { return migrated.SQLite(t) }, "postgres": func() string { return migrated.Postgres(t) },
	} {
		address := url()
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			clock := &standing{at: wednesday}
			test(t, openWith(t, address, persistence.Options{Clock: clock}), clock)
		})
	}
}

// people makes n customers who agreed to offers, on Telegram.
func people(t *testing.T, db *persistence.DB, n int) []conversation.CustomerID {
	t.Helper()
	ins := make([]conversation.Inbound, n)
	for i := range ins {
		ins[i] = message(numbered("person", i), numbered("hello", i), "")
		ins[i].Kind, ins[i].At = conversation.KindBack, wednesday
	}
	if _, err := db.Conversations().Accept(t.Context(), ins...); err != nil {
		t.Fatal(err)
	}
	ids := make([]conversation.CustomerID, n)
	for i := range ids {
		who, err := db.FindCustomer(t.Context(), "telegram", numbered("person", i))
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = who
	}
	for from := 0; from < n; from += 200 {
		err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			for i := from; i < min(from+200, n); i++ {
				c := conversation.Consent{Topic: "offers", Granted: true, Wording: "w/1", Way: "import"}
				if _, err := tx.RecordConsentOf(ctx, ids[i], "telegram", numbered("import", i), c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

// refuse records a no.
func refuse(t *testing.T, db *persistence.DB, who conversation.CustomerID, topic string, granted bool) {
	t.Helper()
	err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
		_, err := tx.RecordConsentOf(ctx, who, "telegram", fmt.Sprintf("%s:%d:%d:%v", topic, who, time.Now().UnixNano(), granted),
			conversation.Consent{Topic: topic, Granted: granted, Wording: "w/1", Way: "word"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// policy is a careful operator's.
func policy() attention.Policy {
	return attention.Policy{
		PerDay: 1, PerWeek: 2, Zone: time.UTC, First: []string{"birthday", "survey", "points_expiring", "offer"},
		Quiet: config.NewHours(config.EveryDay, config.TimeRange{From: 21 * 60, To: 10 * 60}),
	}
}

// offersOf makes the agenda of a section.
func offersOf(t *testing.T, db *persistence.DB, clock *standing, store offer.Store, yaml string) *offer.Agenda {
	t.Helper()
	var section struct {
		Offers    offer.Config    `yaml:"offers"`
		Audiences audience.Config `yaml:"audiences"`
	}
	doc, r := config.Parse("rapport.yaml", []byte(yaml), config.Options{})
	config.Decode(doc.Root, &section, r)
	if r.HasErrors() {
		t.Fatalf("%v", r.Problems())
	}
	langs := []language.Code{language.English}
	set, err := audience.NewSet(section.Audiences, audience.Place{Zone: time.UTC, Languages: langs}, db.Audiences(), clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := texts.Load()
	if err != nil {
		t.Fatal(err)
	}
	return offer.NewAgenda(section.Offers, offer.Deps{
		Audiences: set, Store: store, Policy: policy(), Texts: catalogue, Languages: langs, Zone: time.UTC, Now: clock.Now,
	})
}

const weekly = `
offers:
  beans:
    every: Friday 12:00
    topic: discounts
    text: {en: "15% off."}
`

// run takes an agenda through everything due up to a time, and answers how many steps that took.
func run(t *testing.T, a *offer.Agenda, clock *standing, until time.Time, between func()) {
	t.Helper()
	for range 10_000 {
		at, ok, err := a.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !ok || at.After(until) {
			clock.at = until
			return
		}
		if at.After(clock.at) {
			clock.at = at
		}
		if _, err := a.RunDue(t.Context(), clock.at); err != nil {
			t.Fatal(err)
		}
		if between != nil {
			between()
		}
	}
	t.Fatal("the agenda never comes to rest")
}

// sendAll claims and settles as sent whatever may go.
func sendAll(t *testing.T, db *persistence.DB, l outbox.Lease, now time.Time) (sent []outbox.Item) {
	t.Helper()
	items, err := db.Outbox().Claim(t.Context(), l, waiting(t, db, l.Account), now)
	if err != nil {
		t.Fatal(err)
	}
	results := make([]outbox.Result, len(items))
	for i, it := range items {
		results[i] = outbox.Result{ID: it.ID, Outcome: outbox.Sent, Receipt: conversation.Receipt{MessageID: it.Key}}
	}
	if err := db.Outbox().Settle(t.Context(), l, results); err != nil {
		t.Fatal(err)
	}
	return items
}

// dying is a store whose pages are killed at every statement before they come through, and repeated afterwards.
type dying struct {
	persistence.Offers
	t  *testing.T
	db *persistence.DB
}

func (d dying) Fill(ctx context.Context, p offer.Page) error {
	for at := 0; ; at++ {
		_, err := persistence.FillFailing(ctx, d.db, p, at)
		if err == nil {
			break
		}
		if !errors.Is(err, persistence.ErrKilled) {
			return err
		}
	}
	return d.Offers.Fill(ctx, p) // as somebody would who was killed after the commit
}

func TestFanOutKilledAtEveryStatement(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, clock *standing) {
		const n = 2000
		people(t, db, n)
		db.SetGate(persistence.AttentionGate(policy()))
		db.OnReport(offer.ReportDelivery, persistence.SettleDeliveries(nil))
		a := offersOf(t, db, clock, dying{db.Offers(), t, db}, weekly)
		sent := map[string]int{}
		most := 0
		run(t, a, clock, wednesday.AddDate(0, 0, 3), func() {
			most = max(most, count(t, db, `outbox WHERE state = 0`))
			for _, it := range sendAll(t, db, lease(t, db, bot, "a"), clock.at) { // renewed: the test is long under the race detector
				sent[it.To.Chat]++
			}
		})
		for chat, times := range sent {
			if times != 1 {
				t.Errorf("%s got %d", chat, times)
			}
		}
		if len(sent) != n || count(t, db, `deliveries WHERE state = 'sent'`) != n || count(t, db, "deliveries") != n {
			t.Errorf("%d people of %d got one; %d deliveries", len(sent), n, count(t, db, "deliveries"))
		}
		if count(t, db, `occurrences WHERE state = 'finished'`) != 1 || count(t, db, "occurrences") != 1 {
			t.Error("the occurrence is not finished")
		}
		if most > 500 {
			t.Errorf("%d messages lay in the outbox at once", most)
		}
	})
}

func TestTheOutboxIsFilledToAMark(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, clock *standing) {
		people(t, db, 900)
		a := offersOf(t, db, clock, db.Offers(), weekly)
		run(t, a, clock, wednesday.AddDate(0, 0, 3), nil) // nothing is sent meanwhile
		if n := count(t, db, "outbox"); n < 300 || n > 500 {
			t.Errorf("%d messages lie in the outbox", n)
		}
		if count(t, db, `occurrences WHERE state = 'open'`) != 1 {
			t.Error("the occurrence does not wait for room")
		}
	})
}

func TestANewScheduleHasNoPast(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, clock *standing) {
		people(t, db, 1)
		friday := time.Date(2026, 12, 4, 12, 0, 0, 0, time.UTC)
		clock.at = friday.Add(time.Hour)
		run(t, offersOf(t, db, clock, db.Offers(), weekly), clock, clock.at, nil)
		if n := count(t, db, "occurrences"); n != 0 {
			t.Fatalf("a schedule that was just made has %d occurrences", n)
		}
		next, ok, err := offersOf(t, db, clock, db.Offers(), weekly).Next(t.Context())
		if err != nil || !ok || !next.Equal(friday.AddDate(0, 0, 7)) {
			t.Fatalf("next: %v, %v, %v", next, ok, err)
		}
		if what, err := offersOf(t, db, clock, db.Offers(), weekly).Describe(t.Context()); err != nil || what != "Beans" {
			t.Errorf("next is %q, %v", what, err)
		}
		// Down for three weeks: two due times are too old, the last one is not.
		clock.at = friday.AddDate(0, 0, 21).Add(3 * time.Hour)
		run(t, offersOf(t, db, clock, db.Offers(), weekly), clock, clock.at, nil)
		if missed, all := count(t, db, `occurrences WHERE state = 'missed'`), count(t, db, "occurrences"); missed != 2 || all != 3 {
			t.Errorf("%d of %d were missed, want 2 of 3", missed, all)
		}
		if n := count(t, db, "outbox"); n != 1 {
			t.Errorf("%d messages, want one", n)
		}
		// A changed one begins anew.
		clock.at = clock.at.AddDate(0, 0, 14)
		run(t, offersOf(t, db, clock, db.Offers(), strings.ReplaceAll(weekly, "Friday", "Thursday")), clock, clock.at, nil)
		if n := count(t, db, "occurrences"); n != 3 {
			t.Errorf("the changed schedule has a past: %d occurrences", n)
		}
	})
}

func TestWhoGetsNothingAndWhy(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, clock *standing) {
		ids := people(t, db, 5)
		refuse(t, db, ids[1], "offers", false)
		refuse(t, db, ids[2], "offers/discounts", false)
		refuse(t, db, ids[3], "all", false)
		blocked := message("person-4", "block", "blocked")
		blocked.Kind = conversation.KindBlocked
		if _, err := db.Conversations().Accept(t.Context(), blocked); err != nil {
			t.Fatal(err)
		}
		run(t, offersOf(t, db, clock, db.Offers(), weekly), clock, wednesday.AddDate(0, 0, 3), nil)
		for i, want := range []string{"pending ", "suppressed no_consent", "suppressed topic_muted", "suppressed stopped", "unreachable unreachable"} {
			list, err := db.Offers().Deliveries(t.Context(), ids[i], 10)
			if err != nil || len(list) != 1 || list[0].State+" "+list[0].Reason != want {
				t.Errorf("person %d: %+v, %v; want %q", i, list, err, want)
			}
		}
		list, err := db.Offers().Deliveries(t.Context(), ids[0], 1)
		if err != nil || len(list) != 1 || list[0].Why.Agreed.IsZero() || list[0].Why.Reasons[0].Key != "everyone" {
			t.Errorf("why: %+v, %v", list, err)
		}
	})
}

func TestConsentsInForce(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, _ *standing) {
		who := people(t, db, 1)[0]
		in := func() string {
			all, err := db.Offers().Agreements(t.Context(), who)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, a := range all {
				fmt.Fprintf(&b, "%s=%v ", a.Topic, a.Granted)
			}
			return b.String() + fmt.Sprint(count(t, db, "customers WHERE stopped = 1"))
		}
		steps := []struct {
			topic   string
			granted bool
			want    string
		}{
			{"all", false, "all=false offers=true 1"},
			{"all", true, "offers=true 0"}, // as before, and nothing more
			{"offers/x", false, "offers=true offers/x=false 0"},
			{"offers/x", true, "offers=true offers/x=true 0"},
			{"offers", false, "offers=false offers/x=true 0"},
			{"all", false, "all=false offers=false offers/x=true 1"},
			{"all", true, "offers=false offers/x=true 0"}, // no yes by the back door
		}
		for i, s := range steps {
			refuse(t, db, who, s.topic, s.granted)
			if got := in(); got != s.want {
				t.Errorf("step %d: %q, want %q", i, got, s.want)
			}
		}
	})
}

func TestTheQuestionWasAsked(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := accept(t, db, message("ann", "1", "salam"))[0]
		settle(t, db, in, func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			return conversation.Dialogue{}, tx.SavePerson(ctx, conversation.Person{Root: in.Customer, Welcomed: true, OffersAsked: true})
		})
		in = accept(t, db, message("ann", "2", "salam"))[0]
		if st := turn(t, db, in); !st.Person.OffersAsked {
			t.Error("OffersAsked was not kept")
		}
		settle(t, db, in, func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			return conversation.Dialogue{}, tx.SavePerson(ctx, conversation.Person{Root: in.Customer, Welcomed: true})
		})
		if st := turn(t, db, accept(t, db, message("ann", "3", "x"))[0]); !st.Person.OffersAsked {
			t.Error("somebody else's SavePerson has the question asked again")
		}
	})
}

const series = `
audiences:
  sleeping: {who: days_since(last_order) > 45}
offers:
  miss:
    to: sleeping
    time: 12:00
    repeat_after: 90d
    steps: [{after: 0d, text: one}, {after: 10d, text: two}]
  thanks:
    on: order.first
    after: 2d
    text: thanks
  party:
    on: birthday
    kind: greeting
    time: 12:00
    text: happy
`

func TestSeriesEventsAndBirthdays(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, clock *standing) {
		ids := people(t, db, 3)
		err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			for i, who := range ids[:2] {
				_, err := persistence.Exec(ctx, tx, `INSERT INTO orders (source, order_id, customer_id, currency, total, placed_at, received_at) VALUES ('t', ?, ?, 'AZN', 100, ?, 0)`,
					numbered("o", i), int64(who), wednesday.AddDate(0, 0, -60).UnixMilli())
				if err != nil {
					return err
				}
			}
			_, err := persistence.Exec(ctx, tx, `INSERT INTO facts (customer_id, field, value, source, set_at) VALUES (?, 'birthday', '1990-12-10', 'customer', 0)`, int64(ids[2]))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		a := offersOf(t, db, clock, db.Offers(), series)
		if err := a.Load(t.Context(), clock.at); err != nil {
			t.Fatal(err)
		}
		clock.at = wednesday.Add(time.Minute)
		err = db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			_, err := tx.Emit(ctx, engagement.Event{Kind: engagement.EventOrderFirst, Key: "t/1", Customer: ids[2], At: clock.at})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		run(t, a, clock, wednesday.AddDate(0, 0, 5), nil)
		// The second of the sleepers gives a sign of life.
		back := message("person-1", "alive", "hi")
		in := accept(t, db, back)[0]
		settle(t, db, in, func(context.Context, conversation.Tx) (conversation.Dialogue, error) {
			return conversation.Dialogue{}, nil
		})
		err = db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			_, err := persistence.Exec(ctx, tx, `UPDATE conversations SET last_in_at = ? WHERE id = ?`, clock.at.UnixMilli(), int64(in.Conversation))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		run(t, a, clock, wednesday.AddDate(0, 0, 60), nil)
		for i, want := range []string{"miss0 miss1", "miss0", "thanks0 party0"} {
			list, err := db.Offers().Deliveries(t.Context(), ids[i], 20)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for j := len(list) - 1; j >= 0; j-- {
				got = append(got, fmt.Sprintf("%s%d", list[j].Offer, list[j].Step))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("person %d got %q, want %q", i, got, want)
			}
		}
	})
}
