package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/offer"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
)

// broadcasting is a database whose messages pass the gate and settle their deliveries.
func broadcasting(t *testing.T, db *persistence.DB, business *standing, n int) *offer.Agenda {
	t.Helper()
	people(t, db, n)
	db.SetGate(persistence.OfferGate(persistence.AttentionGate(policy())))
	db.OnReport(offer.ReportDelivery, persistence.SettleDeliveries(nil))
	a := offersOf(t, db, business, db.Offers(), weekly)
	if err := a.Load(t.Context(), business.at); err != nil {
		t.Fatal(err)
	}
	return a
}

// deliver claims what may go and settles it as outcome says, by the person's chat.
func deliverAs(t *testing.T, db *persistence.DB, now time.Time, outcome func(chat string) outbox.Result) (claimed int) {
	t.Helper()
	l := lease(t, db, bot, "a")
	items, err := db.Outbox().Claim(t.Context(), l, waiting(t, db, bot), now)
	if err != nil {
		t.Fatal(err)
	}
	results := make([]outbox.Result, len(items))
	for i, it := range items {
		results[i] = outcome(it.To.Chat)
		results[i].ID = it.ID
	}
	if err := db.Outbox().Settle(t.Context(), l, results); err != nil {
		t.Fatal(err)
	}
	return len(items)
}

func arrives(string) outbox.Result {
	return outbox.Result{Outcome: outbox.Sent, Receipt: conversation.Receipt{MessageID: "1"}}
}

func blocks(string) outbox.Result {
	return outbox.Result{Outcome: outbox.Failed, Kind: conversation.PersonGone, Code: "blocked"}
}

// turnPages lets the agenda write what there is room for, at the business clock's present.
func turnPages(t *testing.T, a *offer.Agenda, business *standing) {
	t.Helper()
	for range 100 {
		at, ok, err := a.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !ok || at.After(business.at) {
			return
		}
		if _, err := a.RunDue(t.Context(), business.at); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the agenda never comes to rest")
}

// friday is when the weekly offer is due.
var friday = time.Date(2026, 12, 4, 12, 0, 0, 0, time.UTC)

func progress(t *testing.T, db *persistence.DB) offer.Progress {
	t.Helper()
	all, err := db.Offers().Progress(t.Context(), 5)
	if err != nil || len(all) != 1 {
		t.Fatalf("progress: %+v, %v", all, err)
	}
	return all[0]
}

func TestAPausedOfferHoldsEverythingAndLosesNobody(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, business *standing) {
		const n = 900
		a := broadcasting(t, db, business, n)
		business.at = friday
		turnPages(t, a, business)
		if got := deliverAs(t, db, business.at, arrives); got == 0 {
			t.Fatal("nothing was sent before the pause")
		}
		before := count(t, db, `deliveries WHERE state = 'sent'`)
		turnPages(t, a, business)
		if err := db.Offers().Pause(t.Context(), "beans", offer.PausedByStaff); err != nil {
			t.Fatal(err)
		}
		if got := deliverAs(t, db, business.at, arrives); got != 0 {
			t.Errorf("%d messages of a paused offer were let go", got)
		}
		turnPages(t, a, business)
		if got := deliverAs(t, db, business.at, arrives); got != 0 {
			t.Errorf("%d messages of a paused offer were let go later", got)
		}
		if p := progress(t, db); p.Paused != offer.PausedByStaff || p.Sent != before || p.Waiting == 0 || p.State == "finished" {
			t.Errorf("while paused: %+v, sent before %d", p, before)
		}
		business.at = friday.Add(2 * time.Hour)
		if err := db.Offers().Resume(t.Context(), "beans"); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			turnPages(t, a, business)
			if deliverAs(t, db, business.at, arrives) == 0 {
				break
			}
		}
		if p := progress(t, db); p.State != "finished" || p.Sent != n || p.Waiting != 0 || p.Paused != "" {
			t.Errorf("in the end: %+v, want all %d sent", p, n)
		}
		if got := count(t, db, `outbox WHERE state = 2`); got != n {
			t.Errorf("%d messages were sent to %d people", got, n)
		}
	})
}

func TestWhatAPauseOutlastsIsLateAndSaysSo(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, business *standing) {
		const n = 450
		a := broadcasting(t, db, business, n)
		business.at = friday
		turnPages(t, a, business)
		if err := db.Offers().Pause(t.Context(), "beans", offer.PausedByStaff); err != nil {
			t.Fatal(err)
		}
		deliverAs(t, db, business.at, arrives)
		business.at = friday.Add(13 * time.Hour) // not_after is 12h
		if err := db.Offers().Resume(t.Context(), "beans"); err != nil {
			t.Fatal(err)
		}
		turnPages(t, a, business)
		if got := deliverAs(t, db, business.at, arrives); got != 0 {
			t.Errorf("%d messages left although they came too late", got)
		}
		turnPages(t, a, business)
		if late := count(t, db, `deliveries WHERE state = 'late_skipped'`); late != n {
			t.Errorf("%d of %d are recorded as late", late, n)
		}
		if p := progress(t, db); p.State != "finished" {
			t.Errorf("in the end: %+v", p)
		}
	})
}

