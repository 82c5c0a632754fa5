package telegram_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/telegram"
)

// TestPace: one message a second to a person, thirty in any second over all, twenty a minute to a group.
func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, err := telegram.New(telegram.Config{Token: token})
		if err != nil {
			t.Fatal(err)
		}
		b := inMemory(t, l)
		send := func(chat any) reply { return b.call("sendMessage", obj{"chat_id": chat, "text": "x"}) }
		ayla := person(t, l, "ayla", "")

		if r := send(ayla); !r.OK {
			t.Fatalf("first: %s", r.Description)
		}
		<-time.After(500 * time.Millisecond)
		if r := send(ayla); r.Status != 429 || r.Description != "Too Many Requests: retry after 1" || r.Parameters.RetryAfter != 1 {
			t.Errorf("second after half a second: %+v", r)
		}
		<-time.After(500 * time.Millisecond)
		if r := send(ayla); !r.OK {
			t.Errorf("second after a second: %s", r.Description)
		}

		<-time.After(2 * time.Second)
		for i := range 30 {
			if r := send(person(t, l, fmt.Sprintf("person%d", i), "")); !r.OK {
				t.Fatalf("message %d of 30: %s", i+1, r.Description)
			}
			<-time.After(10 * time.Millisecond)
		}
		if r := send(ayla); r.Status != 429 {
			t.Errorf("the 31st within a second: %+v", r)
		}
		<-time.After(700 * time.Millisecond)
		if r := send(ayla); !r.OK {
			t.Errorf("a second after the first of thirty: %s", r.Description)
		}

		if _, err := l.Say(t.Context(), lookalike.Say{As: "ayla", In: telegram.Group, Text: "/start"}); err != nil {
			t.Fatal(err)
		}
		group := b.poll(0)[0].Message.Chat["id"]
		for i := range 20 {
			if r := send(group); !r.OK {
				t.Fatalf("message %d to the group: %s", i+1, r.Description)
			}
			<-time.After(100 * time.Millisecond)
		}
		if r := send(group); r.Status != 429 || r.Parameters.RetryAfter != 58 {
			t.Errorf("the 21st to the group: %+v", r)
		}
		if got := l.Refusals(); got != (telegram.Refusals{Overall: 1, Chat: 1, Group: 1}) {
			t.Errorf("refusals: %+v", got)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestRefusedCostsNothing: a message that was refused for its content does not use up the pace.
func TestRefusedCostsNothing(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{})
	b := inMemory(t, l)
	ayla := person(t, l, "ayla", "")
	b.refused("sendMessage", obj{"chat_id": ayla}, 400, "Bad Request: message text is empty")
	b.must("sendMessage", obj{"chat_id": ayla, "text": "x"}, nil)
}

// TestLateAnswer: a press can be answered for a while only.
func TestLateAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, err := telegram.New(telegram.Config{Token: token, Limits: unlimited})
		if err != nil {
			t.Fatal(err)
		}
		b := inMemory(t, l)
		ayla := person(t, l, "ayla", "")
		b.must("sendMessage", obj{"chat_id": ayla, "text": "x", "reply_markup": keys(obj{"text": "a", "callback_data": "a"})}, nil)
		events := l.Subscribe(t.Context())
		for range 2 {
			if err := l.Press(t.Context(), lookalike.Press{As: "ayla", Label: "a"}); err != nil {
				t.Fatal(err)
			}
		}
		got := b.poll(0)
		if len(got) != 2 || got[0].Query.ID == got[1].Query.ID {
			t.Fatalf("two presses: %+v", got)
		}
		<-time.After(14 * time.Second)
		b.must("answerCallbackQuery", obj{"callback_query_id": got[0].Query.ID, "text": "Thanks"}, nil)
		if e := <-events; e.Note != "Thanks" || e.Person != "ayla" {
			t.Errorf("event: %+v", e)
		}
		<-time.After(2 * time.Second)
		b.refused("answerCallbackQuery", obj{"callback_query_id": got[1].Query.ID}, 400,
			"Bad Request: query is too old and response timeout expired or query ID is invalid")
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}
