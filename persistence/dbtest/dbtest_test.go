package dbtest_test

import (
	"context"
	"database/sql"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/rapport-chat/rapport/persistence/dbtest"
	"github.com/rapport-chat/rapport/persistence/dbtest/postgres"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	first, second := open(t, dbtest.Postgres(t)), open(t, dbtest.Postgres(t))
	execute(t, first, "CREATE TABLE customers (id bigint)")
	if got := tables(t, first); got != 1 {
		t.Errorf("got %d tables in the first database, want 1", got)
	}
	if got := tables(t, second); got != 0 {
		t.Errorf("got %d tables in the second database, want 0: it sees the first one's", got)
	}
}

func TestADatabaseGoesWithItsTest(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("inner", func(t *testing.T) {
		url = dbtest.Postgres(t)
		execute(t, open(t, url), "SELECT 1")
	})
	if err := open(t, url).PingContext(t.Context()); err == nil {
		t.Error("the database is still there after its test has ended")
	}
}

func TestATemplateIsPreparedOnceAndCopied(t *testing.T) {
	t.Parallel()
	var prepared atomic.Int32
	prepare := func(ctx context.Context, url string) error {
		prepared.Add(1)
		db, err := sql.Open("postgres", url)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.ExecContext(ctx, "CREATE TABLE customers (id bigint)")
		return err
	}
	for range 3 {
		db := open(t, dbtest.PostgresFrom(t, t.Name(), prepare))
		if got := tables(t, db); got != 1 {
			t.Errorf("got %d tables in the copy, want 1", got)
		}
		execute(t, db, "DROP TABLE customers")
	}
	if got := prepared.Load(); got != 1 {
		t.Errorf("got %d preparations, want 1", got)
	}
}

func TestOnBothNamesTheEngines(t *testing.T) {
	t.Parallel()
	var schemes []string
	dbtest.OnBoth(t, func(t *testing.T, url string) {
		scheme, _, _ := strings.Cut(url, "://")
		schemes = append(schemes, t.Name()+" "+scheme)
	})
	want := t.Name() + "/sqlite sqlite," + t.Name() + "/postgres postgres"
	if got := strings.Join(schemes, ","); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestACommittedRowOutlivesACrash(t *testing.T) {
	t.Parallel()
	cluster := dbtest.Cluster(t, postgres.Options{Durable: true})
	db := open(t, dbtest.Database(t, cluster.Server))
	execute(t, db, "CREATE TABLE entries (points bigint)")
	execute(t, db, "INSERT INTO entries VALUES (250)")

	if err := cluster.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("the server still answers after the crash")
	}
	if err := cluster.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	var points int
	if err := db.QueryRowContext(t.Context(), "SELECT points FROM entries").Scan(&points); err != nil {
		t.Fatal(err)
	}
	if points != 250 {
		t.Errorf("got %d points, want 250", points)
	}
}

// unreachable asks TestWithoutAServer's child process to use a server that is not there.
const unreachable = "postgres://nobody:none@127.0.0.1:1/none?sslmode=disable"

func TestWithoutAServerATestFailsByName(t *testing.T) {
	t.Parallel()
	if os.Getenv(dbtest.Variable) == unreachable {
		dbtest.Postgres(t)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), dbtest.Variable+"="+unreachable)
	output, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("the test passed without a database; it printed:\n%s", output)
	}
	want := t.Name() + " needs a PostgreSQL database and could not run"
	if !strings.Contains(string(output), want) {
		t.Errorf("got:\n%s\nwant it to say %q", output, want)
	}
}

// open returns a pool on url that is closed with the test.
func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func execute(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// tables returns how many tables of its own a database has.
func tables(t *testing.T, db *sql.DB) int {
	t.Helper()
	var count int
	row := db.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
	if err := row.Scan(&count); err != nil {
		t.Fatal(err)
	}
	return count
}
