package persistence

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jmoiron/sqlx"
)

// statements is what SQL runs on: a transaction or the pool for reading. Queries are written with ? and are constants
// of the program, because each is prepared once per connection and kept; what varies in length travels as one
// parameter (see dialect.rows and dialect.in).
type statements struct {
	d *dialect
	// prepare finds or makes the prepared statement.
	prepare func(ctx context.Context, query string) (*sqlx.Stmt, error)
	// own, when set, is used in place of the caller's context: a transaction that has begun is not left half-way
	// because its caller went away.
	own context.Context
}

// exec runs a statement and answers how many rows it changed.
func (s *statements) exec(ctx context.Context, query string, args ...any) (int64, error) {
	ctx = s.context(ctx)
	stmt, err := s.prepare(ctx, query)
	if err != nil {
		return 0, translate(err)
	}
	res, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, translate(err)
	}
	n, err := res.RowsAffected()
	return n, translate(err)
}

// get reads one row into dest, a pointer to a struct with db tags or to a single value. No row is
// conversation.ErrNotFound.
func (s *statements) get(ctx context.Context, dest any, query string, args ...any) error {
	ctx = s.context(ctx)
	stmt, err := s.prepare(ctx, query)
	if err != nil {
		return translate(err)
	}
	return translate(stmt.GetContext(ctx, dest, args...))
}

// list reads all rows into dest, a pointer to a slice.
func (s *statements) list(ctx context.Context, dest any, query string, args ...any) error {
	ctx = s.context(ctx)
	stmt, err := s.prepare(ctx, query)
	if err != nil {
		return translate(err)
	}
	return translate(stmt.SelectContext(ctx, dest, args...))
}

func (s *statements) context(ctx context.Context) context.Context {
	if s.own != nil {
		return s.own
	}
	return ctx
}

// write is one INSERT, UPDATE or DELETE without RETURNING.
type write struct {
	sql  string
	args []any
}

// writeAll runs independent writes, as one statement where the database can, and answers how many rows each changed.
// None of them may rely on what another one writes.
func (s *statements) writeAll(ctx context.Context, writes ...write) ([]int64, error) {
	changed := make([]int64, len(writes))
	if !s.d.joins || len(writes) == 1 {
		for i, w := range writes {
			n, err := s.exec(ctx, w.sql, w.args...)
			if err != nil {
				return nil, err
			}
			changed[i] = n
		}
		return changed, nil
	}
	var args []any
	for _, w := range writes {
		args = append(args, w.args...)
	}
	ctx = s.context(ctx)
	stmt, err := s.prepare(ctx, joined(writes))
	if err != nil {
		return nil, translate(err)
	}
	into := make([]any, len(changed))
	for i := range changed {
		into[i] = &changed[i]
	}
	return changed, translate(stmt.QueryRowxContext(ctx, args...).Scan(into...))
}

// joined is one statement out of several: WITH w0 AS (... RETURNING 1) SELECT (SELECT count(*) FROM w0), ...
func joined(writes []write) string {
	var with, counts strings.Builder
	for i, w := range writes {
		if i > 0 {
			with.WriteString(", ")
			counts.WriteString(", ")
		}
		fmt.Fprintf(&with, "w%d AS (%s RETURNING 1)", i, w.sql)
		fmt.Fprintf(&counts, "(SELECT count(*) FROM w%d)", i)
	}
	return "WITH " + with.String() + " SELECT " + counts.String()
}

// cache keeps a pool's prepared statements. database/sql prepares each again on every connection that uses it.
//
// None of them is closed before the pool is: closing waits for the connections that know the statement, and they may
// be waiting for whoever closes.
type cache struct {
	db   *sqlx.DB
	d    *dialect
	mu   sync.Mutex
	kept map[string]*cached
}

// cached is a statement that the pool knows, or that one goroutine is about to teach it.
type cached struct {
	busy chan struct{} // holds one token while somebody prepares
	stmt atomic.Pointer[sqlx.Stmt]
}

func newCache(db *sqlx.DB, d *dialect) *cache {
	return &cache{db: db, d: d, kept: map[string]*cached{}}
}

func (c *cache) entry(query string) *cached {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.kept[query]
	if e == nil {
		e = &cached{busy: make(chan struct{}, 1)}
		c.kept[query] = e
	}
	return e
}

// prepare finds or makes the statement. The caller must hold no connection of the pool.
func (c *cache) prepare(ctx context.Context, query string) (*sqlx.Stmt, error) {
	e := c.entry(query)
	if stmt := e.stmt.Load(); stmt != nil {
		return stmt, nil
	}
	select {
	case e.busy <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-e.busy }()
	if stmt := e.stmt.Load(); stmt != nil {
		return stmt, nil
	}
	stmt, err := c.db.PreparexContext(ctx, sqlx.Rebind(c.d.bind, query))
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", firstWords(query), err)
	}
	e.stmt.Store(stmt)
	return stmt, nil
}

// within answers how to prepare inside a transaction, whose connection must not wait for another one of the pool: a
// query that the pool does not know yet is prepared on the transaction alone. later teaches it to the pool, once the
// connection is free.
func (c *cache) within(inner *sqlx.Tx) (prepare func(context.Context, string) (*sqlx.Stmt, error), later func(context.Context)) {
	var fresh []string
	prepare = func(ctx context.Context, query string) (*sqlx.Stmt, error) {
		if stmt := c.entry(query).stmt.Load(); stmt != nil {
			return inner.StmtxContext(ctx, stmt), nil
		}
		stmt, err := inner.PreparexContext(ctx, sqlx.Rebind(c.d.bind, query))
		if err != nil {
			return nil, fmt.Errorf("prepare %s: %w", firstWords(query), err)
		}
		fresh = append(fresh, query)
		return stmt, nil
	}
	later = func(ctx context.Context) {
		for _, query := range fresh {
			if _, err := c.prepare(ctx, query); err != nil {
				return // it will be tried again with the next transaction
			}
		}
	}
	return prepare, later
}

// close ends the statements.
func (c *cache) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, e := range c.kept {
		if stmt := e.stmt.Swap(nil); stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(errs...)
}

// firstWords names a query in errors. Queries hold no data: that is in their parameters.
func firstWords(query string) string {
	words := strings.Fields(query)
	if len(words) > 6 {
		words = words[:6]
	}
	return strings.Join(words, " ")
}
