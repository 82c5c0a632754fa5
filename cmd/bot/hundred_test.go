package main

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	telegramlike "github.com/rapport-chat/rapport/sandbox/telegram"
)

// lateDoor lets the first messages of the bot wait before the platform sees them, as those do that open connections.
type lateDoor struct {
	next  http.Handler
	first int64
	late  time.Duration
	seen  atomic.Int64
}

func (d *lateDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/sendMessage") && d.seen.Add(1) <= d.first {
		_ = (clock.Real{}).WaitUntil(r.Context(), time.Now().Add(d.late)) // a caller who is gone needs no more waiting
	}
	d.next.ServeHTTP(w, r)
}

// TestAHundredWriteAtOnce has a hundred people write at the same moment to the real process, whose first calls arrive
// late: everybody is answered, and the platform with its real limits refuses nothing.
func TestAHundredWriteAtOnce(t *testing.T) {
	t.Parallel()
	const people = 100
	like := telegramOf(t, telegramlike.Config{Token: sandboxToken})
	door := &lateDoor{next: like.Handler(), first: 20, late: 300 * time.Millisecond}
	at := served(t, like, door)
	url := migrated.SQLite(t)
	b := &broadcast{killRun: &killRun{t: t, url: url, dir: t.TempDir(), like: like}}
	writeFiles(t, b.dir, botConfig(url, at, sandboxToken))
	b.db = writableForTest(t, url)
	b.start()
	for i := range people {
		b.say(chatterName(i), killQuestions[0])
	}
	b.calm()
	if n := b.refusals(); n > 0 {
		t.Errorf("the platform refused %d calls", n)
	}
	for i := range people {
		answered := false
		for _, m := range like.Chat(chatterName(i), "") {
			answered = answered || m.From == "bot"
		}
		if !answered {
			t.Errorf("%s is not answered", chatterName(i))
		}
	}
	if code := b.bot.stop(t); code != 0 {
		t.Errorf("the service ended with %d: %s", code, b.bot.err)
	}
}
