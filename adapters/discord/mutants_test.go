package discord_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/rapport-chat/rapport/adapters/adaptertest"
	"github.com/rapport-chat/rapport/adapters/discord"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	platform "github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// recorded are events as the platform sends them.
var recorded = map[string]string{
	"MESSAGE_CREATE": `{"id":"1204400000000000777","channel_id":"1204400000000000500","author":{"id":"1204400000000000600","username":"vera",
		"global_name":"Vera","discriminator":"0","bot":false},"content":"<@1204400000000000700> salam","timestamp":"2026-11-22T05:00:00.000000+00:00",
		"edited_timestamp":null,"mentions":[{"id":"1204400000000000700","username":"x"}],"mention_roles":[],"type":0,"flags":0,"embeds":[],"components":[],
		"attachments":[{"id":"5","filename":"a.png","content_type":"image/png","size":17,"url":"https://cdn.example/a.png"}],
		"sticker_items":[{"id":"9","name":"wave","format_type":1}],"referenced_message":{"id":"4","author":{"id":"1"}},"message_reference":{"message_id":"4"}}`,
	"MESSAGE_UPDATE": `{"id":"1204400000000000778","channel_id":"1204400000000000500","author":{"id":"1204400000000000600","username":"vera"},
		"content":"changed","edited_timestamp":"2026-11-22T05:00:00.000000+00:00","type":0}`,
	"MESSAGE_DELETE": `{"id":"1204400000000000779","channel_id":"1204400000000000500"}`,
	"INTERACTION_CREATE": `{"id":"1204400000000000780","application_id":"1204400000000000001","type":2,"token":"interaction-x","version":1,"context":1,
		"data":{"id":"4","name":"balance","type":1,"options":[{"name":"text","type":3,"value":"now"}]},"channel_id":"1204400000000000500",
		"channel":{"id":"1204400000000000500","type":1},"user":{"id":"1204400000000000600","username":"vera"},"locale":"ru"}`,
	"INTERACTION_CREATE press": `{"id":"1204400000000000781","application_id":"1204400000000000001","type":3,"token":"interaction-y","guild_id":"3","context":0,
		"data":{"custom_id":"p:token","component_type":3,"values":["s:x"]},"channel_id":"1204400000000000500","message":{"id":"1204400000000000111","flags":64},
		"member":{"user":{"id":"1204400000000000600","username":"vera"},"roles":[]},"locale":"en-US"}`,
	"INTERACTION_CREATE form": `{"id":"1204400000000000782","application_id":"1204400000000000001","type":5,"token":"interaction-z",
		"data":{"custom_id":"f:token","components":[{"type":1,"components":[{"type":4,"custom_id":"text","value":"words"}]},
		{"type":18,"component":{"type":4,"custom_id":"more","value":"w"}}]},"channel_id":"1204400000000000500","message":{"id":"1204400000000000111"},
		"user":{"id":"1204400000000000600","username":"vera"}}`,
	"READY":         `{"v":9,"session_id":"session-x","resume_gateway_url":"ws://discord.test/gateway","user":{"id":"1"},"guilds":[]}`,
	"GUILD_CREATE":  `{"id":"3","name":"x","channels":[{"id":"5"}]}`,
	"SOMETHING_NEW": `{"a":[{"b":1}]}`,
}

// TestSpoiltEvents: whatever value of an event is missing or of another type, the channel goes on, and the events before
// and after it come, each once.
func TestSpoiltEvents(t *testing.T) {
	t.Parallel()
	for kind, data := range recorded {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			onStage(t, platform.Config{Limits: platform.Limits{PerChannel: -1}}, nil, func(s *stage) {
				s.online()
				s.say("ayla", "hello")
				want := []string{"hello"}
				name, _, _ := strings.Cut(kind, " ")
				for i, m := range adaptertest.Mutants([]byte(data)) {
					s.l.Inject(name, m.JSON)
					text := fmt.Sprintf("neighbour %d, behind %s", i, m.Name)
					s.say("ayla", text)
					want = append(want, text)
				}
				s.after(time.Minute)
				got := slices.DeleteFunc(s.inbox.texts(), func(text string) bool { return text != "hello" && !strings.HasPrefix(text, "neighbour") })
				if !slices.Equal(got, want) {
					s.Errorf("%d neighbours of %d came", len(got), len(want))
				}
				for _, e := range s.inbox.all() {
					if e.EventID == "" || e.Kind == "" || e.Kind != conversation.KindBroken && (e.Chat == "" || e.From.UserID == "") {
						s.Errorf("not fit to be kept: %+v", e)
					}
				}
				if n := s.sessions(); n > 1 && name != "READY" {
					s.Errorf("%d sessions were started", n)
				}
			})
		})
	}
}

