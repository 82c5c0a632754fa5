package recall_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/rapport-chat/rapport/adapters/recall"
)

func TestRing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		do   func(r *recall.Ring[int])
		want []string
	}{
		"nothing":                       {func(*recall.Ring[int]) {}, nil},
		"as many as there is room for":  {func(r *recall.Ring[int]) { put(r, "a", "b", "c") }, []string{"a", "b", "c"}},
		"the oldest is forgotten":       {func(r *recall.Ring[int]) { put(r, "a", "b", "c", "d") }, []string{"b", "c", "d"}},
		"a known key keeps its age":     {func(r *recall.Ring[int]) { put(r, "a", "b", "c", "a", "d") }, []string{"b", "c", "d"}},
		"what has no name is not kept":  {func(r *recall.Ring[int]) { put(r, "", "a") }, []string{"a"}},
		"a key that was dropped":        {func(r *recall.Ring[int]) { put(r, "a", "b"); r.Drop("a"); r.Drop("z") }, []string{"b"}},
		"a key that came back is young": {func(r *recall.Ring[int]) { put(r, "a", "b"); r.Drop("a"); put(r, "a", "c", "d") }, []string{"a", "c", "d"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := recall.NewRing[int](3)
			test.do(r)
			if got := r.Keys(); !slices.Equal(got, test.want) {
				t.Errorf("remembered are %q, want %q", got, test.want)
			}
			for _, key := range []string{"", "a", "b", "c", "d", "z"} {
				v, known := r.Get(key)
				if want := slices.Contains(test.want, key); known != want || want && v == 0 || r.Of(key) != v {
					t.Errorf("%q: %d, %t and %d; known should be %t", key, v, known, r.Of(key), want)
				}
			}
		})
	}
}

func put(r *recall.Ring[int], keys ...string) {
	for i, key := range keys {
		r.Put(key, i+1)
	}
}

// TestRingHoldsMany: whoever comes at once, what is listed is what is known, and no more than there is room for.
func TestRingHoldsMany(t *testing.T) {
	t.Parallel()
	r := recall.NewRing[int](10)
	var all sync.WaitGroup
	for who := range 8 {
		all.Go(func() {
			for i := range 200 {
				key := fmt.Sprint(i % 30)
				r.Put(key, who+1)
				if i%7 == 0 {
					r.Drop(key)
				}
				r.Of(key)
			}
		})
	}
	all.Wait()
	keys := r.Keys()
	if len(keys) > 10 {
		t.Errorf("%d keys are remembered, there is room for 10", len(keys))
	}
	for _, key := range keys {
		if _, known := r.Get(key); !known {
			t.Errorf("%q is listed and not known", key)
		}
	}
}
