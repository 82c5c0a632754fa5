package persistence_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

func TestSQLitesWriterLetsOthersGoBeforeBulk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		others int
		bulk   []bool // whether it has waited for too long
		want   [][]string
	}{
		{"nothing", 0, nil, nil},
		{"others share a transaction", 3, nil, [][]string{{"other", "other", "other"}}},
		{"bulk does not", 0, []bool{false, false}, [][]string{{"bulk"}, {"bulk"}}},
		{"others first", 2, []bool{false, false}, [][]string{{"other", "other"}, {"bulk"}, {"bulk"}}},
		{"bulk that waits too long has one turn", 2, []bool{true, false}, [][]string{{"bulk"}, {"other", "other"}, {"bulk"}}},
		{"a group is bounded", 300, []bool{false}, [][]string{names(256), names(44), {"bulk"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := persistence.WriterTurns(c.others, c.bulk); !reflect.DeepEqual(got, c.want) {
				t.Errorf("the writer takes %v, want %v", got, c.want)
			}
		})
	}
}

func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = "other"
	}
	return out
}

func TestAClaimYieldsWhenNobodyWaitsForIt(t *testing.T) {
	t.Parallel()
	db := open(t, migrated.SQLite(t))
	lane := func(n int, l conversation.Lane) (id conversation.OutgoingID) {
		o := bulk(n)
		o.Lane = l
		err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) (err error) {
			id, err = tx.Send(ctx, o)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	answer, notice, one, two := lane(1, conversation.LaneAnswer), lane(2, conversation.LaneNotice), lane(3, conversation.LaneBulk), lane(4, conversation.LaneBulk)
	for _, c := range []struct {
		name string
		ids  []conversation.OutgoingID
		want bool
	}{
		{"bulk", []conversation.OutgoingID{one, two}, true},
		{"an answer", []conversation.OutgoingID{answer}, false},
		{"a notice", []conversation.OutgoingID{notice}, false},
		{"bulk and an answer", []conversation.OutgoingID{one, answer}, false},
	} {
		if got, err := persistence.Yields(t.Context(), db, c.ids); got != c.want || err != nil {
			t.Errorf("a claim of %s yields: %v, %v, want %v", c.name, got, err, c.want)
		}
	}
}
