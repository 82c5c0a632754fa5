package outbox

import (
	"container/heap"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// The bounds of what a worker holds in memory of the messages that wait. What does not fit is read again later.
const (
	// lookAhead is how many refs of a lane are planned with; a lane is read on only below it.
	lookAhead = 4096
	// perLine is how many refs of one chat and lane are kept, so that a flood in one chat leaves room for others.
	perLine = 64
	// laterKept is how many refs that are not yet due are kept, the ones due next; trimmed at twice that.
	laterKept = 4096
)

// ref is one pending message as the plan holds it.
type ref struct {
	Waiting
	line     *line
	claimed  bool
	seen     time.Time // real clock: first read
	changed  uint64    // the reads begun before the last change made here; an older read knows less
	unknowns int       // calls of which nothing is known
	stuck    int       // times that the store could not even claim it alone
	waits    int       // times it was claimed before its target had been sent
	of       conversation.OutgoingID
}

// line is the queue of one chat in one lane. Its head is sent before the rest, and settled before the next is claimed.
type line struct {
	lane    *lane
	key     string // the chat, or a name of its own for a ref that lets others pass
	chat    string
	refs    []*ref // by id, without the claimed one
	claimed *ref
	dropped conversation.OutgoingID // refs from this id on were not kept; 0 for none
	parked  bool                    // waits for its chat's call to end
	heap    *lineHeap               // where the line waits, nil for nowhere
	pos     int
	at      time.Time // in lane.delayed: not before
}

// lane is the plan of one lane. Every pending id up to cursor has been looked at, and none above it is held.
type lane struct {
	id      conversation.Lane
	lines   map[string]*line
	known   map[conversation.OutgoingID]*ref
	ready   lineHeap // lines whose head may go, lowest id first
	delayed lineHeap // lines whose head must wait, by time
	later   dueHeap  // refs that are not due on the business clock
	queued  int      // refs in lines, without the claimed ones

	droppers map[*line]struct{} // lines of which refs were dropped

	// settled holds ids that left the plan, with the number of reads begun until then. Only a read begun after that
	// tells the truth about them: without this, a read that overlaps a settling would send its message twice.
	settled map[conversation.OutgoingID]uint64

	scan
	skipLow conversation.OutgoingID // lowest id of the refs that later did not keep, 0 for none
	skipDue time.Time               // when the first of those is due
}

// plan is all that a worker knows of its account's pending messages. It makes no calls and is not safe for
// concurrent use.
type plan struct {
	lanes   [lanes]*lane
	parked  map[string][]*line                 // lines that wait for their chat's call to end
	waiting map[conversation.OutgoingID][]*ref // edits and deletions by the message that they wait for
	reads   uint64                             // begun
}

// newPlan is a plan that knows nothing and wants to read every lane.
func newPlan() *plan {
	p := &plan{parked: map[string][]*line{}, waiting: map[conversation.OutgoingID][]*ref{}}
	for i := range p.lanes {
		l := &lane{
			id: conversation.Lane(i), lines: map[string]*line{},
			known:    map[conversation.OutgoingID]*ref{},
			settled:  map[conversation.OutgoingID]uint64{},
			droppers: map[*line]struct{}{},
		}
		l.ready.less = func(a, b *line) bool { return a.refs[0].ID < b.refs[0].ID }
		l.delayed.less = func(a, b *line) bool { return a.at.Before(b.at) }
		l.want(0)
		p.lanes[i] = l
	}
	return p
}

// merge takes in a page of a lane that was read by j.
func (p *plan) merge(l *lane, j job, page []Waiting, now, business time.Time) {
	l.reading = false
	if j.era == l.era {
		for _, w := range page {
			l.see(w, j, p.reads, now, business)
		}
		l.advance(j, page)
	}
	for id, reads := range l.settled {
		if j.read > reads {
			delete(l.settled, id)
		}
	}
	l.trimLater()
}

// see takes in one row.
func (l *lane) see(w Waiting, j job, reads uint64, now, business time.Time) {
	if begun, ok := l.settled[w.ID]; ok && j.read <= begun {
		return
	}
	if r := l.known[w.ID]; r != nil {
		if r.claimed || j.read <= r.changed || r.NotBefore.Equal(w.NotBefore) && r.RetryAt.Equal(w.RetryAt) {
			return
		}
		w.RetryAt = earlier(w.RetryAt, r.RetryAt) // the plan's own is never too early
		l.remove(r, now)
		r.Waiting, r.changed = w, reads
		l.add(r, now, business)
		return
	}
	l.add(&ref{Waiting: w, seen: now, changed: reads}, now, business)
}

// add puts a ref where it waits.
func (l *lane) add(r *ref, now, business time.Time) {
	if r.NotBefore.After(business) {
		l.known[r.ID] = r
		heap.Push(&l.later, r)
		return
	}
	l.enqueue(r, now)
}

// enqueue puts a ref that is due into its line.
func (l *lane) enqueue(r *ref, now time.Time) {
	key := r.Chat
	if r.waits > 0 {
		key += aside(r.ID)
	}
	n := l.lines[key]
	if n == nil {
		n = &line{lane: l, key: key, chat: r.Chat}
		l.lines[key] = n
	}
	if n.dropped != 0 && r.ID >= n.dropped {
		delete(l.known, r.ID)
		return
	}
	l.known[r.ID] = r
	r.line = n
	at, _ := slices.BinarySearchFunc(n.refs, r.ID, byID)
	n.refs = slices.Insert(n.refs, at, r)
	l.queued++
	if last := n.refs[len(n.refs)-1]; len(n.refs) > perLine {
		n.dropped = last.ID
		l.droppers[n] = struct{}{}
		n.refs = n.refs[:len(n.refs)-1]
		delete(l.known, last.ID)
		l.queued--
	}
	n.place(now)
}

// remove takes an unclaimed ref out of wherever it waits.
func (l *lane) remove(r *ref, now time.Time) {
	delete(l.known, r.ID)
	if r.line == nil {
		if i := slices.Index(l.later, r); i >= 0 {
			heap.Remove(&l.later, i)
		}
		return
	}
	n := r.line
	n.leave()
	if at, ok := slices.BinarySearchFunc(n.refs, r.ID, byID); ok {
		n.refs = slices.Delete(n.refs, at, at+1)
		l.queued--
	}
	r.line = nil
	n.place(now)
}

// place puts the line where its head's state says.
func (n *line) place(now time.Time) {
	n.leave()
	switch {
	case n.claimed != nil, n.parked:
	case len(n.refs) == 0:
		if n.dropped == 0 {
			delete(n.lane.lines, n.key)
		}
	case n.refs[0].RetryAt.After(now):
		n.wait(n.refs[0].RetryAt)
	default:
		n.heap = &n.lane.ready
		heap.Push(n.heap, n)
	}
}

// wait keeps the line back until at.
func (n *line) wait(at time.Time) {
	n.leave()
	n.at, n.heap = at, &n.lane.delayed
	heap.Push(n.heap, n)
}

// leave takes the line out of the heap it is in.
func (n *line) leave() {
	if n.heap != nil {
		heap.Remove(n.heap, n.pos)
		n.heap = nil
	}
}

// promote brings into line what has become due on either clock.
func (p *plan) promote(now, business time.Time) {
	for _, l := range p.lanes {
		if l.skipLow != 0 && !business.Before(l.skipDue) {
			l.rewind(l.skipLow-1, now)
		}
		l.rewindForLines(now)
		for len(l.later) > 0 && !l.later[0].NotBefore.After(business) {
			l.enqueue(heap.Pop(&l.later).(*ref), now)
		}
		for len(l.delayed.lines) > 0 && !l.delayed.lines[0].at.After(now) {
			n := l.delayed.lines[0]
			n.place(now)
		}
	}
}

// trimLater keeps of the refs that are not due only those that are due next, once there are too many.
func (l *lane) trimLater() {
	if len(l.later) < 2*laterKept {
		return
	}
	slices.SortFunc(l.later, compareDue)
	for _, r := range l.later[laterKept:] {
		delete(l.known, r.ID)
		if l.skipLow == 0 || r.ID < l.skipLow {
			l.skipLow = r.ID
		}
	}
	if due := l.later[laterKept].NotBefore; l.skipDue.IsZero() || due.Before(l.skipDue) {
		l.skipDue = due
	}
	clear(l.later[laterKept:])
	l.later = l.later[:laterKept]
}

// nextDue is when the business clock next brings something into line.
func (p *plan) nextDue() (at time.Time, ok bool) {
	see := func(t time.Time) {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	for _, l := range p.lanes {
		if len(l.later) > 0 {
			see(l.later[0].NotBefore)
		}
		if l.skipLow != 0 {
			see(l.skipDue)
		}
	}
	return at, ok
}

// aside names the line of a ref that lets others pass.
func aside(id conversation.OutgoingID) string {
	b := make([]byte, 1, 9)
	for i := 0; i < 8; i++ {
		b = append(b, byte(id>>(8*i)))
	}
	return string(b)
}

// byID compares for a search by id.
func byID(r *ref, id conversation.OutgoingID) int {
	switch {
	case r.ID < id:
		return -1
	case r.ID > id:
		return 1
	}
	return 0
}

// earlier is the earlier of two times.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
