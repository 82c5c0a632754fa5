package desk_test

import (
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/engagement/offer"
)

// TestTroubleIsToldOnce: each trouble once, several of a kind together and at most one message in ten minutes.
func TestTroubleIsToldOnce(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		alerts := &desk.Alerts{Desk: b.agenda.Desk, Known: b.db.Alerts()}
		look := func(all ...desk.Trouble) string {
			t.Helper()
			before := len(b.sent["#support"])
			if err := alerts.Look(t.Context(), all, b.clock.Now()); err != nil {
				t.Fatal(err)
			}
			b.deliver()
			return b.heard("#support", before)
		}
		dead := func(well []string, list ...string) desk.Trouble {
			return desk.Trouble{Kind: desk.ChannelDead, Subjects: list, Well: well}
		}
		broken := func(said ...string) desk.Trouble { return desk.Trouble{Kind: desk.ConfigBroken, Subjects: said} }

		silent(t, look(dead([]string{"slack"}), broken()))
		want(t, look(dead(nil, "telegram"), broken("line 3")), "telegram has stopped for good", "bot doctor")
		silent(t, look(dead([]string{}, "telegram"), broken("line 3"))) // both were told
		silent(t, look(dead([]string{}, "telegram", "discord"), broken("line 3")))
		b.to("2026-12-02 11:11")
		want(t, look(dead([]string{}, "telegram", "discord"), broken("line 3")), "discord has stopped")
		b.to("2026-12-02 11:30")
		want(t, look(dead([]string{}, "telegram", "discord"), broken()), "without a problem")
		want(t, look(broken("line 5")), "line 5")
		silent(t, look(broken())) // too soon after the last of its kind
		b.to("2026-12-02 11:45")
		want(t, look(broken()), "without a problem")
		silent(t, look(broken()))

		silent(t, look(dead([]string{"telegram"}, "discord"))) // telegram is well again
		want(t, look(dead([]string{}, "telegram", "discord")), "telegram has stopped")

		want(t, look(desk.Trouble{Kind: desk.EventsParked, Count: 3, Mark: 100}), "could not be handled: 3")
		silent(t, look(desk.Trouble{Kind: desk.EventsParked, Count: 2, Mark: 200}))
		b.to("2026-12-02 12:00")
		want(t, look(desk.Trouble{Kind: desk.EventsParked, Count: 4, Mark: 300}), "could not be handled: 4")
		silent(t, look(desk.Trouble{Kind: desk.EventsParked, Count: 0, Mark: 0}))
	})
}

// TestTheDatabaseKnowsOfTrouble: offers that paused themselves, and nothing of those that staff paused.
func TestTheDatabaseKnowsOfTrouble(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		for _, id := range []string{"beans", "weekend"} {
			if _, err := b.db.Offers().LoadSchedule(t.Context(), "offer/"+id, "1", b.clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.db.Offers().Pause(t.Context(), "weekend", offer.PausedByStaff); err != nil {
			t.Fatal(err)
		}
		if err := b.db.Offers().Pause(t.Context(), "beans", offer.PausedByFailures); err != nil {
			t.Fatal(err)
		}
		all, err := b.db.Alerts().Troubles(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		alerts := &desk.Alerts{Desk: b.agenda.Desk, Known: b.db.Alerts()}
		for range 2 {
			if err := alerts.Look(t.Context(), all, b.clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
		b.deliver()
		got := b.heard("#support", 0)
		want(t, got, "too many messages failed: beans", "/rapport resume")
		if strings.Contains(got, "weekend") || strings.Count(got, "beans") != 1 {
			t.Errorf("told:\n%s", got)
		}
	})
}
