// Package dbtest gives tests a database of their own on each of the two engines. A test that cannot have its
// database fails and names what is missing; none is skipped.
//
// `make test` starts one PostgreSQL cluster for all packages and names it in RAPPORT_TEST_POSTGRES (see withpg). A
// plain `go test ./somewhere` has no such cluster and starts one of its own, which ends with the test process.
package dbtest

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/persistence/dbtest/postgres"
)

// Variable is the environment variable that names a running test cluster by the URL of its administrator.
const Variable = "RAPPORT_TEST_POSTGRES"

const (
	// startTimeout bounds the start of a cluster on a machine that is busy with compiling.
	startTimeout = 6 * time.Minute
	// statementTimeout bounds the making and dropping of one database.
	statementTimeout = 5 * time.Minute
)

// OnBoth runs test twice, as subtests "sqlite" and "postgres", each with the URL of a fresh, empty database in the
// form that database.url takes.
func OnBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// Postgres returns the postgres:// URL of a fresh, empty database, dropped when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	return fresh(t, sharedServer(t), "")
}

// PostgresFrom returns the URL of a fresh copy of a template database. The template is made once in a test process
// for each name: as an empty database that prepare fills, say with migrations. prepare must have closed its
// connections when it returns.
func PostgresFrom(t testing.TB, name string, prepare func(ctx context.Context, url string) error) string {
	t.Helper()
	server := sharedServer(t)
	made, _ := templates.LoadOrStore(name, &template{})
	database, err := made.(*template).get(server, prepare)
	if err != nil {
		t.Fatalf("PostgreSQL template %s: %v", name, err)
	}
	return fresh(t, server, database)
}

// Cluster starts a cluster for this test alone, for tests that crash, restart or fill their server and for
// benchmarks that need fsync. It is stopped and removed when the test ends.
func Cluster(t testing.TB, options postgres.Options) *postgres.Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	cluster, err := postgres.Start(ctx, options)
	if err != nil {
		t.Fatalf("%s needs a PostgreSQL cluster of its own and could not run: %v", t.Name(), err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Errorf("clean up: %v", err)
		}
	})
	return cluster
}

// Database returns the URL of a fresh, empty database on server, dropped when the test ends.
func Database(t testing.TB, server *postgres.Server) string {
	t.Helper()
	return fresh(t, server, "")
}

// sharedServer returns the server that all tests of this process use.
func sharedServer(t testing.TB) *postgres.Server {
	t.Helper()
	server, err := shared()
	if err != nil {
		t.Fatalf("%s needs PostgreSQL and could not run: %v", t.Name(), err)
	}
	return server
}

// shared returns the server of the test run, or one that this process starts for itself and that ends with it.
var shared = sync.OnceValues(func() (*postgres.Server, error) {
	if url := os.Getenv(Variable); url != "" {
		return postgres.Attach(url)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	cluster, err := postgres.Start(ctx, postgres.Options{})
	if err != nil {
		return nil, err
	}
	return cluster.Server, nil
})

// fresh creates a database from a template, or an empty one, and has it dropped when the test ends.
func fresh(t testing.TB, server *postgres.Server, from string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), statementTimeout)
	defer cancel()
	name, err := server.CreateDatabase(ctx, from)
	if err != nil {
		t.Fatalf("%s needs a PostgreSQL database and could not run: %v", t.Name(), err)
	}
	t.Cleanup(func() {
		// The test's own context is cancelled by now.
		ctx, cancel := context.WithTimeout(context.Background(), statementTimeout)
		defer cancel()
		if err := server.DropDatabase(ctx, name); err != nil {
			t.Errorf("clean up: %v", err)
		}
	})
	return server.URL(name)
}

// templates holds a *template for each name that PostgresFrom was asked for.
var templates sync.Map

type template struct {
	once     sync.Once
	database string
	err      error
}

// get returns the template's database, which the first caller makes while the others wait.
func (m *template) get(server *postgres.Server, prepare func(ctx context.Context, url string) error) (string, error) {
	m.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), statementTimeout)
		defer cancel()
		if m.database, m.err = server.CreateDatabase(ctx, ""); m.err == nil {
			m.err = prepare(ctx, server.URL(m.database))
		}
	})
	return m.database, m.err
}
