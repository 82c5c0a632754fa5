package persistence

import "time"

// longestYield is how long a function that yields lets others go first. Then it has one turn, however many wait: else a
// broadcast would stand still while people write faster than they can be answered.
const longestYield = 25 * time.Millisecond

// manner is how a transaction is to be done.
type manner struct {
	lazy bool // see DB.doLazily
	// yields is for messages of bulk. On SQLite others that wait for the writer go first, and never share a transaction
	// with it, whose end they would wait for.
	yields bool
	// bulk is for many of them at once: pages of offers, their claims and their results, which take milliseconds each.
	// See courtesy.
	bulk bool
}

// ofBulk is the manner for so many messages of bulk.
func (m manner) ofBulk(messages int) manner {
	m.yields, m.bulk = true, messages >= bulkFrom
	return m
}

// line decides what the writer does next.
type line struct {
	queue, slow <-chan *job // nil once closed and empty
	held        *job        // the first of slow, which lets others go first
	group       []*job
}

// next waits for something to do. It answers all that waits and does not yield, or a single one that yields; nothing
// once both queues are closed and empty. The answer is good until the next call.
func (l *line) next(now func() time.Time) []*job {
	l.group = l.group[:0]
	for {
		l.look()
		if l.held != nil && !now().Before(l.held.late) {
			return l.release()
		}
		l.fill()
		switch {
		case len(l.group) > 0 || l.queue == nil && l.slow == nil && l.held == nil:
			return l.group
		case l.held != nil:
			return l.release()
		}
		if l.wait(); len(l.group) > 0 {
			l.fill()
			return l.group
		}
	}
}

// look takes the first of those that yield, if there is one.
func (l *line) look() {
	if l.held != nil {
		return
	}
	select {
	case j, open := <-l.slow:
		l.holds(j, open)
	default:
	}
}

// fill takes all the others that wait.
func (l *line) fill() {
	for len(l.group) < maxGroup {
		select {
		case j, open := <-l.queue:
			if !l.takes(j, open) {
				return
			}
		default:
			return
		}
	}
}

// wait waits until there is one of either, or a queue is closed.
func (l *line) wait() {
	select {
	case j, open := <-l.queue:
		l.takes(j, open)
	case j, open := <-l.slow:
		l.holds(j, open)
	}
}

func (l *line) takes(j *job, open bool) bool {
	if !open {
		l.queue = nil
		return false
	}
	l.group = append(l.group, j)
	return true
}

func (l *line) holds(j *job, open bool) {
	if !open {
		l.slow = nil
		return
	}
	l.held = j
}

// release is the turn of the one that has let others go first.
func (l *line) release() []*job {
	l.group = append(l.group[:0], l.held)
	l.held = nil
	return l.group
}
