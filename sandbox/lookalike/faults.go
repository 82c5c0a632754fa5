package lookalike

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Faults are the misbehaviours that wait for a matching call. The zero value is ready.
type Faults struct {
	mu   sync.Mutex
	list []Fault
}

// Add arms a fault for its next Times matching calls; no number means one.
func (s *Faults) Add(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Times = max(f.Times, 1)
	s.list = append(s.list, f)
}

// Take uses up one turn of the first armed fault that matches: method equal without regard to case, path contained.
// A fault without method matches any call that sends.
func (s *Faults) Take(method, path string, sends bool) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.list {
		if f.Method == "" && !sends || f.Method != "" && !strings.EqualFold(f.Method, method) {
			continue
		}
		if f.Path != "" && !strings.Contains(path, f.Path) {
			continue
		}
		s.list[i].Times--
		if s.list[i].Times == 0 {
			s.list = slices.Delete(s.list, i, i+1)
		}
		return f, true
	}
	return Fault{}, false
}

// Misbehave does what a fault asks for: the gate is shut or opened, redeliver hands the last events over once more, and
// calls that are to fail are armed. free says that Status need not be one of HTTP, as for a gateway's close codes.
func (s *Faults) Misbehave(f Fault, gate *Gate, redeliver func(), free bool) error {
	if f.Down != nil {
		gate.SetDown(*f.Down)
	}
	if f.Drop > 0 {
		gate.Drop(f.Drop)
	}
	if f.Redeliver {
		redeliver()
	}
	if f.Method == "" && f.Path == "" && f.Times == 0 && f.Status == 0 && !f.Late {
		return nil
	}
	if !free && f.Status != 0 && (f.Status < 100 || f.Status > 599) {
		return fmt.Errorf("status %d is no HTTP status: %w", f.Status, ErrUnsupported)
	}
	s.Add(f)
	return nil
}
