package persistence_test

import (
	"testing"
	"time"

	"github.com/rapport-chat/rapport/persistence"
)

// TestABegunOfferGoesOnWhenTheClockIsSetBack sets the clock back to before the due time in the midst of an offer, and on
// again: nobody waits for it to be due once more, and nobody gets it once more.
func TestABegunOfferGoesOnWhenTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, clock *standing) {
		const all = 250
		people(t, db, all)
		a := offersOf(t, db, clock, db.Offers(), weekly)
		run(t, a, clock, clock.at, nil)
		clock.at = friday.Add(time.Minute)
		if _, err := a.RunDue(t.Context(), clock.at); err != nil {
			t.Fatal(err)
		}
		begun := count(t, db, "deliveries")
		if begun == 0 || begun == all {
			t.Fatalf("%d of %d deliveries before the clock is set back", begun, all)
		}
		clock.at = clock.at.Add(-time.Hour)
		if at, ok, err := a.Next(t.Context()); err != nil || !ok || !at.Before(clock.at) {
			t.Errorf("it is gone on with at %v (%v, %v), and it is %v", at, ok, err, clock.at)
		}
		run(t, a, clock, clock.at, nil)
		clock.at = clock.at.Add(time.Hour)
		run(t, a, clock, clock.at, nil)
		if n, times := count(t, db, "deliveries"), count(t, db, "occurrences"); n != all || times != 1 {
			t.Errorf("%d of %d deliveries of %d occurrences", n, all, times)
		}
	})
}
