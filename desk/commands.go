package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// ClerkStores is what staff's commands and their page need of the database beside Stores.
type ClerkStores interface {
	// Clerk binds the store to a transaction.
	Clerk(tx conversation.Tx) ClerkBooks
	// FindCustomers finds people by the beginning or a part of a name, the number of a ticket ("#12"), the code of a
	// card or a phone number: those who were heard of last first, one record for each person.
	FindCustomers(ctx context.Context, asked string, limit int) ([]conversation.CustomerID, error)
	// Mine lists the tickets that a member has, Queue those that nobody has, and Overdue the unresolved ones whose
	// answer was due by now: what is urgent, then the higher tiers, then the longest wait.
	Mine(ctx context.Context, memberID string, limit int) ([]Ticket, error)
	Queue(ctx context.Context, limit int) ([]Ticket, error)
	Overdue(ctx context.Context, now time.Time, limit int) ([]Ticket, error)
	// IsAway says whether a member has said to be away.
	IsAway(ctx context.Context, memberID string) (bool, error)
}

// ClerkBooks is that store inside one transaction.
type ClerkBooks interface {
	// SetAway notes that a member is away, or back; changed is false when that was so.
	SetAway(ctx context.Context, memberID string, away bool) (changed bool, err error)
	// Spend takes from what a member may still give in a period, such as a day. ok is false when that is less; left is
	// what remains then. limit may be NoLimit, and n below 0 gives back.
	Spend(ctx context.Context, of Purse, memberID, period string, n, limit int64) (left int64, ok bool, err error)
	// Silence has nothing started until a time, and EndSilence ends that; ended is false when there is none.
	Silence(ctx context.Context, from, until time.Time, reason, by string) error
	EndSilence(ctx context.Context, now time.Time) (ended bool, err error)
	// PauseOffer and ResumeOffer hold an offer and let it go on; changed is false when it was that way. An offer that
	// no process has loaded is conversation.ErrNotFound.
	PauseOffer(ctx context.Context, id string) (changed bool, err error)
	ResumeOffer(ctx context.Context, id string) (changed bool, err error)
	// Record keeps who did what. A deed with the key of an earlier one is dropped.
	Record(ctx context.Context, d Deed) error
}

// Deed is a line of the audit trail about something other than a ticket. Detail holds no words of customers.
type Deed struct {
	Key     string
	By      Member
	What    string
	Kind    string // of the subject: "customer", ...; may be empty
	Subject int64
	Detail  any
}

// Figure is a score as it is told.
type Figure struct {
	Answers, Delivered int
	Score, From, To    *int // nil while there are too few answers
	Needed             int  // answers for a figure
}

// OfferLine is an offer as staff see it.
type OfferLine struct {
	ID     string
	Due    time.Time // the next one; zero for none to come
	Paused string    // why; empty while it goes on
	Sent   int       // of the last one
	Failed int
	Last   time.Time
}

// GapLine is a question that the bot could not answer.
type GapLine struct {
	Question string
	Lang     language.Code
	Asked    int
}

// Figures are what staff look up.
type Figures interface {
	// Score is what surveys of a kind ("nps", "csat") came to since a time.
	Score(ctx context.Context, kind string, since time.Time) (Figure, error)
	Offers(ctx context.Context, now time.Time) ([]OfferLine, error)
	// Gaps lists what is asked most and has no answer.
	Gaps(ctx context.Context, since time.Time, limit int) ([]GapLine, error)
}

// Clerk answers the slash command of staff, shows the app's own page, and takes the presses of both.
type Clerk struct {
	*Agenda
	Stock   ClerkStores
	Figures Figures
}

var _ Commands = (*Clerk)(nil)

// Figures of what is told.
const (
	foundMost  = 5                   // people that are offered to choose from
	foundRunes = 80                  // of what is looked for
	figureDays = 90                  // of scores
	gapDays    = 28                  // of questions without an answer
	gapsMost   = 8                   // of them
	dayLength  = 24 * time.Hour      // what silence counts in
	maxSilence = 30 * 24 * time.Hour // an order that nobody remembers should end
	minSilence = time.Minute
	noteRunes  = 120 // of the reason for points
	maxPoints  = 1_000_000
)

// Verbs of the clerk's buttons.
const (
	verbFull    = "staff.full"    // the whole profile
	verbGive    = "staff.give"    // the points that a command named
	verbPoints  = "staff.points"  // the form
	verbPerson  = "staff.person"  // one of several people found
	verbAway    = "staff.away"    // away or back
	verbRefresh = "staff.refresh" // of the page
)

// slip is what a button of the clerk carries.
type slip struct {
	Who    conversation.CustomerID `json:"w,omitempty"`
	Points int64                   `json:"n,omitempty"`
	Note   string                  `json:"r,omitempty"`
	Key    string                  `json:"k,omitempty"` // what the points are given under, once
	Away   bool                    `json:"a,omitempty"`
	Ticket TicketID                `json:"t,omitempty"`
}

