package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Figures that the failover tests hold the service to.
const (
	mostInFlight = 48
	mostUnknown  = 16 // the bulk among them
)

// How soon another process holds a lease after a kill, and after an orderly end: at once then on a quiet machine, and
// sooner than a lease ends by itself. At full size only: in make test the machine has other work, and the times are
// tried in virtual time, by the outbox's own tests.
func takeoverAfterKill() time.Duration { return inFull(10 * time.Second) }
func takeoverAfterTerm() time.Duration { return inFull(5 * time.Second) }

// inFull is d at full size, and otherwise what only a hang takes.
func inFull(d time.Duration) time.Duration {
	if faultsInFull() {
		return d
	}
	return longest
}

// held is the living process that has the lease; there is always one soon.
func (f *fleet) held(lease string) (p *process) {
	f.t.Helper()
	f.eventually("somebody holds "+lease, longest, func() bool {
		p = f.holder(lease)
		return p != nil
	})
	return p
}

const telegramAccount = "telegram:7000000001"

// takenOver waits until another process than old holds the lease.
func (f *fleet) takenOver(lease string, old *process, within time.Duration) {
	f.t.Helper()
	took := f.eventually("takeover of "+lease, within, func() bool {
		p := f.holder(lease)
		return p != nil && p != old
	})
	f.t.Logf("%s was taken over after %v", lease, took.Round(10*time.Millisecond))
}

// killHolder kills the holder of a lease, and has another process come instead.
func (f *fleet) killHolder(lease string) {
	f.t.Helper()
	old := f.held(lease)
	old.kill()
	f.troubles++
	f.takenOver(lease, old, takeoverAfterKill())
	f.replace(old)
}

// freezeHolder stops the holder past its lease and lets it go on.
func (f *fleet) freezeHolder(lease string) *process {
	f.t.Helper()
	old := f.held(lease)
	f.signal(old, syscall.SIGSTOP)
	f.troubles++
	f.takenOver(lease, old, takeoverAfterKill())
	f.broadcast()
	f.signal(old, syscall.SIGCONT)
	f.eventually("the thawed process stands by", longest, func() bool {
		return strings.Contains(old.err.String(), "the lease was lost")
	})
	if f.held(lease) == old && !f.livingLost() {
		f.t.Error("the thawed process took the lease from a living one")
	}
	return old
}

// livingLost says whether a process that did not stand still has lost a lease: on a machine that did.
func (f *fleet) livingLost() bool {
	lost := 0
	for _, p := range f.bots {
		if strings.Contains(p.err.String(), "the lease was lost") {
			lost++
		}
	}
	return lost > 1
}

func (f *fleet) signal(p *process, s os.Signal) {
	f.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		f.t.Fatal(err)
	}
}

// roll starts a new process, and has the holder end orderly.
func (f *fleet) roll(lease string) {
	f.t.Helper()
	old := f.held(lease)
	f.replace(old) // and take it from the door
	begun := time.Now()
	f.signal(old, syscall.SIGTERM)
	if code := old.wait(f.t); code != 0 {
		f.t.Errorf("the old process ended with %d: %s", code, tail(old.err.String()))
	}
	ended := time.Since(begun)
	f.takenOver(lease, old, takeoverAfterTerm())
	f.t.Logf("it needed %v to end", ended.Round(10*time.Millisecond))
	f.checkRoles(lease)
}

// checkRoles wants every process to say truly who holds the lease, and all of them to be ready.
func (f *fleet) checkRoles(lease string) {
	f.t.Helper()
	name, _, _ := strings.Cut(lease, ":")
	f.eventually("roles told as they are", longest, func() bool {
		holder := f.holder(lease)
		for _, p := range f.bots {
			want := "standby"
			if p == holder {
				want = "ok"
			}
			if state, status := f.ready(p); status != http.StatusOK || state[name] != want {
				return false
			}
		}
		return holder != nil
	})
}

// ready is what a process answers at /readyz.
func (f *fleet) ready(p *process) (state map[string]string, status int) {
	f.t.Helper()
	at := servingAt.FindStringSubmatch(p.err.String())
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, "http://"+at[1]+"/readyz", nil)
	if err != nil {
		f.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(&state); err != nil {
		f.t.Fatal(err)
	}
	return state, resp.StatusCode
}

// finish ends the chat, waits for rest, checks everything and ends the processes.
func (f *fleet) finish() {
	f.t.Helper()
	f.awaitDoor()
	f.stopChat()
	f.rest()
	f.eventually("every offer finished", longest, func() bool {
		var left int
		if err := f.db.Get(&left, `SELECT count(*) FROM occurrences WHERE state <> 'finished'`); err != nil {
			f.t.Fatal(err)
		}
		return left == 0
	})
	f.checkChat()
	f.checkOffers()
	f.checkDoor()
	for _, p := range f.bots {
		f.signal(p, syscall.SIGTERM)
		if code := p.wait(f.t); code != 0 {
			f.t.Errorf("a process ended with %d: %s", code, tail(p.err.String()))
		}
	}
}

// awaitDoor waits until each of the processes has taken a webhook.
func (f *fleet) awaitDoor() {
	f.t.Helper()
	if f.door == nil {
		return
	}
	f.eventually("a webhook at every process", longest, func() bool {
		f.door.mu.Lock()
		defer f.door.mu.Unlock()
		for _, addr := range f.door.addrs {
			if f.door.taken[addr] == 0 {
				return false
			}
		}
		return true
	})
}

