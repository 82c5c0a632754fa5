package discord_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	platform "github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

func button(label, token string) conversation.Button {
	return conversation.Button{Label: label, Token: token, Action: conversation.Action{Skill: "test", Verb: "press"}}
}

// TestNothingRings: hostile text is shown as it is and rings for nobody, in new messages, edits and answers.
func TestNothingRings(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		id := s.l.Person("vera").ID
		for _, text := range []string{
			"@everyone look", "@here", "<@" + id + "> hi", "<@&1> <#2> <!channel>", "a\u200bb\u202ec", "</balance:1> <t:0:R> <:x:1>",
			strings.Repeat("*_~|`@everyone ", 200), "- one\n> two\n# three\n-# four\n1) five\n+ six",
		} {
			r, err := s.send("ayla", text)
			var se *conversation.SendError
			for errors.As(err, &se) && se.Kind == conversation.RateLimited {
				s.after(se.RetryAfter)
				r, err = s.send("ayla", text)
			}
			s.must(err)
			chat := s.l.Chat("ayla", "")
			var read []string
			for _, m := range chat[len(chat)-1-strings.Count(r.MessageID, ","):] {
				read = append(read, m.Text)
			}
			if got := strings.Join(read, " "); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(text), " ") {
				s.Errorf("sent %.60q, the person reads %.60q", text, got)
			}
		}
		if n := s.l.Pings(); n != 0 {
			s.Errorf("%d messages rang", n)
		}
		for _, c := range s.calls("POST", "/messages") {
			raw, err := json.Marshal(c.Body.(map[string]any)["allowed_mentions"])
			if err != nil || !strings.Contains(string(raw), `"parse":[]`) {
				s.Errorf("allowed_mentions is %s", raw)
			}
		}
	})
}

// TestNonce: a message whose answer was lost is not doubled when it is sent again.
func TestNonce(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.must(s.l.Fault(s.Context(), lookalike.Fault{Times: 1, Late: true}))
		if _, err := s.send("ayla", "once"); conversation.KindOf(err) != conversation.OutcomeUnknown {
			s.Errorf("got %v", err)
		}
		r, err := s.send("ayla", "once")
		s.must(err)
		if chat := s.l.Chat("ayla", ""); len(chat) != 1 || chat[0].ID != r.MessageID {
			s.Errorf("the person sees %+v", chat)
		}
	})
}

// TestSelect: more buttons than there is room for become selects, and work like buttons.
func TestSelect(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		var rows [][]conversation.Button
		for i := range 30 {
			rows = append(rows, []conversation.Button{button(fmt.Sprintf("Shop %d.", i), fmt.Sprintf("token-%d", i))})
		}
		_, err := s.send("ayla", "Which shop?", rows...)
		s.must(err)
		s.must(s.l.Press(s.Context(), lookalike.Press{As: "ayla", Label: "Shop 28."}))
		if got := s.inbox.all(); len(got) != 1 || got[0].Kind != conversation.KindPress || got[0].Token != "token-28" {
			s.Errorf("got %+v", got)
		}
	})
}

// TestSlashCommand: a command by its name in the person's language comes by its own name, and is answered in its place;
// when its loan has run out, by an ordinary message.
func TestSlashCommand(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.must(s.a.SetCommands(s.Context(), map[string][]conversation.CommandInfo{
			"en": {{Name: "balance", Local: "balance", Description: "My points"}},
			"az": {{Name: "balance", Local: "xallar", Description: "Xallarım"}},
			"ru": {{Name: "balance", Local: "Баллы", Description: "Мои баллы"}},
		}))
		if _, err := s.l.Introduce(lookalike.Person{Name: "vera", Locale: "ru"}); err != nil {
			s.Fatal(err)
		}
		s.must(s.l.Command(s.Context(), "vera", "/баллы за год", ""))
		got := s.inbox.all()
		if len(got) != 1 || got[0].Command != "balance" || got[0].Args != "за год" || got[0].From.Locale != "ru" || len(got[0].Handle) == 0 {
			s.Fatalf("got %+v", got)
		}
		answer := s.sending("vera", "42")
		answer.Handle = got[0].Handle
		_, err := s.a.Send(s.Context(), answer)
		s.must(err)
		if n := len(s.calls("POST", "/channels/"+s.l.Direct("vera")+"/messages")); n != 0 {
			s.Errorf("%d ordinary messages", n)
		}
		s.after(20 * time.Minute)
		answer.Nonce = "later"
		_, err = s.a.Send(s.Context(), answer)
		s.must(err)
		if n := len(s.calls("POST", "/channels/"+s.l.Direct("vera")+"/messages")); n != 1 {
			s.Errorf("%d ordinary messages after the loan, want 1", n)
		}
	})
}

// TestPace: a channel whose allowance is used up is left alone until its time.
func TestPace(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		refused := 0
		for i := range 9 {
			_, err := s.send("ayla", fmt.Sprintf("%d. message", i))
			var se *conversation.SendError
			if errors.As(err, &se) && se.Kind == conversation.RateLimited && se.RetryAfter > 0 && !se.WholeBot {
				refused++
			} else {
				s.must(err)
			}
		}
		if refused != 4 {
			s.Errorf("%d of 9 were put off, want 4", refused)
		}
		for _, c := range s.l.Calls(0) {
			if c.Status == 429 {
				s.Error("a call was made that had to be refused")
			}
		}
	})
}

// TestClosedDM: closed direct messages and a missing common server are states of the person, with their reasons.
func TestClosedDM(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.must(s.l.Block(s.Context(), "ayla"))
		s.must(s.l.Leave("vera"))
		for as, want := range map[string]string{"ayla": "dm_closed", "vera": "no_mutual_server"} {
			_, err := s.send(as, "hello")
			var se *conversation.SendError
			if !errors.As(err, &se) || se.Kind != conversation.PersonGone || se.Code != want {
				s.Errorf("%s: got %v, want %s", as, err, want)
			}
		}
	})
}
