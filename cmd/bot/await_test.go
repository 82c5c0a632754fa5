package main

import (
	"sync/atomic"
	"testing"
	"time"
)

const (
	lookTest = 20 * time.Millisecond // between two looks of a test
	longest  = 5 * time.Minute       // a wait that a slow machine excuses
)

// await looks until is holds and answers how long that took; false when it did not within the time. By as much as the
// looks themselves came late, the machine was slow, and that much longer it waits, up to longest.
func await(within time.Duration, is func() bool) (took time.Duration, held bool) {
	begun, late := time.Now(), time.Duration(0)
	tick := time.NewTicker(lookTest)
	defer tick.Stop()
	for {
		looked := time.Now()
		if is() {
			return time.Since(begun), true
		}
		if took := time.Since(begun); took-late > within || took > max(longest, within) {
			return took, false
		}
		<-tick.C
		if d := time.Since(looked) - lookTest; d > lookTest/2 {
			late += d
		}
	}
}

// lateness watches how late this machine is from now on: the returned function answers by how much in all. What happens
// at a time of the real clock is not judged more sharply than that.
func lateness(t testing.TB) func() time.Duration {
	t.Helper()
	var late atomic.Int64
	tick := time.NewTicker(lookTest / 2)
	quit := make(chan struct{})
	go func() {
		defer tick.Stop()
		for looked := time.Now(); ; looked = time.Now() {
			select {
			case <-tick.C:
			case <-quit:
				return
			}
			if d := time.Since(looked) - lookTest/2; d > lookTest/2 {
				late.Add(int64(d))
			}
		}
	}()
	t.Cleanup(func() { close(quit) })
	return func() time.Duration { return time.Duration(late.Load()) }
}
