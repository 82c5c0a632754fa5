package loyalty

import (
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// Kind says what an entry does.
type Kind string

// The kinds of entries.
const (
	Earn    Kind = "earn"    // adds points that count for the tier
	Redeem  Kind = "redeem"  // pays for a reward
	Expire  Kind = "expire"  // a lot has lapsed
	Adjust  Kind = "adjust"  // a correction, either way
	Reverse Kind = "reverse" // the opposite of an earlier entry
)

// The sources of entries. With the source's id and the kind they are the key that makes an entry unique per person.
const (
	SourceOrder    = "order"    // id: the order's source and id
	SourceSurvey   = "survey"   // id: the invitation
	SourceReward   = "reward"   // id: what asked for it
	SourceExpiry   = "expiry"   // id: the lot
	SourceOwed     = "owed"     // id: the entry that brought points to take
	SourceJoin     = "join"     // id: the record
	SourceBirthday = "birthday" // id: the year
	SourceReferral = "referral" // id: the friend, or "invited"
	SourceStaff    = "staff"    // id: the act in the audit
	SourceImport   = "import"   // id: the row's
)

// Entry is one line of the ledger.
type Entry struct {
	ID       int64
	Source   string
	SourceID string
	Kind     Kind
	Customer conversation.CustomerID // the record that it was made with
	Points   int64                   // what it adds to the balance; negative takes
	Short    int64                   // a taking back: what it did not find, and is owed now
	Reason   Reason
	Reverses int64     // the entry that it is the opposite of
	At       time.Time // business clock: when it came about
	Lot      Lot       // of an entry that adds points: when they can be spent, lapse and are warned of
}

// Lot is points that came together and lapse together.
type Lot struct {
	ID          int64
	Customer    conversation.CustomerID
	Points      int64
	Remaining   int64
	AvailableAt time.Time // pending before that; zero for at once
	ExpiresAt   time.Time // zero for never
	WarnAt      time.Time // when the next warning is due; zero for none
}

// Allocation is how much of a lot an entry takes (negative) or gives back.
type Allocation struct {
	Lot    int64
	Points int64
}

// Posted is what became of an entry.
type Posted struct {
	ID     int64
	Points int64 // as written: a repeat answers what the first one wrote
	Fresh  bool  // false: the key was there already, and nothing changed
}

// Errors that callers act on.
var (
	// ErrInsufficientPoints is wrapped by *ShortError.
	ErrInsufficientPoints = errors.New("not enough points")
	// ErrReversed: the entry has been reversed already, under another key.
	ErrReversed = errors.New("the entry has been reversed already")
	// ErrNotMember: spending needs membership.
	ErrNotMember = errors.New("not a member")
)

// ShortError says how many points are missing.
type ShortError struct{ Missing int64 }

// Error implements error.
func (e *ShortError) Error() string { return fmt.Sprintf("%d points are missing", e.Missing) }

// Unwrap makes it an ErrInsufficientPoints.
func (e *ShortError) Unwrap() error { return ErrInsufficientPoints }

// Draw takes points from lots in the order given. missing is what they do not have.
func Draw(lots []Lot, points int64) (taken []Allocation, missing int64) {
	for _, l := range lots {
		if points <= 0 {
			break
		}
		n := min(l.Remaining, points)
		if n <= 0 {
			continue
		}
		taken = append(taken, Allocation{Lot: l.ID, Points: -n})
		points -= n
	}
	return taken, max(points, 0)
}

// Restore gives points back to the lots that paid: what is left of allocations that took, by lot. Points of lots that
// have lapsed at now come back as lapsed instead.
func Restore(took []Allocation, lots map[int64]Lot, now time.Time) (back []Allocation, lapsed int64) {
	for _, a := range took {
		l := lots[a.Lot]
		if l.Lapsed(now) {
			lapsed -= a.Points
			continue
		}
		back = append(back, Allocation{Lot: a.Lot, Points: -a.Points})
	}
	return back, lapsed
}

// Lapsed reports whether the lot's time is over.
func (l Lot) Lapsed(now time.Time) bool { return !l.ExpiresAt.IsZero() && !l.ExpiresAt.After(now) }

// Pending reports whether the lot cannot be spent yet.
func (l Lot) Pending(now time.Time) bool { return l.AvailableAt.After(now) }
