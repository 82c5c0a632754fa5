package desk_test

import (
	"context"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
)

// TestMembersOfATierThatComesFirstComeFirst: they are told so, and stand above others in every list.
func TestMembersOfATierThatComesFirstComeFirst(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 18:40", func(t *testing.T, b *bureau) {
		staffed(b, "")
		b.agenda.Tier = func(id string) (string, int) {
			if id == "gold" {
				return "Gold", 2
			}
			return id, 0
		}
		for who, tier := range map[string]string{"vip": "gold", "green": "green"} {
			id := b.person(who, "Somebody "+who, 0)
			err := b.db.ForCustomer(t.Context(), id, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
				return b.db.Loyalty().In(tx).SetTier(ctx, loyalty.Standing{Tier: tier})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, who := range []string{"stranger", "green"} {
			if got := b.say(who, "/agent"); strings.Contains(got, "among the first") {
				t.Errorf("%s was told\n%s", who, got)
			}
		}
		want(t, b.say("vip", "/agent"), "within 15 minutes", "Your question is among the first in the queue.")
		vip, first := b.ticket("vip"), b.ticket("stranger")
		if vip.Priority != 2 || first.Priority != 0 {
			t.Errorf("the places are %d and %d", vip.Priority, first.Priority)
		}
		want(t, b.ask("nigar", "tickets open"), vip.ID.String(), first.ID.String())
		want(t, b.meanwhile("#support", "2026-11-20 18:56"), "Overdue:", vip.ID.String()+" ", first.ID.String()+" ")
		want(t, b.ask("nigar", "tickets overdue"), vip.ID.String(), first.ID.String())
		want(t, b.meanwhile("#support", "2026-11-21 10:00"), "Waiting for an answer: 3", vip.ID.String()+" ", first.ID.String()+" ")
	})
}

// TestAMemberThatComesFirstIsToldSoAtNightToo.
func TestAMemberThatComesFirstIsToldSoAtNightToo(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 23:00", func(t *testing.T, b *bureau) {
		staffed(b, "")
		b.agenda.Tier = func(string) (string, int) { return "Gold", 1 }
		id := b.person("vip", "Somebody", 0)
		err := b.db.ForCustomer(t.Context(), id, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
			return b.db.Loyalty().In(tx).SetTier(ctx, loyalty.Standing{Tier: "gold"})
		})
		if err != nil {
			t.Fatal(err)
		}
		want(t, b.say("vip", "/agent"), "off duty", "among the first in the queue")
	})
}
