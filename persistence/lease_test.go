package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

// modelLease is a lease as the contract says it behaves.
type modelLease struct {
	owner string
	epoch int64
	lives bool // its time is not up
	given bool // it was given back
}

// acquire is what Acquire must answer.
func (m *modelLease) acquire(owner string, lives bool) (epoch int64, held bool) {
	if m.epoch > 0 && m.lives && m.owner != owner {
		return 0, true
	}
	if m.given || m.owner != owner { // a lease that nobody took in between goes on, late as it may be
		m.epoch++
	}
	m.owner, m.lives, m.given = owner, lives, false
	return m.epoch, false
}

// TestLeasesFollowTheirContract draws what owners do with leases: one holder at a time, an epoch for each, and no
// write under an epoch that is over.
func TestLeasesFollowTheirContract(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		run := 0
		rapid.Check(t, func(rt *rapid.T) {
			run++
			account := fmt.Sprintf("telegram:%d", run)
			model, last := modelLease{}, map[string]outbox.Lease{}
			for range rapid.IntRange(1, 25).Draw(rt, "steps") {
				owner := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "owner")
				switch rapid.SampledFrom([]string{"take", "take briefly", "release", "settle"}).Draw(rt, "act") {
				case "take":
					checkAcquire(rt, db, &model, last, account, owner, time.Hour)
				case "take briefly":
					checkAcquire(rt, db, &model, last, account, owner, -time.Minute)
				case "release":
					if err := db.Outbox().Release(rt.Context(), last[owner]); err != nil {
						rt.Fatalf("Release: %v", err)
					}
					if l := last[owner]; l.Epoch == model.epoch && l.Owner == model.owner {
						model.lives, model.given = false, true
					}
				case "settle":
					err := db.Outbox().Settle(rt.Context(), last[owner], []outbox.Result{{ID: 1}})
					over := last[owner].Epoch != model.epoch || last[owner].Owner != model.owner
					if (model.epoch == 0 || over) != errors.Is(err, outbox.ErrLeaseLost) {
						rt.Fatalf("Settle by %+v, while %+v = %v", last[owner], model, err)
					}
				}
			}
		})
	})
}

func checkAcquire(
	rt *rapid.T, db *persistence.DB, model *modelLease, last map[string]outbox.Lease, account, owner string, ttl time.Duration,
) {
	l, err := db.Outbox().Acquire(rt.Context(), account, owner, ttl)
	epoch, held := model.acquire(owner, ttl > 0)
	if held != errors.Is(err, outbox.ErrLeaseHeld) || !held && err != nil {
		rt.Fatalf("Acquire by %s = %v, while the model says held: %t", owner, err, held)
	}
	if err == nil {
		last[owner] = l
		if l.Epoch != epoch {
			rt.Fatalf("Acquire by %s gives epoch %d, want %d", owner, l.Epoch, epoch)
		}
	}
}

func TestADeadHoldersLeaseIsTakenAtOnceOnAFile(t *testing.T) {
	t.Parallel()
	url := migrated.SQLite(t)
	first, err := persistence.Open(t.Context(), url, persistence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	lease(t, first, bot, "first")
	second := open(t, url)
	if _, err := second.Outbox().Acquire(t.Context(), bot, "second", time.Minute); !errors.Is(err, outbox.ErrRunning) {
		t.Errorf("while the first lives: %v, want ErrRunning", err)
	}
	lease(t, second, "telegram:2", "second") // another account is nobody's
	if err := first.Close(); err != nil {    // what the system does for a process that was killed
		t.Fatal(err)
	}
	l := lease(t, second, bot, "second")
	if l.Epoch != 2 {
		t.Errorf("epoch %d, want 2", l.Epoch)
	}
	if _, err := second.Outbox().Acquire(t.Context(), bot, "third", time.Minute); !errors.Is(err, outbox.ErrLeaseHeld) || errors.Is(err, outbox.ErrRunning) {
		t.Errorf("another owner in the process that holds it: %v, want ErrLeaseHeld", err)
	}
	if err := second.Outbox().Release(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	lease(t, open(t, url), bot, "fourth")
}

func TestALeaseWithoutALockIsWaitedFor(t *testing.T) {
	t.Parallel()
	url := migrated.SQLite(t)
	first, err := persistence.Open(t.Context(), url, persistence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	lease(t, first, bot, "first")
	second := open(t, url)
	// As if the lease had been taken where files cannot be locked: nobody knows whether its holder lives.
	err = second.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
		_, err := persistence.Exec(ctx, tx, `UPDATE leases SET owner = 'elsewhere'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Outbox().Acquire(t.Context(), bot, "second", time.Minute); !errors.Is(err, outbox.ErrLeaseHeld) {
		t.Errorf("Acquire() = %v, want ErrLeaseHeld", err)
	}
}

func TestTheInboxOfSomeAccounts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		for n, account := range []string{"telegram:1", "telegram:2", "discord:3", "telegram:2"} {
			in := message("ann", fmt.Sprint(n), "salam")
			in.Account = account
			if _, err := db.Conversations().Accept(t.Context(), in); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			accounts []string
			want     []string
		}{
			{nil, nil},
			{[]string{"slack:1"}, nil},
			{[]string{"telegram:2"}, []string{"1", "3"}},
			{[]string{"telegram:1", "discord:3", "slack:1"}, []string{"0", "2"}},
		} {
			ins, err := db.Conversations().UnsettledOf(t.Context(), c.accounts, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, in := range ins {
				got = append(got, in.EventID)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("UnsettledOf(%v) = %v, want %v", c.accounts, got, c.want)
			}
		}
	})
}

// TestAProcessThatStoodStillSettlesNothingTwice is a turn that was decided before its process stood still, and is
// settled after the next holder has settled its events: alone, or with others as one question.
func TestAProcessThatStoodStillSettlesNothingTwice(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		for name, stale := range map[string]func(first, second conversation.Inbound) []conversation.Inbound{
			"the same event": func(first, _ conversation.Inbound) []conversation.Inbound { return []conversation.Inbound{first} },
			"one of two parts": func(first, second conversation.Inbound) []conversation.Inbound {
				return []conversation.Inbound{first, second}
			},
		} {
			ins := accept(t, db, message("ann", name+"1", "salam"), message("ann", name+"2", "necesiz"))
			st, err := db.Conversations().Load(t.Context(), ins[0])
			if err != nil {
				t.Fatal(err)
			}
			parts := stale(ins[0], ins[1])
			old := conversation.Turn{
				In: parts[len(parts)-1], Parts: parts, Person: st.Person, Dialogue: st.Dialogue, Now: time.Now(),
			}
			settle(t, db, ins[0], say(conversation.Dialogue{}, "of the new holder"))
			before := len(waiting(t, db, bot))
			err = db.Conversations().Settle(t.Context(), old, say(conversation.Dialogue{}, "of the old holder"))
			if !errors.Is(err, conversation.ErrSettled) {
				t.Errorf("%s: Settle() = %v, want ErrSettled", name, err)
			}
			if n := len(waiting(t, db, bot)); n != before {
				t.Errorf("%s: the old holder wrote %d messages", name, n-before)
			}
			settle(t, db, ins[1], say(conversation.Dialogue{}, "bye"))
		}
	})
}