// checkDoor wants webhooks to have been taken by each of the processes, who held the lease and who stood by.
func (f *fleet) checkDoor() {
	f.t.Helper()
	if f.door == nil {
		return
	}
	f.door.mu.Lock()
	defer f.door.mu.Unlock()
	f.t.Logf("webhooks by process: %v", f.door.taken)
	for _, addr := range f.door.addrs {
		if f.door.taken[addr] == 0 {
			f.t.Errorf("the process at %s took no webhook", addr)
		}
	}
}

// checkChat wants every question answered, and no more answers repeated than were in flight.
func (f *fleet) checkChat() {
	f.t.Helper()
	asked, answered, extra := 0, 0, 0
	for _, who := range f.people {
		answers := 0
		for _, m := range f.like.Chat(who, "") {
			if m.From == "bot" && strings.Contains(m.Text, "Did this help?") {
				answers++
			}
		}
		if answers < f.asked[who] {
			f.t.Errorf("%s asked %d questions and got %d answers", who, f.asked[who], answers)
		}
		asked, answered, extra = asked+f.asked[who], answered+answers, extra+max(0, answers-f.asked[who])
	}
	publish(f.t, []string{fmt.Sprintf("%-34s questions %d answers seen %d repeats %d | troubles %d", sceneOf(f.t), asked, answered, extra, f.troubles)})
	if extra > f.troubles*mostInFlight {
		f.t.Errorf("%d answers were repeated in %d troubles: more than can have been in flight", extra, f.troubles)
	}
	for what, query := range map[string]string{
		"parked events":       `SELECT count(*) FROM inbox WHERE state = 2`,
		"unsettled events":    `SELECT count(*) FROM inbox WHERE state = 0`,
		"answers not sent":    `SELECT count(*) FROM outbox WHERE lane = 0 AND state <> 2`,
		"occurrences doubled": `SELECT count(*) - count(DISTINCT offer) FROM occurrences`,
	} {
		var n int
		if err := f.db.Get(&n, query); err != nil {
			f.t.Fatal(err)
		}
		if n != 0 {
			f.t.Errorf("%s: %d, want 0", what, n)
		}
	}
	var uses int
	if err := f.db.Get(&uses, `SELECT COALESCE(sum(uses), 0) FROM article_uses`); err != nil {
		f.t.Fatal(err)
	}
	if uses != asked {
		f.t.Errorf("%d turns had an effect over %d questions", uses, asked)
	}
}

// checkOffers wants every offer at everybody once; unknown covers each that is missing, and nothing else.
func (f *fleet) checkOffers() {
	f.t.Helper()
	var rows []struct {
		Offer, State, User string
	}
	err := f.db.Select(&rows, `SELECT d.offer, d.state, i.user_id AS user FROM deliveries d JOIN identities i ON i.customer_id = d.customer_id`)
	if err != nil {
		f.t.Fatal(err)
	}
	type share struct{ user, offer string }
	state := map[share]string{}
	unknown := 0
	for _, r := range rows {
		state[share{r.User, r.Offer}] = r.State
		if r.State == "unknown" {
			unknown++
		}
	}
	seen := 0
	for _, who := range f.people {
		user := f.like.Person(who).ID
		for i := range f.sent {
			n := 0
			for _, m := range f.like.Chat(who, "") {
				if m.From == "bot" && strings.Contains(m.Text, "News "+offerName(i)) {
					n++
				}
			}
			seen += n
			s := state[share{user, offerName(i)}]
			if n > 1 || n == 0 && s != "unknown" || n == 1 && s != "sent" && s != "unknown" {
				f.t.Errorf("%s got %s %d times, and its delivery is %q", who, offerName(i), n, s)
			}
		}
	}
	publish(f.t, []string{fmt.Sprintf("%-34s %d offers to %d people: seen %d unknown %d | troubles %d", sceneOf(f.t), f.sent, len(f.people), seen, unknown, f.troubles)})
	if len(rows) != f.sent*len(f.people) {
		f.t.Errorf("%d deliveries, want %d", len(rows), f.sent*len(f.people))
	}
	if unknown > f.troubles*mostUnknown {
		f.t.Errorf("%d are unknown after %d troubles: more than can have been in flight", unknown, f.troubles)
	}
}

// TestFaultFailover has people write and get offers while the processes are killed, stand still past their lease and
// are replaced: everybody is answered, and nobody gets an offer twice.
func TestFaultFailover(t *testing.T) {
	t.Parallel()
	people, rounds := 24, 1
	if faultsInFull() {
		people, rounds = 120, 10
	}
	for _, c := range []struct {
		name     string
		webhooks bool
		trouble  func(f *fleet, round int)
	}{
		{"killed", false, func(f *fleet, round int) { f.killHolder([]string{telegramAccount, agendaLease}[round%2]) }},
		{"frozen", false, func(f *fleet, _ int) {
			thawed := f.freezeHolder(telegramAccount)
			other := f.held(telegramAccount)
			f.roll(telegramAccount)
			if other == thawed && !f.livingLost() {
				f.t.Error("the thawed process held the lease")
			}
		}},
		{"replaced", false, func(f *fleet, _ int) {
			f.roll(telegramAccount)
			f.roll(agendaLease)
		}},
		{"called over HTTP", true, func(f *fleet, _ int) { f.roll(telegramAccount) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, shape{people: people, offers: 2 * rounds, webhooks: c.webhooks})
			f.stopChat = f.chat(100 * time.Millisecond)
			for round := range rounds {
				f.broadcast()
				c.trouble(f, round)
			}
			f.finish()
		})
	}
}
