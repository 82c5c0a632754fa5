package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	telegramlike "github.com/rapport-chat/rapport/sandbox/telegram"
)

// Figures that the failover tests hold the service to.
const (
	takeoverAfterKill = 10 * time.Second
	takeoverAfterTerm = 2 * time.Second // a second on a quiet machine
	mostInFlight      = 16
)

// fleet is several processes on one PostgreSQL, a platform whose calls take a while, and people who write and get
// offers all the time.
type fleet struct {
	*killRun
	db       *sqlx.DB
	own      *persistence.DB
	bots     []*process
	offers   int // that the config has
	sent     int // of them made due
	troubles int // after which messages may be unknown or repeated
	stopChat func()
}

// dawdle makes a platform's calls take up to most before and after they have their effect.
func dawdle(next http.Handler, most time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/sendMessage") {
			<-time.After(rand.N(most))
			defer func() { <-time.After(rand.N(most)) }()
		}
		next.ServeHTTP(w, r)
	})
}

// newFleet starts so many processes and makes people known who want offers.
func newFleet(t *testing.T, bots, people, offers int) *fleet {
	t.Helper()
	like, err := telegramlike.New(telegramlike.Config{Token: sandboxToken, Limits: telegramlike.Limits{PerSecond: -1, PerChat: -1}})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := lookalike.Listen(t.Context(), "127.0.0.1:0", dawdle(like.Handler(), 60*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := like.Close(); err != nil {
			t.Error(err)
		}
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	url := dbtest.Postgres(t)
	f := &fleet{offers: offers, stopChat: func() {}}
	f.killRun = &killRun{t: t, url: url, dir: t.TempDir(), like: like, asked: map[string]int{}, pressed: map[string]int{}}
	files := botConfig(url, srv.URL(), sandboxToken)
	files["rapport.yaml"] += broadcastConfig(offers)
	writeFiles(t, f.dir, files)
	for range bots {
		f.startOne()
	}
	f.bot = f.bots[0]
	f.db = writableForTest(t, url)
	if f.own, err = persistence.Open(t.Context(), url, persistence.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.own.Close(); err != nil {
			t.Error(err)
		}
	})
	f.welcomeAll(people)
	f.rest()
	f.consentAll()
	return f
}

// broadcastConfig has offers that were due an hour ago and are again tomorrow, and no reason to hold one back.
func broadcastConfig(offers int) string {
	var b strings.Builder
	baku := time.FixedZone("as in botConfig", 4*60*60)
	now := time.Now().UTC()
	due, far := now.Add(-time.Hour), now.Add(12*time.Hour)
	fmt.Fprintf(&b, "proactive:\n  per_day: 20\n  per_week: 20\n  quiet: %s-%s\noffers:\n", far.In(baku).Format("15:04"), far.In(baku).Add(time.Minute).Format("15:04"))
	for i := range offers {
		fmt.Fprintf(&b, "  %s:\n    every: day %s\n    topic: discounts\n    valid: 72h\n    not_after: 72h\n    text:\n", offerName(i), due.In(baku).Format("15:04"))
		fmt.Fprintf(&b, "      en: \"News %s.\"\n      az: \"News %s.\"\n", offerName(i), offerName(i))
	}
	return b.String()
}

func offerName(i int) string { return fmt.Sprintf("offer%03d", i) }

func (f *fleet) startOne() *process {
	p := startBot(f.t, f.dir, nil, "run")
	p.until(f.t, "connected")
	f.bots = append(f.bots, p)
	return p
}

// replace has a new process stand where p was.
func (f *fleet) replace(p *process) {
	for i, b := range f.bots {
		if b == p {
			f.bots = append(f.bots[:i:i], f.bots[i+1:]...)
		}
	}
	f.startOne()
}

// consentAll has everybody agree to offers.
func (f *fleet) consentAll() {
	f.t.Helper()
	var ids []conversation.CustomerID
	if err := f.db.Select(&ids, `SELECT customer_id FROM identities`); err != nil {
		f.t.Fatal(err)
	}
	for _, id := range ids {
		yes := conversation.Consent{Topic: "offers", Granted: true, Wording: "consent.question/1", Way: "button"}
		err := f.own.Do(f.t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			_, err := tx.RecordConsentOf(ctx, id, "telegram", fmt.Sprintf("test:%d", id), yes)
			return err
		})
		if err != nil {
			f.t.Fatal(err)
		}
	}
}

