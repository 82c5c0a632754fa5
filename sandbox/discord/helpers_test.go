package discord_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

type obj = map[string]any

// unlimited is for tests that are not about the pace.
var unlimited = discord.Limits{PerSecond: -1, PerChannel: -1, Identify: -1, Invalid: -1}

// stage is a look-alike that is reached without sockets, in a bubble.
type stage struct {
	*testing.T
	l     *discord.Lookalike
	http  *http.Client
	pipes *lookalike.PipeServer
}

func onStage(t *testing.T, cfg discord.Config, body func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l, err := discord.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		memory := lookalike.Transport(l.Handler())
		s := &stage{T: t, l: l, http: &http.Client{Transport: memory}, pipes: lookalike.ServePipes(l.Handler())}
		t.Cleanup(func() {
			memory.Wait()
			if err := errors.Join(l.Close(), s.pipes.Close()); err != nil {
				t.Error(err)
			}
		})
		body(s)
	})
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// after lets time pass.
func (s *stage) after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// answer is what a call was answered with.
type answer struct {
	status int
	code   int // the platform's own
	body   obj
	list   []obj
	raw    string
	header http.Header
}

// call makes one call as a bot would.
func (s *stage) call(verb, path string, body any) answer {
	s.Helper()
	return s.callAs("Bot "+s.l.Token(), "DiscordBot (https://example.com, 1)", verb, path, body)
}

func (s *stage) callAs(auth, agent, verb, path string, body any) answer {
	s.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		raw, err := json.Marshal(body)
		s.must(err)
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(s.Context(), verb, "http://discord.test/api/v9/"+path, r)
	s.must(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", auth)
	req.Header.Set("User-Agent", agent)
	res, err := s.http.Do(req)
	if err != nil {
		return answer{}
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	s.must(err)
	a := answer{status: res.StatusCode, raw: string(raw), header: res.Header}
	if json.Unmarshal(raw, &a.body) != nil {
		a.body = obj{}
		if json.Unmarshal(raw, &a.list) != nil {
			a.list = nil
		}
	}
	if n, ok := a.body["code"].(float64); ok {
		a.code = int(n)
	}
	return a
}

// is checks a refusal, or with 200 or 204 that there was none.
func (s *stage) is(what string, a answer, status, code int) {
	s.Helper()
	if a.status != status || a.code != code {
		s.Errorf("%s: HTTP %d, code %d, want %d, %d: %.200s", what, a.status, a.code, status, code, a.raw)
	}
}

// direct is the path of a person's direct messages.
func (s *stage) direct(name string) string { return "channels/" + s.l.Direct(name) + "/messages" }

func (s *stage) say(as, text string) string {
	s.Helper()
	id, err := s.l.Say(s.Context(), lookalike.Say{As: as, Text: text})
	s.must(err)
	return id
}

// frame is one payload of the gateway.
type frame struct {
	Op int             `json:"op"`
	D  json.RawMessage `json:"d"`
	S  int             `json:"s"`
	T  string          `json:"t"`
}

// wire is a gateway connection.
type wire struct {
	s  *stage
	ws *websocket.Conn
}

// dial connects to the gateway; it says nothing yet.
func (s *stage) dial() *wire {
	s.Helper()
	d := websocket.Dialer{NetDialContext: s.pipes.DialContext}
	ws, res, err := d.DialContext(s.Context(), "ws://discord.test/gateway/?v=9&encoding=json", nil)
	if res != nil && res.Body != nil {
		_ = res.Body.Close()
	}
	s.must(err)
	return &wire{s: s, ws: ws}
}

func (w *wire) send(op int, d any) {
	w.s.Helper()
	w.s.must(w.ws.WriteJSON(obj{"op": op, "d": d}))
}

// next is the next payload, or the code with which the gateway closed: -1 for a connection that is cut.
func (w *wire) next() (f frame, code int) {
	w.s.Helper()
	err := w.ws.SetReadDeadline(time.Now().Add(5 * time.Minute))
	if err == nil {
		err = w.ws.ReadJSON(&f)
	}
	var ce *websocket.CloseError
	switch {
	case err == nil:
		return f, 0
	case errors.As(err, &ce) && ce.Code != websocket.CloseAbnormalClosure:
		return f, ce.Code
	}
	return f, -1
}

// want reads payloads until one has that opcode and kind, and answers all before it too.
func (w *wire) want(op int, kind string) []frame {
	w.s.Helper()
	var all []frame
	for {
		f, code := w.next()
		if code != 0 {
			w.s.Fatalf("closed with %d while waiting for op %d %s, after %v", code, op, kind, all)
		}
		all = append(all, f)
		if f.Op == op && f.T == kind {
			return all
		}
	}
}

// wantClose reads until the connection ends and checks with what code.
func (w *wire) wantClose(want int) {
	w.s.Helper()
	for {
		f, code := w.next()
		if code == 0 {
			continue
		}
		if code != want {
			w.s.Errorf("closed with %d after %+v, want %d", code, f, want)
		}
		_ = w.ws.Close()
		return
	}
}

// identity is a payload of opcode 2.
func (s *stage) identity() obj {
	return obj{"token": s.l.Token(), "intents": 1 | 1<<9 | 1<<12, "properties": obj{"os": "linux"}}
}

// identify connects and starts a session.
func (s *stage) identify() (w *wire, session string) {
	s.Helper()
	w = s.dial()
	w.want(10, "")
	w.send(2, s.identity())
	ready := w.want(0, "READY")
	w.want(0, "GUILD_CREATE")
	var d struct {
		Session string `json:"session_id"`
	}
	s.must(json.Unmarshal(ready[len(ready)-1].D, &d))
	return w, d.Session
}

func (w *wire) close() { _ = w.ws.Close() }

// inBackground does what waits for the bot, and answers its error.
func inBackground(do func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	return done
}
