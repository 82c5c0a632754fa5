package outbox_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

// oneWriter is a database that does one thing at a time, and notes how long it worked on bulk.
type oneWriter struct {
	*memory
	takes time.Duration
	free  chan struct{} // holds one while nobody writes; a mutex would stop virtual time
	bulk  *time.Duration
}

func (s oneWriter) Claim(ctx context.Context, l outbox.Lease, ids []conversation.OutgoingID, now time.Time) ([]outbox.Item, error) {
	defer s.work(ids[0])()
	return s.memory.Claim(ctx, l, ids, now)
}

func (s oneWriter) Settle(ctx context.Context, l outbox.Lease, results []outbox.Result) error {
	defer s.work(results[0].ID)()
	return s.memory.Settle(ctx, l, results)
}

// work takes the writer for a while. One claim or settling is of bulk or has none.
func (s oneWriter) work(id conversation.OutgoingID) (done func()) {
	<-s.free
	pass(s.takes)
	if s.get(id).Lane == conversation.LaneBulk {
		*s.bulk += s.takes
	}
	return func() { s.free <- struct{}{} }
}

// TestBulkLeavesTheDatabaseToThoseWhoTalk has an offer go out as fast as it can over a database with one writer. Alone
// it may have all of it. While people talk it takes a seventh, except at a platform's slow and even pace, which leaves
// room as it is.
func TestBulkLeavesTheDatabaseToThoseWhoTalk(t *testing.T) {
	t.Parallel()
	const span, takes = 20 * time.Second, 5 * time.Millisecond
	for _, c := range []struct {
		name        string
		perSecond   int
		talk        int
		least, most float64 // of the writer's time
	}{
		{"nobody talks", 0, 0, 0.9, 1.01},
		{"people talk", 0, 8, 0.1, 0.2},
		{"people talk at a thousand a second", 1000, 8, 0.1, 0.2},
		{"people talk at thirty a second", 30, 8, 0.04, 0.3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				free := make(chan struct{}, 1)
				free <- struct{}{}
				var bulk time.Duration
				b := start(t, &platform{perSecond: c.perSecond}, func(cfg *outbox.Config, m *memory) {
					cfg.Store = oneWriter{m, takes, free, &bulk}
				})
				for i := range 40_000 {
					b.store.add(to(fmt.Sprint("reader", i), conversation.LaneBulk))
				}
				b.Nudge()
				until := time.Now().Add(span)
				chatter(b, c.talk, 200*time.Millisecond, until)
				pass(time.Until(until))
				<-free
				share := float64(bulk) / float64(span)
				free <- struct{}{}
				if share < c.least || share > c.most {
					t.Errorf("bulk had %.0f %% of the writer's time", 100*share)
				}
				b.finish(t)
			})
		})
	}
}
