package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	discordlike "github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	slacklike "github.com/rapport-chat/rapport/sandbox/slack"
	telegramlike "github.com/rapport-chat/rapport/sandbox/telegram"
)

// faultsInFull says that the fault tests are to run at full size, as in make test-faults.
func faultsInFull() bool { return os.Getenv("RAPPORT_FAULTS") == "full" }

// town is the whole service as real processes, and the three platforms at once, full of people.
type town struct {
	t        *testing.T
	url, dir string
	telegram *telegramlike.Lookalike
	discord  *discordlike.Lookalike
	slack    *slacklike.Lookalike
	holds    map[string]*holds // by platform
	db       *sqlx.DB
	bots     []*process
	env      []string
	people   []*soul

	troubles int // how often something was broken
	repeats  int // messages that may be seen twice for it
	doubtful int // messages that may be lost for it, and are recorded as unknown
}

// soul is a person on one platform. What it has done is read and written by one goroutine at a time.
type soul struct {
	platform lookalike.Platform
	name     string
	said     int // messages, questions among them
	asked    int // questions
	pressed  int // presses that the platform took
	refused  int // presses that it showed as failed: the service may have taken them nevertheless
}

// newTown starts the platforms, of which the pace is not tried here, and people on each. The processes are started by
// the caller.
func newTown(t *testing.T, url string, people int) *town {
	t.Helper()
	w := &town{t: t, url: url, dir: t.TempDir(), holds: map[string]*holds{}}
	var err error
	if w.telegram, err = telegramlike.New(telegramlike.Config{Token: sandboxToken, Limits: telegramlike.Limits{PerSecond: -1, PerChat: -1}}); err != nil {
		t.Fatal(err)
	}
	discord, slack := discordlike.Limits{PerSecond: -1, PerChannel: -1, Identify: -1}, slacklike.Unlimited
	slack.Retries = []time.Duration{0, time.Second, 2 * time.Second}
	if faultsInFull() {
		discord.Identify, slack.Retries = 0, nil // five seconds between two sessions; minutes before an event comes again
	}
	if w.discord, err = discordlike.New(discordlike.Config{Limits: discord}); err != nil {
		t.Fatal(err)
	}
	if w.slack, err = slacklike.New(slacklike.Config{Limits: slack}); err != nil {
		t.Fatal(err)
	}
	urls := map[string]string{}
	for _, p := range w.platforms() {
		w.holds[p.Name()] = &holds{next: p.Handler()}
		srv, err := lookalike.Listen(t.Context(), "127.0.0.1:0", w.holds[p.Name()])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := errors.Join(p.Close(), srv.Close()); err != nil {
				t.Error(err)
			}
		})
		urls[p.Name()] = srv.URL()
		for i := range people {
			w.people = append(w.people, &soul{platform: p, name: fmt.Sprintf("p%03d", i)})
		}
	}
	files := botConfig(url, urls["telegram"], sandboxToken)
	files["rapport.yaml"] = strings.Replace(files["rapport.yaml"], "knowledge:\n", fmt.Sprintf(
		"  discord: {token: %q, api_url: %q}\n  slack: {bot_token: %q, app_token: %q, api_url: %q}\nknowledge:\n",
		w.discord.Token(), urls["discord"], w.slack.BotToken(), w.slack.AppToken(), urls["slack"]+"/api/"), 1)
	writeFiles(t, w.dir, files)
	return w
}

func (w *town) platforms() []lookalike.Platform {
	return []lookalike.Platform{w.telegram, w.discord, w.slack}
}

// startOne starts a process and returns when it is connected to every platform.
func (w *town) startOne() *process {
	w.t.Helper()
	p := startBot(w.t, w.dir, w.env, "run")
	w.bots = append(w.bots, p)
	for _, name := range everyPlatform {
		p.until(w.t, "msg=connected channel="+name)
	}
	return p
}

// everyPlatform are the names of the platforms on which a town lives.
var everyPlatform = []string{"telegram", "discord", "slack"}

// open starts so many processes, has everybody say hello, and waits until all are welcomed: who has not been heard of
// before is not known to a bot on Discord that was not there.
func (w *town) open(processes int) {
	w.t.Helper()
	for range processes {
		w.startOne()
	}
	if err := errors.Join(w.discord.Online(w.t.Context()), w.slack.Online(w.t.Context())); err != nil {
		w.t.Fatal(err)
	}
	w.db = writableForTest(w.t, w.url)
	w.together(func(s *soul) {
		w.say(s, "/start")
	})
	w.rest()
	w.together(func(s *soul) { w.ask(s, 0) })
	w.rest()
}

