package persistence

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/clock"
)

const (
	// While people talk, that is for talkFor after the last event that was accepted or settled, bulk rests restShare times
	// as long as each of its transactions took, though not longer than longestRest at once: with a thirteenth of the time an
	// offer still reaches more than a hundred a second, and an answer that comes meanwhile seldom queues behind it or waits
	// for the disk to take its bytes, too.
	talkFor     = time.Second
	restShare   = 12
	longestRest = 250 * time.Millisecond
	// bulkFrom is how many messages make a claim or a settling one of bulk: more than a platform's slow and even pace ever
	// catches up at once, which leaves room as it is and is not to depend on how fast the database is.
	bulkFrom = 9
)

// courtesy keeps bulk from taking the database for itself: pages of offers, their claims and their results, of all
// accounts together.
type courtesy struct {
	seats chan struct{} // holds a token for each transaction of bulk under way

	mu     sync.Mutex
	talked time.Time // when a person was heard or answered last
	until  time.Time // until when bulk rests
}

// newCourtesy allows for one transaction at a time on SQLite, which has one writer. On PostgreSQL a few leave cores and
// connections free.
func newCourtesy(alone bool) *courtesy {
	seats := 1
	if !alone {
		seats = max(1, runtime.GOMAXPROCS(0)/2)
	}
	return &courtesy{seats: make(chan struct{}, seats)}
}

// talks notes that people talk.
func (c *courtesy) talks() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.talked = time.Now()
}

// enter waits until bulk may work. It answers how to say that it has, and how long that took.
func (c *courtesy) enter(ctx context.Context) (leave func(took time.Duration), err error) {
	select {
	case c.seats <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := (clock.Real{}).WaitUntil(ctx, c.rested()); err != nil {
		<-c.seats
		return nil, err
	}
	return func(took time.Duration) {
		c.worked(took)
		<-c.seats
	}, nil
}

func (c *courtesy) rested() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.until
}

func (c *courtesy) worked(took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.talked) < talkFor {
		if until := now.Add(min(restShare*took, longestRest)); until.After(c.until) {
			c.until = until
		}
	}
}
