package discord_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// contents are the texts of the new messages among payloads.
func contents(all []frame) (out []string) {
	for _, f := range all {
		var m struct {
			Content string `json:"content"`
		}
		if f.T == "MESSAGE_CREATE" && json.Unmarshal(f.D, &m) == nil {
			out = append(out, m.Content)
		}
	}
	return out
}

// TestCloseCodes: each mistake of a client ends with the platform's own code.
func TestCloseCodes(t *testing.T) {
	t.Parallel()
	with := func(change obj) func(s *stage) obj {
		return func(s *stage) obj {
			id := s.identity()
			for k, v := range change {
				id[k] = v
			}
			return id
		}
	}
	for name, c := range map[string]struct {
		op   int
		data func(s *stage) obj
		code int
	}{
		"an unknown opcode":             {99, with(nil), 4001},
		"no intents":                    {2, with(obj{"intents": nil}), 4002},
		"no properties":                 {2, with(obj{"properties": nil}), 4002},
		"a presence before identifying": {3, with(nil), 4003},
		"a wrong token":                 {2, with(obj{"token": "a.b.c"}), 4004},
		"a resume with a wrong token":   {6, with(obj{"token": "a.b.c", "session_id": "x", "seq": 1}), 4004},
		"an intent of tomorrow":         {2, with(obj{"intents": 1 << 30}), 4013},
		"a privileged intent":           {2, with(obj{"intents": 1 << 15}), 4014},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
				w := s.dial()
				w.want(10, "")
				w.send(c.op, c.data(s))
				w.wantClose(c.code)
			})
		})
	}
	onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
		w, session := s.identify()
		w.send(2, s.identity())
		w.wantClose(4005)
		w = s.dial()
		w.want(10, "")
		w.send(6, obj{"token": s.l.Token(), "session_id": session, "seq": 1000})
		w.wantClose(4007)
		w = s.dial()
		w.want(10, "")
		s.must(w.ws.WriteMessage(1, []byte("no JSON")))
		w.wantClose(4002)
		w, _ = s.identify()
		sent, code := 1, 0
		for ; code == 0 && sent < 200; sent++ {
			w.send(1, nil)
			_, code = w.next()
		}
		if code != 4008 || sent != 121 {
			s.Errorf("closed with %d after %d payloads in a minute", code, sent)
		}
		w.close()
	})
}

// TestHeartbeats: they are asked for and answered; who sends none is dropped, and who is muted hears nothing.
func TestHeartbeats(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: unlimited, Heartbeat: 10 * time.Second}, func(s *stage) {
		w := s.dial()
		if hello := w.want(10, ""); string(hello[0].D) == "" || !json.Valid(hello[0].D) {
			s.Errorf("hello is %s", hello[0].D)
		}
		w.send(1, nil)
		w.want(11, "")
		w.wantClose(4009)
		w, _ = s.identify()
		s.l.Mute()
		w.send(1, nil)
		s.after(time.Second)
		s.say("ayla", "still heard")
		if all := w.want(0, "MESSAGE_CREATE"); slices.ContainsFunc(all, func(f frame) bool { return f.Op == 11 }) {
			s.Error("a muted connection was answered")
		}
		w.close()
	})
}

// TestResume: what was missed comes again, in order and with its numbers, until the session is too old.
func TestResume(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
		w, session := s.identify()
		s.say("ayla", "one")
		all := w.want(0, "MESSAGE_CREATE")
		seq := all[len(all)-1].S
		s.l.Disconnect(0)
		w.wantClose(-1)
		s.say("ayla", "two")
		s.say("vera", "three")
		w = s.dial()
		w.want(10, "")
		w.send(6, obj{"token": "Bot " + s.l.Token(), "session_id": session, "seq": seq})
		replayed := w.want(0, "RESUMED")
		if got := contents(replayed); !slices.Equal(got, []string{"two", "three"}) {
			s.Errorf("replayed %q", got)
		}
		for i, f := range replayed {
			if f.S != 0 && f.S != seq+1+i {
				s.Errorf("event %d has the number %d", i, f.S)
			}
		}
		w.close()
		s.after(3*time.Minute + time.Second)
		w = s.dial()
		w.want(10, "")
		w.send(6, obj{"token": s.l.Token(), "session_id": session, "seq": seq})
		if all := w.want(9, ""); string(all[0].D) != "false" {
			s.Errorf("an old session: %s", all[0].D)
		}
		w.send(2, s.identity())
		if all := w.want(0, "GUILD_CREATE"); len(contents(all)) != 0 {
			s.Error("a new session is told of what was before it")
		}
		w.close()
	})
}

