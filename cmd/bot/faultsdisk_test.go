package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/rapport-chat/rapport/persistence/dbtest"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/persistence/dbtest/postgres"
)

// pagesOfBot is the environment variable that bounds a started bot's SQLite file, in pages: a disk that is full.
const pagesOfBot = "RAPPORT_TEST_MAX_PAGES"

func init() {
	pages, err := strconv.Atoi(os.Getenv(pagesOfBot))
	if err != nil || os.Getenv(asBot) == "" {
		return
	}
	sqlite.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, _ string) error {
		_, err := conn.ExecContext(context.Background(), fmt.Sprintf("PRAGMA max_page_count = %d", pages), nil)
		return err
	})
}

// noRoom is what the log says of a full disk.
const noRoom = "no room left"

// fullFor is how long the disk stays full: in full longer than a lease.
func fullFor() time.Duration {
	if faultsInFull() {
		return 20 * time.Second
	}
	return 3 * time.Second
}

// TestFaultFullDiskSQLite leaves the file no room to grow while people write. The service says so, and goes on by
// itself when there is room.
func TestFaultFullDiskSQLite(t *testing.T) {
	t.Parallel()
	const pages = 1000
	w := newTown(t, migrated.SQLite(t), 4)
	w.env = []string{fmt.Sprintf("%s=%d", pagesOfBot, pages)}
	w.open(1)
	for _, query := range []string{`CREATE TABLE ballast (data BLOB)`, `INSERT INTO ballast VALUES (zeroblob(4096))`} {
		_, err := w.db.ExecContext(t.Context(), query)
		w.must(err)
	}
	w.endure([]breakage{{name: "SQLite: the disk is full", after: noRoom, does: func(w *town) {
		for w.count(`PRAGMA page_count`) <= pages {
			_, err := w.db.ExecContext(w.t.Context(), `INSERT INTO ballast SELECT zeroblob(40000) FROM ballast LIMIT 10`)
			w.must(err)
		}
		<-time.After(fullFor())
		w.bots[0].until(w.t, noRoom)
		_, err := w.db.ExecContext(w.t.Context(), `DELETE FROM ballast`)
		w.must(err)
	}}})
}

// TestFaultFullDiskPostgres fills the small file system of a PostgreSQL server while people write. It mounts
// one and so runs at full size only.
func TestFaultFullDiskPostgres(t *testing.T) {
	t.Parallel()
	if !faultsInFull() {
		notRun(t, "PostgreSQL on a full file system", "it takes make test-faults, which mounts one")
		return
	}
	small, err := smallDisk(t)
	if err != nil {
		notRun(t, "PostgreSQL on a full file system", err.Error())
		return
	}
	cluster := dbtest.Cluster(t, postgres.Options{
		Durable: true, Parent: small, Settings: []string{"min_wal_size = '32MB'", "max_wal_size = '32MB'", "shared_buffers = '16MB'"},
	})
	w := newTown(t, dbtest.Database(t, cluster.Server), 8)
	w.open(1)
	w.endure([]breakage{{name: "PostgreSQL: the disk is full", does: func(w *town) {
		ballast := filepath.Join(small, "ballast")
		w.must(fillDisk(ballast))
		// The files that the server has keep room for a while: write until it notices.
		w.eventually("the server has no room", longest, func() bool {
			_, err := w.db.ExecContext(w.t.Context(), `CREATE TABLE IF NOT EXISTS wide AS SELECT repeat('x', 500) FROM generate_series(1, 20000)`)
			return err != nil
		})
		<-time.After(fullFor())
		w.must(os.Remove(ballast))
		if err := w.db.PingContext(w.t.Context()); err != nil {
			w.t.Logf("the server has gone down over it (%v) and is started again", err)
			_ = cluster.Crash(w.t.Context()) // it may be neither up nor down
			w.must(cluster.Resume(w.t.Context()))
		}
	}}})
}

// fillDisk writes a file until there is no room left.
func fillDisk(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	block := make([]byte, 1<<16)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}
