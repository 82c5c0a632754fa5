package telegram_test

import (
	"context"
	"errors"
	"testing"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/telegram"
)

// TestTalk is one small talk over both ways in: a question, an answer with buttons, a press, an edit.
func TestTalk(t *testing.T) {
	t.Parallel()
	for name, connect := range map[string]func(*testing.T, *telegram.Lookalike) bot{"memory": inMemory, "sockets": overSockets} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := open(t, telegram.Config{Limits: unlimited})
			b := connect(t, l)
			chat := person(t, l, "ayla", "az")

			first := say(t, l, "ayla", "salam")
			got := b.poll(0)
			if len(got) != 1 || got[0].Message == nil || got[0].Message.Text != "salam" {
				t.Fatalf("updates after a message: %+v", got)
			}
			if m := got[0].Message; m.From["language_code"] != "az" || m.Chat["type"] != "private" || m.From["is_bot"] != false {
				t.Errorf("message: from %v, chat %v", m.From, m.Chat)
			}
			if len(l.Busy()) == 0 {
				t.Error("at rest although the update is not confirmed")
			}

			var answer sent
			b.must("sendMessage", obj{
				"chat_id": chat, "text": "<b>Salam</b> &amp; xoş gəldin", "parse_mode": "HTML",
				"reply_markup": obj{"inline_keyboard": [][]obj{{{"text": "Bəli", "callback_data": "y"}, {"text": "Xeyr", "callback_data": "n"}}}},
			}, &answer)
			if answer.Text != "Salam & xoş gəldin" || answer.Entities[0]["type"] != "bold" {
				t.Errorf("answer: %+v", answer)
			}
			if err := l.Press(t.Context(), lookalike.Press{As: "ayla", Label: "Xey"}); err != nil {
				t.Fatalf("press: %v", err)
			}
			got = b.poll(got[0].ID + 1)
			if len(got) != 1 || got[0].Query == nil || got[0].Query.Data != "n" || got[0].Query.Message.ID != answer.ID {
				t.Fatalf("updates after a press: %+v", got)
			}
			b.must("answerCallbackQuery", obj{"callback_query_id": got[0].Query.ID}, nil)
			b.must("editMessageText", obj{"chat_id": chat, "message_id": answer.ID, "text": "Oldu"}, nil)
			b.poll(got[0].ID + 1)
			if busy := l.Busy(); len(busy) != 0 {
				t.Errorf("busy although everything is confirmed: %v", busy)
			}

			log := l.Chat("ayla", "")
			if len(log) != 2 || log[0].ID != first || log[0].From != "ayla" || log[1].From != "bot" || log[1].Text != "Oldu" ||
				!log[1].Edited || len(log[1].Buttons) != 0 {
				t.Errorf("transcript: %+v", log)
			}
			if err := l.Press(t.Context(), lookalike.Press{As: "ayla", Label: "Xeyr"}); !errors.Is(err, lookalike.ErrNotFound) {
				t.Errorf("press on a button that is gone: %v", err)
			}
		})
	}
}

// TestChatInventsNobody: asking for a transcript makes no person.
func TestChatInventsNobody(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{})
	if log := l.Chat("nobody", ""); log == nil || len(log) != 0 {
		t.Errorf("transcript of a stranger: %#v", log)
	}
	if people := l.People(); len(people) != 0 {
		t.Errorf("people: %v", people)
	}
	if _, err := l.Say(context.Background(), lookalike.Say{As: "bot", Text: "hi"}); !errors.Is(err, lookalike.ErrUnsupported) {
		t.Errorf("a person called bot: %v", err)
	}
}
