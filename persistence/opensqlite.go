package persistence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"
)

// maxReaders is how many queries read a SQLite file at once.
const maxReaders = 4

// logLimit is to how many bytes the file of the write-ahead log is cut when it begins anew: a transaction of many rows may
// have made it longer.
const logLimit = 64 << 20

// busyTimeout is how long, in milliseconds, we wait for another process that writes.
const busyTimeout = 5000

func init() {
	// sqlx does not know the driver's name and would guess.
	sqlx.BindDriver("sqlite", sqlx.QUESTION)
}

// openSQLite makes or opens the file: one connection that writes and a pool that reads.
func (db *DB) openSQLite(ctx context.Context) error {
	if err := makeFile(db.place.path); err != nil {
		return err
	}
	writing, err := sqlx.Open("sqlite", sqliteDSN(db.place.path, "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"journal_size_limit("+strconv.Itoa(logLimit)+")")+"&_txlock=immediate")
	if err != nil {
		return explainSQLite(db.place.path, err)
	}
	writing.SetMaxOpenConns(1)
	conn, err := writing.Connx(ctx)
	if err != nil {
		return errors.Join(explainSQLite(db.place.path, err), writing.Close())
	}
	var mode string
	if err := conn.GetContext(ctx, &mode, "PRAGMA journal_mode"); err != nil || mode != "wal" {
		if err == nil {
			err = fmt.Errorf("%w: it cannot be switched to write-ahead logging (it is in %q mode)", ErrReadOnly, mode)
		}
		return errors.Join(explainSQLite(db.place.path, err), conn.Close(), writing.Close())
	}
	reading, err := sqlx.Open("sqlite", sqliteDSN(db.place.path, "foreign_keys(1)", "query_only(1)"))
	if err != nil {
		return errors.Join(explainSQLite(db.place.path, err), conn.Close(), writing.Close())
	}
	reading.SetMaxOpenConns(maxReaders)
	reading.SetMaxIdleConns(maxReaders)
	db.pool, db.dialect, db.writing = reading, &sqliteDialect, writing
	db.writer = newWriter(db, conn)
	return nil
}

// sqliteDSN is the driver's name of a file, with pragmas that every connection gets. Waiting comes first: the others
// may already need it.
func sqliteDSN(path string, pragmas ...string) string {
	var b strings.Builder
	b.WriteString("file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path))
	b.WriteString("?_pragma=busy_timeout(" + strconv.Itoa(busyTimeout) + ")")
	for _, p := range pragmas {
		b.WriteString("&_pragma=" + url.QueryEscape(p))
	}
	return b.String()
}

// makeFile makes the database file if there is none, readable by its owner alone, and looks at what can be known
// before SQLite does. An existing file is not opened: closing it would drop the locks that this process holds on it.
func makeFile(path string) error {
	dir := filepath.Dir(path)
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return fmt.Errorf("%w: %s is a folder; name a file in it", ErrBadURL, path)
	case err == nil:
		return probeFolder(dir)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: the account that runs this program must be allowed to write there and may not even look: %w", ErrReadOnly, err)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("open the database %s: %w", path, err)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("%w: the folder %s does not exist; make it first", ErrBadURL, dir)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil // another process was faster
	case errors.Is(err, fs.ErrPermission), isReadOnlyFS(err):
		return fmt.Errorf("%w: no file can be made in %s; the account that runs this program must be allowed to write there", ErrReadOnly, dir)
	case err != nil:
		return fmt.Errorf("make the database %s: %w", path, err)
	}
	return f.Close()
}

// probeFolder finds out whether SQLite will be able to write its log beside the file.
func probeFolder(dir string) error {
	f, err := os.CreateTemp(dir, ".rapport-probe-*")
	if err != nil {
		return fmt.Errorf("%w: no file can be made in %s, and the database needs its log there; "+
			"the account that runs this program must be allowed to write there", ErrReadOnly, dir)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// explainSQLite adds to an error of the first use what an operator can do about it.
func explainSQLite(path string, err error) error {
	var se *sqlite.Error
	if errors.As(err, &se) {
		switch se.Code() & 0xff {
		case 26, 11: // NOTADB, CORRUPT
			return fmt.Errorf("open the database %s: the file is no SQLite database, or it is damaged; "+
				"give another name or restore a backup: %w", path, err)
		case 8, 14: // READONLY, CANTOPEN
			return fmt.Errorf("open the database %s: %w: the account that runs this program must be allowed to write "+
				"the file and its folder: %w", path, ErrReadOnly, err)
		}
	}
	return fmt.Errorf("open the database %s: %w", path, translate(err))
}
