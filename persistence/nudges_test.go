package persistence_test

import (
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

type heard struct {
	box     persistence.Box
	account string
}

// listen collects nudges.
func listen(t *testing.T, db *persistence.DB) <-chan heard {
	t.Helper()
	got := make(chan heard, 100)
	t.Cleanup(db.OnNudge(func(box persistence.Box, account string) { got <- heard{box, account} }))
	return got
}

// expect waits for a nudge; others may come before it.
func expect(t *testing.T, got <-chan heard, want heard) {
	t.Helper()
	limit := time.After(2 * time.Minute)
	for {
		select {
		case h := <-got:
			if h == want {
				return
			}
		case <-limit:
			t.Fatalf("no nudge %+v came", want)
		}
	}
}

func TestNudges(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		got := listen(t, db)
		in := accept(t, db, message("ann", "1", "salam"))[0]
		if h := <-got; h != (heard{persistence.BoxInbox, bot}) {
			t.Errorf("after Accept: %+v", h)
		}
		settle(t, db, in, say(conversation.Dialogue{}, "hi", "ho"))
		if h := <-got; h != (heard{persistence.BoxOutbox, bot}) {
			t.Errorf("after Settle: %+v", h)
		}
		bulk := notice("for many")
		bulk.Lane = conversation.LaneBulk
		write(t, db, bulk)
		if h := <-got; h != (heard{persistence.BoxBulk, bot}) {
			t.Errorf("after a message of an offer: %+v", h)
		}
		select {
		case h := <-got:
			t.Errorf("one more: %+v", h)
		default:
		}
	})
}

func TestNudgesReachOtherProcesses(t *testing.T) {
	t.Parallel()
	url := migrated.Postgres(t)
	here, there := open(t, url), open(t, url)
	got := listenReady(t, here, there)
	// Whoever runs the account needs not tell the others; what it gets for others' accounts it tells.
	held := lease(t, here, bot, "a")
	other := notice("other")
	other.To.Account = "telegram:2"
	write(t, here, notice("mine"))
	write(t, here, other)
	expect(t, got, heard{persistence.BoxOutbox, "telegram:2"})
	// A webhook that came here, for an account that is run there.
	hook := message("ann", "1", "salam")
	hook.Account = "telegram:2"
	accept(t, here, hook)
	expect(t, got, heard{persistence.BoxInbox, "telegram:2"})
	here.TellOthers(persistence.BoxAgenda, "")
	expect(t, got, heard{persistence.BoxAgenda, ""})
	if err := here.Outbox().Release(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	expect(t, got, heard{persistence.BoxLease, bot})
}

// TestTheLastWordOfAProcessIsHeard wants others told of a lease that is given back in the moment of the end.
func TestTheLastWordOfAProcessIsHeard(t *testing.T) {
	t.Parallel()
	url := migrated.Postgres(t)
	there := open(t, url)
	for range 5 {
		here, err := persistence.Open(t.Context(), url, persistence.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := listenReady(t, here, there)
		held := lease(t, here, bot, "a")
		if err := here.Outbox().Release(t.Context(), held); err != nil {
			t.Fatal(err)
		}
		if err := here.Close(); err != nil {
			t.Fatal(err)
		}
		expect(t, got, heard{persistence.BoxLease, bot})
	}
}

// listenReady collects what one process hears of another, from when its listening connection stands.
func listenReady(t *testing.T, here, there *persistence.DB) <-chan heard {
	t.Helper()
	got := listen(t, there)
	// The listening connection is ready once a nudge comes through.
	ready := make(chan struct{})
	go func() {
		defer close(ready)
		expect(t, got, heard{persistence.BoxOutbox, bot})
	}()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ready:
			return got
		case <-tick.C:
			here.TellOthers(persistence.BoxOutbox, bot)
		}
	}
}
