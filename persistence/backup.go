package persistence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/jmoiron/sqlx"
)

// ErrOtherTool means that the database has a better tool for it than this program.
var ErrOtherTool = errors.New("not for this kind of database")

// Backup writes a copy of the database, as it stands at one moment, to a new file that its owner alone can read. The
// service may go on meanwhile. PostgreSQL has pg_dump for it and answers ErrOtherTool.
func (db *DB) Backup(ctx context.Context, file string) (err error) {
	if !db.place.sqlite {
		return fmt.Errorf("%w: copy PostgreSQL with pg_dump --format=custom --file=%s", ErrOtherTool, file)
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("back up to %s: there is such a file already; name a new one", file)
	}
	if err != nil {
		return fmt.Errorf("back up to %s: %w", file, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("back up to %s: %w", file, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file))
		}
	}()
	from, err := sqlx.Open("sqlite", sqliteDSN(db.place.path))
	if err != nil {
		return explainSQLite(db.place.path, err)
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if _, err := from.ExecContext(ctx, `VACUUM INTO ?`, file); err != nil {
		return fmt.Errorf("back up to %s: %w", file, translate(err))
	}
	return nil
}
