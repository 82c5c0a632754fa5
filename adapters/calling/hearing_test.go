package calling_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
)

// TestHearing: three tries in a row that fail over five seconds are told, unless a connection stands.
func TestHearing(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	fails := func(n int, each time.Duration) func(*calling.Hearing) {
		return func(h *calling.Hearing) {
			for range n {
				h.Failed(down)
				<-time.After(each)
			}
		}
	}
	for _, c := range []struct {
		name  string
		steps []func(*calling.Hearing)
		deaf  bool
	}{
		{"nothing tried", nil, false},
		{"two long tries", []func(*calling.Hearing){fails(2, time.Minute)}, false},
		{"many in a moment", []func(*calling.Hearing){fails(20, 200*time.Millisecond)}, false},
		{"three over six seconds", []func(*calling.Hearing){fails(3, 2*time.Second)}, true},
		{"an answer between", []func(*calling.Hearing){fails(3, 2*time.Second), (*calling.Hearing).Heard, fails(2, time.Minute)}, false},
		{"beside a connection that stands", []func(*calling.Hearing){(*calling.Hearing).Opened, fails(5, time.Minute)}, false},
		{"after the only one ended", []func(*calling.Hearing){(*calling.Hearing).Opened, (*calling.Hearing).Closed, fails(3, time.Minute)}, true},
		{"after one of two ended", []func(*calling.Hearing){
			(*calling.Hearing).Opened, (*calling.Hearing).Opened, (*calling.Hearing).Closed, fails(3, time.Minute),
		}, false},
		{"nobody tries any more", []func(*calling.Hearing){fails(9, time.Minute), (*calling.Hearing).Rest}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var h calling.Hearing
				for _, step := range c.steps {
					step(&h)
				}
				err := h.Deaf()
				if (err != nil) != c.deaf || err != nil && !errors.Is(err, down) {
					t.Errorf("got %v, deaf %v", err, c.deaf)
				}
			})
		})
	}
}
