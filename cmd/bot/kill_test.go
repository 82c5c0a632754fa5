package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq" // the test looks into the database beside the program
	_ "modernc.org/sqlite"

	"github.com/rapport-chat/rapport/persistence/dbtest"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	telegramlike "github.com/rapport-chat/rapport/sandbox/telegram"
)

// killArticles answer for certain.
const killArticles = `articles:
  hours:
    en: {title: "What are your opening hours?", phrasings: ["When are you open?", "opening hours please"], answer: "We are open from eight to eleven."}
  delivery:
    en: {title: "Do you deliver coffee to my home?", phrasings: ["home delivery of coffee", "can you deliver coffee"], answer: "We deliver in the whole city."}
  returns:
    en: {title: "How do I return a coffee machine?", phrasings: ["return my coffee machine", "I want to give the machine back"], answer: "Bring it within fourteen days."}
  wifi:
    en: {title: "What is the wifi password?", phrasings: ["wifi password please", "how do I get on the wifi"], answer: "It is on your receipt."}
`

// killSize is how much happens in the test: small in make test, large in make test-faults.
type killSize struct{ kills, messages, presses, people int }

func sizeOfKill() killSize {
	if os.Getenv("RAPPORT_FAULTS") == "full" {
		return killSize{kills: 20, messages: 2000, presses: 500, people: 100}
	}
	return killSize{kills: 3, messages: 90, presses: 24, people: 30}
}

var killQuestions = []string{"What are your opening hours?", "Do you deliver coffee to my home?", "How do I return a coffee machine?", "wifi password please"}

// TestKill kills the real process again and again while people write and press. Every message is answered, every
// press has its effect once, and no answer is repeated but those that were in flight at a kill.
func TestKill(t *testing.T) {
	dbtest.OnBoth(t, func(t *testing.T, url string) {
		size := sizeOfKill()
		k := newKillRun(t, url)
		k.start()
		k.welcomeAll(size.people)
		k.rest()
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		chance := rand.New(rand.NewPCG(seed, 1))
		steps := k.steps(size, chance)
		every := len(steps) / (size.kills + 1)
		for i, step := range steps {
			step()
			if i%every == every-1 && i/every < size.kills {
				k.killSoon(time.Duration(chance.IntN(400)) * time.Millisecond)
			}
		}
		k.rest()
		k.check(size)
		if code := k.bot.stop(t); code != 0 {
			t.Errorf("the service ended with %d: %s", code, k.bot.err)
		}
	})
}

// killRun is one run of the test on one database.
type killRun struct {
	t       testing.TB
	url     string
	dir     string
	like    *telegramlike.Lookalike
	bot     *process
	asked   map[string]int // questions by person
	pressed map[string]int // distinct presses by person
	people  []string
	kills   int
}

func newKillRun(t *testing.T, url string) *killRun {
	// The platform's pace is not what is tried here: it would only make the test long.
	like := telegramOf(t, telegramlike.Config{Token: sandboxToken, Limits: telegramlike.Limits{PerSecond: -1, PerChat: -1}})
	at := served(t, like, like.Handler())
	k := &killRun{t: t, url: url, dir: t.TempDir(), like: like, asked: map[string]int{}, pressed: map[string]int{}}
	writeFiles(t, k.dir, botConfig(url, at, sandboxToken))
	return k
}

func (k *killRun) start() {
	k.bot = startBot(k.t, k.dir, nil, "run")
	k.bot.until(k.t, "connected")
}

// killSoon lets the process live a little, kills it and starts it again.
func (k *killRun) killSoon(after time.Duration) {
	<-time.After(after)
	k.bot.kill()
	k.kills++
	k.start()
}

func (k *killRun) say(who, text string) {
	if _, err := k.like.Say(k.t.Context(), lookalike.Say{As: who, Text: text}); err != nil {
		k.t.Fatal(err)
	}
}

// welcomeAll gets the first contact out of the way, so that each later message has one answer.
func (k *killRun) welcomeAll(people int) {
	for i := range people {
		who := fmt.Sprintf("p%03d", i)
		k.people = append(k.people, who)
		k.say(who, "/start")
	}
}

// steps are the messages and presses in a shuffled order. A press needs an answer to stand under: the first one.
func (k *killRun) steps(size killSize, chance *rand.Rand) []func() {
	for _, who := range k.people {
		k.ask(who, 0)
	}
	k.rest()
	var steps []func()
	for i := range size.messages - len(k.people) {
		steps = append(steps, func() { k.ask(k.people[i%len(k.people)], i) })
	}
	for i := range size.presses {
		who := k.people[i%len(k.people)]
		steps = append(steps, func() { k.press(who) })
	}
	chance.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	return steps
}

func (k *killRun) ask(who string, i int) {
	k.asked[who]++
	k.say(who, killQuestions[i%len(killQuestions)])
}

