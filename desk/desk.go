package desk

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// skillName is what the buttons of staff are stored with; humanName those of customers.
const (
	skillName = "desk"
	humanName = "human"
)

// Desk is what staff's side and the customer's side share.
type Desk struct {
	Staff    Staff
	Config   *Config
	Stores   Stores
	Texts    *texts.Catalogue
	Zone     *time.Location // of the brand
	Business clock.Clock
	Log      *slog.Logger
	Times    Times
	// Platform is the name of the channel on which staff work, and Account answers our account there: empty while it
	// is not known yet.
	Platform string
	Account  func() string

	// May be nil.
	Suggester Suggester
	Teacher   Teacher
	Commands  Commands
	Directory Directory // without one only users named by id have a role
	Points    Giver     // without one there are no points
	Coupons   Coupons   // without one, or without Presence, there are no coupons to give
	Presence  Presence  // without one everybody is here
	Eraser    Eraser    // without one nobody is erased from here
	// Limits are what a platform of customers allows.
	Limits func(channel string) conversation.Limits
	// Wake has the agenda looked at again. It is called from transactions, so it only leaves a note.
	Wake func()
	// Tier names a tier for staff; nil shows the id.
	Tier func(id string) (label string, priority int)
}

// lang is the language of staff texts.
func (d *Desk) lang() language.Code {
	if d.Staff.Language == "" {
		return language.English
	}
	return d.Staff.Language
}

// say is a staff text.
func (d *Desk) say(key string, vars texts.Vars) texts.Rich { return d.Texts.Say(d.lang(), key, vars) }

// label is a staff button's.
func (d *Desk) label(key string, vars texts.Vars) string { return d.Texts.Label(d.lang(), key, vars) }

// wake has the cards looked at.
func (d *Desk) wake() {
	if d.Wake != nil {
		d.Wake()
	}
}

func (d *Desk) log() *slog.Logger {
	if d.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return d.Log
}

// address is where a ticket's card goes. It is not ok while our account is not known or there is no channel.
func (d *Desk) address(t Ticket) (conversation.Address, bool) {
	to := conversation.Address{Channel: d.Platform, Chat: route(d.Staff, d.Config, t)}
	if t.Card.Of == 0 && t.Card.To.Chat != "" { // it was put there before
		to.Chat = t.Card.To.Chat
	}
	if d.Account != nil {
		to.Account = d.Account()
	}
	return to, to.Account != "" && to.Chat != ""
}

// firstDue and nextDue are when answers are due.
func (d *Desk) firstDue(t Ticket, from time.Time) time.Time {
	if d.Times == nil {
		return from.Add(d.Config.FirstResponse.Std())
	}
	return d.Times.FirstDue(topicOf(d.Config, t), from)
}

func (d *Desk) nextDue(t Ticket, from time.Time) time.Time {
	if d.Times == nil {
		return from.Add(d.Config.NextResponse.Std())
	}
	return d.Times.NextDue(topicOf(d.Config, t), from)
}

// dueAfter is when the answer to what the customer says at now is due.
func (d *Desk) dueAfter(t Ticket, now time.Time) time.Time {
	if t.FirstResponseAt.IsZero() {
		return d.firstDue(t, now)
	}
	return d.nextDue(t, now)
}

// thread is a message into the ticket's thread. It is not ok while the card has not been written.
func (d *Desk) thread(t Ticket, key string, text texts.Rich, rows ...[]conversation.Button) (conversation.Outgoing, bool) {
	o := conversation.Outgoing{
		Key: key, To: t.Card.To, Customer: nobody, Lane: conversation.LaneNotice,
		Body: conversation.Body{Text: text, Rows: rows},
	}
	if t.Card.Thread != "" {
		o.To.Thread = t.Card.Thread // the chat stays as configured: order is kept per chat
	} else {
		o.Body.Under = t.Card.Of
	}
	return o, t.Card.Of != 0
}

// post writes into the ticket's thread; 0 while there is none.
func (d *Desk) post(ctx context.Context, tx conversation.Tx, t Ticket, key string, text texts.Rich, rows ...[]conversation.Button) (conversation.OutgoingID, error) {
	o, ok := d.thread(t, key, text, rows...)
	if !ok {
		return 0, nil
	}
	return tx.Send(ctx, o)
}

// tellCustomer sends the customer a notice of the desk.
func (d *Desk) tellCustomer(ctx context.Context, tx conversation.Tx, t Ticket, key string, text texts.Rich, rows ...[]conversation.Button) error {
	if t.To.Chat == "" {
		return nil
	}
	_, err := tx.Send(ctx, conversation.Outgoing{
		Key: key, To: t.To, Customer: t.Customer, Lane: conversation.LaneAnswer, Body: conversation.Body{Text: text, Rows: rows},
	})
	return err
}

// onceKey is a key for what is told once per version of a ticket.
func onceKey(what string, t Ticket) string {
	return fmt.Sprintf("desk:%s:%d:%d", what, t.ID, t.Version)
}

// onceOpened is a key for what happens once to a ticket for as long as it is open.
func onceOpened(what string, t Ticket) string {
	return fmt.Sprintf("desk:%s:%d:%d", what, t.ID, t.Reopened)
}

// member is who acted.
func member(in conversation.Inbound) Member { return Member{ID: in.From.UserID, Name: in.From.Name} }

// callOf is how a member is called, also when the platform has not told the name.
func callOf(m Member) string {
	if m.Name == "" {
		return m.ID
	}
	return m.Name
}
