package conversation

import "context"

// Diagnoser is a Channel that can examine how its bot is set up on the platform.
type Diagnoser interface {
	// Diagnose tries the credentials and whatever else the service will need, and changes nothing. It answers what it
	// found, good and bad; without an answer from the platform a single finding says so.
	Diagnose(ctx context.Context) []Finding
}

// Severity is how much a finding matters.
type Severity int

// The severities.
const (
	Fine    Severity = iota // as it should be
	Doubt                   // works, and will disappoint somebody
	Trouble                 // the service cannot do its work
)

// Finding is one thing that was looked at.
type Finding struct {
	Severity Severity
	What     string // what was found, without secrets
	Cure     string // what to do about it; empty when it is fine
}
