package slack_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/slack"
)

// bubble runs a test in virtual time with an app that can open sockets.
func bubble(t *testing.T, cfg slack.Config, run func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := open(t, cfg)
		pipes := lookalike.ServePipes(l.Handler())
		run(t, l, inMemory(t, l), pipes)
		if err := pipes.Close(); err != nil {
			t.Error(err)
		}
	})
}

func say(t *testing.T, l *slack.Lookalike, as, in, text string) string {
	t.Helper()
	ts, err := l.Say(t.Context(), lookalike.Say{As: as, In: in, Text: text})
	if err != nil {
		t.Fatalf("%s says %q: %v", as, text, err)
	}
	return ts
}

// next is what comes within a minute.
func (c *conn) next(t *testing.T) envelope {
	t.Helper()
	select {
	case e, ok := <-c.in:
		if !ok {
			t.Fatal("the socket is closed")
		}
		return e
	case <-time.After(time.Hour):
		t.Fatal("nothing comes")
		panic("not reached")
	}
}

// none fails if something has come.
func (c *conn) none(t *testing.T) {
	t.Helper()
	synctest.Wait()
	select {
	case e, ok := <-c.in:
		t.Fatalf("%+v came, open %t", e, ok)
	default:
	}
}

// TestRetries: what is not acknowledged in 3 s comes again over another connection with a new envelope and the same
// event, at once, after 1 min, after 5 min; what is acknowledged does not.
func TestRetries(t *testing.T) {
	t.Parallel()
	bubble(t, slack.Config{}, func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer) {
		one, two := a.connect(pipes), a.connect(pipes)
		ts := say(t, l, "ayla", "", "salam")
		first := one.next(t)
		eventID, inner := first.event(t)
		if inner["type"] != "message" || inner["channel_type"] != "im" || inner["ts"] != ts || inner["text"] != "salam" || first.Attempt != 0 {
			t.Errorf("the event is %v", inner)
		}
		start := time.Now()
		envelopes := map[string]bool{first.ID: true}
		for i, want := range []struct {
			over  *conn
			after time.Duration
		}{{two, 3 * time.Second}, {one, 66 * time.Second}, {two, 369 * time.Second}} {
			again := want.over.next(t)
			id, _ := again.event(t)
			if id != eventID || envelopes[again.ID] || again.Attempt != i+1 || again.Retry != "timeout" {
				t.Errorf("retry %d is %+v of %s, want %s", i+1, again, id, eventID)
			}
			envelopes[again.ID] = true
			if got := time.Since(start); got != want.after {
				t.Errorf("retry %d came after %v, want %v", i+1, got, want.after)
			}
			if i == 2 {
				one.ack(t, again, nil) // another connection's acknowledgement
				synctest.Wait()
				if len(l.Busy()) == 0 {
					t.Error("an acknowledgement over another connection counts")
				}
				two.ack(t, again, nil)
			}
		}
		synctest.Wait()
		if busy := l.Busy(); len(busy) > 0 {
			t.Errorf("still busy: %v", busy)
		}
		<-time.After(time.Hour)
		// Both have been asked to refresh by now, and got nothing else.
		for e := range one.in {
			if e.Type == "events_api" {
				t.Errorf("%+v came after its acknowledgement", e)
			}
		}
	})
}

// TestCut: what a connection that is cut has not acknowledged goes over the next one, and so does what happened
// meanwhile, in order.
func TestCut(t *testing.T) {
	t.Parallel()
	bubble(t, slack.Config{}, func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer) {
		c := a.connect(pipes)
		say(t, l, "ayla", "", "one")
		c.next(t)
		l.Disconnect("")
		if _, ok := <-c.in; ok {
			t.Error("the socket is still open")
		}
		synctest.Wait() // until the platform knows, too: else "two" is tried on the socket that is gone
		say(t, l, "ayla", "", "two")
		if err := l.Fault(t.Context(), lookalike.Fault{Drop: 40 * time.Second}); err != nil {
			t.Fatal(err)
		}
		<-time.After(41 * time.Second)
		c = a.connect(pipes)
		for i, want := range []string{"one", "two"} {
			e := c.next(t)
			if _, inner := e.event(t); inner["text"] != want || e.Attempt != 1-i {
				t.Errorf("%+v: %v, want %s", e, inner["text"], want)
			}
			c.ack(t, e, nil)
		}
		synctest.Wait()
		if busy := l.Busy(); len(busy) > 0 {
			t.Errorf("still busy: %v", busy)
		}
		if err := l.Fault(t.Context(), lookalike.Fault{Redeliver: true}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"one", "two"} {
			e := c.next(t)
			if _, inner := e.event(t); inner["text"] != want || e.Attempt != 1 {
				t.Errorf("redelivered %+v: %v, want %s", e, inner["text"], want)
			}
			c.ack(t, e, nil)
		}
		l.Disconnect("")
	})
}

