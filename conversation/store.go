package conversation

import (
	"context"
	"errors"
)

// Errors of a Store that the engine acts on.
var (
	// ErrConflict: somebody else moved the conversation since the turn was loaded; decide again.
	ErrConflict = errors.New("the conversation has moved on")
	// ErrSettled: the event was settled already; there is nothing left to do.
	ErrSettled = errors.New("already settled")
	// ErrElsewhere: another process answers this account. A Store that serves several processes answers it to Load,
	// Settle and Failed; the event is left to that process.
	ErrElsewhere = errors.New("another process answers this account")
	// ErrAway: the store itself cannot be used now, such as for a full disk. It says nothing about the event, which is
	// tried again for as long as that lasts.
	ErrAway = errors.New("the store cannot be used now")
	// ErrNotFound: no such record.
	ErrNotFound = errors.New("not found")
)

// State is what a turn starts from.
type State struct {
	Person     Person
	Dialogue   Dialogue
	HumanOwns  bool
	HumanWaits bool
}

// Store is the inbox and the memory of conversations.
type Store interface {
	// Accept keeps events durably, in one transaction. An event whose account and id are known is dropped, so
	// that a platform may hand it over again. fresh counts the new ones. Senders and chats seen for the first
	// time are made known.
	Accept(ctx context.Context, in ...Inbound) (fresh int, err error)
	// Unsettled lists kept events with an id above after that no turn has ended yet, oldest first.
	Unsettled(ctx context.Context, after int64, limit int) ([]Inbound, error)
	// Load reads what a turn over in starts from.
	Load(ctx context.Context, in Inbound) (State, error)
	// FindButton answers the button with that token. A token that was made for another chat is ErrNotFound.
	FindButton(ctx context.Context, to Address, token string) (Pressed, error)
	// LastAsked answers the newest message of ours that stands in the person's chat, with its buttons. It is
	// ErrNotFound when that message has no button with an action.
	LastAsked(ctx context.Context, to Address, person CustomerID) (Asked, error)
	// Settle locks the person, checks that the conversation stands at t.Dialogue.Version and that every part is
	// unsettled, runs c, stores the dialogue and ends the events, all in one transaction.
	// It answers ErrConflict or ErrSettled with nothing written. A nil c only ends the events.
	Settle(ctx context.Context, t Turn, c Commit) error
	// Failed counts a failed turn over the events and answers how many there have been.
	Failed(ctx context.Context, in Inbound, cause string) (attempts int, err error)
}
