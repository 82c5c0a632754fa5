package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// Queue is what waits to be sent for one account in one lane.
type Queue struct {
	Account string
	Lane    conversation.Lane
	Due     int64     // messages that may go now
	Later   int64     // messages whose time has not come
	Oldest  time.Time // since when the oldest due one could have gone, business clock; zero for none
}

// Holder says which process runs an account.
type Holder struct {
	Account string
	Owner   string
	Epoch   int64
	Lasts   time.Duration // what is left of the lease on the database's clock; below zero when it is over
}

// Figures are what operators watch of a database. Every process of a service reads the same.
type Figures struct {
	Queues  []Queue
	Holders []Holder
	Unknown map[string]int64 // messages of which nobody knows whether they arrived, by account
	Tickets map[string]int64 // that are not resolved, by state
	Open    int64            // events that no turn has ended
	Since   time.Time        // when the oldest of them was kept; zero for none
	Parked  int64            // events whose turns failed too often
}

// Figures reads what operators watch, at now on the business clock. It costs as much as there is work waiting.
func (db *DB) Figures(ctx context.Context, now time.Time) (f Figures, err error) {
	err = db.Read(ctx, func(ctx context.Context, r *Reader) error {
		f = Figures{Unknown: map[string]int64{}, Tickets: map[string]int64{}}
		if err := f.readQueues(ctx, r, now); err != nil {
			return err
		}
		if err := f.readHolders(ctx, r, db.dialect.clock); err != nil {
			return err
		}
		if err := countBy(ctx, r, f.Unknown, `SELECT account AS name, count(*) AS n FROM outbox WHERE state = 3 GROUP BY account`); err != nil {
			return err
		}
		if err := countBy(ctx, r, f.Tickets, `SELECT state AS name, count(*) AS n FROM tickets WHERE state <> 'resolved' GROUP BY state`); err != nil {
			return err
		}
		var inbox struct {
			Open   int64
			Oldest int64
			Parked int64
		}
		err := r.get(ctx, &inbox, `SELECT (SELECT count(*) FROM inbox WHERE state = 0) AS open,
			(SELECT COALESCE(min(received_at), 0) FROM inbox WHERE state = 0) AS oldest,
			(SELECT count(*) FROM inbox WHERE state = 2) AS parked`)
		f.Open, f.Since, f.Parked = inbox.Open, instant(inbox.Oldest), inbox.Parked
		return err
	})
	if err != nil {
		return Figures{}, fmt.Errorf("read the figures: %w", err)
	}
	return f, nil
}

func (f *Figures) readQueues(ctx context.Context, r *Reader, now time.Time) error {
	var rows []struct {
		Account string
		Lane    int
		Due     int64
		Later   int64
		Oldest  int64
	}
	err := r.list(ctx, &rows, `SELECT account, lane, COALESCE(sum(CASE WHEN not_before <= ? THEN 1 ELSE 0 END), 0) AS due,
		COALESCE(sum(CASE WHEN not_before > ? THEN 1 ELSE 0 END), 0) AS later,
		COALESCE(min(CASE WHEN not_before > ? THEN NULL WHEN not_before > created_at THEN not_before ELSE created_at END), 0) AS oldest
		FROM outbox WHERE state = 0 GROUP BY account, lane ORDER BY account, lane`, ms(now), ms(now), ms(now))
	for _, row := range rows {
		f.Queues = append(f.Queues, Queue{Account: row.Account, Lane: conversation.Lane(row.Lane), Due: row.Due, Later: row.Later, Oldest: instant(row.Oldest)})
	}
	return err
}

func (f *Figures) readHolders(ctx context.Context, r *Reader, clock string) error {
	var rows []struct {
		Account string
		Owner   string
		Epoch   int64
		Lasts   int64
	}
	err := r.list(ctx, &rows, `SELECT account, owner, epoch, expires_at - `+clock+` AS lasts FROM leases ORDER BY account`)
	for _, row := range rows {
		f.Holders = append(f.Holders, Holder{Account: row.Account, Owner: row.Owner, Epoch: row.Epoch, Lasts: time.Duration(row.Lasts) * time.Millisecond})
	}
	return err
}

// countBy fills into with what query counts by name.
func countBy(ctx context.Context, r *Reader, into map[string]int64, query string) error {
	var rows []struct {
		Name string
		N    int64
	}
	err := r.list(ctx, &rows, query)
	for _, row := range rows {
		into[row.Name] = row.N
	}
	return err
}
