package telegram_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/telegram"
)

// texts are the texts of the messages in a batch.
func texts(list []update) []string {
	out := []string{}
	for _, u := range list {
		if u.Message != nil {
			out = append(out, u.Message.Text)
		}
	}
	return out
}

func equal(a, b []string) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// TestOffsets: an update stays until a call with a higher offset; a negative offset counts from the end.
func TestOffsets(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{})
	b := inMemory(t, l)
	for _, s := range []string{"one", "two", "three", "four"} {
		say(t, l, "ayla", s)
	}
	first := b.poll(0)
	if got := texts(first); !equal(got, []string{"one", "two", "three", "four"}) {
		t.Fatalf("offset 0: %v", got)
	}
	if got := texts(b.poll(0)); len(got) != 4 {
		t.Errorf("not confirmed, but gone: %v", got)
	}
	if first[1].ID != first[0].ID+1 || first[0].ID < 100_000_000 {
		t.Errorf("ids: %d, %d", first[0].ID, first[1].ID)
	}
	var limited []update
	b.must("getUpdates", obj{"offset": first[0].ID, "limit": 2}, &limited)
	if got := texts(limited); !equal(got, []string{"one", "two"}) {
		t.Errorf("limit 2: %v", got)
	}
	if got := texts(b.poll(first[1].ID)); !equal(got, []string{"two", "three", "four"}) {
		t.Errorf("one confirmed: %v", got)
	}
	if got := texts(b.poll(-1)); !equal(got, []string{"four"}) {
		t.Errorf("offset -1: %v", got)
	}
	if got := texts(b.poll(0)); !equal(got, []string{"four"}) {
		t.Errorf("after offset -1: %v", got)
	}
	if got := b.poll(first[3].ID + 1); len(got) != 0 || len(l.Busy()) != 0 {
		t.Errorf("all confirmed: %v, busy %v", got, l.Busy())
	}
}

// TestAllowedUpdates: what the bot has not asked for does not come, and the choice is remembered.
func TestAllowedUpdates(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{})
	b := inMemory(t, l)
	person(t, l, "ayla", "")
	b.must("getUpdates", obj{"allowed_updates": []string{"my_chat_member"}}, nil)
	say(t, l, "ayla", "unheard")
	if err := l.Block(t.Context(), "ayla"); err != nil {
		t.Fatal(err)
	}
	got := b.poll(0)
	if len(got) != 1 || got[0].Member == nil {
		t.Fatalf("updates: %+v", got)
	}
	b.must("getUpdates", obj{"offset": got[0].ID + 1, "allowed_updates": []string{}}, nil)
	if err := l.Unblock(t.Context(), "ayla"); err != nil {
		t.Fatal(err)
	}
	say(t, l, "ayla", "heard")
	if got := b.poll(0); len(got) != 2 || got[1].Message.Text != "heard" {
		t.Errorf("updates by default: %+v", got)
	}
}

