package slack

import (
	"time"
)

// Bounds of what is remembered; all of it ends with the process.
const (
	maxUsers    = 20_000
	maxDirect   = 50_000
	maxForms    = 5_000
	maxProgress = 1024
	maxHandles  = 4096
)

// dated is a value that is good until a time.
type dated[V any] struct {
	value V
	until time.Time
}

func (d dated[V]) fresh() bool { return time.Now().Before(d.until) }