// answers are the calls whose answers are spoilt, each with what makes it on a fresh channel.
var answers = []struct {
	name string
	is   string // verb and the end of the path
	do   func(s *stage, ctx context.Context) error
}{
	{"who we are", "GET users/@me", func(s *stage, ctx context.Context) error { _, err := s.a.Connect(ctx); return err }},
	{"our application", "GET applications/@me", func(s *stage, ctx context.Context) error { _, err := s.a.Connect(ctx); return err }},
	{"a message", "POST messages", func(s *stage, ctx context.Context) error { return s.sends(ctx) }},
	{"commands", "PUT commands", func(s *stage, ctx context.Context) error {
		if _, err := s.a.Connect(ctx); err != nil {
			return err
		}
		return s.a.SetCommands(ctx, map[string][]conversation.CommandInfo{"": {{Name: "balance", Description: "x"}}})
	}},
	{"the servers", "GET guilds", func(s *stage, ctx context.Context) error { return s.address(ctx) }},
	{"the channels", "GET channels", func(s *stage, ctx context.Context) error { return s.address(ctx) }},
	{"the doctor: servers", "GET guilds", func(s *stage, ctx context.Context) error { s.a.Diagnose(ctx); return nil }},
	{"the doctor: the gateway", "GET bot", func(s *stage, ctx context.Context) error { s.a.Diagnose(ctx); return nil }},
	{"the doctor: ourselves", "GET 1204400000000000001", func(s *stage, ctx context.Context) error { s.a.Diagnose(ctx); return nil }},
}

// sends sends a message, which answers a receipt with an id or an error of the channel's own.
func (s *stage) sends(ctx context.Context) error {
	r, err := s.a.Send(ctx, s.sending("ayla", "hello"))
	if err == nil && r.MessageID == "" {
		s.Error("a message without an id")
	}
	return err
}

func (s *stage) address(ctx context.Context) error {
	_, _, err := s.a.OffersAddress(ctx)
	return err
}

// TestSpoiltAnswers: whatever value of an answer is missing or of another type, the call ends in time, with an error that
// says of which kind it is or with none, and the next one works.
func TestSpoiltAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range answers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onStage(t, platform.Config{Limits: platform.Limits{PerChannel: -1, PerSecond: 1000}}, nil, func(s *stage) {
				s.online()
				s.must(s.end()) // nothing is received here
				spoiler := &adaptertest.Spoiler{Base: s.transport()}
				verb, end, _ := strings.Cut(c.is, " ")
				is := func(r *http.Request) bool { return r.Method == verb && strings.HasSuffix(r.URL.Path, "/"+end) }
				spoiler.Each(s.T, is, func() func(context.Context) error {
					a, err := discord.New(discord.Config{
						Token: config.NewSecret(s.l.Token()), APIURL: "http://discord.test", Offers: discord.OffersInChannel, OffersChannel: "#general",
					}, slog.New(slog.DiscardHandler), discord.WithTransport(spoiler))
					s.must(err)
					s.a = a
					return func(ctx context.Context) error { return c.do(s, ctx) }
				})
			})
		})
	}
}

// oddGateway is a gateway whose first connection brings a spoilt frame in the handshake, and whose later ones do not.
type oddGateway struct {
	rest    http.Handler // of the API
	step    string       // "hello" or "READY"
	spoilt  []byte
	always  bool // later connections bring it too
	dialled atomic.Int32
}

func (g *oddGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/gateway") {
		g.rest.ServeHTTP(w, r)
		return
	}
	ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	first := g.dialled.Add(1) == 1
	write := func(step, frame string) {
		if (first || g.always) && step == g.step {
			frame = string(g.spoilt)
		}
		_ = ws.WriteMessage(websocket.TextMessage, []byte(frame)) // the reading notices a broken one
	}
	write("hello", oddFrames["hello"])
	for {
		var in struct {
			Op int `json:"op"`
		}
		if ws.ReadJSON(&in) != nil {
			return
		}
		switch in.Op {
		case 1:
			write("", `{"op":11}`)
		case 2, 6:
			write("READY", oddFrames["READY"])
			write("", `{"op":0,"s":2,"t":"MESSAGE_CREATE","d":{"id":"1204400000000000777","channel_id":"500","author":{"id":"600","username":"vera"},"content":"salam"}}`)
		}
	}
}

