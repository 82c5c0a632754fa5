package persistence_test

import (
	"fmt"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
)

// TestManyResultsAtOnce: more than one statement takes are settled all the same, each once.
func TestManyResultsAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		const many = 150
		for i := range many {
			write(t, db, notice(fmt.Sprint("n", i)))
		}
		l := lease(t, db, bot, "a")
		items := claimAll(t, db, l)
		results := make([]outbox.Result, len(items))
		for i, item := range items {
			results[i] = outbox.Result{ID: item.ID, Outcome: outbox.Sent, Lane: item.Lane, Receipt: conversation.Receipt{MessageID: item.Key}}
		}
		for range 2 { // what is settled already is no error
			if err := db.Outbox().Settle(t.Context(), l, results); err != nil {
				t.Fatal(err)
			}
		}
		if n := count(t, db, "outbox WHERE state = 2 AND attempts = 1 AND message_id = key"); n != many {
			t.Errorf("%d of %d are settled", n, many)
		}
	})
}
