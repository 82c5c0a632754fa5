package desk_test

import (
	"errors"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/desk"
)

// TestTransitions names, for every state and every act, what becomes of a ticket.
func TestTransitions(t *testing.T) {
	t.Parallel()
	now, due := opensAt, opensAt.Add(time.Hour)
	nigar, orxan := desk.Member{ID: "nigar"}, desk.Member{ID: "orxan"}
	states := map[string]desk.Ticket{
		"open":     {State: desk.Open, AskedAt: now},
		"claimed":  {State: desk.Claimed, Owner: nigar, AskedAt: now, DueAt: due},
		"waiting":  {State: desk.Waiting, Owner: nigar, Replies: 1},
		"resolved": {State: desk.Resolved, ReopenUntil: now.Add(time.Hour), ResolvedAt: now},
		"over":     {State: desk.Resolved, ReopenUntil: now.Add(-time.Hour)},
	}
	acts := map[string]func(desk.Ticket) (desk.Ticket, error){
		"nigar claims":     func(k desk.Ticket) (desk.Ticket, error) { return k.Claim(nigar, now) },
		"orxan claims":     func(k desk.Ticket) (desk.Ticket, error) { return k.Claim(orxan, now) },
		"orxan takes over": func(k desk.Ticket) (desk.Ticket, error) { return k.TakeOver(orxan, now) },
		"nigar replies":    func(k desk.Ticket) (desk.Ticket, error) { return k.Replied(nigar, now) },
		"orxan replies":    func(k desk.Ticket) (desk.Ticket, error) { return k.Replied(orxan, now) },
		"customer writes":  func(k desk.Ticket) (desk.Ticket, error) { k, _ = k.CustomerWrote(now, due); return k, nil },
		"resolve":          func(k desk.Ticket) (desk.Ticket, error) { return k.Resolve("nigar", now, time.Hour) },
		"reopen":           func(k desk.Ticket) (desk.Ticket, error) { return k.Reopen(now, due) },
		"snooze":           func(k desk.Ticket) (desk.Ticket, error) { return k.Snooze(now, due) },
		"wake":             func(k desk.Ticket) (desk.Ticket, error) { return k.Wake(now) },
		"release":          func(k desk.Ticket) (desk.Ticket, error) { return k.Release(now, due) },
	}
	type outcome struct {
		state desk.State
		owner string
		err   error
	}
	open, resolved := outcome{desk.Open, "", nil}, outcome{desk.Resolved, "", nil}
	refused := func(o outcome, err error) outcome { o.err = err; return o }
	mine := func(s desk.State) outcome { return outcome{s, "nigar", nil} }
	theirs := func(s desk.State) outcome { return outcome{s, "orxan", nil} }
	want := map[string]map[string]outcome{
		"open": {
			"nigar claims": mine(desk.Claimed), "orxan claims": theirs(desk.Claimed), "orxan takes over": theirs(desk.Claimed),
			"nigar replies": mine(desk.Waiting), "orxan replies": theirs(desk.Waiting), "customer writes": open, "resolve": resolved,
			"reopen": refused(open, desk.ErrDone), "snooze": open, "wake": refused(open, desk.ErrDone), "release": refused(open, desk.ErrDone),
		},
		"claimed": {
			"nigar claims": refused(mine(desk.Claimed), desk.ErrDone), "orxan claims": refused(mine(desk.Claimed), desk.ErrOwned),
			"orxan takes over": theirs(desk.Claimed), "nigar replies": mine(desk.Waiting), "orxan replies": refused(mine(desk.Claimed), desk.ErrOwned),
			"customer writes": mine(desk.Claimed), "resolve": mine(desk.Resolved), "reopen": refused(mine(desk.Claimed), desk.ErrDone),
			"snooze": mine(desk.Claimed), "wake": refused(mine(desk.Claimed), desk.ErrDone), "release": open,
		},
		"waiting": {
			"nigar claims": refused(mine(desk.Waiting), desk.ErrDone), "orxan claims": refused(mine(desk.Waiting), desk.ErrOwned),
			"orxan takes over": theirs(desk.Waiting), "nigar replies": mine(desk.Waiting), "orxan replies": refused(mine(desk.Waiting), desk.ErrOwned),
			"customer writes": mine(desk.Claimed), "resolve": mine(desk.Resolved), "reopen": refused(mine(desk.Waiting), desk.ErrDone),
			"snooze": mine(desk.Waiting), "wake": refused(mine(desk.Waiting), desk.ErrDone), "release": open,
		},
		"resolved": {
			"nigar claims": refused(resolved, desk.ErrResolved), "orxan claims": refused(resolved, desk.ErrResolved),
			"orxan takes over": refused(resolved, desk.ErrResolved), "nigar replies": refused(resolved, desk.ErrResolved),
			"orxan replies": refused(resolved, desk.ErrResolved), "customer writes": resolved, "resolve": refused(resolved, desk.ErrDone),
			"reopen": open, "snooze": refused(resolved, desk.ErrResolved), "wake": refused(resolved, desk.ErrDone), "release": refused(resolved, desk.ErrDone),
		},
		"over": {"reopen": refused(resolved, desk.ErrWindowOver)},
	}
	for from, list := range want {
		if from != "over" && len(list) != len(acts) {
			t.Errorf("%s: %d of %d acts are in the table", from, len(list), len(acts))
		}
		for name, w := range list {
			got, err := acts[name](states[from])
			if got.State != w.state || got.Owner.ID != w.owner || !errors.Is(err, w.err) {
				t.Errorf("%s, %s: %s of %q, %v; want %s of %q, %v", from, name, got.State, got.Owner.ID, err, w.state, w.owner, w.err)
			}
			if err != nil && got != states[from] {
				t.Errorf("%s, %s: refused, yet changed", from, name)
			}
		}
	}
}

func TestWhatAReplyAndAQuestionLeaveDue(t *testing.T) {
	t.Parallel()
	now, due := opensAt, opensAt.Add(time.Hour)
	nigar := desk.Member{ID: "nigar"}
	k := desk.Ticket{State: desk.Open, AskedAt: now, DueAt: due, RemindedAt: now, SnoozedUntil: due}
	k, err := k.Replied(nigar, now)
	if err != nil || !k.AskedAt.IsZero() || !k.DueAt.IsZero() || !k.SnoozedUntil.IsZero() || !k.RemindedAt.IsZero() || k.FirstResponseAt != now || k.Replies != 1 || k.Trivial() {
		t.Errorf("after a reply %+v, %v", k, err)
	}
	later := now.Add(time.Minute)
	k, _ = k.CustomerWrote(later, due)
	k, moved := k.CustomerWrote(later.Add(time.Minute), due.Add(time.Hour))
	if k.AskedAt != later || k.DueAt != due || moved {
		t.Errorf("two questions leave %v due at %v (moved: %t); want the first one's", k.AskedAt, k.DueAt, moved)
	}
	if k, _ = k.Replied(nigar, due); k.FirstResponseAt != now || k.Replies != 2 {
		t.Errorf("after a second reply %+v", k)
	}
}
