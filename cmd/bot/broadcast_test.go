package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	telegramlike "github.com/rapport-chat/rapport/sandbox/telegram"
)

// firstReader is the user id of the first invented reader of a broadcast; the others follow it.
const firstReader = 800_000_000

// offerWords is how readers know the offer.
const offerWords = "Fifteen percent off all beans"

// migrate brings the schema of a test's database up.
func migrate(t testing.TB, url string) {
	t.Helper()
	db, err := persistence.Open(t.Context(), url, persistence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// settle writes n people who talk with an account and agreed to offers, straight into the tables: as many as are
// wanted here would take an hour one by one.
func settlePeople(t testing.TB, db *sqlx.DB, channel, account string, n int) {
	t.Helper()
	const each = `WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < %d) `
	now := time.Now().Add(-24 * time.Hour).UnixMilli()
	steps := []string{
		`INSERT INTO customers (id, root_id, spoken, welcomed_at, offers_asked_at, created_at) ` + each +
			fmt.Sprintf(`SELECT i, i, 'en', %d, %d, %d FROM g`, now, now, now),
		`INSERT INTO identities (id, customer_id, channel, user_id, created_at) ` + each +
			fmt.Sprintf(`SELECT i, i, '%s', CAST(i + %d AS text), %d FROM g`, channel, firstReader, now),
		`INSERT INTO conversations (id, account, chat, channel, private, customer_id, identity_id, created_at, last_in_at) ` + each +
			fmt.Sprintf(`SELECT i, '%s', CAST(i + %d AS text), '%s', 1, i, i, %d, %d FROM g`, account, firstReader, channel, now, now),
		`INSERT INTO consents (id, key, customer_id, root_id, channel, topic, granted, wording, way, given_at) ` + each +
			fmt.Sprintf(`SELECT i, 'import:' || CAST(i AS text), i, i, '%s', 'offers', 1, 'consent.question/1', 'import', %d FROM g`, channel, now),
		`INSERT INTO consents_in_force (customer_id, channel, topic, granted, consent_id, given_at) ` + each +
			fmt.Sprintf(`SELECT i, '%s', 'offers', 1, i, %d FROM g`, channel, now),
	}
	for _, step := range steps {
		if _, err := db.Exec(fmt.Sprintf(step, n)); err != nil {
			t.Fatal(err)
		}
	}
	if db.DriverName() != "postgres" {
		return
	}
	for _, table := range []string{"customers", "identities", "conversations", "consents"} {
		if _, err := db.Exec(fmt.Sprintf(`SELECT setval(pg_get_serial_sequence('%s', 'id'), (SELECT max(id) FROM %s) + 1)`, table, table)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec("ANALYZE"); err != nil {
		t.Fatal(err)
	}
}

// broadcast is a service with an offer that is due, and a platform with readers.
type broadcast struct {
	*killRun
	people  int
	db      *sqlx.DB
	barrier *barrier
}

// barrier stands before a platform and lets a number of messages through. The others are told to come again.
type barrier struct {
	holds
	shut atomic.Bool
	left atomic.Int64 // while it is shut
}

// ServeHTTP implements http.Handler.
func (b *barrier) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if sends(r) && b.shut.Load() && b.left.Add(-1) < 0 {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1","parameters":{"retry_after":1}}`)
		return
	}
	b.holds.ServeHTTP(w, r)
}

// newBroadcast prepares an offer to n people that becomes due when the service starts next.
func newBroadcast(t testing.TB, url string, n int, limits telegramlike.Limits) *broadcast {
	t.Helper()
	return newBroadcastOf(t, url, n, limits, offerConfig(time.Now()))
}

// newBroadcastOf is newBroadcast with offers of the test's own beside it.
func newBroadcastOf(t testing.TB, url string, n int, limits telegramlike.Limits, offers string) *broadcast {
	t.Helper()
	like := telegramOf(t, telegramlike.Config{Token: sandboxToken, Limits: limits})
	ahead := &barrier{holds: holds{next: like.Handler()}}
	at := served(t, like, ahead)
	for i := 1; i <= n; i++ {
		if _, err := like.Introduce(lookalike.Person{Name: readerName(i), ID: strconv.Itoa(firstReader + i), Locale: "en"}); err != nil {
			t.Fatal(err)
		}
	}
	b := &broadcast{killRun: &killRun{t: t, url: url, dir: t.TempDir(), like: like}, people: n, barrier: ahead}
	files := botConfig(url, at, sandboxToken)
	files["rapport.yaml"] += offers
	writeFiles(t, b.dir, files)
	migrate(t, url)
	b.db = writableForTest(t, url)
	account, _, _ := strings.Cut(sandboxToken, ":")
	settlePeople(t, b.db, "telegram", "telegram:"+account, n)
	b.start() // it hears of the schedule, which has no past
	if code := b.bot.stop(t); code != 0 {
		t.Fatalf("the service ended with %d: %s", code, b.bot.err)
	}
	if _, err := b.db.Exec(`UPDATE schedules SET cursor_at = cursor_at - 7200000 WHERE name = 'offer/beans'`); err != nil {
		t.Fatal(err)
	}
	return b
}

// offerConfig is an offer that was due half an hour ago, to everybody, at any hour.
func offerConfig(now time.Time) string {
	baku := time.FixedZone("Baku", 4*60*60)
	return fmt.Sprintf(`
proactive: {per_day: 20, per_week: 100, quiet: none}
offers:
  beans:
    at: %s
    text: {en: "%s.", az: "Bütün qəhvə dənələrinə 15%% endirim."}
`, now.Add(-30*time.Minute).In(baku).Format("2006-01-02T15:04"), offerWords)
}

func readerName(i int) string { return fmt.Sprintf("reader%06d", i) }

// got counts how many readers have the offer, and how many of them more than once.
func (b *broadcast) got() (once, twice int, missing []int) {
	for i := 1; i <= b.people; i++ {
		n := 0
		for _, m := range b.like.Chat(readerName(i), "") {
			if m.From == "bot" && strings.Contains(m.Text, offerWords) {
				n++
			}
		}
		switch {
		case n == 0:
			missing = append(missing, i)
		case n == 1:
			once++
		default:
			twice++
		}
	}
	return once, twice, missing
}

// until waits for so many messages to be settled as sent or unknown, and checks on the way that the offer is not
// called finished before everybody has had it.
func (b *broadcast) until(settled int) {
	b.t.Helper()
	deadline := time.Now().Add(restWithinTest + time.Duration(b.people)*time.Second/20)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		n, finished := b.state()
		if finished && n < b.people {
			b.t.Fatalf("finished, while %d of %d are missing", b.people-n, b.people)
		}
		if n >= settled {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%d of %d messages are settled; the service said\n%s", n, settled, tail(b.bot.err.String()))
		}
		<-tick.C
	}
}

// state is how many deliveries are settled, and whether the offer is called finished.
func (b *broadcast) state() (settled int, finished bool) {
	b.t.Helper()
	var row struct {
		Settled  int
		Finished int
	}
	err := b.db.Get(&row, `SELECT (SELECT count(*) FROM deliveries WHERE state IN ('sent', 'unknown')) AS settled,
		(SELECT count(*) FROM occurrences WHERE state = 'finished') AS finished`)
	if err != nil {
		b.t.Fatal(err)
	}
	return row.Settled, row.Finished > 0
}

// finish waits for the end.
func (b *broadcast) finish() {
	b.t.Helper()
	b.until(b.people)
	deadline := time.Now().Add(restWithinTest)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for _, finished := b.state(); !finished; _, finished = b.state() {
		if time.Now().After(deadline) {
			b.t.Fatalf("it is never finished; the service said\n%s", tail(b.bot.err.String()))
		}
		<-tick.C
	}
}

// refusals counts the calls that the platform refused for their pace.
func (b *broadcast) refusals() (n int) {
	for _, c := range b.like.Calls(0) {
		if c.Status == http.StatusTooManyRequests {
			n++
		}
	}
	return n
}

// broadcastSize is how many people get the offer and how often the process ends meanwhile: small in make test, large
// in make test-faults.
func broadcastSize() (people, ends int) {
	if os.Getenv("RAPPORT_FAULTS") == "full" {
		return 2000, 20
	}
	return 120, 2
}

// TestFaultStopDuringABroadcast ends the process again and again while it sends, at the platform's real pace: nobody
// is skipped, nobody gets it twice, and no call is left in doubt.
func TestFaultStopDuringABroadcast(t *testing.T) {
	t.Parallel()
	migrated.OnBoth(t, func(t *testing.T, url string) {
		t.Parallel()
		people, ends := broadcastSize()
		b := newBroadcast(t, url, people, telegramlike.Limits{})
		b.start()
		for i := range ends {
			b.until(people * (i + 1) / (ends + 2))
			if err := b.bot.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if code := b.bot.wait(t); code != 0 {
				t.Errorf("the service ended with %d: %s", code, tail(b.bot.err.String()))
			}
			if n := b.sending(); n != 0 {
				t.Errorf("%d messages were left in flight", n)
			}
			b.start()
		}
		b.finish()
		once, twice, missing := b.got()
		publishOffer(t, people, once, twice, 0, fmt.Sprintf("stopped %d times, %d refusals", ends, b.refusals()))
		if once != people || twice > 0 {
			t.Errorf("of %d people %d got it once, %d twice, %d not at all", people, once, twice, len(missing))
		}
		// On a machine that is busy with other tests a call may reach the platform later than the pace allows for; the
		// pace itself is tried in virtual time, without any refusal.
		if n := b.refusals(); n > ends {
			t.Errorf("the platform refused %d calls", n)
		}
		if code := b.bot.stop(t); code != 0 {
			t.Errorf("the service ended with %d: %s", code, b.bot.err)
		}
	})
}

// sending is how many messages a process has left in flight.
func (b *broadcast) sending() (n int) {
	b.t.Helper()
	if err := b.db.Get(&n, `SELECT count(*) FROM outbox WHERE state = 1`); err != nil {
		b.t.Fatal(err)
	}
	return n
}

// TestFaultKillDuringABroadcast kills the process instead: nobody gets it twice, and who did not get it is among the
// few whose call was in flight, which are recorded as unknown.
func TestFaultKillDuringABroadcast(t *testing.T) {
	t.Parallel()
	migrated.OnBoth(t, func(t *testing.T, url string) {
		t.Parallel()
		people, ends := broadcastSize()
		ends = max(1, ends/2) // the next process waits for the lease to end
		late := lateness(t)
		b := newBroadcast(t, url, people, telegramlike.Limits{})
		b.start()
		for i := range ends {
			b.until(people * (i + 1) / (ends + 2))
			b.bot.kill()
			b.start()
		}
		b.finish()
		once, twice, missing := b.got()
		unknown := map[int]bool{}
		var roots []int
		if err := b.db.Select(&roots, `SELECT root_id FROM deliveries WHERE state = 'unknown'`); err != nil {
			t.Fatal(err)
		}
		for _, who := range roots {
			unknown[who] = true
		}
		publishOffer(t, people, once, twice, len(unknown), fmt.Sprintf("killed %d times, %d refusals", ends, b.refusals()))
		if twice > 0 {
			t.Errorf("%d people got it twice", twice)
		}
		for _, who := range missing {
			if !unknown[who] {
				t.Errorf("reader %d was skipped and is not recorded as unknown", who)
			}
		}
		if most := ends * 16; len(unknown) > most {
			t.Errorf("%d calls are unknown after %d kills, more than were in flight", len(unknown), ends)
		}
		// What a dead process had on the wire counts when it arrives, which may be after its successor has begun: once in
		// each kill, and on a machine that stands still as often as the platform's clock went on meanwhile.
		if n := b.refusals(); n > ends+int(telegramRate*late().Seconds()) {
			t.Errorf("the platform refused %d calls after %d kills", n, ends)
		}
	})
}

// command runs the program once and answers what it printed.
func (b *broadcast) command(args ...string) string {
	b.t.Helper()
	p := startBot(b.t, b.dir, nil, args...)
	if code := p.wait(b.t); code != 0 {
		b.t.Fatalf("%v ended with %d: %s", args, code, p.err)
	}
	return p.out.String()
}

// TestPauseAndResumeABroadcast holds a broadcast from another process, as an operator does.
func TestPauseAndResumeABroadcast(t *testing.T) {
	t.Parallel()
	const people = 90
	b := newBroadcast(t, migrated.SQLite(t), people, telegramlike.Limits{})
	b.barrier.left.Store(people / 4) // so that the rest is still there when it is paused, however long that takes
	b.barrier.shut.Store(true)
	b.start()
	b.bot.until(t, "a broadcast begins")
	b.until(people / 4)
	b.command("offers", "pause", "beans")
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for b.sending() > 0 {
		<-tick.C
	}
	held, _ := b.state()
	b.barrier.shut.Store(false)
	for range 40 { // longer than whoever was told to come again waits
		<-tick.C
	}
	if _, ok := b.askAndWait("asker"); !ok {
		t.Error("nobody is answered while an offer is paused")
	}
	if now, finished := b.state(); now != held || finished || held == people {
		t.Errorf("%d were settled when it was paused, %d later; finished: %v", held, now, finished)
	}
	if out := b.command("offers", "list"); !strings.Contains(out, "paused (staff)") || !strings.Contains(out, fmt.Sprintf("%d sent", held)) {
		t.Errorf("the list does not say that it is paused after %d:\n%s", held, out)
	}
	b.command("offers", "resume", "beans")
	b.finish()
	if once, twice, missing := b.got(); once != people || twice > 0 {
		t.Errorf("of %d people %d got it once, %d twice, %d not at all", people, once, twice, len(missing))
	}
	if out := b.command("offers", "list"); !strings.Contains(out, "finished, 90 sent, 0 failed") || !strings.Contains(out, "90 people today") {
		t.Errorf("the list in the end:\n%s", out)
	}
}
