package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	telegramlike "github.com/rapport-chat/rapport/sandbox/telegram"
)

// The platform's own limit, and how people chat while a broadcast goes on.
const (
	telegramRate   = 30
	paceChatters   = 50
	paceThink      = 25 * time.Second
	paceRestFor    = time.Minute
	answerSlowedBy = 50 * time.Millisecond
	lateMachine    = 5 * time.Millisecond // p99 of a machine that has no other work is well below one
)

// paced is what a broadcast at the platform's real pace came to.
type paced struct {
	people   int
	rate     float64 // messages a second over all lanes while it went on
	gap      time.Duration
	refusals int
	rest     []time.Duration // answers before it, sorted
	busy     []time.Duration // answers during it, sorted
	late     []time.Duration // how much later than it should the machine let a waiting goroutine go on, sorted
}

// slowed is how much longer an answer takes in the broadcast, p99 against p99.
func (p paced) slowed() time.Duration { return quantile(p.busy, 0.99) - quantile(p.rest, 0.99) }

func (p paced) String() string {
	return fmt.Sprintf("%d people, %.2f messages a second (%.1f %% of %d), largest gap %v, %d refusals; %d answers p99 %v at rest, %d answers p99 %v meanwhile",
		p.people, p.rate, 100*p.rate/telegramRate, telegramRate, p.gap.Round(time.Millisecond), p.refusals,
		len(p.rest), quantile(p.rest, 0.99).Round(time.Millisecond), len(p.busy), quantile(p.busy, 0.99).Round(time.Millisecond)) +
		fmt.Sprintf("; the machine itself late by %v (p99), %v at most", p.lateness().Round(time.Millisecond), p.latest().Round(time.Millisecond))
}

// lateness is by how much the machine was late of itself, p99; latest is the most.
func (p paced) lateness() time.Duration { return quantile(p.late, 0.99) }
func (p paced) latest() time.Duration   { return quantile(p.late, 1) }

// watchLateness notes until the returned function is called how late the machine is with a wait of ten milliseconds.
func watchLateness() (stop func() []time.Duration) {
	quit, ended := make(chan struct{}), make(chan []time.Duration)
	go func() {
		var late []time.Duration
		const wait = 10 * time.Millisecond
		for {
			began := time.Now()
			select {
			case <-quit:
				slices.Sort(late)
				ended <- late
				return
			case <-time.After(wait):
				late = append(late, time.Since(began)-wait)
			}
		}
	}()
	return func() []time.Duration {
		close(quit)
		return <-ended
	}
}

// runPaced sends an offer with the real process, over real sockets, to a platform with its real limits, while people
// chat. Times are the platform's.
func runPaced(t testing.TB, url string, people, chatters int) paced {
	t.Helper()
	b := newBroadcast(t, url, people, telegramlike.Limits{})
	if chatters > 0 { // it begins once it is known how people are answered at rest
		if _, err := b.db.Exec(`UPDATE schedules SET paused = 1, paused_why = 'staff' WHERE name = 'offer/beans'`); err != nil {
			t.Fatal(err)
		}
	}
	b.start()
	p := paced{people: people}
	for i := range chatters {
		b.say(chatterName(i), "/start")
	}
	if chatters > 0 {
		b.calm()
		p.rest = b.chat(chatters, func() bool { return false }, paceRestFor)
	}
	if chatters > 0 {
		b.command("offers", "resume", "beans")
	}
	over := make(chan struct{})
	machine := watchLateness()
	var talk sync.WaitGroup
	if chatters > 0 {
		talk.Go(func() {
			p.busy = b.chat(chatters, func() bool {
				select {
				case <-over:
					return true
				default:
					return false
				}
			}, 24*time.Hour)
		})
	}
	b.finish()
	p.late = machine()
	close(over)
	talk.Wait()
	p.rate, p.gap = b.measurePace(chatters)
	p.refusals = b.refusals()
	if once, twice, missing := b.got(); once != people || twice > 0 {
		t.Errorf("of %d people %d got it once, %d twice, %d not at all", people, once, twice, len(missing))
	}
	if code := b.bot.stop(t); code != 0 {
		t.Errorf("the service ended with %d: %s", code, b.bot.err)
	}
	return p
}

func chatterName(i int) string { return fmt.Sprintf("chatter%02d", i) }

// calm waits until whatever people wrote is answered.
func (b *broadcast) calm() {
	b.t.Helper()
	deadline := time.Now().Add(restWithinTest)
	for open := 1; open > 0; {
		if time.Now().After(deadline) {
			b.t.Fatalf("%d events and messages do not come to rest; the service said\n%s", open, tail(b.bot.err.String()))
		}
		_ = (clock.Real{}).WaitUntil(b.t.Context(), time.Now().Add(100*time.Millisecond))
		err := b.db.Get(&open, `SELECT (SELECT count(*) FROM inbox WHERE state = 0) + (SELECT count(*) FROM outbox WHERE state IN (0, 1))`)
		if err != nil {
			b.t.Fatal(err)
		}
		if len(b.like.Busy()) > 0 {
			open++
		}
	}
}

