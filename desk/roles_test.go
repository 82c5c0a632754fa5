package desk_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rapport-chat/rapport/desk"
)

// mute is a directory that does not answer.
type mute struct{ asked *atomic.Int64 }

var errMute = errors.New("the platform does not answer")

func (m mute) InGroup(context.Context, string, string) (bool, error) {
	m.asked.Add(1)
	return false, errMute
}

func (m mute) InChannel(context.Context, string, string) (bool, error) {
	m.asked.Add(1)
	return false, errMute
}

// TestWhoActsInAStaffChannelIsAMember: who presses and writes there is a member of it, whatever an older list says. A
// command comes from anywhere and proves nothing.
func TestWhoActsInAStaffChannelIsAMember(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		staffed(b, `roles: {team: {slack_channel_members: true, may: [reply, resolve], points_a_day: 50}}`)
		b.say("c1", "/agent")
		b.press("rauf", "Claim") // the lists know nothing of Rauf yet
		if got := b.ticket("c1"); got.State != desk.Claimed || got.Owner.ID != "rauf" {
			t.Errorf("a member was refused: %+v", got)
		}
		b.reply("rauf", "c1", "an answer")
		want(t, b.heard("c1", 0), "an answer")
		want(t, b.ask("rauf", "nps"), "for our team")
	})
}

// TestADirectoryThatDoesNotAnswer: what no role names, and what the event proves, needs no question. What depends on
// the answer is said to be unsure, and not refused.
func TestADirectoryThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for name, roles := range map[string]string{
		"no role names it":   `roles: {team: {slack_channel_members: true, points_a_day: 50}, lead: {slack_groups: [leads], may: [pause]}}`,
		"the event proves":   `roles: {team: {slack_channel_members: true, may: [reply, resolve]}, lead: {slack_groups: [leads], may: [pause]}}`,
		"the user is named":  `roles: {team: {users: [nigar], slack_groups: [leads], may: [reply, resolve]}}`,
		"another role gives": `roles: {team: {slack_channel_members: true, may: [reply, resolve]}, lead: {users: [nigar], may: [reply, resolve]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
				staffed(b, roles)
				var asked atomic.Int64
				b.agenda.Directory = mute{&asked}
				b.say("c1", "/agent")
				b.press("nigar", "Claim")
				b.reply("nigar", "c1", "an answer")
				want(t, b.heard("c1", 0), "an answer")
				b.press("nigar", "Resolve")
				if got := b.ticket("c1"); got.State != desk.Resolved {
					t.Errorf("the ticket is %+v", got)
				}
				if n := asked.Load(); n != 0 {
					t.Errorf("the platform was asked %d times", n)
				}
			})
		})
	}
}

// TestNobodyIsRefusedOnAGuess: while the platform does not tell who is in a group, nobody reads that a role forbids it.
func TestNobodyIsRefusedOnAGuess(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		staffed(b, `roles: {lead: {slack_groups: [leads], may: [reply, pause]}, named: {users: [nigar], may: [resolve]}}`)
		var asked atomic.Int64
		b.agenda.Directory = mute{&asked}
		b.say("c1", "/agent")
		before := len(b.sent["#support"])
		b.press("nigar", "Claim")
		if got := b.heard("#support", before); !strings.Contains(got, "did not tell") {
			t.Errorf("told %q", got)
		}
		want(t, b.ask("nigar", "pause weekend"), "did not tell")
		want(t, b.ask("nigar", "help"), "What you can ask for") // a role by id is known without any list
		acts, err := b.db.Desk().Acts(t.Context(), 0, 10)
		if err != nil || len(acts) != 0 {
			t.Errorf("kept %+v, %v", acts, err)
		}
	})
}
