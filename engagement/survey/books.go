package survey

import (
	"context"
	"encoding/json"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement"
	"github.com/rapport-chat/rapport/language"
)

// State is where an invitation stands.
type State string

// The states of an invitation.
const (
	Planned    State = "planned"    // due at Due
	Sending    State = "sending"    // in the outbox
	Open       State = "open"       // delivered, nothing answered
	Partial    State = "partial"    // something is answered
	Answered   State = "answered"   // complete; may be changed until it closes
	Declined   State = "declined"   // left, or stopped
	Expired    State = "expired"    // closed without an answer
	Suppressed State = "suppressed" // never asked, for Reason
)

// Why an invitation was suppressed or declined.
const (
	ReasonStopped     = "stopped"     // the person said stop
	ReasonUnreachable = "unreachable" // there is no chat to ask in
	ReasonTicket      = "ticket"      // a ticket stayed open for too long
	ReasonRecontact   = "recontact"   // asked the same not long ago
	ReasonSameEvent   = "same_event"  // another survey asks about the same event
	ReasonLate        = "late"        // the time to ask is over
	ReasonRemoved     = "removed"     // the survey is no longer in the file
	ReasonLeft        = "left"        // by its button or in words
)

// Invitation is that one person is asked one survey about one thing.
type Invitation struct {
	ID           int64
	Survey       string
	Kind         Kind
	Trigger      string // what it is about: order:17, 2027-03-01, hand:...
	Subject      string // the event behind it, the same for all surveys that ask about it; empty for rounds
	Root         conversation.CustomerID
	Customer     conversation.CustomerID
	Conversation conversation.ConversationID // where it was asked; 0: not yet
	Touchpoint   string
	State        State
	Reason       string
	EventAt      time.Time     // when what it is about happened
	Due          time.Time     // planned: when to ask
	LateAfter    time.Time     // planned: not asked after this
	Asked        time.Time     // delivered
	Closes       time.Time     // the end of the window; zero until it was delivered
	Window       time.Duration // how long it stays open once delivered
	Reminder     time.Duration // when it is reminded of once delivered; 0: never
	RemindAt     time.Time     // zero: no reminder is due
	Asks         int           // how often it went out, without reminders
	AlertAt      time.Time     // when a low score without words calls a person; zero: no longer
	Alerted      time.Time     // when it did
	AgainAt      time.Time     // when "is it better now?" is asked; zero: not, or done
	Again        string        // its answer: yes, partly, no
	Reviewed     time.Time     // when the review link was shown
	Step         string        // the question that waits; empty before the first ask
	Promised     int64         // points told up front
	Rewarded     int64         // points given
	LowReply     string        // what was pressed under "a colleague will write": ok, no

	Response Response
}

// Response is what a person answered. There is one per invitation at most.
type Response struct {
	ID        int64 // 0: nothing answered or skipped yet
	Kind      Kind
	Lang      language.Code
	Answers   map[string]json.RawMessage // by question; null: skipped
	Score     *int
	Comment   string
	At        time.Time // of the first answer
	Changed   time.Time
	Completed time.Time
}

// Replaced is what an answer was before it was changed.
type Replaced struct {
	Question string
	Answer   json.RawMessage
	At       time.Time
}

// open says whether answers are still taken.
func (i *Invitation) open(now time.Time) bool {
	switch i.State {
	case Suppressed, Expired:
		return false
	case Planned:
		return i.Asks > 0 // put off to another day; the buttons of the first message are still there
	}
	return i.Closes.IsZero() || now.Before(i.Closes)
}

// Books are the surveys' records inside one transaction that has locked the person.
type Books interface {
	// Plan writes a planned invitation, unless its key (survey, trigger, root) is taken.
	Plan(ctx context.Context, i Invitation) (id int64, fresh bool, err error)
	// Find locks and reads an invitation of the person; conversation.ErrNotFound for another's or none.
	Find(ctx context.Context, id int64) (Invitation, error)
	// Keep writes an invitation as it is now, with its response, and what was replaced in it.
	Keep(ctx context.Context, i Invitation, replaced ...Replaced) error
	// Underway lists the person's invitations that are planned, sending, open or partial.
	Underway(ctx context.Context) ([]Invitation, error)
	// LastAsked is when the person was last asked the survey; zero for never. The invitation itself does not count.
	LastAsked(ctx context.Context, surveyID string, except int64) (time.Time, error)
	// SubjectTaken says whether an earlier invitation asks about the same event.
	SubjectTaken(ctx context.Context, subject string, before int64) (bool, error)
	// LastReviewed is when the person was last shown the review link; zero for never.
	LastReviewed(ctx context.Context) (time.Time, error)
}

