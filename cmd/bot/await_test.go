package main

import "time"

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
