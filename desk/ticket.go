package desk

import (
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
)

// TicketID identifies a ticket.
type TicketID int64

// State is where a ticket stands.
type State string

// The states. A claimed ticket owes the customer an answer, a waiting one waits for the customer; both have an owner.
const (
	Open     State = "open"
	Claimed  State = "claimed"
	Waiting  State = "waiting"
	Resolved State = "resolved"
)

// Member is a member of staff, as the staff platform knows them.
type Member struct {
	ID   string `json:"id"` // the platform's user id
	Name string `json:"name,omitempty"`
}

// Card is where a ticket is shown to staff.
type Card struct {
	To       conversation.Address    // as configured, without a thread
	Of       conversation.OutgoingID // the card's message; 0: not written yet
	RealChat string                  // the chat in which it stands, once sent
	Thread   string                  // the platform's id of the card, once sent
	Shows    int64                   // the ticket's version that it shows
	Face     string                  // a digest of what it shows, but for the talk
}

// Ticket is a conversation that people look after. Times are on the business clock; zero means never, or not yet.
type Ticket struct {
	ID           TicketID
	Version      int64 // raised by every Save
	Customer     conversation.CustomerID
	Root         conversation.CustomerID
	Conversation conversation.ConversationID
	To           conversation.Address // the chat in which the customer wrote last
	Topic        string
	Reason       string // why it was opened, see conversation.Handoff
	Lang         language.Code
	Words        string // what the customer said when it was opened, one request a line
	Urgent       bool
	Silent       bool // the customer was not told that it was opened
	Priority     int  // of the customer's tier: higher is served first
	State        State
	Owner        Member // empty while open

	OpenedAt        time.Time
	ChangedAt       time.Time
	ClaimedAt       time.Time
	FirstResponseAt time.Time
	AskedAt         time.Time // since when the customer waits for an answer; zero: does not
	DueAt           time.Time // when the answer is due; zero: none is
	ToldUntil       time.Time // the waiting time that the customer heard
	SnoozedUntil    time.Time
	ResolvedAt      time.Time
	ReopenUntil     time.Time // resolved: until then it can be gone on with

	RemindedAt  time.Time // staff were reminded of DueAt
	EscalatedAt time.Time // somebody else was told that DueAt has passed
	LateToldAt  time.Time // the customer was told that ToldUntil has passed
	Missed      int       // targets missed by the present owner

	Replies    int // replies that staff sent
	Added      int // later requests that were added
	Reopened   int
	ResolvedBy string // a member's id, "customer", "answer" or "time"
	Card       Card
}

// Errors of the transitions.
var (
	// ErrOwned: another member of staff owns the ticket.
	ErrOwned = errors.New("somebody else owns the ticket")
	// ErrDone: the ticket is that way already; nothing changes.
	ErrDone = errors.New("the ticket is that way already")
	// ErrResolved: the ticket is resolved.
	ErrResolved = errors.New("the ticket is resolved")
	// ErrWindowOver: the ticket can no longer be gone on with.
	ErrWindowOver = errors.New("the time to go on with the ticket is over")
)

// Live says that the ticket is not resolved.
func (t Ticket) Live() bool { return t.State != Resolved }

// Owned says that a member of staff has the ticket.
func (t Ticket) Owned() bool { return t.State == Claimed || t.State == Waiting }

// OwnedBy says that m has the ticket.
func (t Ticket) OwnedBy(m Member) bool { return t.Owned() && t.Owner.ID == m.ID }

// Claim gives an open ticket to by. ErrOwned when somebody else has it, ErrDone when by has, ErrResolved.
func (t Ticket) Claim(by Member, now time.Time) (Ticket, error) {
	switch {
	case t.State == Resolved:
		return t, ErrResolved
	case t.OwnedBy(by):
		return t, ErrDone
	case t.Owned():
		return t, ErrOwned
	}
	t.State, t.Owner, t.ClaimedAt, t.SnoozedUntil, t.Missed = Claimed, by, now, time.Time{}, 0
	return t.changed(now), nil
}

// TakeOver gives a ticket to by, whoever has it. ErrDone when by has it, ErrResolved.
func (t Ticket) TakeOver(by Member, now time.Time) (Ticket, error) {
	if !t.Owned() || t.OwnedBy(by) {
		return t.Claim(by, now)
	}
	t.Owner, t.ClaimedAt, t.SnoozedUntil, t.Missed = by, now, time.Time{}, 0
	return t.changed(now), nil
}

