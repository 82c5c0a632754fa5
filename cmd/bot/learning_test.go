package main

import "testing"

// TestLearnerIsBusyUntilEverythingIsInForce: what is taught while an earlier lesson is put in force is not in force with
// it, and a vote is not forgotten because another transaction than its own was committed first.
func TestLearnerIsBusyUntilEverythingIsInForce(t *testing.T) {
	t.Parallel()
	s, _ := exampleService(t)
	l := s.learner
	woken := func() bool {
		select {
		case <-l.wake:
			return true
		default:
			return false
		}
	}
	l.learning()()
	if l.busy() || woken() {
		t.Fatal("busy before anything was taught")
	}
	l.vote()
	l.committed()
	done := l.learning()
	l.vote()
	l.committed()
	done()
	if !l.busy() || !woken() {
		t.Error("what was taught meanwhile counts as in force")
	}
	l.learning()()
	if l.busy() {
		t.Error("busy although everything is in force")
	}
	l.vote()
	l.committed() // of another transaction
	if !woken() {
		t.Error("a vote wakes nobody")
	}
	l.learning()()
	l.committed() // the vote's own
	if !woken() || !l.busy() {
		t.Error("a vote that was committed after another transaction is forgotten")
	}
}
