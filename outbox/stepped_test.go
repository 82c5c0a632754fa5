package outbox_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

// stepping is a store under whose first lease the machine's wall clock is set forward by an hour, or the machine sleeps
// for as long: the steady clock says that the lease lasts, the wall clock that it is over.
type stepping struct {
	*memory
	taken bool // by somebody else meanwhile

	asked atomic.Int32
	asks  chan time.Time
}

func (s *stepping) Acquire(ctx context.Context, account, owner string, ttl time.Duration) (outbox.Lease, error) {
	first := s.asked.Add(1) == 1
	select {
	case s.asks <- time.Now():
	default:
	}
	if !first && s.taken {
		return outbox.Lease{}, outbox.ErrLeaseHeld
	}
	l, err := s.memory.Acquire(ctx, account, owner, ttl)
	if first {
		setWall(&l.Expires, -time.Hour)
	}
	return l, err
}

// setWall moves a time on the wall clock and leaves it where it is on the steady one, which nothing in package time
// does. It knows that a time with both keeps the wall's seconds above 30 bits of nanoseconds.
func setWall(t *time.Time, by time.Duration) {
	const nanoBits = 30
	*(*uint64)(unsafe.Pointer(t)) += uint64(int64(by/time.Second)) << nanoBits
}

// TestALeaseOutlivesAStepOfTheWallClock runs on the real clock: in a bubble of synctest there is only one.
func TestALeaseOutlivesAStepOfTheWallClock(t *testing.T) {
	t.Parallel()
	probe := time.Now()
	was := probe
	if setWall(&probe, -time.Hour); probe.Sub(was) != 0 || probe.Round(0).Sub(was.Round(0)) != -time.Hour {
		t.Fatalf("a time is kept otherwise than this test knows: %v, %v", probe.Sub(was), probe.Round(0).Sub(was.Round(0)))
	}
	for name, taken := range map[string]bool{"the clock was set": false, "the machine slept, and another has the lease": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, business := &platform{}, clock.NewMovable(0)
			store := &stepping{memory: newMemory(business), taken: taken, asks: make(chan time.Time, 100)}
			id := store.add(to("ayla", conversation.LaneAnswer))
			worker := outbox.New(outbox.Config{Store: store, Channel: p, Account: account, Owner: "a", Business: business})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- worker.Run(ctx) }()
			first, second := <-store.asks, <-store.asks
			if soon := second.Sub(first); soon > 2*time.Second { // by itself it would ask after two and two thirds
				t.Errorf("the store was asked after %v whether the lease is still ours", soon)
			}
			if taken {
				<-store.asks // it has noticed, and stands in line
				if s := worker.Stats(); s.Holder != "" || store.get(id).state != pending || len(p.done()) > 0 {
					t.Errorf("%+v: %s, after %d calls, while another has the lease", s, store.get(id).state, len(p.done()))
				}
			} else {
				for tick := time.NewTicker(time.Millisecond); store.get(id).state != sent; {
					<-tick.C
				}
				if s := worker.Stats(); s.Epoch != 1 || len(p.done()) != 1 {
					t.Errorf("%+v, after %d calls: the lease is another, or the answer went out twice", s, len(p.done()))
				}
			}
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("Run = %v", err)
			}
		})
	}
}
