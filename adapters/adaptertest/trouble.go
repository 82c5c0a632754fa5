package adaptertest

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// trouble is what goes wrong.
var trouble = []one{
	{name: "each kind of error is told", run: eachKind, applies: func(r Rig) bool { return len(r.Fail) > 0 }},
	{name: "a failed send names a code and can be made again", run: aFailedSend, applies: func(r Rig) bool { return r.Down != nil }},
	{name: "a person who blocks and comes back", run: aPersonBlocks, applies: func(r Rig) bool { return r.Blocked != conversation.Temporary }},
	{name: "an address that leads nowhere", run: nowhere},
	{name: "an empty message is our mistake", run: anEmptyMessage},
	{name: "an edit of nothing is our mistake", run: anEditOfNothing},
	{name: "events of an outage come after it", run: anOutage, applies: func(r Rig) bool { return r.Down != nil }},
	{name: "it tells that it receives nothing", run: tellsThatItIsDeaf, slow: true, applies: func(r Rig) bool { return r.Listens && r.Down != nil }},
}

func eachKind(s *session) {
	to := s.chatWith("ayla")
	for _, want := range slices.Sorted(maps.Keys(s.rig.Fail)) {
		s.must("arrange "+want.String(), s.rig.Fail[want](s.ctx))
		_, err := s.rig.Channel.Send(s.ctx, conversation.Sending{
			Nonce:    "nonce-" + want.String(),
			Outgoing: conversation.Outgoing{To: to, Body: conversation.Body{Text: plain("trial of " + want.String())}},
		})
		var se *conversation.SendError
		if !errors.As(s.note(err), &se) {
			s.t.Errorf("%s: got %v, which is no *SendError", want, err)
			continue
		}
		if se.Kind != want {
			s.t.Errorf("want %s, got %s: %v", want, se.Kind, se)
		}
		if se.Code == "" {
			s.t.Errorf("%s has no code: %v", want, se)
		}
		if want == conversation.RateLimited && se.RetryAfter < s.rig.RetryAfter {
			s.t.Errorf("the platform asks for %s, the error says %s", s.rig.RetryAfter, se.RetryAfter)
		}
	}
}

func aFailedSend(s *session) {
	to := s.chatWith("ayla")
	s.must("down", s.rig.Down(s.ctx, true))
	out := conversation.Sending{Nonce: "one-nonce", Outgoing: conversation.Outgoing{To: to, Body: conversation.Body{Text: plain("hello")}}}
	_, err := s.rig.Channel.Send(s.ctx, out)
	var se *conversation.SendError
	if !errors.As(s.note(err), &se) || se.Kind != conversation.Temporary || se.Code == "" {
		s.t.Errorf("the platform is down: got %v", err)
	}
	s.must("up", s.rig.Down(s.ctx, false))
	r, err := s.rig.Channel.Send(s.ctx, out)
	s.must("send again", err)
	if got := s.last("ayla"); got.Text != "hello" || r.MessageID == "" {
		s.t.Errorf("the person reads %q, receipt %+v", got.Text, r)
	}
}

func aPersonBlocks(s *session) {
	to := s.chatWith("ayla")
	s.must("block", s.rig.Human.Block(s.ctx, "ayla"))
	if s.rig.TellsBlock {
		in := s.await("the block", kind(conversation.KindBlocked))
		if in.Text == "" || in.From.UserID == "" || in.Chat != to.Chat || !in.Private {
			s.t.Errorf("got %+v", in)
		}
	}
	_, err := s.try(to, conversation.Body{Text: plain("are you there")}, "")
	if got := conversation.KindOf(err); err == nil || got != s.rig.Blocked {
		s.t.Errorf("sending to a person who blocks: want %s, got %v", s.rig.Blocked, err)
	}
	s.must("unblock", s.rig.Human.Unblock(s.ctx, "ayla"))
	if s.rig.TellsBlock {
		s.await("the return", kind(conversation.KindBack))
	}
	s.say(to, "welcome back")
}

func nowhere(s *session) {
	for _, chat := range []string{"", "nonsense", "../../etc/passwd", "999999999999"} {
		_, err := s.try(conversation.Address{Channel: s.rig.Channel.Name(), Account: s.account, Chat: chat},
			conversation.Body{Text: plain("anybody there")}, "")
		switch kind := conversation.KindOf(err); {
		case err == nil:
			s.t.Errorf("chat %q: no error", chat)
		case kind != conversation.OurPayload && kind != conversation.PersonUnreachable:
			s.t.Errorf("chat %q: a wrong address is ours or unreachable, not %s: %v", chat, kind, err)
		}
	}
}

func anEmptyMessage(s *session) {
	to := s.chatWith("ayla")
	for _, text := range []string{"", " \n "} {
		if _, err := s.try(to, conversation.Body{Text: plain(text)}, ""); err == nil || conversation.KindOf(err) != conversation.OurPayload {
			s.t.Errorf("text %q: got %v, want our_payload", text, err)
		}
	}
}

func anEditOfNothing(s *session) {
	to := s.chatWith("ayla")
	for _, id := range []string{"", "nonsense", "987654321"} {
		_, err := s.try(to, conversation.Body{Kind: conversation.BodyEdit, Text: plain("changed")}, id)
		if err == nil || conversation.KindOf(err) != conversation.OurPayload {
			s.t.Errorf("editing message %q: got %v, want our_payload", id, err)
		}
	}
}

func anOutage(s *session) {
	s.chatWith("ayla")
	s.must("down", s.rig.Down(s.ctx, true))
	_, err := s.rig.Human.Say(s.ctx, "ayla", "said during the outage")
	s.must("say", err)
	s.must("wait", sleep(s.ctx, second))
	s.must("up", s.rig.Down(s.ctx, false))
	s.await("what was said during the outage", func(in conversation.Inbound) bool { return in.Text == "said during the outage" })
}

// listener is a channel that can tell that it receives nothing although its credentials are good.
type listener interface {
	Deaf() error
}

// tellsThatItIsDeaf shuts the platform for a moment, which is nothing to tell of, and for long.
func tellsThatItIsDeaf(s *session) {
	l, ok := s.rig.Channel.(listener)
	if !ok {
		s.t.Fatal("it cannot tell")
	}
	s.chatWith("ayla")
	hears := func(when string) {
		s.t.Helper()
		if err := s.note(l.Deaf()); err != nil {
			s.t.Errorf("%s it says that it receives nothing: %v", when, err)
		}
	}
	hears("while all is well")
	s.must("down", s.rig.Down(s.ctx, true))
	s.must("wait", sleep(s.ctx, second))
	hears("a second after the platform went down")
	s.must("wait", sleep(s.ctx, time.Minute))
	if err := s.note(l.Deaf()); err == nil {
		s.t.Error("the platform has been down for a minute, and it says nothing")
	}
	s.must("up", s.rig.Down(s.ctx, false))
	s.must("wait", sleep(s.ctx, time.Minute))
	hears("a minute after the platform came back")
	s.must("down", s.rig.Down(s.ctx, true))
	s.must("wait", sleep(s.ctx, time.Minute))
	s.must("stop", s.stop())
	hears("when it is not meant to receive")
	s.must("up", s.rig.Down(s.ctx, false))
}
