package main

import (
	"net/http"
	"strings"
	"testing"
)

// refuse has a platform refuse the next calls of a method.
func (b *box) refuse(platform, method string, times int) {
	b.t.Helper()
	b.post("/api/"+platform+"/fault", map[string]any{"method": method, "times": times, "status": http.StatusBadRequest})
}

// TestRefusedAnswersAreNotSilence: an answer that the platform refuses comes as plain words, and when those are refused
// too a colleague gets what could not be said.
func TestRefusedAnswersAreNotSilence(t *testing.T) {
	t.Parallel()
	shared := startBox(t)
	for platform, method := range map[string]string{"telegram": "sendMessage", "discord": "POST"} {
		t.Run(platform, func(t *testing.T) {
			here := *shared
			here.t = t
			b := &here
			p := b.person(platform, "gunel")
			p.say("salam")
			b.refuse(platform, method, 1)
			want(t, p.say("saat neçəyə kimi açıqsınız"), "23:00", "Bəli · Xeyr")
			if tickets, _ := p.state()["tickets"].([]any); len(tickets) != 0 {
				t.Errorf("a refusal that plain words got around opened tickets: %v", tickets)
			}
			want(t, p.say("xeyr"), "[") // the question under it can still be answered, with words

			other := b.person(platform, "rauf")
			other.say("salam")
			b.refuse(platform, method, 2)
			got := other.say("wifi parolu nedir")
			want(t, got, "Əməkdaşımız ona baxacaq")
			if n := strings.Count(text(got), "Nasazlıq oldu"); n > 1 {
				t.Errorf("it was said %d times:\n%s", n, text(got))
			}
			tickets, _ := other.state()["tickets"].([]any)
			if len(tickets) != 1 {
				t.Fatalf("%d tickets, want 1: %v", len(tickets), tickets)
			}
			want(t, []said{b.cardOf("nigar", "wifi parolu nedir")}, "NarCoffee")
		})
	}
}
