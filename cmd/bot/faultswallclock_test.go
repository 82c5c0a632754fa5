package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	telegramlike "github.com/rapport-chat/rapport/sandbox/telegram"
)

// What must hold while wall clocks step.
const (
	longestStill  = 40 * time.Second // without a message of a broadcast, or until an answer
	askingInSteps = 4                // people who chat meanwhile
	welcomes      = 2                // messages of a first contact, before anything is asked
)

// wallSteps are the steps of the machine's wall clock, one after another, in the midst of a broadcast: as a time server
// corrects a clock that was set to another zone, or to yesterday.
var wallSteps = []time.Duration{time.Hour, -time.Hour, -time.Hour, time.Hour, 24 * time.Hour, -24 * time.Hour}

// steppedOffers are an offer that is due, one of which the time lies in the hour that the first step leaves out, and
// one that comes every day, next within the day that a later step leaves out.
func steppedOffers(now time.Time) string {
	baku := time.FixedZone("Baku", 4*60*60)
	return fmt.Sprintf(`
proactive: {per_day: 20, per_week: 100, quiet: none}
offers:
  beans:
    at: %s
    not_after: 72h
    text: {en: "%s."}
  skipped:
    at: %s
    not_after: 72h
    text: {en: "%s, in the hour left out."}
  daily:
    every: day %s
    not_after: 72h
    text: {en: "%s, every day."}
`, now.Add(-30*time.Minute).In(baku).Format("2006-01-02T15:04"), offerWords,
		now.Add(30*time.Minute).In(baku).Format("2006-01-02T15:04"), offerWords,
		now.Add(90*time.Minute).In(baku).Format("15:04"), offerWords)
}

// stepRun is a broadcast and a chat of processes whose wall clocks are stepped.
type stepRun struct {
	*broadcast
	exe     string
	clocks  []*wallClock
	bots    []*process
	slowest time.Duration // answer
}

// TestFaultWallClockSteps steps the wall clock of running processes back and forth while they send an offer at the
// platform's real pace and answer people. No lease changes hands, nobody is skipped, nobody gets anything twice, what
// was due in the time left out comes once, and neither does anything stand still nor go faster than the platform takes.
func TestFaultWallClockSteps(t *testing.T) {
	t.Parallel()
	if !faultsInFull() {
		notRun(t, "steps of the wall clock", "it takes make test-faults, which builds a program whose wall clock can be stepped")
		return
	}
	exe, err := steppable(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		url       func(testing.TB) string
		processes int
	}{{"sqlite", migrated.SQLite, 1}, {"postgres", migrated.Postgres, 2}} {
		t.Run(c.name, func(t *testing.T) {
			r := &stepRun{exe: exe, broadcast: newBroadcastOf(t, c.url(t), 600, telegramlike.Limits{}, steppedOffers(time.Now()))}
			r.run(t, c.processes)
		})
	}
}

func (r *stepRun) run(t *testing.T, processes int) {
	for range processes {
		clock := newWallClock(t)
		p := startProgram(t, r.exe, r.dir, []string{clockOfBot + "=" + clock.path}, "run")
		p.until(t, "connected")
		if len(r.bots) == 0 {
			p.until(t, "msg=\"holding the lease\" lease=agenda")
			p.until(t, "msg=\"holding the lease\" channel=telegram")
		}
		r.clocks, r.bots = append(r.clocks, clock), append(r.bots, p)
	}
	r.bot = r.bots[0]
	leases := r.leases()
	over := make(chan struct{})
	var talk sync.WaitGroup
	talk.Go(func() { r.slowest = r.talk(over) })
	quiet := sync.OnceFunc(func() {
		close(over)
		talk.Wait()
	})
	defer quiet()
	due := r.people * 3
	for i, step := range wallSteps {
		r.sentAtLeast(due * (i + 1) / (len(wallSteps) + 2))
		for n, clock := range r.clocks { // the second process's clock goes the other way
			clock.step([]time.Duration{step, -step}[n])
		}
	}
	r.sentAtLeast(due)
	quiet()
	if after := r.leases(); !slices.Equal(after, leases) {
		t.Errorf("leases changed hands: %v, then %v", leases, after)
	}
	for i, p := range r.bots {
		if said := p.err.String(); strings.Contains(said, "msg=\"the lease was lost\"") {
			t.Errorf("process %d lost a lease: %s", i, tail(said))
		}
	}
	r.judge(t)
	for _, p := range r.bots {
		if code := p.stop(t); code != 0 {
			t.Errorf("a process ended with %d: %s", code, tail(p.err.String()))
		}
	}
}

// leases are who holds what, and since which time it was taken.
func (r *stepRun) leases() (all []string) {
	r.t.Helper()
	if err := r.db.Select(&all, `SELECT account || ' ' || owner || ' ' || epoch FROM leases ORDER BY account`); err != nil {
		r.t.Fatal(err)
	}
	return all
}

