// Package recall is what channels remember of the platform while the process lasts: each of a bounded size, since
// strangers decide how much there is.
package recall

import (
	"slices"
	"sync"
)

// Ring is a map that forgets its oldest keys. It is safe for concurrent use.
type Ring[V any] struct {
	limit  int
	mu     sync.Mutex
	values map[string]V
	order  []string
}

// NewRing remembers at most limit keys.
func NewRing[V any](limit int) *Ring[V] {
	return &Ring[V]{limit: limit, values: make(map[string]V)}
}

// Get answers what is remembered under a key.
func (r *Ring[V]) Get(key string) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.values[key]
	return v, ok
}

// Of is Get for which nothing is as good as the zero value.
func (r *Ring[V]) Of(key string) V {
	v, _ := r.Get(key)
	return v
}

// Put remembers v. A key that is known keeps its age. What has no name, an empty key, is not remembered.
func (r *Ring[V]) Put(key string, v V) {
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

// Drop forgets a key.
func (r *Ring[V]) Drop(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.values[key]; ok {
		delete(r.values, key)
		r.order = slices.DeleteFunc(r.order, func(k string) bool { return k == key })
	}
}

// Keys lists what is remembered, oldest first.
func (r *Ring[V]) Keys() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.order)
}
