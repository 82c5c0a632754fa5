package persistence

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/rapport-chat/rapport/conversation"
)

// settleAtOnce settles a turn on PostgreSQL. Most turns only write what is kept back until the end: they become one
// statement, which is a transaction of its own, and so one round trip. The first other statement of the commit begins
// an ordinary transaction, which locks and checks first. done is false when the turn is to be settled the long way,
// which finds out why it could not be settled like this.
func (db *DB) settleAtOnce(ctx context.Context, t conversation.Turn, parts []conversation.Inbound, c conversation.Commit) (done bool, err error) {
	if ctx.Value(insideKey{}) == any(db) {
		return false, nil // Do refuses it
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	run, cancel := context.WithTimeout(context.WithoutCancel(ctx), transactionLimit)
	defer cancel()
	tx := &Tx{db: db, turn: scopeOf(t), statements: statements{d: db.dialect, own: run}}
	late := &lateBegin{begin: func() (*session, error) { return db.begin(ctx, run) }}
	late.start = func() error { return tx.start(run, t, parts) }
	tx.prepare = tx.unlessOver(late.prepare)
	tx.ahead = func() *statements {
		if late.session != nil {
			return &tx.statements
		}
		return &db.statements // the transaction is not to begin for the sake of a number
	}
	d, err := tx.run(c)
	if err = errors.Join(err, late.failed); err == nil {
		if late.session == nil {
			done, err = tx.writeAtOnce(run, t, parts, d)
		} else {
			done, err = true, tx.finish(run, t, parts, d)
		}
	}
	tx.over = true
	if late.session != nil {
		err = late.session.end(run, err)
	}
	switch {
	case errors.Is(err, errAgain):
		return false, nil
	case err == nil && done:
		db.told(tx)
	}
	return done, err
}

// lateBegin begins a transaction when its first statement comes.
type lateBegin struct {
	begin   func() (*session, error)
	start   func() error
	session *session
	failed  error // why it could not begin, whatever the commit makes of it
}

func (l *lateBegin) prepare(ctx context.Context, query string) (*sqlx.Stmt, error) {
	if l.failed != nil {
		return nil, l.failed
	}
	if l.session == nil {
		if l.session, l.failed = l.begin(); l.failed != nil {
			return nil, l.failed
		}
		if l.failed = l.start(); l.failed != nil {
			return nil, l.failed
		}
	}
	return l.session.prepare(ctx, query)
}

// run runs a commit. A panic becomes an error.
func (tx *Tx) run(c conversation.Commit) (d conversation.Dialogue, err error) {
	defer recovered(&err)
	return c(context.WithValue(tx.own, insideKey{}, tx.db), tx)
}

// finish writes the end of a turn in its transaction.
func (tx *Tx) finish(ctx context.Context, t conversation.Turn, parts []conversation.Inbound, d conversation.Dialogue) error {
	writes, err := tx.keepDialogue([]write{tx.endEvents(t, parts)}, t.Dialogue, d)
	if err != nil {
		return err
	}
	changed, err := tx.flush(ctx, writes...)
	if err == nil && int(changed[0]) != len(parts) {
		err = conversation.ErrSettled
	}
	return err
}

// writeAtOnce writes a whole turn. It answers false, with nothing written, when somebody else was there before.
func (tx *Tx) writeAtOnce(ctx context.Context, t conversation.Turn, parts []conversation.Inbound, d conversation.Dialogue) (done bool, err error) {
	stack, err := encodeStack(d)
	if err != nil {
		return false, err
	}
	before, err := encodeStack(t.Dialogue)
	if err != nil {
		return false, err
	}
	writes := []write{{moveSQL, []any{
		int64(t.In.Customer), int64(t.Person.Root), ms(tx.Now()), flag(stack == before), stack, int64(t.In.Conversation), t.Dialogue.Version,
	}}, tx.endEvents(t, parts)}
	want := []int{1, len(parts)}
	if len(tx.sends) > 0 {
		want = append(want, len(tx.sends))
	}
	if writes, err = tx.keptBack(writes); err != nil {
		return false, err
	}
	var args []any
	for _, w := range writes {
		args = append(args, w.args...)
	}
	for _, n := range want {
		args = append(args, n)
	}
	var ok int64
	err = tx.db.statements.get(ctx, &ok, allOrNothing(writes, len(want)), args...)
	if pq.As(err, pqerror.DivisionByZero) != nil {
		return false, nil
	}
	if err != nil && !errors.Is(err, errAgain) {
		return false, fmt.Errorf("write a turn with %d messages: %w", len(tx.sends), err)
	}
	return err == nil, nil
}

// moveSQL locks the person and moves the conversation on, as startPostgres does, and stores the dialogue unless it is
// the same.
var moveSQL = `WITH person AS (
		SELECT root.id FROM customers own JOIN customers root ON root.id = own.root_id
		WHERE own.id = ? AND root.id = ?` + postgresDialect.lockRow + `)
	UPDATE conversations SET version = version + 1, last_in_at = CAST(? AS bigint),
		dialogue = CASE WHEN CAST(? AS bigint) = 1 THEN dialogue ELSE CAST(? AS text) END
	FROM person WHERE conversations.id = ? AND version = ?`

// allOrNothing is one statement that runs the writes and fails, by dividing by zero, unless the first ones changed as
// many rows as its last parameters say.
func allOrNothing(writes []write, checked int) string {
	text := joined(writes)
	with, _, _ := strings.Cut(text, " SELECT (SELECT count(*) FROM w0)")
	var b strings.Builder
	b.WriteString(with)
	b.WriteString(" SELECT 1 / (CASE WHEN ")
	for i := range writes {
		if i > 0 {
			b.WriteString(" AND ")
		}
		if i < checked {
			fmt.Fprintf(&b, "(SELECT count(*) FROM w%d) = CAST(? AS bigint)", i)
		} else {
			fmt.Fprintf(&b, "(SELECT count(*) FROM w%d) >= 0", i)
		}
	}
	b.WriteString(" THEN 1 ELSE 0 END)")
	return b.String()
}
