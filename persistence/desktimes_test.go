package persistence_test

import (
	"context"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

// TestTheDesksClocksReadNoWholeTable has what the desk asks all day looked at, as open does with every test's database.
func TestTheDesksClocksReadNoWholeTable(t *testing.T) {
	t.Parallel()
	db := open(t, migrated.SQLite(t))
	now := time.Now()
	s := db.DeskTimes()
	to := conversation.Address{Channel: "slack", Account: "slack:1", Chat: "#support"}
	in := accept(t, db, message("ann", "1", "salam"))[0]
	settle(t, db, in, everything(in))
	list, err := s.Unreckoned(t.Context(), 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("Unreckoned() = %v, %v", list, err)
	}
	id := []desk.TicketID{list[0].ID}
	reads := []func(context.Context) error{
		func(ctx context.Context) error { _, _, err := s.Earliest(ctx); return err },
		func(ctx context.Context) error { _, err := s.Due(ctx, now, 10); return err },
		func(ctx context.Context) error { _, err := s.Unseen(ctx, now, 10); return err },
		func(ctx context.Context) error { _, err := s.Reached(ctx, 10); return err },
		func(ctx context.Context) error { _, err := s.Unheard(ctx, list[0].ID); return err },
		func(ctx context.Context) error { _, err := s.OpeningCursor(ctx, now); return err },
		func(ctx context.Context) error { _, err := s.Unanswered(ctx, now, 10); return err },
		func(ctx context.Context) error { _, err := s.OwnedBy(ctx, "U1", 10); return err },
		func(ctx context.Context) error { _, _, err := s.Recent(ctx, to, now); return err },
		func(ctx context.Context) error { _, err := s.Hold(ctx, list, now); return err },
		func(ctx context.Context) error { _, err := s.Held(ctx, 10); return err },
		func(ctx context.Context) error { return s.Postpone(ctx, id, now) },
		func(ctx context.Context) error { _, err := s.GroupsBehind(ctx, 10); return err },
		func(ctx context.Context) error {
			return s.Reckon(ctx, []desk.Reckoned{{ID: list[0].ID, Version: list[0].Version, At: now}})
		},
	}
	for n, read := range reads {
		if err := read(t.Context()); err != nil {
			t.Fatalf("call %d: %v", n, err)
		}
	}
	err = db.Desk().Do(t.Context(), func(ctx context.Context, tx conversation.Tx) error {
		books := s.Timed(tx)
		if _, err := books.Answered(ctx, "", now, 10); err != nil {
			return err
		}
		if _, err := books.Stuck(ctx, now); err != nil {
			return err
		}
		tickets, err := s.Group(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.Grouped(ctx, tx, 1, tickets); err != nil {
			return err
		}
		_, held, err := s.OfGroup(ctx, tx, 1)
		if err != nil {
			return err
		}
		return s.GroupShown(ctx, tx, 1, held)
	})
	if err != nil {
		t.Fatal(err)
	}
	plans, err := persistence.Plans(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if len(plans) < 20 {
		t.Errorf("only %d statements were looked at", len(plans))
	}
}

func TestAClockIsSetForOneVersionAndAnOpeningCountsOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := accept(t, db, message("ann", "1", "salam"))[0]
		settle(t, db, in, everything(in))
		s := db.DeskTimes()
		list, err := s.Unreckoned(t.Context(), 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("Unreckoned() = %v, %v", list, err)
		}
		at := time.Now().Add(time.Hour).Truncate(time.Millisecond)
		moved := desk.Reckoned{ID: list[0].ID, Version: list[0].Version + 1, At: at}
		if err := s.Reckon(t.Context(), []desk.Reckoned{moved}); err != nil {
			t.Fatal(err)
		}
		if list, err = s.Unreckoned(t.Context(), 10); err != nil || len(list) != 1 {
			t.Errorf("a ticket that moved on was reckoned: %v, %v", list, err)
		}
		if err := s.Reckon(t.Context(), []desk.Reckoned{{ID: list[0].ID, Version: list[0].Version, At: at}}); err != nil {
			t.Fatal(err)
		}
		if next, ok, err := s.Earliest(t.Context()); err != nil || !ok || !next.Equal(at) {
			t.Errorf("Earliest() = %s, %v, %v; want %s", next, ok, err, at)
		}
		from, err := s.OpeningCursor(t.Context(), at)
		if err != nil || !from.Equal(at) {
			t.Fatalf("OpeningCursor() = %s, %v", from, err)
		}
		for n, want := range []bool{true, false} {
			err = db.Desk().Do(t.Context(), func(ctx context.Context, tx conversation.Tx) error {
				first, err := s.Timed(tx).MoveOpening(ctx, from, from.Add(time.Hour))
				if first != want {
					t.Errorf("move %d of the opening: %v", n, first)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
