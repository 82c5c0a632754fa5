package desk_test

import (
	"context"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
)

// leaves has a member say to be away.
func (b *bureau) leaves(who string) {
	b.t.Helper()
	err := b.db.Desk().Do(b.t.Context(), func(ctx context.Context, tx conversation.Tx) error {
		_, err := b.db.DeskClerk().Clerk(tx).SetAway(ctx, who, true)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bureau) isAway(who string) bool {
	b.t.Helper()
	is, err := b.db.DeskClerk().IsAway(b.t.Context(), who)
	if err != nil {
		b.t.Fatal(err)
	}
	return is
}

// TestAReplyBringsItsAuthorBack: it is never held up, and who sends it is here.
func TestAReplyBringsItsAuthorBack(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		staffed(b, "")
		b.say("c1", "/agent")
		b.leaves("nigar")
		before := len(b.sent["#support"])
		b.reply("nigar", "c1", "An answer.")
		want(t, b.heard("c1", 0), "An answer.")
		want(t, b.heard("#support", before), "you are here again")
		if got := b.ticket("c1"); got.Owner.ID != "nigar" || got.State != desk.Waiting || b.isAway("nigar") {
			t.Errorf("the ticket is %+v, away %v", got, b.isAway("nigar"))
		}
	})
}

// TestWhoIsAwayTakesNothingBySlip: taking over and reopening ask as claiming does, once back they are done.
func TestWhoIsAwayTakesNothingBySlip(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		staffed(b, "")
		b.say("c1", "/agent")
		b.press("leyla", "Claim")
		b.leaves("nigar")
		b.press("nigar", "Take over")
		if got := b.ticket("c1"); got.Owner.ID != "leyla" {
			t.Errorf("taken over: %+v", got)
		}
		b.press("nigar", "I am back")
		if got := b.ticket("c1"); got.Owner.ID != "nigar" || b.isAway("nigar") {
			t.Errorf("not taken over: %+v", got)
		}
		b.press("nigar", "Resolve")
		b.leaves("leyla")
		b.press("leyla", "Reopen")
		if got := b.ticket("c1"); got.State != desk.Resolved {
			t.Errorf("reopened: %+v", got)
		}
		b.press("leyla", "I am back")
		if got := b.ticket("c1"); got.Owner.ID != "leyla" || !got.Live() {
			t.Errorf("not reopened: %+v", got)
		}
	})
}
