package persistence_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/persistence"
)

// noon is the business time of the ledger's tests.
var noon = time.Date(2026, 12, 2, 12, 0, 0, 0, time.UTC)

// customer makes a person known and answers the record.
func customer(t *testing.T, db *persistence.DB, user string) conversation.CustomerID {
	t.Helper()
	in := accept(t, db, message(user, "hello-"+user, "hello"))[0]
	settle(t, db, in, func(context.Context, conversation.Tx) (conversation.Dialogue, error) {
		return conversation.Dialogue{}, nil
	})
	return in.Customer
}

// books runs fn with the person's books in a transaction of its own.
func books(t *testing.T, db *persistence.DB, who conversation.CustomerID, fn func(ctx context.Context, b loyalty.Books) error) error {
	t.Helper()
	store := db.Loyalty()
	return store.ForCustomer(t.Context(), who, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
		return fn(ctx, store.In(tx))
	})
}

func earn(who conversation.CustomerID, id string, points int64, lot loyalty.Lot) loyalty.Entry {
	return loyalty.Entry{
		Source: loyalty.SourceOrder, SourceID: id, Kind: loyalty.Earn, Customer: who, Points: points,
		Reason: loyalty.Reason{Code: "order", Data: loyalty.ReasonData{Minor: points * 100, Currency: "AZN"}}, At: noon, Lot: lot,
	}
}

func redeem(who conversation.CustomerID, id string, points int64, at time.Time) loyalty.Entry {
	return loyalty.Entry{
		Source: loyalty.SourceReward, SourceID: id, Kind: loyalty.Redeem, Customer: who, Points: -points,
		Reason: loyalty.Reason{Code: "redeem"}, At: at,
	}
}

// post writes entries and fails the test when one is refused.
func post(t *testing.T, db *persistence.DB, who conversation.CustomerID, entries ...loyalty.Entry) []loyalty.Posted {
	t.Helper()
	var out []loyalty.Posted
	for _, e := range entries {
		err := books(t, db, who, func(ctx context.Context, b loyalty.Books) error {
			p, err := b.Post(ctx, e)
			out = append(out, p)
			return err
		})
		if err != nil {
			t.Fatalf("Post(%s %s): %v", e.Kind, e.SourceID, err)
		}
	}
	return out
}

// account reads and proves the books at the same time.
func account(t *testing.T, db *persistence.DB, who conversation.CustomerID, at time.Time) loyalty.Account {
	t.Helper()
	proof, err := db.Loyalty().Verify(t.Context(), 10)
	if err != nil || len(proof.Findings) > 0 {
		t.Fatalf("Verify() = %+v, %v; want no findings", proof.Findings, err)
	}
	a, err := db.Loyalty().ReadAccount(t.Context(), who, at, time.Time{})
	if err != nil {
		t.Fatalf("ReadAccount: %v", err)
	}
	return a
}

func TestLedgerSpendsWhatLapsesFirst(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		who := customer(t, db, "ayla")
		post(t, db, who,
			earn(who, "never", 100, loyalty.Lot{}),
			earn(who, "late", 100, loyalty.Lot{ExpiresAt: noon.Add(48 * time.Hour)}),
			earn(who, "soon", 100, loyalty.Lot{ExpiresAt: noon.Add(24 * time.Hour)}),
			earn(who, "pending", 100, loyalty.Lot{AvailableAt: noon.Add(time.Hour)}),
			redeem(who, "r1", 150, noon),
		)
		a := account(t, db, who, noon)
		if a.Spendable != 150 || a.Pending != 100 || !a.PendingUntil.Equal(noon.Add(time.Hour)) || a.Earned != 400 {
			t.Errorf("the account is %+v, want 150 spendable, 100 pending in an hour, 400 earned", a)
		}
		if len(a.Expiring) != 1 || a.Expiring[0].Points != 50 || !a.Expiring[0].At.Equal(noon.Add(48*time.Hour)) {
			t.Errorf("expiring: %+v, want 50 in two days: what lapses first was not spent first", a.Expiring)
		}
		if a := account(t, db, who, noon.Add(72*time.Hour)); a.Spendable != 200 || a.Pending != 0 {
			t.Errorf("after the lapse: %+v, want 200 spendable before any job has run", a)
		}
		err := books(t, db, who, func(ctx context.Context, b loyalty.Books) error {
			_, err := b.Post(ctx, redeem(who, "r2", 151, noon))
			return err
		})
		var short *loyalty.ShortError
		if !errors.As(err, &short) || short.Missing != 1 || !errors.Is(err, loyalty.ErrInsufficientPoints) {
			t.Errorf("redeeming 151 of 150: %v, want 1 point missing", err)
		}
	})
}

func TestLedgerRepeatsChangeNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		who := customer(t, db, "ayla")
		first := post(t, db, who, earn(who, "o1", 100, loyalty.Lot{}), redeem(who, "r1", 60, noon))
		again := post(t, db, who, earn(who, "o1", 100, loyalty.Lot{}), redeem(who, "r1", 60, noon))
		for i := range first {
			if !first[i].Fresh || again[i].Fresh || again[i].ID != first[i].ID {
				t.Errorf("entry %d: first %+v, repeat %+v; want the same id, fresh once", i, first[i], again[i])
			}
		}
		if a := account(t, db, who, noon); a.Spendable != 40 {
			t.Errorf("%d points after repeats, want 40", a.Spendable)
		}
	})
}

func TestLedgerTwoPressesSpendOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		who := customer(t, db, "ayla")
		post(t, db, who, earn(who, "o1", 100, loyalty.Lot{}))
		store := db.Loyalty()
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Add(1)
			go func() {
				defer wg.Done()
				errs[i] = store.ForCustomer(t.Context(), who, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
					_, err := store.In(tx).Post(ctx, redeem(who, numbered("r", i), 60, noon))
					return err
				})
			}()
		}
		wg.Wait()
		spent := 0
		for _, err := range errs {
			switch {
			case err == nil:
				spent++
			case !errors.Is(err, loyalty.ErrInsufficientPoints):
				t.Errorf("a press ended with %v", err)
			}
		}
		if spent != 1 {
			t.Errorf("%d of 8 redemptions of 60 out of 100 went through, want 1", spent)
		}
		if a := account(t, db, who, noon); a.Spendable != 40 {
			t.Errorf("%d points are left, want 40", a.Spendable)
		}
	})
}

func TestLedgerReversalRestoresTheSameLots(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		who := customer(t, db, "ayla")
		posted := post(t, db, who,
			earn(who, "soon", 50, loyalty.Lot{ExpiresAt: noon.Add(24 * time.Hour)}),
			earn(who, "late", 50, loyalty.Lot{ExpiresAt: noon.Add(48 * time.Hour)}),
			redeem(who, "r1", 80, noon), redeem(who, "r2", 20, noon),
		)
		reverse := func(id int64, key string, at time.Time) (p loyalty.Posted) {
			t.Helper()
			err := books(t, db, who, func(ctx context.Context, b loyalty.Books) (err error) {
				p, err = b.ReverseEntry(ctx, id, loyalty.Entry{
					Source: loyalty.SourceReward, SourceID: key, Customer: who, Reason: loyalty.Reason{Code: "redeem_undo"}, At: at,
					Lot: loyalty.Lot{ExpiresAt: at.Add(100 * time.Hour)},
				})
				return err
			})
			if err != nil {
				t.Fatalf("ReverseEntry: %v", err)
			}
			return p
		}
		reverse(posted[3].ID, "r2", noon)
		if a := account(t, db, who, noon); a.Spendable != 20 || len(a.Expiring) != 1 || a.Expiring[0].Points != 20 {
			t.Errorf("after the first reversal: %+v, want 20 in the late lot", a)
		}
		late := noon.Add(30 * time.Hour) // the first lot has lapsed by now
		if p := reverse(posted[2].ID, "r1", late); p.Points != 80 || !p.Fresh {
			t.Errorf("the reversal gave back %+v, want 80", p)
		}
		if p := reverse(posted[2].ID, "r1", late); p.Fresh {
			t.Error("a repeated reversal was fresh")
		}
		a := account(t, db, who, late)
		if a.Spendable != 100 || len(a.Expiring) != 2 || a.Expiring[0].Points != 50 || a.Expiring[1].Points != 50 {
			t.Errorf("after both: %+v, want 50 in the late lot and 50 in a new one", a)
		}
		err := books(t, db, who, func(ctx context.Context, b loyalty.Books) error {
			_, err := b.ReverseEntry(ctx, posted[2].ID, loyalty.Entry{Source: loyalty.SourceStaff, SourceID: "x", Customer: who, At: late})
			return err
		})
		if !errors.Is(err, loyalty.ErrReversed) {
			t.Errorf("reversing twice under another key: %v, want ErrReversed", err)
		}
	})
}

