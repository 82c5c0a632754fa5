//go:build !linux

package dbtest

// inMemory knows of no such place on other systems.
func inMemory() (folder string, ok bool) { return "", false }
