package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	name      string // "" for crowd
	perSecond float64
	bulk      atomic.Int64
	sent      atomic.Int64
	waits     sync.Map // chat: chan time.Time
}

func (c *crowdChannel) Name() string { return cmp.Or(c.name, crowdName) }

func (c *crowdChannel) Connect(context.Context) (string, error) { return c.Name() + ":1", nil }

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
// records, while twenty people chat: at the 30 messages a second of a real platform, at 1,000, and as fast as it goes.
// The offer is paused and resumed every few seconds, so that answers at rest and meanwhile are measured side by side on
// a machine that others may use too. RAPPORT_BENCH_PEOPLE is how many people, RAPPORT_BENCH_RATE how many messages a
// second the platform takes.
func BenchmarkBroadcast(b *testing.B) {
	people := fromEnvironment("RAPPORT_BENCH_PEOPLE", 0)
	rates := []int{30, 1_000, 1_000_000}
	if rate := fromEnvironment("RAPPORT_BENCH_RATE", 0); rate > 0 {
		rates = []int{rate}
	}
	for _, engine := range benchEngines {
		for _, rate := range rates {
			people := people
			if people == 0 {
				people = min(30*rate, 30_000)
			}
			b.Run(fmt.Sprintf("%s/%d/%d", engine.name, people, rate), func(b *testing.B) {
				url := engine.url(b)
				migrate(b, url)
				side := openBeside(b, url)
				settlePeople(b, side, crowdName, crowdAccount, people)
				c := &crowdRun{channel: &crowdChannel{perSecond: float64(rate)}, side: side, people: people}
				c.talk = c.channel
				if rate < slowPlatform {
					c.talk = &crowdChannel{name: "talk"}
				}
				c.measure(b, benchDB(b, url))
			})
		}
	}
}

// slowPlatform is a rate below which people chat on another account: on the same one it is the pace that makes answers
// wait, which BenchmarkPace measures.
const slowPlatform = 500

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
	talk    *crowdChannel // where people chat
	side    *sqlx.DB
	people  int
	service *service
	events  atomic.Int64
	most    struct{ waiting, resident int }
}

// chatters is how many people write meanwhile, think about how long they think between two messages. A broadcast is
// paused and resumed so many times on its way, to measure answers for a section with it and a section without.
const (
	chatters = 20
	think    = 200 * time.Millisecond
	section  = 3 * time.Second
	sections = 7
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
		got, err := c.broadcast(ctx, db)
		if err != nil {
			return err
		}
		for name, f := range map[string]flow{"people/s": got.alone, "talking-people/s": got.talking} {
			if f.people > 0 {
				b.ReportMetric(f.perSecond(), name)
			}
		}
		b.ReportMetric(float64(c.most.resident)/1e6, "MB-resident")
		b.ReportMetric(float64(c.most.waiting), "outbox-rows")
		for name, q := range map[string]float64{"p50": 0.5, "p99": 0.99} {
			rest, busy := median(got.rest, q), median(got.busy, q)
			b.ReportMetric(rest, "rest-"+name+"-ms")
			b.ReportMetric(busy, "busy-"+name+"-ms")
			b.ReportMetric(busy/rest, name+"-ratio")
		}
		b.ReportMetric(0, "ns/op")
		return nil
	})
}

// median is the median of a quantile over sections, in milliseconds.
func median(sections [][]time.Duration, q float64) float64 {
	all := make([]time.Duration, len(sections))
	for i, s := range sections {
		all[i] = quantile(s, q)
	}
	slices.Sort(all)
	return float64(quantile(all, 0.5).Microseconds()) / 1e3
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
	channels := []conversation.Channel{c.channel}
	if c.talk != c.channel {
		channels = append(channels, c.talk)
	}
	var err error
	c.service, err = wire(b.Context(), db, wiring{
		set: set, path: path, log: slog.New(slog.DiscardHandler), business: clock.NewMovable(0), channels: channels, wait: -1,
	})
	if err != nil {
		b.Fatal(err)
	}
}

// sent is what a broadcast came to.
type sent struct {
	alone, talking flow // while nobody chatted, and while people did
	rest, busy     [][]time.Duration
}

// flow is how many people got the offer in which time.
type flow struct {
	people int
	took   time.Duration
}

// perSecond is 0 where there was no time.
func (f flow) perSecond() float64 {
	if f.took == 0 {
		return 0
	}
	return float64(f.people) / f.took.Seconds()
}

