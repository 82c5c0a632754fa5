package calling

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// deafAfter is how many tries in a row have to fail before nothing is said to be received, and deafFor for how long:
	// single ones fail often, and several in one bad moment.
	deafAfter = 3
	deafFor   = 5 * time.Second
)

// errQuiet is why a try did not get through that ended without an error.
var errQuiet = errors.New("the platform ends every connection")

// Hearing is how it stands with receiving from a platform. The zero value is ready, and hears. Its methods may be called
// concurrently.
type Hearing struct {
	mu     sync.Mutex
	open   int       // connections that got through and stand
	failed int       // tries in a row that did not get through, while none stood
	since  time.Time // when the first of them failed
	last   error     // why the last of them did
}

// Heard notes that the platform has answered.
func (h *Hearing) Heard() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed, h.last = 0, nil
}

// Opened notes that a connection got through, and stands until Closed.
func (h *Hearing) Opened() {
	h.Heard()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open++
}

// Closed notes the end of a connection that was Opened.
func (h *Hearing) Closed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open--
}

// Failed notes a try that did not get through. It means nothing while another connection stands.
func (h *Hearing) Failed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open > 0 {
		return
	}
	if h.failed == 0 {
		h.since = time.Now()
	}
	if err == nil {
		err = errQuiet
	}
	h.failed, h.last = h.failed+1, err
}

// Rest notes that nobody tries any more: nothing is known then.
func (h *Hearing) Rest() { h.Heard() }

// Deaf says why nothing is received, nil while it is, or may soon be: after single failures, or while nobody tries.
func (h *Hearing) Deaf() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open > 0 || h.failed < deafAfter || time.Since(h.since) < deafFor {
		return nil
	}
	return fmt.Errorf("no events can be asked for since %d tries: %w", h.failed, h.last)
}
