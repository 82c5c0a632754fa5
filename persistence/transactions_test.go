package persistence_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

// put writes one setting.
func put(name string) func(ctx context.Context, tx *persistence.Tx) error {
	return func(ctx context.Context, tx *persistence.Tx) error {
		_, err := persistence.Exec(ctx, tx, `INSERT INTO settings (name, value, updated_at) VALUES (?, '', 0)`, name)
		return err
	}
}

func TestErrorsByCode(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		if err := db.Do(t.Context(), put("a")); err != nil {
			t.Fatal(err)
		}
		if err := db.Do(t.Context(), put("a")); !errors.Is(err, persistence.ErrDuplicate) {
			t.Errorf("a primary key again: %v, want ErrDuplicate", err)
		}
		err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			for range 2 {
				if _, err := persistence.Exec(ctx, tx, `INSERT INTO customers (root_id, created_at) VALUES (0, 0)`); err != nil {
					return err
				}
				if _, err := persistence.Exec(ctx, tx, `UPDATE customers SET root_id = id`); err != nil {
					return err
				}
			}
			for range 2 {
				if _, err := persistence.Exec(ctx, tx, `INSERT INTO facts (customer_id, field, value, source, set_at) VALUES (1, 'phone', '', '', 0)`); err != nil {
					return err
				}
			}
			return nil
		})
		if !errors.Is(err, persistence.ErrDuplicate) {
			t.Errorf("a unique key again: %v, want ErrDuplicate", err)
		}
		err = db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			_, err := persistence.Get(ctx, tx, `SELECT updated_at FROM settings WHERE name = 'nobody'`)
			return err
		})
		if !errors.Is(err, conversation.ErrNotFound) {
			t.Errorf("no row: %v, want ErrNotFound", err)
		}
	})
}

func TestAFailedFunctionLeavesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		mine := errors.New("mine")
		// Many at once, so that SQLite puts them into groups: every second one fails.
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
					if err := put(numbered("s", i))(ctx, tx); err != nil {
						return err
					}
					if i%2 == 1 {
						return mine
					}
					return nil
				})
				if want := i%2 == 1; errors.Is(err, mine) != want || (err != nil) != want {
					t.Errorf("function %d: %v", i, err)
				}
			})
		}
		all.Wait()
		if n := count(t, db, "settings"); n != 50 {
			t.Errorf("%d rows, want 50", n)
		}
	})
}

func TestAPanicIsAnError(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			if err := put("a")(ctx, tx); err != nil {
				return err
			}
			panic("words of a customer")
		})
		if err == nil || strings.Contains(err.Error(), "words of a customer") || !strings.Contains(err.Error(), "transactions_test.go") {
			t.Errorf("Do() = %v, want an error with the place and without the value", err)
		}
		if err := db.Do(t.Context(), put("b")); err != nil {
			t.Errorf("afterwards: %v", err)
		}
		if n := count(t, db, "settings"); n != 1 {
			t.Errorf("%d rows, want 1", n)
		}
	})
}

func TestATransactionInsideATransactionIsRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		err := db.Do(t.Context(), func(ctx context.Context, _ *persistence.Tx) error { return db.Do(ctx, put("a")) })
		if err == nil || !strings.Contains(err.Error(), "inside") {
			t.Errorf("Do() = %v, want a refusal", err)
		}
	})
}

func TestAnEndedTransactionCannotBeUsed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		var kept *persistence.Tx
		if err := db.Do(t.Context(), func(_ context.Context, tx *persistence.Tx) error { kept = tx; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := put("late")(t.Context(), kept); err == nil {
			t.Error("it could be used")
		}
	})
}

// hold keeps a transaction open until the returned function is called.
func hold(t *testing.T, db *persistence.DB) (release func()) {
	t.Helper()
	begun, end := make(chan struct{}), make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		err := db.Do(context.WithoutCancel(t.Context()), func(context.Context, *persistence.Tx) error {
			close(begun)
			<-end
			return nil
		})
		if err != nil {
			t.Errorf("the holding transaction: %v", err)
		}
	})
	<-begun
	return sync.OnceFunc(func() { close(end); done.Wait() })
}

func TestACallerThatLeavesTheQueue(t *testing.T) {
	t.Parallel()
	db := open(t, migrated.SQLite(t))
	release := hold(t, db)
	defer release()
	// Queued behind the held transaction, these become one group.
	leaving, leave := context.WithCancel(t.Context())
	var ran atomic.Bool
	left := make(chan error, 1)
	go func() {
		left <- db.Do(leaving, func(ctx context.Context, tx *persistence.Tx) error { ran.Store(true); return put("left")(ctx, tx) })
	}()
	stayed := make(chan error, 2)
	for _, name := range []string{"before", "after"} {
		go func() { stayed <- db.Do(t.Context(), put(name)) }()
	}
	persistence.WaitQueued(db, 3)
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v, want its context's error at once", err)
	}
	release()
	for range 2 {
		if err := <-stayed; err != nil {
			t.Errorf("who stayed got %v", err)
		}
	}
	if ran.Load() {
		t.Error("the function of the one who left was run")
	}
	if n := count(t, db, "settings"); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

