package commands_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/conversation/commands"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/persistence/dbtest/shoptest"
)

// office is a shop in which people ask for their data.
type office struct {
	*shoptest.Shop
	tickets []conversation.Handoff
	ended   int // how often what was under way was ended
	data    []byte
}

func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{Shop: shoptest.Open(t, migrated.SQLite(t), time.Date(2026, 12, 2, 7, 0, 0, 0, time.UTC)), data: []byte(`{"person":{}}`)}
	o.DB.OnTicket(func(_ context.Context, _ *persistence.Tx, ticket persistence.Ticket) error {
		o.tickets = append(o.tickets, ticket.Handoff)
		return nil
	})
	o.Start(commands.Privacy{
		Voice: o.Voice, Zone: time.UTC, Contact: "privacy@example.com",
		Data: func(context.Context, conversation.CustomerID) ([]byte, error) { return o.data, nil },
		OnForget: func(context.Context, conversation.Tx, conversation.Turn) error {
			o.ended++
			return nil
		},
	}, commands.Help{Voice: o.Voice, Commands: []string{"mydata", "forget"}}, conversation.OpenStep{})
	return o
}

func (o *office) wants(got string, parts ...string) {
	o.T.Helper()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			o.T.Errorf("it says %q, which lacks %q", got, part)
		}
	}
}

// TestMyDataIsSentAsAFile writes what the welcome tells to write, in every language, and as a command.
func TestMyDataIsSentAsAFile(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for _, words := range []string{"/mydata", "my data", "məlumatlarım", "melumatlarim", "verilerim", "мои данные"} {
		before := len(o.Sent["ann"])
		o.Say("ann", words)
		sent := o.Sent["ann"][before:]
		if len(sent) != 1 || sent[0].Body.Document == nil {
			t.Fatalf("%q is answered with %+v", words, sent)
		}
		if d := sent[0].Body.Document; d.Name != "my-data-2026-12-02.json" || !bytes.Equal(d.Data, o.data) {
			t.Errorf("%q sends %q with %q", words, d.Name, d.Data)
		}
	}
	if len(o.tickets) != 0 {
		t.Errorf("staff got %+v", o.tickets)
	}
}

// TestMyDataThatIsTooLargeGoesThroughStaff: the person is told by when, and nothing is dropped in silence.
func TestMyDataThatIsTooLargeGoesThroughStaff(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.data = bytes.Repeat([]byte("x"), 5<<20)
	o.wants(o.Say("ann", "my data"), "1 January")
	o.wantsTicket("my data")
	if o.Sent["ann"][0].Body.Document != nil {
		t.Error("a file was sent all the same")
	}
}

func (o *office) wantsTicket(words string) {
	o.T.Helper()
	if len(o.tickets) != 1 || o.tickets[0].Reason != conversation.ReasonPrivacy || o.tickets[0].Words != words {
		o.T.Errorf("staff got %+v, want one about privacy with %q", o.tickets, words)
	}
}

// TestForgetMe asks once, in the person's language, and acts on the answer.
func TestForgetMe(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, words, asks, press, says, kept string
		forgotten                            bool
	}{
		{"yes", "forget me", "Shall we go ahead?", "Yes, erase it", "1 January", "forget me", true},
		{"the command", "/forget", "Shall we go ahead?", "Yes, erase it", "1 January", "forget me", true},
		{"Azerbaijani", "məni unut", "Davam edək?", "Bəli, silin", "1 yanvar", "məni unut", true},
		{"no", "forget me", "Shall we go ahead?", "No, keep it", "nothing was erased", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := openOffice(t)
			o.wants(o.Say("ann", tt.words), tt.asks)
			if len(o.tickets) != 0 || o.ended != 0 {
				t.Error("something happened before the answer")
			}
			o.wants(o.Press("ann", tt.press), tt.says)
			if !tt.forgotten {
				if len(o.tickets) != 0 || o.ended != 0 || o.stopped("ann") {
					t.Error("something happened although the person said no")
				}
				return
			}
			o.wantsTicket(tt.kept)
			if o.ended != 1 || !o.stopped("ann") {
				t.Errorf("what we start goes on: ended %d times, stopped %v", o.ended, o.stopped("ann"))
			}
		})
	}
}

// stopped says whether we may start nothing with a person.
func (o *office) stopped(who string) bool {
	o.T.Helper()
	st, err := o.DB.Conversations().Load(o.T.Context(), conversation.Inbound{Customer: o.Customer(who)})
	if err != nil {
		o.T.Fatal(err)
	}
	return st.Person.Stopped
}

// TestDataIsNeverSentToAGroup: who asks in a group is told where to ask.
func TestDataIsNeverSentToAGroup(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for _, words := range []string{"my data", "forget me"} {
		before := len(o.Sent["group"])
		o.Event("ann", conversation.Inbound{Kind: conversation.KindMessage, Text: words, Mentioned: true})
		o.wants(o.Heard("group", before), "private chat")
	}
}

// TestThePrivacyCommand tells what is kept and whom to ask.
func TestThePrivacyCommand(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.wants(o.Say("ann", "/privacy"), "my data", "forget me", "privacy@example.com")
}