func TestTooManyFailuresPauseAnOffer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		each   int // every so manieth fails
		people int
		paused bool
	}{
		{"one in four", 4, 600, true},
		{"one in ten", 10, 600, false},
		{"too few to judge", 1, 40, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onBothAt(t, func(t *testing.T, db *persistence.DB, business *standing) {
				a := broadcasting(t, db, business, c.people)
				business.at = friday
				k := 0
				for range 20 {
					turnPages(t, a, business)
					got := deliverAs(t, db, business.at, func(chat string) outbox.Result {
						if k++; k%c.each == 0 {
							return blocks(chat)
						}
						return arrives(chat)
					})
					if got == 0 {
						break
					}
				}
				p := progress(t, db)
				if c.paused && (p.Paused != offer.PausedByFailures || p.State == "finished" || p.Sent+p.Failed == c.people) {
					t.Errorf("too many failed, yet: %+v", p)
				}
				if !c.paused && (p.Paused != "" || p.State != "finished" || p.Sent+p.Failed != c.people) {
					t.Errorf("it was to go on: %+v", p)
				}
				if !c.paused {
					return
				}
				if err := db.Offers().Resume(t.Context(), "beans"); err != nil {
					t.Fatal(err)
				}
				for range 20 {
					turnPages(t, a, business)
					if deliverAs(t, db, business.at, arrives) == 0 {
						break
					}
				}
				if p := progress(t, db); p.State != "finished" || p.Sent+p.Failed != c.people {
					t.Errorf("after somebody looked and resumed: %+v", p)
				}
			})
		})
	}
}

func TestAStoppedOfferIsNeverFinished(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, business *standing) {
		a := broadcasting(t, db, business, 450)
		business.at = friday
		turnPages(t, a, business)
		if n, err := db.Offers().Stop(t.Context(), "beans"); n != 1 || err != nil {
			t.Fatalf("stop: %d, %v", n, err)
		}
		if got := deliverAs(t, db, business.at, arrives); got != 0 {
			t.Errorf("%d messages of a stopped offer were let go", got)
		}
		turnPages(t, a, business)
		if p := progress(t, db); p.State != "stopped" || p.Waiting != 0 {
			t.Errorf("stopped: %+v", p)
		}
		if n := count(t, db, `deliveries WHERE state = 'suppressed' AND reason = 'offer_stopped'`); n == 0 {
			t.Error("nobody's record says that it was stopped")
		}
		at, ok, err := a.Next(t.Context())
		if err != nil || !ok || !at.Equal(friday.AddDate(0, 0, 7)) {
			t.Errorf("next: %v, %v, %v; want a week later", at, ok, err)
		}
		for what, err := range map[string]error{
			"pause":  db.Offers().Pause(t.Context(), "unheard", offer.PausedByStaff),
			"resume": db.Offers().Resume(t.Context(), "unheard"),
		} {
			if !errors.Is(err, conversation.ErrNotFound) {
				t.Errorf("%s of an offer that there is not: %v", what, err)
			}
		}
	})
}

// TestResumingWhileMessagesAreHeld has claims hold messages back in the same moments in which somebody resumes: none
// may be left behind.
func TestResumingWhileMessagesAreHeld(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, business *standing) {
		a := broadcasting(t, db, business, 200)
		business.at = friday
		turnPages(t, a, business)
		l := lease(t, db, bot, "a")
		all := waiting(t, db, bot)
		if len(all) != 200 {
			t.Fatalf("%d messages wait", len(all))
		}
		for round := range 10 {
			if err := db.Offers().Pause(t.Context(), "beans", offer.PausedByStaff); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() {
				var err error
				for i := round * 20; i < round*20+20 && err == nil; i += 5 {
					var items []outbox.Item
					items, err = db.Outbox().Claim(context.WithoutCancel(t.Context()), l, all[i:i+5], friday)
					for _, it := range items {
						err = errors.Join(err, db.Outbox().Settle(context.WithoutCancel(t.Context()), l, []outbox.Result{{
							ID: it.ID, Outcome: outbox.Sent, Receipt: conversation.Receipt{MessageID: fmt.Sprint(it.ID)},
						}}))
					}
				}
				ended <- err
			}()
			err := db.Offers().Resume(t.Context(), "beans")
			if err := errors.Join(err, <-ended); err != nil {
				t.Fatal(err)
			}
			if n := count(t, db, `outbox WHERE state = 0 AND not_before > 0`); n > 0 {
				t.Fatalf("round %d: %d messages are held although the offer goes on", round, n)
			}
		}
	})
}