// chat has people write all the time, one after another, until the returned function is called. It must leave room for
// offers below the platform's 30 messages a second.
func (f *fleet) chat(every time.Duration) (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	var once sync.Once
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			who := f.people[i%len(f.people)]
			if _, err := f.like.Say(f.t.Context(), lookalike.Say{As: who, Text: killQuestions[i%len(killQuestions)]}); err != nil {
				f.t.Error(err)
				return
			}
			f.asked[who]++
		}
	}()
	return func() {
		once.Do(func() { close(quit) })
		<-ended
	}
}

// broadcast makes the next offer due and waits until it has gone to some.
func (f *fleet) broadcast() {
	f.t.Helper()
	name := offerName(f.sent)
	f.sent++
	f.exec(`UPDATE schedules SET cursor_at = cursor_at - 86400000 WHERE name = $1`, "offer/"+name)
	f.exec(`SELECT pg_notify('rapport', 'test agenda:')`)
	f.eventually("offer "+name+" on its way", takeoverAfterKill+5*time.Second, func() bool {
		var n int
		if err := f.db.Get(&n, `SELECT count(*) FROM deliveries WHERE offer = $1 AND state = 'sent'`, name); err != nil {
			f.t.Fatal(err)
		}
		return n >= len(f.people)/4
	})
}

func (f *fleet) exec(query string, args ...any) {
	f.t.Helper()
	if _, err := f.db.ExecContext(f.t.Context(), query, args...); err != nil {
		f.t.Fatal(err)
	}
}

// holder is the living process that has the lease; nil for none.
func (f *fleet) holder(lease string) *process {
	f.t.Helper()
	var owners []string
	err := f.db.Select(&owners, `SELECT owner FROM leases WHERE account = $1 AND expires_at > extract(epoch FROM clock_timestamp()) * 1000`, lease)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, owner := range owners {
		for _, p := range f.bots {
			if strings.Contains(owner, fmt.Sprintf("/%d/", p.cmd.Process.Pid)) {
				return p
			}
		}
	}
	return nil
}

// eventually waits until is holds.
func (f *fleet) eventually(what string, within time.Duration, is func() bool) time.Duration {
	f.t.Helper()
	begun := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		if time.Since(begun) > within {
			f.tellState()
			f.t.Fatalf("not within %v: %s", within, what)
		}
		<-tick.C
	}
	return time.Since(begun)
}

// tellState logs what there is to know about a run that does not go on.
func (f *fleet) tellState() {
	f.t.Helper()
	for i, p := range f.bots {
		f.t.Logf("process %d said\n%s", i, tail(p.err.String()))
	}
	for _, query := range []string{
		`SELECT 'lease ' || account || ' ' || owner || ' for ' || expires_at - CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) FROM leases`,
		`SELECT 'schedule ' || name || ' at ' || cursor_at FROM schedules`,
		`SELECT 'occurrence of ' || offer || ' ' || state FROM occurrences`,
		`SELECT count(*) || ' deliveries of ' || offer || ' ' || state || ' ' || reason FROM deliveries GROUP BY offer, state, reason`,
		`SELECT count(*) || ' messages in state ' || state || ' of lane ' || lane FROM outbox GROUP BY state, lane`,
		`SELECT count(*) || ' events in state ' || state FROM inbox GROUP BY state`,
	} {
		var lines []string
		if err := f.db.Select(&lines, query); err != nil {
			f.t.Log(err)
		}
		f.t.Log(strings.Join(lines, "; "))
	}
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
	old := f.holder(lease)
	old.kill()
	f.troubles++
	f.takenOver(lease, old, takeoverAfterKill)
	f.replace(old)
}

