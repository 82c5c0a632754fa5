package discord_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	platform "github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/texts"
)

// command has a person use a slash command, and answers its event.
func (s *stage) command(as, text, in string) conversation.Inbound {
	s.Helper()
	s.must(s.a.SetCommands(s.Context(), map[string][]conversation.CommandInfo{
		"": {{Name: "balance", Local: "balance", Description: "My points"}},
	}))
	s.must(s.l.Command(s.Context(), as, text, in))
	all := s.inbox.all()
	got := all[len(all)-1]
	if got.Command != "balance" || len(got.Handle) == 0 {
		s.Fatalf("the command came as %+v", got)
	}
	return got
}

// reply is one reply to an event, as the outbox hands it over.
func reply(in conversation.Inbound, nonce, text string, rows ...[]conversation.Button) conversation.Sending {
	return conversation.Sending{Nonce: nonce, Outgoing: conversation.Outgoing{
		To: in.Address, Handle: in.Handle, Body: conversation.Body{Text: texts.Literal(text), Rows: rows},
	}}
}

func (s *stage) sendAll(all ...conversation.Sending) (out []conversation.Receipt) {
	s.Helper()
	for _, one := range all {
		r, err := s.a.Send(s.Context(), one)
		s.must(err)
		out = append(out, r)
	}
	return out
}

// bot are the texts of the bot that a person sees in a place.
func (s *stage) bot(as, in string) (out []string) {
	for _, m := range s.l.Chat(as, in) {
		if m.From == "bot" {
			out = append(out, m.Text)
		}
	}
	return out
}

func (s *stage) sees(as, in string, want ...string) {
	s.Helper()
	if got := s.bot(as, in); !slices.Equal(got, want) {
		s.Errorf("%s reads %q, want %q", as, got, want)
	}
}

// TestCommandInPrivate: the first reply takes the place of "thinking…", later ones follow, all can be edited, and
// everybody concerned sees them.
func TestCommandInPrivate(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		in := s.command("vera", "/balance", "")
		s.sees("vera", "", "thinking…")
		got := s.sendAll(reply(in, "1", "42 points"), reply(in, "2", "and a coupon"))
		s.sees("vera", "", "42 points", "and a coupon")
		for i, text := range []string{"43 points", "and no coupon"} {
			edit := reply(in, "e", text)
			edit.Body.Kind, edit.MessageID = conversation.BodyEdit, got[i].MessageID
			s.sendAll(edit)
		}
		s.sees("vera", "", "43 points", "and no coupon")
		for _, c := range s.l.Calls(0) {
			if strings.Contains(c.Path, "interaction-") {
				s.Errorf("the journal holds a token: %s", c.Path)
			}
		}
	})
}

// TestCommandAmongOthers: what is answered in a server's channel is for the person's eyes, which is settled when the
// response is deferred.
func TestCommandAmongOthers(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.say("ayla", "hello")
		in := s.command("vera", "/balance", platform.Channel)
		if in.Private || !in.Mentioned {
			s.Errorf("got %+v", in)
		}
		s.sendAll(reply(in, "1", "first"), reply(in, "2", "second", []conversation.Button{button("More", "token-more")}), reply(in, "3", "third"))
		s.sees("vera", platform.Channel, "first", "second", "third")
		s.sees("ayla", platform.Channel)
		if n := len(s.calls("POST", "/channels/"+in.Chat+"/messages")); n != 0 {
			s.Errorf("%d messages were public", n)
		}
		raw, err := json.Marshal(s.calls("POST", "/callback")[0].Body)
		if err != nil || string(raw) != `{"data":{"flags":64},"type":5}` {
			s.Errorf("the first response was %s", raw)
		}

		s.must(s.l.Press(s.Context(), lookalike.Press{As: "vera", Label: "More", In: platform.Channel}))
		all := s.inbox.all()
		press := all[len(all)-1]
		edit := reply(press, "4", "second, pressed")
		edit.Body.Kind, edit.MessageID = conversation.BodyEdit, press.MessageID
		s.sendAll(edit, reply(press, "5", "more"))
		s.sees("vera", platform.Channel, "first", "second, pressed", "third", "more")
		s.sees("ayla", platform.Channel)
	})
}

// TestPressAmongOthers: a press on a message for everybody is answered for the person's eyes.
func TestPressAmongOthers(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		_, err := s.l.Say(s.Context(), lookalike.Say{As: "ayla", Text: "@rapport hello", In: platform.Channel})
		s.must(err)
		s.after(time.Second)
		public := s.inbox.all()[0]
		s.sendAll(reply(public, "1", "An offer for all", []conversation.Button{button("Why me?", "token-why")}))
		s.must(s.l.Press(s.Context(), lookalike.Press{As: "vera", Label: "Why me?", In: platform.Channel}))
		all := s.inbox.all()
		s.sendAll(reply(all[len(all)-1], "2", "Because you like beans"))
		s.sees("vera", platform.Channel, "An offer for all", "Because you like beans")
		s.sees("ayla", platform.Channel, "An offer for all")
	})
}

