package discord

import (
	"slices"
	"strings"
	"sync"

	"github.com/rapport-chat/rapport/adapters/recall"
)

// Bounds of what is remembered; all of it ends with the process.
const (
	maxChats    = 50_000
	maxRecent   = 1024
	maxForms    = 20_000
	maxProgress = 1024
)

// chats are the direct channels that we know, with the newest message of each that is kept and whose they are.
type chats struct {
	mu   sync.Mutex
	ring *recall.Ring[chatState]
}

type chatState struct{ newest, owner string }

func newChats() *chats { return &chats{ring: recall.NewRing[chatState](maxChats)} }

// saw notes what is known of a chat; what is empty stays as it was.
func (c *chats) saw(chat, id, owner string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.ring.Of(chat)
	if laterID(id, s.newest) {
		s.newest = id
	}
	if owner != "" {
		s.owner = owner
	}
	c.ring.Put(chat, s)
}

func (c *chats) newest(chat string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ring.Of(chat).newest
}

func (c *chats) owner(chat string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ring.Of(chat).owner
}

// newestFirst are the chats, those that spoke last first.
func (c *chats) newestFirst() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.ring.Keys()
	slices.SortFunc(out, func(a, b string) int {
		x, y := c.ring.Of(a).newest, c.ring.Of(b).newest
		if len(x) != len(y) {
			return len(y) - len(x)
		}
		return strings.Compare(y, x)
	})
	return out
}
