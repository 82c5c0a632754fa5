package persistence_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

// TestBulkLeavesTheDatabaseToThoseWhoTalk has several accounts work on bulk as fast as they can, in virtual time, in
// which a transaction takes 5 ms. Alone they may have all of the database. While people talk all of them together have a
// thirteenth, however long one transaction takes; few messages, as at a platform's slow and even pace, never rest.
func TestBulkLeavesTheDatabaseToThoseWhoTalk(t *testing.T) {
	t.Parallel()
	const span = 20 * time.Second
	url := migrated.SQLite(t)
	for _, c := range []struct {
		name        string
		accounts    int
		many        bool // messages in each transaction
		takes       time.Duration
		talk        bool
		least, most float64 // of the time
	}{
		{"nobody talks", 3, true, 5 * time.Millisecond, false, 0.95, 1},
		{"people talk", 1, true, 5 * time.Millisecond, true, 0.05, 0.08},
		{"people talk, three accounts", 3, true, 5 * time.Millisecond, true, 0.05, 0.08},
		{"a slow disk does not stop bulk", 1, true, 500 * time.Millisecond, true, 0.6, 0.7},
		{"few messages", 1, false, 5 * time.Millisecond, true, 0.95, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, err := persistence.Open(t.Context(), url, persistence.Options{})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), span)
				defer cancel()
				spent := make(chan time.Duration, c.accounts)
				for range c.accounts {
					go func() {
						var all time.Duration
						for ctx.Err() == nil {
							if persistence.DoBulk(ctx, db, c.many, func() { <-time.After(c.takes) }) == nil {
								all += c.takes
							}
						}
						spent <- all
					}()
				}
				for c.talk && ctx.Err() == nil {
					if _, err := db.Conversations().Accept(t.Context(), message("ann", time.Now().String(), "salam")); err != nil {
						t.Fatal(err)
					}
					<-time.After(300 * time.Millisecond)
				}
				var all time.Duration
				for range c.accounts {
					all += <-spent
				}
				if share := float64(all) / float64(time.Since(began)); share < c.least || share > c.most {
					t.Errorf("bulk had %.1f %% of the time", 100*share)
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