// Chat is a private chat in which a person can be asked.
type Chat struct {
	Conversation conversation.ConversationID
	Customer     conversation.CustomerID
	To           conversation.Address
	Locale       string // as the platform reports it
}

// Stores is what surveys need of the database.
type Stores interface {
	// In binds the books to a turn's transaction.
	In(tx conversation.Tx) Books
	// Approach runs fn in a transaction with a conversation and its person locked, and keeps the dialogue that it answers.
	Approach(ctx context.Context, where conversation.ConversationID,
		fn func(ctx context.Context, tx conversation.Tx, s conversation.State) (conversation.Dialogue, error)) error
	// ForCustomer runs fn in a transaction with the person locked.
	ForCustomer(ctx context.Context, who conversation.CustomerID,
		fn func(ctx context.Context, tx conversation.Tx, p conversation.Person) error) error
	// Reach lists the chats in which a person can be asked, the one used last first.
	Reach(ctx context.Context, who conversation.CustomerID) ([]Chat, error)
	// Latest is the person's invitation that was asked last, if it can still be answered or changed at now;
	// conversation.ErrNotFound for none.
	Latest(ctx context.Context, who conversation.CustomerID, now time.Time) (Invitation, error)
	Agendas
	Counts
}

// Agendas is what the surveys' agenda reads and writes.
type Agendas interface {
	// StartSchedule makes a survey's schedule known with a digest of its definition, and answers up to when its due
	// times have been dealt with. A new or changed one has no past: it begins at now.
	StartSchedule(ctx context.Context, surveyID, digest string, now time.Time) (cursor time.Time, err error)
	// OpenRound begins the round of a due time, once, and moves the schedule's cursor there.
	OpenRound(ctx context.Context, surveyID string, due time.Time) error
	// Rounds lists rounds whose people are still being planned, the oldest first.
	Rounds(ctx context.Context, limit int) ([]Round, error)
	// PlanPage writes a page of planned invitations and the round's new cursor in one transaction; done ends the round.
	PlanPage(ctx context.Context, r Round, page []Invitation, done bool) error
	// Everyone lists people who can be reached, by root id above after.
	Everyone(ctx context.Context, after conversation.CustomerID, limit int) ([]conversation.CustomerID, error)
	// NewEvents lists events that have not been looked at, oldest first. It may repeat some.
	NewEvents(ctx context.Context, limit int) ([]engagement.Event, error)
	// PlanEvents writes what follows from events up to upTo, in one transaction.
	PlanEvents(ctx context.Context, upTo int64, page []Invitation) error
	// NextDue is the earliest time at which anything of an invitation, a round or an event is due; ok is false for none.
	NextDue(ctx context.Context) (at time.Time, ok bool, err error)
	// DueToAsk, DueToRemind, DueToAlert and DueAgain list invitations that are due at now, the earliest first.
	DueToAsk(ctx context.Context, now time.Time, limit int) ([]Invitation, error)
	DueToRemind(ctx context.Context, now time.Time, limit int) ([]Invitation, error)
	DueToAlert(ctx context.Context, now time.Time, limit int) ([]Invitation, error)
	DueAgain(ctx context.Context, now time.Time, limit int) ([]Invitation, error)
	// Suppress ends planned invitations for a reason.
	Suppress(ctx context.Context, id int64, reason string) error
	// Expire ends what closed unanswered before now, and answers how many that were.
	Expire(ctx context.Context, now time.Time, limit int) (int, error)
}

// Round is one run of a survey's schedule.
type Round struct {
	ID     int64
	Survey string
	Due    time.Time
	Cursor conversation.CustomerID // the last person looked at
}

// Trigger is the key of what the round is about.
func (r Round) Trigger() string { return r.Due.UTC().Format("2006-01-02T15:04") }

// Counts reads figures.
type Counts interface {
	// CountScores counts the marks of delivered invitations of a kind by survey, asked from from on and before to; a
	// zero time bounds nothing. Staff who test do not count.
	CountScores(ctx context.Context, kind Kind, from, to time.Time) (map[string]Count, error)
	// Invitations lists a person's invitations with their responses, the newest first.
	Invitations(ctx context.Context, who conversation.CustomerID, limit int) ([]Invitation, error)
}

// Audience finds people by an expression or the name of an audience.
type Audience interface {
	// Page lists the roots of people whom the expression selects, by id above after. more is false at the end; a page
	// may be shorter than limit before that.
	Page(ctx context.Context, expression string, after conversation.CustomerID, limit int) (page []conversation.CustomerID, last conversation.CustomerID, more bool, err error)
}

// Rewarder gives a person the points of a survey in the transaction that completes it. It is called once per
// invitation, and must be idempotent for the same invitation.
type Rewarder func(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, invitation, points int64, at time.Time) error
