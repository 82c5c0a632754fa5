package main

import (
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// TestOldDataIsDeleted settles an event, lets half a year pass, and expects it to be gone; one that nobody has
// answered is kept.
func TestOldDataIsDeleted(t *testing.T) {
	t.Parallel()
	s, _ := exampleService(t)
	store := s.db.Conversations()
	for _, id := range []string{"settled", "open"} {
		if _, err := store.Accept(t.Context(), conversation.Inbound{
			Address: conversation.Address{Channel: "console", Account: "console:guest", Chat: "1"}, EventID: id,
			Kind: conversation.KindMessage, Private: true, Text: "salam", From: conversation.Sender{UserID: "1"},
		}); err != nil {
			t.Fatal(err)
		}
	}
	left := func() []conversation.Inbound {
		t.Helper()
		open, err := store.Unsettled(t.Context(), 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		return open
	}
	in := left()[0]
	state, err := store.Load(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	turn := conversation.Turn{In: in, Parts: []conversation.Inbound{in}, Person: state.Person, Dialogue: state.Dialogue, Now: s.business.Now()}
	if err := store.Settle(t.Context(), turn, nil); err != nil {
		t.Fatal(err)
	}
	again := func() int {
		t.Helper()
		fresh, err := store.Accept(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		return fresh
	}
	s.business.MoveTo(s.business.Now().Add(179 * day))
	s.expire(t.Context())
	if again() != 0 {
		t.Error("it was deleted before its time: the platform could hand it over again")
	}
	s.business.MoveTo(s.business.Now().Add(2 * day))
	s.expire(t.Context())
	if again() != 1 {
		t.Error("it is still there after half a year")
	}
	if open := left(); len(open) != 2 || open[0].EventID != "open" {
		t.Errorf("what nobody has answered is gone: %d left", len(open))
	}
	if time.Until(s.business.Now()) < 180*day {
		t.Error("the clock was not moved")
	}
}
