package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// The kinds of trouble that operators are told of.
const (
	ChannelDead  = "channel_dead"  // subjects: channels that have stopped for good
	ConfigBroken = "config_broken" // subject: what is wrong with the changed file
	ConfigWaits  = "config_waits"  // subject: a changed section that takes a restart
	EventsParked = "events_parked" // counted: events whose turns failed too often
	AnswersLost  = "answers_lost"  // counted: turns whose answers no platform took
	SentUnknown  = "sent_unknown"  // counted: messages of which nobody knows whether they arrived
	OfferStopped = "offer_stopped" // subjects: offers that paused themselves
)

// Trouble is how one kind of trouble stands now.
type Trouble struct {
	Kind string
	// Subjects are what is in trouble now; of a counted kind there are none.
	Subjects []string
	// Well are subjects that this process knows to be well: only they stop being in trouble. Nil stands for all.
	Well []string
	// Of a counted kind, Count is how many there were since the mark that was told last, and Mark the newest of them.
	Count int
	Mark  int64
}

// Told is what the staff channel knows of a kind of trouble.
type Told struct {
	Subjects []string  `json:"subjects,omitempty"`
	Mark     int64     `json:"mark,omitempty"`
	At       time.Time `json:"at,omitzero"`      // of the last message
	Mended   time.Time `json:"mended,omitzero"`  // of the last message that all is well
	Pending  bool      `json:"pending,omitzero"` // all is well, which was not told yet
}

// AlertStores keeps what was told.
type AlertStores interface {
	// Told reads what is known of a kind.
	Told(ctx context.Context, kind string) (Told, error)
	// LockTold reads it in a transaction, and holds it until that ends.
	LockTold(ctx context.Context, tx conversation.Tx, kind string) (Told, error)
	SaveTold(ctx context.Context, tx conversation.Tx, kind string, t Told) error
}

// alertEvery is how often the channel hears of one kind of trouble at most.
const alertEvery = 10 * time.Minute

// Alerts tells the staff channel of trouble with the service itself: each trouble once, several of a kind together.
type Alerts struct {
	*Desk
	Known AlertStores
}

// Look compares how kinds of trouble stand with what was told, and tells what is new.
func (a *Alerts) Look(ctx context.Context, all []Trouble, now time.Time) error {
	to, ok := a.address(Ticket{})
	if !ok {
		return nil // our account is not known yet: it is looked at again
	}
	to.Chat = a.Staff.Channel
	for _, t := range all {
		known, err := a.Known.Told(ctx, t.Kind)
		if err != nil {
			return err
		}
		if is, news := a.news(t, known, now); len(news) == 0 && is.same(known) {
			continue
		}
		err = a.Stores.Do(ctx, func(ctx context.Context, tx conversation.Tx) error { return a.tell(ctx, tx, t, to, now) })
		if err != nil {
			return fmt.Errorf("tell of %s: %w", t.Kind, err)
		}
	}
	return nil
}

// same says that nothing is to be kept.
func (t Told) same(known Told) bool {
	return t.Pending == known.Pending && slices.Equal(t.Subjects, known.Subjects)
}

// tell tells what is new of one kind in one transaction with the note of it.
func (a *Alerts) tell(ctx context.Context, tx conversation.Tx, t Trouble, to conversation.Address, now time.Time) error {
	known, err := a.Known.LockTold(ctx, tx, t.Kind)
	if err != nil {
		return err
	}
	is, news := a.news(t, known, now)
	for n, text := range news {
		_, err := tx.Send(ctx, conversation.Outgoing{
			Key: fmt.Sprintf("desk:alert:%s:%d:%d", t.Kind, now.UnixMilli(), n), To: to, Customer: nobody, Lane: conversation.LaneNotice,
			Body: conversation.Body{Text: text},
		})
		if err != nil {
			return err
		}
	}
	return a.Known.SaveTold(ctx, tx, t.Kind, is)
}

// news is what is to be told, and what is known afterwards. What comes too soon after the last message of its kind
// waits until its time.
func (a *Alerts) news(t Trouble, known Told, now time.Time) (is Told, news []texts.Rich) {
	is = known
	soon := now.Sub(known.At) < alertEvery && !now.Before(known.At)
	if t.Kind == EventsParked || t.Kind == AnswersLost || t.Kind == SentUnknown {
		if t.Count > 0 && t.Mark > known.Mark && !soon {
			is.Mark, is.At = t.Mark, now
			news = append(news, a.say("staff_alerts."+t.Kind, a.cures(t.Count, nil)))
		}
		return is, news
	}
	var fresh []string
	for _, s := range t.Subjects {
		if !slices.Contains(known.Subjects, s) {
			fresh = append(fresh, s)
		}
	}
	if len(fresh) > 0 && soon {
		return is, nil
	}
	is.Subjects = slices.DeleteFunc(slices.Clone(known.Subjects), func(s string) bool {
		return !slices.Contains(t.Subjects, s) && (t.Well == nil || slices.Contains(t.Well, s))
	})
	if len(fresh) > 0 {
		is.Subjects, is.At, is.Pending = append(is.Subjects, fresh...), now, false
		return is, append(news, a.say("staff_alerts."+t.Kind, a.cures(0, fresh)))
	}
	mended := "staff_alerts." + t.Kind + "_mended"
	if len(known.Subjects) > 0 && len(is.Subjects) == 0 && a.Texts.Has(a.lang(), mended) {
		is.Pending = true
	}
	if is.Pending && len(t.Subjects) == 0 && now.Sub(known.Mended) >= alertEvery {
		is.Pending, is.Mended = false, now
		news = append(news, a.say(mended, nil))
	}
	return is, news
}

// cures are what alerts are filled in with: what is in trouble, and what helps.
func (a *Alerts) cures(n int, list []string) texts.Vars {
	return texts.Vars{
		"n": n, "list": strings.Join(list, ", "), "check": "bot check", "doctor": "bot doctor", "offers": "/rapport offers", "resume": "/rapport resume",
	}
}
