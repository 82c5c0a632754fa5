package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	telegramlike "github.com/rapport-chat/rapport/sandbox/telegram"
)

// fleet is several processes on one PostgreSQL, a platform whose calls take a while, and people who write and get
// offers all the time.
type fleet struct {
	*killRun
	db       *sqlx.DB
	own      *persistence.DB
	bots     []*process
	door     *door // where webhooks come in; nil when the platform is polled
	sent     int   // offers made due
	troubles int   // after which messages may be unknown or repeated
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

// door hands webhooks to the processes in turn, as a load balancer in front of them would.
type door struct {
	mu    sync.Mutex
	addrs []string // of the living ones
	turn  int
	taken map[string]int
}

// RoundTrip implements http.RoundTripper.
func (d *door) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	if len(d.addrs) == 0 {
		d.mu.Unlock()
		return nil, errors.New("nobody is there")
	}
	d.turn++
	addr := d.addrs[d.turn%len(d.addrs)]
	d.taken[addr]++
	d.mu.Unlock()
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = "http", addr
	return http.DefaultTransport.RoundTrip(r)
}

// shape is what a fleet is made of.
type shape struct {
	people, offers int
	webhooks       bool
}

// newFleet starts two processes and makes people known who want offers.
func newFleet(t *testing.T, sh shape) *fleet {
	t.Helper()
	f := &fleet{stopChat: func() {}}
	cfg := telegramlike.Config{Token: sandboxToken, Limits: telegramlike.Limits{PerSecond: -1, PerChat: -1}}
	if sh.webhooks {
		f.door = &door{taken: map[string]int{}}
		cfg.Webhooks = &http.Client{Transport: f.door}
	}
	like := telegramOf(t, cfg)
	at := served(t, like, dawdle(like.Handler(), 60*time.Millisecond))
	url := migrated.Postgres(t)
	f.killRun = &killRun{t: t, url: url, dir: t.TempDir(), like: like, asked: map[string]int{}, pressed: map[string]int{}}
	files := botConfig(url, at, sandboxToken)
	files["rapport.yaml"] += broadcastConfig(sh.offers)
	if sh.webhooks {
		files["rapport.yaml"] = strings.Replace(files["rapport.yaml"], "  telegram:\n",
			"  telegram:\n    mode: webhook\n    public_url: https://bot.example.com\n", 1)
	}
	writeFiles(t, f.dir, files)
	for range 2 {
		f.startOne()
	}
	f.bot = f.bots[0]
	f.db = writableForTest(t, url)
	own, err := persistence.Open(t.Context(), url, persistence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f.own = own
	t.Cleanup(func() {
		if err := f.own.Close(); err != nil {
			t.Error(err)
		}
	})
	f.welcomeAll(sh.people)
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
	f.openDoor()
	return p
}

var servingAt = regexp.MustCompile(`msg=serving addr=(\S+)`)

// openDoor has webhooks go to the processes that are there now.
func (f *fleet) openDoor() {
	if f.door == nil {
		return
	}
	f.door.mu.Lock()
	defer f.door.mu.Unlock()
	f.door.addrs = nil
	for _, p := range f.bots {
		if at := servingAt.FindStringSubmatch(p.err.String()); at != nil {
			f.door.addrs = append(f.door.addrs, at[1])
		}
	}
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
	f.eventually("offer "+name+" on its way", longest, func() bool {
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
	took, held := await(within, is)
	if !held {
		f.tellState()
		f.t.Fatalf("not within %v: %s", within, what)
	}
	return took
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