// TestReplyBeforeTheResponse: a reply that is faster than the deferral waits for it, so that no "thinking…" is left.
func TestReplyBeforeTheResponse(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		sent := make(chan error, 1)
		s.inbox.onNew = func(in conversation.Inbound) {
			go func() {
				_, err := s.a.Send(s.Context(), reply(in, "1", "at once"))
				sent <- err
			}()
		}
		s.command("vera", "/balance", "")
		s.must(<-sent)
		s.sees("vera", "", "at once")
	})
}

// TestLostAnswers: whatever becomes of the calls that answer an interaction, nothing is read twice.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	cut := lookalike.Fault{Times: 1, Late: true}
	for name, place := range map[string]string{"private": "", "among others": platform.Channel} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, platform.Config{}, nil, func(s *stage) {
				s.online()
				in := s.command("vera", "/balance", place)
				for _, one := range []conversation.Sending{reply(in, "1", "first"), reply(in, "2", "second")} {
					s.must(s.l.Fault(s.Context(), cut))
					if _, err := s.a.Send(s.Context(), one); err == nil {
						s.Fatal("the answer was not lost")
					}
					_, _ = s.a.Send(s.Context(), one) // may be refused as unknown, never doubled
				}
				s.sees("vera", place, "first", "second")
			})
		})
	}
}

// TestAnotherProcess: a process that did not take the event in finds out what has become of the response.
func TestAnotherProcess(t *testing.T) {
	t.Parallel()
	for name, before := range map[string][]string{"nothing answered yet": nil, "this answered": {"first"}, "another answered": {"zeroth"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, platform.Config{}, nil, func(s *stage) {
				s.online()
				in := s.command("vera", "/balance", "")
				want := before
				for _, text := range before {
					s.sendAll(reply(in, text, text))
				}
				if !slices.Contains(before, "first") {
					want = append(slices.Clone(before), "first")
				}
				other := s.adapter()
				_, err := other.Connect(s.Context())
				s.must(err)
				for range 2 {
					_, err = other.Send(s.Context(), reply(in, "first", "first"))
					s.must(err)
				}
				s.sees("vera", "", want...)
				s.must(other.Close())
			})
		})
	}
}

// TestRefusedResponse: when the first response cannot be made, the reply is an ordinary message.
func TestRefusedResponse(t *testing.T) {
	t.Parallel()
	for _, status := range []int{404, 500, 0} {
		onStage(t, platform.Config{}, nil, func(s *stage) {
			s.online()
			s.must(s.a.SetCommands(s.Context(), map[string][]conversation.CommandInfo{"": {{Name: "balance", Description: "My points"}}}))
			s.must(s.l.Fault(s.Context(), lookalike.Fault{Method: "POST", Path: "/callback", Status: status, Times: 1}))
			if err := s.l.Command(s.Context(), "vera", "/balance", ""); err == nil {
				s.Error("the person does not read that the interaction failed")
			}
			out := reply(s.inbox.all()[0], "1", "42 points")
			for range 10 {
				_, err := s.a.Send(s.Context(), out)
				if err == nil {
					break
				}
				if kind := conversation.KindOf(err); kind != conversation.Temporary {
					s.Errorf("status %d: got %v", status, err)
				}
				s.after(time.Second)
			}
			s.sees("vera", "", "42 points")
		})
	}
}

// TestNothingLent: handles that are none, or somebody's invention, lead to an ordinary message.
func TestNothingLent(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		var want []string
		for i, raw := range []string{
			"", "null", "7", `{}`, `{"app":"1","token":"../../channels/1","until":"2999-01-01T00:00:00Z"}`,
			`{"app":"x","token":"t","until":"2999-01-01T00:00:00Z"}`, `{"app":"1","token":"t","until":"2000-01-01T00:00:00Z"}`,
			`{"app":"1","token":"unknown","until":"2999-01-01T00:00:00Z","message":"5"}`,
		} {
			out := s.sending("ayla", string(rune('a'+i)))
			out.Handle = []byte(raw)
			for range 8 {
				if _, err := s.a.Send(s.Context(), out); err == nil {
					break
				}
				s.after(time.Second)
			}
			want = append(want, string(rune('a'+i)))
		}
		s.sees("ayla", "", want...)
	})
}
