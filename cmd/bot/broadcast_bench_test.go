package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest"
	"github.com/rapport-chat/rapport/texts"
)

// benchEngines are the databases that are measured.
var benchEngines = []struct {
	name string
	url  func(testing.TB) string
}{{"sqlite", dbtest.SQLite}, {"postgres", dbtest.Postgres}}

// fromEnvironment is a number of the environment, or what it is without.
func fromEnvironment(name string, without int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return without
}

// BenchmarkWorker measures the way out alone: a worker claims, calls and settles bulk messages that lie in the
// outbox, in batches, at a platform that takes everything at once.
func BenchmarkWorker(b *testing.B) {
	const backlog, inFlight = 100_000, 1500
	for _, engine := range benchEngines {
		b.Run(engine.name, func(b *testing.B) {
			db := benchDB(b, engine.url(b))
			fillOutbox(b, db, backlog)
			channel := &crowdChannel{}
			w := outbox.New(outbox.Config{
				Store: db.Outbox(), Channel: channel, Account: crowdAccount, Owner: "bench", Business: clock.Real{}, InFlight: inFlight,
			})
			start := time.Now()
			during(b, w.Run, func(ctx context.Context) error {
				return awaitCount(ctx, backlog, func() (int, error) { return int(w.Stats().Sent), nil })
			})
			b.ReportMetric(backlog/time.Since(start).Seconds(), "messages/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// fillOutbox writes n bulk messages.
func fillOutbox(b *testing.B, db *persistence.DB, n int) {
	b.Helper()
	for from := 0; from < n; from += 1000 {
		err := db.Do(b.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			page := make([]conversation.Outgoing, 0, 1000)
			for i := from; i < min(from+1000, n); i++ {
				page = append(page, conversation.Outgoing{
					Key: fmt.Sprintf("offer:1:%d", i), To: conversation.Address{Channel: crowdName, Account: crowdAccount, Chat: strconv.Itoa(firstReader + i)},
					Customer: -1, Lane: conversation.LaneBulk, AfterCrash: conversation.Unknown, Body: conversation.Body{Text: texts.Literal(offerWords)},
				})
			}
			_, err := tx.SendAll(ctx, page)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// awaitCount waits until count has reached want.
func awaitCount(ctx context.Context, want int, count func() (int, error)) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		n, err := count()
		if err != nil || n >= want {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

const (
	crowdName    = "crowd"
	crowdAccount = "crowd:1"
)

// crowdChannel is a platform that takes everything at once, and tells who waits for an answer when it came.
type crowdChannel struct {
	perSecond float64
	bulk      atomic.Int64
	sent      atomic.Int64
	waits     sync.Map // chat: chan time.Time
}

func (c *crowdChannel) Name() string                            { return crowdName }
func (c *crowdChannel) Connect(context.Context) (string, error) { return crowdAccount, nil }
func (c *crowdChannel) Run(ctx context.Context, _ conversation.Receiver) error {
	<-ctx.Done()
	return nil
}

func (c *crowdChannel) Limits() conversation.Limits {
	return conversation.Limits{TextLength: 4096, PerSecond: c.perSecond}
}

func (c *crowdChannel) Send(_ context.Context, s conversation.Sending) (conversation.Receipt, error) {
	if s.Lane == conversation.LaneBulk {
		c.bulk.Add(1)
	} else if wait, ok := c.waits.Load(s.To.Chat); ok {
		select {
		case wait.(chan time.Time) <- time.Now():
		default:
		}
	}
	return conversation.Receipt{MessageID: strconv.FormatInt(c.sent.Add(1), 10)}, nil
}

// BenchmarkBroadcast sends one offer to many people through the whole service, from the audience to the delivery
// records, while twenty people chat. RAPPORT_BENCH_PEOPLE is how many, RAPPORT_BENCH_RATE how many messages a second
// the platform takes; without it as many as there are.
func BenchmarkBroadcast(b *testing.B) {
	people := fromEnvironment("RAPPORT_BENCH_PEOPLE", 30_000)
	rate := float64(fromEnvironment("RAPPORT_BENCH_RATE", 1_000))
	for _, engine := range benchEngines {
		b.Run(fmt.Sprintf("%s/%d", engine.name, people), func(b *testing.B) {
			url := engine.url(b)
			migrated(b, url)
			side := openBeside(b, url)
			settlePeople(b, side, crowdName, crowdAccount, people)
			c := &crowdRun{channel: &crowdChannel{perSecond: rate}, side: side, people: people}
			c.measure(b, benchDB(b, url))
		})
	}
}

// openBeside opens the database for looking and for breaking its schedule.
func openBeside(b *testing.B, url string) *sqlx.DB {
	b.Helper()
	driver, dsn := "postgres", url
	if path, ok := strings.CutPrefix(url, "sqlite://"); ok {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
	}
	db, err := sqlx.ConnectContext(b.Context(), driver, dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

// crowdRun is one broadcast that is measured.
type crowdRun struct {
	channel *crowdChannel
	side    *sqlx.DB
	people  int
	service *service
	events  atomic.Int64
	most    struct{ waiting, resident int }
}

// chatters is how many people write meanwhile, think about how long they think between two messages.
const (
	chatters = 20
	think    = 200 * time.Millisecond
	restFor  = 10 * time.Second
)

func (c *crowdRun) measure(b *testing.B, db *persistence.DB) {
	b.Helper()
	c.wire(b, db)
	during(b, c.service.Run, func(ctx context.Context) error {
		if err := c.service.awaitChannels(ctx); err != nil {
			return err
		}
		if _, err := c.chat(ctx, time.Now().Add(2*time.Second)); err != nil { // everybody is welcomed
			return err
		}
		rest, err := c.chat(ctx, time.Now().Add(restFor))
		if err != nil {
			return err
		}
		busy, took, err := c.broadcast(ctx)
		if err != nil {
			return err
		}
		b.ReportMetric(float64(c.people)/took.Seconds(), "people/s")
		b.ReportMetric(float64(c.most.resident)/1e6, "MB-resident")
		b.ReportMetric(float64(c.most.waiting), "outbox-rows")
		b.ReportMetric(float64(quantile(rest, 0.99).Microseconds())/1e3, "rest-p99-ms")
		b.ReportMetric(float64(quantile(busy, 0.99).Microseconds())/1e3, "busy-p99-ms")
		b.ReportMetric(float64(quantile(busy, 0.99))/float64(quantile(rest, 0.99)), "p99-ratio")
		b.ReportMetric(0, "ns/op")
		return nil
	})
}

// wire builds a service with an offer that is due as soon as its schedule is moved.
func (c *crowdRun) wire(b *testing.B, db *persistence.DB) {
	b.Helper()
	dir := b.TempDir()
	path := dir + "/rapport.yaml"
	text := "brand: {name: Nar Coffee, languages: [en, az], timezone: Asia/Baku}\nhttp: {addr: \"\"}\nknowledge: {files: [all.yaml]}\n" + offerConfig(time.Now())
	for name, content := range map[string]string{path: text, dir + "/all.yaml": killArticles} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	set, report := parseSettings(path, config.Ignore)
	if report.HasErrors() {
		b.Fatal(report.Problems())
	}
	set.HTTP.Addr = ""
	var err error
	c.service, err = wire(b.Context(), db, wiring{
		set: set, path: path, log: slog.New(slog.DiscardHandler), business: clock.NewMovable(0), channels: []conversation.Channel{c.channel}, wait: -1,
	})
	if err != nil {
		b.Fatal(err)
	}
}

// broadcast makes the offer due and waits until everybody has it, while people chat.
func (c *crowdRun) broadcast(ctx context.Context) (busy []time.Duration, took time.Duration, err error) {
	if _, err := c.side.Exec(`UPDATE schedules SET cursor_at = cursor_at - 7200000 WHERE name = 'offer/beans'`); err != nil {
		return nil, 0, err
	}
	start := time.Now()
	c.service.driver.Nudge()
	chat, over := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		var err error
		busy, err = c.chat(chat, time.Now().Add(24*time.Hour))
		done <- err
	}()
	looked := time.Time{}
	err = awaitCount(ctx, c.people, func() (int, error) {
		if time.Since(looked) > 500*time.Millisecond {
			looked = time.Now()
			if err := c.look(); err != nil {
				return 0, err
			}
		}
		return int(c.channel.bulk.Load()), nil
	})
	took = time.Since(start)
	over()
	if chatErr := <-done; chatErr != nil && chat.Err() == nil {
		return nil, took, chatErr
	}
	if err != nil {
		return nil, took, err
	}
	return busy, took, awaitCount(ctx, 1, func() (n int, err error) {
		return n, c.side.Get(&n, `SELECT count(*) FROM occurrences WHERE state = 'finished'`)
	})
}

// look notes the most rows that waited, and the most memory that was resident.
func (c *crowdRun) look() error {
	var waiting int
	if err := c.side.Get(&waiting, `SELECT count(*) FROM outbox WHERE state IN (0, 1)`); err != nil {
		return err
	}
	c.most.waiting = max(c.most.waiting, waiting)
	resident, err := residentBytes()
	c.most.resident = max(c.most.resident, resident)
	return err
}

// residentBytes is this process's memory that is in use. Source: proc(5).
func residentBytes() (int, error) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			kilo, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return kilo * 1024, err
		}
	}
	return 0, fmt.Errorf("/proc/self/status has no VmRSS")
}

// chat has people ask and wait for the answer, think, and ask again. It answers how long each answer took.
func (c *crowdRun) chat(ctx context.Context, until time.Time) ([]time.Duration, error) {
	var mu sync.Mutex
	var took []time.Duration
	var first error
	var people sync.WaitGroup
	for i := range chatters {
		people.Go(func() {
			mine, err := c.chatOne(ctx, i, until)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
			if first == nil {
				first = err
			}
		})
	}
	people.Wait()
	slices.Sort(took)
	return took, first
}

func (c *crowdRun) chatOne(ctx context.Context, i int, until time.Time) (took []time.Duration, err error) {
	who := fmt.Sprint("chatter", i)
	came := make(chan time.Time, 1)
	c.channel.waits.Store(who, came)
	chance := rand.New(rand.NewPCG(7, uint64(i)))
	for time.Now().Before(until) {
		pause := time.NewTimer(think/2 + time.Duration(chance.Int64N(int64(think))))
		select {
		case <-pause.C:
		case <-ctx.Done():
			return took, ctx.Err()
		}
		select { // a second part of the last answer
		case <-came:
		default:
		}
		begun := time.Now()
		err := c.service.engine.Receive(ctx, conversation.Inbound{
			Address: conversation.Address{Channel: crowdName, Account: crowdAccount, Chat: who},
			EventID: fmt.Sprint("e", c.events.Add(1)), Kind: conversation.KindMessage, Private: true, Text: "What are your opening hours?",
			From: conversation.Sender{UserID: who}, At: begun,
		})
		if err != nil {
			return took, err
		}
		select {
		case at := <-came:
			took = append(took, at.Sub(begun))
		case <-ctx.Done():
			return took, ctx.Err()
		}
	}
	return took, nil
}

// quantile of sorted durations, q in 0..1.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*q))]
}