// chat has people ask, read the answer, think and ask again, and answers how long the answers took, sorted.
func (b *broadcast) chat(chatters int, over func() bool, atMost time.Duration) []time.Duration {
	until := time.Now().Add(atMost)
	var mu sync.Mutex
	var took []time.Duration
	var people sync.WaitGroup
	for i := range chatters {
		people.Go(func() {
			chance := rand.New(rand.NewPCG(3, uint64(i)))
			think := time.Duration(chance.Int64N(int64(paceThink)))
			for {
				_ = (clock.Real{}).WaitUntil(b.t.Context(), time.Now().Add(think))
				if over() || time.Now().After(until) || b.t.Context().Err() != nil {
					return
				}
				d, ok := b.askAndWait(chatterName(i))
				if !ok {
					b.t.Errorf("%s is not answered", chatterName(i))
					return
				}
				mu.Lock()
				took = append(took, d)
				mu.Unlock()
				think = paceThink/2 + time.Duration(chance.Int64N(int64(paceThink)))
			}
		})
	}
	people.Wait()
	slices.Sort(took)
	return took
}

// askAndWait is how long the platform saw between a question and its answer.
func (b *broadcast) askAndWait(who string) (time.Duration, bool) {
	id, err := b.like.Say(b.t.Context(), lookalike.Say{As: who, Text: killQuestions[0]})
	if err != nil {
		return 0, false
	}
	deadline := time.Now().Add(longest)
	for time.Now().Before(deadline) {
		var asked time.Time
		for _, m := range b.like.Chat(who, "") {
			switch {
			case m.ID == id:
				asked = m.At
			case !asked.IsZero() && m.From == "bot" && !strings.Contains(m.Text, offerWords):
				return m.At.Sub(asked), true
			}
		}
		_ = (clock.Real{}).WaitUntil(b.t.Context(), time.Now().Add(20*time.Millisecond))
	}
	return 0, false
}

// measurePace is how many messages a second came over all lanes between the first and the last of the offer, and the
// largest gap between two of the offer.
func (b *broadcast) measurePace(chatters int) (rate float64, gap time.Duration) {
	var offers, all []time.Time
	take := func(who string) {
		for _, m := range b.like.Chat(who, "") {
			if m.From != "bot" {
				continue
			}
			all = append(all, m.At)
			if strings.Contains(m.Text, offerWords) {
				offers = append(offers, m.At)
			}
		}
	}
	for i := 1; i <= b.people; i++ {
		take(readerName(i))
	}
	for i := range chatters {
		take(chatterName(i))
	}
	slices.SortFunc(offers, time.Time.Compare)
	n := 0
	first, last := offers[0], offers[len(offers)-1]
	for _, at := range all {
		if !at.Before(first) && !at.After(last) {
			n++
		}
	}
	for i := 1; i < len(offers); i++ {
		gap = max(gap, offers[i].Sub(offers[i-1]))
	}
	return float64(n-1) / last.Sub(first).Seconds(), gap
}

// TestFaultPaceOfABroadcast is a broadcast at the platform's real pace: in make test so small that only the count and
// the refusals are judged, in make test-faults 20,000 people while fifty chat.
func TestFaultPaceOfABroadcast(t *testing.T) {
	if os.Getenv("RAPPORT_FAULTS") != "full" {
		t.Parallel()
		p := runPaced(t, migrated.SQLite(t), 100, 0)
		t.Log(p)
		if p.refusals > 0 {
			t.Errorf("%d calls were refused", p.refusals)
		}
		return
	}
	// Both databases side by side: neither needs a tenth of a processor, and each takes eleven minutes.
	migrated.OnBoth(t, func(t *testing.T, url string) {
		t.Parallel()
		p := runPaced(t, url, 20_000, paceChatters)
		publish(t, []string{fmt.Sprintf("%-34s %v", sceneOf(t), p)})
		if p.refusals > p.people/100 {
			t.Errorf("want hardly any refusal: %v", p)
		}
		if p.lateness() > lateMachine {
			t.Logf("other programs use this machine: its times are reported, and not judged")
			return
		}
		if p.rate < 0.97*telegramRate || p.refusals > 0 || p.gap > 3*time.Second/telegramRate+p.latest() {
			t.Errorf("want 97 %% of the rate, no refusal, and no gap above three intervals: %v", p)
		}
		if p.slowed() > answerSlowedBy {
			t.Errorf("an answer takes %v longer in the broadcast, want at most %v", p.slowed(), answerSlowedBy)
		}
	})
}

// BenchmarkPace measures the same with 3,000 people, or RAPPORT_BENCH_READERS.
func BenchmarkPace(b *testing.B) {
	people := fromEnvironment("RAPPORT_BENCH_READERS", 3_000)
	for _, engine := range benchEngines {
		b.Run(fmt.Sprintf("%s/%d", engine.name, people), func(b *testing.B) {
			p := runPaced(b, engine.url(b), people, paceChatters)
			b.ReportMetric(100*p.rate/telegramRate, "%-of-rate")
			b.ReportMetric(float64(p.gap.Milliseconds()), "gap-ms")
			b.ReportMetric(float64(p.refusals), "refusals")
			b.ReportMetric(float64(quantile(p.rest, 0.99).Microseconds())/1e3, "rest-p99-ms")
			b.ReportMetric(float64(p.slowed().Microseconds())/1e3, "slower-p99-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}
