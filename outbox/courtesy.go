package outbox

import "time"

const (
	// While somebody was answered within talkFor, bulk rests restShare times as long as each of its claims and settlings
	// took the database, though not longer than longestRest at once: with a seventh of the time an offer still reaches
	// hundreds a second, and an answer that comes meanwhile seldom queues behind it or waits for the disk to take its
	// bytes, too.
	talkFor     = time.Second
	restShare   = 6
	longestRest = 250 * time.Millisecond
)

// courtesy keeps bulk from taking the database for itself. It is for lanes that are faster than a message in evenFrom:
// slower ones are at rest most of the time anyway, and their pace is not to depend on how fast the database is.
type courtesy struct {
	answered time.Time // when an answer was claimed last
	until    time.Time // until when bulk rests
}

// worked notes that bulk used the database from start to now.
func (c *courtesy) worked(start, now time.Time) {
	if now.Sub(c.answered) < talkFor {
		c.until = earlier(later(c.until, now).Add(restShare*now.Sub(start)), now.Add(longestRest))
	}
}

// worked notes how long a claim or a settling of a class took.
func (t *tenure) worked(c class, start, now time.Time) {
	if c == classBulk && !t.pace.even() {
		t.courtesy.worked(start, now)
	}
}
