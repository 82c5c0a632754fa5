package desk_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

// errDied stands for the death of the process.
var errDied = errors.New("died")

// dying is a store whose process dies at a transaction: before it commits, or after.
type dying struct {
	desk.Stores
	left      int // transactions until then
	committed bool
}

func (d *dying) Do(ctx context.Context, fn func(ctx context.Context, tx conversation.Tx) error) error {
	if d.left--; d.left != 0 {
		return d.Stores.Do(ctx, fn)
	}
	err := d.Stores.Do(ctx, func(ctx context.Context, tx conversation.Tx) error {
		if err := fn(ctx, tx); err != nil || d.committed {
			return err
		}
		return errDied
	})
	return errors.Join(err, errDied)
}

// Wherever the process dies among what falls due, the next one does all of it, and nothing twice.
func TestACrashNeitherSkipsNorDoubles(t *testing.T) {
	t.Parallel()
	undisturbed := evening(t, migrated.SQLite(t), 0, false)
	want(t, undisturbed, "within 15 minutes", "not forgotten", "back in the queue", "Due soon", "Overdue", "shift is over", "Waiting for an answer: 2")
	for n := 1; n <= 8; n++ {
		for _, committed := range []bool{false, true} {
			t.Run(fmt.Sprintf("at transaction %d, committed %v", n, committed), func(t *testing.T) {
				t.Parallel()
				if got := evening(t, migrated.SQLite(t), n, committed); got != undisturbed {
					t.Errorf("said was\n%s\nwant\n%s", got, undisturbed)
				}
			})
		}
	}
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		if got := evening(t, migrated.Postgres(t), 3, false); got != undisturbed {
			t.Errorf("said was\n%s\nwant\n%s", got, undisturbed)
		}
	})
}

// evening is all that is said from the evening until the next opening, when the process dies at the n-th transaction of
// the agenda.
func evening(t *testing.T, url string, n int, committed bool) string {
	t.Helper()
	b := newBureau(t, url, "2026-11-20 18:40")
	b.say("ann", "/agent")
	b.say("bob", "/agent")
	b.press("U1", "Claim")
	b.agenda.Stores = &dying{Stores: b.db.Desk(), left: n, committed: committed}
	end := when(t, "2026-11-21 10:01")
	for range 1000 {
		at, ok, err := b.agenda.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !ok || at.After(end) {
			break
		}
		b.clock.MoveTo(at)
		if _, err := b.agenda.RunDue(t.Context(), b.clock.Now()); err != nil && !errors.Is(err, errDied) {
			t.Fatal(err)
		}
		b.deliver()
	}
	return strings.Join([]string{b.heard("ann", 0), b.heard("bob", 0), b.heard("#support", 0)}, "\n==\n")
}
