package postgres_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/persistence/dbtest/postgres"
)

// childVariable tells TestNothingOutlivesAKilledOwner that it runs as the owner to be killed.
const childVariable = "RAPPORT_TEST_CLUSTER_OWNER"

func TestNothingOutlivesAKilledOwner(t *testing.T) {
	t.Parallel()
	if parent := os.Getenv(childVariable); parent != "" {
		ownUntilKilled(t, parent)
	}
	parent := reachableFolder(t)
	owner := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
	owner.Env = append(os.Environ(), childVariable+"="+parent)
	output, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "postgres://") {
		t.Fatalf("got %q from the owner, want the cluster's URL", lines.Text())
	}
	adminURL := lines.Text()
	show(t, adminURL, "port") // it answers before the kill

	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := owner.Wait(); err == nil {
		t.Fatal("the owner ended by itself")
	}

	waitUntilEmpty(t, parent)
	if err := ping(t.Context(), adminURL); err == nil {
		t.Error("the server still answers although its folder is gone")
	}
}

// ownUntilKilled starts a cluster in parent, prints its URL, and waits for the kill.
func ownUntilKilled(t *testing.T, parent string) {
	t.Helper()
	cluster, err := postgres.Start(t.Context(), postgres.Options{Parent: parent})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(cluster.AdminURL())
	<-t.Context().Done()
}

func TestStopRemovesEverything(t *testing.T) {
	t.Parallel()
	parent := reachableFolder(t)
	cluster, err := postgres.Start(t.Context(), postgres.Options{Parent: parent, Settings: []string{"work_mem = '7MB'"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := show(t, cluster.AdminURL(), "work_mem"); got != "7MB" {
		t.Errorf("got work_mem %s, want the 7MB that was asked for", got)
	}
	if got := show(t, cluster.AdminURL(), "fsync"); got != "off" {
		t.Errorf("got fsync %s, want off unless Durable is asked for", got)
	}
	if err := cluster.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Stop(); err != nil {
		t.Errorf("a second Stop: got %v, want nothing to happen", err)
	}
	left, err := os.ReadDir(parent)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("got %s left behind, want an empty folder", left[0].Name())
	}
}

func TestAFailedStartSaysWhyAndLeavesNothing(t *testing.T) {
	t.Parallel()
	parent := reachableFolder(t)
	_, err := postgres.Start(t.Context(), postgres.Options{Parent: parent, Settings: []string{"work_mem = 'much'"}})
	if err == nil || !strings.Contains(err.Error(), "work_mem") {
		t.Errorf("got error %v, want one that names work_mem, from the server's log", err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("got %v and %v, want an empty folder", left, err)
	}
}

func TestAttachRefusesWhatIsNoServerURL(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]string{
		"not a URL":    "postgres://user:secret\n@host",
		"no host":      "postgres:///db",
		"other scheme": "sqlite://secret.db",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := postgres.Attach(given)
			if err == nil {
				t.Fatalf("got no error for %q", given)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error repeats the password: %v", err)
			}
		})
	}
}

func TestURLNamesTheDatabase(t *testing.T) {
	t.Parallel()
	server, err := postgres.Attach("postgres://u:p@127.0.0.1:5433/postgres?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := url.Parse(server.URL("test_x"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := parsed.Path, "/test_x"; got != want {
		t.Errorf("got path %s, want %s", got, want)
	}
	if got, want := parsed.Query().Get("sslmode"), "disable"; got != want {
		t.Errorf("got sslmode %s, want %s", got, want)
	}
}

// reachableFolder returns an empty folder that every account can reach. t.TempDir is of no use here: its parent is
// closed to the account that the server runs as under root.
func reachableFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rapport-postgres-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // the server's account must be able to write here
		t.Fatal(err)
	}
	return dir
}

// waitUntilEmpty waits until nothing is left in dir, looking again every few milliseconds: the process that empties
// it belongs to nobody we could wait for.
func waitUntilEmpty(t *testing.T, dir string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s is still there minutes after its owner was killed", left[0])
		}
	}
}

func ping(ctx context.Context, url string) error {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	return errors.Join(db.PingContext(ctx), db.Close())
}

// show returns the value that a setting has on the server.
func show(t *testing.T, url, setting string) string {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for { // a machine with other work may reset a connection that waits too long
		var value string
		err := db.QueryRowContext(ctx, "SHOW "+setting).Scan(&value)
		if err == nil {
			return value
		}
		if ctx.Err() != nil || !errors.Is(err, syscall.ECONNRESET) {
			t.Fatal(err)
		}
	}
}