func TestLedgerTakesBackWhatWasSpentLater(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		who := customer(t, db, "ayla")
		posted := post(t, db, who, earn(who, "o1", 100, loyalty.Lot{}), redeem(who, "r1", 70, noon))
		err := books(t, db, who, func(ctx context.Context, b loyalty.Books) error {
			_, err := b.ReverseEntry(ctx, posted[0].ID, loyalty.Entry{
				Source: loyalty.SourceOrder, SourceID: "o1", Customer: who, Reason: loyalty.Reason{Code: "return"}, At: noon,
			})
			return err
		})
		if err != nil {
			t.Fatalf("ReverseEntry: %v", err)
		}
		if a := account(t, db, who, noon); a.Spendable != 0 || a.Owed != 70 || a.Earned != 0 {
			t.Errorf("after the return: %+v, want nothing left, 70 owed and nothing earned", a)
		}
		post(t, db, who, earn(who, "o2", 50, loyalty.Lot{AvailableAt: noon.Add(time.Hour)}))
		if a := account(t, db, who, noon); a.Spendable != 0 || a.Pending != 0 || a.Owed != 20 {
			t.Errorf("after the next purchase: %+v, want 20 still owed", a)
		}
		post(t, db, who, earn(who, "o3", 50, loyalty.Lot{}))
		if a := account(t, db, who, noon); a.Spendable != 30 || a.Owed != 0 {
			t.Errorf("after the one after: %+v, want 30 and nothing owed", a)
		}
	})
}

func TestLedgerExpiresOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		who := customer(t, db, "ayla")
		end := noon.Add(24 * time.Hour)
		post(t, db, who, earn(who, "o1", 100, loyalty.Lot{ExpiresAt: end}), redeem(who, "r1", 30, noon))
		if at, ok, err := db.Loyalty().NextExpiry(t.Context()); err != nil || !ok || !at.Equal(end) {
			t.Errorf("NextExpiry() = %v, %v, %v; want %v", at, ok, err, end)
		}
		for range 2 {
			lapsed, err := db.Loyalty().LapsedLots(t.Context(), end, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range lapsed {
				if err := books(t, db, l.Customer, func(ctx context.Context, b loyalty.Books) error { return b.ExpireLot(ctx, l.ID, end) }); err != nil {
					t.Fatalf("ExpireLot: %v", err)
				}
			}
		}
		entries, err := db.Loyalty().History(t.Context(), who, 0, 10)
		if err != nil || len(entries) != 3 || entries[0].Kind != loyalty.Expire || entries[0].Points != -70 || !entries[0].At.Equal(end) {
			t.Errorf("History() = %+v, %v; want one expiry of 70 at its own time", entries, err)
		}
		if a := account(t, db, who, end); a.Spendable != 0 {
			t.Errorf("%d points after the expiry, want 0", a.Spendable)
		}
	})
}

func TestVerifyNamesWhatDoesNotAddUp(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		who := customer(t, db, "ayla")
		post(t, db, who, earn(who, "o1", 100, loyalty.Lot{}))
		for _, damage := range []string{
			`UPDATE balances SET points = 90`, `UPDATE ledger_lots SET remaining = 90`, `UPDATE ledger_entries SET points = 90`, `UPDATE balances SET owed = 1`,
		} {
			err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
				_, err := persistence.Exec(ctx, tx, damage)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		proof, err := db.Loyalty().Verify(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]loyalty.Finding{}
		for _, f := range proof.Findings {
			found[f.What] = f
			if f.Customer != who {
				t.Errorf("%+v names another customer than %d", f, who)
			}
		}
		if found["lot"].Is != 90 || found["lot"].ShouldBe != 100 || found["entry"].Is != 90 || found["owed"].Is != 1 {
			t.Errorf("Verify() = %+v", proof.Findings)
		}
	})
}
