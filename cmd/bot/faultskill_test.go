package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

// TestFaultKillOnThreeChannels has people on Telegram, Discord and Slack write and press at the same time, while the
// processes are killed, and on PostgreSQL, where there are two, also stand still past their lease. Every message that a
// platform holds is answered, each has its effect once, and no answer is repeated but what was in flight.
func TestFaultKillOnThreeChannels(t *testing.T) {
	t.Parallel()
	people, rounds, kills := 5, 4, 2
	if faultsInFull() {
		people, rounds, kills = 30, 12, 10
	}
	for _, c := range []struct {
		name      string
		url       func(testing.TB) string
		processes int
		trouble   func(w *town, i int)
	}{
		{"sqlite", migrated.SQLite, 1, func(w *town, _ int) { w.killOne(0) }},
		{"postgres", migrated.Postgres, 2, func(w *town, i int) {
			if i%2 == 0 {
				w.killOne(w.holder(everyPlatform[rand.IntN(len(everyPlatform))]))
				return
			}
			w.freezeOne(w.holder(everyPlatform[i/2%len(everyPlatform)]))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, c.url(t), people)
			w.open(c.processes)
			for _, h := range w.holds {
				h.dawdle(150 * time.Millisecond)
			}
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			crowd := w.crowd(rounds, seed)
			for i := range kills {
				<-time.After(time.Duration(500+rand.IntN(1000)) * time.Millisecond)
				c.trouble(w, i)
			}
			crowd.Wait()
			w.rest()
			w.audit("killed, " + c.name)
			w.stop()
		})
	}
}

// crowd has everybody write and press in a random order until each has done both so often.
func (w *town) crowd(rounds int, seed uint64) *sync.WaitGroup {
	var all sync.WaitGroup
	for n, p := range w.platforms() {
		chance := rand.New(rand.NewPCG(seed, uint64(n)))
		var steps []func()
		for i := range rounds {
			for _, s := range w.on(p) {
				steps = append(steps, func() { w.ask(s, i) }, func() { w.press(s) })
			}
		}
		chance.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
		pauses := make([]time.Duration, len(steps))
		for i := range pauses {
			pauses[i] = time.Duration(chance.IntN(150)) * time.Millisecond
		}
		all.Go(func() {
			for i, step := range steps {
				<-time.After(pauses[i])
				step()
			}
		})
	}
	return &all
}

// inFlight is how many calls are in doubt when a process stands still.
func (w *town) inFlight() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM outbox WHERE state = 1`)
}

// holder is the place among the processes of the one that holds a platform's lease; there is always one soon.
func (w *town) holder(platform string) (at int) {
	w.t.Helper()
	w.eventually("somebody runs "+platform, longest, func() bool {
		var owner string
		if err := w.db.Get(&owner, `SELECT owner FROM leases WHERE account LIKE $1`, platform+":%"); err != nil {
			return false
		}
		at = slices.IndexFunc(w.bots, func(p *process) bool { return strings.Contains(owner, fmt.Sprintf("/%d/", p.cmd.Process.Pid)) })
		return at >= 0
	})
	return at
}

// killOne kills a process. What it leaves in flight may be repeated.
func (w *town) killOne(i int) {
	w.t.Helper()
	p := w.bots[i]
	p.kill()
	n := w.inFlight()
	w.t.Logf("killed with %d calls in flight", n)
	w.troubles++
	w.repeats += n
	w.bots = slices.Delete(w.bots, i, i+1)
	w.startOne()
}

// freezeOne stops a process past its lease and lets it go on when another has taken over.
func (w *town) freezeOne(i int) {
	w.t.Helper()
	p := w.bots[i]
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		w.t.Fatal(err)
	}
	n := w.inFlight()
	w.t.Logf("frozen with %d calls in flight", n)
	w.troubles++
	w.repeats += n
	mine := fmt.Sprintf("%%/%d/%%", p.cmd.Process.Pid)
	held := w.count(`SELECT count(*) FROM leases WHERE owner LIKE $1`, mine)
	took := w.eventually("the others take over", takeoverAfterKill(), func() bool {
		return w.count(`SELECT count(*) FROM leases WHERE owner LIKE $1`, mine) == 0
	})
	w.t.Logf("%d leases were taken over after %v", held, took.Round(10*time.Millisecond))
	lost := strings.Count(p.err.String(), "the lease was lost")
	if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		w.t.Fatal(err)
	}
	if held > 0 {
		w.eventually("the thawed process stands by", longest, func() bool {
			return strings.Count(p.err.String(), "the lease was lost") > lost
		})
	}
	if n := w.count(`SELECT count(*) FROM leases WHERE owner LIKE $1`, mine); n > 0 {
		w.t.Errorf("the thawed process took %d leases from a living one", n)
	}
}