func TestABegunTransactionIsFinished(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Do(ctx, func(inner context.Context, tx *persistence.Tx) error {
			if err := put("a")(inner, tx); err != nil {
				return err
			}
			cancel()
			return put("b")(ctx, tx) // even when it uses its caller's context by mistake
		})
		if err != nil {
			t.Errorf("Do() = %v, want it finished", err)
		}
		if n := count(t, db, "settings"); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
		if err := db.Do(ctx, put("c")); !errors.Is(err, context.Canceled) {
			t.Errorf("a dead context: %v, want its error", err)
		}
	})
}

func TestCloseFinishesWhatIsQueued(t *testing.T) {
	t.Parallel()
	onBothUnclosed(t, func(t *testing.T, db, again *persistence.DB) {
		var all sync.WaitGroup
		var written atomic.Int64
		for i := range 50 {
			all.Go(func() {
				if err := db.Do(t.Context(), put(numbered("s", i))); err == nil {
					written.Add(1)
				}
			})
		}
		if err := db.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
		all.Wait()
		if err := db.Do(t.Context(), put("late")); err == nil {
			t.Error("a closed database took a transaction")
		}
		if n := count(t, again, "settings"); int64(n) != written.Load() {
			t.Errorf("%d rows, but %d callers were told so", n, written.Load())
		}
	})
}

func TestPostgresRunsAgainAfterADeadlock(t *testing.T) {
	t.Parallel()
	db := open(t, migrated.Postgres(t))
	for _, name := range []string{"a", "b"} {
		if err := db.Do(t.Context(), put(name)); err != nil {
			t.Fatal(err)
		}
	}
	var both sync.WaitGroup
	both.Add(2)
	var runs atomic.Int64
	cross := func(first, second string) func(ctx context.Context, tx *persistence.Tx) error {
		met := sync.OnceFunc(func() { both.Done(); both.Wait() })
		return func(ctx context.Context, tx *persistence.Tx) error {
			runs.Add(1)
			if _, err := persistence.Exec(ctx, tx, `UPDATE settings SET updated_at = updated_at + 1 WHERE name = ?`, first); err != nil {
				return err
			}
			met() // each has its first row before either asks for its second
			_, err := persistence.Exec(ctx, tx, `UPDATE settings SET updated_at = updated_at + 1 WHERE name = ?`, second)
			return err
		}
	}
	var all sync.WaitGroup
	for _, fn := range []func(context.Context, *persistence.Tx) error{cross("a", "b"), cross("b", "a")} {
		all.Go(func() {
			if err := db.Do(t.Context(), fn); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := count(t, db, "settings WHERE updated_at = 2"); n != 2 {
		t.Errorf("%d rows have both updates, want 2", n)
	}
	if runs.Load() < 3 { // more when what runs again meets the other once more
		t.Errorf("%d runs, want at least 3: one of the two again", runs.Load())
	}
}

func TestATransactionThatAlwaysMeetsOthersGivesUp(t *testing.T) {
	t.Parallel()
	db := open(t, migrated.Postgres(t))
	runs := 0
	err := db.Do(t.Context(), func(context.Context, *persistence.Tx) error { runs++; return persistence.ErrAgain })
	if !errors.Is(err, persistence.ErrBusy) || runs < 2 {
		t.Errorf("Do() = %v after %d runs, want ErrBusy after several", err, runs)
	}
}

func TestAllConnectionsAtOnce(t *testing.T) {
	t.Parallel()
	// Statements that were never prepared before, in more transactions than there are connections.
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				if err := db.Do(ctx, put(numbered("s", i))); err != nil {
					t.Error(err)
				}
				err := db.Read(ctx, persistence.ListSettings)
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

func TestOnlyLazyTransactionsDoNotWaitForTheDisk(t *testing.T) {
	t.Parallel()
	db := open(t, migrated.SQLite(t))
	const normal, full = 1, 2
	for n, lazy := range []bool{false, true, false, true, true, false} {
		do, want := db.Do, int64(full)
		if lazy {
			want = normal
			do = func(ctx context.Context, fn func(context.Context, *persistence.Tx) error) error {
				return persistence.DoLazily(ctx, db, fn)
			}
		}
		err := do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			// A new text each time: SQLite answers when it compiles.
			got, err := persistence.Get(ctx, tx, "PRAGMA synchronous -- "+numbered("n", n))
			if got != want {
				t.Errorf("transaction %d: synchronous is %d, want %d", n, got, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
