package desk_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
)

func TestCustomersHearWhenSomebodyAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		at    string
		wants []string
	}{
		"in opening hours":                {"2026-11-20 12:00", []string{"within 15 minutes"}},
		"before closing":                  {"2026-11-20 18:50", []string{"at the latest: Saturday, 10:05"}},
		"in the night":                    {"2026-11-20 23:00", []string{"off duty now", "Saturday at 10:00"}},
		"at the weekend":                  {"2026-11-22 12:00", []string{"off duty now", "Monday at 10:00"}},
		"on a feast":                      {"2027-03-21 12:00", []string{"closed today (Novruz)", "Thursday at 10:00"}},
		"before a long feast, on its eve": {"2027-03-19 23:00", []string{"off duty now", "Thursday at 10:00"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBureaus(t, tt.at, func(t *testing.T, b *bureau) {
				want(t, b.say("ann", "/agent"), tt.wants...)
				want(t, b.heard("#support", 0), "#1")
			})
		})
	}
}

func TestTheToldTimeIsThatOfEarlierAnswersAtThisHour(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-19 12:00", func(t *testing.T, b *bureau) {
		for n, who := range []string{"c1", "c2", "c3", "c4", "c5"} {
			b.say(who, "/agent")
			b.to("2026-11-19 12:" + []string{"25", "50", "59", "59", "59"}[n])
			b.reply("U1", who, "hello")
		}
		b.to("2026-11-20 12:30")
		want(t, b.say("ann", "/agent"), "within 30 minutes")
	})
}

func TestThePromiseIsKeptOnceMoreAndNeverThrice(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
		b.say("ann", "/agent")
		silent(t, b.meanwhile("ann", "2026-11-20 12:14"))
		want(t, b.meanwhile("ann", "2026-11-20 12:16"), "not forgotten", "within 15 minutes")
		silent(t, b.meanwhile("ann", "2026-11-21 16:00"))
	})
}

func TestAnAnswerInTimeLeavesNothingToApologiseFor(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
		b.say("ann", "/agent")
		b.to("2026-11-20 12:05")
		before := len(b.sent["ann"])
		b.reply("U1", "ann", "the answer")
		want(t, b.heard("ann", before), "the answer")
		silent(t, b.meanwhile("ann", "2026-11-21 12:00"))
	})
}

func TestWhoAsksWhileWaitingHearsTheState(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
		b.say("ann", "/agent")
		b.to("2026-11-20 12:07")
		// The clock goes on: eight minutes are left, and a second more or less.
		if got := b.say("ann", "alo?"); !strings.Contains(got, "in the queue") || !regexp.MustCompile("within [89] minutes").MatchString(got) {
			t.Errorf("who waits is told %q", got)
		}
		want(t, b.say("ann", "/agent"), "in the queue")
		b.press("U1", "Claim")
		want(t, b.say("ann", "alo?"), "Name U1")
		b.reply("U1", "ann", "the answer")
		b.to("2026-11-20 20:00")
		want(t, b.say("bob", "/agent"), "off duty")
		want(t, b.say("bob", "alo?"), "off duty now", "Saturday at 10:00")
	})
}

func TestACallBackAsksForTheNumberAfterTheTicketIsOpen(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-11-20 12:00", func(t *testing.T, b *bureau) {
		want(t, b.say("ann", "zəng edin mənə"), "passed your question", "Which number")
		if got := b.ticket("ann"); got.State != desk.Open || got.Reason != "call_back" {
			t.Errorf("the ticket is %+v", got)
		}
		want(t, b.say("ann", "050 12"), "doesn't look like a phone number")
		want(t, b.say("ann", "050 123 45 67, after six please"), "call this number: 050 123 45 67")
		if words := b.ticket("ann").Words; !strings.Contains(words, "050 123 45 67, after six please") {
			t.Errorf("staff read %q", words)
		}
	})
}

func TestPhoneIn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		in      conversation.Inbound
		phone   string
		attempt bool
	}{
		{"plain", customer("a", "0501234567"), "0501234567", true},
		{"international", customer("a", "mənim nömrəm +994 (50) 123-45-67 olar"), "+994 (50) 123-45-67", false},
		{"too short", customer("a", "050 12"), "", true},
		{"too long", customer("a", "12345678901234567890"), "", true},
		{"a question", customer("a", "do you open at 10?"), "", false},
		{"nothing", customer("a", ""), "", false},
		{"shared", conversation.Inbound{Attachments: []conversation.Attachment{{Kind: "contact", Text: "+994501234567"}}}, "+994501234567", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			phone, attempt := desk.PhoneIn(tt.in)
			if phone != tt.phone || phone == "" && attempt != tt.attempt {
				t.Errorf("PhoneIn = %q, %v; want %q, %v", phone, attempt, tt.phone, tt.attempt)
			}
		})
	}
}

func FuzzPhoneIn(f *testing.F) {
	f.Add("+994 50 123 45 67")
	f.Add("\x00+()")
	f.Fuzz(func(t *testing.T, text string) {
		phone, _ := desk.PhoneIn(customer("a", text))
		if phone != "" && !strings.Contains(text, phone) {
			t.Errorf("%q is not in %q", phone, text)
		}
	})
}
