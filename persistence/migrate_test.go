package persistence_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

func TestMigrationsHaveTheSameNames(t *testing.T) {
	t.Parallel()
	names := map[string][]string{}
	for _, kind := range []string{"sqlite", "postgres"} {
		files, err := os.ReadDir(filepath.Join("migrations", kind))
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range files {
			names[kind] = append(names[kind], f.Name())
			if want := fmt.Sprintf("%04d_", i+1); !strings.HasPrefix(f.Name(), want) || !strings.HasSuffix(f.Name(), ".sql") {
				t.Errorf("%s/%s should be %s….sql: numbered without gaps", kind, f.Name(), want)
			}
		}
	}
	if !slices.Equal(names["sqlite"], names["postgres"]) {
		t.Errorf("sqlite has %v, postgres %v", names["sqlite"], names["postgres"])
	}
}

func TestMigrationsMakeTheSameSchema(t *testing.T) {
	t.Parallel()
	lite, pg := open(t, dbtest.SQLite(t)), open(t, migrated.Postgres(t))
	for what, query := range map[string][2]string{
		"columns": {
			`SELECT m.name || '.' || c.name || CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN ' NOT NULL' ELSE '' END
			FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%'`,
			`SELECT table_name || '.' || column_name || CASE WHEN is_nullable = 'NO' THEN ' NOT NULL' ELSE '' END
			FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%'`,
		},
		"indexes": {
			`SELECT tbl_name || '.' || name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL`,
			`SELECT tablename || '.' || indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_key' AND indexname NOT LIKE '%_pkey'`,
		},
		"foreign keys": {
			`SELECT m.name || '.' || f."from" || ' ' || f."table" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`,
			`SELECT conrelid::regclass || '.' || a.attname || ' ' || confrelid::regclass FROM pg_constraint c
			JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) WHERE contype = 'f'`,
		},
	} {
		a, b := rowsOf(t, lite, query[0]), rowsOf(t, pg, query[1])
		if len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("%s: only sqlite has %v, only postgres has %v", what, without(a, b), without(b, a))
		}
	}
}

func rowsOf(t *testing.T, db *persistence.DB, query string) []string {
	t.Helper()
	list, err := persistence.Strings(t.Context(), db, query)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.OnBoth(t, func(t *testing.T, url string) {
		t.Parallel()
		var all sync.WaitGroup
		for range 4 {
			db, err := persistence.Open(t.Context(), url, persistence.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			all.Go(func() {
				if err := db.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
				if have, want, err := db.SchemaVersion(t.Context()); err != nil || have != want || have == 0 {
					t.Errorf("SchemaVersion() = %d, %d, %v", have, want, err)
				}
			})
		}
		all.Wait()
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.OnBoth(t, func(t *testing.T, url string) {
		t.Parallel()
		db := open(t, url)
		driver, dsn := "postgres", url
		if path, lite := strings.CutPrefix(url, "sqlite://"); lite {
			driver, dsn = "sqlite", path
		}
		newer, err := sql.Open(driver, dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = newer.Close() }()
		if _, err := newer.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, '1')`); err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(t.Context()); !errors.Is(err, persistence.ErrNewerSchema) {
			t.Errorf("Migrate() = %v, want ErrNewerSchema", err)
		}
		again, err := persistence.Open(t.Context(), url, persistence.Options{})
		if err == nil {
			_ = again.Close()
		}
		if !errors.Is(err, persistence.ErrNewerSchema) || !strings.Contains(err.Error(), "9999") {
			t.Errorf("Open() = %v, want ErrNewerSchema with its number", err)
		}
	})
}
