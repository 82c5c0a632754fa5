package discord

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// deafAfter is how many connections in a row have to fail before nothing is said to be received: single ones fail often.
const deafAfter = 3

// hearing is how it stands with receiving.
type hearing struct {
	mu     sync.Mutex
	failed int   // connections in a row that did not get through
	last   error // why the last of them did not
}

// through notes that a connection got through.
func (h *hearing) through() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed, h.last = 0, nil
}

// ended notes the end of a connection, and answers how loud to tell of it: connections end every day, one that never
// stood is worth a look.
func (h *hearing) ended(got bool, err error) slog.Level {
	h.mu.Lock()
	defer h.mu.Unlock()
	if got {
		return slog.LevelInfo
	}
	h.failed, h.last = h.failed+1, err
	return slog.LevelWarn
}

// errQuiet is why a connection did not get through that ended without an error.
var errQuiet = errors.New("the gateway ends every connection")

// Deaf says why nothing is received, nil while it is, or may soon be: after single failures, or before Run.
func (a *Adapter) Deaf() error {
	a.hearing.mu.Lock()
	defer a.hearing.mu.Unlock()
	if a.hearing.failed < deafAfter {
		return nil
	}
	err := a.hearing.last
	if err == nil {
		err = errQuiet
	}
	return fmt.Errorf("the gateway cannot be reached since %d tries: %w", a.hearing.failed, err)
}
