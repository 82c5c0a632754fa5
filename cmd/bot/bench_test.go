package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest"
)

// BenchmarkConversations measures whole messages: half questions, three tenths balances, two tenths presses, accepted
// in polls of at most a hundred, answered and settled, beside bare transactions on the same database in the same run:
// a plain loop of them, and as many callers as there are conversations. The ratios count; see docs/performance.md.
func BenchmarkConversations(b *testing.B) {
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", dbtest.SQLite}, {"postgres", dbtest.Postgres}} {
		for _, n := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/%d", engine.name, n), func(b *testing.B) {
				loop := bareRate(b, engine.url(b), 1)
				bare := loop
				if n > 1 {
					bare = bareRate(b, engine.url(b), n)
				}
				rate := messageRate(b, engine.url(b), n)
				b.ReportMetric(rate, "messages/s")
				b.ReportMetric(bare, "bare/s")
				b.ReportMetric(rate/bare, "of-bare")
				b.ReportMetric(rate/loop, "of-loop")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// benchFor is how long each side is measured.
const benchFor = 3 * time.Second

func benchDB(b *testing.B, url string) *persistence.DB {
	b.Helper()
	db, err := persistence.Open(b.Context(), url, persistence.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	if err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	return db
}

// bareRate is how many bare turns n callers get done in a second.
func bareRate(b *testing.B, url string, n int) float64 {
	b.Helper()
	db := benchDB(b, url)
	bare, err := persistence.NewBare(b.Context(), db)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), benchFor)
	defer cancel()
	var done, next atomic.Int64
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for ctx.Err() == nil {
				if bare.Turn(ctx, next.Add(1)) == nil {
					done.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / benchFor.Seconds()
}

// messageRate is how many messages of n conversations are accepted, answered and settled in a second. As in the bare
// loop, the answers are left in the outbox.
func messageRate(b *testing.B, url string, n int) float64 {
	b.Helper()
	db := benchDB(b, url)
	set := defaults()
	set.Brand.Name, set.Brand.Languages = "Nar Coffee", []language.Code{language.English}
	set.HTTP.Addr = ""
	set.document = &config.Document{}
	set.content.Articles = []knowledge.Article{
		{ID: "hours", Texts: map[language.Code]knowledge.Text{language.English: {Title: "What are your opening hours?", Answer: "From eight to eleven."}}},
		{ID: "delivery", Texts: map[language.Code]knowledge.Text{language.English: {Title: "Do you deliver coffee to my home?", Answer: "In the whole city."}}},
	}
	store := &countingStore{Store: db.Conversations(), more: make(chan struct{}, 1)}
	channel := &countingChannel{arrived: make(chan struct{}, 1)}
	s, err := wire(b.Context(), db, wiring{
		set: set, log: slog.New(slog.DiscardHandler), business: clock.NewMovable(0),
		channels: []conversation.Channel{channel}, wait: -1, store: store,
	})
	if err != nil {
		b.Fatal(err)
	}
	feeder := &benchFeeder{s: s, channel: channel, n: n}
	during(b, s.Run, feeder.warm)
	var rate float64
	during(b, s.engine.Run, func(ctx context.Context) error {
		start, before := time.Now(), store.settled.Load()
		err := feeder.feed(ctx, store, start.Add(benchFor))
		rate = float64(store.settled.Load()-before) / time.Since(start).Seconds()
		return err
	})
	return rate
}

// during runs something beside work.
func during(b *testing.B, run, work func(ctx context.Context) error) {
	b.Helper()
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	err := work(ctx)
	stop()
	if err := errors.Join(err, <-ended); err != nil {
		b.Fatal(err)
	}
}

// countingStore counts what was settled.
type countingStore struct {
	conversation.Store
	settled atomic.Int64
	more    chan struct{}
}

func (c *countingStore) Settle(ctx context.Context, t conversation.Turn, commit conversation.Commit) error {
	err := c.Store.Settle(ctx, t, commit)
	if err == nil {
		c.settled.Add(int64(len(t.Parts)))
		select {
		case c.more <- struct{}{}:
		default:
		}
	}
	return err
}

// countingChannel is a platform that takes everything at once.
type countingChannel struct {
	sent    atomic.Int64
	arrived chan struct{}
	tokens  sync.Map // chat: token of the newest "yes" button
}

func (c *countingChannel) Name() string                            { return "bench" }
func (c *countingChannel) Connect(context.Context) (string, error) { return "bench:1", nil }
func (c *countingChannel) Run(ctx context.Context, _ conversation.Receiver) error {
	<-ctx.Done()
	return nil
}

func (c *countingChannel) Limits() conversation.Limits {
	return conversation.Limits{TextLength: 4096, PerSecond: 1e6, PerChat: 0}
}

func (c *countingChannel) Send(_ context.Context, s conversation.Sending) (conversation.Receipt, error) {
	for _, row := range s.Body.Rows {
		for _, button := range row {
			if button.Action.Verb == "yes" {
				c.tokens.Store(s.To.Chat, button.Token)
			}
		}
	}
	n := c.sent.Add(1)
	select {
	case c.arrived <- struct{}{}:
	default:
	}
	return conversation.Receipt{MessageID: fmt.Sprint(n)}, nil
}

// benchFeeder hands over messages as a poller would: up to a hundred at once, no more than a few hundred ahead.
type benchFeeder struct {
	s       *service
	channel *countingChannel
	n       int
	events  int64
	handed  int64 // messages that will be answered by one message each
}

const (
	pollSize  = 100 // updates in one poll; source: core.telegram.org/bots/api#getupdates
	pollAhead = 400
)

// warm gets the welcomes out of the way, and an answer to press under.
func (f *benchFeeder) warm(ctx context.Context) error {
	for i := range f.n {
		if err := f.s.engine.Receive(ctx, f.event(i, "/start")); err != nil {
			return err
		}
	}
	if err := f.until(ctx, int64(2*f.n)); err != nil {
		return err
	}
	for i := range f.n {
		if err := f.s.engine.Receive(ctx, f.event(i, "What are your opening hours?")); err != nil {
			return err
		}
	}
	f.handed = int64(3 * f.n)
	return f.until(ctx, f.handed)
}

func (f *benchFeeder) feed(ctx context.Context, store *countingStore, end time.Time) error {
	handed := store.settled.Load()
	settled := func(want int64) error {
		for store.settled.Load() < want {
			select {
			case <-store.more:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}
	for time.Now().Before(end) {
		batch := make([]conversation.Inbound, 0, pollSize)
		for len(batch) < pollSize {
			k := f.events
			chat := int(k) % f.n
			switch k % 10 {
			case 0, 2, 4, 6, 8:
				batch = append(batch, f.event(chat, []string{"What are your opening hours?", "Do you deliver coffee to my home?"}[k/2%2]))
			case 1, 3, 5:
				batch = append(batch, f.event(chat, "/balance"))
			default:
				batch = append(batch, f.press(chat))
			}
		}
		if err := f.s.engine.Receive(ctx, batch...); err != nil {
			return err
		}
		handed += int64(len(batch))
		if err := settled(handed - pollAhead); err != nil {
			return err
		}
	}
	return settled(handed)
}

// until waits until so many messages have been sent.
func (f *benchFeeder) until(ctx context.Context, sent int64) error {
	for f.channel.sent.Load() < sent {
		select {
		case <-f.channel.arrived:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (f *benchFeeder) event(chat int, text string) conversation.Inbound {
	f.events++
	in := conversation.Inbound{
		Address: conversation.Address{Channel: "bench", Account: "bench:1", Chat: fmt.Sprint("chat", chat)},
		EventID: fmt.Sprint(f.events), Kind: conversation.KindMessage, Private: true, Text: text,
		From: conversation.Sender{UserID: fmt.Sprint("user", chat)}, At: time.Now(),
	}
	if text[0] == '/' {
		in.Command = text[1:]
	}
	return in
}

func (f *benchFeeder) press(chat int) conversation.Inbound {
	in := f.event(chat, "yes")
	token, _ := f.channel.tokens.Load(in.Chat)
	in.Kind, in.Text = conversation.KindPress, ""
	in.Token, _ = token.(string)
	return in
}
