package persistence

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/lib/pq"
)

// Box says what there is something new in.
type Box string

// The boxes.
const (
	BoxInbox  Box = "inbox"
	BoxOutbox Box = "outbox" // what somebody waits for
	BoxBulk   Box = "bulk"   // the bulk lane of the outbox
	BoxLease  Box = "lease"  // a lease was given back
	BoxAgenda Box = "agenda" // something may have become due, or have room
)

// nudges tells who waits that rows were committed. It is a hint: a nudge may come twice, late, or, between processes,
// not at all, so whoever listens also looks by itself now and then.
//
// In this process it is a call. Other processes on the same PostgreSQL hear of it by NOTIFY, but only for accounts
// that this process does not run itself; and outside the transaction, where commits would queue up behind it.
type nudges struct {
	db     *DB
	origin string // what tells our own nudges from those of other processes

	mu        sync.Mutex
	listeners map[int]func(box Box, account string)
	next      int
	leases    map[string]time.Time // accounts that this process runs, until
	abroad    map[note]struct{}    // for other processes, not yet told
	wake      chan struct{}

	stop  context.CancelFunc
	ended sync.WaitGroup
}

type note struct {
	box     Box
	account string
}

func newNudges(db *DB) *nudges {
	return &nudges{
		db: db, origin: rand.Text(), listeners: map[int]func(Box, string){}, leases: map[string]time.Time{},
		abroad: map[note]struct{}{}, wake: make(chan struct{}, 1),
	}
}

// OnNudge has listen called after rows for an account were committed to a box; an empty account means any. listen
// must not block. It may be called by many goroutines at once. The returned function ends it.
func (db *DB) OnNudge(listen func(box Box, account string)) (cancel func()) {
	n := db.nudges
	n.mu.Lock()
	defer n.mu.Unlock()
	id := n.next
	n.next++
	n.listeners[id] = listen
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.listeners, id)
	}
}

// TellOthers has the other processes on the same database nudged, if there are any. It only leaves a note: it may be
// called in a transaction, before whose end the others may look.
func (db *DB) TellOthers(box Box, account string) { db.nudges.tellOthers(note{box, account}) }

// sent tells of new outbox rows.
func (n *nudges) sent(touched map[note]struct{}) {
	for what := range touched {
		n.tell(what)
	}
}

// tell tells this process, and has the others told if one of them may run the account.
func (n *nudges) tell(what note) {
	n.hear(what)
	n.mu.Lock()
	own := n.leases[what.account].After(time.Now())
	n.mu.Unlock()
	if !own {
		n.tellOthers(what)
	}
}

func (n *nudges) tellOthers(what note) {
	if n.stop == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.abroad[what] = struct{}{}
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// hear calls the listeners.
func (n *nudges) hear(what note) {
	n.mu.Lock()
	listeners := make([]func(Box, string), 0, len(n.listeners))
	for _, l := range n.listeners {
		listeners = append(listeners, l)
	}
	n.mu.Unlock()
	for _, l := range listeners {
		l(what.box, what.account)
	}
}

// runs remembers that this process holds the account's lease.
func (n *nudges) runs(account string, until time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.leases[account] = until
}

const (
	// notifyChannel is PostgreSQL's name of our nudges. The payload is who nudges, a space, the box, a colon and the
	// account.
	notifyChannel = "rapport"
	// Pauses of the listening connection between attempts to connect again.
	listenRetryMin, listenRetryMax = 100 * time.Millisecond, 5 * time.Second
)

// start connects this process with the others on the same PostgreSQL.
func (n *nudges) start(dsn string) {
	ctx, stop := context.WithCancel(context.Background())
	n.stop = stop
	listener := pq.NewListener(dsn, listenRetryMin, listenRetryMax, nil)
	n.ended.Add(2)
	go n.listen(ctx, listener)
	go n.notify(ctx)
}

func (n *nudges) close() error {
	if n.stop != nil {
		n.stop()
		n.ended.Wait()
	}
	return nil
}