// freezeHolder stops the holder past its lease and lets it go on.
func (f *fleet) freezeHolder(lease string) *process {
	f.t.Helper()
	old := f.holder(lease)
	f.signal(old, syscall.SIGSTOP)
	f.troubles++
	f.takenOver(lease, old, takeoverAfterKill)
	f.broadcast()
	f.signal(old, syscall.SIGCONT)
	f.eventually("the thawed process stands by", 5*time.Second, func() bool {
		return strings.Contains(old.err.String(), "the lease was lost")
	})
	if f.holder(lease) == old {
		f.t.Error("the thawed process took the lease from a living one")
	}
	return old
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
	old := f.holder(lease)
	f.replace(old)
	begun := time.Now()
	f.signal(old, syscall.SIGTERM)
	if code := old.wait(f.t); code != 0 {
		f.t.Errorf("the old process ended with %d: %s", code, tail(old.err.String()))
	}
	ended := time.Since(begun)
	f.takenOver(lease, old, takeoverAfterTerm)
	f.t.Logf("it needed %v to end", ended.Round(10*time.Millisecond))
}

// finish ends the chat, waits for rest, checks everything and ends the processes.
func (f *fleet) finish() {
	f.t.Helper()
	f.stopChat()
	f.rest()
	f.checkChat()
	f.checkOffers()
	for _, p := range f.bots {
		f.signal(p, syscall.SIGTERM)
		if code := p.wait(f.t); code != 0 {
			f.t.Errorf("a process ended with %d: %s", code, tail(p.err.String()))
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
	f.t.Logf("%d questions, %d answers, %d of them repeated in %d troubles", asked, answered, extra, f.troubles)
	if extra > f.troubles*mostInFlight {
		f.t.Errorf("%d answers were repeated in %d troubles: more than can have been in flight", extra, f.troubles)
	}
	for what, query := range map[string]string{
		"parked events":       `SELECT count(*) FROM inbox WHERE state = 2`,
		"unsettled events":    `SELECT count(*) FROM inbox WHERE state = 0`,
		"answers not sent":    `SELECT count(*) FROM outbox WHERE lane = 0 AND state <> 2`,
		"occurrences doubled": `SELECT count(*) - count(DISTINCT offer) FROM occurrences`,
		"offers not finished": `SELECT count(*) FROM occurrences WHERE state <> 'finished'`,
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
	f.t.Logf("%d offers to %d people: %d arrived, %d unknown in %d troubles", f.sent, len(f.people), seen, unknown, f.troubles)
	if len(rows) != f.sent*len(f.people) {
		f.t.Errorf("%d deliveries, want %d", len(rows), f.sent*len(f.people))
	}
	if unknown > f.troubles*mostInFlight {
		f.t.Errorf("%d are unknown after %d troubles: more than can have been in flight", unknown, f.troubles)
	}
}

// TestFaultFailover has people write and get offers while the processes are killed, stand still past their lease and
// are replaced: everybody is answered, and nobody gets an offer twice.
func TestFaultFailover(t *testing.T) {
	t.Parallel()
	people, rounds := 24, 1
	if os.Getenv("RAPPORT_FAULTS") == "full" {
		people, rounds = 120, 10
	}
	for _, c := range []struct {
		name    string
		trouble func(f *fleet, round int)
	}{
		{"killed", func(f *fleet, round int) { f.killHolder([]string{telegramAccount, agendaLease}[round%2]) }},
		{"frozen", func(f *fleet, _ int) {
			thawed := f.freezeHolder(telegramAccount)
			other := f.holder(telegramAccount)
			f.roll(telegramAccount)
			if other == thawed {
				f.t.Error("the thawed process held the lease")
			}
		}},
		{"replaced", func(f *fleet, _ int) {
			f.roll(telegramAccount)
			f.roll(agendaLease)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, 2, people, 2*rounds)
			f.stopChat = f.chat(100 * time.Millisecond)
			for round := range rounds {
				f.broadcast()
				c.trouble(f, round)
			}
			f.finish()
		})
	}
}