// together has everybody do something, each platform's people one after another, the platforms side by side.
func (w *town) together(do func(s *soul)) {
	var all sync.WaitGroup
	for _, p := range w.platforms() {
		all.Go(func() {
			for _, s := range w.people {
				if s.platform == p {
					do(s)
				}
			}
		})
	}
	all.Wait()
}

func (w *town) say(s *soul, text string) {
	if _, err := s.platform.Say(context.Background(), lookalike.Say{As: s.name, Text: text}); err != nil {
		w.t.Errorf("%s on %s cannot write: %v", s.name, s.platform.Name(), err)
		return
	}
	s.said++
}

func (w *town) ask(s *soul, i int) {
	s.asked++
	w.say(s, killQuestions[i%len(killQuestions)])
}

// press says that the first answer has helped. Without the service, Discord and Slack show at once or after three
// seconds that it failed.
func (w *town) press(s *soul) {
	first := w.answersTo(s)
	if len(first) == 0 {
		return // the answer has not come yet
	}
	err := s.platform.Press(context.Background(), lookalike.Press{As: s.name, Label: "Yes", Message: first[0].ID})
	switch {
	case err == nil:
		s.pressed++
	case errors.Is(err, lookalike.ErrRefused):
		s.refused++
	default:
		w.t.Errorf("%s on %s cannot press: %v", s.name, s.platform.Name(), err)
	}
}

// answersTo are the answers that a person sees.
func (w *town) answersTo(s *soul) []lookalike.Message {
	return slices.DeleteFunc(s.platform.Chat(s.name, ""), func(m lookalike.Message) bool {
		return m.From != "bot" || !strings.Contains(m.Text, "Did this help?")
	})
}

// on are the people of one platform.
func (w *town) on(p lookalike.Platform) (all []*soul) {
	for _, s := range w.people {
		if s.platform == p {
			all = append(all, s)
		}
	}
	return all
}

// fault makes every platform misbehave.
func (w *town) fault(f lookalike.Fault) {
	w.t.Helper()
	for _, p := range w.platforms() {
		if err := p.Fault(w.t.Context(), f); err != nil {
			w.t.Fatal(err)
		}
	}
}

// eventually waits until is holds.
func (w *town) eventually(what string, within time.Duration, is func() bool) time.Duration {
	w.t.Helper()
	took, held := await(within, is)
	if !held {
		w.tellState()
		w.t.Fatalf("not within %v: %s", within, what)
	}
	return took
}

// rest waits until the platforms and the database have nothing left to do, unbroken for a moment.
func (w *town) rest() { w.t.Helper(); w.restBut("0 = 1") }

// restBut does not wait for messages for which a condition holds.
func (w *town) restBut(except string) {
	w.t.Helper()
	query := `SELECT (SELECT count(*) FROM inbox WHERE state = 0) + (SELECT count(*) FROM outbox WHERE state IN (0, 1) AND NOT (` + except + `))`
	calm := 0
	w.eventually("everything at rest", restWithinTest, func() bool {
		var open int
		if err := w.db.Get(&open, query); err != nil {
			open = 1 // the database may be what is broken
		}
		calm++
		if open > 0 || len(w.busy()) > 0 {
			calm = 0
		}
		return calm >= 8
	})
}

// busy is what the platforms have left to do.
func (w *town) busy() (busy []string) {
	for _, p := range w.platforms() {
		busy = append(busy, p.Busy()...)
	}
	return busy
}

// tellState logs what there is to know about a run that does not go on.
func (w *town) tellState() {
	w.t.Helper()
	w.t.Log(w.busy())
	for i, p := range w.bots {
		w.t.Logf("process %d said\n%s", i, tail(p.err.String()))
	}
	for _, query := range []string{
		`SELECT 'lease ' || account || ' ' || owner || ' until ' || expires_at FROM leases`,
		`SELECT count(*) || ' messages in state ' || state || ' on ' || channel || ' ' || error_code FROM outbox GROUP BY state, channel, error_code`,
		`SELECT count(*) || ' events in state ' || state || ' of ' || account || ' ' || cause FROM inbox GROUP BY state, account, cause`,
	} {
		var lines []string
		if err := w.db.Select(&lines, query); err != nil {
			w.t.Log(err)
		}
		w.t.Log(strings.Join(lines, "; "))
	}
}

// stop ends every process in order.
func (w *town) stop() {
	w.t.Helper()
	for _, p := range w.bots {
		if code := p.stop(w.t); code != 0 {
			w.t.Errorf("a process ended with %d: %s", code, tail(p.err.String()))
		}
	}
	w.bots = nil
}
