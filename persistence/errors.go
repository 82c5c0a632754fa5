package persistence

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"modernc.org/sqlite"

	"github.com/rapport-chat/rapport/conversation"
)

// Errors that callers act on, whichever database they came from.
var (
	// ErrBadURL: database.url cannot be meant; the text says what is wrong with it.
	ErrBadURL = errors.New("database.url")
	// ErrNewerSchema: a newer version of the program has been at this database.
	ErrNewerSchema = errors.New("the database was written by a newer version of this program")
	// ErrDuplicate: a unique key is taken. On PostgreSQL the transaction is over then, so expected repeats belong
	// into ON CONFLICT DO NOTHING.
	ErrDuplicate = errors.New("the key is taken")
	// ErrBusy: somebody else held the database or the rows for too long. Another try may succeed.
	ErrBusy = errors.New("the database is busy")
	// ErrUnavailable: the database cannot be reached or is shutting down. Another try may succeed.
	ErrUnavailable error = &trouble{"the database is not available"}
	// ErrFull: the disk is full.
	ErrFull error = &trouble{"the database has no room left"}
	// ErrReadOnly: the database cannot be written to.
	ErrReadOnly error = &trouble{"the database is read-only"}
	// ErrClosed: the DB was closed.
	ErrClosed = errors.New("the database was closed")
)

// trouble is an error of the database itself, whatever was asked of it: nothing was wrong with that.
type trouble struct{ text string }

func (t *trouble) Error() string { return t.text }

// Is makes it a conversation.ErrAway.
func (t *trouble) Is(target error) bool { return target == conversation.ErrAway }

// errAgain asks the runner of transactions to run the function once more.
var errAgain = errors.New("the transaction met another one")

// translate gives a driver's error the sentinel that callers look for, by code and never by text. Errors that are
// none of a driver's pass through.
func translate(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return conversation.ErrNotFound
	}
	if kind := kindOf(err); kind != nil && !errors.Is(err, kind) {
		return fmt.Errorf("%w: %w", kind, err)
	}
	return err
}

// kindOf finds the sentinel for a driver's error, nil when there is none.
func kindOf(err error) error {
	var se *sqlite.Error
	if errors.As(err, &se) {
		return sqliteKind(se.Code())
	}
	if pe := pq.As(err); pe != nil {
		return postgresKind(pe.Code)
	}
	var ne net.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.As(err, &ne):
		return ErrUnavailable
	}
	return nil
}

// sqliteKind reads a result code. Source: sqlite.org/rescode.html; the low byte is the primary code.
func sqliteKind(code int) error {
	switch code {
	case 2067, 1555, 2579: // CONSTRAINT_UNIQUE, _PRIMARYKEY, _ROWID
		return ErrDuplicate
	}
	switch code & 0xff {
	case 5, 6: // BUSY, LOCKED
		return ErrBusy
	case 8: // READONLY
		return ErrReadOnly
	case 13: // FULL
		return ErrFull
	case 10, 14: // IOERR, CANTOPEN
		return ErrUnavailable
	}
	return nil
}

// postgresKind reads a SQLSTATE. Source: PostgreSQL documentation, appendix A.
func postgresKind(code pqerror.Code) error {
	switch code {
	case pqerror.UniqueViolation: // 23505
		return ErrDuplicate
	case pqerror.TRSerializationFailure, pqerror.TRDeadlockDetected: // 40001, 40P01
		return errAgain
	case pqerror.LockNotAvailable, pqerror.QueryCanceled: // 55P03, 57014: our statement_timeout
		return ErrBusy
	case pqerror.ReadOnlySQLTransaction: // 25006
		return ErrReadOnly
	case pqerror.DiskFull: // 53100
		return ErrFull
	case pqerror.TooManyConnections, pqerror.AdminShutdown, pqerror.CrashShutdown, pqerror.CannotConnectNow,
		pqerror.IdleInTransactionSessionTimeout: // 53300, 57P01, 57P02, 57P03, 25P03
		return ErrUnavailable
	}
	if code.Class() == "08" { // connection exceptions
		return ErrUnavailable
	}
	return nil
}
