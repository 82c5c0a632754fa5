package browsertest_test

import (
	"context"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/sandbox"
)

// service is a service under trial that knows little, and remembers what the page asked of it.
type service struct {
	mu     sync.Mutex
	start  time.Time
	now    time.Time
	orders []sandbox.Order
}

// due is when something is due next.
var due = time.Date(2026, 12, 4, 10, 0, 0, 0, baku)

var baku = time.FixedZone("Asia/Baku", 4*3600)

func newService() *service {
	return &service{start: time.Now(), now: time.Date(2026, 12, 2, 11, 0, 0, 0, baku)}
}

// Now runs at real speed.
func (s *service) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now.Add(time.Since(s.start))
}

func (s *service) Advance(_ context.Context, to time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.start, s.now = time.Now(), to.In(baku)
	return nil
}

func (s *service) Busy() []string { return nil }

func (s *service) Brand() string { return "Nar Coffee" }

func (s *service) Upcoming(context.Context) (time.Time, string, bool) {
	return due, "offer:friday_discount", s.Now().Before(due)
}

func (s *service) State(context.Context, string, string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{
		"customer": 7, "language": "az", "tickets": []any{},
		"points": map[string]int{"spendable": 100 + 25*len(s.orders), "pending": 0},
		"deliveries": []any{
			map[string]any{"offer": "friday_discount", "due": due, "state": "suppressed", "reason": "<b>quiet hours</b>"},
		},
	}, nil
}

func (s *service) Order(_ context.Context, o sandbox.Order) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders = append(s.orders, o)
	return nil
}

// taken are the orders so far.
func (s *service) taken() []sandbox.Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sandbox.Order(nil), s.orders...)
}