// press says that the first answer has helped; the second time it is a double press.
func (k *killRun) press(who string) {
	for _, m := range k.like.Chat(who, "") {
		if m.From == "bot" && strings.Contains(m.Text, "Did this help?") {
			if err := k.like.Press(k.t.Context(), lookalike.Press{As: who, Label: "Yes", Message: m.ID}); err != nil {
				k.t.Fatal(err)
			}
			k.pressed[who]++
			return
		}
	}
	k.t.Fatalf("%s has nothing to press", who)
}

// rest waits until everything that was written is settled and sent, looking into the database.
func (k *killRun) rest() {
	k.t.Helper()
	db := openForTest(k.t, k.url)
	deadline := time.Now().Add(restWithinTest)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	calm := 0
	for calm < 3 {
		var open int
		err := db.Get(&open, `SELECT (SELECT count(*) FROM inbox WHERE state = 0) + (SELECT count(*) FROM outbox WHERE state IN (0, 1))`)
		if err != nil {
			k.t.Fatal(err)
		}
		calm++
		if open > 0 || len(k.like.Busy()) > 0 {
			calm = 0
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("%d events and messages do not come to rest; %v; the service said\n%s", open, k.like.Busy(), tail(k.bot.err.String()))
		}
		<-tick.C
	}
}

// tail is the end of a long output.
func tail(s string) string { return s[max(0, len(s)-4000):] }

// check compares what was asked with what came, and with what is written.
func (k *killRun) check(size killSize) {
	t := k.t
	extra := 0
	for _, who := range k.people {
		answers, thanks := 0, 0
		for _, m := range k.like.Chat(who, "") {
			switch {
			case m.From != "bot":
			case strings.Contains(m.Text, "Did this help?"):
				answers++
			case strings.Contains(m.Text, "glad"), strings.Contains(m.Text, "already"):
				thanks++
			}
		}
		if answers < k.asked[who] || thanks < k.pressed[who] {
			t.Errorf("%s asked %d and pressed %d, and got %d answers and %d thanks", who, k.asked[who], k.pressed[who], answers, thanks)
		}
		extra += max(0, answers-k.asked[who]) + max(0, thanks-k.pressed[who])
	}
	const inFlight = 48
	if extra > k.kills*inFlight {
		t.Errorf("%d answers repeated over %d kills: more than were in flight", extra, k.kills)
	}
	asked, pressers := 0, 0
	for _, who := range k.people {
		asked += k.asked[who]
		if k.pressed[who] > 0 {
			pressers++
		}
	}
	publish(t, []string{fmt.Sprintf("%-34s questions %d, people who pressed %d | repeats %d of at most %d | killed %d times",
		sceneOf(t), asked, pressers, extra, k.kills*inFlight, k.kills)})
	db := openForTest(t, k.url)
	for _, c := range []struct {
		what, query string
		want        int
	}{
		{"uses of articles", `SELECT COALESCE(sum(uses), 0) FROM article_uses`, asked},
		{"ratings", `SELECT count(*) FROM article_feedback`, pressers},
		{"parked events", `SELECT count(*) FROM inbox WHERE state = 2`, 0},
		{"unsettled events", `SELECT count(*) FROM inbox WHERE state = 0`, 0},
		{"messages of unknown fate", `SELECT count(*) FROM outbox WHERE state NOT IN (2)`, 0},
		{"kept events", `SELECT count(*) FROM inbox`, size.people + size.messages + size.presses},
	} {
		var got int
		if err := db.Get(&got, c.query); err != nil {
			t.Fatal(err)
		}
		if got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
}

// openForTest opens the database of a running service for looking.
func openForTest(t testing.TB, url string) *sqlx.DB {
	t.Helper()
	return connectForTest(t, url, "mode=ro&")
}

// writableForTest is openForTest for a test that breaks something on purpose.
func writableForTest(t testing.TB, url string) *sqlx.DB {
	t.Helper()
	return connectForTest(t, url, "")
}

func connectForTest(t testing.TB, url, mode string) *sqlx.DB {
	t.Helper()
	driver, dsn := "postgres", url
	if path, ok := strings.CutPrefix(url, "sqlite://"); ok {
		driver, dsn = "sqlite", "file:"+path+"?"+mode+"_pragma=busy_timeout(10000)"
	}
	db, err := sqlx.ConnectContext(context.Background(), driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// restWithinTest is how long a run may take to come to rest after its last step: a small one takes seconds, a full one
// minutes, at the platform's pace. Longer is a hang.
const restWithinTest = 2 * longest

// telegramOf is a look-alike of Telegram, which served closes with the test.
func telegramOf(t testing.TB, cfg telegramlike.Config) *telegramlike.Lookalike {
	t.Helper()
	like, err := telegramlike.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return like
}

// served serves a look-alike behind a door until the test ends, and answers the address.
func served(t testing.TB, like *telegramlike.Lookalike, door http.Handler) string {
	t.Helper()
	srv, err := lookalike.Listen(t.Context(), "127.0.0.1:0", door)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the look-alike first: it ends the polls that the server waits for
		if err := like.Close(); err != nil {
			t.Error(err)
		}
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	return srv.URL()
}
