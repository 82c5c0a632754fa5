package lookalike

import (
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