// order is one subcommand.
type order struct {
	name  string
	right Right // empty: every member of staff
	do    func(c *Clerk, ctx context.Context, t conversation.Turn, args string) (conversation.Commit, error)
}

// orders lists them as help does.
var orders = []order{
	{"customer", "", (*Clerk).customer},
	{"points", MayPoints, (*Clerk).points},
	{"tickets", "", (*Clerk).tickets},
	{"nps", MayReports, (*Clerk).nps},
	{"csat", MayReports, (*Clerk).csat},
	{"gaps", MayReports, (*Clerk).gaps},
	{"offers", MayReports, (*Clerk).offers},
	{"pause", MayPause, (*Clerk).pause},
	{"resume", MayPause, (*Clerk).resume},
	{"silence", MaySilence, (*Clerk).silence},
}

// Decide implements Commands.
func (c *Clerk) Decide(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	rights := c.RightsOf(ctx, t.In)
	if !rights.Staff() && rights.Unsure != nil {
		return c.unsure(t, rights.Unsure), nil
	}
	if t.In.Kind == conversation.KindHome {
		return c.home(ctx, t, rights)
	}
	if !rights.Staff() {
		return c.whisper(t, c.say("staff.not_staff", nil)), nil
	}
	if t.Pressed != nil {
		return c.pressed(ctx, t, rights)
	}
	name, args, _ := strings.Cut(strings.TrimSpace(t.In.Args), " ")
	for _, o := range orders {
		if o.name != strings.ToLower(name) {
			continue
		}
		if o.right != "" && !rights.May[o.right] {
			return c.deny(t, rights, o.right), nil
		}
		return o.do(c, ctx, t, strings.TrimSpace(args))
	}
	return c.help(t, name, rights), nil
}

// help lists what the member may ask for. A word that is none is said to be none.
func (c *Clerk) help(t conversation.Turn, asked string, rights Rights) conversation.Commit {
	var lines []texts.Rich
	for _, o := range orders {
		if o.right == "" || rights.May[o.right] {
			lines = append(lines, c.usage(o.name))
		}
	}
	head := c.say("staff.help.head", nil)
	if asked != "" && !strings.EqualFold(asked, "help") {
		head = c.say("staff.help.unknown", texts.Vars{"word": shortened(asked, foundRunes)})
	}
	return c.whisper(t, texts.Paragraphs(head, texts.List(lines...)))
}

// usage is how one subcommand is written.
func (d *Desk) usage(name string) texts.Rich {
	return d.say("staff.help."+name, texts.Vars{
		"command": "/rapport " + name, "list": ticketsMine + ", " + ticketsOverdue + ", " + ticketsOpen,
		"example": "24h", "range": "1m–30d", "off": silenceOff,
	})
}

// pressed takes a button of the clerk.
func (c *Clerk) pressed(ctx context.Context, t conversation.Turn, rights Rights) (conversation.Commit, error) {
	var s slip
	if data := t.Pressed.Action.Data; len(data) > 0 {
		if err := json.Unmarshal(data, &s); err != nil {
			return nil, fmt.Errorf("read a button of the desk: %w", err)
		}
	}
	switch t.Pressed.Action.Verb {
	case verbPerson:
		return c.person(ctx, t, s.Who)
	case verbFull:
		return c.full(ctx, t, s.Who)
	case verbAway:
		return c.away(ctx, t, rights, s.Away)
	case verbRefresh:
		return c.home(ctx, t, rights)
	case verbGive, verbPoints:
		if !rights.May[MayPoints] {
			return c.deny(t, rights, MayPoints), nil
		}
		if t.Pressed.Action.Verb == verbGive {
			return c.give(ctx, t, s, rights)
		}
		return c.form(ctx, t, s, rights)
	}
	return c.whisper(t, c.say("desk.gone", nil)), nil
}

// record keeps a deed of the turn's member.
func (c *Clerk) record(ctx context.Context, tx conversation.Tx, t conversation.Turn, what, kind string, subject int64, detail any) error {
	return c.Stock.Clerk(tx).Record(ctx, Deed{
		Key: keyOfEvent(t.In.ID) + ":" + what, By: member(t.In), What: what, Kind: kind, Subject: subject, Detail: detail,
	})
}

// told records a deed and tells the member.
func (c *Clerk) told(t conversation.Turn, what string, detail any, text texts.Rich) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if err := c.record(ctx, tx, t, what, "", 0, detail); err != nil {
			return t.Dialogue, err
		}
		return t.Dialogue, c.whisperIn(ctx, tx, t, text)
	}
}

// slipButton is a button of the clerk.
func (c *Clerk) slipButton(label, verb string, s slip) conversation.Button {
	return conversation.Act(shortened(label, maxLabel), skillName, verb, s)
}