// TestLongPoll: a poll waits for its time, or until something arrives; and it is at rest while it waits.
func TestLongPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, err := telegram.New(telegram.Config{Token: token})
		if err != nil {
			t.Fatal(err)
		}
		b := inMemory(t, l)
		start := time.Now()
		var got []update
		b.must("getUpdates", obj{"timeout": 30}, &got)
		if len(got) != 0 || time.Since(start) != 30*time.Second {
			t.Errorf("an empty poll: %v after %v", got, time.Since(start))
		}
		done := make(chan []update)
		go func() {
			var got []update
			b.must("getUpdates", obj{"timeout": 30}, &got)
			done <- got
		}()
		synctest.Wait()
		if busy := l.Busy(); len(busy) != 0 {
			t.Errorf("busy while it waits: %v", busy)
		}
		<-time.After(7 * time.Second)
		start = time.Now()
		say(t, l, "ayla", "salam")
		if got := <-done; len(got) != 1 || time.Since(start) != 0 {
			t.Errorf("woken: %v after %v", got, time.Since(start))
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		given := make(chan error)
		go func() {
			_, _, err := poll(ctx, b, 50)
			given <- err
		}()
		synctest.Wait()
		b.poll(1 << 40) // confirms everything, and ends the poll that runs
		if err := <-given; err != nil {
			t.Errorf("the poll that was ended: %v", err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// poll is a long poll under a context of its own.
func poll(ctx context.Context, b bot, seconds int) (reply, []update, error) {
	body, err := json.Marshal(obj{"timeout": seconds})
	if err != nil {
		return reply{}, nil, err
	}
	r, err := b.post(ctx, "getUpdates", "application/json", body)
	if err != nil {
		return r, nil, err
	}
	var got []update
	if r.OK {
		err = json.Unmarshal(r.Result, &got)
	}
	return r, got, err
}

// TestTwoPollers: the newer poll ends the older one with 409; a poller that went away ends nobody's.
func TestTwoPollers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, err := telegram.New(telegram.Config{Token: token})
		if err != nil {
			t.Fatal(err)
		}
		b := inMemory(t, l)
		first := make(chan reply)
		go func() { first <- b.call("getUpdates", obj{"timeout": 30}) }()
		synctest.Wait()
		second := make(chan reply)
		go func() { second <- b.call("getUpdates", obj{"timeout": 30}) }()
		r := <-first
		if want := "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"; r.Status != 409 || r.Description != want {
			t.Errorf("the older poll: %d %s", r.Status, r.Description)
		}
		say(t, l, "ayla", "salam")
		if r := <-second; !r.OK {
			t.Errorf("the newer poll: %+v", r)
		}

		ctx, cancel := context.WithCancel(t.Context())
		b.poll(1 << 40)
		gone := make(chan error)
		go func() {
			_, _, err := poll(ctx, b, 50)
			gone <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("a poll that was given up: %v", err)
		}
		synctest.Wait()
		if got := b.poll(0); len(got) != 0 {
			t.Errorf("after a poller went away: %v", got)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestCloseEndsPolls: the platform goes; who waits sees its connection break.
func TestCloseEndsPolls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, err := telegram.New(telegram.Config{Token: token})
		if err != nil {
			t.Fatal(err)
		}
		b := inMemory(t, l)
		ended := make(chan error)
		go func() {
			_, _, err := poll(t.Context(), b, 50)
			ended <- err
		}()
		synctest.Wait()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err == nil {
			t.Error("the poll was answered")
		}
	})
}

// TestRedeliver: confirmed updates come once more with the ids that they had, whatever the offset.
func TestRedeliver(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{})
	b := inMemory(t, l)
	say(t, l, "ayla", "one")
	say(t, l, "ayla", "two")
	first := b.poll(0)
	offset := first[1].ID + 1
	if got := b.poll(offset); len(got) != 0 {
		t.Fatalf("confirmed: %v", got)
	}
	if err := l.Fault(t.Context(), lookalike.Fault{Redeliver: true}); err != nil {
		t.Fatal(err)
	}
	if len(l.Busy()) == 0 {
		t.Error("at rest before the redelivery")
	}
	say(t, l, "ayla", "three")
	got := b.poll(offset)
	if !equal(texts(got), []string{"one", "two", "three"}) || got[0].ID != first[0].ID {
		t.Errorf("redelivered: %+v", got)
	}
	if got := b.poll(offset); !equal(texts(got), []string{"three"}) {
		t.Errorf("redelivered twice: %+v", got)
	}
}

// TestInject: an update that no look-alike makes reaches the bot as it is.
func TestInject(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{})
	b := inMemory(t, l)
	id, err := l.Inject(json.RawMessage(`{"message":{"message_id":1,"date":1,"chat":{"id":1,"type":"private"},"forward_origin":{"type":"from_the_future"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Inject(json.RawMessage(`[]`)); err == nil {
		t.Error("an array was taken for an update")
	}
	if err := l.PressGone("ayla", "data", 5); err != nil {
		t.Fatal(err)
	}
	r := b.call("getUpdates", obj{})
	var got []struct {
		ID      int64 `json:"update_id"`
		Message struct {
			Origin obj `json:"forward_origin"`
		} `json:"message"`
		Query struct {
			Data    string `json:"data"`
			Message obj    `json:"message"`
		} `json:"callback_query"`
	}
	if err := json.Unmarshal(r.Result, &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].ID != id || got[0].Message.Origin["type"] != "from_the_future" {
		t.Fatalf("updates: %+v", got)
	}
	if m := got[1].Query.Message; got[1].Query.Data != "data" || m["date"] != 0.0 || m["message_id"] != 5.0 || m["text"] != nil {
		t.Errorf("press on a message that is gone: %+v", got[1])
	}
}
