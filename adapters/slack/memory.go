package slack

import (
	"slices"
	"sync"
	"time"
)

// Bounds of what is remembered; all of it ends with the process.
const (
	maxUsers    = 20_000
	maxDirect   = 50_000
	maxForms    = 5_000
	maxProgress = 1024
	maxHandles  = 4096
)

// ring is a map that forgets its oldest keys. It is safe for concurrent use.
type ring[V any] struct {
	limit  int
	mu     sync.Mutex
	values map[string]V
	order  []string
}

func newRing[V any](limit int) *ring[V] { return &ring[V]{limit: limit, values: make(map[string]V)} }

func (r *ring[V]) get(key string) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.values[key]
	return v, ok
}

func (r *ring[V]) put(key string, v V) {
	if key == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.values[key]; !ok {
		r.order = append(r.order, key)
	}
	r.values[key] = v
	for len(r.order) > r.limit {
		delete(r.values, r.order[0])
		r.order = r.order[1:]
	}
}

func (r *ring[V]) drop(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.values[key]; ok {
		delete(r.values, key)
		r.order = slices.DeleteFunc(r.order, func(k string) bool { return k == key })
	}
}

// dated is a value that is good until a time.
type dated[V any] struct {
	value V
	until time.Time
}

func (d dated[V]) fresh() bool { return time.Now().Before(d.until) }