// talk has people ask and wait for the answer until over, and answers the longest that one took.
func (r *stepRun) talk(over <-chan struct{}) (slowest time.Duration) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range askingInSteps {
		all.Go(func() {
			r.say(chatterName(i), "/start")
			if _, welcomed := await(longest, func() bool { said, _ := r.heard(chatterName(i)); return said >= welcomes }); !welcomed {
				r.t.Errorf("%s is not welcomed", chatterName(i))
				return
			}
			for asked := 1; ; asked++ {
				select {
				case <-over:
					return
				case <-time.After(500 * time.Millisecond):
				}
				r.say(chatterName(i), killQuestions[0])
				took, ok := await(longest, func() bool { _, answers := r.heard(chatterName(i)); return answers >= asked })
				if !ok {
					r.t.Errorf("%s is not answered", chatterName(i))
					return
				}
				mu.Lock()
				slowest = max(slowest, took)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return slowest
}

// heard is how many messages a person has from the bot, and how many of them answer a question.
func (r *stepRun) heard(who string) (said, answers int) {
	for _, m := range r.like.Chat(who, "") {
		if m.From != "bot" {
			continue
		}
		said++
		if strings.Contains(m.Text, "Did this help?") {
			answers++
		}
	}
	return said, answers
}

// sentAtLeast waits until so many messages of the offers have been sent, and no longer than longestStill for the next.
func (r *stepRun) sentAtLeast(n int) {
	r.t.Helper()
	for sent := r.sent(); sent < n; {
		was := sent
		if _, moved := await(longestStill, func() bool { sent = r.sent(); return sent > was }); !moved {
			r.tellState()
			r.t.Fatalf("%d of %d messages are sent, and no other for %v", sent, n, longestStill)
		}
	}
}

func (r *stepRun) sent() (n int) {
	r.t.Helper()
	if err := r.db.Get(&n, `SELECT count(*) FROM deliveries WHERE state = 'sent'`); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// judge compares what people were to get with what the platform showed them.
func (r *stepRun) judge(t *testing.T) {
	var offers []time.Time
	for i := 1; i <= r.people; i++ {
		mine := map[string]int{}
		for _, m := range r.like.Chat(readerName(i), "") {
			if m.From == "bot" && strings.Contains(m.Text, offerWords) {
				which := strings.SplitN(m.Text, "\n", 2)[0]
				mine[which]++

				offers = append(offers, m.At)
			}
		}
		for which, n := range mine {
			if n > 1 {
				t.Errorf("%s got %q %d times", readerName(i), which, n)
			}
		}
		if len(mine) != 3 {
			t.Errorf("%s got %d of 3 offers", readerName(i), len(mine))
		}
	}
	slices.SortFunc(offers, time.Time.Compare)
	var still time.Duration
	most := 0
	for i, first := 1, 0; i < len(offers); i++ {
		still = max(still, offers[i].Sub(offers[i-1]))
		for offers[i].Sub(offers[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	publish(t, []string{fmt.Sprintf("%-34s offers to %d people: seen %d | longest still %v, most in a second %d, %d refusals, slowest answer %v",
		sceneOf(t), r.people, len(offers), still.Round(time.Millisecond), most, r.refusals(), r.slowest.Round(time.Millisecond))})
	// A burst would be refused hundreds of times; a call that a busy machine made late is, now and then.
	if most > telegramRate || r.refusals() > len(offers)/100 {
		t.Errorf("%d messages in a second and %d refusals, want at most %d and hardly any", most, r.refusals(), telegramRate)
	}
	if still > longestStill || r.slowest > longestStill {
		t.Errorf("no message of an offer for %v, and no answer for %v; want at most %v", still, r.slowest, longestStill)
	}
	asked, answered := 0, 0
	others := map[string]int{}
	for i := range askingInSteps {
		for _, m := range r.like.Chat(chatterName(i), "") {
			switch {
			case m.Text == killQuestions[0]:
				asked++
			case m.From == "bot" && strings.Contains(m.Text, "Did this help?"):
				answered++
			case m.From == "bot":
				others[m.Text]++
			}
		}
	}
	if asked == 0 || answered != asked {
		t.Errorf("%d questions and %d answers, and besides %v", asked, answered, others)
	}
}

// tellState logs what there is to know about a run that does not go on.
func (r *stepRun) tellState() {
	r.t.Helper()
	var states []string
	err := r.db.Select(&states, `SELECT offer || ' ' || state || ' ' || reason || ' ' || count(*) FROM deliveries GROUP BY offer, state, reason
		UNION ALL SELECT 'occurrence of ' || offer || ' ' || count(*) FROM occurrences GROUP BY offer
		UNION ALL SELECT 'outbox ' || state || ' of lane ' || lane || ' ' || error_code || ' not before ' || not_before || ', again ' || retry_at || ': ' || count(*)
			FROM outbox WHERE state < 2 GROUP BY state, lane, error_code, not_before, retry_at
		UNION ALL SELECT 'open ' || offer || ' due ' || due_at || ' next ' || next_at || ' cursor ' || cursor FROM occurrences WHERE state = 'open'
		UNION ALL SELECT 'inbox ' || state || ' ' || count(*) FROM inbox GROUP BY state`)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Log(strings.Join(states, "; "))
	for i, p := range r.bots {
		r.t.Logf("process %d said\n%s", i, tail(p.err.String()))
	}
}
