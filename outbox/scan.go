package outbox

import (
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

const (
	// page is how many rows one read asks for.
	page = 1000
	// Ids are given out before their transaction commits, so a lower id can appear after a higher one has been read.
	// A nudge reads again from where the lane stood overlapTicks ago, the rescan at every tick from rescanTicks ago,
	// and one in fullEvery rescans from the start. While only a page of refs waits for its time, one in heldEvery does:
	// it may have been brought forward, such as by whoever resumes an offer.
	overlapTicks, rescanTicks, fullEvery, heldEvery = 2, 10, 60, 5
)

// job is one read of one page.
type job struct {
	after conversation.OutgoingID
	read  uint64 // the number of reads begun, with this one
	era   int    // of the lane's cursor; a rewind makes what an earlier era read worthless
}

// scan is how far a lane has been read.
type scan struct {
	cursor  conversation.OutgoingID
	more    bool // there were rows beyond the cursor
	era     int
	history [rescanTicks + 1]conversation.OutgoingID // the cursor at the last ticks, newest first

	reading bool                    // a job is out
	looking bool                    // pages are being read from pos on
	pos     conversation.OutgoingID // after which the next page begins
	ticks   int
	again   bool                    // when that is over, look again
	from    conversation.OutgoingID // from here
	nudged  bool                    // somebody wrote and it has not been read yet
	serving bool                    // the look under way began after the nudge

	recheck    bool // rows above recheckLow may have changed
	recheckLow conversation.OutgoingID
}

// want asks for a look at everything above after.
func (s *scan) want(after conversation.OutgoingID) {
	switch {
	case !s.looking:
		s.looking, s.pos, s.serving = true, after, s.nudged
	case !s.again || after < s.from:
		s.again, s.from = true, after
	}
}

// nudge asks for a look at what was written lately. While rows beyond the cursor are waiting to be read there is no
// hurry: what is new stands behind them.
func (s *scan) nudge() {
	if s.more {
		return
	}
	s.nudged, s.serving = true, false
	s.want(s.history[overlapTicks])
}

// recheckFrom asks the next tick to look at id again: its row has changed in a way that is not known here.
func (s *scan) recheckFrom(id conversation.OutgoingID) {
	if !s.recheck || id-1 < s.recheckLow {
		s.recheck, s.recheckLow = true, id-1
	}
}

// tick asks for the regular rescan, from the oldest unfinished id or where the lane stood rescanTicks ago; full looks
// at the whole lane.
func (l *lane) tick(full bool) {
	from := l.history[rescanTicks]
	copy(l.history[1:], l.history[:])
	l.history[0] = l.cursor
	if l.recheck {
		from = min(from, l.recheckLow)
		l.recheck = false
	}
	for _, n := range l.ready.lines {
		from = min(from, n.refs[0].ID-1)
	}
	l.ticks++
	if few := len(l.later) > 0 && len(l.later) <= page; full || few && l.ticks%heldEvery == 0 {
		from = 0
	}
	l.want(from)
}

// next is the lane's next read, if it wants one.
func (p *plan) next(l *lane) (job, bool) {
	if l.reading {
		return job{}, false
	}
	if l.looking && l.pos >= l.cursor && l.queued >= lookAhead {
		l.more = true
		l.finish()
	}
	if !l.looking {
		if !l.more || l.queued >= lookAhead/2 {
			return job{}, false
		}
		l.want(l.cursor)
	}
	p.reads++
	l.reading = true
	return job{after: l.pos, read: p.reads, era: l.era}, true
}

// advance moves the cursor over a page that was read in this era, and ends the look at the lane's end.
func (l *lane) advance(j job, rows []Waiting) {
	l.pos = j.after
	if n := len(rows); n > 0 {
		l.pos = rows[n-1].ID
	}
	full := len(rows) >= page
	if l.pos >= l.cursor {
		l.cursor, l.more = l.pos, full
	}
	if !full {
		l.more = false
		l.finish()
	}
}

// finish ends a look and begins the next if one was asked for.
func (s *scan) finish() {
	s.looking = false
	if s.serving {
		s.nudged = false
	}
	if s.again {
		s.again = false
		s.want(s.from)
	}
}

// rewind forgets everything above to that is not claimed, and reads on from there: refs were dropped that are now
// wanted, and order needs all refs of a line up to the cursor.
func (l *lane) rewind(to conversation.OutgoingID, now time.Time) {
	pos := to
	if l.looking {
		pos = min(pos, l.pos)
	}
	if l.again {
		pos = min(pos, l.from)
	}
	l.era++
	l.cursor, l.more = min(l.cursor, to), true
	l.looking, l.pos, l.again, l.serving = true, pos, false, l.nudged
	for i := range l.history {
		l.history[i] = min(l.history[i], to)
	}
	for _, n := range l.lines {
		n.forgetAbove(to, now)
	}
	kept := l.later[:0]
	for _, r := range l.later {
		if r.ID <= to {
			kept = append(kept, r)
		} else {
			delete(l.known, r.ID)
		}
	}
	clear(l.later[len(kept):])
	l.later = kept
	slices.SortFunc(l.later, compareDue) // a sorted slice is a heap
	if l.skipLow > to {
		l.skipLow, l.skipDue = 0, time.Time{}
	}
}

// forgetAbove drops the line's refs above to.
func (n *line) forgetAbove(to conversation.OutgoingID, now time.Time) {
	l := n.lane
	if n.dropped > to {
		n.dropped = 0
		delete(l.droppers, n)
	}
	at, found := slices.BinarySearchFunc(n.refs, to, byID)
	if found {
		at++
	}
	n.leave()
	for _, r := range n.refs[at:] {
		delete(l.known, r.ID)
		l.queued--
	}
	clear(n.refs[at:])
	n.refs = n.refs[:at]
	n.place(now)
}

// rewindForLines rewinds when a line of which refs were dropped has nearly been sent.
func (l *lane) rewindForLines(now time.Time) {
	low := conversation.OutgoingID(0)
	for n := range l.droppers {
		if len(n.refs) <= perLine/4 && (low == 0 || n.dropped < low) {
			low = n.dropped
		}
	}
	if low != 0 {
		l.rewind(low-1, now)
	}
}
