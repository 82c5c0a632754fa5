package main

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/persistence/dbtest"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/persistence/dbtest/postgres"
)

// breakage is one way in which a database is broken while people write: it returns when the database is well again.
type breakage struct {
	name  string
	does  func(w *town)
	after string // what the log must say, empty for nothing in particular
}

// endure has everybody write and press while the database is broken in every way in turn, and compares the books.
// What is in flight at such a moment may be repeated: a chat has one call at a time.
func (w *town) endure(ways []breakage) {
	w.t.Helper()
	for _, h := range w.holds {
		h.dawdle(100 * time.Millisecond)
	}
	outer := w.t
	defer func() { w.t = outer }()
	for _, way := range ways {
		ok := outer.Run(way.name, func(t *testing.T) {
			w.t = t
			w.troubles++
			w.repeats += len(w.people)
			var all sync.WaitGroup
			var over atomic.Bool
			all.Go(func() {
				// What the log must say is said of what people do meanwhile: they go on until then.
				for i := 0; i < 4 || way.after != "" && !over.Load(); i++ {
					w.together(func(s *soul) { w.ask(s, i) })
					<-time.After(300 * time.Millisecond)
					if i%2 == 0 {
						w.together(w.press)
					}
				}
			})
			<-time.After(400 * time.Millisecond)
			way.does(w)
			over.Store(true)
			all.Wait()
			well := time.Now()
			w.rest()
			t.Logf("at rest %v after the database was well again", time.Since(well).Round(10*time.Millisecond))
			w.audit(way.name)
			if way.after != "" && !strings.Contains(w.bots[0].err.String(), way.after) {
				t.Errorf("the log does not say %q: %s", way.after, tail(w.bots[0].err.String()))
			}
		})
		if !ok {
			outer.Fatalf("after %q the books of the others would not agree either", way.name)
		}
	}
	w.t = outer
	w.stop()
}

// TestFaultDatabase breaks the database under a running service, which neither loses nor doubles anything and goes on
// by itself.
func TestFaultDatabase(t *testing.T) {
	t.Parallel()
	people, long := 3, 3*time.Second
	if faultsInFull() {
		people, long = 12, 20*time.Second // longer than a lease
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		w := newTown(t, migrated.SQLite(t), people)
		w.open(1)
		w.endure([]breakage{
			{name: "SQLite: another process writes", does: func(w *town) { w.lockFor(long) }},
		})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		cluster := dbtest.Cluster(t, postgres.Options{Durable: true})
		w := newTown(t, dbtest.Database(t, cluster.Server), people)
		w.open(2)
		restart := func(stop func(context.Context) error, pause time.Duration) func(w *town) {
			return func(w *town) {
				w.must(stop(w.t.Context()))
				<-time.After(pause)
				w.must(cluster.Resume(w.t.Context()))
			}
		}
		ways := []breakage{
			{name: "PostgreSQL: restarted", does: restart(cluster.Shutdown, 0)},
			{name: "PostgreSQL: crashed, back soon", does: restart(cluster.Crash, long)},
		}
		if faultsInFull() {
			ways = append(ways, breakage{name: "PostgreSQL: connections cut", does: func(w *town) { w.cutConnections(40) }})
		}
		w.endure(ways)
	})
}

// lockFor keeps the only place for a writer of the file.
func (w *town) lockFor(d time.Duration) {
	w.t.Helper()
	conn, err := w.db.Connx(w.t.Context())
	w.must(err)
	_, err = conn.ExecContext(w.t.Context(), "BEGIN IMMEDIATE")
	w.must(err)
	<-time.After(d)
	_, err = conn.ExecContext(w.t.Context(), "ROLLBACK")
	w.must(err)
	w.must(conn.Close())
}

// cutConnections ends all connections but its own again and again.
func (w *town) cutConnections(times int) {
	w.t.Helper()
	for range times {
		w.count(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'rapport'`)
		<-time.After(100 * time.Millisecond)
	}
}

// notRun names what cannot be tried here. At full size that is a failure.
func notRun(t *testing.T, what, why string) {
	t.Helper()
	if faultsInFull() {
		t.Errorf("NOT RUN: %s: %s", what, why)
		return
	}
	t.Logf("not run at this size: %s: %s", what, why)
}
