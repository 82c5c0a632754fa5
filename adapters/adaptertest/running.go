package adaptertest

import (
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

const second = time.Second

// running is the life of a channel.
var running = []one{
	{name: "connect answers the same account again", run: connectAgain},
	{name: "limits are sensible", run: limits},
	{name: "it stops cleanly and runs again", run: runAgain},
	{name: "it stops while it cannot keep anything", run: stopsWhileFailing},
}

func connectAgain(s *session) {
	again, err := s.rig.Channel.Connect(s.ctx)
	s.must("connect again", err)
	if again != s.account {
		s.t.Errorf("first %q, then %q", s.account, again)
	}
}

func limits(s *session) {
	l := s.rig.Channel.Limits()
	if l.TextLength <= 0 || l.PerSecond <= 0 || l.PerChat < 0 || l.Forms != (s.rig.Forms != nil) {
		s.t.Errorf("got %+v; native forms to be seen: %v", l, s.rig.Forms != nil)
	}
}

func runAgain(s *session) {
	to := s.chatWith("ayla")
	s.must("stop", s.stop())
	_, err := s.rig.Human.Say(s.ctx, "ayla", "said while nobody listened")
	s.must("say", err)
	s.say(to, "the way out does not need Run")
	s.start()
	s.await("what was said meanwhile", func(in conversation.Inbound) bool { return in.Text == "said while nobody listened" })
}

func stopsWhileFailing(s *session) {
	s.chatWith("ayla")
	s.inbox.refuse(1000)
	_, err := s.rig.Human.Say(s.ctx, "ayla", "nobody can keep this")
	s.must("say", err)
	s.must("wait", sleep(s.ctx, second))
	s.must("stop", s.stop())
}
