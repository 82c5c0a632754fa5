package persistence

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
)

const (
	// maxGroup is how many functions share one transaction at most, and with it one wait for the disk.
	maxGroup = 256
	// maxQueued is how many functions wait for the writer before their callers do.
	maxQueued = 1024
)

// writer is the one goroutine that writes to SQLite. It runs whatever functions are waiting inside one transaction,
// each under a savepoint of its own, and answers them after the commit. Those that yield have transactions of their
// own, one by one, in between: see line. It uses its own context: were it a caller's, a cancelled caller would roll
// back everybody in the group.
type writer struct {
	db   *DB
	conn *sqlx.Conn
	kept map[string]*sqlx.Stmt
	lazy bool  // the connection does not wait for the disk at present
	last int64 // see Tx.lastOut

	mu     sync.RWMutex // held for reading while a caller puts something into queue
	closed bool
	queue  chan *job
	slow   chan *job // those that yield
	ended  chan struct{}
}

// job is one function on its way through the writer.
type job struct {
	fn   func(ctx context.Context, tx *Tx) error
	lazy bool         // may be lost with the machine's power: see DB.doLazily
	late time.Time    // of one that yields: when it has let others go first for long enough
	turn atomic.Int32 // jobWaiting, then either jobBegun or jobGone
	tx   *Tx
	err  error
	done chan struct{}
}

// What became of a job.
const (
	jobWaiting = iota
	jobBegun   // it will be finished, whatever happens to its caller
	jobGone    // its caller left before it began
)

func newWriter(db *DB, conn *sqlx.Conn) *writer {
	w := &writer{
		db: db, conn: conn, kept: map[string]*sqlx.Stmt{},
		queue: make(chan *job, maxQueued), slow: make(chan *job, maxQueued), ended: make(chan struct{}),
	}
	go w.loop()
	return w
}

// do runs fn in a transaction. When ctx ends before fn has begun, fn never runs.
func (w *writer) do(ctx context.Context, how manner, fn func(ctx context.Context, tx *Tx) error) (*Tx, error) {
	j := &job{fn: fn, lazy: how.lazy, done: make(chan struct{})}
	queue := w.queue
	if how.yields {
		j.late, queue = time.Now().Add(longestYield), w.slow
	}
	if err := w.enqueue(ctx, queue, j); err != nil {
		return nil, err
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.turn.CompareAndSwap(jobWaiting, jobGone) {
			return nil, ctx.Err()
		}
		<-j.done
	}
	return j.tx, j.err
}

func (w *writer) enqueue(ctx context.Context, queue chan<- *job, j *job) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case queue <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close lets what is queued finish and ends the goroutine.
func (w *writer) close() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
		close(w.slow)
	}
	w.mu.Unlock()
	<-w.ended
	var errs []error
	for _, stmt := range w.kept {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}

func (w *writer) loop() {
	defer close(w.ended)
	l := &line{queue: w.queue, slow: w.slow}
	for group := l.next(time.Now); len(group) > 0; group = l.next(time.Now) {
		w.commit(group)
	}
}

// commit runs a group. When the group's transaction is lost through the fault of one or of the disk, each of the
// others gets a transaction of its own: functions may be run twice.
func (w *writer) commit(group []*job) {
	begun := group[:0:0]
	for _, j := range group {
		if j.turn.CompareAndSwap(jobWaiting, jobBegun) {
			begun = append(begun, j)
		}
	}
	if len(begun) == 0 {
		return
	}
	start := time.Now()
	lost := w.together(begun)
	took := time.Since(start)
	for _, j := range begun {
		if j.tx != nil {
			j.tx.took = took
		}
		if lost != nil && j.err == nil {
			if j.err = lost; len(begun) > 1 {
				j.err = w.alone(j)
			}
		}
		close(j.done)
	}
}

// together runs the jobs in one transaction. The error is that of the transaction; those of the jobs are kept in them.
func (w *writer) together(group []*job) error {
	if err := w.begin(group); err != nil {
		for _, j := range group {
			j.err = err
		}
		return nil
	}
	for _, j := range group {
		if err := w.under(j, len(group) > 1); err != nil {
			w.rollback()
			return err
		}
	}
	if len(group) == 1 && group[0].err != nil {
		w.rollback()
		return nil
	}
	if err := w.run("COMMIT"); err != nil {
		w.rollback()
		return err
	}
	return nil
}

// under runs one job, under a savepoint if it has neighbours. The error means that the transaction is lost.
func (w *writer) under(j *job, savepoint bool) error {
	if !savepoint {
		j.err = w.call(j)
		return nil
	}
	if err := w.run("SAVEPOINT job"); err != nil {
		return err
	}
	if j.err = w.call(j); j.err != nil {
		// A full disk ends the whole transaction by itself, and the savepoint with it.
		if err := w.run("ROLLBACK TO job"); err != nil {
			return err
		}
	}
	return w.run("RELEASE job")
}

// alone runs one job in a transaction of its own.
func (w *writer) alone(j *job) error {
	if err := w.together([]*job{j}); err != nil && j.err == nil {
		return err
	}
	return j.err
}

// call runs the job's function. A panic in it becomes an error, so that the goroutine and the neighbours live on.
func (w *writer) call(j *job) error {
	tx := &Tx{db: w.db, lastOut: &w.last, statements: statements{d: &sqliteDialect, own: context.Background()}}
	tx.prepare = tx.unlessOver(w.prepare)
	j.tx = tx
	return tx.call(j.fn)
}

func (w *writer) prepare(ctx context.Context, query string) (*sqlx.Stmt, error) {
	if stmt := w.kept[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := w.conn.PreparexContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", firstWords(query), err)
	}
	w.kept[query] = stmt
	return stmt, nil
}

func (w *writer) run(query string) error {
	ctx := context.Background()
	stmt, err := w.prepare(ctx, query)
	if err != nil {
		return translate(err)
	}
	if _, err = stmt.ExecContext(ctx); err != nil {
		return fmt.Errorf("%s: %w", query, translate(err))
	}
	return nil
}

// begin opens a transaction. One that a failed rollback may have left open is ended first.
func (w *writer) begin(group []*job) error {
	w.last = -1
	lazy := true
	for _, j := range group {
		lazy = lazy && j.lazy
	}
	if lazy != w.lazy {
		pragma := "PRAGMA synchronous = FULL"
		if lazy {
			pragma = "PRAGMA synchronous = NORMAL"
		}
		// Not kept: SQLite does what this says when it compiles it, and not when it runs it again.
		if _, err := w.conn.ExecContext(context.Background(), pragma); err != nil {
			return fmt.Errorf("%s: %w", pragma, translate(err))
		}
		w.lazy = lazy
	}
	err := w.run("BEGIN IMMEDIATE")
	if err == nil || errors.Is(err, ErrBusy) {
		return err
	}
	w.rollback()
	return w.run("BEGIN IMMEDIATE")
}

// rollback ends the transaction. Some errors have ended it already, and then there is none to end; whatever else
// could be wrong with the connection shows at the next begin.
func (w *writer) rollback() { _ = w.run("ROLLBACK") }

// recovered turns a panic in a transaction into an error. The value may hold a customer's words: its type must do.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic in a transaction: %T\n%s", p, debug.Stack())
	}
}