// Replied notes that by sent the customer a reply: who replies to an open ticket owns it. ErrOwned when somebody else
// has it, ErrResolved.
func (t Ticket) Replied(by Member, now time.Time) (Ticket, error) {
	claimed, err := t.Claim(by, now)
	if err != nil && !errors.Is(err, ErrDone) {
		return t, err
	}
	t = claimed
	t.State, t.SnoozedUntil, t.AskedAt, t.DueAt = Waiting, time.Time{}, time.Time{}, time.Time{}
	t.RemindedAt, t.EscalatedAt = time.Time{}, time.Time{}
	if t.FirstResponseAt.IsZero() {
		t.FirstResponseAt = now
	}
	t.Replies++
	return t.changed(now), nil
}

// CustomerWrote notes that the customer waits for an answer, due at due. Only the first message of several moves the
// time. It answers whether anything changed that a card shows.
func (t Ticket) CustomerWrote(now, due time.Time) (Ticket, bool) {
	moved := false
	if t.State == Waiting {
		t.State, moved = Claimed, true
	}
	if !t.SnoozedUntil.IsZero() {
		t.SnoozedUntil, moved = time.Time{}, true
	}
	if t.AskedAt.IsZero() {
		t.AskedAt, t.DueAt, moved = now, due, true
	}
	if moved {
		t = t.changed(now)
	}
	return t, moved
}

// Resolve ends the ticket; until window later it can be gone on with. by is a member's id, "customer", "answer" or
// "time". ErrDone when it is resolved.
func (t Ticket) Resolve(by string, now time.Time, window time.Duration) (Ticket, error) {
	if t.State == Resolved {
		return t, ErrDone
	}
	t.State, t.ResolvedAt, t.ReopenUntil, t.ResolvedBy = Resolved, now, now.Add(window), by
	t.SnoozedUntil, t.AskedAt, t.DueAt, t.ToldUntil = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return t.changed(now), nil
}

// Reopen puts a resolved ticket back into the queue, first among its like. ErrDone while it is not resolved,
// ErrWindowOver after its time.
func (t Ticket) Reopen(now, due time.Time) (Ticket, error) {
	switch {
	case t.State != Resolved:
		return t, ErrDone
	case now.After(t.ReopenUntil):
		return t, ErrWindowOver
	}
	t.State, t.Owner, t.AskedAt, t.DueAt = Open, Member{}, now, due
	t.ResolvedAt, t.ReopenUntil, t.ResolvedBy = time.Time{}, time.Time{}, ""
	t.RemindedAt, t.EscalatedAt, t.LateToldAt, t.Missed = time.Time{}, time.Time{}, time.Time{}, 0
	t.Reopened++
	return t.changed(now), nil
}

// Snooze puts the ticket aside until then: no reminder comes before. ErrResolved.
func (t Ticket) Snooze(now, until time.Time) (Ticket, error) {
	switch {
	case t.State == Resolved:
		return t, ErrResolved
	case t.SnoozedUntil.Equal(until):
		return t, ErrDone
	}
	t.SnoozedUntil = until
	return t.changed(now), nil
}

// Wake ends a snooze. ErrDone when there is none.
func (t Ticket) Wake(now time.Time) (Ticket, error) {
	if t.SnoozedUntil.IsZero() || t.State == Resolved {
		return t, ErrDone
	}
	t.SnoozedUntil = time.Time{}
	return t.changed(now), nil
}

// Release puts an owned ticket back into the queue. due is when its answer is due anew. ErrDone while nobody owns it.
func (t Ticket) Release(now, due time.Time) (Ticket, error) {
	if !t.Owned() {
		return t, ErrDone
	}
	if t.State == Claimed {
		t.DueAt = due
	}
	t.State, t.Owner, t.ClaimedAt, t.SnoozedUntil, t.Missed = Open, Member{}, time.Time{}, time.Time{}, 0
	t.RemindedAt, t.EscalatedAt = time.Time{}, time.Time{}
	return t.changed(now), nil
}

// Trivial says that there was no talk worth asking about: nobody replied to it.
func (t Ticket) Trivial() bool { return t.Replies == 0 }

func (t Ticket) changed(now time.Time) Ticket {
	t.ChangedAt = now
	return t
}

// String names the ticket for logs and staff.
func (id TicketID) String() string { return fmt.Sprintf("#%d", int64(id)) }
