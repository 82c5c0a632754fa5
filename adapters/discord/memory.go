package discord

import (
	"slices"
	"strings"
	"sync"

	"github.com/rapport-chat/rapport/conversation"
)

// Bounds of what is remembered; all of it ends with the process.
const (
	maxChats    = 50_000
	maxRecent   = 1024
	maxForms    = 20_000
	maxProgress = 1024
)

// ring is a map that forgets its oldest keys.
type ring[V any] struct {
	limit  int
	values map[string]V
	order  []string
}

func newRing[V any](limit int) ring[V] { return ring[V]{limit: limit, values: make(map[string]V)} }

func (r *ring[V]) put(key string, v V) {
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
	if _, ok := r.values[key]; ok {
		delete(r.values, key)
		r.order = slices.DeleteFunc(r.order, func(k string) bool { return k == key })
	}
}

// chats are the direct channels that we know, with the newest message of each that is kept and whose they are.
type chats struct {
	mu   sync.Mutex
	ring ring[chatState]
}

type chatState struct{ newest, owner string }

func newChats() *chats { return &chats{ring: newRing[chatState](maxChats)} }

// saw notes what is known of a chat; what is empty stays as it was.
func (c *chats) saw(chat, id, owner string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.ring.values[chat]
	if laterID(id, s.newest) {
		s.newest = id
	}
	if owner != "" {
		s.owner = owner
	}
	c.ring.put(chat, s)
}

func (c *chats) newest(chat string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ring.values[chat].newest
}

func (c *chats) owner(chat string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ring.values[chat].owner
}

// newestFirst are the chats, those that spoke last first.
func (c *chats) newestFirst() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := slices.Clone(c.ring.order)
	slices.SortFunc(out, func(a, b string) int {
		x, y := c.ring.values[a].newest, c.ring.values[b].newest
		if len(x) != len(y) {
			return len(y) - len(x)
		}
		return strings.Compare(y, x)
	})
	return out
}

// recent remembers the messages that we delete, to know our own deletions from a person's.
type recent struct {
	mu   sync.Mutex
	ring ring[bool]
}

func newRecent() *recent { return &recent{ring: newRing[bool](maxRecent)} }

func (r *recent) add(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring.put(id, true)
}

func (r *recent) has(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ring.values[id]
}

// forms remembers which form a button opens: it must be the first response to the press, so that nobody can be asked.
// After a restart such a press is reported as an ordinary one.
type forms struct {
	mu   sync.Mutex
	ring ring[conversation.Form]
}

func newForms() *forms { return &forms{ring: newRing[conversation.Form](maxForms)} }

func (f *forms) put(token string, form conversation.Form) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ring.put(token, form)
}

func (f *forms) of(token string) (conversation.Form, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	form, ok := f.ring.values[token]
	return form, ok
}

// progress remembers which parts of a message have gone, from one try to the next, so that a second try after a
// refusal for pace does not repeat the first part.
type progress struct {
	mu   sync.Mutex
	ring ring[[]string]
}

func newProgress() *progress { return &progress{ring: newRing[[]string](maxProgress)} }

func (p *progress) of(nonce string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ring.values[nonce]
}

func (p *progress) keep(nonce string, sent []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if nonce != "" && len(sent) > 0 {
		p.ring.put(nonce, sent)
	}
}

func (p *progress) forget(nonce string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ring.drop(nonce)
}