// TestTurns: each payload goes over one connection only, in turn.
func TestTurns(t *testing.T) {
	t.Parallel()
	bubble(t, slack.Config{}, func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer) {
		conns := []*conn{a.connect(pipes), a.connect(pipes)}
		for i := range 4 {
			say(t, l, "ayla", "", "x")
			c := conns[i%2]
			c.ack(t, c.next(t), nil)
			conns[(i+1)%2].none(t)
		}
		synctest.Wait()
		l.Disconnect("")
	})
}

// TestGoodbyes: sockets end with a word for it: a warning and a refresh after their life, the eleventh at once, all
// when Socket Mode is off, and a ticket opens one socket.
func TestGoodbyes(t *testing.T) {
	t.Parallel()
	bubble(t, slack.Config{Limits: slack.Unlimited, ConnectionLife: time.Minute}, func(
		t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer,
	) {
		c := a.connect(pipes)
		start := time.Now()
		if e := c.next(t); e.Reason != "warning" || time.Since(start) != 50*time.Second {
			t.Errorf("%+v after %v", e, time.Since(start))
		}
		if e := c.next(t); e.Type != "disconnect" || e.Reason != "refresh_requested" || time.Since(start) != time.Minute {
			t.Errorf("%+v after %v", e, time.Since(start))
		}
		if _, ok := <-c.in; ok {
			t.Error("a frame came after the refresh was asked for")
		}
		for range 10 {
			a.connect(pipes)
		}
		if _, e := a.dial(pipes); e.Reason != "too_many_websockets" {
			t.Errorf("the eleventh got %+v", e)
		}
		l.SocketMode(false)
		synctest.Wait()
		if n := l.Connected(); n != 0 {
			t.Errorf("%d sockets without Socket Mode", n)
		}
		c, e := a.dial(pipes)
		if e.Reason != "link_disabled" {
			t.Errorf("without Socket Mode: %+v", e)
		}
		if _, ok := <-c.in; ok {
			t.Error("a frame came after link_disabled")
		}
	})
}

// TestPings: a socket whose client answers pings stands, and one that is muted is silent.
func TestPings(t *testing.T) {
	t.Parallel()
	bubble(t, slack.Config{}, func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer) {
		c := a.connect(pipes)
		<-time.After(10 * time.Minute)
		say(t, l, "ayla", "", "x")
		c.ack(t, c.next(t), nil)
		l.Mute()
		say(t, l, "ayla", "", "y")
		c.none(t)
		other := a.connect(pipes)
		if e := other.next(t); e.Attempt != 1 || e.Retry != "timeout" {
			t.Errorf("over the other: %+v", e)
		}
		l.Disconnect("")
	})
}

// TestSocketFaults: the steps of a connection can be broken.
func TestSocketFaults(t *testing.T) {
	t.Parallel()
	bubble(t, slack.Config{}, func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer) {
		arm := func(f lookalike.Fault) {
			if err := l.Fault(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		arm(lookalike.Fault{Method: "socket", Path: "hello", Status: 200})
		if _, e := a.dial(pipes); e.Type != "disconnect" {
			t.Errorf("instead of hello: %+v", e)
		}
		arm(lookalike.Fault{Method: "socket", Path: "hello"})
		if _, e := a.dial(pipes); e.Type != "" {
			t.Errorf("cut instead of hello: %+v", e)
		}
		c := a.connect(pipes)
		arm(lookalike.Fault{Method: "socket", Path: "ack"})
		say(t, l, "ayla", "", "x")
		c.ack(t, c.next(t), nil)
		e := c.next(t)
		if e.Attempt != 1 {
			t.Errorf("after a lost acknowledgement: %+v", e)
		}
		c.ack(t, e, nil)
		synctest.Wait()
		if busy := l.Busy(); len(busy) > 0 {
			t.Errorf("still busy: %v", busy)
		}
		l.Frame([]byte(`not json`))
		if _, ok := <-c.in; ok {
			t.Error("the frame is JSON")
		}
		l.Disconnect("")
	})
}