// oddFrames are the frames of a handshake.
var oddFrames = map[string]string{
	"hello": `{"op":10,"s":null,"t":null,"d":{"heartbeat_interval":41250,"_trace":["x"]}}`,
	"READY": `{"op":0,"s":1,"t":"READY","d":{"v":9,"session_id":"session-x","resume_gateway_url":"ws://discord.test/gateway","user":{"id":"1"},"guilds":[]}}`,
}

// TestSpoiltHandshake: whatever value of the handshake is missing or of another type, the channel is at work within some
// minutes, and what is said then comes once.
func TestSpoiltHandshake(t *testing.T) {
	t.Parallel()
	for step, frame := range oddFrames {
		for _, m := range adaptertest.Mutants([]byte(frame)) {
			t.Run(step+" "+m.Name, func(t *testing.T) {
				t.Parallel()
				oddly(t, &oddGateway{step: step, spoilt: m.JSON})
			})
		}
	}
}

// oddly runs a channel at an odd gateway.
func oddly(t *testing.T, odd *oddGateway) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l, err := platform.New(platform.Config{})
		if err != nil {
			t.Fatal(err)
		}
		odd.rest = l.Handler()
		pipes, memory := lookalike.ServePipes(odd), lookalike.Transport(odd)
		s := &stage{T: t, l: l, inbox: &inbox{}, opts: []discord.Option{discord.WithTransport(memory), discord.WithDial(pipes.DialContext)}}
		s.a = s.adapter()
		s.end = s.run(s.a)
		s.after(5 * time.Minute)
		if got := s.inbox.texts(); !slices.Equal(got, []string{"salam"}) {
			s.Errorf("kept %q after %d connections", got, odd.dialled.Load())
		}
		s.must(s.end())
		memory.Wait()
		s.must(l.Close())
		s.must(pipes.Close())
	})
}

// TestAGatewayOfAnotherKind: one that never names a session, or where to resume it, is one to work with all the same.
func TestAGatewayOfAnotherKind(t *testing.T) {
	t.Parallel()
	for name, ready := range map[string]string{
		"no session":         `{"op":0,"s":1,"t":"READY","d":{"v":9,"user":{"id":"1"}}}`,
		"no place to resume": `{"op":0,"s":1,"t":"READY","d":{"v":9,"session_id":"session-x","resume_gateway_url":null}}`,
		"nothing at all":     `{"op":0,"s":null,"t":"READY","d":null}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			oddly(t, &oddGateway{step: "READY", spoilt: []byte(ready), always: true})
		})
	}
}

// TestSpoiltHistory: what was said during an outage is asked for in pages; one message in it that is not as the original
// sends it costs no other.
func TestSpoiltHistory(t *testing.T) {
	t.Parallel()
	page := `[{"id":"ID3","channel_id":"CHAT","author":{"id":"WHO","username":"ayla"},"content":"third","timestamp":"2026-11-22T05:00:00+00:00","attachments":[]},
		{"id":"ID2","channel_id":"CHAT","author":{"id":"WHO","username":"ayla"},"content":"second"},
		{"id":"ID1","channel_id":"CHAT","author":{"id":"WHO","username":"ayla"},"content":"first"}]`
	for _, m := range adaptertest.Mutants([]byte(page)) {
		if !strings.HasPrefix(m.Name, ".1") { // the one in the middle
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			onStage(t, platform.Config{}, nil, func(s *stage) {
				s.online()
				s.say("ayla", "hello")
				spoiler := &adaptertest.Spoiler{Base: s.transport()}
				spoiler.Watch(func(r *http.Request) bool {
					return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/messages")
				})
				s.must(s.end())
				hello := s.inbox.all()[0]
				body := strings.NewReplacer("CHAT", hello.Chat, "WHO", hello.From.UserID, "ID", hello.MessageID[:len(hello.MessageID)-4]+"999").Replace(string(m.JSON))
				spoiler.Instead([]byte(body))
				s.inbox.newest = map[string]string{hello.Chat: hello.MessageID}
				s.opts = append(slices.Clone(s.opts), discord.WithTransport(spoiler))
				s.a = s.adapter()
				s.end = s.run(s.a)
				s.after(time.Minute)
				got := s.inbox.texts()
				if !slices.Contains(got, "first") || !slices.Contains(got, "third") || slices.Index(got, "first") > slices.Index(got, "third") {
					s.Errorf("kept %q", got)
				}
			})
		})
	}
}