// TestEndedSession: a client that closes with 1000 or 1001 gives its session up, and so does opcode 9 without true.
func TestEndedSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(s *stage, w *wire){
		"closed with 1000": func(s *stage, w *wire) {
			s.must(w.ws.WriteMessage(8, []byte{0x03, 0xe8}))
		},
		"opcode 9": func(s *stage, w *wire) {
			s.l.Invalidate(false)
			w.want(9, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
				w, session := s.identify()
				end(s, w)
				w.close()
				s.after(time.Second)
				w = s.dial()
				w.want(10, "")
				w.send(6, obj{"token": s.l.Token(), "session_id": session, "seq": 1})
				w.want(9, "")
				w.close()
			})
		})
	}
}

// TestBadMoments: opcode 7, opcode 9 and cuts at each step of the handshake.
func TestBadMoments(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"hello", "identify", "resume", "ack"} {
		for _, status := range []int{7, 9, 0, 4000} {
			t.Run(fmt.Sprint(step, status), func(t *testing.T) {
				t.Parallel()
				onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
					s.must(s.l.Fault(s.Context(), lookalike.Fault{Method: "gateway", Path: step, Status: status, Times: 1}))
					w := s.dial()
					if step != "hello" {
						w.want(10, "")
						w.send(map[string]int{"identify": 2, "resume": 6, "ack": 1}[step], s.identity())
					}
					switch status {
					case 7, 9:
						w.want(status, "")
						w.close()
					case 0:
						w.wantClose(-1)
					default:
						w.wantClose(status)
					}
					again, _ := s.identify()
					again.close()
				})
			})
		}
	}
}

// TestSessionStarts: one in five seconds, a thousand a day, and then the token is dead.
func TestSessionStarts(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: discord.Limits{PerSecond: -1}}, func(s *stage) {
		w, _ := s.identify()
		w.close()
		w = s.dial()
		w.want(10, "")
		w.send(2, s.identity())
		w.want(9, "")
		w.close()
		for left := 998; left >= 0; left-- {
			s.after(5 * time.Second)
			w, _ = s.identify()
			w.close()
			limit, _ := s.call("GET", "gateway/bot", nil).body["session_start_limit"].(map[string]any)
			if limit["remaining"] != float64(left) {
				s.Fatalf("got %v, want %d left", limit, left)
			}
		}
		s.after(5 * time.Second)
		w = s.dial()
		w.want(10, "")
		w.send(2, s.identity())
		w.wantClose(4004)
	})
}

// TestIntents: without the privileged intent the bot reads what is said to it, and only sees that the rest was said.
func TestIntents(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
		w, _ := s.identify()
		for _, text := range []string{"not for the bot", "@bot hello"} {
			_, err := s.l.Say(s.Context(), lookalike.Say{As: "ayla", Text: text, In: discord.Channel})
			s.must(err)
		}
		s.say("ayla", "in private")
		got := contents(append(w.want(0, "MESSAGE_CREATE"), append(w.want(0, "MESSAGE_CREATE"), w.want(0, "MESSAGE_CREATE")...)...))
		if want := []string{"", "<@" + s.l.BotID() + "> hello", "in private"}; !slices.Equal(got, want) {
			s.Errorf("the bot reads %q, want %q", got, want)
		}
		w.close()
	})
}

// TestDownAndUp: while the platform is down nothing connects, and what was said meanwhile can be asked for.
func TestDownAndUp(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
		w, _ := s.identify()
		down, up := true, false
		s.must(s.l.Fault(s.Context(), lookalike.Fault{Down: &down}))
		w.wantClose(-1)
		s.is("a call", s.call("GET", "users/@me", nil), 0, 0)
		s.after(time.Second)
		s.say("ayla", "nobody listens")
		if len(s.l.Busy()) == 0 {
			s.Error("nothing is said to wait for the bot")
		}
		s.must(s.l.Fault(s.Context(), lookalike.Fault{Down: &up}))
		list := s.call("GET", s.direct("ayla")+"?after=1", nil).list
		if len(list) != 1 || list[0]["content"] != "nobody listens" {
			s.Errorf("listed: %v", list)
		}
		if busy := s.l.Busy(); len(busy) != 0 {
			s.Errorf("still busy: %q", busy)
		}
	})
}
