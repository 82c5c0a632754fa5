package lookalike

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxCalls is how many calls the journal keeps.
const maxCalls = 20_000

// Journal is the bounded list of calls that a platform received, and of those that it has not yet answered.
type Journal struct {
	mu    sync.Mutex
	now   func() time.Time
	log   *Log
	calls []Call // oldest first; trimmed in steps, see trim
	next  int64
	open  map[*Entry]string // calls under way that count as work
}

// OpenJournal keeps the calls in the file at path, so that a restarted sandbox still knows them and ids go on growing;
// an empty path keeps them in memory only. now stamps the calls.
func OpenJournal(path string, now func() time.Time) (*Journal, error) {
	j := &Journal{now: now, next: 1, open: make(map[*Entry]string)}
	lines := 0
	log, err := OpenLog(path, func(line []byte) error {
		var c Call
		if err := json.Unmarshal(line, &c); err != nil {
			return fmt.Errorf("decode a call: %w", err)
		}
		lines++
		j.calls = append(j.calls, c)
		j.trim()
		j.next = max(j.next, c.ID+1)
		return nil
	})
	if err != nil {
		return nil, err
	}
	j.log = log
	if lines > 2*maxCalls {
		values := make([]any, len(j.calls))
		for i, c := range j.calls {
			values[i] = c
		}
		if err := log.Rewrite(values); err != nil {
			return nil, err
		}
	}
	return j, nil
}

// Begin notes a call that has arrived. The platform is not at rest before its End, except for calls that wait
// by their nature (a long poll): those name waiting true.
func (j *Journal) Begin(method, path string, waiting bool) *Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := &Entry{journal: j, call: Call{Method: method, Path: path, At: j.now()}}
	if !waiting {
		j.open[e] = method
	}
	return e
}

// Entry is one call under way.
type Entry struct {
	journal *Journal
	call    Call
}

// Body sets what was sent, decoded and without secrets.
func (e *Entry) Body(body any) { e.call.Body = body }

// Record notes the status that is going to be answered, 0 for a connection that is cut. Only now does the call get its
// id and stand in the journal, so that whoever reads on from the last id seen misses none; and it stands there before
// the caller has its answer. It is to be called once, and End after it.
func (e *Entry) Record(status int) error {
	j := e.journal
	e.call.Status = status
	j.mu.Lock()
	defer j.mu.Unlock()
	e.call.ID = j.next
	j.next++
	j.calls = append(j.calls, e.call)
	j.trim()
	return j.log.Append(e.call)
}

// End notes that the caller has been answered.
func (e *Entry) End() {
	e.journal.mu.Lock()
	defer e.journal.mu.Unlock()
	delete(e.journal.open, e)
}

// trim forgets the oldest calls; it lets a few too many stand so that the move is rare.
func (j *Journal) trim() {
	if len(j.calls) > maxCalls+maxCalls/4 {
		j.calls = slices.Clone(j.calls[len(j.calls)-maxCalls:])
	}
}

// Since answers the calls with an id above since, oldest first, at most the newest 20,000.
func (j *Journal) Since(since int64) []Call {
	j.mu.Lock()
	defer j.mu.Unlock()
	from, _ := slices.BinarySearchFunc(j.calls, since+1, func(c Call, id int64) int { return int(c.ID - id) })
	from = max(from, len(j.calls)-maxCalls)
	return slices.Clone(j.calls[from:])
}

// Open names the calls that have arrived and are not answered.
func (j *Journal) Open() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	methods := make([]string, 0, len(j.open))
	for _, m := range j.open {
		methods = append(methods, m)
	}
	slices.Sort(methods)
	return methods
}

// Work is a number of things that a platform waits for, and what they are.
type Work struct {
	What  string
	Count int
}

// Busy is Platform's Busy: the work that is there, and the calls without an answer.
func (j *Journal) Busy(platform string, work ...Work) []string {
	var busy []string
	for _, w := range work {
		if w.Count > 0 {
			busy = append(busy, fmt.Sprintf("%s: %s: %d", platform, w.What, w.Count))
		}
	}
	if open := j.Open(); len(open) > 0 {
		busy = append(busy, platform+": calls not yet answered: "+strings.Join(open, ", "))
	}
	return busy
}

// Close closes the file behind the journal.
func (j *Journal) Close() error { return j.log.Close() }
