package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/persistence/dbtest"
	"github.com/rapport-chat/rapport/persistence/dbtest/postgres"
)

// standby is a PostgreSQL server that follows another and can take its place.
type standby struct {
	t    *testing.T
	bin  string
	dir  string
	port string
}

// newStandby copies the server at a URL and follows it. When it returns, no commit is confirmed without it.
func newStandby(t *testing.T, primary string) *standby {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_basebackup")
	if err != nil || len(found) == 0 {
		notRun(t, "PostgreSQL fails over to a standby", "there is no pg_basebackup here")
		return nil
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err := errors.Join(err, ln.Close()); err != nil {
		t.Fatal(err)
	}
	s := &standby{t: t, bin: filepath.Dir(slices.Max(found)), dir: filepath.Join(t.TempDir(), "standby"), port: port}
	for folder := filepath.Dir(s.dir); folder != os.TempDir() && folder != "/"; folder = filepath.Dir(folder) {
		if err := os.Chmod(folder, 0o777); err != nil { // the server's account makes its own in it
			t.Fatal(err)
		}
	}
	s.run("pg_basebackup", "--dbname", primary, "--pgdata", s.dir, "--write-recovery-conf", "--wal-method", "stream", "--checkpoint", "fast")
	t.Cleanup(func() { s.run("pg_ctl", "stop", "--pgdata", s.dir, "--mode", "immediate", "--wait") })
	s.run("pg_ctl", "start", "--pgdata", s.dir, "--wait", "--options", "-p "+port, "--log", s.dir+"/server.log")
	db, err := sql.Open("postgres", primary)
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{`ALTER SYSTEM SET synchronous_standby_names = '*'`, `SELECT pg_reload_conf()`} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

// promote makes it the one that is written to.
func (s *standby) promote() {
	s.t.Helper()
	s.run("pg_ctl", "promote", "--pgdata", s.dir, "--wait")
}

// run runs one of PostgreSQL's programs, which refuse to run as root, and whose output is not waited for: a server
// that one starts keeps it open.
func (s *standby) run(program string, args ...string) {
	s.t.Helper()
	cmd := exec.Command(filepath.Join(s.bin, program), args...)
	cmd.Dir = "/"
	said, err := os.CreateTemp(s.t.TempDir(), "said")
	if err != nil {
		s.t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = said, said
	if os.Geteuid() == 0 {
		entry, err := user.Lookup("postgres")
		if err != nil {
			s.t.Fatal(err)
		}
		uid, uidErr := strconv.Atoi(entry.Uid)
		gid, gidErr := strconv.Atoi(entry.Gid)
		if err := errors.Join(uidErr, gidErr); err != nil {
			s.t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	if err := errors.Join(cmd.Run(), said.Close()); err != nil {
		words, _ := os.ReadFile(said.Name())
		log, _ := os.ReadFile(s.dir + "/server.log")
		s.t.Fatalf("%s: %v: %s%s", program, err, words, tail(string(log)))
	}
}

// either is the URL of a database on whichever of two servers can be written to.
func either(t *testing.T, first, secondPort string) string {
	t.Helper()
	u, err := url.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("host", "127.0.0.1,127.0.0.1")
	q.Set("port", u.Port()+","+secondPort)
	q.Set("target_session_attrs", "read-write")
	u.Host, u.RawQuery = "", q.Encode()
	return u.String()
}

// TestFaultFailOverToAStandby loses the PostgreSQL server for good while people write, and has its standby take over
// some seconds later. The service has both in database.url and follows by itself.
func TestFaultFailOverToAStandby(t *testing.T) {
	t.Parallel()
	if !faultsInFull() {
		notRun(t, "PostgreSQL fails over to a standby", "make test-faults")
		return
	}
	cluster := dbtest.Cluster(t, postgres.Options{Durable: true, Settings: []string{"wal_level = replica", "max_wal_senders = 4", "hot_standby = on"}})
	name, err := cluster.CreateDatabase(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	second := newStandby(t, cluster.URL(name))
	if second == nil {
		return
	}
	w := newTown(t, either(t, cluster.URL(name), second.port), 8)
	w.open(2)
	w.endure([]breakage{{name: "PostgreSQL: fails over to a standby", does: func(w *town) {
		w.must(cluster.Crash(w.t.Context()))
		<-time.After(5 * time.Second)
		second.promote()
		// The new one does not wait for a standby of its own.
		for _, query := range []string{`ALTER SYSTEM RESET synchronous_standby_names`, `SELECT pg_reload_conf()`} {
			_, err := w.db.ExecContext(w.t.Context(), query)
			w.must(err)
		}
	}}})
	if at := fmt.Sprint(w.count(`SELECT inet_server_port()`)); at != second.port {
		t.Errorf("the database in use is the one at port %s, not the standby at %s", at, second.port)
	}
}