// broadcast makes the offer due and waits until everybody has it. At the beginning and after each further part of the
// people, it lets twenty chat for a section, pauses, and lets them chat for a section at rest.
func (c *crowdRun) broadcast(ctx context.Context, db *persistence.DB) (got sent, err error) {
	if _, err := c.side.Exec(`UPDATE schedules SET cursor_at = cursor_at - 7200000 WHERE name = 'offer/beans'`); err != nil {
		return got, err
	}
	c.service.driver.Nudge()
	for n := range sections + 1 {
		if err := c.flows(ctx, true); err != nil {
			return got, err
		}
		err := got.alone.during(c.channel, func() error { return c.sendUntil(ctx, c.people*n/sections) })
		if err != nil {
			return got, err
		}
		if n == sections || int(c.channel.bulk.Load()) >= c.people {
			break
		}
		if err := c.section(ctx, db, &got); err != nil {
			return got, err
		}
	}
	return got, awaitCount(ctx, 1, func() (n int, err error) {
		return n, c.side.Get(&n, `SELECT count(*) FROM occurrences WHERE state = 'finished'`)
	})
}

// during adds what is sent while do works.
func (f *flow) during(channel *crowdChannel, do func() error) error {
	start, before := time.Now(), channel.bulk.Load()
	err := do()
	f.people, f.took = f.people+int(channel.bulk.Load()-before), f.took+time.Since(start)
	return err
}

// section has people chat while the offer goes out, and while it is paused.
func (c *crowdRun) section(ctx context.Context, db *persistence.DB, got *sent) error {
	err := got.talking.during(c.channel, func() error {
		busy, err := c.chatUntilSent(ctx, time.Now().Add(section))
		if int(c.channel.bulk.Load()) < c.people || len(got.busy) == 0 { // a whole section
			got.busy = append(got.busy, busy)
		}
		return err
	})
	if err != nil || int(c.channel.bulk.Load()) >= c.people {
		return err
	}
	if err := errors.Join(db.Offers().Pause(ctx, "beans", "staff"), c.flows(ctx, false)); err != nil {
		return err
	}
	rest, err := c.chat(ctx, time.Now().Add(section))
	if err != nil {
		return err
	}
	got.rest = append(got.rest, rest)
	if err := db.Offers().Resume(ctx, "beans"); err != nil {
		return err
	}
	c.service.driver.Nudge()
	return nil
}

// flows waits until messages of the offer are sent, or until none is; it does not when everybody has it.
func (c *crowdRun) flows(ctx context.Context, yes bool) error {
	last, since := c.channel.bulk.Load(), time.Now()
	return awaitCount(ctx, 1, func() (int, error) {
		now := c.channel.bulk.Load()
		switch {
		case now != last && yes, int(now) >= c.people, !yes && time.Since(since) > 200*time.Millisecond:
			return 1, nil
		case now != last:
			last, since = now, time.Now()
		}
		return 0, nil
	})
}

// chatUntilSent has people chat until a time, or until everybody has the offer.
func (c *crowdRun) chatUntilSent(ctx context.Context, until time.Time) (took []time.Duration, err error) {
	chat, over := context.WithCancel(ctx)
	defer over()
	done := make(chan error, 1)
	go func() {
		var err error
		took, err = c.chat(chat, until)
		done <- err
	}()
	watch, stop := context.WithDeadline(ctx, until)
	defer stop()
	err = c.sendUntil(watch, c.people)
	if err == nil {
		over() // everybody has it
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = nil
	}
	chatErr := <-done
	if chat.Err() != nil && ctx.Err() == nil {
		chatErr = nil
	}
	return took, errors.Join(err, chatErr)
}

// sendUntil waits until so many people have the offer, and looks meanwhile.
func (c *crowdRun) sendUntil(ctx context.Context, people int) error {
	looked := time.Time{}
	return awaitCount(ctx, people, func() (int, error) {
		if time.Since(looked) > 500*time.Millisecond {
			looked = time.Now()
			if err := c.look(); err != nil {
				return 0, err
			}
		}
		return int(c.channel.bulk.Load()), nil
	})
}

// look notes the most rows that waited, and the most memory that was resident.
func (c *crowdRun) look() error {
	var waiting int
	// By the indexes of either: to read the whole outbox twice a second would be most of what makes answers wait.
	err := c.side.Get(&waiting, `SELECT (SELECT count(*) FROM outbox WHERE state = 0) + (SELECT count(*) FROM outbox WHERE state = 1)`)
	if err != nil {
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
