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
	return db.again(ctx, func() (*Tx, error) {
		run, cancel := context.WithTimeout(context.WithoutCancel(ctx), transactionLimit)
		defer cancel()
		s, err := db.begin(ctx, run)
		if err != nil {
			return nil, err
		}
		start := time.Now()
		tx := &Tx{db: db, statements: statements{d: db.dialect, own: run}}
		tx.prepare = tx.unlessOver(s.prepare)
		err = s.end(run, tx.call(fn))
		tx.took = time.Since(start)
		return tx, err
	})
}

// again repeats what met another transaction, each time after a longer pause.
func (db *DB) again(ctx context.Context, try func() (*Tx, error)) (*Tx, error) {
	pause := firstPause
	for n := 1; ; n++ {
		tx, err := try()
		if !errors.Is(err, errAgain) {
			return tx, err
		}
		if n == maxTries {
			return nil, fmt.Errorf("%w: %d tries met other transactions: %w", ErrBusy, n, err)
		}
		wait := pause/2 + rand.N(pause/2+1)
		if err := (clock.Real{}).WaitUntil(ctx, time.Now().Add(wait)); err != nil {
			return nil, err
		}
		pause *= 2
	}
}

// alone is the context for a statement that is a transaction of its own: like others it is finished once it has begun.
func alone(ctx context.Context) (run context.Context, cancel context.CancelFunc, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	run, cancel = context.WithTimeout(context.WithoutCancel(ctx), transactionLimit)
	return run, cancel, nil
}

// session is a connection in a transaction.
type session struct {
	conn    *sqlx.Conn
	inner   *sqlx.Tx
	prepare func(ctx context.Context, query string) (*sqlx.Stmt, error)
	later   func(ctx context.Context)
}

// begin takes a connection while ctx lives and begins a transaction that lives as long as run.
func (db *DB) begin(ctx, run context.Context) (*session, error) {
	conn, err := db.pool.Connx(ctx)
	if err != nil {
		return nil, translate(err)
	}
	inner, err := conn.BeginTxx(run, nil)
	if err != nil {
		return nil, errors.Join(translate(err), ignoreDone(conn.Close()))
	}
	s := &session{conn: conn, inner: inner}
	s.prepare, s.later = db.cache.within(inner)
	return s, nil
}

// end commits, or rolls back if there is an error, which it answers.
func (s *session) end(ctx context.Context, err error) error {
	if err != nil {
		if back := s.inner.Rollback(); back != nil && !errors.Is(back, sql.ErrTxDone) {
			err = fmt.Errorf("%w (and the rollback: %w)", err, translate(back))
		}
	} else if err = translate(s.inner.Commit()); err != nil {
		err = fmt.Errorf("commit: %w", err)
	}
	err = errors.Join(err, ignoreDone(s.conn.Close()))
	s.later(ctx)
	return err
}

// ignoreDone drops the error of closing a connection that is gone already: what went wrong with it has been said.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}
