package conversation

import (
	"context"
	"errors"
	"time"

	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// ErrWait is what Decide answers to say "mine if nothing more comes": a greeting alone, or a fragment that nothing
// fits for certain. The engine then waits a moment for more text and decides again over all of it. With Turn.Final
// set a skill must not answer it.
var ErrWait = errors.New("wait for more text")

// Skill answers one kind of turn. Skills are asked in a fixed order, the list in cmd/bot.
type Skill interface {
	// Name is stable: buttons and dialogue frames are stored with it.
	Name() string
	// Decide says what the skill would do about the turn. It may read and rank but writes nothing; a nil Commit
	// means "not mine".
	Decide(ctx context.Context, t Turn) (Commit, error)
}

// Commit writes a decision. It runs inside the turn's transaction, so it is short, makes no call, and may be run
// twice. It returns the dialogue as it stands afterwards.
type Commit func(ctx context.Context, tx Tx) (Dialogue, error)

// Tx is what a Commit may write to whichever skill it belongs to. Features bind their own stores to it.
type Tx interface {
	// Send puts a message into the outbox. It leaves after the transaction has been committed.
	Send(ctx context.Context, o Outgoing) (OutgoingID, error)
	// OpenTicket asks for a human. While the person has an open ticket of that topic, it adds to that one.
	OpenTicket(ctx context.Context, h Handoff) error
	// Attended says that a colleague looks after the turn's person, or that the person was told that one will: also by
	// what this transaction has done. Nothing that we have started goes on then.
	Attended(ctx context.Context) (bool, error)
	// SavePerson writes the fields of Person that a turn may change: Chosen, Spoken, Name,
	// Honorific, Zone, Welcomed, OffersAsked.
	SavePerson(ctx context.Context, p Person) error
	// RecordConsent keeps a yes or no for ever, with its wording, and makes it the one in force.
	RecordConsent(ctx context.Context, c Consent) error
}

// Resumer is a Skill whose open dialogue step asks its question again after something else was answered.
type Resumer interface {
	Resume(ctx context.Context, tx Tx, t Turn, f Frame) error
}

// Yielder is a Skill whose open dialogue step may end when something else was answered, such as the wait for a comment
// when a command came.
type Yielder interface {
	Yields(t Turn, f Frame) bool
}

// Presser is a Skill whose buttons are pressed. The engine hands a press straight to the skill that made the button.
type Presser interface {
	Skill
	Press(ctx context.Context, t Turn, a Action) (Commit, error)
}

// Turn is what a skill decides about.
type Turn struct {
	// In is the event. In a burst its Text is all fragments, one a line, and the rest is the newest event's.
	In Inbound
	// Parts are all events that this turn settles, oldest first.
	Parts []Inbound
	// Final forbids ErrWait.
	Final bool
	// Person is who wrote.
	Person Person
	// Dialogue is the conversation's open steps.
	Dialogue Dialogue
	// Pressed is the button of a press or form.
	Pressed *Pressed
	// HumanOwns is set while a member of staff has claimed the conversation; HumanWaits while a ticket is open.
	HumanOwns, HumanWaits bool
	// LastResort is set when nobody else but the fallback wants the turn: an open dialogue step may take it then.
	LastResort bool
	// Intent is what the text asks for as a whole, by slash command or in plain words; empty when it is neither.
	Intent texts.Intent
	// Lang is the language of the reply.
	Lang language.Code
	// Now is the business clock.
	Now time.Time
	// Park, when set, ends the events as parked with this cause.
	Park string

	newlySpoken bool // Person.Spoken is not yet stored
}

// Pressed is a button of ours that was found by its token.
type Pressed struct {
	Action Action
	Of     OutgoingID // the message that it stands under
	SentAt time.Time  // when that message was written
	Text   texts.Rich // that message's text, to keep when the buttons are taken away
}

// ReasonPrivacy is the reason of hand-overs that ask for a person's data or for its erasure.
const ReasonPrivacy = "privacy"

// Handoff is why a person should look at a conversation.
type Handoff struct {
	Topic  string // a configured topic, empty for the general one
	Reason string // "asked", "nothing_matched", "not_helped", "low_score", "error", "flood", "call_back", "attachment", "topic", "complaint", ReasonPrivacy
	Lang   language.Code
	Words  string // what the customer said, shown to staff as data
	Urgent bool
	Silent bool // the customer is not told
}

// Consent is one yes or no of a person.
type Consent struct {
	Topic   string // "all" (stop and its undoing), "offers" or "offers/<topic>"
	Granted bool
	Wording string // the key of the text that was shown, with its version
	Way     string // "button", "word", "command", "import", "staff"
}

// Desk is how a conversation is passed to people, and what a person who waits is told.
type Desk interface {
	// HandOver opens the ticket and tells the customer what happens next.
	HandOver(t Turn, h Handoff) Commit
	// Waiting answers somebody who asks whether anyone is there.
	Waiting(ctx context.Context, t Turn) (texts.Rich, error)
}
