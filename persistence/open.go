package persistence

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/rapport-chat/rapport/clock"
)

// Options are what Open can be told beside the URL. The zero value is usable.
type Options struct {
	Dir   string      // what relative SQLite paths are relative to: the folder of the config
	Clock clock.Clock // the business clock; nil means the machine's
	Log   *slog.Logger
}

// DB is an open database. It is safe for use by many goroutines.
type DB struct {
	place   place
	dialect *dialect
	clock   clock.Clock
	log     *slog.Logger

	pool       *sqlx.DB // SQLite: readers only
	cache      *cache
	statements statements // on the pool
	writer     *writer    // SQLite
	writing    *sqlx.DB   // SQLite: the writer's handle
	nudges     *nudges
	runLocks   *runLocks
	numbers    *numbers // PostgreSQL
	courtesy   *courtesy
	hooks      hooks
}

// Open connects to database.url: sqlite://path creates the file, postgres:// must exist. It does not touch the schema,
// see Migrate. Errors name the cure and never a password; a URL that cannot be meant is ErrBadURL.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	p, err := parseURL(url, o.Dir)
	if err != nil {
		return nil, err
	}
	db := &DB{place: p, clock: o.Clock, log: o.Log}
	if db.clock == nil {
		db.clock = clock.Real{}
	}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	db.courtesy = newCourtesy(p.sqlite)
	db.nudges, db.numbers, db.runLocks = newNudges(db), &numbers{}, newRunLocks(p)
	if p.sqlite {
		err = db.openSQLite(ctx)
	} else {
		err = db.openPostgres(ctx)
	}
	if err != nil {
		return nil, err
	}
	db.cache = newCache(db.pool, db.dialect)
	db.statements = statements{d: db.dialect, prepare: db.cache.prepare}
	db.OnReport(ForgottenReport, forgetAddress)
	if err := db.refuseNewer(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if !p.sqlite {
		db.nudges.start(p.dsn)
	}
	return db, nil
}

// Close ends what is queued and closes all connections.
func (db *DB) Close() error {
	errs := []error{db.nudges.close()}
	if db.writer != nil {
		errs = append(errs, db.writer.close(), db.writing.Close())
	}
	return errors.Join(append(errs, db.cache.close(), db.pool.Close(), db.runLocks.close())...)
}

// Alone says that one process at a time is to run each account: the database is a file.
func (db *DB) Alone() bool { return db.place.sqlite }

// String names the database for people, without a password.
func (db *DB) String() string { return db.place.shown }

// Do runs fn in a transaction: all of it is written, or nothing. fn is short, makes no call to anything but tx, and
// may be run twice. When ctx ends before fn has begun it is not run; once begun it is finished. The messages that fn
// sends leave after the commit. A Do inside a Do is refused.
func (db *DB) Do(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return db.do(ctx, manner{}, fn)
}

// doLazily is Do without waiting for the disk on SQLite. If the machine, not merely the process, loses its power in
// the next moment, it may be as if it had not happened; never only a part of it, nor something later without it. It
// is for what a crash would have done again anyway.
func (db *DB) doLazily(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return db.do(ctx, manner{lazy: true}, fn)
}

func (db *DB) do(ctx context.Context, how manner, fn func(ctx context.Context, tx *Tx) error) error {
	if ctx.Value(insideKey{}) == any(db) {
		return errors.New("a transaction inside a transaction")
	}
	tx, err := db.polite(ctx, how, fn)
	if err != nil {
		return err
	}
	db.told(tx)
	return nil
}

// polite has bulk wait for its turn, and rest afterwards.
func (db *DB) polite(ctx context.Context, how manner, fn func(ctx context.Context, tx *Tx) error) (tx *Tx, err error) {
	if how.bulk {
		leave, err := db.courtesy.enter(ctx)
		if err != nil {
			return nil, err
		}
		defer func() {
			took := time.Duration(0)
			if tx != nil {
				took = tx.took
			}
			leave(took)
		}()
	}
	if db.writer != nil {
		return db.writer.do(ctx, how, fn)
	}
	return db.doPostgres(ctx, fn)
}

// told tells who waits for what a transaction has committed.
func (db *DB) told(tx *Tx) {
	db.nudges.sent(tx.touched)
	if tx.tickets {
		db.nudges.tell(note{BoxAgenda, ""})
	}
}

// Reader reads one state of the database, whatever is written meanwhile.
type Reader struct{ statements }

// Read runs fn over one state of the database. Single queries need it not: they run on the pool.
func (db *DB) Read(ctx context.Context, fn func(ctx context.Context, r *Reader) error) (err error) {
	inner, err := db.pool.BeginTxx(ctx, db.dialect.snapshot())
	if err != nil {
		return translate(err)
	}
	prepare, later := db.cache.within(inner)
	defer func() {
		_ = inner.Rollback() // nothing was written
		later(ctx)
	}()
	return fn(ctx, &Reader{statements{d: db.dialect, prepare: prepare}})
}
