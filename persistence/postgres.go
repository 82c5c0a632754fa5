package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/rapport-chat/rapport/clock"
)

const (
	// maxConnections is the size of the pool. More connections than this do not make two to eight cores faster.
	maxConnections = 16
	// transactionLimit bounds one transaction, should the network swallow it.
	transactionLimit = 30 * time.Second
	// maxTries is how often a function is run when other transactions get into its way.
	maxTries = 8
	// firstPause doubles with each try; half of it is chance.
	firstPause = 4 * time.Millisecond
)

// doPostgres runs fn in a transaction of its own connection, again when it met another transaction. When ctx ends
// before the transaction has begun, fn does not run; afterwards it is finished: to break off a statement costs the
// connection.
func (db *DB) doPostgres(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) (*Tx, error) {
	pause := firstPause
	for try := 1; ; try++ {
		tx, err := db.tryPostgres(ctx, fn)
		if !errors.Is(err, errAgain) {
			return tx, err
		}
		if try == maxTries {
			return nil, fmt.Errorf("%w: %d tries met other transactions: %w", ErrBusy, try, err)
		}
		wait := pause/2 + rand.N(pause/2+1)
		if err := (clock.Real{}).WaitUntil(ctx, time.Now().Add(wait)); err != nil {
			return nil, err
		}
		pause *= 2
	}
}

func (db *DB) tryPostgres(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) (_ *Tx, err error) {
	conn, err := db.pool.Connx(ctx)
	if err != nil {
		return nil, translate(err)
	}
	run, cancel := context.WithTimeout(context.WithoutCancel(ctx), transactionLimit)
	defer cancel()
	var later func(context.Context)
	defer func() {
		err = errors.Join(err, ignoreDone(conn.Close()))
		if later != nil {
			later(run)
		}
	}()
	inner, err := conn.BeginTxx(run, nil)
	if err != nil {
		return nil, translate(err)
	}
	tx := &Tx{db: db, statements: statements{d: db.dialect, own: run}}
	var prepare func(context.Context, string) (*sqlx.Stmt, error)
	prepare, later = db.cache.within(inner)
	tx.prepare = func(ctx context.Context, query string) (*sqlx.Stmt, error) {
		if tx.over {
			return nil, errOver
		}
		return prepare(ctx, query)
	}
	if err := tx.call(fn); err != nil {
		if back := inner.Rollback(); back != nil && !errors.Is(back, sql.ErrTxDone) {
			return nil, fmt.Errorf("%w (and the rollback: %w)", err, translate(back))
		}
		return nil, err
	}
	if err := inner.Commit(); err != nil {
		return nil, fmt.Errorf("commit: %w", translate(err))
	}
	return tx, nil
}

// ignoreDone drops the error of closing a connection that is gone already: what went wrong with it has been said.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}
