package offer

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Why an offer is paused.
const (
	PausedByStaff    = "staff"
	PausedByFailures = "failures" // too many messages failed, or found themselves blocked
)

// Reasons of deliveries whose offer was held or ended by hand.
const (
	ReasonPaused  = "offer_paused"
	ReasonStopped = "offer_stopped"
)

// ReasonInChannel is why somebody is not written to: the offer is shown for everybody on the only channel on which the
// person can be reached.
const ReasonInChannel = "in_server_channel"

// leastTried is how many messages are judged at least before failures pause an offer: three of ten say little.
const leastTried = 50

// TooMany tells whether so many failures among so many messages are more than an offer allows, in percent. 100 allows
// everything.
func TooMany(failed, tried, percent int64) bool {
	return percent < 100 && tried >= leastTried && failed*100 >= percent*tried
}

// Control holds offers back and lets them go on. Offers are named by their id in the config; one that no process has
// loaded yet is conversation.ErrNotFound.
type Control interface {
	// Pause has nothing more of the offer become due, be written, or leave. What is in flight is finished.
	Pause(ctx context.Context, offer, why string) error
	// Resume lets it go on where it was: with what is still true then. The rest is late, and recorded as that.
	Resume(ctx context.Context, offer string) error
	// Stop ends what is under way for good, without looking at whoever was still to come, and answers how many
	// occurrences that were. The schedule goes on.
	Stop(ctx context.Context, offer string) (ended int, err error)
	// Progress tells how the newest occurrences of all offers go, the newest first.
	Progress(ctx context.Context, limit int) ([]Progress, error)
}

// Progress is how one occurrence goes.
type Progress struct {
	Occurrence int64     `json:"occurrence"`
	Offer      string    `json:"offer"`
	Due        time.Time `json:"due"`
	// State is open (people are still to be looked at), planned (messages may still be under way), finished, missed or
	// stopped. It is finished only when nobody is missing.
	State   string `json:"state"`
	Paused  string `json:"paused,omitempty"` // why; empty while it goes on
	Sent    int    `json:"sent"`
	Failed  int    `json:"failed"` // refused for good, or the person has blocked us
	Unknown int    `json:"unknown"`
	Waiting int    `json:"waiting"` // written and not sent yet
}

// bulkShare is the part of a platform's rate that a broadcast uses; see the outbox's pace.
const bulkShare = 0.974

// Estimate is how long a broadcast to so many people takes at a platform's rate, in messages a second; 0 for a
// platform without a limit. Answers that are given meanwhile come on top.
func Estimate(people int, perSecond float64) time.Duration {
	if perSecond <= 0 {
		return 0
	}
	return time.Duration(math.Ceil(float64(people) / (perSecond * bulkShare) * float64(time.Second)))
}

// About is a time as people say it: 34 s, 57 min, 9 h 30 min.
func About(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(math.Ceil(d.Seconds())))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(math.Ceil(d.Minutes())))
	}
	minutes := int(math.Ceil(d.Minutes()))
	if minutes%60 == 0 {
		return fmt.Sprintf("%d h", minutes/60)
	}
	return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
}
