package desk_test

import (
	"context"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
)

// forgetRoles of these tests: only leads erase.
const forgetRoles = `roles: {lead: {slack_groups: [leads], may: [forget]}, staff: {slack_channel_members: true, may: [reply, resolve]}}`

// asksToBeForgotten gives somebody a ticket of that reason.
func (b *bureau) asksToBeForgotten(who, reason string) conversation.CustomerID {
	b.t.Helper()
	b.agenda.Eraser = persistence.StaffEraser{DB: b.db}
	id := b.person(who, "Aynur Aliyeva", 12)
	chats, err := b.db.Chats(b.t.Context(), id)
	if err != nil || len(chats) != 1 {
		b.t.Fatalf("the chats of %s: %v, %v", who, chats, err)
	}
	err = b.db.Approach(b.t.Context(), chats[0].Conversation, func(ctx context.Context, tx conversation.Tx, s conversation.State) (conversation.Dialogue, error) {
		return s.Dialogue, tx.OpenTicket(ctx, conversation.Handoff{Reason: reason, Words: "please forget Aynur", Lang: "en"})
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.rest()
	return id
}

// eraseToken is the button of the newest card that erases; the zero item when there is none.
func (b *bureau) eraseToken() (outbox.Item, string) {
	items := b.sent["#support"]
	for n := len(items) - 1; n >= 0; n-- {
		for _, row := range items[n].Body.Rows {
			for _, button := range row {
				if button.Form != nil && button.Label == "Erase" {
					return items[n], button.Token
				}
			}
		}
	}
	return outbox.Item{}, ""
}

// TestEraseFromTheDesk: the form must hold the ticket's number; then the customer reads one last sentence, the ticket is
// closed, and the card and the store know nobody.
func TestEraseFromTheDesk(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		staffed(b, forgetRoles)
		id := b.asksToBeForgotten("c1", "privacy")
		k := b.ticket("c1")
		_, token := b.eraseToken()
		if token == "" {
			t.Fatalf("the card offers no erasing:\n%s", b.heard("#support", 0))
		}
		customer, staff := len(b.sent["c1"]), len(b.sent["#support"])
		b.token("nigar", "#support", token, map[string]string{"number": k.ID.String()})
		want(t, b.heard("#support", staff), "Your role does not allow erasing")
		staff = len(b.sent["#support"])
		b.token("leyla", "#support", token, map[string]string{"number": "77"})
		want(t, b.heard("#support", staff), "Nothing was erased")
		b.token("leyla", "#support", token, nil)
		want(t, b.last("#support").Body.Text.Plain(), "form could not be opened")
		if got := b.ticket("c1"); !got.Live() || len(b.sent["c1"]) != customer {
			t.Fatalf("something happened before the form was right: %+v", got)
		}
		staff = len(b.sent["#support"])
		b.token("leyla", "#support", token, map[string]string{"number": " " + k.ID.String()})
		if got := b.heard("c1", customer); got != "Your data is erased. If you write again, we'll start afresh." {
			t.Errorf("the customer heard %q", got)
		}
		want(t, b.heard("#support", staff), "has erased the customer's data", "The customer's data was erased.", "a reply is not possible")
		for _, word := range []string{"Aynur", "12 points", "A. A."} {
			if got := b.heard("#support", staff); strings.Contains(got, word) {
				t.Errorf("staff still read %q:\n%s", word, got)
			}
		}
		is, err := b.db.Desk().Ticket(t.Context(), k.ID)
		if err != nil || is.State != desk.Resolved || is.ResolvedBy != "forgotten" || is.Words != "" || is.To.Chat != "" {
			t.Errorf("the ticket is %+v, %v", is, err)
		}
		if _, err := b.db.FindCustomer(t.Context(), "telegram", "c1"); err == nil {
			t.Error("the customer is still known")
		}
		deeds, err := b.db.DeskClerk().Deeds(t.Context(), "customer", int64(id), 10)
		if err != nil || len(deeds) == 0 || deeds[len(deeds)-1].What != "forget" || deeds[len(deeds)-1].By.ID != "leyla" {
			t.Errorf("kept is %+v, %v", deeds, err)
		}
		b.token("leyla", "#support", token, map[string]string{"number": k.ID.String()})
		if got := len(b.sent["c1"]); got != customer+1 {
			t.Errorf("the customer was written to %d times after the end", got-customer-1)
		}
		b.say("c1", "hello")
		if again, err := b.db.FindCustomer(t.Context(), "telegram", "c1"); err != nil || again == id {
			t.Errorf("who writes again is %d, %v; was %d", again, err, id)
		}
	})
}

// TestErasingIsOfferedOnlyWhereItIsAsked: not under other questions, and not where nobody may.
func TestErasingIsOfferedOnlyWhereItIsAsked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ roles, reason string }{
		"another question": {forgetRoles, "complaint"},
		"no role allows":   {roles, "privacy"},
		"no roles":         {"", "privacy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
				staffed(b, c.roles)
				b.asksToBeForgotten("c1", c.reason)
				if item, token := b.eraseToken(); token != "" {
					t.Errorf("offered by %q", item.Body.Text.Plain())
				}
			})
		})
	}
}
