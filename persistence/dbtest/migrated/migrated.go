// Package migrated gives tests databases of their own that have this program's schema already: copies of a template
// that is migrated once in a test process. Tests of migrating itself, and of how a program begins, take an empty
// database from dbtest.
package migrated

import (
	"context"
	"errors"
	"testing"

	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest"
)

// OnBoth runs test twice, as subtests "sqlite" and "postgres", each with the URL of a fresh database with the schema.
func OnBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// SQLite returns the sqlite:// URL of a fresh file with the schema.
func SQLite(t testing.TB) string {
	t.Helper()
	return dbtest.SQLiteFrom(t, template, migrate)
}

// Postgres returns the postgres:// URL of a fresh database with the schema, dropped when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	return dbtest.PostgresFrom(t, template, migrate)
}

// template is the name of the template on both engines.
const template = "migrated"

func migrate(ctx context.Context, url string) error {
	db, err := persistence.Open(ctx, url, persistence.Options{})
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(ctx), db.Close())
}
