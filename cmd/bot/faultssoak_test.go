package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest"
)

// How hard the soak test works.
const (
	soakRate   = 200 // messages a second from people
	soakPeople = 1000
	soakOffers = 15 * time.Second // between two offers, or more in a long run: nobody may get more than twenty a day
	mostOffers = 19
	soakKeeps  = 30 * time.Second // messages are deleted when they are so old, as an operator's retention would
	soakSmall  = 8 * time.Second
)

// soakFor is how long it runs: RAPPORT_SOAK in make soak, a few seconds in make test, where nothing can be said about
// growth.
func soakFor(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("RAPPORT_SOAK")
	if text == "" {
		return soakSmall
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < soakSmall {
		t.Fatalf("RAPPORT_SOAK is no duration of at least %v: %q", soakSmall, text)
	}
	return d
}

// soak is one service at steady work for a long time.
type soak struct {
	t        *testing.T
	url      string
	db       *persistence.DB
	side     *sqlx.DB
	service  *service
	channel  *crowdChannel
	rate     float64
	asked    int64
	expired  int
	readings []reading
}

// reading is what the service shows at one moment.
type reading struct {
	at                         time.Duration
	resident, goroutines, heap float64 // bytes, number, bytes
	file, wal                  int64   // bytes
	queued                     int     // rows of the outbox that wait
	asked, answered, bulk      int64
}

// TestSoak has people write 200 messages a second while offers go out, and watches memory, goroutines and files.
func TestSoak(t *testing.T) {
	length := soakFor(t)
	if length == soakSmall {
		t.Parallel() // otherwise the memory is to be its own
	}
	dbtest.OnBoth(t, func(t *testing.T, url string) {
		every := max(soakOffers, length/mostOffers)
		s := newSoak(t, url, int(length/every)+1)
		if length == soakSmall {
			s.rate /= 4
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		all, ctx := errgroup.WithContext(ctx)
		all.Go(func() error { return s.service.Run(ctx) })
		if err := s.service.awaitChannels(ctx); err != nil {
			t.Fatal(err)
		}
		s.work(ctx, length, every)
		s.settle(ctx)
		stop()
		if err := all.Wait(); err != nil {
			t.Error(err)
		}
		s.judge(length)
	})
}

// newSoak wires a service with so many offers on a database with people.
func newSoak(t *testing.T, url string, offers int) *soak {
	t.Helper()
	s := &soak{t: t, url: url, rate: soakRate, channel: &crowdChannel{perSecond: 1000}}
	migrate(t, url)
	s.side = writableForTest(t, url)
	settlePeople(t, s.side, crowdName, crowdAccount, soakPeople)
	dir := t.TempDir()
	text := "brand: {name: Nar Coffee, languages: [en, az], timezone: Asia/Baku}\nhttp: {addr: \"\"}\nknowledge: {files: [all.yaml]}\n" +
		strings.Replace(broadcastConfig(offers), "per_day: 20\n  per_week: 20", "per_day: 20\n  per_week: 100", 1)
	writeFiles(t, dir, map[string]string{"rapport.yaml": text, "all.yaml": killArticles})
	set, report := parseSettings(dir+"/rapport.yaml", config.Ignore)
	if report.HasErrors() {
		t.Fatal(report.Problems())
	}
	set.HTTP.Addr = ""
	var err error
	if s.db, err = persistence.Open(t.Context(), url, persistence.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.db.Close(); err != nil {
			t.Error(err)
		}
	})
	s.service, err = wire(t.Context(), s.db, wiring{
		set: set, path: dir + "/rapport.yaml", log: slog.New(slog.DiscardHandler), business: clock.NewMovable(0),
		channels: []conversation.Channel{s.channel}, wait: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// work has people write at the rate, offers become due, and old messages go.
func (s *soak) work(ctx context.Context, length, every time.Duration) {
	s.t.Helper()
	const beat = 50 * time.Millisecond
	tick := time.NewTicker(beat)
	defer tick.Stop()
	begun := time.Now()
	offers, looked, swept := 0, time.Duration(-1), time.Duration(0)
	for {
		d := time.Since(begun)
		if d >= length {
			return
		}
		if int(d/every) >= offers {
			s.broadcast(offers)
			offers++
		}
		if d-looked > max(length/40, time.Second) || looked < 0 {
			looked = d
			s.look(d)
		}
		if d-swept > soakKeeps/3 {
			swept = d
			n, err := s.db.Expire(ctx, persistence.Messages, time.Now().Add(-soakKeeps))
			if err != nil {
				s.t.Fatal(err)
			}
			s.expired += n
		}
		for want := int64(d.Seconds() * s.rate); s.asked < want; {
			s.receive(ctx, min(want-s.asked, 100))
		}
		<-tick.C
	}
}

// receive hands over messages as a poller would.
func (s *soak) receive(ctx context.Context, n int64) {
	s.t.Helper()
	batch := make([]conversation.Inbound, 0, n)
	for range n {
		who := strconv.FormatInt(firstReader+1+s.asked*7%soakPeople, 10)
		batch = append(batch, conversation.Inbound{
			Address: conversation.Address{Channel: crowdName, Account: crowdAccount, Chat: who}, EventID: fmt.Sprint("e", s.asked),
			Kind: conversation.KindMessage, Private: true, Text: killQuestions[s.asked%int64(len(killQuestions))],
			From: conversation.Sender{UserID: who}, At: time.Now(),
		})
		s.asked++
	}
	if err := s.service.engine.Receive(ctx, batch...); err != nil {
		s.t.Fatal(err)
	}
}

// broadcast makes the next offer due.
func (s *soak) broadcast(i int) {
	s.t.Helper()
	if _, err := s.side.Exec(`UPDATE schedules SET cursor_at = cursor_at - 86400000 WHERE name = $1`, "offer/"+offerName(i)); err != nil {
		s.t.Fatal(err)
	}
	s.service.driver.Nudge()
}

var metricLine = regexp.MustCompile(`(?m)^(process_resident_memory_bytes|go_goroutines|go_memstats_heap_inuse_bytes) (\S+)$`)

// look reads the figures as a monitoring system would, and the sizes of the files.
func (s *soak) look(at time.Duration) {
	s.t.Helper()
	page := httptest.NewRecorder()
	s.service.handler.ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	figures := map[string]float64{}
	for _, m := range metricLine.FindAllStringSubmatch(page.Body.String(), -1) {
		v, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			s.t.Fatal(err)
		}
		figures[m[1]] = v
	}
	r := reading{
		at: at, resident: figures["process_resident_memory_bytes"], goroutines: figures["go_goroutines"], heap: figures["go_memstats_heap_inuse_bytes"],
		asked: s.asked, bulk: s.channel.bulk.Load(),
	}
	r.answered = s.channel.sent.Load() - r.bulk
	r.file, r.wal = s.sizes()
	if err := s.side.Get(&r.queued, `SELECT count(*) FROM outbox WHERE state IN (0, 1)`); err != nil {
		s.t.Fatal(err)
	}
	if r.resident == 0 || r.goroutines == 0 {
		s.t.Fatal("GET /metrics tells no memory or no goroutines")
	}
	s.readings = append(s.readings, r)
	s.t.Logf("%6s  resident %5.1f MB  heap %5.1f MB  goroutines %4.0f  file %6.1f MB  log %5.1f MB  waiting %5d  asked %7d  answered %7d  offers %6d",
		r.at.Round(time.Second), r.resident/1e6, r.heap/1e6, r.goroutines, float64(r.file)/1e6, float64(r.wal)/1e6, r.queued, r.asked, r.answered, r.bulk)
}

// sizes are those of the database's file and of SQLite's log.
func (s *soak) sizes() (file, wal int64) {
	s.t.Helper()
	path, ok := strings.CutPrefix(s.url, "sqlite://")
	if !ok {
		if err := s.side.Get(&file, `SELECT pg_database_size(current_database())`); err != nil {
			s.t.Fatal(err)
		}
		return file, 0
	}
	for name, into := range map[string]*int64{path: &file, path + "-wal": &wal} {
		if info, err := os.Stat(name); err == nil {
			*into = info.Size()
		}
	}
	return file, wal
}

// settle waits until everything that was asked is answered.
func (s *soak) settle(ctx context.Context) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for open := 1; open > 0; {
		err := s.side.Get(&open, `SELECT (SELECT count(*) FROM inbox WHERE state = 0) + (SELECT count(*) FROM outbox WHERE state IN (0, 1) AND lane = 0)`)
		if err != nil {
			s.t.Fatal(err)
		}
		select {
		case <-ctx.Done():
			s.t.Fatalf("%d events and answers do not come to rest", open)
		case <-tick.C:
		}
	}
	var epoch int
	if err := s.side.Get(&epoch, `SELECT epoch FROM leases WHERE account = $1`, crowdAccount); err != nil {
		s.t.Fatal(err)
	}
	// A machine that stands still loses its lease, and says again what it may have said.
	answered := s.channel.sent.Load() - s.channel.bulk.Load()
	if answered < s.asked || answered > s.asked && epoch == 1 {
		s.t.Errorf("%d messages were asked and %d answered under %d leases", s.asked, answered, epoch)
	}
}

// judge compares the second quarter of the time with the last: the first is for warming up.
func (s *soak) judge(length time.Duration) {
	s.t.Helper()
	if length < 2*time.Minute {
		return // nothing can be said
	}
	early, late := s.mean(length/4, length/2), s.mean(length*3/4, length)
	s.t.Logf("second quarter: resident %.1f MB, heap %.1f MB, %.0f goroutines at least, file %.1f MB, log %.1f MB",
		early.resident/1e6, early.heap/1e6, early.goroutines, float64(early.file)/1e6, float64(early.wal)/1e6)
	s.t.Logf("last quarter:   resident %.1f MB, heap %.1f MB, %.0f goroutines at least, file %.1f MB, log %.1f MB; %d old rows were deleted",
		late.resident/1e6, late.heap/1e6, late.goroutines, float64(late.file)/1e6, float64(late.wal)/1e6, s.expired)
	if behind := late.asked - late.answered; behind > 2*soakRate {
		s.t.Errorf("this machine did not keep up: %d messages waited for their answers; nothing can be said about growth", behind)
		return
	}
	// What an offer's deliveries take is kept for good: a fact per person.
	facts := float64(late.bulk-early.bulk) * 400
	for _, c := range []struct {
		what        string
		early, late float64
		more        float64
	}{
		{"resident memory", early.resident, late.resident, 0.1*early.resident + 8e6},
		{"goroutines", early.goroutines, late.goroutines, 10},
		{"the database's file", float64(early.file), float64(late.file), 0.15*float64(early.file) + 4e6 + facts},
		{"SQLite's log", float64(early.wal), float64(late.wal), 0.1*float64(early.wal) + 8e6},
	} {
		if c.late > c.early+c.more {
			s.t.Errorf("%s grew from %.0f to %.0f", c.what, c.early, c.late)
		}
	}
}

// mean is the average of the readings of a time. Of goroutines it is the least, since every turn that is under way has
// one: what is left when there are few is what would grow by a leak.
func (s *soak) mean(from, to time.Duration) (m reading) {
	n := 0
	for _, r := range s.readings {
		if r.at < from || r.at > to {
			continue
		}
		if n++; n == 1 || r.goroutines < m.goroutines {
			m.goroutines = r.goroutines
		}
		m.resident, m.heap = m.resident+r.resident, m.heap+r.heap
		m.file, m.wal, m.bulk = m.file+r.file, m.wal+r.wal, m.bulk+r.bulk
		m.asked, m.answered = m.asked+r.asked, m.answered+r.answered
	}
	if n == 0 {
		s.t.Fatal("there are no readings of that time")
	}
	k := float64(n)
	return reading{
		resident: m.resident / k, heap: m.heap / k, goroutines: m.goroutines,
		file: m.file / int64(n), wal: m.wal / int64(n), bulk: m.bulk / int64(n), asked: m.asked / int64(n), answered: m.answered / int64(n),
	}
}
