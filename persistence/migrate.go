package persistence

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/rapport-chat/rapport/clock"
)

//go:embed migrations
var migrations embed.FS

// Migrate brings the schema up to this program's. It is safe to call from several processes at once: one works, the
// others wait. A schema of a newer program is ErrNewerSchema and is not touched.
func (db *DB) Migrate(ctx context.Context) error {
	have, want, err := db.SchemaVersion(ctx)
	if err != nil || have == want {
		return err
	}
	if db.place.sqlite {
		return db.migrateSQLite(ctx)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120)) // seconds, tries
	if err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return db.up(ctx, db.pool.DB, goose.WithSessionLocker(locker))
}

// SchemaVersion answers the version that the database has (0: empty) and the one that this program wants. A version
// above ours is ErrNewerSchema.
func (db *DB) SchemaVersion(ctx context.Context) (have, want int64, err error) {
	files, err := fs.ReadDir(migrations, db.migrationFolder())
	if err != nil {
		return 0, 0, err
	}
	if len(files) > 0 {
		if want, err = goose.NumericComponent(files[len(files)-1].Name()); err != nil {
			return 0, 0, err
		}
	}
	if have, err = db.appliedVersion(ctx); err != nil {
		return 0, 0, fmt.Errorf("read the schema's version: %w", err)
	}
	if have > want {
		return have, want, fmt.Errorf("%w: its schema is number %d, this program knows up to %d; use the newer program, or a backup from before",
			ErrNewerSchema, have, want)
	}
	return have, want, nil
}

func (db *DB) refuseNewer(ctx context.Context) error {
	_, _, err := db.SchemaVersion(ctx)
	return err
}

// appliedVersion reads goose's table, if it is there.
func (db *DB) appliedVersion(ctx context.Context) (int64, error) {
	there := `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'goose_db_version'`
	if !db.place.sqlite {
		there = `SELECT count(*) FROM pg_tables WHERE schemaname = ANY (current_schemas(false)) AND tablename = 'goose_db_version'`
	}
	var n int64
	if err := db.pool.GetContext(ctx, &n, there); err != nil || n == 0 {
		return 0, db.explainFirst(err)
	}
	err := db.pool.GetContext(ctx, &n, `SELECT COALESCE(max(version_id), 0) FROM goose_db_version`)
	return n, translate(err)
}

// explainFirst explains an error of the first query, which is where a file that is no database shows.
func (db *DB) explainFirst(err error) error {
	if err == nil || !db.place.sqlite {
		return translate(err)
	}
	return explainSQLite(db.place.path, err)
}

// migrateSQLite has no lock that outlives a transaction. It needs none: each migration and the note that it was made
// are one transaction, and such transactions come one after another. A process that finds itself overtaken looks
// again.
func (db *DB) migrateSQLite(ctx context.Context) (err error) {
	on, err := sql.Open("sqlite", sqliteDSN(db.place.path, "foreign_keys(1)", "synchronous(FULL)")+"&_txlock=immediate")
	if err != nil {
		return explainSQLite(db.place.path, err)
	}
	defer func() { err = errors.Join(err, on.Close()) }()
	if err := db.refuseStrangers(ctx, on); err != nil {
		return err
	}
	for try := 1; ; try++ {
		err := db.up(ctx, on)
		have, want, seen := db.SchemaVersion(ctx)
		if err == nil || seen != nil || have == want || try == maxTries {
			if have == want {
				err = nil
			}
			return errors.Join(err, seen)
		}
		if err := (clock.Real{}).WaitUntil(ctx, time.Now().Add(firstPause<<try)); err != nil {
			return err
		}
	}
}

// refuseStrangers keeps us from writing tables into the file of another program.
func (db *DB) refuseStrangers(ctx context.Context, on *sql.DB) error {
	var strangers int
	err := on.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
		AND NOT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'goose_db_version')`).Scan(&strangers)
	if err != nil {
		return explainSQLite(db.place.path, err)
	}
	if strangers > 0 {
		return fmt.Errorf("%w: %s is the database of another program; name another file", ErrBadURL, db.place.path)
	}
	return nil
}

func (db *DB) up(ctx context.Context, on *sql.DB, options ...goose.ProviderOption) error {
	files, err := fs.Sub(migrations, db.migrationFolder())
	if err != nil {
		return err
	}
	name := goose.DialectPostgres
	if db.place.sqlite {
		name = goose.DialectSQLite3
	}
	options = append(options, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	provider, err := goose.NewProvider(name, on, files, options...)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		var partial *goose.PartialError
		if errors.As(err, &partial) && partial.Failed != nil {
			return fmt.Errorf("migrate the database with %s: %w", partial.Failed.Source.Path, translate(partial.Err))
		}
		return fmt.Errorf("migrate the database: %w", translate(err))
	}
	return nil
}

func (db *DB) migrationFolder() string {
	if db.place.sqlite {
		return "migrations/sqlite"
	}
	return "migrations/postgres"
}
